/*
 * Bytes changed behind the log's back. Below a durable mark: refused with CORRUPT, nothing touched.
 * Behind the last mark: a torn tail, cut.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/clock.h"
#include "schemas/base/crc32c.h"
#include "schemas/log/log.h"
#include "schemas/log/log_format.h"
#include "tests/support/support.h"

enum { DURABLE = 40, ALL = 50, BODY = 100, FILE_BYTES = LOG_SEGMENT_BYTES_MIN };

static char root[256], dir[300], segment[400], control[400];

static bool open_writer(struct log_writer **writer, struct log_recovery *recovery,
                        struct error *err)
{
    struct log_writer_options options = {
        .dir = dir, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_MANUAL};
    return log_writer_open(&options, writer, recovery, err);
}

static uint64_t offset_of(uint64_t seq)
{
    return LOG_SEGMENT_HEADER_BYTES + (seq - 1) * log_record_bytes(BODY);
}

/* 50 records in one segment; 40 durable, and from 41 on the records say so. The writer "dies": the
   file is kept as it was before the close. */
static int setup(void **state)
{
    (void)state;
    support_temp_dir(root, sizeof root);
    (void)snprintf(dir, sizeof dir, "%s/log", root);
    (void)snprintf(segment, sizeof segment, "%s/0000000000000001-00000001.seg", dir);
    (void)snprintf(control, sizeof control, "%s/control", dir);
    struct log_writer *writer = NULL;
    assert_true(open_writer(&writer, NULL, NULL));
    uint8_t body[BODY];
    for (uint64_t i = 1; i <= ALL; i++) {
        memset(body, (int)i, sizeof body);
        struct log_record record = {
            .type = 1, .log_ns = (int64_t)i, .body = body, .body_len = BODY};
        assert_true(log_writer_append(writer, &record, NULL, NULL));
        if (i == DURABLE)
            assert_true(log_writer_sync(writer, NULL));
    }
    log_writer_close(writer);
    assert_int_equal(unlink(control), 0); /* the close has synced, and the page says so */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_remove_tree(root);
    return 0;
}

static void flip(uint64_t at, unsigned bit)
{
    int fd = open(segment, O_RDWR | O_CLOEXEC);
    uint8_t byte;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= (uint8_t)(1u << bit);
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    assert_int_equal(close(fd), 0);
}

static uint32_t checksum(void)
{
    static uint8_t bytes[FILE_BYTES];
    int fd = open(segment, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), FILE_BYTES);
    assert_int_equal(close(fd), 0);
    return crc32c(0, bytes, sizeof bytes);
}

static void expect_corrupt(uint64_t seq)
{
    struct log_writer *writer = NULL;
    struct error err = {0};
    uint32_t before = checksum();
    if (open_writer(&writer, NULL, &err))
        fail_msg("opened, though sequence %llu is damaged", (unsigned long long)seq);
    assert_int_equal(err.code, ERROR_CORRUPT);
    if (seq)
        assert_int_equal(err.position, seq);
    assert_int_equal(checksum(), before);
    struct log_check check;
    assert_false(log_verify(dir, NULL, NULL, &check, &err));
    assert_int_equal(err.code, ERROR_CORRUPT);
}

/* Every byte of some records, every bit of some bytes. */
static void test_damage_below_the_mark(void **state)
{
    (void)state;
    const uint64_t victims[] = {1, 2, 20, DURABLE};
    for (size_t v = 0; v < sizeof victims / sizeof victims[0]; v++) {
        for (uint64_t k = 0; k < LOG_RECORD_HEADER_BYTES + BODY; k += 3) {
            uint64_t at = offset_of(victims[v]) + k;
            flip(at, (unsigned)(k % 8));
            expect_corrupt(victims[v]);
            flip(at, (unsigned)(k % 8));
        }
    }
    for (uint64_t at = 0; at < LOG_SEGMENT_HEADER_BYTES; at += 5) { /* its header */
        flip(at, at % 8);
        expect_corrupt(0);
        flip(at, at % 8);
    }
}

