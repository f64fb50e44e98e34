/*
 * A writer process killed with -9 at random moments and started again, and readers in other
 * processes that follow all the time: each sees every sequence once, in order, whole batches only,
 * whatever the segments do under it.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "schemas/log/log.h"
#include "tests/support/support.h"

enum { KILLS = 30, READERS = 2, BATCH_MAX = 4, BODY_MAX = 6000 };

struct shared {
    _Atomic uint64_t committed; /* by writers, after the commit returned */
    _Atomic uint64_t stop_at;   /* readers: done when this was read */
    _Atomic uint32_t runs;
    _Atomic uint64_t rewritten;
    _Atomic uint64_t waits;
};

static struct shared *shared;
static char root[256], dir[300];

static uint32_t draw(uint32_t *random, uint32_t below)
{
    *random = *random * 1664525u + 1013904223u;
    return (*random >> 8) % below;
}

static void fill(uint8_t *body, uint64_t seq, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        body[i] = (uint8_t)(seq * 17 + i);
}

static uint32_t body_len(uint64_t seq)
{
    return (uint32_t)(seq * 2654435761u >> 9) % BODY_MAX;
}

/* The record's place in its batch and the batch's size are in its flags, so that readers can check
 * that batches are whole. */
static _Noreturn void write_until_killed(uint32_t random)
{
    struct log_writer_options options = {
        .dir = dir, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_TIMER, .sync_ms = 5};
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    struct error err = {0};
    static uint8_t body[BODY_MAX];
    if (!log_writer_open(&options, &writer, &recovery, &err)) {
        fprintf(stderr, "writer: %s\n", err.where);
        _exit(1);
    }
    if (recovery.last_seq < shared->committed || recovery.power_cut_possible)
        _exit(2);
    shared->runs++;
    shared->rewritten += recovery.records_rewritten;
    for (;;) {
        uint32_t n = 1 + draw(&random, BATCH_MAX);
        uint64_t seq = log_writer_last_seq(writer);
        for (uint32_t i = 0; i < n; i++) {
            struct log_record record = {.type = 1,
                                        .flags = (uint16_t)(i << 8 | n),
                                        .body = body,
                                        .body_len = body_len(seq + 1)};
            fill(body, seq + 1, record.body_len);
            if (!log_writer_stage(writer, &record, &seq, &err))
                _exit(3);
        }
        if (!log_writer_commit(writer, &err))
            _exit(4);
        shared->committed = seq;
        if (draw(&random, 8) == 0)
            (void)usleep(300);
    }
}

static _Noreturn void read_to_the_end(int which)
{
    const struct log_reader_options options = {.dir = dir, .verify_crc = which == 0};
    struct log_reader *reader = NULL;
    struct error err = {0};
    static uint8_t body[BODY_MAX];
    uint64_t seen = 0;
    uint32_t in_batch = 0;
    while (!log_reader_open(&options, &reader, &err)) {
        if (err.code != ERROR_NOT_FOUND) {
            fprintf(stderr, "reader: %s\n", err.where);
            _exit(1);
        }
        (void)usleep(100);
    }
    while (shared->stop_at == 0 || seen < shared->stop_at) {
        struct log_view view;
        enum log_read got = log_reader_next(reader, &view, &err);
        if (got == LOG_READ_CAUGHT_UP) {
            if (in_batch)
                _exit(2);
            shared->waits++;
            log_reader_wait(reader, 100);
            continue;
        }
        if (got == LOG_READ_ERROR) {
            fprintf(stderr, "reader after %llu: %s\n", (unsigned long long)seen, err.where);
            _exit(3);
        }
        if (view.seq != ++seen || view.body_len != body_len(view.seq))
            _exit(4);
        fill(body, view.seq, view.body_len);
        if (memcmp(body, view.body, view.body_len) != 0)
            _exit(5);
        if (view.flags >> 8 != in_batch)
            _exit(6);
        in_batch = ++in_batch == (view.flags & 0xff) ? 0 : in_batch;
    }
    log_reader_close(reader);
    _exit(0);
}

static void test_killed_writer(void **state)
{
    (void)state;
    support_temp_dir(root, sizeof root);
    (void)snprintf(dir, sizeof dir, "%s/log", root);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    uint32_t random = (uint32_t)time(NULL);
    print_message("seed %u\n", random);
    pid_t readers[READERS];
    for (int i = 0; i < READERS; i++) {
        readers[i] = fork();
        if (readers[i] == 0)
            read_to_the_end(i);
    }
    for (int i = 0; i < KILLS; i++) {
        pid_t writer = fork();
        if (writer == 0)
            write_until_killed(random + (uint32_t)i * 977);
        /* Half of them die wherever they are, often while recovering; half once they write, however
           long a busy machine takes to let them. */
        uint32_t runs = shared->runs;
        int status;
        while (i % 2 && shared->runs == runs) {
            (void)usleep(1000);
            if (waitpid(writer, &status, WNOHANG) != 0)
                fail_msg("the writer ended by itself: %x", (unsigned)status);
        }
        (void)usleep(500 + draw(&random, 20000));
        assert_int_equal(kill(writer, SIGKILL), 0);
        assert_int_equal(waitpid(writer, &status, 0), writer);
        if (!WIFSIGNALED(status))
            fail_msg("the writer ended by itself: %d", WEXITSTATUS(status));
    }
    /* What was written but not published when the last writer died counts once somebody recovers.
     */
    struct log_writer_options options = {.dir = dir, .segment_bytes = LOG_SEGMENT_BYTES_MIN};
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    assert_true(log_writer_open(&options, &writer, &recovery, NULL));
    assert_true(recovery.last_seq >= shared->committed);
    shared->stop_at = recovery.last_seq;
    for (int i = 0; i < READERS; i++) {
        int status;
        assert_int_equal(waitpid(readers[i], &status, 0), readers[i]);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("reader %d: status %x", i, (unsigned)status);
    }
    log_writer_close(writer);
    struct log_check check;
    assert_true(log_verify(dir, NULL, NULL, &check, NULL));
    assert_int_equal(check.records, recovery.last_seq);
    print_message("%llu records over %u runs, %llu rewritten, readers slept %llu times\n",
                  (unsigned long long)recovery.last_seq, shared->runs,
                  (unsigned long long)shared->rewritten, (unsigned long long)shared->waits);
    assert_true(shared->runs >= KILLS / 2);
    support_remove_tree(root);
    (void)munmap(shared, sizeof *shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
