/* The books of a sink add up where sequences have holes and publishers were killed, and only there.
 */
#include "tests/support/support.h"

#include "processors/publish/sink_books.h"

static char dir[256];
static struct counters *counters;

static int setup(void **state)
{
    struct error err = {0};
    (void)state;
    support_temp_dir(dir, sizeof dir);
    return counters_open(dir, PROGRAM_KAFKA, &counters, &err) ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    counters_close(counters);
    support_remove_tree(dir);
    return 0;
}

static struct sink_books publisher(void)
{
    return (struct sink_books){.counters = counters,
                               .seq = COUNTER_KAFKA_BULK_SEQ,
                               .uncounted = COUNTER_KAFKA_BULK_UNCOUNTED,
                               .delivered = COUNTER_KAFKA_BULK_DELIVERED,
                               .rejected = COUNTER_KAFKA_BULK_REJECTED,
                               .skipped = COUNTER_KAFKA_BULK_SKIPPED,
                               .lost = COUNTER_KAFKA_BULK_LOST};
}

static void deliver(uint64_t n)
{
    counters_add(counters, COUNTER_KAFKA_BULK_DELIVERED, n);
}

static void at(struct sink_books *books, uint32_t epoch, uint64_t seq)
{
    sink_books_at(books, &(struct log_position){.epoch = epoch, .seq = seq});
}

/* How far the books are off. */
static int64_t off(void)
{
    uint64_t sum = counters_get(counters, COUNTER_KAFKA_BULK_DELIVERED) +
                   counters_get(counters, COUNTER_KAFKA_BULK_REJECTED) +
                   counters_get(counters, COUNTER_KAFKA_BULK_SKIPPED) +
                   counters_get(counters, COUNTER_KAFKA_BULK_LOST) +
                   counters_get(counters, COUNTER_KAFKA_BULK_UNCOUNTED);
    return (int64_t)(sum - counters_get(counters, COUNTER_KAFKA_BULK_SEQ));
}

static uint64_t uncounted(void)
{
    return counters_get(counters, COUNTER_KAFKA_BULK_UNCOUNTED);
}

static void a_result_that_goes_missing_shows(void **state)
{
    (void)state;
    struct sink_books books = publisher();
    at(&books, 0, 0);
    deliver(90);
    counters_add(counters, COUNTER_KAFKA_BULK_SKIPPED, 8);
    counters_add(counters, COUNTER_KAFKA_BULK_REJECTED, 2);
    at(&books, 1, 100);
    assert_int_equal(off(), 0);
    assert_int_equal(uncounted(), 0);
    deliver(49);
    at(&books, 1, 150);
    assert_int_equal(off(), -1);
    deliver(51);
    at(&books, 1, 200);
    assert_int_equal(off(), 0);
}

static void a_power_cut_leaves_a_hole(void **state)
{
    (void)state;
    struct sink_books books = publisher();
    deliver(100);
    at(&books, 1, 100);
    deliver(10);
    at(&books, 2, 5110);
    assert_int_equal(off(), 0);
    assert_int_equal(uncounted(), 5000);
}

static void a_log_whose_beginning_was_gone(void **state)
{
    (void)state;
    struct sink_books books = publisher();
    at(&books, 0, 0);
    deliver(10);
    at(&books, 3, 1010);
    assert_int_equal(off(), 0);
    assert_int_equal(uncounted(), 1000);
}

static void killed_before_it_counted(void **state)
{
    (void)state;
    struct sink_books first = publisher(), second = publisher();
    deliver(100);
    at(&first, 1, 100);
    at(&second, 1, 120); /* what the cursor says */
    assert_int_equal(off(), 0);
    assert_int_equal(uncounted(), 20);
}

static void killed_before_the_cursor_moved(void **state)
{
    (void)state;
    struct sink_books first = publisher(), second = publisher();
    deliver(100);
    at(&first, 1, 100);
    deliver(20);
    at(&second, 1, 100);
    assert_int_equal(off(), 0);
    deliver(20); /* once more */
    at(&second, 1, 120);
    assert_int_equal(off(), 0);
    assert_int_equal(uncounted(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_result_that_goes_missing_shows), T(a_power_cut_leaves_a_hole),
        T(a_log_whose_beginning_was_gone),   T(killed_before_it_counted),
        T(killed_before_the_cursor_moved),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
