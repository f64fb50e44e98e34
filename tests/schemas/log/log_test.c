/* The log as its users see it: append, read, restart, follow. Faults are in faults_test.c. */
#include "schemas/log/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "schemas/log/log_format.h"
#include "tests/support/support.h"

struct fixture {
    char root[256];
    char dir[300];
};

static int setup(void **state)
{
    static struct fixture f;
    support_temp_dir(f.root, sizeof f.root);
    (void)snprintf(f.dir, sizeof f.dir, "%s/readings", f.root);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    support_remove_tree(((struct fixture *)*state)->root);
    return 0;
}

static struct log_writer *open_writer(const char *dir, enum log_sync sync,
                                      struct log_recovery *recovery)
{
    struct log_writer_options options = {
        .dir = dir, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = sync};
    struct log_writer *writer = NULL;
    struct error err = {0};
    if (!log_writer_open(&options, &writer, recovery, &err)) {
        char text[512];
        fail_msg("%s", error_describe(&err, text, sizeof text));
    }
    return writer;
}

/* Body of record i: its number, then bytes that depend on it; lengths vary from 8 to about 2,000.
 */
static uint32_t make_body(uint64_t i, uint8_t *out)
{
    uint32_t len = 8 + (uint32_t)(i * 2654435761u >> 7) % 2000;
    memcpy(out, &i, 8);
    for (uint32_t k = 8; k < len; k++)
        out[k] = (uint8_t)(i * 31 + k);
    return len;
}

static void append(struct log_writer *writer, uint64_t i, bool commit)
{
    uint8_t body[4096];
    struct error err = {0};
    struct log_record record = {.type = 7,
                                .flags = 3,
                                .log_ns = (int64_t)i * 10,
                                .wall_ns = (int64_t)i * 10 + 1,
                                .body = body};
    record.body_len = make_body(i, body);
    uint64_t seq = 0;
    assert_true(log_writer_stage(writer, &record, &seq, &err));
    assert_int_equal(seq, i);
    if (commit)
        assert_true(log_writer_commit(writer, &err));
}

static struct log_reader *open_reader(const char *dir, bool offline)
{
    struct log_reader *reader = NULL;
    struct error err = {0};
    struct log_reader_options options = {
        .dir = dir, .verify_crc = true, .ignore_published = offline};
    if (!log_reader_open(&options, &reader, &err)) {
        char text[512];
        fail_msg("%s", error_describe(&err, text, sizeof text));
    }
    return reader;
}

static void expect(struct log_reader *reader, uint64_t from, uint64_t to)
{
    struct log_view view;
    struct error err = {0};
    for (uint64_t i = from; i <= to; i++) {
        uint8_t body[4096];
        enum log_read got = log_reader_next(reader, &view, &err);
        if (got != LOG_READ_RECORD)
            fail_msg("at %llu: %d %s", (unsigned long long)i, (int)got, err.where);
        assert_int_equal(view.seq, i);
        assert_int_equal(view.type, 7);
        assert_int_equal(view.flags, 3);
        assert_int_equal(view.log_ns, i * 10);
        assert_int_equal(view.wall_ns, i * 10 + 1);
        assert_int_equal(view.body_len, make_body(i, body));
        assert_memory_equal(view.body, body, view.body_len);
    }
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_CAUGHT_UP);
}

static void test_append_and_read(void **state)
{
    const struct fixture *f = *state;
    struct log_recovery recovery;
    struct log_writer *writer = open_writer(f->dir, LOG_SYNC_TIMER, &recovery);
    assert_true(recovery.created);
    assert_int_equal(recovery.epoch, 1);
    assert_int_equal(recovery.last_seq, 0);
    struct log_reader *reader = open_reader(f->dir, false);
    expect(reader, 1, 0);
    for (uint64_t i = 1; i <= 500; i++)
        append(writer, i, true);
    expect(reader, 1, 500);
    assert_int_equal(log_writer_last_seq(writer), 500);
    assert_int_equal(log_reader_last_seq(reader), 500);
    assert_int_equal(log_reader_first_seq(reader), 1);
    struct error err = {0};
    assert_true(log_reader_seek(reader, 250, &err));
    expect(reader, 250, 500);
    assert_true(log_writer_sync(writer, &err));
    assert_int_equal(log_reader_durable_seq(reader), 500);
    log_reader_close(reader);
    log_writer_close(writer);
}

static void test_batch_is_atomic(void **state)
{
    const struct fixture *f = *state;
    struct log_writer *writer = open_writer(f->dir, LOG_SYNC_MANUAL, NULL);
    struct log_reader *reader = open_reader(f->dir, false);
    struct error err = {0};
    for (uint64_t i = 1; i <= 300; i++) { /* several segments */
        append(writer, i, false);
        expect(reader, 1, 0);
    }
    assert_true(log_writer_commit(writer, &err));
    expect(reader, 1, 300);
    append(writer, 301, false);
    log_writer_close(writer); /* staged only: void */
    writer = open_writer(f->dir, LOG_SYNC_MANUAL, NULL);
    append(writer, 301, true);
    expect(reader, 301, 301);
    log_reader_close(reader);
    log_writer_close(writer);
}

