/*
 * What a writer must remember over restarts in unlucky moments: where the log ended when retention
 * left no record of it, which sequences readers may have seen, and which file is which.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

static struct log_writer *open_writer(const struct log_io *io, struct log_recovery *recovery)
{
    struct log_writer_options options = {
        .dir = dir, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_MANUAL, .io = io};
    struct log_writer *writer = NULL;
    struct error err = {0};
    if (!log_writer_open(&options, &writer, recovery, &err)) {
        char text[512];
        fail_msg("%s", error_describe(&err, text, sizeof text));
    }
    return writer;
}

static uint64_t append(struct log_writer *writer, uint32_t len)
{
    static uint8_t body[80000];
    struct log_record record = {.type = 1, .body = body, .body_len = len};
    uint64_t seq = 0;
    record.log_ns = (int64_t)log_writer_last_seq(writer) + 1;
    memset(body, (int)(record.log_ns & 0xff), len);
    assert_true(log_writer_append(writer, &record, &seq, NULL));
    return seq;
}

/* Retention deleted every record; only an empty segment is left, and restarts add more of them. */
static void test_the_place_outlives_the_records(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(NULL, NULL);
    for (int i = 0; i < 100; i++)
        (void)append(writer, 1000);
    log_writer_close(writer);
    struct log_recovery recovery;
    writer = open_writer(NULL, &recovery);
    assert_true(log_writer_retain(writer, 1, UINT64_MAX, false, NULL, NULL));
    log_writer_close(writer);
    for (int i = 0; i < 4; i++) {
        writer = open_writer(NULL, &recovery);
        assert_int_equal(recovery.last_seq, 100);
        assert_int_equal(recovery.last_log_ns, 100);
        assert_false(recovery.power_cut_possible);
        log_writer_close(writer);
    }
    writer = open_writer(NULL, &recovery);
    assert_int_equal(append(writer, 10), 101);
    log_writer_close(writer);
}

/* The first record of an epoch does not fit into the segment that recovery made for the epoch. Its
   own segment begins with the same sequence, and retention must not take one for the other. */
static void test_large_record_first(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(NULL, NULL);
    (void)append(writer, 100);
    log_writer_close(writer);
    writer = open_writer(NULL, NULL);
    for (uint64_t i = 2; i <= 5; i++)
        assert_int_equal(append(writer, 70000), i);
    assert_true(log_writer_sync(writer, NULL));
    uint64_t bytes = log_writer_bytes(writer);
    assert_true(log_writer_retain(writer, bytes - 1, 2, false, NULL, NULL)); /* record 1 may go */
    assert_true(log_writer_retain(writer, 1, 2, false, NULL, NULL));
    log_writer_close(writer);
    struct log_check check;
    assert_true(log_verify(dir, NULL, NULL, &check, NULL));
    assert_int_equal(check.first_seq, 2);
    assert_int_equal(check.records, 4);
    assert_int_equal(check.torn_bytes, 0);
}

/* An I/O error took published records, and the next writer dies while it recovers: at whatever
   operation, the one after it must still know that readers may have seen more than it finds. */
static void test_lost_sequences_are_not_reused(void **state)
{
    (void)state;
    uint64_t lives = 0;
    for (uint64_t at = 1;; at++) {
        struct faulty_io *f = faulty_io_new(at);
        (void)snprintf(dir, sizeof dir, "%s/log%llu", root, (unsigned long long)at);
        struct log_writer *writer = open_writer(faulty_io_table(f), NULL);
        for (int i = 0; i < 20; i++)
            (void)append(writer, 1000);
        assert_true(log_writer_sync(writer, NULL));
        for (int i = 0; i < 20; i++)
            (void)append(writer, 1000);
        uint64_t seen = log_writer_last_seq(writer);
        faulty_io_arm(f, FAULTY_EIO, 1);
        assert_false(log_writer_sync(writer, NULL));
        log_writer_close(writer);
        faulty_io_restart(f, FAULTY_PROGRAM_DIED); /* what was dirty may be gone */
        faulty_io_arm(f, FAULTY_DIE_BEFORE, at);
        struct log_writer_options options = {.dir = dir,
                                             .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                             .sync = LOG_SYNC_MANUAL,
                                             .io = faulty_io_table(f)};
        bool whole = log_writer_open(&options, &writer, NULL, NULL);
        if (whole)
            log_writer_close(writer);
        faulty_io_restart(f, FAULTY_PROGRAM_DIED);
        struct log_recovery recovery;
        writer = open_writer(faulty_io_table(f), &recovery);
        uint64_t seq = append(writer, 10);
        if (recovery.last_seq < seen && seq <= seen)
            fail_msg("died at %llu: %llu kept, %llu were published, %llu given out again",
                     (unsigned long long)at, (unsigned long long)recovery.last_seq,
                     (unsigned long long)seen, (unsigned long long)seq);
        lives += recovery.last_seq < seen;
        log_writer_close(writer);
        faulty_io_free(f);
        if (whole)
            break;
    }
    assert_true(lives > 0);
}

