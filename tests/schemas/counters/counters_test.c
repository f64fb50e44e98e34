#include "tests/support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schemas/base/clock.h"
#include "schemas/counters/counters.h"

static int setup(void **state)
{
    static char dir[4096];
    *state = dir;
    support_temp_dir(dir, sizeof dir);
    return 0;
}

static int teardown(void **state)
{
    support_remove_tree(*state);
    return 0;
}

static struct counters *open_ok(const char *dir, enum program program)
{
    struct counters *counters = NULL;
    struct error err = {0};
    assert_true(counters_open(dir, program, &counters, &err));
    return counters;
}

static void sums_go_on_and_gauges_begin_at_zero(void **state)
{
    struct counters *c = open_ok(*state, PROGRAM_INGEST);
    counters_add(c, COUNTER_INGEST_MESSAGES, 5);
    counters_set(c, COUNTER_INGEST_CONNECTED, 1);
    counters_close(c);
    c = open_ok(*state, PROGRAM_INGEST);
    assert_int_equal(counters_get(c, COUNTER_INGEST_MESSAGES), 5);
    assert_int_equal(counters_get(c, COUNTER_INGEST_CONNECTED), 0);
    counters_add(c, COUNTER_INGEST_MESSAGES, 2);
    assert_int_equal(counters_get(c, COUNTER_INGEST_MESSAGES), 7);
    counters_close(c);
}

static void every_counter_has_a_place_of_its_own(void **state)
{
    struct counters *c[PROGRAM_COUNT];
    for (int p = 0; p < PROGRAM_COUNT; p++)
        c[p] = open_ok(*state, (enum program)p);
    for (int i = 0; i < COUNTER_COUNT; i++)
        counters_set(c[counter_info_of((enum counter)i)->program], (enum counter)i,
                     1000 + (uint64_t)i);
    struct counters *reader = NULL;
    struct error err = {0};
    assert_true(counters_open_reader(*state, &reader, &err));
    for (int i = 0; i < COUNTER_COUNT; i++)
        assert_int_equal(counters_get(reader, (enum counter)i), 1000 + i);
    counters_close(reader);
    for (int p = 0; p < PROGRAM_COUNT; p++)
        counters_close(c[p]);
}

static void a_duration_falls_into_the_bucket_that_holds_it(void **state)
{
    static const struct {
        int64_t ns;
        uint32_t bucket;
    } cases[] = {
        {-1, 0},         {0, 0},          {5000000, 0},    {5001000, 1},      {10000000, 1},
        {249000000, 5},  {1000000000, 7}, {1000001000, 8}, {60000000000, 11}, {60000001000, 12},
        {INT64_MAX, 12},
    };
    struct counters *c = open_ok(*state, PROGRAM_PROCESS);
    const struct histogram_info *info = histogram_info_of(HISTOGRAM_PROCESS_RESULT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum counter bucket = (enum counter)(info->first + cases[i].bucket);
        enum counter sum = (enum counter)(info->first + HISTOGRAM_BOUNDS + 1);
        uint64_t before = counters_get(c, bucket), sum_before = counters_get(c, sum);
        counters_observe(c, HISTOGRAM_PROCESS_RESULT, cases[i].ns);
        assert_int_equal(counters_get(c, bucket), before + 1);
        assert_int_equal(counters_get(c, sum) - sum_before,
                         cases[i].ns > 0 ? cases[i].ns / 1000 : 0);
    }
    counters_close(c);
    assert_true(counter_in_histogram(info->first));
    assert_true(counter_in_histogram(COUNTER_PROCESS_RESULT_SUM_US));
    assert_false(counter_in_histogram(COUNTER_RUN_RESTARTS));
    assert_null(histogram_info_of(HISTOGRAM_COUNT));
}

static void names_are_lower_case_and_differ_within_a_program(void **state)
{
    (void)state;
    char a[COUNTER_NAME_BYTES], b[COUNTER_NAME_BYTES];
    assert_string_equal(counter_name(COUNTER_INGEST_LAST_TICK_NS, a), "last_tick_ns");
    for (int i = 0; i < COUNTER_COUNT; i++) {
        const struct counter_info *info = counter_info_of((enum counter)i);
        assert_true(strlen(info->name) < COUNTER_NAME_BYTES); /* not cut */
        for (int j = 0; j < i; j++) {
            if (counter_info_of((enum counter)j)->program == info->program)
                assert_string_not_equal(counter_name((enum counter)i, a),
                                        counter_name((enum counter)j, b));
        }
    }
    assert_null(counter_info_of(COUNTER_COUNT));
}

static void a_second_process_of_the_program_is_refused(void **state)
{
    struct counters *c = open_ok(*state, PROGRAM_RUN), *second = NULL;
    struct error err = {0};
    assert_false(counters_open(*state, PROGRAM_RUN, &second, &err));
    assert_int_equal(err.code, ERROR_LOCKED);
    char pid[32];
    (void)snprintf(pid, sizeof pid, "process %d", (int)getpid());
    assert_non_null(strstr(err.where, pid));
    struct counters *other = open_ok(*state, PROGRAM_KAFKA); /* another program may */
    counters_close(other);
    counters_close(c);
    counters_close(open_ok(*state, PROGRAM_RUN));
}

