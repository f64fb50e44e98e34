/* path: what ticks say of probes, and until when what is said holds, to the millisecond. */
#include "tests/support/support.h"

#include "processors/core/path.h"
#include "tests/support/core_feed.h"

#define START INT64_C(1795424400000)
#define SOME_VENUE                                                                                 \
    "venue: {id: v}\nzones: [{id: hall, kind: hall, capacity: 10}]\n"                              \
    "sensors: [{id: a, class: crowd, counter: level, zone: hall}]\n"

struct beat {
    int64_t at_s;
    bool lost;
    enum record_probe probe;
    uint32_t ms;
    const char *path;
    int64_t valid_ms; /* from at_s on; 0: not beyond it */
};

static void run(const struct beat *beats, size_t count, int64_t offset_ms)
{
    struct core_feed feed;
    core_feed_init(&feed, SOME_VENUE, START);
    feed.clock_offset_ns = offset_ms * 1000000;
    for (size_t i = 0; i < count; i++) {
        union result_any any;
        feed.broker_lost = beats[i].lost;
        feed.probe = (uint8_t)beats[i].probe;
        feed.probe_ms = beats[i].ms;
        core_feed_tick(&feed, START + beats[i].at_s * 1000);
        assert_true(core_feed_last(&feed, RECORD_HEARTBEAT, &any));
        int64_t valid_ms = any.heartbeat.valid_until - START - beats[i].at_s * 1000 - offset_ms;
        if (!str_is(any.heartbeat.path, beats[i].path) || valid_ms != beats[i].valid_ms)
            fail_msg("beat %zu: " STR_FMT " %lld", i, STR_ARG(any.heartbeat.path),
                     (long long)valid_ms);
    }
    core_feed_free(&feed);
}

#define RUN(beats, offset_ms) run(beats, sizeof(beats) / sizeof(beats)[0], offset_ms)
#define NO RECORD_NO_PROBE

static void the_connection_tells_where_probes_cannot(void **state)
{
    (void)state;
    static const struct beat none[] = {
        {1, true, RECORD_PROBE_NONE, NO, "broker", 0}, /* never heard of anything */
        {2, false, RECORD_PROBE_NONE, NO, "unprobed", 10000},
        {3, true, RECORD_PROBE_NONE, NO, "broker", 9000},
        {30, true, RECORD_PROBE_NONE, NO, "broker", -18000},
    };
    static const struct beat forbidden[] = {
        {1, false, RECORD_PROBE_SENT, NO, "unproven", 10000},
        {20, false, RECORD_PROBE_REFUSED, NO, "unproven", 10000},
        {21, true, RECORD_PROBE_SENT, NO, "broker", 9000},
    };
    RUN(none, 0);
    RUN(none, 3600000); /* the wall clock is an hour ahead of log time */
    RUN(forbidden, -5000);
}

static void once_they_came_back_they_tell(void **state)
{
    (void)state;
    static const struct beat beats[] = {
        {1, false, RECORD_PROBE_SENT, NO, "unproven", 10000},
        {2, false, RECORD_PROBE_SENT, 900, "whole", 9100},
        {3, false, RECORD_PROBE_SENT, 1900, "whole", 8100},
        {11, false, RECORD_PROBE_SENT, 9900, "whole", 100},
        {12, false, RECORD_PROBE_SENT, 10900, "silent", -900},
        {13, false, RECORD_PROBE_REFUSED, 11900, "refused", -1900},
        {14, false, RECORD_PROBE_SENT, NO, "silent", -2900}, /* ingest began anew */
        {15, true, RECORD_PROBE_SENT, NO, "broker", -3900},
        {16, false, RECORD_PROBE_SENT, 300, "whole", 9700},
        {17, true, RECORD_PROBE_SENT, 1300, "broker", 8700},   /* it came before the loss */
        {40, false, RECORD_PROBE_NONE, NO, "unprobed", 10000}, /* mqtt.probe: no */
        {41, false, RECORD_PROBE_SENT, NO, "unproven", 10000},
    };
    RUN(beats, 0);
}

static void every_state_says_until_when(void **state)
{
    (void)state;
    struct core_feed feed;
    union result_any any;
    core_feed_init(&feed, SOME_VENUE, START);
    feed.probe = RECORD_PROBE_SENT;
    feed.probe_ms = 500;
    core_feed_tick(&feed, START + 1000);
    core_feed_publish(&feed, START + 1500, "crowdtide/v/crowd/a", "{\"occupancy\":9}", 0);
    core_feed_tick(&feed, START + 2000);
    static const unsigned types[] = {RECORD_ZONE, RECORD_SENSOR, RECORD_ALERT, RECORD_FIGURES,
                                     RECORD_HEARTBEAT};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        int seen = 0;
        for (uint32_t r = 0; r < feed.results.count; r++) {
            if (feed.results.result[r].type != types[i])
                continue;
            core_feed_result(&feed, r, &any);
            assert_int_equal(*result_valid_until(types[i], &any) - START,
                             types[i] == RECORD_HEARTBEAT ? 11500 : 10500);
            seen++;
        }
        if (!seen && types[i] != RECORD_ALERT && types[i] != RECORD_FIGURES)
            fail_msg("type %u was not said", types[i]);
    }
    core_feed_free(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_connection_tells_where_probes_cannot),
        cmocka_unit_test(once_they_came_back_they_tell),
        cmocka_unit_test(every_state_says_until_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
