/* The feed: where it goes on, what it passes over, what it counts as lost. */
#include "processors/publish/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "processors/publish/pace.h"
#include "tests/support/result_logs.h"
#include "tests/support/support.h"

enum { INPUTS = 40 };

struct bench {
    char dir[4096];
    struct result_logs logs;
    struct feed *feed;
    struct result_origin first; /* of what drain read */
    struct error err;
};

static void setup(struct bench *b)
{
    memset(b, 0, sizeof *b);
    support_temp_dir(b->dir, sizeof b->dir);
    result_logs_open(&b->logs, b->dir, true);
}

/* So many inputs with so many results each, all durable. */
static void setup_with(struct bench *b, uint32_t inputs, uint32_t results)
{
    setup(b);
    for (uint32_t i = 0; i < inputs; i++)
        result_logs_step(&b->logs, &(struct result_step){.readings = results});
    result_logs_sync(&b->logs);
}

static void open_feed(struct bench *b)
{
    const struct feed_options options = {.state_dir = b->dir, .log = "bulk", .sink = "test"};
    if (!feed_open(&options, &b->feed, &b->err))
        fail_msg("%s", b->err.where);
}

/* Reads from the oldest result that is kept. */
static void start_feed(struct bench *b)
{
    if (!feed_start(b->feed, &(struct log_position){0}, &b->err))
        fail_msg("%s", b->err.where);
}

static void teardown(struct bench *b)
{
    feed_close(b->feed);
    result_logs_close(&b->logs);
    support_remove_tree(b->dir);
}

/* Reads to the end: the number of results. */
static uint32_t drain(struct bench *b)
{
    struct feed_item item;
    uint32_t n = 0;
    enum feed_read got;
    while ((got = feed_next(b->feed, &item, &b->err)) == FEED_RESULT) {
        if (n++ == 0)
            b->first = item.origin;
    }
    assert_int_not_equal(got, FEED_ERROR);
    return n;
}

/* Two results an input, inputs 1 to INPUTS, so that result 2n-1 and 2n come from input n. Each way
 * of naming the place after result 21 (input 11, index 0) leads there. */
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
    setup_with(&b, INPUTS, 2);
    open_feed(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct log_position from = {.log = *feed_results_uuid(b.feed),
                                    .seq = cases[i].seq,
                                    .input_seq = 11,
                                    .input_epoch = 1,
                                    .index = 0};
        from.log.bytes[0] ^= cases[i].other_log;
        assert_true(feed_start(b.feed, &from, &b.err));
        uint32_t n = drain(&b);
        if (n != 2 * INPUTS - 21 || b.first.input_seq != 11 || b.first.index != 1)
            fail_msg("%s: %u results, first of input %llu index %u", cases[i].name, n,
                     (unsigned long long)b.first.input_seq, b.first.index);
        assert_int_equal(feed_lost(b.feed), 0);
    }
    teardown(&b);
}

/* What a publisher says of it. */
static bool tells(struct notice *notice, const struct feed *feed, const char *what)
{
    char said[1024];
    struct support_stderr kept;
    support_stderr_begin(&kept);
    notice_waiting(notice, "publish-test", "bulk", feed);
    return strstr(support_stderr_end(&kept, said, sizeof said), what) != NULL;
}

/* In a copy neither what is there nor what is durable is known before its writers have opened it.
 */
static void in_a_copy_it_waits_for_ingest_and_process(void **state)
{
    (void)state;
    struct bench b;
    struct notice notice = {0};
    char original[4096], command[2 * 4200];
    setup_with(&b, INPUTS, 1);
    result_logs_close(&b.logs);
    memcpy(original, b.dir, sizeof original);
    (void)snprintf(command, sizeof command, "cp -r '%s' '%s.copy'", original, original);
    assert_int_equal(system(command), 0);
    (void)snprintf(b.dir + strlen(b.dir), sizeof b.dir - strlen(b.dir), ".copy");
    open_feed(&b);
    start_feed(&b);
    assert_int_equal(drain(&b), 0);
    assert_true(feed_waits(b.feed, &b.err));
    assert_true(tells(&notice, b.feed, "event=waiting feed=bulk for=\""));
    assert_non_null(strstr(b.err.where, "/readings: a copy, "));
    result_logs_open(&b.logs, b.dir, true);
    assert_int_equal(drain(&b), 0); /* it only looks where the new control pages are */
    assert_false(feed_waits(b.feed, &b.err));
    assert_false(tells(&(struct notice){0}, b.feed, "waiting"));
    assert_int_equal(drain(&b), INPUTS);
    assert_int_equal(feed_lost(b.feed), 0);
    teardown(&b);
    support_remove_tree(original);
}

