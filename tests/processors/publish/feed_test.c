/* The feed: where it goes on, what it passes over, what it counts as lost. */
#include "processors/publish/feed.h"

#include <string.h>

#include "tests/support/result_logs.h"
#include "tests/support/support.h"

enum { INPUTS = 40 };

struct bench {
    char dir[4096];
    struct result_logs logs;
    struct feed *feed;
};

static void setup(struct bench *b)
{
    memset(b, 0, sizeof *b);
    support_temp_dir(b->dir, sizeof b->dir);
    result_logs_open(&b->logs, b->dir, true);
}

static void open_feed(struct bench *b)
{
    struct error err = {0};
    const struct feed_options options = {.state_dir = b->dir, .log = "bulk", .sink = "test"};
    if (!feed_open(&options, &b->feed, &err))
        fail_msg("%s", err.where);
}

static void teardown(struct bench *b)
{
    feed_close(b->feed);
    result_logs_close(&b->logs);
    support_remove_tree(b->dir);
}

/* Reads to the end: the number of results, and the first one's origin. */
static uint32_t drain(struct bench *b, struct result_origin *ret_first)
{
    struct feed_item item;
    struct error err = {0};
    uint32_t n = 0;
    enum feed_read got;
    while ((got = feed_next(b->feed, &item, &err)) == FEED_RESULT) {
        if (n++ == 0)
            *ret_first = item.origin;
    }
    assert_int_not_equal(got, FEED_ERROR);
    return n;
}

/* Two results an input, inputs 1 to INPUTS, so that result 2n-1 and 2n come from input n. Each way of naming the place after result 21 (input 11, index 0) leads there. */
static void it_goes_on_behind_a_position_however_good_its_hint(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool other_log;
        uint64_t seq;
    } cases[] = {
        {"the right hint", false, 21},
        {"a hint at another record", false, 30},
        {"a hint at the first record", false, 1},
        {"a hint beyond the end", false, 100000},
        {"no hint", false, 0},
        {"a hint into a log that is gone", true, 21},
    };
    struct bench b;
    setup(&b);
    for (int i = 0; i < INPUTS; i++)
        result_logs_step(&b.logs, &(struct result_step){.readings = 2});
    result_logs_sync(&b.logs);
    open_feed(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct log_position from = {.log = *feed_results_uuid(b.feed),
                                    .seq = cases[i].seq,
                                    .input_seq = 11,
                                    .input_epoch = 1,
                                    .index = 0};
        struct result_origin first = {0};
        struct error err = {0};
        from.log.bytes[0] ^= cases[i].other_log;
        assert_true(feed_start(b.feed, &from, &err));
        uint32_t n = drain(&b, &first);
        if (n != 2 * INPUTS - 21 || first.input_seq != 11 || first.index != 1)
            fail_msg("%s: %u results, first of input %llu index %u", cases[i].name, n,
                     (unsigned long long)first.input_seq, first.index);
        assert_int_equal(feed_lost(b.feed), 0);
    }
    teardown(&b);
}

static void a_fresh_feed_begins_at_the_oldest_result(void **state)
{
    (void)state;
    struct bench b;
    struct result_origin first = {0};
    struct error err = {0};
    setup(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 3});
    result_logs_sync(&b.logs);
    open_feed(&b);
    struct log_position nowhere = feed_position(b.feed);
    assert_int_equal(nowhere.seq, 0);
    assert_true(feed_start(b.feed, &nowhere, &err));
    assert_int_equal(drain(&b, &first), 3);
    assert_int_equal(first.input_seq, 1);
    assert_int_equal(first.index, 0);
    teardown(&b);
}

static void nothing_passes_before_its_input_is_durable(void **state)
{
    (void)state;
    struct bench b;
    struct feed_item item;
    struct error err = {0};
    setup(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    result_logs_sync(&b.logs);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    open_feed(&b);
    assert_true(feed_start(b.feed, &(struct log_position){0}, &err));
    assert_int_equal(feed_next(b.feed, &item, &err), FEED_RESULT);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(feed_next(b.feed, &item, &err), FEED_NOT_DURABLE);
        feed_wait(b.feed, 1);
    }
    result_logs_sync(&b.logs);
    assert_int_equal(feed_next(b.feed, &item, &err), FEED_RESULT);
    assert_int_equal(item.origin.input_seq, 2);
    assert_int_equal(feed_next(b.feed, &item, &err), FEED_NONE);
    teardown(&b);
}

/* At the disk cap the oldest segments go although nobody has read them: counted, and on with the rest. */
static void what_retention_took_is_counted_as_lost(void **state)
{
    (void)state;
    struct bench b;
    struct result_origin first = {0};
    struct error err = {0};
    uint64_t lost = 0;
    setup(&b);
    for (int i = 0; i < 12000; i++)
        result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    result_logs_sync(&b.logs);
    open_feed(&b);
    assert_true(feed_start(b.feed, &(struct log_position){0}, &err));
    assert_true(log_writer_retain(b.logs.bulk, 1, 1, true, &lost, &err));
    assert_true(lost > 0);
    uint32_t n = drain(&b, &first);
    assert_true(n > 0 && n < 12000);
    assert_int_equal(n + feed_lost(b.feed), 12000);
    teardown(&b);
}

static void a_replay_is_refused(void **state)
{
    (void)state;
    struct bench b;
    struct feed_item item;
    struct error err = {0};
    setup(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1, .flags = RECORD_FLAG_REPLAYED});
    result_logs_sync(&b.logs);
    open_feed(&b);
    assert_true(feed_start(b.feed, &(struct log_position){0}, &err));
    assert_int_equal(feed_next(b.feed, &item, &err), FEED_ERROR);
    assert_int_equal(err.code, ERROR_INVALID);
    teardown(&b);
}

static void two_publishers_can_not_share_a_cursor(void **state)
{
    (void)state;
    struct bench b;
    struct feed *second = NULL;
    struct error err = {0};
    const struct feed_options options = {.state_dir = b.dir, .log = "bulk", .sink = "test"};
    setup(&b);
    open_feed(&b);
    assert_false(feed_open(&options, &second, &err));
    assert_int_equal(err.code, ERROR_LOCKED);
    teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_on_behind_a_position_however_good_its_hint),
        cmocka_unit_test(a_fresh_feed_begins_at_the_oldest_result),
        cmocka_unit_test(nothing_passes_before_its_input_is_durable),
        cmocka_unit_test(what_retention_took_is_counted_as_lost),
        cmocka_unit_test(a_replay_is_refused),
        cmocka_unit_test(two_publishers_can_not_share_a_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
