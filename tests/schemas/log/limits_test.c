/* What happens at the edges: the helper's sync fails, the disk is full, nobody syncs for long, many
 * segments are open at once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "schemas/log/log.h"
#include "schemas/log/log_format.h"
#include "tests/support/faulty_io.h"
#include "tests/support/support.h"

static char root[256], dir[300];

static int setup(void **state)
{
    (void)state;
    support_temp_dir(root, sizeof root);
    (void)snprintf(dir, sizeof dir, "%s/log", root);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_remove_tree(root);
    return 0;
}

static struct log_writer *open_writer(const struct log_io *io, enum log_sync sync)
{
    struct log_writer_options options = {
        .dir = dir, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = sync, .sync_ms = 1, .io = io};
    struct log_writer *writer = NULL;
    assert_true(log_writer_open(&options, &writer, NULL, NULL));
    return writer;
}

static bool append(struct log_writer *writer, uint32_t len, struct error *err)
{
    static uint8_t body[70000];
    struct log_record record = {.type = 1, .body = body, .body_len = len};
    return log_writer_append(writer, &record, NULL, err);
}

/* One failed fdatasync in the helper, and the writer says so and takes nothing more, although later
 * syncs would work. */
static void test_helper_sync_fails(void **state)
{
    (void)state;
    struct faulty_io *f = faulty_io_new(1);
    struct log_writer *writer = open_writer(faulty_io_table(f), LOG_SYNC_TIMER);
    struct error err = {0};
    assert_true(append(writer, 100, &err));
    assert_true(log_writer_sync(writer, &err));
    faulty_io_arm(f, FAULTY_EIO,
                  2); /* the append's write is the first, the helper's sync the second */
    bool ok = append(writer, 100, &err);
    for (int i = 0; ok && i < 5000 && log_writer_healthy(writer, &err); i++)
        (void)usleep(1000);
    assert_false(log_writer_healthy(writer, &err));
    assert_int_equal(err.code, ERROR_IO);
    assert_int_equal(err.sys_errno, EIO);
    assert_false(append(writer, 100, &err));
    assert_int_equal(err.code, ERROR_IO);
    assert_false(log_writer_sync(writer, &err));
    assert_int_equal(log_writer_durable_seq(writer), 1);
    log_writer_close(writer);
    faulty_io_free(f);
}

/* A full disk is met where a segment is needed, not in the middle of one; what was committed stays.
 */
static void test_full_disk(void **state)
{
    (void)state;
    struct faulty_io *f = faulty_io_new(2);
    struct log_writer *writer = open_writer(faulty_io_table(f), LOG_SYNC_MANUAL);
    struct error err = {0};
    assert_true(append(writer, 30000, &err));
    assert_true(log_writer_prepare(writer, &err));
    faulty_io_arm(f, FAULTY_ENOSPC, 1);
    uint64_t done = 1;
    while (append(writer, 30000, &err))
        done++;
    assert_int_equal(err.code, ERROR_NO_SPACE);
    assert_true(done >= 1);
    assert_false(log_writer_healthy(writer, &err));
    assert_int_equal(log_writer_last_seq(writer), done);
    log_writer_close(writer);
    faulty_io_restart(f, FAULTY_PROGRAM_DIED);
    writer = open_writer(faulty_io_table(f), LOG_SYNC_MANUAL);
    assert_int_equal(log_writer_last_seq(writer), done);
    assert_true(append(writer, 30000, &err));
    log_writer_close(writer);
    faulty_io_free(f);
}

/* Preparing ahead may fail for lack of space without stopping anything. */
static void test_preparing_on_a_full_disk(void **state)
{
    (void)state;
    struct faulty_io *f = faulty_io_new(3);
    struct log_writer *writer = open_writer(faulty_io_table(f), LOG_SYNC_MANUAL);
    struct error err = {0};
    assert_true(append(writer, 100, &err));
    faulty_io_arm(f, FAULTY_ENOSPC, 1);
    assert_false(log_writer_prepare(writer, &err));
    assert_int_equal(err.code, ERROR_NO_SPACE);
    assert_true(log_writer_healthy(writer, &err));
    log_writer_close(writer);
    faulty_io_free(f);
}

/* With nobody syncing, commit does it before more is at stake than sequences are skipped after a
 * power cut. */
static void test_unsynced_records_are_bounded(void **state)
{
    (void)state;
    struct log_writer_options options = {.dir = dir, .sync = LOG_SYNC_MANUAL};
    struct log_writer *writer = NULL;
    assert_true(log_writer_open(&options, &writer, NULL, NULL));
    struct log_record record = {.type = 1};
    for (int i = 0; i < LOG_SEQ_SKIP + 2000; i++) {
        assert_true(log_writer_stage(writer, &record, NULL, NULL));
        if (i % 500 == 0) {
            assert_true(log_writer_commit(writer, NULL));
            assert_true(log_writer_last_seq(writer) - log_writer_durable_seq(writer) <=
                        LOG_UNSYNCED_RECORDS_MAX);
        }
    }
    assert_true(log_writer_commit(writer, NULL));
    assert_true(log_writer_durable_seq(writer) > 0);
    log_writer_close(writer);
}

/* More segments than the list of unsynced ones holds, in one batch: files are synced on the way,
   but the durable mark does not move into a batch that may yet come to nothing. */
