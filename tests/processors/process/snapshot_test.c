/* Snapshots, damaged ones, and the eras of versions. */
#include "tests/support/machine.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#include "schemas/record/record.h"
#include "tests/support/toy_core.h"

static void a_damaged_snapshot_gives_way_to_the_older(void **state)
{
    (void)state;
    static const char *const how[] = {"printf x | dd of=$s bs=1 seek=60 conv=notrunc",
                                      "printf x | dd of=$s bs=1 seek=110 conv=notrunc",
                                      "truncate -s 100 $s", "truncate -s 0 $s",
                                      "printf '\\2' | dd of=$s bs=1 seek=7 conv=notrunc"};
    const char *whole = machine_at("whole"), *calm = machine_at("calm"), *a = machine_at("a");
    for (uint64_t at = 0; at < 900; at += 300) {
        machine_append(whole, at, at + 300);
        assert_int_equal(machine_run(whole), 0);
    }
    machine_append(whole, 900, 1000);
    machine_copy_readings(whole, calm);
    assert_int_equal(machine_run(calm), 0);
    for (size_t damage = 0; damage < sizeof how / sizeof how[0]; damage++) {
        machine_shell("rm -f '%s/stderr'", machine_root());
        machine_copy(whole, a);
        machine_shell("cd '%s/snapshots' && s=$(ls | sort -n | tail -1) && { %s; } 2>/dev/null", a,
                      how[damage]);
        assert_int_equal(machine_run(a), 0);
        machine_assert_same(a, calm);
        assert_true(machine_said("snapshot_unusable"));
    }
}

static void both_snapshots_damaged_all_is_run_again(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    for (uint64_t at = 0; at < 1500; at += 500) {
        machine_append(a, at, at + 500);
        assert_int_equal(machine_run(a), 0);
    }
    machine_shell("cd '%s/snapshots' && for s in *.snap; do truncate -s 100 $s; done", a);
    machine_append(a, 1500, 1600);
    assert_int_equal(machine_run(a), 0);
    machine_copy_readings(a, b);
    assert_int_equal(machine_run(b), 0);
    machine_assert_same(a, b);
}

static void two_snapshots_are_kept_and_the_older_pins_the_readings(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    struct error err = {0};
    for (uint64_t at = 0; at < 2500; at += 500) {
        machine_append(a, at, at + 500);
        assert_int_equal(machine_run(a), 0);
        struct log_reader *reader = machine_log(a, "readings");
        uint64_t least = 99;
        assert_true(log_cursor_least(machine_path(a, "cursors"), "readings.",
                                     log_reader_uuid(reader), &least, &err));
        log_reader_close(reader);
        /* the 1500th record is a model, with a snapshot right before it */
        const uint64_t pins[] = {0, 500, 1000, 1500, 2000};
        assert_int_equal(least, pins[at / 500]);
    }
    machine_shell("test $(ls '%s/snapshots' | wc -l) = 2", a);
}

static void another_version_begins_an_era(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    machine_append(a, 0, 1000);
    assert_int_equal(machine_run(a), 0);
    machine_append(a, 1000, 1200);
    uint32_t before = machine_count(a, "alerts", RECORD_ERA);
    machine_copy(a, b);
    assert_int_equal(
        machine_end(machine_begin(&(struct machine_run){.state = a, .core = toy_core_next()})), 0);
    assert_int_equal(machine_count(a, "alerts", RECORD_ERA), before + 1);
    machine_append(a, 1200, 1400);
    assert_int_equal(
        machine_end(machine_begin(&(struct machine_run){.state = a, .core = toy_core_next()})), 0);
    assert_int_equal(machine_count(a, "alerts", RECORD_ERA), before + 1);
    /* Killed around the change of era: the same results. */
    for (int kills = 0; kills < 10; kills++) {
        pid_t pid = machine_begin(&(struct machine_run){.state = b, .core = toy_core_next()});
        machine_sleep_us(500 + machine_draw(4000));
        kill(pid, SIGKILL);
        (void)machine_end(pid);
    }
    assert_int_equal(
        machine_end(machine_begin(&(struct machine_run){.state = b, .core = toy_core_next()})), 0);
    machine_copy_readings(a, b);
    assert_int_equal(
        machine_end(machine_begin(&(struct machine_run){.state = b, .core = toy_core_next()})), 0);
    machine_assert_same(a, b);
}

