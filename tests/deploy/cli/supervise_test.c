#include "tests/support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "deploy/cli/supervise.h"

/* Each test forks a supervisor over shell scripts that write lines into the file `said`. */
struct world {
    char dir[4096];
    pid_t pid; /* of the supervisor */
};

static struct world world;

static int setup(void **state)
{
    (void)state;
    world.pid = 0;
    support_temp_dir(world.dir, sizeof world.dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (world.pid) {
        kill(world.pid, SIGKILL);
        waitpid(world.pid, NULL, 0);
    }
    support_remove_tree(world.dir);
    return 0;
}

static void sleep_ms(long ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static char *said(void)
{
    static char text[16384];
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/said", world.dir);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        (void)fclose(f);
    text[n] = '\0';
    return text;
}

static uint32_t times(const char *what)
{
    uint32_t n = 0;
    for (const char *at = said(); (at = strstr(at, what)); at++)
        n++;
    return n;
}

static bool await(const char *what, uint32_t count)
{
    for (int64_t until = now_ms() + 4000; now_ms() < until; sleep_ms(5)) {
        if (times(what) >= count)
            return true;
    }
    return false;
}

struct script {
    const char *name, *text;
    uint32_t stage, final_codes;
    bool reloads, watched;
};

static uint64_t still(void *arg, uint32_t program)
{
    (void)arg, (void)program;
    return 7;
}

static int supervise(const struct script *scripts, uint32_t count, uint32_t stop_ms)
{
    struct supervise_program programs[4];
    const char *argv[4][4];
    assert_int_equal(chdir(world.dir), 0);
    for (uint32_t i = 0; i < count; i++) {
        argv[i][0] = "sh";
        argv[i][1] = "-c";
        argv[i][2] = scripts[i].text;
        argv[i][3] = NULL;
        programs[i] = (struct supervise_program){.name = scripts[i].name,
                                                 .path = "/bin/sh",
                                                 .argv = argv[i],
                                                 .final_codes = scripts[i].final_codes,
                                                 .stage = scripts[i].stage,
                                                 .reloads = scripts[i].reloads,
                                                 .watched = scripts[i].watched};
    }
    return supervise_run(&(struct supervise_options){.programs = programs,
                                                     .count = count,
                                                     .backoff_first_ms = 20,
                                                     .backoff_max_ms = 80,
                                                     .healthy_ms = 300,
                                                     .stop_ms = stop_ms,
                                                     .reminder_ms = 100,
                                                     .hung_ms = 100,
                                                     .pulse = still});
}

static void begin(const struct script *scripts, uint32_t count, uint32_t stop_ms)
{
    world.pid = fork();
    if (world.pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 2);
        _exit(supervise(scripts, count, stop_ms));
    }
}

static int end(void)
{
    int status = 0;
    assert_int_equal(waitpid(world.pid, &status, 0), world.pid);
    world.pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#define SAY(what) "echo " what " >> said; "
#define LIVE "while :; do sleep 0.02; done"
#define ON(sig, what) "trap '" what "' " sig "; "

static void stops_stage_by_stage(void **state)
{
    (void)state;
    const struct script scripts[] = {
        {.name = "last", .stage = 2, .text = ON("TERM", SAY("last") "exit 0") SAY("up") LIVE},
        {.name = "first",
         .stage = 0,
         .text = ON("TERM", SAY("first") "sleep 0.1;" SAY("gone") "exit 0") SAY("up") LIVE},
        {.name = "middle", .stage = 1, .text = ON("TERM", SAY("middle") "exit 0") SAY("up") LIVE},
    };
    begin(scripts, 3, 3000);
    assert_true(await("up", 3));
    kill(world.pid, SIGTERM);
    assert_int_equal(end(), 0);
    assert_string_equal(strstr(said(), "first"), "first\ngone\nmiddle\nlast\n");
}

static void starts_again_what_ends_with_growing_pauses(void **state)
{
    (void)state;
    const struct script scripts[] = {
        {.name = "falls", .text = SAY("fell") "exit 1"},
        {.name = "lives", .text = SAY("lives") LIVE},
    };
    begin(scripts, 2, 1000);
    int64_t from = now_ms();
    assert_true(await("fell", 6));
    assert_true(now_ms() - from >= 20 + 40 + 80 + 80 + 80);
    assert_int_equal(times("lives"), 1);
    kill(world.pid, SIGINT);
    assert_int_equal(end(), 0);
}

static void a_killed_program_is_started_again(void **state)
{
    (void)state;
    const struct script scripts[] = {{.name = "one", .text = SAY("pid $$ .") LIVE}};
    begin(scripts, 1, 1000);
    for (uint32_t i = 1; i <= 3; i++) {
        int pid = 0;
        assert_true(await(".\n", i));
        const char *at = said();
        for (const char *next = at; (next = strstr(next, "pid ")); next++)
            at = next;
        assert_int_equal(sscanf(at, "pid %d", &pid), 1);
        kill(pid, SIGKILL);
    }
    assert_true(await(".\n", 4));
    kill(world.pid, SIGTERM);
    assert_int_equal(end(), 0);
}

static void a_final_code_is_not_retried(void **state)
{
    (void)state;
    const struct script scripts[] = {
        {.name = "fenced", .text = SAY("fenced") "exit 3", .final_codes = 1U << 3 | 1U << 2},
        {.name = "lives", .text = SAY("lives") LIVE},
    };
    begin(scripts, 2, 1000);
    assert_true(await("fenced", 1) && await("lives", 1));
    sleep_ms(300);
    assert_int_equal(times("fenced"), 1);
    kill(world.pid, SIGTERM);
    assert_int_equal(end(), 1); /* not all was well */
}

static void nothing_left_is_a_failure(void **state)
{
    (void)state;
    const struct script scripts[] = {{.name = "bad", .text = "exit 2", .final_codes = 1U << 2}};
    begin(scripts, 1, 1000);
    assert_int_equal(end(), 1);
}

static void kills_what_does_not_stop(void **state)
{
    (void)state;
    const struct script scripts[] = {{.name = "deaf", .text = ON("TERM", "") SAY("up") LIVE}};
    begin(scripts, 1, 200);
    assert_true(await("up", 1));
    int64_t from = now_ms();
    kill(world.pid, SIGTERM);
    assert_int_equal(end(), 1);
    assert_true(now_ms() - from >= 190 && now_ms() - from < 1500);
}

static void a_third_signal_kills_at_once(void **state)
{
    (void)state;
    const struct script scripts[] = {{.name = "deaf", .text = ON("TERM", "") SAY("up") LIVE}};
    begin(scripts, 1, 20000);
    assert_true(await("up", 1));
    int64_t from = now_ms();
    for (int i = 0; i < 3; i++) {
        kill(world.pid, i == 1 ? SIGINT : SIGTERM);
        sleep_ms(50);
    }
    assert_int_equal(end(), 1);
    assert_true(now_ms() - from < 2000);
}

static void a_second_signal_tells_all(void **state)
{
    (void)state;
    const struct script scripts[] = {
        {.name = "deaf", .stage = 0, .text = ON("TERM", "") SAY("up") LIVE},
        {.name = "other", .stage = 2, .text = ON("TERM", SAY("other") "exit 0") SAY("up") LIVE},
    };
    begin(scripts, 2, 20000);
    assert_true(await("up", 2));
    kill(world.pid, SIGTERM);
    sleep_ms(50);
    assert_int_equal(times("other"), 0);
    kill(world.pid, SIGTERM);
    assert_true(await("other", 1));
    kill(world.pid, SIGTERM);
    assert_int_equal(end(), 1);
}

static void hangup_goes_to_those_who_want_it(void **state)
{
    (void)state;
    const struct script scripts[] = {
        {.name = "a", .text = ON("HUP", SAY("reload-a")) SAY("up") LIVE, .reloads = true},
        {.name = "b", .text = ON("HUP", SAY("reload-b")) SAY("up") LIVE},
    };
    begin(scripts, 2, 1000);
    assert_true(await("up", 2));
    kill(world.pid, SIGHUP);
    assert_true(await("reload-a", 1));
    sleep_ms(100);
    assert_int_equal(times("reload-b"), 0);
    kill(world.pid, SIGTERM);
    assert_int_equal(end(), 0);
    assert_int_equal(times("up"), 2);
}

static void children_die_with_the_supervisor(void **state)
{
    (void)state;
    const struct script scripts[] = {
        {.name = "a", .text = ON("TERM", SAY("bye") "exit 0") SAY("up") LIVE},
        {.name = "b", .text = ON("TERM", SAY("bye") "exit 0") SAY("up") LIVE},
    };
    begin(scripts, 2, 1000);
    assert_true(await("up", 2));
    kill(world.pid, SIGKILL);
    assert_int_equal(end(), 1000 + SIGKILL);
    assert_true(await("bye", 2));
}

static void a_hung_program_is_aborted(void **state)
{
    (void)state;
    const struct script scripts[] = {
        {.name = "hangs", .text = SAY("up") LIVE, .watched = true},
        {.name = "unwatched", .text = SAY("other") LIVE},
    };
    begin(scripts, 2, 1000);
    assert_true(await("up", 3));
    assert_int_equal(times("other"), 1);
    kill(world.pid, SIGTERM);
    assert_int_equal(end(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(stops_stage_by_stage),
        T(starts_again_what_ends_with_growing_pauses),
        T(a_killed_program_is_started_again),
        T(a_final_code_is_not_retried),
        T(nothing_left_is_a_failure),
        T(kills_what_does_not_stop),
        T(a_third_signal_kills_at_once),
        T(a_second_signal_tells_all),
        T(hangup_goes_to_those_who_want_it),
        T(children_die_with_the_supervisor),
        T(a_hung_program_is_aborted),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