static void test_many_segments_in_a_batch(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(NULL, LOG_SYNC_MANUAL);
    static uint8_t body[60000];
    struct log_record record = {.type = 1, .body = body, .body_len = sizeof body};
    assert_true(append(writer, 10, NULL));
    for (int i = 0; i < 3 * LOG_UNSYNCED_SEGMENTS_MAX; i++) {
        assert_true(log_writer_stage(writer, &record, NULL, NULL));
        assert_true(log_writer_durable_seq(writer) <= 1);
    }
    log_writer_close(writer);
    writer = open_writer(NULL, LOG_SYNC_MANUAL);
    assert_int_equal(log_writer_last_seq(writer), 1);
    for (int i = 0; i < 3 * LOG_UNSYNCED_SEGMENTS_MAX; i++)
        assert_true(log_writer_stage(writer, &record, NULL, NULL));
    assert_true(log_writer_commit(writer, NULL));
    log_writer_close(writer);
    struct log_check check;
    assert_true(log_verify(dir, NULL, NULL, &check, NULL));
    assert_int_equal(check.last_seq, 1 + 3 * LOG_UNSYNCED_SEGMENTS_MAX);
}

/* LOG_SYNC_EVERY: what commit returned is durable, whatever happens then. */
static void test_sync_every(void **state)
{
    (void)state;
    struct faulty_io *f = faulty_io_new(4);
    struct log_writer *writer = open_writer(faulty_io_table(f), LOG_SYNC_EVERY);
    for (uint64_t i = 1; i <= 40; i++) {
        assert_true(append(writer, 9000, NULL));
        assert_int_equal(log_writer_durable_seq(writer), i);
    }
    faulty_io_arm(f, FAULTY_DIE_BEFORE, 1);
    struct error err = {0};
    assert_false(append(writer, 100, &err));
    log_writer_close(writer);
    faulty_io_restart(f, FAULTY_POWER_CUT);
    writer = open_writer(faulty_io_table(f), LOG_SYNC_EVERY);
    assert_int_equal(log_writer_last_seq(writer), 40);
    log_writer_close(writer);
    faulty_io_free(f);
}

/* A cursor through every fault: after a restart it is at the last stored position, after a power
   cut at one not older than the last durable one. */
static void test_cursor_faults(void **state)
{
    (void)state;
    for (int kind = FAULTY_NONE; kind < FAULTY_KINDS; kind++) {
        for (uint64_t at = 1; at <= 60; at++) {
            enum faulty_restart how = at % 2 ? FAULTY_POWER_CUT : FAULTY_PROGRAM_DIED;
            struct faulty_io *f = faulty_io_new(at * 100 + (uint64_t)kind);
            struct log_cursor *cursor = NULL;
            struct log_position p = {.log = {{7}}};
            struct error err = {0};
            uint64_t stored = 0, durable = 0;
            char name[64];
            (void)snprintf(name, sizeof name, "cursor-%d-%llu", kind, (unsigned long long)at);
            faulty_io_arm(f, (enum faulty_kind)kind, at);
            if (log_cursor_open_io(faulty_io_table(f), root, name, true, &cursor, &err)) {
                for (p.seq = 1; p.seq <= 20; p.seq++) {
                    if (!log_cursor_store(cursor, &p, p.seq % 4 == 0, &err))
                        break;
                    stored = p.seq;
                    durable = p.seq % 4 == 0 ? p.seq : durable;
                }
            }
            uint64_t tried = p.seq; /* the store that failed may have happened */
            log_cursor_close(cursor);
            bool lied = faulty_io_lied(f);
            faulty_io_restart(f, how);
            assert_true(log_cursor_open_io(faulty_io_table(f), root, name, true, &cursor, &err));
            uint64_t seq = log_cursor_load(cursor).seq;
            uint64_t least = how == FAULTY_PROGRAM_DIED && !lied ? stored : durable;
            if (seq < least || seq > tried)
                fail_msg("%s at %llu: %llu, stored %llu, durable %llu",
                         faulty_io_kind_name((enum faulty_kind)kind), (unsigned long long)at,
                         (unsigned long long)seq, (unsigned long long)stored,
                         (unsigned long long)durable);
            log_cursor_close(cursor);
            faulty_io_free(f);
        }
    }
}

/* A durable position survives the power cut also when the cursor is the first thing in a new
   directory, and whoever made the file died before its name was synced. */
static void test_cursor_in_a_new_directory(void **state)
{
    (void)state;
    for (uint64_t at = 0; at <= 12; at++) {
        struct faulty_io *f = faulty_io_new(at + 1);
        char cursors[400];
        struct log_cursor *cursor = NULL;
        struct log_position p = {.log = {{7}}, .seq = 5};
        (void)snprintf(cursors, sizeof cursors, "%s/cursors-%llu", root, (unsigned long long)at);
        faulty_io_arm(f, FAULTY_DIE_BEFORE, at);
        if (log_cursor_open_io(faulty_io_table(f), cursors, "c", true, &cursor, NULL))
            log_cursor_close(cursor);
        faulty_io_restart(f, FAULTY_PROGRAM_DIED);
        assert_true(log_cursor_open_io(faulty_io_table(f), cursors, "c", true, &cursor, NULL));
        assert_true(log_cursor_store(cursor, &p, true, NULL));
        log_cursor_close(cursor);
        faulty_io_restart(f, FAULTY_POWER_CUT);
        assert_true(log_cursor_open_io(faulty_io_table(f), cursors, "c", true, &cursor, NULL));
        if (log_cursor_load(cursor).seq != 5)
            fail_msg("died at %llu: the position is gone", (unsigned long long)at);
        log_cursor_close(cursor);
        faulty_io_free(f);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_helper_sync_fails),
        TEST(test_full_disk),
        TEST(test_preparing_on_a_full_disk),
        TEST(test_unsynced_records_are_bounded),
        TEST(test_many_segments_in_a_batch),
        TEST(test_sync_every),
        TEST(test_cursor_faults),
        TEST(test_cursor_in_a_new_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
