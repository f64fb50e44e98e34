/* What process keeps of the results logs, and what it gives up at their caps. */
#include "tests/support/machine.h"

#include <stdio.h>

#include "processors/publish/feed.h"

enum { MIB = 1024 * 1024, READINGS = 12000 };

/* keep_mb 0: nothing stays that every cursor has passed. */
static void small_cap(struct config *config)
{
    config->snapshot_s = 3600;
    config->log_keep_mb = 0;
    config->log_bulk_max_mb = 1;
    config->kafka_enabled = config->series_enabled = false;
}

static void small_cap_that_stops(struct config *config)
{
    small_cap(config);
    config->log_cap_forces = false;
}

static void small_cap_and_a_store(struct config *config)
{
    small_cap(config);
    config->series_enabled = true;
}

static void wide_cap(struct config *config)
{
    small_cap(config);
    config->log_bulk_max_mb = 1024;
}

static int run_with(const char *state, void (*tune)(struct config *))
{
    return machine_end(machine_begin(&(struct machine_run){.state = state, .tune = tune}));
}

struct kept {
    uint64_t first, last, bytes;
};

static struct kept kept(const char *state, const char *log)
{
    struct log_reader *reader = machine_log(state, log);
    struct kept kept = {log_reader_first_seq(reader), log_reader_last_seq(reader),
                        log_reader_bytes(reader)};
    log_reader_close(reader);
    return kept;
}

/* A publisher's cursor, as far as `seq`. */
static void move_cursor(const char *state, const char *log, uint64_t seq)
{
    char name[32];
    struct error err = {0};
    struct log_cursor *cursor = NULL;
    struct log_reader *reader = machine_log(state, log);
    const struct log_position position = {.log = *log_reader_uuid(reader), .seq = seq};
    (void)snprintf(name, sizeof name, "%s.kafka", log);
    assert_true(log_cursor_open(machine_path(state, "cursors"), name, true, &cursor, &err));
    assert_true(log_cursor_store(cursor, &position, true, &err));
    log_cursor_close(cursor);
    log_reader_close(reader);
}

/* A state with more than a MiB in the bulk log, two snapshots near its end, and a publisher that
   has passed result 10 of each log. */
static const char *full_state(void)
{
    const char *a = machine_at("a");
    machine_append(a, 0, READINGS);
    assert_int_equal(machine_run(a), 0);
    for (uint64_t at = READINGS; at < READINGS + 30; at += 10) {
        machine_append(a, at, at + 10);
        assert_int_equal(machine_run(a), 0);
    }
    assert_true(kept(a, "bulk").bytes > MIB + MIB / 4);
    move_cursor(a, "alerts", 10);
    move_cursor(a, "bulk", 10);
    return a;
}

static void at_the_cap_bulk_goes_and_is_counted(void **state)
{
    (void)state;
    const char *a = full_state();
    struct kept alerts = kept(a, "alerts");
    machine_append(a, READINGS + 30, READINGS + 40);
    assert_int_equal(run_with(a, small_cap), 0);
    struct kept bulk = kept(a, "bulk");
    assert_true(bulk.bytes <= MIB);
    assert_int_equal(machine_counter(a, COUNTER_PROCESS_LOG_LOST), bulk.first - 11);
    assert_true(machine_said("results_lost log=bulk records=[0-9]* first_seq=11 last_seq="));
    assert_int_equal(machine_counter(a, COUNTER_PROCESS_BULK_CAP_BYTES), MIB);
    assert_true(machine_counter(a, COUNTER_PROCESS_BULK_HELD_BYTES) >
                MIB); /* as before the cap took it */
    assert_int_equal(kept(a, "alerts").first, alerts.first);
}

static void a_cap_that_may_not_force_stops(void **state)
{
    (void)state;
    const char *a = full_state();
    struct kept before = kept(a, "bulk");
    machine_append(a, READINGS + 30, READINGS + 40);
    assert_int_equal(run_with(a, small_cap_that_stops), 1);
    assert_true(machine_said("NO_SPACE.*the bulk log is at its cap of 1 MiB"));
    assert_int_equal(kept(a, "bulk").first, before.first);
    assert_int_equal(machine_counter(a, COUNTER_PROCESS_LOG_LOST), 0);

    /* The publisher gets on, and so does process. */
    move_cursor(a, "bulk", kept(a, "bulk").last);
    assert_int_equal(run_with(a, small_cap_that_stops), 0);
    assert_true(kept(a, "bulk").bytes <= MIB);
    assert_int_equal(machine_counter(a, COUNTER_PROCESS_LOG_LOST), 0);
}

static void what_a_cursor_needs_stays_below_the_cap(void **state)
{
    (void)state;
    const char *a = full_state();
    uint64_t wanted = kept(a, "bulk").last / 2;
    move_cursor(a, "bulk", wanted);
    machine_append(a, READINGS + 30, READINGS + 40);
    assert_int_equal(run_with(a, wide_cap), 0);
    struct kept bulk = kept(a, "bulk");
    assert_true(bulk.first > 1 && bulk.first <= wanted + 1);
    assert_int_equal(machine_counter(a, COUNTER_PROCESS_BULK_HELD_BYTES), bulk.bytes);
    assert_int_equal(machine_counter(a, COUNTER_PROCESS_LOG_LOST), 0);
}

/* A publisher that has not run yet when the cap takes what is meant for it: when it comes it knows,
   whatever else the cap took meanwhile. */
static void who_never_came_will_know_what_the_cap_took(void **state)
{
    (void)state;
    const char *a = full_state();
    struct error err = {0};
    struct feed *feed = NULL;
    struct feed_item item;
    for (int round = 0; round < 2; round++) {
        const uint64_t from = READINGS + 30 + (uint64_t)round * READINGS;
        machine_append(a, from, from + READINGS);
        assert_int_equal(run_with(a, small_cap_and_a_store), 0);
    }
    const struct feed_options options = {.state_dir = a, .log = "bulk", .sink = "series"};
    assert_true(feed_open(&options, &feed, &err));
    assert_true(feed_start(feed, &(struct log_position){0}, &err));
    assert_int_equal(feed_next(feed, &item, &err), FEED_RESULT);
    assert_int_equal(feed_lost(feed), kept(a, "bulk").first - 1);
    assert_int_equal(feed_lost(feed), machine_counter(a, COUNTER_PROCESS_LOG_LOST));
    feed_close(feed);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(at_the_cap_bulk_goes_and_is_counted),
        MACHINE_TEST(a_cap_that_may_not_force_stops),
        MACHINE_TEST(what_a_cursor_needs_stays_below_the_cap),
        MACHINE_TEST(who_never_came_will_know_what_the_cap_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