/* A reader gets everything before the damage, and then is told. */
static void test_reader_stops_at_damage(void **state)
{
    (void)state;
    flip(offset_of(20) + 60, 1);
    const struct log_reader_options options = {.dir = dir, .ignore_published = true};
    struct log_reader *reader = NULL;
    struct error err = {0};
    struct log_view view;
    assert_true(log_reader_open(&options, &reader, &err));
    for (uint64_t i = 1; i < 20; i++) {
        assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
        assert_int_equal(view.seq, i);
    }
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_ERROR);
    assert_int_equal(err.code, ERROR_CORRUPT);
    assert_int_equal(err.position, 20);
    log_reader_close(reader);
}

static void test_damage_behind_the_mark_is_cut(void **state)
{
    (void)state;
    flip(offset_of(45) + 70, 3);
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    struct error err = {0};
    assert_true(open_writer(&writer, &recovery, &err));
    assert_int_equal(recovery.last_seq, 44);
    assert_int_equal(recovery.records_rewritten, 44 - DURABLE);
    assert_true(recovery.bytes_cut > 5 * (uint64_t)BODY);
    assert_true(recovery.power_cut_possible);
    struct log_record record = {.type = 1, .body = "x", .body_len = 1};
    uint64_t seq;
    assert_true(log_writer_append(writer, &record, &seq, &err));
    assert_int_equal(seq, 45 + LOG_SEQ_SKIP);
    log_writer_close(writer);
}

/* The control page is proof too: it says that all 50 were durable. */
static void test_control_page_is_proof(void **state)
{
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    struct error err = {0};
    (void)teardown(state);
    (void)setup(state);
    assert_true(
        open_writer(&writer, &recovery, &err)); /* makes a control page and a second segment */
    struct log_record record = {.type = 1, .body = "x", .body_len = 1};
    uint64_t seq;
    assert_true(log_writer_append(writer, &record, &seq, &err));
    log_writer_close(writer);
    /* 41 on was rewritten into the second segment; the appended record stands at its end */
    (void)snprintf(segment, sizeof segment, "%s/%016llx-00000002.seg", dir,
                   (unsigned long long)DURABLE + 1);
    flip(LOG_SEGMENT_HEADER_BYTES + 10 * log_record_bytes(BODY) + 48, 0);
    expect_corrupt(seq);
    assert_int_equal(unlink(control), 0); /* without it, it may as well be torn */
    assert_true(open_writer(&writer, &recovery, &err));
    assert_int_equal(recovery.last_seq, ALL);
    log_writer_close(writer);
}

static void test_missing_segments(void **state)
{
    (void)state;
    struct log_writer *writer = NULL;
    struct error err = {0};
    assert_true(open_writer(&writer, NULL, &err));
    struct log_record record = {.type = 1, .body = "x", .body_len = 1};
    assert_true(log_writer_append(writer, &record, NULL, &err));
    log_writer_close(writer);
    /* the oldest */
    assert_int_equal(unlink(segment), 0);
    struct log_check check;
    assert_true(log_verify(dir, NULL, NULL, &check, &err)); /* as retention would leave it */
    assert_int_equal(check.first_seq, DURABLE + 1);
    /* and all gone, but for the page that remembers */
    (void)snprintf(segment, sizeof segment, "%s/%016llx-00000002.seg", dir,
                   (unsigned long long)DURABLE + 1);
    assert_int_equal(unlink(segment), 0);
    assert_false(open_writer(&writer, NULL, &err));
    assert_int_equal(err.code, ERROR_CORRUPT);
}

/* A payload made to look like a record with a high durable mark must not make a torn tail look like
   corruption: its CRC begins with a UUID that nobody outside knows. */
static void test_forged_record_in_a_payload(void **state)
{
    (void)state;
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    struct error err = {0};
    assert_true(open_writer(&writer, &recovery, &err));
    uint8_t forged[256] = {0};
    struct log_view view = {.seq = 1u << 30, .epoch = 1, .type = 1, .durable_seq = 1u << 29};
    log_record_encode(&view, forged);
    const struct log_uuid *uuid = log_writer_uuid(writer);
    log_record_finish(forged, true, crc32c(0, uuid->bytes, sizeof uuid->bytes));
    struct log_record record = {.type = 1, .body = forged, .body_len = sizeof forged};
    assert_true(log_writer_append(writer, &record, NULL, &err));
    log_writer_close(writer);
    assert_int_equal(unlink(control), 0);
    (void)snprintf(segment, sizeof segment, "%s/%016llx-00000002.seg", dir,
                   (unsigned long long)DURABLE + 1);
    flip(LOG_SEGMENT_HEADER_BYTES + 10 * log_record_bytes(BODY) + 20, 0); /* the carrier's header */
    assert_true(open_writer(&writer, &recovery, &err));
    assert_int_equal(recovery.last_seq, ALL);
    log_writer_close(writer);
}