/* An I/O error took results that were read; process makes them again, with other sequences. */
static void what_is_made_again_is_passed_over(void **state)
{
    (void)state;
    struct bench b;
    uint8_t body[512];
    struct log_view view;
    struct log_reader *reader = NULL;
    char dir[4200];
    setup_with(&b, 3, 1);
    open_feed(&b);
    start_feed(&b);
    assert_int_equal(drain(&b), 3);
    (void)snprintf(dir, sizeof dir, "%s/bulk", b.dir);
    assert_true(log_reader_open(&(struct log_reader_options){.dir = dir}, &reader, &b.err));
    assert_true(log_reader_seek(reader, 3, &b.err));
    assert_int_equal(log_reader_next(reader, &view, &b.err), LOG_READ_RECORD);
    assert_true(view.body_len <= sizeof body);
    memcpy(body, view.body, view.body_len);
    log_writer_close(b.logs.bulk);
    const struct log_writer_options options = {.dir = dir,
                                               .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                               .sync = LOG_SYNC_MANUAL,
                                               .source = &b.logs.uuid,
                                               .discard_from_seq = 3};
    assert_true(log_writer_open(&options, &b.logs.bulk, NULL, &b.err));
    const struct log_record again = {.type = view.type,
                                     .log_ns = view.log_ns,
                                     .wall_ns = view.wall_ns,
                                     .body = body,
                                     .body_len = view.body_len};
    assert_true(log_writer_append(b.logs.bulk, &again, NULL, &b.err));
    log_reader_close(reader);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    result_logs_sync(&b.logs);
    assert_int_equal(drain(&b), 1);
    assert_int_equal(b.first.input_seq, 4);
    teardown(&b);
}

static void a_fresh_feed_begins_at_the_oldest_result(void **state)
{
    (void)state;
    struct bench b;
    setup_with(&b, 1, 3);
    open_feed(&b);
    struct log_position nowhere = feed_position(b.feed);
    assert_int_equal(nowhere.seq, 0);
    assert_true(feed_start(b.feed, &nowhere, &b.err));
    assert_int_equal(drain(&b), 3);
    assert_int_equal(b.first.input_seq, 1);
    assert_int_equal(b.first.index, 0);
    teardown(&b);
}

static void nothing_passes_before_its_input_is_durable(void **state)
{
    (void)state;
    struct bench b;
    struct feed_item item;
    setup_with(&b, 1, 1);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    open_feed(&b);
    start_feed(&b);
    assert_int_equal(feed_next(b.feed, &item, &b.err), FEED_RESULT);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(feed_next(b.feed, &item, &b.err), FEED_NOT_DURABLE);
        feed_wait(b.feed, 1);
    }
    result_logs_sync(&b.logs);
    assert_int_equal(feed_next(b.feed, &item, &b.err), FEED_RESULT);
    assert_int_equal(item.origin.input_seq, 2);
    assert_int_equal(feed_next(b.feed, &item, &b.err), FEED_NONE);
    teardown(&b);
}

enum { LONG = 12000 }; /* results: several segments */

/* The feed begins to read the first. */
static void setup_long(struct bench *b)
{
    setup_with(b, LONG, 1);
    open_feed(b);
    start_feed(b);
}

/* At the disk cap the oldest segments go although nobody has read them: counted, and on with the
 * rest. */
static void what_retention_took_is_counted_as_lost(void **state)
{
    (void)state;
    struct bench b;
    uint64_t lost = 0;
    setup_long(&b);
    assert_true(log_writer_retain(b.logs.bulk, 1, 1, true, &lost, &b.err));
    assert_true(lost > 0);
    uint32_t n = drain(&b);
    assert_true(n > 0 && n < LONG);
    assert_int_equal(n + feed_lost(b.feed), LONG);
    struct feed_loss loss = {0};
    assert_true(feed_meets_loss(b.feed, &loss));
    assert_int_equal(loss.last_seq, log_writer_first_seq(b.logs.bulk) - 1);
    assert_false(feed_meets_loss(b.feed, &loss));   /* nothing more … */
    assert_false(feed_take_loss(b.feed, 1, &loss)); /* … and the sink is not behind it yet */
    assert_true(feed_take_loss(b.feed, LONG, &loss));
    assert_int_equal(loss.results, feed_lost(b.feed));
    assert_int_equal(loss.last_seq - loss.first_seq + 1, loss.results);
    assert_int_equal(loss.last_seq, log_writer_first_seq(b.logs.bulk) - 1);
    assert_int_equal(loss.before_input_seq - loss.after_input_seq - 1, loss.results);
    assert_false(feed_take_loss(b.feed, LONG, &loss)); /* told once … */
    assert_true(feed_start(
        b.feed, &(struct log_position){.log = *feed_results_uuid(b.feed), .seq = 1, .epoch = 1},
        &b.err));
    assert_true(drain(&b) > 0);
    assert_int_equal(n + feed_lost(b.feed), LONG); /* … and counted once, however often it starts */
    teardown(&b);
}

