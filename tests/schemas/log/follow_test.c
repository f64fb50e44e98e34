/* A reader that stands still while the log moves under it: retention, discards, restarts. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "schemas/log/log.h"
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

static struct log_writer *open_writer(uint64_t discard_from_seq)
{
    struct log_writer_options options = {.dir = dir,
                                         .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                         .sync = LOG_SYNC_MANUAL,
                                         .discard_from_seq = discard_from_seq};
    struct log_writer *writer = NULL;
    assert_true(log_writer_open(&options, &writer, NULL, NULL));
    return writer;
}

static struct log_reader *open_reader(void)
{
    const struct log_reader_options options = {.dir = dir};
    struct log_reader *reader = NULL;
    assert_true(log_reader_open(&options, &reader, NULL));
    return reader;
}

static void append(struct log_writer *writer, int count)
{
    static uint8_t body[2000];
    struct log_record record = {.type = 1, .body = body, .body_len = sizeof body};
    for (int i = 0; i < count; i++)
        assert_true(log_writer_append(writer, &record, NULL, NULL));
}

/* It knew its segment as the newest one; since then many came, and the oldest were deleted. */
static void test_slow_reader_is_told_what_it_lost(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(0);
    struct log_reader *reader = open_reader();
    struct log_view view;
    struct error err = {0};
    append(writer, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    append(writer, 1000);
    assert_true(log_writer_sync(writer, NULL));
    assert_true(
        log_writer_retain(writer, 5 * (uint64_t)LOG_SEGMENT_BYTES_MIN, 6, true, NULL, &err));
    uint64_t seen = 5;
    enum log_read got;
    while ((got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD)
        assert_int_equal(view.seq, ++seen);
    assert_true(seen > 5); /* what is mapped stays good to its end */
    assert_int_equal(got, LOG_READ_ERROR);
    assert_int_equal(err.code, ERROR_LOST);
    assert_int_equal(err.position, log_reader_first_seq(reader));
    assert_true(log_reader_seek(reader, err.position, &err));
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    log_reader_close(reader);
    log_writer_close(writer);
}

/* The same, and behind what it has read stands a batch that was never finished: a writer died in
   it, and the segment that took over is deleted, too. */
static void test_slow_reader_gets_nothing_void(void **state)
{
    (void)state;
    static uint8_t body[2000];
    struct log_record record = {.type = 9, .body = body, .body_len = sizeof body};
    struct log_writer *writer = open_writer(0);
    struct log_reader *reader = open_reader();
    struct log_view view;
    struct error err = {0};
    append(writer, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    for (int i = 0; i < 50; i++) /* the segment gets full, so some of it is written */
        assert_true(log_writer_stage(writer, &record, NULL, &err));
    log_writer_close(writer);
    writer = open_writer(0);
    append(writer, 1000);
    assert_true(log_writer_sync(writer, NULL));
    assert_true(
        log_writer_retain(writer, 5 * (uint64_t)LOG_SEGMENT_BYTES_MIN, 1, true, NULL, &err));
    enum log_read got;
    while ((got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD)
        assert_int_equal(view.type, 1);
    assert_int_equal(got, LOG_READ_ERROR);
    assert_int_equal(err.code, ERROR_LOST);
    log_reader_close(reader);
    log_writer_close(writer);
}

/* It wants a record that was published and then made void. */
static void test_reader_passes_over_what_was_discarded(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(0);
    append(writer, 120);
    struct log_reader *reader = open_reader();
    struct log_view view;
    struct error err = {0};
    assert_true(log_reader_seek(reader, 100, &err));
    log_writer_close(writer);
    writer = open_writer(61);
    append(writer, 1);
    uint64_t last = log_writer_last_seq(writer);
    assert_true(last > 120);
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    assert_int_equal(view.seq, last);
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_CAUGHT_UP);
    log_reader_close(reader);
    log_writer_close(writer);
}

/* An I/O error took what a reader had read, and the writer went on without it. */
static void test_reader_refuses_what_became_void(void **state)
{
    (void)state;
    for (int refuse = 0; refuse < 2; refuse++) {
        (void)snprintf(dir, sizeof dir, "%s/log%d", root, refuse);
        struct log_writer *writer = open_writer(0);
        append(writer, 10);
        const struct log_reader_options options = {.dir = dir, .refuse_void = refuse};
        struct log_reader *reader = NULL;
        struct log_view view;
        struct error err = {0};
        assert_true(log_reader_open(&options, &reader, NULL));
        for (int i = 0; i < 10; i++)
            assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
        log_writer_close(writer);
        writer = open_writer(0); /* an epoch without a loss changes nothing */
        append(writer, 1);
        assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
        log_writer_close(writer);
        writer = open_writer(8);
        append(writer, 1);
        enum log_read got = log_reader_next(reader, &view, &err);
        assert_int_equal(got, refuse ? LOG_READ_ERROR : LOG_READ_RECORD);
        assert_int_equal(err.code, refuse ? ERROR_IO : ERROR_NONE);
        log_reader_close(reader);
        log_writer_close(writer);
    }
}

/* A power cut tore the control page: until the writer comes there is no log to be read. */
static void test_torn_control_page(void **state)
{
    (void)state;
    char control[400];
    struct log_writer *writer = open_writer(0);
    append(writer, 1);
    log_writer_close(writer);
    (void)snprintf(control, sizeof control, "%s/control", dir);
    assert_int_equal(truncate(control, 100), 0);
    struct log_reader *reader = NULL;
    struct error err = {0};
    assert_false(log_reader_open(&(struct log_reader_options){.dir = dir}, &reader, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    writer = open_writer(0);
    reader = open_reader();
    assert_int_equal(log_reader_last_seq(reader), 1);
    log_reader_close(reader);
    log_writer_close(writer);
}

/* Somebody deleted the log and began another one in its place, in the middle of a reader's way. */
static void test_another_log_in_its_place(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(0);
    append(writer, 200);
    struct log_reader *reader = open_reader();
    struct log_view view;
    struct error err = {0};
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    log_writer_close(writer);
    support_remove_tree(dir);
    writer = open_writer(0);
    append(writer, 300);
    uint64_t seen = 1;
    enum log_read got;
    while ((got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD)
        assert_int_equal(view.seq, ++seen);
    assert_true(seen < 200); /* no more than was mapped */
    assert_int_equal(got, LOG_READ_ERROR);
    assert_int_equal(err.code, ERROR_MISMATCH);
    log_reader_close(reader);
    log_writer_close(writer);
}

/* Segments of two logs in one directory, as by a backup restored over another log. */
static void test_segments_of_two_logs(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(0);
    append(writer, 60);
    log_writer_close(writer);
    char first[400], second[400];
    (void)snprintf(first, sizeof first, "%s/0000000000000001-00000001.seg", dir);
    (void)snprintf(second, sizeof second, "%s/kept", root);
    assert_int_equal(rename(first, second), 0);
    support_remove_tree(dir);
    writer = open_writer(0);
    append(writer, 60);
    log_writer_close(writer);
    assert_int_equal(rename(second, first), 0);
    struct log_writer_options options = {.dir = dir, .sync = LOG_SYNC_MANUAL};
    struct error err = {0};
    assert_false(log_writer_open(&options, &writer, NULL, &err));
    assert_int_equal(err.code, ERROR_CORRUPT);
    struct log_check check;
    assert_false(log_verify(dir, NULL, NULL, &check, &err));
    assert_int_equal(err.code, ERROR_CORRUPT);
}

/* Looking ahead says what log_reader_next will say, as far as one segment and what is published
 * reach; and it moves nothing. */
static void test_ahead(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(0);
    struct log_reader *reader = open_reader();
    struct log_view view, ahead;
    struct error err = {0};
    append(writer, 1200); /* some segments */
    uint64_t seen = 0, looked = 0, segments = 0;
    assert_false(log_reader_ahead(reader, &ahead)); /* nothing is mapped yet */
    while (log_reader_next(reader, &view, &err) == LOG_READ_RECORD) {
        assert_int_equal(view.seq, ++seen);
        looked = looked > seen ? looked : seen;
        for (int i = 0; i < 3 && log_reader_ahead(reader, &ahead); i++) {
            assert_int_equal(ahead.seq, ++looked);
            assert_int_equal(ahead.body_len, view.body_len);
        }
        segments += looked == seen; /* the last record of one: nothing ahead */
    }
    assert_int_equal(seen, 1200);
    assert_true(segments > 1);
    assert_false(log_reader_ahead(reader, &ahead));
    append(writer, 1);
    assert_false(log_reader_ahead(reader, &ahead)); /* not heard of yet */
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    log_reader_close(reader);
    log_writer_close(writer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ahead),
        TEST(test_slow_reader_is_told_what_it_lost),
        TEST(test_slow_reader_gets_nothing_void),
        TEST(test_reader_passes_over_what_was_discarded),
        TEST(test_reader_refuses_what_became_void),
        TEST(test_torn_control_page),
        TEST(test_another_log_in_its_place),
        TEST(test_segments_of_two_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