static void test_restart_goes_on(void **state)
{
    const struct fixture *f = *state;
    uint64_t next = 1;
    struct log_reader *reader = NULL;
    for (uint32_t run = 1; run <= 6; run++) {
        struct log_recovery recovery;
        struct log_writer *writer = open_writer(f->dir, LOG_SYNC_MANUAL, &recovery);
        assert_int_equal(recovery.epoch, run);
        assert_int_equal(recovery.last_seq, next - 1);
        assert_int_equal(recovery.last_log_ns, (next - 1) * 10);
        assert_false(recovery.power_cut_possible);
        if (!reader)
            reader = open_reader(f->dir, false);
        uint64_t first = next;
        for (; next < first + 90; next++)
            append(writer, next, true);
        expect(reader, first, next - 1);
        log_writer_close(writer);
        struct log_reader *offline = open_reader(f->dir, true);
        expect(offline, 1, next - 1);
        log_reader_close(offline);
    }
    struct log_check check;
    struct error err = {0};
    assert_true(log_verify(f->dir, NULL, NULL, &check, &err));
    assert_int_equal(check.records, next - 1);
    assert_int_equal(check.epochs, 6);
    assert_int_equal(check.torn_bytes, 0);
    log_reader_close(reader);
}

static void test_large_records(void **state)
{
    const struct fixture *f = *state;
    struct log_writer *writer = open_writer(f->dir, LOG_SYNC_TIMER, NULL);
    struct log_reader *reader = open_reader(f->dir, false);
    static uint8_t body[LOG_BODY_BYTES_MAX + 1];
    struct error err = {0};
    const uint32_t sizes[] = {0, 1, 65000, 70000, LOG_STAGE_BYTES_MAX, 5, LOG_BODY_BYTES_MAX, 7};
    const uint64_t count = sizeof sizes / sizeof sizes[0];
    for (uint64_t i = 0; i < count; i++) {
        struct log_record record = {.type = 1, .body = body, .body_len = sizes[i]};
        memset(body, (int)i + 1, sizes[i]);
        assert_true(log_writer_append(writer, &record, NULL, &err));
    }
    struct log_record record = {.type = 1, .body = body, .body_len = LOG_BODY_BYTES_MAX + 1};
    assert_false(log_writer_append(writer, &record, NULL, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    for (uint64_t i = 0; i < count; i++) {
        struct log_view view;
        assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
        assert_int_equal(view.body_len, sizes[i]);
        for (uint32_t k = 0; k < view.body_len; k += 997)
            assert_int_equal(view.body[k], i + 1);
        uint8_t sum = 0; /* the padding promised to simdjson is readable */
        for (uint32_t k = 0; k < LOG_READ_PADDING_BYTES; k++)
            sum = (uint8_t)(sum + view.body[view.body_len + k]);
        (void)sum;
    }
    log_reader_close(reader);
    log_writer_close(writer);
}

static void test_refusals(void **state)
{
    const struct fixture *f = *state;
    struct error err = {0};
    struct log_reader *reader = NULL;
    struct log_reader_options to_read = {.dir = f->dir};
    assert_false(log_reader_open(&to_read, &reader, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);

    const struct log_uuid source = {{1, 2, 3}}, other = {{4, 5, 6}};
    struct log_writer_options options = {.dir = f->dir, .sync = LOG_SYNC_MANUAL, .source = &source};
    struct log_writer *writer = NULL, *second = NULL;
    assert_true(log_writer_open(&options, &writer, NULL, &err));
    assert_true(log_writer_present(f->dir));
    assert_false(log_writer_open(&options, &second, NULL, &err));
    assert_int_equal(err.code, ERROR_LOCKED);
    log_writer_close(writer);
    assert_false(log_writer_present(f->dir));
    options.source = &other;
    assert_false(log_writer_open(&options, &writer, NULL, &err));
    assert_int_equal(err.code, ERROR_MISMATCH);
    options.segment_bytes = 1000;
    assert_false(log_writer_open(&options, &writer, NULL, &err));
    assert_int_equal(err.code, ERROR_INVALID);

    assert_true(log_reader_open(&to_read, &reader, &err));
    struct log_uuid got;
    assert_true(log_reader_source(reader, &got));
    assert_true(log_uuid_equal(&got, &source));
    log_reader_close(reader);
}

static void test_discard(void **state)
{
    const struct fixture *f = *state;
    struct log_writer *writer = open_writer(f->dir, LOG_SYNC_MANUAL, NULL);
    struct error err = {0};
    struct log_reader *reader = open_reader(f->dir, false);
    for (uint64_t i = 1; i <= 120; i++) {
        append(writer, i, true);
        if (i == 90)
            assert_true(log_writer_sync(writer, &err));
    }
    log_writer_close(writer);
    struct log_writer_options options = {.dir = f->dir,
                                         .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                         .sync = LOG_SYNC_MANUAL,
                                         .discard_from_seq = 61};
    struct log_recovery recovery;
    assert_true(log_writer_open(&options, &writer, &recovery, &err));
    assert_int_equal(recovery.last_seq, 60);
    assert_int_equal(recovery.last_log_ns, 600);
    expect(reader, 1, 60);
    append(writer, 121, true); /* 61 to 120 are not reused */
    expect(reader, 121, 121);
    log_writer_close(writer);
    writer = open_writer(f->dir, LOG_SYNC_MANUAL, &recovery);
    assert_int_equal(recovery.last_seq, 121);
    append(writer, 122, true);
    expect(reader, 122, 122);
    log_writer_close(writer);
    log_reader_close(reader);
}

static void test_retention(void **state)
{
    const struct fixture *f = *state;
    struct log_writer *writer = open_writer(f->dir, LOG_SYNC_MANUAL, NULL);
    struct error err = {0};
    struct log_reader *reader = open_reader(f->dir, false), *slow = open_reader(f->dir, false);
    for (uint64_t i = 1; i <= 1000; i++)
        append(writer, i, true);
    struct log_view view;
    assert_int_equal(log_reader_next(slow, &view, &err), LOG_READ_RECORD);
    uint64_t lost = 99, cap = 5 * (uint64_t)LOG_SEGMENT_BYTES_MIN;
    /* nothing durable yet: nothing may go */
    uint64_t before = log_writer_bytes(writer);
    assert_true(log_writer_retain(writer, cap, UINT64_MAX, true, &lost, &err));
    assert_int_equal(log_writer_bytes(writer), before);
    assert_true(log_writer_sync(writer, &err));
    /* pinned at 300: all of it stays */
    uint64_t held = log_writer_held_bytes(writer, 300);
    assert_true(held > cap && held < before);
    assert_true(log_writer_retain(writer, cap, 300, false, &lost, &err));
    assert_int_equal(lost, 0);
    assert_int_equal(log_writer_bytes(writer), held);
    assert_true(log_reader_seek(reader, 300, &err));
    expect(reader, 300, 1000);
    /* the cap wins */
    assert_true(log_writer_retain(writer, cap, 300, true, &lost, &err));
    assert_true(log_writer_bytes(writer) <= cap);
    uint64_t first = log_reader_first_seq(reader);
    assert_true(first > 300);
    assert_int_equal(lost, first - 300);
    assert_int_equal(log_writer_first_seq(writer), first);
    assert_false(log_reader_seek(reader, 300, &err));
    assert_int_equal(err.code, ERROR_LOST);
    assert_int_equal(err.position, first);
    assert_true(log_reader_seek(reader, 0, &err));
    expect(reader, first, 1000);
    /* a reader in a deleted segment reads it to the end, then learns of the loss */
    enum log_read got;
    while ((got = log_reader_next(slow, &view, &err)) == LOG_READ_RECORD)
        ;
    assert_int_equal(got, LOG_READ_ERROR);
    assert_int_equal(err.code, ERROR_LOST);
    log_reader_close(reader);
    log_reader_close(slow);
    log_writer_close(writer);
    struct log_recovery recovery;
    writer = open_writer(f->dir, LOG_SYNC_MANUAL, &recovery);
    assert_int_equal(recovery.last_seq, 1000);
    log_writer_close(writer);
}

static void test_cursor(void **state)
{
    const struct fixture *f = *state;
    struct error err = {0};
    struct log_cursor *cursor = NULL, *second = NULL, *look = NULL;
    const struct log_uuid log = {{9}}, other = {{8}};
    assert_false(log_cursor_open(f->root, "kafka.alerts", false, &look, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(log_cursor_open(f->root, "kafka.alerts", true, &cursor, &err));
    assert_false(log_cursor_open(f->root, "kafka.alerts", true, &second, &err));
    assert_int_equal(err.code, ERROR_LOCKED);
    assert_true(log_cursor_open(f->root, "kafka.alerts", false, &look, &err));
    assert_int_equal(log_cursor_load(cursor).seq, 0);
    uint64_t least;
    assert_true(log_cursor_least(f->root, "kafka.", &log, &least, &err));
    assert_int_equal(least, 0);
    for (uint64_t i = 1; i <= 5; i++) {
        struct log_position p = {log, 100 + i, 2, 3, 50 + i, 1};
        assert_true(log_cursor_store(cursor, &p, i == 5, &err));
        assert_int_equal(log_cursor_load(look).seq, 100 + i);
        assert_int_equal(log_cursor_load(look).input_seq, 50 + i);
    }
    assert_true(log_cursor_least(f->root, "kafka.", &log, &least, &err));
    assert_int_equal(least, 105);
    assert_true(log_cursor_least(f->root, "kafka.", &other, &least, &err));
    assert_true(least == UINT64_MAX);
    log_cursor_close(cursor);
    assert_true(log_cursor_open(f->root, "kafka.alerts", true, &cursor, &err));
    struct log_position p = log_cursor_load(cursor);
    assert_int_equal(p.seq, 105);
    assert_int_equal(p.index, 3);
    assert_true(log_uuid_equal(&p.log, &log));
    log_cursor_close(cursor);
    log_cursor_close(look);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_append_and_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_is_atomic, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_records, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discard, setup, teardown),
        cmocka_unit_test_setup_teardown(test_retention, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cursor, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