static void the_first_program_makes_the_state_directory(void **state)
{
    char below[4200], file[4300];
    struct counters *counters = NULL;
    struct error err = {0};
    struct stat st;
    (void)snprintf(below, sizeof below, "%s/var//lib/state", (const char *)*state);
    counters_close(open_ok(below, PROGRAM_SERIES));
    assert_int_equal(stat(below, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
    counters_close(open_ok(below, PROGRAM_SERIES));
    (void)snprintf(file, sizeof file, "%s/counters/below", below);
    assert_false(counters_open(file, PROGRAM_SERIES, &counters, &err));
    assert_int_equal(err.code, ERROR_IO);
}

/* A program killed while it starts, again and again, keeps its sums. */
static void a_kill_at_the_start_costs_no_sums(void **state)
{
    struct counters *c = open_ok(*state, PROGRAM_KAFKA);
    counters_add(c, COUNTER_KAFKA_ALERTS_DELIVERED, 77);
    counters_close(c);
    for (int i = 0; i < 40; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (;;)
                counters_close(open_ok(*state, PROGRAM_KAFKA));
        }
        (void)usleep(200 + 137 * (useconds_t)i);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        c = open_ok(*state, PROGRAM_KAFKA);
        assert_int_equal(counters_get(c, COUNTER_KAFKA_ALERTS_DELIVERED), 77);
        counters_close(c);
    }
}

static void running_means_that_the_process_lives(void **state)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct counters *c = open_ok(*state, PROGRAM_PROCESS);
        counters_set(c, COUNTER_PROCESS_RESULTS, 77);
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct counters *reader = NULL;
    struct error err = {0};
    assert_true(counters_open_reader(*state, &reader, &err));
    struct counters_program seen = counters_program(reader, PROGRAM_PROCESS);
    assert_true(seen.running);
    assert_int_equal(seen.pid, pid);
    assert_true(llabs(clock_wall_ns() - seen.alive_wall_ns) < 5000000000);
    assert_false(counters_program(reader, PROGRAM_INGEST).running);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    seen = counters_program(reader, PROGRAM_PROCESS);
    assert_false(seen.running);
    assert_int_equal(seen.pid, pid);
    assert_int_equal(counters_get(reader, COUNTER_PROCESS_RESULTS), 77);
    counters_close(reader);
    close(ready[0]);
    close(ready[1]);
}

