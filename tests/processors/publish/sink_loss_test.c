/* What a disk cap took: written down when it is met, counted when the sink is behind it, whenever
   the publisher is killed. */
#include "processors/publish/sink_loss.h"

#include <stdio.h>

#include "tests/support/result_logs.h"
#include "tests/support/support.h"

enum { RESULTS = 12000 };

static struct feed *open_feed(const char *dir)
{
    struct feed *feed = NULL;
    struct error err = {0};
    if (!feed_open(&(struct feed_options){.state_dir = dir, .log = "bulk", .sink = "test"}, &feed,
                   &err))
        fail_msg("%s", err.where);
    return feed;
}

static unsigned lines_of(const char *dir)
{
    char path[4200];
    unsigned lines = 0;
    (void)snprintf(path, sizeof path, "%s/rejected/test-bulk.lost.jsonl", dir);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    assert_int_equal(fclose(file), 0);
    return lines;
}

static void read_on(struct feed *feed)
{
    struct feed_item item;
    struct error err = {0};
    assert_int_equal(feed_next(feed, &item, &err), FEED_RESULT);
}

static void it_is_written_down_before_it_is_counted(void **state)
{
    (void)state;
    char dir[4096];
    struct result_logs logs = {0};
    struct counters *counters = NULL;
    struct error err = {0};
    uint64_t deleted = 0;
    support_temp_dir(dir, sizeof dir);
    result_logs_open(&logs, dir, true);
    assert_true(counters_open(dir, PROGRAM_KAFKA, &counters, &err));
    for (int i = 0; i < RESULTS; i++)
        result_logs_step(&logs, &(struct result_step){.readings = 1});
    result_logs_sync(&logs);
    struct feed *feed = open_feed(dir);
    const struct log_position first = {.log = *feed_results_uuid(feed), .seq = 1, .epoch = 1};
    const struct sink_loss loss = {.program = "test",
                                   .sink = "test",
                                   .log = "bulk",
                                   .state_dir = dir,
                                   .counters = counters,
                                   .lost = COUNTER_KAFKA_BULK_LOST};
    assert_true(log_writer_retain(logs.bulk, 1, 1, true, &deleted, &err));
    assert_true(feed_start(feed, &first, &err));
    sink_loss_tell(&loss, feed, 0);
    assert_int_equal(lines_of(dir), 0); /* it is not known yet where the log goes on */
    read_on(feed);
    sink_loss_tell(&loss, feed, 0);
    sink_loss_tell(&loss, feed, 0);
    assert_int_equal(lines_of(dir), 1);
    assert_int_equal(counters_get(counters, COUNTER_KAFKA_BULK_LOST), 0);
    feed_close(feed); /* killed before its position moved: it meets the same again */
    feed = open_feed(dir);
    assert_true(feed_start(feed, &first, &err));
    read_on(feed);
    sink_loss_tell(&loss, feed, log_writer_first_seq(logs.bulk));
    sink_loss_tell(&loss, feed, RESULTS);
    assert_int_equal(lines_of(dir), 2);
    assert_int_equal(counters_get(counters, COUNTER_KAFKA_BULK_LOST),
                     log_writer_first_seq(logs.bulk) - 2);
    feed_close(feed);
    counters_close(counters);
    result_logs_close(&logs);
    support_remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_down_before_it_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