/* A discard cuts a batch in two; what was kept of it stays when the log is opened again. */
static void test_half_a_batch_stays(void **state)
{
    (void)state;
    for (int durable = 0; durable < 2; durable++) {
        struct faulty_io *f = faulty_io_new(7);
        (void)snprintf(dir, sizeof dir, "%s/log%d", root, durable);
        struct log_writer *writer = open_writer(faulty_io_table(f), NULL);
        const struct log_record record = {.type = 1, .body = "batch", .body_len = 5};
        for (int i = 0; i < 5; i++)
            assert_true(log_writer_stage(writer, &record, NULL, NULL));
        assert_true(log_writer_commit(writer, NULL));
        if (durable)
            assert_true(log_writer_sync(writer, NULL));
        faulty_io_arm(f, FAULTY_DIE_BEFORE, 1); /* nothing is synced by closing */
        log_writer_close(writer);
        faulty_io_restart(f, FAULTY_PROGRAM_DIED);
        const struct log_writer_options options = {.dir = dir,
                                                   .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                                   .sync = LOG_SYNC_MANUAL,
                                                   .discard_from_seq = 4,
                                                   .io = faulty_io_table(f)};
        struct log_recovery recovery;
        assert_true(log_writer_open(&options, &writer, &recovery, NULL));
        assert_int_equal(recovery.last_seq, 3);
        log_writer_close(writer);
        writer = open_writer(faulty_io_table(f), &recovery);
        assert_int_equal(recovery.last_seq, 3);
        assert_int_equal(recovery.bytes_cut, 0);
        struct log_check check;
        assert_true(log_verify(dir, NULL, NULL, &check, NULL));
        assert_int_equal(check.last_seq, 3);
        log_writer_close(writer);
        faulty_io_free(f);
    }
}

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
    char command[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

/* A copy made while the log is written, its control page last: it opens, and gives out neither
   sequences nor epochs that the log itself gives out meanwhile. */
static void test_a_copy_goes_its_own_way(void **state)
{
    (void)state;
    struct log_recovery recovery;
    struct log_writer *writer = open_writer(NULL, NULL);
    for (int i = 0; i < 20; i++)
        (void)append(writer, 1000);
    shell("cp -r '%s' '%s.copy'", dir, dir);
    for (int i = 0; i < 20; i++)
        (void)append(writer, 1000);
    assert_true(log_writer_sync(writer, NULL));
    shell("cp '%s/control' '%s.copy/control.new' && mv '%s.copy/control.new' '%s.copy/control'",
          dir, dir, dir, dir);
    log_writer_close(writer);
    writer = open_writer(NULL, &recovery);
    uint64_t original = append(writer, 10);
    assert_int_equal(original, 41);
    log_writer_close(writer);
    (void)snprintf(dir, sizeof dir, "%s/log.copy", root);
    writer = open_writer(NULL, &recovery);
    assert_int_equal(recovery.last_seq, 20);
    assert_true(recovery.power_cut_possible);
    assert_true(append(writer, 10) > original + LOG_SEQ_SKIP);
    log_writer_close(writer);
    writer = open_writer(NULL, &recovery); /* from now on it is a log like any other */
    assert_false(recovery.power_cut_possible);
    log_writer_close(writer);
}

/* Power cuts, restarts without one, and a discard: how many of the sequences were never a record's
   is known of the last eight that skipped any, and never is it more than there were. */
static void test_what_was_skipped_is_known(void **state)
{
    (void)state;
    enum { CUTS = 12, DISCARD = 4, KNOWN = LOG_SKIPS_KEPT + 1, A_ROUND = 20 };
    struct faulty_io *f = faulty_io_new(11);
    uint64_t first_of[CUTS + 1], records = 0;
    struct log_reader *reader = NULL;
    for (int cut = 0; cut <= CUTS; cut++) {
        const struct log_writer_options options = {
            .dir = dir,
            .segment_bytes = LOG_SEGMENT_BYTES_MIN,
            .sync = LOG_SYNC_MANUAL,
            /* of the round before: the skip of that cut is part of a larger one */
            .discard_from_seq = cut == DISCARD ? first_of[cut - 1] : 0,
            .io = faulty_io_table(f)};
        struct log_writer *writer = NULL;
        assert_true(log_writer_open(&options, &writer, NULL, NULL));
        records -= cut == DISCARD ? A_ROUND : 0;
        for (int i = 0; i < A_ROUND; i++, records++) {
            uint64_t seq = append(writer, 1000);
            first_of[cut] = i ? first_of[cut] : seq;
        }
        assert_true(log_writer_sync(writer, NULL));
        log_writer_close(writer);
        if (cut % 3 == 0) {
            writer = open_writer(faulty_io_table(f), NULL);
            log_writer_close(writer);
        }
        assert_true(log_reader_open(
            &(struct log_reader_options){.dir = dir, .io = faulty_io_reader_table(f)}, &reader,
            NULL));
        const uint64_t next = log_reader_last_seq(reader) + 1;
        const uint64_t all = next - 1 - records, found = log_reader_unused(reader, 1, next);
        if (cut <= KNOWN)
            assert_int_equal(found, all);
        assert_true(found <= all);
        if (cut > KNOWN)
            assert_true(found >= (KNOWN - 1) * (uint64_t)LOG_SEQ_SKIP);
        assert_int_equal(log_reader_unused(reader, first_of[cut], next), 0);
        assert_int_equal(log_reader_unused(reader, first_of[cut] - 5, next), cut ? 5 : 0);
        assert_int_equal(log_reader_lag(reader, first_of[cut] - 1), A_ROUND);
        log_reader_close(reader);
        faulty_io_restart(f, FAULTY_POWER_CUT);
    }
    faulty_io_free(f);
}

/* Half a batch stays in a copy, too, whose older segments are read again although what was kept was
 * durable. */
static void test_half_a_batch_stays_in_a_copy(void **state)
{
    (void)state;
    struct log_recovery recovery;
    struct log_writer *writer = open_writer(NULL, NULL);
    const struct log_record record = {.type = 1, .body = "batch", .body_len = 5};
    for (int i = 0; i < 5; i++)
        assert_true(log_writer_stage(writer, &record, NULL, NULL));
    assert_true(log_writer_commit(writer, NULL));
    log_writer_close(writer);
    const struct log_writer_options options = {.dir = dir,
                                               .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                               .sync = LOG_SYNC_MANUAL,
                                               .discard_from_seq = 4};
    assert_true(log_writer_open(&options, &writer, &recovery, NULL));
    assert_int_equal(recovery.records_rewritten, 0);
    log_writer_close(writer);
    shell("cp -r '%s' '%s.copy'", dir, dir);
    (void)snprintf(dir, sizeof dir, "%s/log.copy", root);
    writer = open_writer(NULL, &recovery);
    assert_int_equal(recovery.last_seq, 3);
    log_writer_close(writer);
}

/* The first who opens a copy dies over it, at whatever operation: the next one still knows that it
 * is one. */
static void test_a_copy_stays_one_until_it_is_opened(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(NULL, NULL);
    for (int i = 0; i < 20; i++)
        (void)append(writer, 1000);
    assert_true(log_writer_sync(writer, NULL));
    log_writer_close(writer);
    char original[300];
    (void)snprintf(original, sizeof original, "%s", dir);
    for (uint64_t at = 1;; at++) {
        struct faulty_io *f = faulty_io_new(at);
        (void)snprintf(dir, sizeof dir, "%s/copy%llu", root, (unsigned long long)at);
        shell("cp -r '%s' '%s'", original, dir);
        faulty_io_arm(f, FAULTY_DIE_BEFORE, at);
        const struct log_writer_options options = {.dir = dir,
                                                   .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                                   .sync = LOG_SYNC_MANUAL,
                                                   .io = faulty_io_table(f)};
        bool whole = log_writer_open(&options, &writer, NULL, NULL);
        if (whole)
            log_writer_close(writer);
        faulty_io_restart(f, FAULTY_PROGRAM_DIED);
        writer = open_writer(faulty_io_table(f), NULL);
        uint64_t seq = append(writer, 10);
        if (seq <= 21 + LOG_SEQ_SKIP)
            fail_msg("died at %llu: %llu may be the original's", (unsigned long long)at,
                     (unsigned long long)seq);
        log_writer_close(writer);
        faulty_io_free(f);
        if (whole)
            break;
    }
}

/* What was published before a power cut may be gone: a reader that is there before the writer has
 * nothing. */
static void test_a_reader_waits_for_the_writer_after_a_power_cut(void **state)
{
    (void)state;
    struct faulty_io *f = faulty_io_new(7);
    struct log_writer *writer = open_writer(faulty_io_table(f), NULL);
    (void)append(writer, 1000);
    assert_true(log_writer_sync(writer, NULL));
    (void)append(writer, 1000);
    log_writer_close(writer);
    faulty_io_restart(f, FAULTY_POWER_CUT);
    const struct log_reader_options options = {.dir = dir, .io = faulty_io_reader_table(f)};
    struct log_reader *reader = NULL;
    struct log_view view;
    struct error err = {0};
    assert_true(log_reader_open(&options, &reader, &err));
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_CAUGHT_UP);
    assert_true(log_reader_waits(reader, &err));
    assert_int_equal(err.code, ERROR_UNOPENED);
    assert_non_null(strstr(err.where, "the machine's start"));
    writer = open_writer(faulty_io_table(f), NULL);
    assert_false(log_reader_waits(reader, &err));
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    log_reader_close(reader);
    log_writer_close(writer);
    faulty_io_free(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_place_outlives_the_records),
        TEST(test_large_record_first),
        TEST(test_lost_sequences_are_not_reused),
        TEST(test_half_a_batch_stays),
        TEST(test_a_copy_goes_its_own_way),
        TEST(test_what_was_skipped_is_known),
        TEST(test_half_a_batch_stays_in_a_copy),
        TEST(test_a_copy_stays_one_until_it_is_opened),
        TEST(test_a_reader_waits_for_the_writer_after_a_power_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
