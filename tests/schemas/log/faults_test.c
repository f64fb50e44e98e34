/*
 * Every file operation of a log's life fails in every way, at every place, and after each the
 * promises of log.h are checked:
 *   - what was durable is there, in order, byte for byte;
 *   - what was published is there when only the program died;
 *   - a batch is there whole or not at all, and nothing else is there;
 *   - no published sequence is given away twice; gaps stand only at a change of epoch;
 *   - recovering again changes nothing, also when recoveries died before;
 *   - a reader that lived through it sees every record once.
 * CROWDTIDE_FAULT_SEEDS=n runs n seeds over all operations (the default: one seed, every few
 * operations).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/log/log.h"
#include "schemas/log/log_format.h"
#include "tests/support/faulty_io.h"
#include "tests/support/support.h"

enum { RECORDS_MAX = 4000, BATCH_MAX = 5, BODY_MAX = 70016, INTERRUPTED = 2 };

struct entry {
    uint64_t seq, uid;
    uint32_t len;
};

struct world {
    char root[128], dir[160];
    uint64_t seed, random; /* the workload's own, so that it is the same whatever fails */
    enum faulty_kind kind;
    uint64_t at_op;
    enum faulty_restart how;
    struct faulty_io *f;
    struct entry published[RECORDS_MAX];
    size_t count;
    struct entry flying[BATCH_MAX]; /* the batch not committed yet */
    size_t flying_count;
    uint64_t uid, durable_seq, published_max, keep_from;
    struct log_reader *reader; /* lives through everything */
    struct entry seen[RECORDS_MAX];
    size_t seen_count;
    bool clean; /* the workload ran to its end */
};

static uint8_t body[BODY_MAX], wanted[BODY_MAX];

#define CHECK(w, condition)                                                                        \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s | life %llu %d %llu %d: %s", #condition, (unsigned long long)(w)->seed,   \
                     (int)(w)->kind, (unsigned long long)(w)->at_op, (int)(w)->how,                \
                     faulty_io_kind_name((w)->kind));                                              \
    } while (0)

static uint64_t draw(struct world *w, uint64_t below)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (w->random >> 33) % below;
}

static void fill(uint8_t *out, uint64_t uid, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        out[i] = (uint8_t)(uid * 131 + (uint64_t)i * 7 + (i >> 8));
    memcpy(out, &uid, len < 8 ? len : 8);
}

static void read_on(struct world *w)
{
    struct log_view view;
    struct error err = {0};
    enum log_read got = LOG_READ_CAUGHT_UP;
    while (w->reader && (got = log_reader_next(w->reader, &view, &err)) == LOG_READ_RECORD) {
        CHECK(w, w->seen_count < RECORDS_MAX);
        struct entry *e = &w->seen[w->seen_count++];
        *e = (struct entry){.seq = view.seq, .len = view.body_len};
        memcpy(&e->uid, view.body, 8);
    }
    if (got == LOG_READ_ERROR)
        print_message("%s\n", err.where);
    CHECK(w, got == LOG_READ_CAUGHT_UP);
}

static bool open_log(struct world *w, struct log_writer **writer, struct error *err)
{
    struct log_writer_options options = {.dir = w->dir,
                                         .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                         .sync = LOG_SYNC_MANUAL,
                                         .io = faulty_io_table(w->f)};
    return log_writer_open(&options, writer, NULL, err);
}

static bool append_batch(struct world *w, struct log_writer *writer)
{
    size_t n = 1 + draw(w, BATCH_MAX - 1);
    w->flying_count = 0;
    for (size_t i = 0; i < n; i++) {
        static const uint32_t sizes[] = {8, 40, 300, 700, 9000, 9000, 30000, 70000};
        struct error err = {0};
        struct entry e = {.uid = ++w->uid, .len = sizes[draw(w, 8)] + (uint32_t)draw(w, 16)};
        if (i + 1 < n && e.len > 9100)
            e.len = 100;
        fill(body, e.uid, e.len);
        struct log_record record = {
            .type = 5, .log_ns = (int64_t)e.uid, .body = body, .body_len = e.len};
        if (!log_writer_stage(writer, &record, &e.seq, &err))
            return false;
        w->flying[w->flying_count++] = e;
    }
    struct error err = {0};
    if (!log_writer_commit(writer, &err))
        return false;
    for (size_t i = 0; i < w->flying_count; i++) {
        CHECK(w, w->flying[i].seq > w->published_max); /* never given away twice */
        w->published_max = w->flying[i].seq;
        w->published[w->count++] = w->flying[i];
    }
    w->flying_count = 0;
    read_on(w);
    return true;
}

