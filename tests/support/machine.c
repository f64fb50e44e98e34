#include "tests/support/machine.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "schemas/log/log_control.h"
#include "schemas/record/record.h"
#include "schemas/result/result.h"
#include "tests/support/toy_core.h"

enum { PATHS_MAX = 4096 };

/* One test at a time. */
static char root[MACHINE_DIR_BYTES - 64];
static uint64_t seed;
static char *paths[PATHS_MAX];
static size_t path_count;
static int stop; /* of the child's process */

const char *machine_root(void)
{
    return root;
}

int machine_setup(void **state)
{
    (void)state;
    seed = 12345;
    support_temp_dir(root, sizeof root);
    return 0;
}

int machine_teardown(void **state)
{
    (void)state;
    support_remove_tree(root);
    while (path_count)
        free(paths[--path_count]);
    return 0;
}

const char *machine_at(const char *name)
{
    return machine_path(root, name);
}

uint32_t machine_draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

const char *machine_path(const char *a, const char *b)
{
    assert_true(path_count < PATHS_MAX && asprintf(&paths[path_count], "%s/%s", a, b) > 0);
    return paths[path_count++];
}

void machine_shell(const char *format, ...)
{
    char command[3 * MACHINE_DIR_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

static void settle(const char *state)
{
    const struct log_io *io = log_io_files();
    struct log_control control = {0};
    struct error err = {0};
    int fd = -1;
    if (!log_control_open(io, machine_path(state, "readings"), true, &control, &fd, &err))
        fail_msg("%s", err.where);
    log_control_set_home(&control, fd);
    log_control_close(io, &control);
    (void)close(fd);
}

void machine_copy_readings(const char *from, const char *to)
{
    machine_shell("mkdir -p '%s' && rm -rf '%s/readings'", to, to);
    machine_shell("cp -r '%s/readings' '%s/'", from, to);
    settle(to);
}

void machine_copy(const char *from, const char *to)
{
    machine_shell("rm -rf '%s' && cp -r '%s' '%s'", to, from, to);
    settle(to);
}

void machine_sleep_us(uint32_t us)
{
    struct timespec pause = {us / 1000000, us % 1000000 * 1000L};
    nanosleep(&pause, NULL);
}

struct log_writer *machine_readings(const char *state)
{
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    struct error err = {0};
    machine_shell("mkdir -p '%s'", state);
    const struct log_writer_options options = {.dir = machine_path(state, "readings"),
                                               .segment_bytes = MACHINE_SEGMENT,
                                               .sync = LOG_SYNC_MANUAL};
    if (!log_writer_open(&options, &writer, &recovery, &err))
        fail_msg("%s", err.where);
    return writer;
}

static void machine_stage(struct log_writer *writer, uint16_t type, const void *body, uint32_t len,
                          uint64_t i)
{
    int64_t ns = INT64_C(1795000000000000000) + (int64_t)i * 1000000;
    const struct log_record record = {
        .type = type, .log_ns = ns, .wall_ns = ns, .body = body, .body_len = len};
    struct error err = {0};
    if (!log_writer_stage(writer, &record, NULL, &err))
        fail_msg("%s", err.where);
}

void machine_write(struct log_writer *writer, uint64_t from, uint64_t to)
{
    struct error err = {0};
    for (uint64_t i = from; i < to; i++) {
        uint8_t body[512];
        if (i % 1500 == 0) {
            const struct record_model model = {
                .hash = 77, .source = STR_LIT("venue: toy"), .path = STR_LIT("toy.yaml")};
            machine_stage(writer, RECORD_MODEL, body,
                          record_model_encode(&model, body, sizeof body), i);
        } else if (i % 50 == 0) {
            machine_stage(writer, RECORD_TICK, "tick", 4, i);
        } else {
            uint32_t len = 8 + machine_draw(200);
            for (uint32_t b = 0; b < len; b++)
                body[b] = (uint8_t)machine_draw(256);
            machine_stage(writer, RECORD_MQTT, body, len, i);
        }
        if (i % 20 == 19)
            assert_true(log_writer_commit(writer, &err));
    }
    assert_true(log_writer_commit(writer, &err));
}

static void on_term(int sig)
{
    (void)sig;
    stop = 1;
}

static int process_here(const struct machine_run *run)
{
    struct config config;
    struct problems problems = {0};
    signal(SIGTERM, on_term);
    if (setenv("CROWDTIDE_STATE", run->state, 1) != 0 || !config_load(NULL, &config, &problems))
        return 99;
    config.snapshot_s = 1;
    if (run->tune)
        run->tune(&config);
    int code = process_run(&(struct process_options){
        .config = &config,
        .stop = &stop,
        .core = run->core ? run->core : toy_core(),
        .segment_bytes = MACHINE_SEGMENT,
        .snapshot_wait_ms = run->snapshot_wait_ms,
        .until_caught_up = !run->live,
    });
    config_free(&config);
    return code;
}

pid_t machine_begin(const struct machine_run *run)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that failed leaves nobody behind */
        int fd = open(machine_at("stderr"), O_WRONLY | O_CREAT | O_APPEND, 0644);
        dup2(fd, 2);
        close(fd);
        _exit(process_here(run));
    }
    return pid;
}

