/* Snapshots, damaged ones, and the eras of versions. */
#include "tests/support/machine.h"

#include <signal.h>

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
        machine_shell("rm -rf '%s' '%s/stderr' && cp -r '%s' '%s'", a, machine_root(), whole, a);
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
    machine_shell("cp -r '%s' '%s'", a, b);
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
    machine_shell("rm -r '%s/readings' && cp -r '%s/readings' '%s/'", b, a, b);
    assert_int_equal(
        machine_end(machine_begin(&(struct machine_run){.state = b, .core = toy_core_next()})), 0);
    machine_assert_same(a, b);
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
        MACHINE_TEST(a_version_that_cannot_read_the_state_runs_everything_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