static bool session(struct world *w, int batches)
{
    struct log_writer *writer = NULL;
    struct error err = {0};
    if (!open_log(w, &writer, &err)) {
        CHECK(w, err.code == ERROR_IO || err.code == ERROR_NO_SPACE || err.code == ERROR_NOT_FOUND);
        return false;
    }
    if (!w->reader) {
        struct log_reader_options options = {
            .dir = w->dir, .verify_crc = true, .io = faulty_io_reader_table(w->f)};
        CHECK(w, log_reader_open(&options, &w->reader, &err));
    }
    bool ok = true;
    for (int i = 1; ok && i <= batches; i++) {
        ok = append_batch(w, writer);
        if (ok && i % 4 == 0)
            ok = log_writer_prepare(writer, &err);
        if (ok && i % 5 == 0)
            ok = log_writer_sync(writer, &err);
        if (ok && i % 11 == 0) {
            w->keep_from = log_writer_durable_seq(writer) + 1;
            ok = log_writer_retain(writer, 4 * (uint64_t)LOG_SEGMENT_BYTES_MIN, w->keep_from, false,
                                   NULL, &err);
        }
        if (log_writer_durable_seq(writer) > w->durable_seq)
            w->durable_seq = log_writer_durable_seq(writer);
    }
    if (!ok && !log_writer_healthy(writer, NULL)) /* spent: it must stay so */
        CHECK(w, !log_writer_append(writer, &(struct log_record){.body = "x", .body_len = 1}, NULL,
                                    &err));
    log_writer_close(writer); /* syncs, but can't say so */
    bool harmless = w->kind == FAULTY_SHORT_WRITE || w->kind == FAULTY_EINTR;
    if (!harmless && faulty_io_fired(w->f))
        return false;
    if (ok)
        w->durable_seq = w->published_max;
    return ok;
}