int machine_end(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int machine_run(const char *state)
{
    return machine_end(machine_begin(&(struct machine_run){.state = state}));
}

bool machine_said(const char *what)
{
    char command[MACHINE_DIR_BYTES + 256];
    (void)snprintf(command, sizeof command, "grep -q '%s' %s/stderr", what, root);
    return system(command) == 0;
}

uint64_t machine_counter(const char *state, enum counter counter)
{
    struct counters *counters = NULL;
    struct error err = {0};
    uint64_t value = 0;
    if (counters_open_reader(state, &counters, &err))
        value = counters_get(counters, counter);
    counters_close(counters);
    return value;
}

void machine_await(const char *state, enum counter which, uint64_t value)
{
    for (int i = 0; i < 4000 && machine_counter(state, which) != value; i++)
        machine_sleep_us(1000);
    if (machine_counter(state, which) != value)
        machine_shell("cat %s/stderr", root);
    assert_int_equal(machine_counter(state, which), value);
}

struct log_reader *machine_log(const char *state, const char *name)
{
    struct log_reader *reader = NULL;
    struct error err = {0};
    const char *dir = machine_path(state, name);
    const struct log_reader_options options = {
        .dir = dir, .verify_crc = true, .ignore_published = !log_writer_present(dir)};
    if (!log_reader_open(&options, &reader, &err))
        fail_msg("%s", err.where);
    assert_true(log_reader_seek(reader, 0, &err));
    return reader;
}

/* Places rise, so a publisher that remembers one repeats and leaves out nothing. */
static void assert_behind(const struct log_view *view, struct result_origin *last, const char *name)
{
    struct result_origin origin = result_origin_decode(view->body);
    if (origin.input_seq < last->input_seq ||
        (origin.input_seq == last->input_seq && origin.index <= last->index))
        fail_msg("%s: result %llu stands at the place of an earlier one", name,
                 (unsigned long long)view->seq);
    *last = origin;
}

/* The logs say the same: type, flags, log time and body, whatever their own sequences are. */
static uint64_t machine_assert_same_log(const char *a, const char *b, const char *name)
{
    struct log_reader *left = machine_log(a, name), *right = machine_log(b, name);
    struct error err = {0};
    struct result_origin last = {0};
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
        assert_behind(&l, &last, name);
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

uint64_t machine_assert_same(const char *a, const char *b)
{
    return machine_assert_same_log(a, b, "alerts") + machine_assert_same_log(a, b, "bulk");
}

uint32_t machine_count(const char *state, const char *name, unsigned type)
{
    struct log_reader *reader = machine_log(state, name);
    struct error err = {0};
    struct log_view view;
    uint32_t count = 0;
    while (log_reader_next(reader, &view, &err) == LOG_READ_RECORD)
        count += view.type == type;
    log_reader_close(reader);
    return count;
}

void machine_append_one(const char *state, const char *body, uint64_t i)
{
    struct error err = {0};
    struct log_writer *writer = machine_readings(state);
    machine_stage(writer, RECORD_MQTT, body, (uint32_t)strlen(body), i);
    assert_true(log_writer_commit(writer, &err));
    log_writer_close(writer);
}

void machine_append(const char *state, uint64_t from, uint64_t to)
{
    struct log_writer *writer = machine_readings(state);
    machine_write(writer, from, to);
    log_writer_close(writer);
}
