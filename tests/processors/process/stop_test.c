/* Refusing what is not its own, waiting, stopping. */
#include "tests/support/machine.h"

#include <signal.h>

#include "schemas/record/record.h"

static void results_of_another_readings_log_are_refused(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    machine_append(a, 0, 300);
    assert_int_equal(machine_run(a), 0);
    machine_shell("rm -r '%s/readings'", a);
    machine_append(a, 0, 300);
    assert_int_equal(machine_run(a), 1);
    assert_true(machine_said("MISMATCH"));
    assert_true(machine_said("move alerts, bulk, snapshots and cursors away"));
    machine_shell("rm -r '%s/snapshots'", a);
    assert_int_equal(machine_run(a), 1);
}

static void a_second_process_is_refused(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    machine_append(a, 0, 300);
    pid_t pid = machine_begin(&(struct machine_run){.state = a, .live = true});
    machine_await(a, COUNTER_PROCESS_INPUT_SEQ, 300);
    assert_int_equal(machine_run(a), 1);
    assert_true(machine_said("already running"));
    kill(pid, SIGTERM);
    assert_int_equal(machine_end(pid), 0);
}

static void it_waits_for_the_readings_and_stops_when_asked(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    pid_t pid = machine_begin(&(struct machine_run){.state = a, .live = true});
    machine_sleep_us(50000);
    machine_append(a, 0, 300);
    machine_await(a, COUNTER_PROCESS_INPUT_SEQ, 300);
    kill(pid, SIGTERM);
    assert_int_equal(machine_end(pid), 0);
    machine_shell("ls '%s/snapshots/300.snap' >/dev/null", a);
    pid = machine_begin(&(struct machine_run){.state = machine_at("b"), .live = true});
    machine_sleep_us(50000);
    kill(pid, SIGTERM);
    assert_int_equal(machine_end(pid), 0);
}

static void snapshots_come_by_the_clock(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    machine_append(a, 0, 100);
    pid_t pid = machine_begin(&(struct machine_run){.state = a, .live = true});
    machine_await(a, COUNTER_PROCESS_SNAPSHOTS, 1);
    kill(pid, SIGKILL);
    assert_int_equal(machine_end(pid), 1000 + SIGKILL);
    machine_shell("ls '%s/snapshots/100.snap' >/dev/null", a);
}

static void a_replayed_record_stays_one(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    struct error err = {0};
    struct log_writer *writer = machine_readings(a);
    const struct log_record record = {.type = RECORD_TICK,
                                      .flags = RECORD_FLAG_REPLAYED | RECORD_FLAG_TRANSFORMED,
                                      .log_ns = 1000,
                                      .body = "tick",
                                      .body_len = 4};
    assert_true(log_writer_append(writer, &record, NULL, &err));
    log_writer_close(writer);
    assert_int_equal(machine_run(a), 0);
    struct log_reader *reader = machine_log(a, "alerts");
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
        MACHINE_TEST(results_of_another_readings_log_are_refused),
        MACHINE_TEST(a_second_process_is_refused),
        MACHINE_TEST(it_waits_for_the_readings_and_stops_when_asked),
        MACHINE_TEST(snapshots_come_by_the_clock),
        MACHINE_TEST(a_replayed_record_stays_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
