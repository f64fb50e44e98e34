/* Readings deleted at the disk cap before process saw them. */
#include "tests/support/machine.h"

#include <signal.h>

#include "schemas/record/record.h"

enum { CAP = 2 * MACHINE_SEGMENT };

static void rare_snapshots(struct config *config)
{
    config->snapshot_s = 3600;
}

/* Keeps the newest readings only, whoever still wants the others. Returns the first kept. */
static uint64_t cut(const char *state, struct log_writer *writer)
{
    struct error err = {0};
    uint64_t lost = 0;
    assert_true(log_writer_sync(writer, &err));
    assert_true(log_writer_retain(writer, CAP, 1, true, &lost, &err));
    assert_true(lost > 0);
    struct log_reader *reader = machine_log(state, "readings");
    uint64_t first = log_reader_first_seq(reader);
    log_reader_close(reader);
    return first;
}

/* The input of the result after the last one that came from an input below `seq`. */
static uint64_t first_input_from(const char *state, uint64_t seq)
{
    struct log_reader *reader = machine_log(state, "alerts");
    struct error err = {0};
    struct log_view view;
    uint64_t input = 0;
    while (input < seq && log_reader_next(reader, &view, &err) == LOG_READ_RECORD)
        input = result_origin_decode(view.body).input_seq;
    log_reader_close(reader);
    return input;
}

static void the_core_hears_of_a_gap(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    machine_append(a, 0, 1000);
    assert_int_equal(machine_run(a), 0);
    struct log_writer *writer = machine_readings(a);
    machine_write(writer, 1000, 4000);
    uint64_t first = cut(a, writer);
    log_writer_close(writer);
    machine_copy(a, b);
    assert_int_equal(machine_run(a), 0);
    assert_true(machine_said("readings_lost from_seq=1001"));
    assert_true(first > 1002);
    assert_int_equal(first_input_from(a, 1001), first - 1); /* the toy's word on a gap */

    for (int kills = 0; kills < 10; kills++) {
        pid_t pid = machine_begin(&(struct machine_run){.state = b});
        machine_sleep_us(500 + machine_draw(10000));
        kill(pid, SIGKILL);
        (void)machine_end(pid);
    }
    assert_int_equal(machine_run(b), 0);
    machine_assert_same(a, b);
}

/* What a live process saw before the gap is in a snapshot before it says anything from behind it:
   restarted, it goes on as if it had not been. */
static void a_restart_finds_the_same_gap(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    struct log_writer *writer = machine_readings(a);
    struct error err = {0};
    machine_write(writer, 0, 1200);
    assert_true(log_writer_sync(writer, &err));
    pid_t pid =
        machine_begin(&(struct machine_run){.state = a, .live = true, .tune = rare_snapshots});
    machine_await(a, COUNTER_PROCESS_INPUT_SEQ, 1200);
    kill(pid, SIGSTOP);
    machine_write(writer, 1200, 6000);
    (void)cut(a, writer);
    kill(pid, SIGCONT);
    machine_await(a, COUNTER_PROCESS_INPUT_SEQ, 6000);
    assert_true(machine_said("readings_lost"));
    machine_copy(a, b);
    machine_write(writer, 6000, 6300);
    machine_await(a, COUNTER_PROCESS_INPUT_SEQ, 6300);
    kill(pid, SIGKILL);
    (void)machine_end(pid);
    log_writer_close(writer);
    machine_copy_readings(a, b);
    assert_int_equal(machine_run(b), 0);
    machine_assert_same(a, b);
}

/* With the readings behind the newest snapshot gone, the next snapshot does not wait for its time.
 */
static void a_snapshot_without_its_readings_is_replaced(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    machine_append(a, 0, 1000);
    assert_int_equal(machine_run(a), 0);
    uint64_t before = machine_counter(a, COUNTER_PROCESS_SNAPSHOTS);
    struct log_writer *writer = machine_readings(a);
    machine_write(writer, 1000, 4000);
    (void)cut(a, writer);
    log_writer_close(writer);
    pid_t pid =
        machine_begin(&(struct machine_run){.state = a, .live = true, .tune = rare_snapshots});
    machine_await(a, COUNTER_PROCESS_SNAPSHOTS, before + 1);
    kill(pid, SIGKILL);
    (void)machine_end(pid);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(the_core_hears_of_a_gap),
        MACHINE_TEST(a_restart_finds_the_same_gap),
        MACHINE_TEST(a_snapshot_without_its_readings_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
