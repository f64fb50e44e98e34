/* Power cuts and failing disks under all three logs at once: whatever is left, the next runs end
   with the results that a machine without faults gets from the same readings. */
#include "tests/support/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/log/log.h"
#include "schemas/record/record.h"
#include "tests/support/faulty_io.h"
#include "tests/support/toy_core.h"

enum { SEGMENT = LOG_SEGMENT_BYTES_MIN, LIVES = 16, BODY_MAX = 300 };

struct world {
    char root[2048];
    char state[2100], calm[2100], readings[2200];
    struct faulty_io *f;
    uint64_t seed, written; /* records ever asked for */
    bool hasty;             /* no models, a snapshot after every batch, nothing synced by itself */
};

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
    char command[8192];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

static uint32_t draw(struct world *w, uint32_t below)
{
    w->seed = w->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(w->seed >> 33) % below;
}

static bool stage_one(struct world *w, struct log_writer *writer)
{
    uint8_t body[BODY_MAX];
    struct error err = {0};
    uint64_t i = w->written;
    int64_t ns = INT64_C(1795000000000000000) + (int64_t)i * 1000000;
    struct log_record record = {.type = RECORD_MQTT, .log_ns = ns, .wall_ns = ns, .body = body};
    if (i % 400 == 0 && !w->hasty) {
        const struct record_model model = {
            .hash = 77, .source = STR_LIT("venue: toy"), .path = STR_LIT("toy.yaml")};
        record.type = RECORD_MODEL;
        record.body_len = record_model_encode(&model, body, sizeof body);
    } else {
        record.type = i % 20 ? RECORD_MQTT : RECORD_TICK;
        record.body_len = 8 + draw(w, BODY_MAX - 8);
        for (uint32_t b = 0; b < record.body_len; b++)
            body[b] = (uint8_t)draw(w, 256);
    }
    w->written++;
    return log_writer_stage(writer, &record, NULL, &err);
}

/* Appends until a fault; some of it synced. The writer stays open. False: a fault. */
static bool append(struct world *w, uint32_t batches, struct log_writer **ret)
{
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    struct error err = {0};
    const struct log_writer_options options = {.dir = w->readings,
                                               .segment_bytes = SEGMENT,
                                               .sync = LOG_SYNC_MANUAL,
                                               .io = faulty_io_table(w->f)};
    if (!log_writer_open(&options, &writer, &recovery, &err))
        return false;
    *ret = writer;
    bool ok = true;
    for (uint32_t i = 0; ok && i < batches; i++) {
        for (uint32_t n = 1 + draw(w, 10); ok && n > 0; n--)
            ok = stage_one(w, writer);
        ok = ok && log_writer_commit(writer, &err);
        if (ok && draw(w, 6) == 0)
            ok = log_writer_sync(writer, &err) && log_writer_prepare(writer, &err);
    }
    return ok;
}

static int run(struct world *w, const char *state, bool faulty)
{
    struct config config;
    struct problems problems = {0};
    assert_int_equal(setenv("CROWDTIDE_STATE", state, 1), 0);
    assert_true(config_load(NULL, &config, &problems));
    config.log_sync_ms = w->hasty ? 100000 : 2;
    if (w->hasty)
        config.snapshot_s = 0;
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO); /* what process says of its misfortunes */
    int code = process_run(&(struct process_options){
        .config = &config,
        .core = toy_core(),
        .io = faulty ? faulty_io_table(w->f) : NULL,
        .reader_io = faulty ? faulty_io_reader_table(w->f) : NULL,
        .segment_bytes = SEGMENT,
        .snapshot_wait_ms = faulty ? 1 + draw(w, 5) : 1000,
        .until_caught_up = true,
    });
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    config_free(&config);
    return code;
}

/* Results of the state with its faults and of the calm one, read to the last valid record. */
static uint64_t assert_same(struct world *w, const char *name, enum faulty_kind kind, uint64_t at)
{
    struct log_reader *reader[2] = {NULL, NULL};
    struct error err = {0};
    uint64_t count = 0;
    for (int i = 0; i < 2; i++) {
        char dir[2200];
        (void)snprintf(dir, sizeof dir, "%s/%s", i ? w->calm : w->state, name);
        const struct log_reader_options options = {
            .dir = dir, .verify_crc = true, .ignore_published = true};
        assert_true(log_reader_open(&options, &reader[i], &err));
        assert_true(log_reader_seek(reader[i], 0, &err));
    }
    for (;; count++) {
        struct log_view a, b;
        enum log_read got_a = log_reader_next(reader[0], &a, &err);
        enum log_read got_b = log_reader_next(reader[1], &b, &err);
        if (got_a != got_b || got_a == LOG_READ_ERROR)
            fail_msg("%s, %s at %llu: end after %llu results", name, faulty_io_kind_name(kind),
                     (unsigned long long)at, (unsigned long long)count);
        if (got_a != LOG_READ_RECORD)
            break;
        if (a.type != b.type || a.log_ns != b.log_ns || a.body_len != b.body_len ||
            memcmp(a.body, b.body, a.body_len) != 0)
            fail_msg("%s, %s at %llu: result %llu differs", name, faulty_io_kind_name(kind),
                     (unsigned long long)at, (unsigned long long)count);
    }
    log_reader_close(reader[0]);
    log_reader_close(reader[1]);
    return count;
}