static void a_reader_finds_nothing_before_the_first_program(void **state)
{
    struct counters *reader = NULL;
    struct error err = {0};
    assert_false(counters_open_reader(*state, &reader, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_null(reader);
}

static void overwrite(const char *dir, const void *bytes, size_t len)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/counters", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void a_foreign_or_cut_file_is_refused_to_readers_and_begun_anew_by_writers(void **state)
{
    char junk[100];
    memset(junk, 'j', sizeof junk);
    for (size_t len = 1; len <= sizeof junk; len += 33) {
        overwrite(*state, junk, len);
        struct counters *reader = NULL;
        struct error err = {0};
        assert_false(counters_open_reader(*state, &reader, &err));
        assert_int_equal(err.code, ERROR_VERSION);
        struct counters *c = open_ok(*state, PROGRAM_SERIES);
        counters_add(c, COUNTER_SERIES_REQUESTS, 3);
        assert_true(counters_open_reader(*state, &reader, &err));
        assert_int_equal(counters_get(reader, COUNTER_SERIES_REQUESTS), 3);
        counters_close(reader);
        counters_close(c);
    }
}

/* What an older or newer binary left: our names at other slots, and names that we do not know. */
static void a_section_of_another_version_keeps_its_sums(void **state)
{
    struct counters *c = open_ok(*state, PROGRAM_RUN);
    counters_add(c, COUNTER_RUN_RESTARTS, 9);
    counters_close(c);
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/counters", (char *)*state);
    int fd = open(path, O_RDWR);
    enum { SECTION = 24 * 8, VALUES = SECTION + 64, NAMES = VALUES + 64 * 8 };
    char name[32];
    uint64_t value, two = 2;
    assert_int_equal(pread(fd, name, 32, NAMES), 32);
    assert_string_equal(name, "restarts");
    assert_int_equal(pread(fd, &value, 8, VALUES), 8);
    assert_int_equal(pwrite(fd, name, 32, NAMES + 32), 32);
    assert_int_equal(pwrite(fd, &value, 8, VALUES + 8), 8);
    memset(name, 0, sizeof name);
    memcpy(name, "unheard_of", sizeof "unheard_of");
    value = 1234;
    assert_int_equal(pwrite(fd, name, 32, NAMES), 32);
    assert_int_equal(pwrite(fd, &value, 8, VALUES), 8);
    assert_int_equal(pwrite(fd, &two, 8, SECTION + 24), 8);
    close(fd);
    struct counters *reader = NULL;
    struct error err = {0};
    assert_true(counters_open_reader(*state, &reader, &err));
    assert_int_equal(counters_get(reader, COUNTER_RUN_RESTARTS), 9);
    counters_close(reader);
    c = open_ok(*state, PROGRAM_RUN);
    assert_int_equal(counters_get(c, COUNTER_RUN_RESTARTS), 9);
    counters_close(c);
}

static void a_crash_is_laid_at_the_input_in_progress(void **state)
{
    struct counters *c = open_ok(*state, PROGRAM_PROCESS);
    counters_crashed(c); /* nothing in progress: nobody's fault */
    assert_int_equal(counters_suspect(c).seq, 0);
    for (uint32_t i = 1; i <= 3; i++) {
        counters_in_progress(c, 41, 2);
        counters_in_progress(c, 42, 2);
        counters_crashed(c);
        counters_close(c);
        c = open_ok(*state, PROGRAM_PROCESS);
        struct counters_suspect suspect = counters_suspect(c);
        assert_int_equal(suspect.seq, 42);
        assert_int_equal(suspect.epoch, 2);
        assert_int_equal(suspect.crashes, i);
        counters_crashed(c); /* at start, before any input */
        assert_int_equal(counters_suspect(c).crashes, i);
    }
    counters_in_progress(c, 43, 2);
    counters_crashed(c);
    assert_int_equal(counters_suspect(c).seq, 43);
    assert_int_equal(counters_suspect(c).crashes, 1);
    counters_suspect_clear(c);
    assert_int_equal(counters_suspect(c).seq, 0);
    counters_close(c);
}

static void null_is_nothing(void **state)
{
    (void)state;
    counters_add(NULL, COUNTER_INGEST_MESSAGES, 1);
    counters_set(NULL, COUNTER_INGEST_CONNECTED, 1);
    counters_alive(NULL);
    counters_in_progress(NULL, 1, 1);
    counters_suspect_clear(NULL);
    counters_close(NULL);
    assert_int_equal(counters_get(NULL, COUNTER_INGEST_MESSAGES), 0);
}

/* What a service manager's socket was sent; -1: nothing. */
static ssize_t notified(int fd, char out[32])
{
    memset(out, 0, 32);
    return recv(fd, out, 31, MSG_DONTWAIT);
}

static void the_service_manager_hears_that_its_own_process_lives(void **state)
{
    char text[32], pid[32];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/notify", (const char *)*state);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
    /* systemd watches nothing. */
    counters_close(open_ok(*state, PROGRAM_PAGE));
    assert_int_equal(notified(fd, text), -1);
    /* So short that each call is due. */
    assert_int_equal(setenv("WATCHDOG_USEC", "1", 1), 0);
    struct counters *c = open_ok(*state, PROGRAM_PAGE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(notified(fd, text), 10);
        assert_string_equal(text, "WATCHDOG=1");
        assert_int_equal(notified(fd, text), -1);
        counters_alive(c);
    }
    /* A manager that is slow to read, or gone, makes nobody wait. */
    for (int i = 0; i < 5000; i++)
        counters_alive(c);
    while (notified(fd, text) > 0)
        ;
    counters_alive(c);
    assert_int_equal(notified(fd, text), 10);
    counters_close(c);
    /* No more often than it wants to hear. */
    assert_int_equal(setenv("WATCHDOG_USEC", "7200000000", 1), 0);
    (void)snprintf(pid, sizeof pid, "%d", getpid());
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    c = open_ok(*state, PROGRAM_PAGE);
    counters_alive(c);
    assert_int_equal(notified(fd, text), 10);
    assert_int_equal(notified(fd, text), -1);
    counters_close(c);
    /* It watches our parent. */
    (void)snprintf(pid, sizeof pid, "%d", getppid());
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    counters_close(open_ok(*state, PROGRAM_PAGE));
    assert_int_equal(notified(fd, text), -1);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(sums_go_on_and_gauges_begin_at_zero),
        T(every_counter_has_a_place_of_its_own),
        T(a_duration_falls_into_the_bucket_that_holds_it),
        T(names_are_lower_case_and_differ_within_a_program),
        T(the_first_program_makes_the_state_directory),
        T(a_second_process_of_the_program_is_refused),
        T(a_kill_at_the_start_costs_no_sums),
        T(running_means_that_the_process_lives),
        T(a_reader_finds_nothing_before_the_first_program),
        T(a_foreign_or_cut_file_is_refused_to_readers_and_begun_anew_by_writers),
        T(a_section_of_another_version_keeps_its_sums),
        T(a_crash_is_laid_at_the_input_in_progress),
        T(the_service_manager_hears_that_its_own_process_lives),
        T(null_is_nothing),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
