#include "tests/support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "schemas/counters/counters.h"
#include "schemas/log/log.h"
#include "schemas/record/record.h"
#include "schemas/result/result.h"
#include "tests/support/toy_core.h"

enum {
    SEGMENT = LOG_SEGMENT_BYTES_MIN,
    DIR_BYTES = 4096,
    PATHS_MAX = 4096,
    BOOT_AT = 32,
    BOOT_BYTES = 16
};

/* ---- a machine: state directories with their readings ------------------------------------------
 */

static char root[DIR_BYTES - 64];
static uint64_t seed;
static char *paths[PATHS_MAX];
static size_t path_count;

static int setup(void **state)
{
    (void)state;
    seed = 12345;
    support_temp_dir(root, sizeof root);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_remove_tree(root);
    while (path_count)
        free(paths[--path_count]);
    return 0;
}

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

/* Freed at the end of the test. */
static const char *path_of(const char *a, const char *b)
{
    assert_true(path_count < PATHS_MAX && asprintf(&paths[path_count], "%s/%s", a, b) > 0);
    return paths[path_count++];
}

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
    char command[3 * DIR_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

/* A fresh machine with the same readings. */
static void copy_readings(const char *from, const char *to)
{
    shell("mkdir '%s'", to);
    shell("cp -r '%s/readings' '%s/'", from, to);
}

static void sleep_us(uint32_t us)
{
    struct timespec pause = {us / 1000000, us % 1000000 * 1000L};
    nanosleep(&pause, NULL);
}

static struct log_writer *readings_open(const char *state)
{
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    struct error err = {0};
    shell("mkdir -p '%s'", state);
    const struct log_writer_options options = {
        .dir = path_of(state, "readings"), .segment_bytes = SEGMENT, .sync = LOG_SYNC_MANUAL};
    if (!log_writer_open(&options, &writer, &recovery, &err))
        fail_msg("%s", err.where);
    return writer;
}

static void stage(struct log_writer *writer, uint16_t type, const void *body, uint32_t len,
                  uint64_t i)
{
    int64_t ns = INT64_C(1795000000000000000) + (int64_t)i * 1000000;
    const struct log_record record = {
        .type = type, .log_ns = ns, .wall_ns = ns, .body = body, .body_len = len};
    struct error err = {0};
    if (!log_writer_stage(writer, &record, NULL, &err))
        fail_msg("%s", err.where);
}

/* Records from..to-1: a model now and then, a tick every 50th, else messages of random length. */
static void write_readings(struct log_writer *writer, uint64_t from, uint64_t to)
{
    struct error err = {0};
    for (uint64_t i = from; i < to; i++) {
        uint8_t body[512];
        if (i % 1500 == 0) {
            const struct record_model model = {
                .hash = 77, .source = STR_LIT("venue: toy"), .path = STR_LIT("toy.yaml")};
            stage(writer, RECORD_MODEL, body, record_model_encode(&model, body, sizeof body), i);
        } else if (i % 50 == 0) {
            stage(writer, RECORD_TICK, "tick", 4, i);
        } else {
            uint32_t len = 8 + draw(200);
            for (uint32_t b = 0; b < len; b++)
                body[b] = (uint8_t)draw(256);
            stage(writer, RECORD_MQTT, body, len, i);
        }
        if (i % 20 == 19)
            assert_true(log_writer_commit(writer, &err));
    }
    assert_true(log_writer_commit(writer, &err));
}

static void make_readings(const char *state, uint64_t count)
{
    struct log_writer *writer = readings_open(state);
    write_readings(writer, 0, count);
    log_writer_close(writer);
}

/* ---- running process ----------------------------------------------------------------------------
 */

struct run {
    const char *state;
    const struct process_core *core; /* NULL: toy-1 */
    bool live;                       /* not only to the end of the readings */
    int64_t snapshot_s;
};

static int stop;

static void on_term(int sig)
{
    (void)sig;
    stop = 1;
}

static int process_here(const struct run *run)
{
    struct config config;
    struct problems problems = {0};
    signal(SIGTERM, on_term);
    if (setenv("CROWDTIDE_STATE", run->state, 1) != 0 || !config_load(NULL, &config, &problems))
        return 99;
    config.snapshot_s = run->snapshot_s ? run->snapshot_s : 1;
    int code = process_run(&(struct process_options){
        .config = &config,
        .stop = &stop,
        .core = run->core ? run->core : toy_core(),
        .segment_bytes = SEGMENT,
        .until_caught_up = !run->live,
    });
    config_free(&config);
    return code;
}

static pid_t begin(const struct run *run)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(path_of(root, "stderr"), O_WRONLY | O_CREAT | O_APPEND, 0644);
        dup2(fd, 2);
        close(fd);
        _exit(process_here(run));
    }
    return pid;
}