/* Takes the log's results from the input on. */
static void cut_results(const char *state, const char *log, uint64_t input_seq)
{
    struct log_reader *reader = machine_log(state, log);
    struct error err = {0};
    struct log_view view;
    struct log_uuid source;
    uint64_t from_seq = 0;
    while (!from_seq && log_reader_next(reader, &view, &err) == LOG_READ_RECORD)
        from_seq = result_origin_decode(view.body).input_seq >= input_seq ? view.seq : 0;
    assert_true(from_seq && log_reader_source(reader, &source));
    log_reader_close(reader);
    struct log_writer *writer = NULL;
    const struct log_writer_options options = {.dir = machine_path(state, log),
                                               .segment_bytes = MACHINE_SEGMENT,
                                               .sync = LOG_SYNC_MANUAL,
                                               .source = &source,
                                               .discard_from_seq = from_seq};
    assert_true(log_writer_open(&options, &writer, NULL, &err));
    log_writer_close(writer);
}

static int by_place(const void *a, const void *b)
{
    const struct result_origin *x = a, *y = b;
    if (x->input_seq != y->input_seq)
        return x->input_seq < y->input_seq ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* No two results of both logs have one place. Returns how many there are. */
static size_t assert_places_apart(const char *state)
{
    static struct result_origin places[20000];
    static const char *const logs[] = {"alerts", "bulk"};
    size_t count = 0;
    for (int log = 0; log < 2; log++) {
        struct log_reader *reader = machine_log(state, logs[log]);
        struct error err = {0};
        struct log_view view;
        struct result_origin last = {0};
        while (log_reader_next(reader, &view, &err) == LOG_READ_RECORD) {
            assert_true(count < sizeof places / sizeof places[0]);
            places[count] = result_origin_decode(view.body);
            assert_true(by_place(&last, &places[count]) < 0 || last.input_seq == 0);
            last = places[count++];
        }
        log_reader_close(reader);
    }
    qsort(places, count, sizeof places[0], by_place);
    for (size_t i = 1; i < count; i++)
        if (by_place(&places[i - 1], &places[i]) == 0)
            fail_msg("result %u of input %" PRIu64 " is there twice", places[i].index,
                     places[i].input_seq);
    return count;
}

/* Killed when one log had the results of more inputs than the other, and replaced by another
   version: what the other log lacks comes from that version, whose results are not the same, and
   stands where no result does yet. */
static void what_two_versions_make_of_an_input_stands_apart(void **state)
{
    (void)state;
    static const char *const logs[] = {"alerts", "bulk"};
    for (int lagging = 0; lagging < 2; lagging++) {
        const char *a = machine_at(logs[lagging]);
        const char *b = machine_at(lagging ? "killed-bulk" : "killed-alerts");
        machine_append(a, 0, 500);
        assert_int_equal(machine_run(a), 0);
        machine_append(a, 500, 1000);
        machine_shell("cp -r '%s/snapshots' '%s.before'", a, a);
        assert_int_equal(machine_run(a), 0);
        machine_shell("rm -r '%s/snapshots' && mv '%s.before' '%s/snapshots'", a, a, a);
        cut_results(a, logs[lagging], 700);
        machine_copy(a, b);
        for (int kills = 0; kills < 5; kills++) {
            pid_t pid = machine_begin(&(struct machine_run){.state = b, .core = toy_core_next()});
            machine_sleep_us(500 + machine_draw(4000));
            kill(pid, SIGKILL);
            (void)machine_end(pid);
        }
        const char *const both[] = {a, b};
        for (int i = 0; i < 2; i++) {
            assert_int_equal(machine_end(machine_begin(
                                 &(struct machine_run){.state = both[i], .core = toy_core_next()})),
                             0);
            assert_true(assert_places_apart(both[i]) > 1000);
        }
        machine_assert_same(a, b);
    }
}

static void a_version_that_cannot_read_the_state_runs_everything_again(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    machine_append(a, 0, 1000);
    assert_int_equal(machine_run(a), 0);
    uint32_t before = machine_count(a, "bulk", RECORD_READING);
    machine_append(a, 1000, 1200);
    assert_int_equal(
        machine_end(machine_begin(&(struct machine_run){.state = a, .core = toy_core_foreign()})),
        0);
    assert_true(machine_said("snapshot_unusable"));
    assert_true(machine_count(a, "bulk", RECORD_READING) > before);
    assert_true(machine_count(a, "bulk", RECORD_READING) < before * 2);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]); /* one test by its name, * allowed */
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(a_damaged_snapshot_gives_way_to_the_older),
        MACHINE_TEST(both_snapshots_damaged_all_is_run_again),
        MACHINE_TEST(two_snapshots_are_kept_and_the_older_pins_the_readings),
        MACHINE_TEST(another_version_begins_an_era),
        MACHINE_TEST(what_two_versions_make_of_an_input_stands_apart),
        MACHINE_TEST(a_version_that_cannot_read_the_state_runs_everything_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