static void world_begin(struct world *w, uint64_t seed)
{
    *w = (struct world){.seed = seed, .f = faulty_io_new(seed)};
    support_temp_dir(w->root, sizeof w->root);
    (void)snprintf(w->state, sizeof w->state, "%s/state", w->root);
    (void)snprintf(w->calm, sizeof w->calm, "%s/calm", w->root);
    (void)snprintf(w->readings, sizeof w->readings, "%s/state/readings", w->root);
    shell("mkdir '%s' '%s'", w->state, w->calm);
}

/* A round without faults, and the calm machine's run over what the readings are now: the same
   results. Returns how many. */
static uint64_t world_end(struct world *w, enum faulty_kind kind, uint64_t at)
{
    struct log_writer *last = NULL;
    assert_true(append(w, 20, &last));
    log_writer_close(last);
    assert_int_equal(run(w, w->state, true), 0);
    faulty_io_restart(w->f, FAULTY_PROGRAM_DIED);
    shell("cp -r '%s/readings' '%s/'", w->state, w->calm);
    faulty_io_free(w->f);
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    struct error err = {0};
    (void)snprintf(w->readings, sizeof w->readings, "%s/readings", w->calm);
    assert_true(log_writer_open(&(struct log_writer_options){.dir = w->readings,
                                                             .segment_bytes = SEGMENT,
                                                             .sync = LOG_SYNC_MANUAL},
                                &writer, &recovery, &err));
    log_writer_close(writer); /* recovered in the machine's own boot */
    assert_int_equal(run(w, w->calm, false), 0);
    uint64_t results = assert_same(w, "alerts", kind, at) + assert_same(w, "bulk", kind, at);
    support_remove_tree(w->root);
    return results;
}

/* Three rounds of readings and results with one fault somewhere, each ended by a restart. */
static uint64_t life(uint64_t seed, enum faulty_kind kind, uint64_t at, enum faulty_restart how)
{
    struct world w;
    world_begin(&w, seed);
    for (int round = 0; round < 3; round++) {
        struct log_writer *writer = NULL;
        faulty_io_arm(w.f, round == 1 ? kind : FAULTY_NONE, round == 1 ? at : 0);
        (void)append(&w, 5 + draw(&w, 40), &writer);
        (void)run(&w, w.state, true);
        /* Closing would sync; what process has just seen must be able to vanish. */
        faulty_io_arm(w.f, FAULTY_DIE_BEFORE, 1);
        log_writer_close(writer);
        faulty_io_restart(w.f, round == 2 ? FAULTY_PROGRAM_DIED : how);
    }
    return world_end(&w, kind, at);
}

static void whatever_fails_the_results_are_those_of_a_calm_machine(void **state)
{
    (void)state;
    uint64_t results = 0;
    for (uint64_t i = 0; i < LIVES; i++) {
        enum faulty_kind kind = (enum faulty_kind)(i % FAULTY_KINDS);
        enum faulty_restart how = i % 3 ? FAULTY_POWER_CUT : FAULTY_PROGRAM_DIED;
        results += life(i + 1, kind, 1 + i * 7919 % 400, how);
    }
    print_message("%d lives, %llu results\n", LIVES, (unsigned long long)results);
}

/* Power goes between a periodic snapshot and the sync of what it stands on. A snapshot that had its
   name by then would leave out the results that are gone. */
static void a_snapshot_waits_for_the_results_that_it_has_seen(void **state)
{
    (void)state;
    uint64_t results = 0;
    for (uint64_t at = 120; at <= 330; at += 30) {
        struct world w;
        struct log_writer *writer = NULL;
        struct error err = {0};
        world_begin(&w, at);
        w.hasty = true;
        assert_true(append(&w, 1500, &writer)); /* two batches of process, or three */
        assert_true(log_writer_sync(writer, &err));
        log_writer_close(writer);
        faulty_io_arm(w.f, FAULTY_DIE_BEFORE, at);
        (void)run(&w, w.state, true); /* without the fault some 360 operations */
        faulty_io_restart(w.f, FAULTY_POWER_CUT);
        results += world_end(&w, FAULTY_DIE_BEFORE, at);
    }
    print_message("%llu results\n", (unsigned long long)results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_fails_the_results_are_those_of_a_calm_machine),
        cmocka_unit_test(a_snapshot_waits_for_the_results_that_it_has_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