/* Its sink was down from the start: it begins again where it began, and knows what is gone since.
 */
static void a_feed_that_has_published_nothing_knows_what_retention_took(void **state)
{
    (void)state;
    struct bench b;
    uint64_t lost = 0;
    setup_long(&b);
    assert_int_equal(drain(&b), LONG);
    assert_true(log_writer_retain(b.logs.bulk, 1, 1, true, &lost, &b.err));
    assert_true(lost > 0);
    start_feed(&b);
    assert_int_equal(drain(&b) + feed_lost(b.feed), LONG);
    assert_int_equal(feed_lost(b.feed), lost);
    teardown(&b);
}

/* Nor does its end, before it has published anything, let it forget. */
static void where_it_first_began_outlives_it(void **state)
{
    (void)state;
    struct bench b;
    struct feed_loss loss = {0};
    uint64_t lost = 0;
    setup_long(&b);
    feed_close(b.feed);
    assert_true(log_writer_retain(b.logs.bulk, 1, 1, true, &lost, &b.err));
    open_feed(&b);
    const struct log_position nowhere = feed_position(b.feed);
    assert_int_equal(nowhere.seq, 0);
    assert_true(feed_start(b.feed, &nowhere, &b.err));
    assert_int_equal(drain(&b) + lost, LONG);
    assert_true(feed_meets_loss(b.feed, &loss));
    assert_int_equal(loss.results, lost);
    assert_int_equal(loss.first_seq, 1);
    teardown(&b);
}

/* What was deleted before it first opened the log was not meant for it. */
static void a_feed_begins_where_the_log_did_when_it_came(void **state)
{
    (void)state;
    struct bench b;
    setup_with(&b, LONG, 1);
    assert_true(log_writer_retain(b.logs.bulk, 1, UINT64_MAX, false, NULL, &b.err));
    const uint64_t begin_seq = log_writer_first_seq(b.logs.bulk);
    assert_true(begin_seq > 1);
    for (int round = 0; round < 2; round++) {
        open_feed(&b);
        start_feed(&b);
        assert_int_equal(drain(&b), LONG - begin_seq + 1);
        assert_int_equal(feed_lost(b.feed), 0);
        feed_close(b.feed);
        b.feed = NULL;
    }
    teardown(&b);
}

/* The power goes: what was not synced is lost. Without its control page a log can't know better. */
static void cut_power(struct bench *b)
{
    static const char *const logs[] = {"readings", "alerts", "bulk"};
    char path[4200];
    result_logs_close(&b->logs);
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s/control", b->dir, logs[i]);
        assert_int_equal(unlink(path), 0);
    }
    result_logs_open(&b->logs, b->dir, false);
}

/* After a power cut the log goes on more than a million sequences further: they are no results,
   whether they are counted as lost or as due. */
static void what_a_power_cut_skipped_is_not_lost(void **state)
{
    (void)state;
    enum { ROUNDS = 3 };
    struct bench b;
    struct feed_loss loss = {0};
    uint64_t lost = 0;
    setup_with(&b, LONG, 1);
    open_feed(&b);
    for (int i = 1; i < ROUNDS; i++) {
        cut_power(&b);
        for (int k = 0; k < LONG; k++)
            result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    }
    result_logs_sync(&b.logs);
    assert_true(log_writer_last_seq(b.logs.bulk) > (ROUNDS - 1) * UINT64_C(1 << 20));
    feed_close(b.feed); /* it has mapped control pages that are gone */
    open_feed(&b);
    assert_int_equal(feed_lag(b.feed, 0), ROUNDS * LONG);
    assert_true(log_writer_retain(b.logs.bulk, 1, 1, true, &lost, &b.err));
    assert_true(lost > (ROUNDS - 1) * LONG);
    start_feed(&b);
    assert_int_equal(drain(&b) + lost, ROUNDS * LONG);
    assert_int_equal(feed_lost(b.feed), lost);
    assert_true(feed_meets_loss(b.feed, &loss));
    assert_int_equal(loss.results, lost);
    assert_int_equal(loss.first_seq, 1);
    assert_int_equal(loss.last_seq, log_writer_first_seq(b.logs.bulk) - 1);
    teardown(&b);
}

