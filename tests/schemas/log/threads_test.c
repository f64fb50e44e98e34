/* Writer, helper and readers in one process: for the thread sanitizer, and for what waits and
 * requests promise. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "schemas/base/clock.h"
#include "schemas/log/log.h"
#include "tests/support/support.h"

enum { RECORDS = 20000, NS_PER_MS = 1000000 };

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

static struct log_writer *open_writer(uint32_t sync_ms)
{
    struct log_writer_options options = {
        .dir = dir, .segment_bytes = 4 * (uint64_t)LOG_SEGMENT_BYTES_MIN, .sync_ms = sync_ms};
    struct log_writer *writer = NULL;
    assert_true(log_writer_open(&options, &writer, NULL, NULL));
    return writer;
}

static void append(struct log_writer *writer, uint64_t seq)
{
    uint8_t body[200];
    memset(body, (int)(seq & 0xff), sizeof body);
    struct log_record record = {.type = 1, .body = body, .body_len = sizeof body};
    uint64_t got;
    assert_true(log_writer_append(writer, &record, &got, NULL));
    assert_int_equal(got, seq);
}

static void *follow(void *arg)
{
    uint64_t *seen = arg;
    const struct log_reader_options options = {.dir = dir, .verify_crc = true};
    struct log_reader *reader = NULL;
    if (!log_reader_open(&options, &reader, NULL))
        return NULL;
    while (*seen < RECORDS) {
        struct log_view view;
        enum log_read got = log_reader_next(reader, &view, NULL);
        if (got == LOG_READ_ERROR || (got == LOG_READ_RECORD && view.seq != *seen + 1))
            break;
        if (got == LOG_READ_RECORD)
            *seen = view.seq;
        else
            log_reader_wait(reader, 100);
        if (view.seq % 1000 == 0)
            log_reader_request_sync(reader);
    }
    log_reader_close(reader);
    return NULL;
}

static void test_writer_helper_readers(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(1);
    pthread_t threads[2];
    uint64_t seen[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, follow, &seen[i]), 0);
    for (uint64_t seq = 1; seq <= RECORDS; seq++) {
        append(writer, seq);
        if (seq % 512 == 0) {
            assert_true(log_writer_healthy(writer, NULL));
            log_writer_request_sync(writer);
        }
        if (seq % 3000 == 0)
            assert_true(log_writer_sync(writer, NULL));
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(seen[i], RECORDS);
    }
    log_writer_close(writer);
}

struct sleeper {
    struct log_reader *reader;
    _Atomic bool asleep;
    _Atomic int64_t woken_ns;
};

static void *sleep_once(void *arg)
{
    struct sleeper *s = arg;
    struct log_view view;
    s->asleep = true;
    while (log_reader_next(s->reader, &view, NULL) == LOG_READ_CAUGHT_UP)
        log_reader_wait(s->reader, 100);
    s->woken_ns = clock_boot_ns();
    return NULL;
}

/* A sleeping reader is woken by the publication, not by its timeout. The best of several tries: the
 * machine may be busy. */
static void test_wake(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(1000);
    const struct log_reader_options options = {.dir = dir};
    struct sleeper s = {0};
    assert_true(log_reader_open(&options, &s.reader, NULL));
    int64_t best = INT64_MAX;
    for (uint64_t i = 1; i <= 10; i++) {
        pthread_t thread;
        s.asleep = false;
        assert_int_equal(pthread_create(&thread, NULL, sleep_once, &s), 0);
        while (!s.asleep)
            (void)usleep(100);
        (void)usleep(3000);
        int64_t from = clock_boot_ns();
        append(writer, i);
        assert_int_equal(pthread_join(thread, NULL), 0);
        if (s.woken_ns - from < best)
            best = s.woken_ns - from;
    }
    print_message("woken after %lld us\n", (long long)best / 1000);
    assert_true(best < 20 * (int64_t)NS_PER_MS);
    /* Nothing to come: the wait is bounded. */
    int64_t from = clock_boot_ns();
    log_reader_wait(s.reader, 1000000);
    assert_true(clock_boot_ns() - from < 5000 * (int64_t)NS_PER_MS);
    log_reader_close(s.reader);
    log_writer_close(writer);
}

/* A request makes the helper sync long before its timer. */
static void test_request_sync(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer(10000);
    const struct log_reader_options options = {.dir = dir};
    struct log_reader *reader = NULL;
    assert_true(log_reader_open(&options, &reader, NULL));
    int64_t best = INT64_MAX;
    for (uint64_t i = 1; i <= 10; i++) {
        append(writer, i);
        assert_true(log_reader_durable_seq(reader) < i);
        int64_t from = clock_boot_ns();
        if (i % 2)
            log_reader_request_sync(reader);
        else
            log_writer_request_sync(writer);
        while (log_reader_durable_seq(reader) < i)
            (void)usleep(50);
        if (clock_boot_ns() - from < best)
            best = clock_boot_ns() - from;
    }
    print_message("synced on request after %lld us\n", (long long)best / 1000);
    assert_true(best < 1000 * (int64_t)NS_PER_MS);
    log_reader_close(reader);
    log_writer_close(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writer_helper_readers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wake, setup, teardown),
        cmocka_unit_test_setup_teardown(test_request_sync, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