/* A payload in which every eight bytes look like the beginning of a very long record must not make
   recovery add up sixteen megabytes for each of them. */
static void test_many_forged_records(void **state)
{
    (void)state;
    (void)teardown(state);
    support_temp_dir(root, sizeof root);
    (void)snprintf(dir, sizeof dir, "%s/log", root);
    struct log_writer_options options = {.dir = dir, .sync = LOG_SYNC_MANUAL};
    struct log_writer *writer = NULL;
    assert_true(log_writer_open(&options, &writer, NULL, NULL));
    static uint8_t body[512 * 1024];
    const uint8_t forged[8] = {1, 0, 0, 0, 0xff, 0xff, 0xff, 0}; /* epoch 1; 16 MiB less one */
    for (size_t at = 0; at < sizeof body; at += sizeof forged)
        memcpy(body + at, forged, sizeof forged);
    struct log_record record = {.type = 1, .body = body, .body_len = sizeof body};
    assert_true(log_writer_append(writer, &record, NULL, NULL));
    log_writer_close(writer);
    (void)snprintf(segment, sizeof segment, "%s/0000000000000001-00000001.seg", dir);
    (void)snprintf(control, sizeof control, "%s/control", dir);
    assert_int_equal(unlink(control), 0);
    flip(LOG_SEGMENT_HEADER_BYTES + 20, 0); /* torn, as by a power cut */
    int64_t from = clock_boot_ns();
    struct log_recovery recovery;
    assert_true(log_writer_open(&options, &writer, &recovery, NULL));
    assert_int_equal(recovery.last_seq, 0);
    assert_true(clock_boot_ns() - from < 3 * INT64_C(1000000000));
    log_writer_close(writer);
}

static uint64_t disk_bytes(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

/* A program that dies and restarts all the time must not fill the disk with empty segments. */
static void test_restarts_cost_little(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct log_writer *writer = NULL;
        struct log_record record = {.type = 1, .body = "x", .body_len = 1};
        assert_true(open_writer(&writer, NULL, NULL));
        if (i > 15)
            assert_true(log_writer_append(writer, &record, NULL, NULL));
        uint64_t bytes = log_writer_bytes(writer);
        assert_true(bytes <=
                    2 * (uint64_t)LOG_SEGMENT_BYTES_MIN + (uint64_t)(i > 15 ? i - 15 : 0) * 8192);
        log_writer_close(writer);
    }
    assert_true(disk_bytes(segment) < LOG_SEGMENT_BYTES_MIN / 2);
    struct stat st;
    assert_int_equal(stat(segment, &st), 0);
    assert_int_equal(st.st_size, LOG_SEGMENT_BYTES_MIN); /* readers may have it mapped */
}

static void test_newer_version_is_refused(void **state)
{
    (void)state;
    uint8_t head[LOG_SEGMENT_HEADER_BYTES];
    int fd = open(segment, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, head, sizeof head, 0), sizeof head);
    head[8]++;
    uint32_t crc = crc32c(0, head, sizeof head - 4);
    memcpy(head + sizeof head - 4, &crc, 4);
    assert_int_equal(pwrite(fd, head, sizeof head, 0), sizeof head);
    assert_int_equal(close(fd), 0);
    struct log_writer *writer = NULL;
    struct log_reader *reader = NULL;
    struct error err = {0};
    assert_false(open_writer(&writer, NULL, &err));
    assert_int_equal(err.code, ERROR_VERSION);
    const struct log_reader_options options = {.dir = dir, .ignore_published = true};
    assert_false(log_reader_open(&options, &reader, &err));
    assert_int_equal(err.code, ERROR_VERSION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_damage_below_the_mark),
        TEST(test_reader_stops_at_damage),
        TEST(test_damage_behind_the_mark_is_cut),
        TEST(test_control_page_is_proof),
        TEST(test_missing_segments),
        TEST(test_forged_record_in_a_payload),
        TEST(test_many_forged_records),
        TEST(test_restarts_cost_little),
        TEST(test_newer_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
