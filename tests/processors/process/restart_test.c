/* Whatever stops process, what follows is what an undisturbed machine gives. */
#include "tests/support/machine.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "schemas/record/record.h"

static void a_second_run_adds_nothing(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    machine_append(a, 0, 4000);
    machine_copy(a, b);
    assert_int_equal(machine_run(a), 0);
    assert_int_equal(machine_run(b), 0);
    assert_int_equal(machine_run(b), 0);
    assert_true(machine_assert_same(a, b) > 4000);
    machine_shell("rm -r '%s/snapshots'", b); /* and all of it again, from the first reading */
    assert_int_equal(machine_run(b), 0);
    machine_assert_same(a, b);
}

static void growing_readings_give_the_results_of_one_run(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    for (uint64_t at = 0; at < 4000; at += 500) {
        struct log_writer *writer = machine_readings(a);
        machine_write(writer, at, at + 500);
        log_writer_close(writer);
        assert_int_equal(machine_run(a), 0);
    }
    machine_copy_readings(a, b);
    assert_int_equal(machine_run(b), 0);
    machine_assert_same(a, b);
}

static void killed_at_any_moment_it_leaves_no_trace(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    machine_append(a, 0, 6000);
    machine_copy(a, b);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(machine_run(a), 0);
    clock_gettime(CLOCK_MONOTONIC, &to);
    uint32_t whole_us =
        (uint32_t)((to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000);
    uint32_t kills = 0;
    for (int code = 1; kills < 15 || code != 0;) {
        pid_t pid = machine_begin(&(struct machine_run){.state = b});
        machine_sleep_us(500 + machine_draw(kills < 15 ? whole_us / 4 : whole_us * 3));
        kill(pid, SIGKILL);
        code = machine_end(pid);
        kills += code == 1000 + SIGKILL;
        assert_true(code == 0 || code == 1000 + SIGKILL);
    }
    uint64_t results = machine_assert_same(a, b);
    print_message("%u kills, %llu results equal\n", kills, (unsigned long long)results);
}

/* The writer lives, too, and both are killed and started again in turns. */
static void killed_while_readings_come_in(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    uint64_t at = 0;
    for (int round = 0; round < 10; round++) {
        pid_t pid = machine_begin(&(struct machine_run){.state = a, .live = true});
        struct log_writer *writer = machine_readings(a);
        for (int part = 0; part < 8; part++) {
            uint64_t more = 1 + machine_draw(100);
            machine_write(writer, at, at + more);
            at += more;
            machine_sleep_us(machine_draw(4000));
        }
        if (round % 2)
            machine_sleep_us(machine_draw(20000));
        kill(pid, SIGKILL);
        log_writer_close(writer);
        assert_int_equal(machine_end(pid), 1000 + SIGKILL);
    }
    assert_int_equal(machine_run(a), 0);
    machine_copy_readings(a, b);
    assert_int_equal(machine_run(b), 0);
    machine_assert_same(a, b);
}

enum { BOOT_AT = 32, BOOT_BYTES = 16 };

/* Makes `image`, a copy of a readings directory, what the next boot finds. */
static void reboot(const char *image)
{
    uint8_t other[BOOT_BYTES];
    int fd = open(machine_path(image, "control"), O_RDWR);
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
        const char *a = machine_at(clean ? "a1" : "a0"), *b = machine_at(clean ? "b1" : "b0");
        const char *image = machine_at(clean ? "image1" : "image0");
        struct error err = {0};
        struct log_writer *writer = machine_readings(a);
        machine_write(writer, 0, 3000);
        assert_true(log_writer_sync(writer, &err));
        machine_shell("cp -r '%s/readings' '%s'", a, image);
        pid_t pid =
            machine_begin(&(struct machine_run){.state = a, .live = true, .snapshot_wait_ms = 50});
        machine_write(writer, 3000, 4200);
        machine_await(a, COUNTER_PROCESS_INPUT_SEQ, 4200);
        kill(pid, clean ? SIGTERM : SIGKILL);
        assert_int_equal(machine_end(pid), clean ? 0 : 1000 + SIGKILL);
        log_writer_close(writer);
        uint32_t before = machine_count(a, "bulk", RECORD_READING);

        machine_shell("rm -r '%s/readings'", a);
        machine_shell("mv '%s' '%s/readings'", image, a);
        reboot(machine_path(a, "readings"));
        writer = machine_readings(a);
        assert_true(log_writer_last_seq(writer) == 3000);
        machine_write(writer, 5000, 5500);
        log_writer_close(writer);
        assert_int_equal(machine_run(a), 0);
        machine_copy_readings(a, b);
        assert_int_equal(machine_run(b), 0);
        machine_assert_same(a, b);
        assert_true(machine_count(a, "bulk", RECORD_READING) < before);
        assert_true(machine_said("results_void"));
    }
}

/* Where a copy of the readings ends only ingest can tell, by opening it. */
static void a_copy_is_run_once_it_was_opened(void **state)
{
    (void)state;
    const char *a = machine_at("a"), *b = machine_at("b");
    machine_append(a, 0, 300);
    machine_shell("cp -r '%s' '%s'", a, b);
    assert_int_equal(machine_run(b), 0);
    assert_true(machine_said("event=waiting for=.*a copy, which its writer has not opened yet"));
    log_writer_close(machine_readings(b));
    assert_int_equal(machine_run(a), 0);
    assert_int_equal(machine_run(b), 0);
    assert_true(machine_assert_same(a, b) > 300);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]); /* one test by its name, * allowed */
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(a_second_run_adds_nothing),
        MACHINE_TEST(growing_readings_give_the_results_of_one_run),
        MACHINE_TEST(killed_at_any_moment_it_leaves_no_trace),
        MACHINE_TEST(killed_while_readings_come_in),
        MACHINE_TEST(results_of_vanished_readings_are_cut_off),
        MACHINE_TEST(a_copy_is_run_once_it_was_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