static void a_result_whose_input_a_power_cut_took_is_passed_over(void **state)
{
    (void)state;
    enum { BEFORE = 5, AFTER = 3 };
    struct bench b;
    struct feed_item item;
    setup(&b);
    for (int i = 0; i < BEFORE; i++)
        result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    result_logs_step(&b.logs, &(struct result_step){.readings = 2, .lost_input = true});
    cut_power(&b);
    uint64_t next = 0;
    for (int i = 0; i < AFTER; i++) {
        uint64_t seq = result_logs_step(&b.logs, &(struct result_step){.readings = 1});
        next = i == 0 ? seq : next;
    }
    assert_true(next > BEFORE + 1); /* the lost one's sequence is never used again */
    result_logs_sync(&b.logs);
    open_feed(&b);
    for (int round = 0; round < 2; round++) { /* from the start, and back behind the first */
        struct log_position from = {0};
        if (round)
            from = (struct log_position){.input_seq = 1, .input_epoch = 1};
        assert_true(feed_start(b.feed, &from, &b.err));
        for (uint64_t n = 1 + (uint64_t)round; n <= BEFORE + AFTER; n++) {
            uint64_t want = n <= BEFORE ? n : next + n - BEFORE - 1;
            if (feed_next(b.feed, &item, &b.err) != FEED_RESULT)
                fail_msg("result of input %llu: %s", (unsigned long long)want, b.err.where);
            assert_int_equal(item.origin.input_seq, want);
        }
        assert_int_equal(feed_next(b.feed, &item, &b.err), FEED_NONE);
    }
    teardown(&b);
}

/* When the readings log can't be read, nobody knows whether the input is there: nothing is passed
 * over in silence. */
static void an_input_that_can_not_be_looked_up_stops_the_feed(void **state)
{
    (void)state;
    struct bench b;
    struct feed_item item;
    char command[4400];
    setup(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    cut_power(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    result_logs_sync(&b.logs);
    open_feed(&b);
    start_feed(&b);
    (void)snprintf(command, sizeof command, "cd %s/readings && truncate -s 100 *.seg", b.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(feed_next(b.feed, &item, &b.err), FEED_ERROR);
    assert_true(b.err.code == ERROR_CORRUPT || b.err.code == ERROR_NOT_FOUND);
    teardown(&b);
}

static void a_replay_is_refused(void **state)
{
    (void)state;
    struct bench b;
    struct feed_item item;
    const struct feed_options here = {.state_dir = b.dir, .log = "bulk", .sink = "test"};
    setup(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1, .flags = RECORD_FLAG_REPLAYED});
    result_logs_sync(&b.logs);
    assert_false(feed_open(&here, &b.feed, &b.err));
    assert_int_equal(b.err.code, ERROR_INVALID);
    assert_string_equal(b.err.where, "result 1 comes from a replay: replays are not published");
    teardown(&b);
    /* behind results that are not */
    setup(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1});
    result_logs_step(&b.logs, &(struct result_step){.readings = 1, .flags = RECORD_FLAG_REPLAYED});
    result_logs_sync(&b.logs);
    open_feed(&b);
    start_feed(&b);
    assert_int_equal(feed_next(b.feed, &item, &b.err), FEED_RESULT);
    assert_int_equal(feed_next(b.feed, &item, &b.err), FEED_ERROR);
    assert_int_equal(b.err.code, ERROR_INVALID);
    teardown(&b);
}

static void two_publishers_can_not_share_a_cursor(void **state)
{
    (void)state;
    struct bench b;
    struct feed *second = NULL;
    const struct feed_options options = {.state_dir = b.dir, .log = "bulk", .sink = "test"};
    setup(&b);
    open_feed(&b);
    assert_false(feed_open(&options, &second, &b.err));
    assert_int_equal(b.err.code, ERROR_LOCKED);
    teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_on_behind_a_position_however_good_its_hint),
        cmocka_unit_test(in_a_copy_it_waits_for_ingest_and_process),
        cmocka_unit_test(what_is_made_again_is_passed_over),
        cmocka_unit_test(a_fresh_feed_begins_at_the_oldest_result),
        cmocka_unit_test(nothing_passes_before_its_input_is_durable),
        cmocka_unit_test(what_retention_took_is_counted_as_lost),
        cmocka_unit_test(a_feed_that_has_published_nothing_knows_what_retention_took),
        cmocka_unit_test(where_it_first_began_outlives_it),
        cmocka_unit_test(a_feed_begins_where_the_log_did_when_it_came),
        cmocka_unit_test(what_a_power_cut_skipped_is_not_lost),
        cmocka_unit_test(a_result_whose_input_a_power_cut_took_is_passed_over),
        cmocka_unit_test(an_input_that_can_not_be_looked_up_stops_the_feed),
        cmocka_unit_test(a_replay_is_refused),
        cmocka_unit_test(two_publishers_can_not_share_a_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