/* Reads the whole log with a fresh reader and compares; the model then becomes what was found. */
static void check_contents(struct world *w, bool all_published)
{
    struct log_reader_options options = {
        .dir = w->dir, .verify_crc = true, .ignore_published = true};
    struct log_reader *reader = NULL;
    struct error err = {0};
    struct log_view view;
    CHECK(w, log_reader_open(&options, &reader, &err));
    size_t at = SIZE_MAX, flying = 0;
    uint64_t prev_seq = 0;
    uint32_t prev_epoch = 0;
    enum log_read got;
    while ((got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD) {
        CHECK(w, prev_seq == 0 || view.seq == prev_seq + 1 ||
                     (view.seq > prev_seq && view.epoch > prev_epoch));
        prev_seq = view.seq;
        prev_epoch = view.epoch;
        if (at == SIZE_MAX) {
            for (at = 0; at < w->count && w->published[at].seq < view.seq; at++)
                CHECK(w, w->published[at].seq < w->keep_from); /* retention, nothing else */
        }
        struct entry e;
        if (at < w->count) {
            e = w->published[at++];
        } else {
            CHECK(w, flying < w->flying_count);
            e = w->flying[flying++];
        }
        CHECK(w, view.seq == e.seq);
        CHECK(w, view.body_len == e.len);
        fill(wanted, e.uid, e.len);
        CHECK(w, memcmp(view.body, wanted, e.len) == 0);
        CHECK(w, view.log_ns == (int64_t)e.uid);
    }
    if (got == LOG_READ_ERROR)
        print_message("%s\n", err.where);
    CHECK(w, got == LOG_READ_CAUGHT_UP);
    if (at == SIZE_MAX)
        at = 0;
    CHECK(w, flying == 0 || flying == w->flying_count);
    CHECK(w, at == w->count || w->published[at].seq > w->durable_seq);
    CHECK(w, !all_published || at == w->count);
    w->count = at;
    for (size_t i = 0; i < flying; i++)
        w->published[w->count++] = w->flying[i];
    if (flying)
        w->published_max = w->flying[flying - 1].seq;
    w->flying_count = 0;
    log_reader_close(reader);
}

/* The programs that recover die as well, or meet an error, wherever it is; false when that may have
   cost more of what was published. */
static bool interrupted_recoveries(struct world *w)
{
    static const enum faulty_kind kinds[] = {FAULTY_EIO, FAULTY_DIE_BEFORE, FAULTY_DIE_HALFWAY,
                                             FAULTY_DIE_AFTER};
    bool kept = true;
    for (int i = 0; i < INTERRUPTED; i++) {
        struct log_writer *writer = NULL;
        struct error err = {0};
        faulty_io_arm(w->f, kinds[faulty_io_random(w->f, 4)], 1 + faulty_io_random(w->f, 40));
        if (open_log(w, &writer, &err))
            log_writer_close(writer);
        kept = kept && !faulty_io_lied(w->f);
        faulty_io_restart(w->f, w->how);
    }
    return kept;
}

static void check_recovery(struct world *w)
{
    bool lied = faulty_io_lied(w->f);
    if (w->how == FAULTY_POWER_CUT) { /* readers died too */
        log_reader_close(w->reader);
        w->reader = NULL;
    }
    faulty_io_restart(w->f, w->how);
    bool all_published = interrupted_recoveries(w) && w->how == FAULTY_PROGRAM_DIED && !lied;
    for (int again = 0; again < 3; again++) {
        struct log_writer *writer = NULL;
        struct error err = {0};
        if (!open_log(w, &writer, &err)) {
            char text[512];
            print_message("%s\n", error_describe(&err, text, sizeof text));
            CHECK(w, !"the log opens again");
        }
        check_contents(w, all_published || again > 0);
        if (w->durable_seq < log_writer_durable_seq(writer))
            w->durable_seq = log_writer_durable_seq(writer);
        if (again == 1) {
            for (int i = 0; i < 6; i++)
                CHECK(w, append_batch(w, writer));
            CHECK(w, log_writer_sync(writer, &err));
            w->durable_seq = w->published_max;
        }
        log_writer_close(writer);
        faulty_io_restart(w->f, again == 1 ? FAULTY_POWER_CUT : w->how);
    }
    struct log_check check;
    struct error err = {0};
    CHECK(w, log_verify(w->dir, NULL, NULL, &check, &err));
    CHECK(w, check.last_seq == (w->count ? w->published[w->count - 1].seq : 0));
    if (w->reader && all_published) { /* each record once, in order, none left out */
        for (size_t i = 0, k = 0; i < w->seen_count; i++) {
            CHECK(w, i == 0 || w->seen[i].seq > w->seen[i - 1].seq);
            while (k < w->count && w->published[k].seq < w->seen[i].seq)
                k++;
            CHECK(w, k < w->count && w->published[k].uid == w->seen[i].uid);
        }
        CHECK(w, w->seen_count >= w->count);
    }
}

/* One life of a log with one fault in it. Returns how many operations the undisturbed part took. */
static uint64_t life(uint64_t seed, enum faulty_kind kind, uint64_t at_op, enum faulty_restart how)
{
    static struct world w;
    w = (struct world){.seed = seed, .random = seed, .kind = kind, .at_op = at_op, .how = how};
    support_temp_dir(w.root, sizeof w.root);
    (void)snprintf(w.dir, sizeof w.dir, "%s/log", w.root);
    w.f = faulty_io_new(seed * 7919 + at_op * 31 + (uint64_t)kind);
    faulty_io_arm(w.f, kind, at_op);
    w.clean = session(&w, 14) && session(&w, 3) && session(&w, 9);
    uint64_t ops = faulty_io_ops(w.f);
    if (kind == FAULTY_NONE || kind == FAULTY_SHORT_WRITE || kind == FAULTY_EINTR)
        CHECK(&w, w.clean);
    check_recovery(&w);
    log_reader_close(w.reader);
    faulty_io_free(w.f);
    support_remove_tree(w.root);
    return ops;
}

static void test_every_fault_everywhere(void **state)
{
    (void)state;
    const char *seeds_text = getenv("CROWDTIDE_FAULT_SEEDS");
    const char *one = getenv("CROWDTIDE_FAULT_LIFE");
    if (one) {
        char *at = NULL;
        uint64_t seed = strtoull(one, &at, 10);
        enum faulty_kind kind = (enum faulty_kind)strtoul(at, &at, 10);
        uint64_t op = strtoull(at, &at, 10);
        (void)life(seed, kind, op, (enum faulty_restart)strtoul(at, NULL, 10));
        return;
    }
    uint64_t seeds = seeds_text ? strtoull(seeds_text, NULL, 10) : 1;
    uint64_t stride = seeds_text ? 1 : 23, lives = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        uint64_t ops = life(seed, FAULTY_NONE, 0, FAULTY_PROGRAM_DIED);
        (void)life(seed, FAULTY_NONE, 0, FAULTY_POWER_CUT);
        for (int kind = FAULTY_SHORT_WRITE; kind < FAULTY_KINDS; kind++) {
            for (uint64_t at = 1 + (uint64_t)kind % stride; at <= ops; at += stride) {
                (void)life(seed, (enum faulty_kind)kind, at, FAULTY_PROGRAM_DIED);
                (void)life(seed, (enum faulty_kind)kind, at, FAULTY_POWER_CUT);
                lives += 2;
            }
        }
        print_message("seed %llu: %llu operations, %llu lives so far\n", (unsigned long long)seed,
                      (unsigned long long)ops, (unsigned long long)lives);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_everywhere),
    };
    struct stat st; /* memory is fast enough for thousands of lives, and a disk would add nothing */
    if (!getenv("TMPDIR") && stat("/dev/shm", &st) == 0)
        (void)setenv("TMPDIR", "/dev/shm", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