static int end(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int run_to_end(const char *state)
{
    return end(begin(&(struct run){.state = state}));
}

static bool it_said(const char *what)
{
    char command[DIR_BYTES + 256];
    (void)snprintf(command, sizeof command, "grep -q '%s' %s/stderr", what, root);
    return system(command) == 0;
}

static uint64_t counter(const char *state, enum counter counter)
{
    struct counters *counters = NULL;
    struct error err = {0};
    uint64_t value = 0;
    if (counters_open_reader(state, &counters, &err))
        value = counters_get(counters, counter);
    counters_close(counters);
    return value;
}

static void await_counter(const char *state, enum counter which, uint64_t value)
{
    for (int i = 0; i < 4000 && counter(state, which) != value; i++)
        sleep_us(1000);
    assert_int_equal(counter(state, which), value);
}

/* ---- what the results logs hold
 * ------------------------------------------------------------------ */

static struct log_reader *open_log(const char *state, const char *name)
{
    struct log_reader *reader = NULL;
    struct error err = {0};
    const struct log_reader_options options = {.dir = path_of(state, name), .verify_crc = true};
    if (!log_reader_open(&options, &reader, &err))
        fail_msg("%s", err.where);
    assert_true(log_reader_seek(reader, 0, &err));
    return reader;
}

/* The logs say the same: type, flags, log time and body, whatever their own sequences are. */
static uint64_t assert_same_log(const char *a, const char *b, const char *name)
{
    struct log_reader *left = open_log(a, name), *right = open_log(b, name);
    struct error err = {0};
    uint64_t records = 0;
    for (;; records++) {
        struct log_view l, r;
        enum log_read got_l = log_reader_next(left, &l, &err);
        enum log_read got_r = log_reader_next(right, &r, &err);
        if (got_l != got_r)
            fail_msg("%s differ in length after %llu", name, (unsigned long long)records);
        assert_int_not_equal(got_l, LOG_READ_ERROR);
        if (got_l == LOG_READ_CAUGHT_UP)
            break;
        if (l.type != r.type || l.flags != r.flags || l.log_ns != r.log_ns ||
            l.body_len != r.body_len || memcmp(l.body, r.body, l.body_len) != 0)
            fail_msg("%s differ at record %llu: types %u %u, inputs %llu %llu", name,
                     (unsigned long long)records, l.type, r.type,
                     (unsigned long long)result_origin_decode(l.body).input_seq,
                     (unsigned long long)result_origin_decode(r.body).input_seq);
    }
    log_reader_close(left);
    log_reader_close(right);
    return records;
}

static uint64_t assert_same(const char *a, const char *b)
{
    return assert_same_log(a, b, "alerts") + assert_same_log(a, b, "bulk");
}

static uint32_t count_type(const char *state, const char *name, unsigned type)
{
    struct log_reader *reader = open_log(state, name);
    struct error err = {0};
    struct log_view view;
    uint32_t count = 0;
    while (log_reader_next(reader, &view, &err) == LOG_READ_RECORD)
        count += view.type == type;
    log_reader_close(reader);
    return count;
}

/* ---- tests: restarts
 * ------------------------------------------------------------------------------ */

static void a_second_run_adds_nothing(void **state)
{
    (void)state;
    const char *a = path_of(root, "a"), *b = path_of(root, "b");
    make_readings(a, 4000);
    shell("cp -r '%s' '%s'", a, b);
    assert_int_equal(run_to_end(a), 0);
    assert_int_equal(run_to_end(b), 0);
    assert_int_equal(run_to_end(b), 0);
    assert_true(assert_same(a, b) > 4000);
    shell("rm -r '%s/snapshots'", b); /* and all of it again, from the first reading */
    assert_int_equal(run_to_end(b), 0);
    assert_same(a, b);
}

static void growing_readings_give_the_results_of_one_run(void **state)
{
    (void)state;
    const char *a = path_of(root, "a"), *b = path_of(root, "b");
    for (uint64_t at = 0; at < 6000; at += 500) {
        struct log_writer *writer = readings_open(a);
        write_readings(writer, at, at + 500);
        log_writer_close(writer);
        assert_int_equal(run_to_end(a), 0);
    }
    copy_readings(a, b);
    assert_int_equal(run_to_end(b), 0);
    assert_same(a, b);
}

static void killed_at_any_moment_it_leaves_no_trace(void **state)
{
    (void)state;
    const char *a = path_of(root, "a"), *b = path_of(root, "b");
    make_readings(a, 12000);
    shell("cp -r '%s' '%s'", a, b);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(run_to_end(a), 0);
    clock_gettime(CLOCK_MONOTONIC, &to);
    uint32_t whole_us =
        (uint32_t)((to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000);
    uint32_t kills = 0;
    for (int code = 1; kills < 25 || code != 0;) {
        pid_t pid = begin(&(struct run){.state = b});
        sleep_us(500 + draw(kills < 25 ? whole_us / 4 : whole_us * 3));
        kill(pid, SIGKILL);
        code = end(pid);
        kills += code == 1000 + SIGKILL;
        assert_true(code == 0 || code == 1000 + SIGKILL);
    }
    uint64_t results = assert_same(a, b);
    print_message("%u kills, %llu results equal\n", kills, (unsigned long long)results);
}

/* The writer lives, too, and both are killed and started again in turns. */
static void killed_while_readings_come_in(void **state)
{
    (void)state;
    const char *a = path_of(root, "a"), *b = path_of(root, "b");
    uint64_t at = 0;
    for (int round = 0; round < 25; round++) {
        pid_t pid = begin(&(struct run){.state = a, .live = true});
        struct log_writer *writer = readings_open(a);
        for (int part = 0; part < 8; part++) {
            uint64_t more = 1 + draw(100);
            write_readings(writer, at, at + more);
            at += more;
            sleep_us(draw(4000));
        }
        if (round % 2)
            sleep_us(draw(20000));
        kill(pid, SIGKILL);
        log_writer_close(writer);
        assert_int_equal(end(pid), 1000 + SIGKILL);
    }
    assert_int_equal(run_to_end(a), 0);
    copy_readings(a, b);
    assert_int_equal(run_to_end(b), 0);
    assert_same(a, b);
}

/* ---- tests: power cuts
 * ----------------------------------------------------------------------------- */

/* Makes `image`, a copy of a readings directory, what the next boot finds. */
static void reboot(const char *image)
{
    uint8_t other[BOOT_BYTES];
    int fd = open(path_of(image, "control"), O_RDWR);
    assert_int_equal(pread(fd, other, sizeof other, BOOT_AT), sizeof other);
    other[0] ^= 0xff;
    assert_int_equal(pwrite(fd, other, sizeof other, BOOT_AT), sizeof other);
    close(fd);
}

/* The disk had the readings up to 3000 when the power went; process had dealt with 4000 or more. */
static void results_of_vanished_readings_are_cut_off(void **state)
{
    (void)state;
    for (int clean = 0; clean < 2; clean++) {
        const char *a = path_of(root, clean ? "a1" : "a0"), *b = path_of(root, clean ? "b1" : "b0");
        const char *image = path_of(root, clean ? "image1" : "image0");
        struct error err = {0};
        struct log_writer *writer = readings_open(a);
        write_readings(writer, 0, 3000);
        assert_true(log_writer_sync(writer, &err));
        shell("cp -r '%s/readings' '%s'", a, image);
        pid_t pid = begin(&(struct run){.state = a, .live = true});
        write_readings(writer, 3000, 4200);
        await_counter(a, COUNTER_PROCESS_INPUT_SEQ, 4200);
        kill(pid, clean ? SIGTERM : SIGKILL);
        assert_int_equal(end(pid), clean ? 0 : 1000 + SIGKILL);
        log_writer_close(writer);
        uint32_t before = count_type(a, "bulk", RECORD_READING);

        shell("rm -r '%s/readings'", a);
        shell("mv '%s' '%s/readings'", image, a);
        reboot(path_of(a, "readings"));
        writer = readings_open(a);
        assert_true(log_writer_last_seq(writer) == 3000);
        write_readings(writer, 5000, 5500);
        log_writer_close(writer);
        assert_int_equal(run_to_end(a), 0);
        copy_readings(a, b);
        assert_int_equal(run_to_end(b), 0);
        assert_same(a, b);
        assert_true(count_type(a, "bulk", RECORD_READING) < before);
        assert_true(it_said("results_void"));
    }
}

/* ---- tests: poison
 * ----------------------------------------------------------------------------------- */

static void write_one(const char *state, const char *body, uint64_t i)
{
    struct error err = {0};
    struct log_writer *writer = readings_open(state);
    stage(writer, RECORD_MQTT, body, (uint32_t)strlen(body), i);
    assert_true(log_writer_commit(writer, &err));
    log_writer_close(writer);
}

static void append_readings(const char *state, uint64_t from, uint64_t to)
{
    struct log_writer *writer = readings_open(state);
    write_readings(writer, from, to);
    log_writer_close(writer);
}

static void an_input_that_crashes_three_times_is_left_out(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    append_readings(a, 0, 1000);
    write_one(a, "poison", 1000);
    append_readings(a, 1001, 2000);
    for (int crash = 1; crash <= 3; crash++)
        assert_int_equal(run_to_end(a), 1000 + SIGABRT);
    assert_int_equal(run_to_end(a), 0);
    assert_int_equal(count_type(a, "alerts", RECORD_SKIPPED), 1);
    assert_int_equal(counter(a, COUNTER_PROCESS_SKIPPED), 1);
    assert_true(it_said("input_skipped input_seq=1001 crashes=3"));
    /* A re-run from the first reading honours it, without the counters' help. */
    const char *b = path_of(root, "b");
    shell("cp -r '%s' '%s' && rm -r '%s/snapshots' '%s/counters'", a, b, b, b);
    assert_int_equal(run_to_end(b), 0);
    append_readings(a, 2000, 2100);
    append_readings(b, 2000, 2100);
    assert_int_equal(run_to_end(a), 0);
    assert_int_equal(run_to_end(b), 0);
    assert_int_equal(count_type(b, "alerts", RECORD_SKIPPED), 1);
}

static void two_poisoned_inputs_are_left_out_one_after_the_other(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    append_readings(a, 0, 100);
    write_one(a, "poison", 100);
    append_readings(a, 101, 200);
    write_one(a, "poison", 200);
    append_readings(a, 201, 300);
    uint32_t crashes = 0;
    while (run_to_end(a) == 1000 + SIGABRT)
        crashes++;
    assert_int_equal(crashes, 6);
    assert_int_equal(count_type(a, "alerts", RECORD_SKIPPED), 2);
}

static struct counters_suspect suspect(const char *state)
{
    struct counters *counters = NULL;
    struct error err = {0};
    assert_true(counters_open_reader(state, &counters, &err));
    struct counters_suspect suspect = counters_suspect(counters);
    counters_close(counters);
    return suspect;
}

/* Killed from outside while at it, however often: not the input's fault. */
static void a_kill_is_not_the_inputs_fault(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    append_readings(a, 0, 100);
    write_one(a, "hang", 100);
    for (int i = 0; i < 5; i++) {
        pid_t pid = begin(&(struct run){.state = a});
        sleep_us(50000);
        kill(pid, SIGKILL);
        assert_int_equal(end(pid), 1000 + SIGKILL);
    }
    assert_int_equal(suspect(a).seq, 0);
    /* The supervisor's watchdog aborts what hangs: that does count, once process is at it. */
    for (uint32_t wait_us = 20000; suspect(a).crashes < 3; wait_us += wait_us / 4) {
        pid_t pid = begin(&(struct run){.state = a});
        sleep_us(wait_us);
        kill(pid, SIGABRT);
        assert_int_equal(end(pid), 1000 + SIGABRT);
        assert_true(wait_us < 10000000);
    }
    assert_int_equal(run_to_end(a), 0);
    assert_int_equal(count_type(a, "alerts", RECORD_SKIPPED), 1);
}

/* ---- tests: snapshots and eras
 * ------------------------------------------------------------------------ */

static void a_damaged_snapshot_gives_way_to_the_older(void **state)
{
    (void)state;
    for (int damage = 0; damage < 5; damage++) {
        const char *a = path_of(root, "a"), *b = path_of(root, "b");
        shell("rm -rf '%s' '%s'", a, b);
        for (uint64_t at = 0; at < 1500; at += 500) {
            append_readings(a, at, at + 500);
            assert_int_equal(run_to_end(a), 0);
        }
        copy_readings(a, b);
        static const char *const how[] = {"printf x | dd of=$s bs=1 seek=60 conv=notrunc",
                                          "printf x | dd of=$s bs=1 seek=110 conv=notrunc",
                                          "truncate -s 100 $s", "truncate -s 0 $s",
                                          "printf '\\2' | dd of=$s bs=1 seek=7 conv=notrunc"};
        shell("cd '%s/snapshots' && s=$(ls | sort -n | tail -1) && { %s; } 2>/dev/null", a,
              how[damage]);
        append_readings(a, 1500, 1600);
        assert_int_equal(run_to_end(a), 0);
        shell("cp -r '%s/readings' '%s/'", a, b);
        assert_int_equal(run_to_end(b), 0);
        assert_same(a, b);
        assert_true(it_said("snapshot_unusable"));
        shell("rm '%s/stderr'", root);
    }
}

static void both_snapshots_damaged_all_is_run_again(void **state)
{
    (void)state;
    const char *a = path_of(root, "a"), *b = path_of(root, "b");
    for (uint64_t at = 0; at < 1500; at += 500) {
        append_readings(a, at, at + 500);
        assert_int_equal(run_to_end(a), 0);
    }
    shell("cd '%s/snapshots' && for s in *.snap; do truncate -s 100 $s; done", a);
    append_readings(a, 1500, 1600);
    assert_int_equal(run_to_end(a), 0);
    copy_readings(a, b);
    assert_int_equal(run_to_end(b), 0);
    assert_same(a, b);
}

static void two_snapshots_are_kept_and_the_older_pins_the_readings(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    struct error err = {0};
    for (uint64_t at = 0; at < 2500; at += 500) {
        append_readings(a, at, at + 500);
        assert_int_equal(run_to_end(a), 0);
        struct log_reader *reader = open_log(a, "readings");
        uint64_t least = 99;
        assert_true(log_cursor_least(path_of(a, "cursors"), "readings.", log_reader_uuid(reader),
                                     &least, &err));
        log_reader_close(reader);
        /* the 1500th record is a model, with a snapshot right before it */
        const uint64_t pins[] = {0, 500, 1000, 1500, 2000};
        assert_int_equal(least, pins[at / 500]);
    }
    shell("test $(ls '%s/snapshots' | wc -l) = 2", a);
}

static void another_version_begins_an_era(void **state)
{
    (void)state;
    const char *a = path_of(root, "a"), *b = path_of(root, "b");
    append_readings(a, 0, 1000);
    assert_int_equal(run_to_end(a), 0);
    append_readings(a, 1000, 1200);
    uint32_t before = count_type(a, "alerts", RECORD_ERA);
    shell("cp -r '%s' '%s'", a, b);
    assert_int_equal(end(begin(&(struct run){.state = a, .core = toy_core_next()})), 0);
    assert_int_equal(count_type(a, "alerts", RECORD_ERA), before + 1);
    append_readings(a, 1200, 1400);
    assert_int_equal(end(begin(&(struct run){.state = a, .core = toy_core_next()})), 0);
    assert_int_equal(count_type(a, "alerts", RECORD_ERA), before + 1);
    /* Killed around the change of era: the same results. */
    for (int kills = 0; kills < 15; kills++) {
        pid_t pid = begin(&(struct run){.state = b, .core = toy_core_next()});
        sleep_us(500 + draw(4000));
        kill(pid, SIGKILL);
        (void)end(pid);
    }
    assert_int_equal(end(begin(&(struct run){.state = b, .core = toy_core_next()})), 0);
    shell("rm -r '%s/readings' && cp -r '%s/readings' '%s/'", b, a, b);
    assert_int_equal(end(begin(&(struct run){.state = b, .core = toy_core_next()})), 0);
    assert_same(a, b);
}

static void a_version_that_cannot_read_the_state_runs_everything_again(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    append_readings(a, 0, 1000);
    assert_int_equal(run_to_end(a), 0);
    uint32_t before = count_type(a, "bulk", RECORD_READING);
    append_readings(a, 1000, 1200);
    assert_int_equal(end(begin(&(struct run){.state = a, .core = toy_core_foreign()})), 0);
    assert_true(it_said("snapshot_unusable"));
    assert_true(count_type(a, "bulk", RECORD_READING) > before);
    assert_true(count_type(a, "bulk", RECORD_READING) < before * 2);
}

/* ---- tests: refusals and stopping
 * --------------------------------------------------------------------- */

static void results_of_another_readings_log_are_refused(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    append_readings(a, 0, 300);
    assert_int_equal(run_to_end(a), 0);
    shell("rm -r '%s/readings'", a);
    append_readings(a, 0, 300);
    assert_int_equal(run_to_end(a), 1);
    assert_true(it_said("MISMATCH"));
    assert_true(it_said("move alerts, bulk, snapshots and cursors away"));
    shell("rm -r '%s/snapshots'", a);
    assert_int_equal(run_to_end(a), 1);
}

static void a_second_process_is_refused(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    append_readings(a, 0, 300);
    pid_t pid = begin(&(struct run){.state = a, .live = true});
    await_counter(a, COUNTER_PROCESS_INPUT_SEQ, 300);
    assert_int_equal(run_to_end(a), 1);
    assert_true(it_said("already running"));
    kill(pid, SIGTERM);
    assert_int_equal(end(pid), 0);
}

static void it_waits_for_the_readings_and_stops_when_asked(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    pid_t pid = begin(&(struct run){.state = a, .live = true});
    sleep_us(50000);
    append_readings(a, 0, 300);
    await_counter(a, COUNTER_PROCESS_INPUT_SEQ, 300);
    kill(pid, SIGTERM);
    assert_int_equal(end(pid), 0);
    shell("ls '%s/snapshots/300.snap' >/dev/null", a);
    pid = begin(&(struct run){.state = path_of(root, "b"), .live = true});
    sleep_us(50000);
    kill(pid, SIGTERM);
    assert_int_equal(end(pid), 0);
}

static void snapshots_come_by_the_clock(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    append_readings(a, 0, 100);
    pid_t pid = begin(&(struct run){.state = a, .live = true, .snapshot_s = 1});
    await_counter(a, COUNTER_PROCESS_SNAPSHOTS, 1);
    kill(pid, SIGKILL);
    assert_int_equal(end(pid), 1000 + SIGKILL);
    shell("ls '%s/snapshots/100.snap' >/dev/null", a);
}

static void a_replayed_record_stays_one(void **state)
{
    (void)state;
    const char *a = path_of(root, "a");
    struct error err = {0};
    struct log_writer *writer = readings_open(a);
    const struct log_record record = {.type = RECORD_TICK,
                                      .flags = RECORD_FLAG_REPLAYED | RECORD_FLAG_TRANSFORMED,
                                      .log_ns = 1000,
                                      .body = "tick",
                                      .body_len = 4};
    assert_true(log_writer_append(writer, &record, NULL, &err));
    log_writer_close(writer);
    assert_int_equal(run_to_end(a), 0);
    struct log_reader *reader = open_log(a, "alerts");
    struct log_view view;
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    assert_int_equal(view.flags, RECORD_FLAG_REPLAYED);
    assert_int_equal(view.log_ns, 1000);
    log_reader_close(reader);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]); /* one test by its name, * allowed */
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_second_run_adds_nothing),
        T(growing_readings_give_the_results_of_one_run),
        T(killed_at_any_moment_it_leaves_no_trace),
        T(killed_while_readings_come_in),
        T(results_of_vanished_readings_are_cut_off),
        T(an_input_that_crashes_three_times_is_left_out),
        T(two_poisoned_inputs_are_left_out_one_after_the_other),
        T(a_kill_is_not_the_inputs_fault),
        T(a_damaged_snapshot_gives_way_to_the_older),
        T(both_snapshots_damaged_all_is_run_again),
        T(two_snapshots_are_kept_and_the_older_pins_the_readings),
        T(another_version_begins_an_era),
        T(a_version_that_cannot_read_the_state_runs_everything_again),
        T(results_of_another_readings_log_are_refused),
        T(a_second_process_is_refused),
        T(it_waits_for_the_readings_and_stops_when_asked),
        T(snapshots_come_by_the_clock),
        T(a_replayed_record_stays_one),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
