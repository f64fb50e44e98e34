/* Inputs that crash process: left out after three crashes, never for less. */
#include "tests/support/machine.h"

#include <signal.h>

#include "schemas/record/record.h"
#include "tests/support/toy_core.h"

static void an_input_that_crashes_three_times_is_left_out(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    machine_append(a, 0, 1000);
    machine_append_one(a, "poison", 1000);
    machine_append(a, 1001, 2000);
    for (int crash = 1; crash <= 3; crash++)
        assert_int_equal(machine_run(a), 1000 + SIGABRT);
    assert_int_equal(machine_run(a), 0);
    assert_int_equal(machine_count(a, "alerts", RECORD_SKIPPED), 1);
    assert_int_equal(machine_counter(a, COUNTER_PROCESS_SKIPPED), 1);
    assert_true(machine_said("input_skipped input_seq=1001 crashes=3"));
    /* A re-run from the first reading honours it, without the counters' help. */
    const char *b = machine_at("b");
    machine_copy(a, b);
    machine_shell("rm -r '%s/snapshots' '%s/counters'", b, b);
    assert_int_equal(machine_run(b), 0);
    machine_append(a, 2000, 2100);
    machine_append(b, 2000, 2100);
    assert_int_equal(machine_run(a), 0);
    assert_int_equal(machine_run(b), 0);
    assert_int_equal(machine_count(b, "alerts", RECORD_SKIPPED), 1);
}

static void two_poisoned_inputs_are_left_out_one_after_the_other(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    machine_append(a, 0, 100);
    machine_append_one(a, "poison", 100);
    machine_append(a, 101, 200);
    machine_append_one(a, "poison", 200);
    machine_append(a, 201, 300);
    uint32_t crashes = 0;
    while (machine_run(a) == 1000 + SIGABRT)
        crashes++;
    assert_int_equal(crashes, 6);
    assert_int_equal(machine_count(a, "alerts", RECORD_SKIPPED), 2);
}

static int run_fragile(const char *state)
{
    return machine_end(
        machine_begin(&(struct machine_run){.state = state, .core = toy_core_fragile()}));
}

/* Its results are out, and stay; from then on every re-run leaves it out. */
static void an_input_that_crashes_only_when_run_again_is_left_out(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    machine_append(a, 0, 1000);
    machine_append_one(a, "venom", 1000);
    machine_append(a, 1001, 1200);
    machine_append_one(a, "poison", 1200);
    machine_append(a, 1201, 1400);
    for (int crash = 1; crash <= 3; crash++)
        assert_int_equal(machine_run(a), 1000 + SIGABRT);
    assert_int_equal(machine_run(a), 0);
    machine_copy(a, b);
    machine_shell("rm -r '%s/snapshots'", a);
    for (int crash = 1; crash <= 3; crash++)
        assert_int_equal(run_fragile(a), 1000 + SIGABRT);
    assert_int_equal(run_fragile(a), 0);
    assert_true(machine_said("input_skipped input_seq=1001 crashes=3"));
    assert_int_equal(machine_count(a, "alerts", RECORD_SKIPPED), 2);
    uint32_t readings = machine_count(a, "bulk", RECORD_READING);
    assert_int_equal(readings, machine_count(b, "bulk", RECORD_READING));

    /* The log knows, without the counters; what follows is made from the state without it. */
    machine_copy(a, b);
    machine_shell("rm -r '%s/snapshots' '%s/counters'", b, b);
    machine_append(a, 1400, 1600);
    machine_copy_readings(a, b);
    assert_int_equal(run_fragile(a), 0);
    assert_int_equal(run_fragile(b), 0);
    machine_assert_same(a, b);
    assert_int_equal(machine_count(b, "alerts", RECORD_SKIPPED), 2);
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
    const char *a = machine_at("a");
    machine_append(a, 0, 100);
    machine_append_one(a, "hang", 100);
    for (int i = 0; i < 5; i++) {
        pid_t pid = machine_begin(&(struct machine_run){.state = a});
        machine_sleep_us(50000);
        kill(pid, SIGKILL);
        assert_int_equal(machine_end(pid), 1000 + SIGKILL);
    }
    assert_int_equal(suspect(a).seq, 0);
    /* The supervisor's watchdog aborts what hangs: that does count, once process is at it. */
    for (uint32_t wait_us = 20000; suspect(a).crashes < 3; wait_us += wait_us / 4) {
        pid_t pid = machine_begin(&(struct machine_run){.state = a});
        machine_sleep_us(wait_us);
        kill(pid, SIGABRT);
        assert_int_equal(machine_end(pid), 1000 + SIGABRT);
        assert_true(wait_us < 10000000);
    }
    assert_int_equal(machine_run(a), 0);
    assert_int_equal(machine_count(a, "alerts", RECORD_SKIPPED), 1);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]); /* one test by its name, * allowed */
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(an_input_that_crashes_three_times_is_left_out),
        MACHINE_TEST(two_poisoned_inputs_are_left_out_one_after_the_other),
        MACHINE_TEST(an_input_that_crashes_only_when_run_again_is_left_out),
        MACHINE_TEST(a_kill_is_not_the_inputs_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
