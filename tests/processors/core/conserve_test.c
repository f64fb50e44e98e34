/* People are neither made nor lost: passages at random doors of a nested venue against a ledger
 * kept by hand; and late readings, in whatever order they come, make the same history. */
#include "tests/support/core_feed.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/support.h"

enum { DOORS = 7, STEPS = 3000 };

static const char venue_yaml[] =
    "venue: {id: v}\n"
    "builtin_rules: no\n"
    "settings: {surge_people: 1000000, drift_pct_per_hour: 0}\n"
    "zones:\n"
    "  - {id: north, kind: plaza}\n"
    "  - {id: hall, kind: hall, parent: north}\n"
    "  - {id: aisle, kind: corridor, parent: hall}\n"
    "  - {id: stage, kind: cell, parent: hall}\n"
    "  - {id: south, kind: plaza}\n"
    "  - {id: forum, kind: forum, parent: south}\n"
    "sensors:\n"
    "  - {id: d0, class: crowd, counter: delta, zone: aisle}\n"
    "  - {id: d1, class: crowd, counter: delta, zone: aisle, outside: stage}\n"
    "  - {id: d2, class: crowd, counter: delta, zone: stage, outside: forum}\n"
    "  - {id: d3, class: crowd, counter: delta, zone: forum, outside: aisle}\n"
    "  - {id: d4, class: crowd, counter: delta, zone: forum}\n"
    "  - {id: d5, class: gate, zone: stage}\n"
    "  - {id: d6, class: crowd, counter: delta, zone: forum, outside: stage}\n";

/* Places among the leaves; -1: outside. */
static const int door[DOORS][2] = {{0, -1}, {0, 1}, {1, 2}, {2, 0}, {2, -1}, {1, -1}, {2, 1}};
/* Which leaves each zone holds. */
static const struct {
    const char *id;
    int leaves;
} holds[] = {{"aisle", 1}, {"stage", 2}, {"forum", 4}, {"hall", 3},
             {"north", 3}, {"south", 4}, {"v", 7}};
enum { HOLDS = sizeof holds / sizeof holds[0] };

static const int64_t start_ms = INT64_C(1795424400000);

static uint64_t random_state;
static uint32_t below(uint32_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % n;
}

struct seen {
    int64_t occupancy[HOLDS];
};

static void seen_zone(void *arg, unsigned type, const union result_any *any)
{
    struct seen *seen = arg;
    for (int i = 0; type == RECORD_ZONE && i < HOLDS; i++) {
        if (str_is(any->zone.zone, holds[i].id))
            seen->occupancy[i] = any->zone.occupancy == RESULT_ABSENT ? 0 : any->zone.occupancy;
    }
}

static void check(const struct seen *seen, const int64_t *people)
{
    for (int i = 0; i < HOLDS; i++) {
        int64_t sum = 0;
        for (int k = 0; k < 3; k++)
            sum += holds[i].leaves >> k & 1 ? people[k] : 0;
        assert_int_equal(seen->occupancy[i], sum);
    }
}

static void test_ledger(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct core_feed feed;
        struct seen seen = {{0}};
        int64_t people[3] = {0};
        random_state = seed;
        core_feed_init(&feed, venue_yaml, start_ms);
        feed.seen = seen_zone;
        feed.arg = &seen;
        for (int i = 0; i < STEPS; i++) {
            int d = (int)below(DOORS), inside = door[d][0], outside = door[d][1];
            int64_t in = below(40), out = below(30);
            /* Nobody leaves who is not there: debt.h is another matter. */
            out = out < people[inside] ? out : people[inside];
            if (outside >= 0)
                in = in < people[outside] ? in : people[outside];
            char topic[64], payload[64];
            snprintf(topic, sizeof topic, "crowdtide/v/%s/d%d", d == 5 ? "gate" : "crowd", d);
            snprintf(payload, sizeof payload, "{\"in\":%lld,\"out\":%lld}", (long long)in,
                     (long long)out);
            core_feed_publish(&feed, feed.t_ms + 100, topic, payload, 0);
            people[inside] += in - out;
            if (outside >= 0)
                people[outside] += out - in;
            if (below(5) == 0) {
                core_feed_until(&feed, feed.t_ms + 1000);
                check(&seen, people);
            }
        }
        core_feed_free(&feed);
    }
}

/* ---- late readings --------------------------------------------------------------------------- */

enum { LATE = 12, MINUTES = 12 };

struct history_seen {
    double mean[3][MINUTES];
    int64_t in[3][MINUTES];
    int64_t from_minute;
};

static const char late_yaml[] =
    "venue: {id: v}\n"
    "builtin_rules: no\n"
    "settings: {surge_people: 1000000, drift_pct_per_hour: 0}\n"
    "zones:\n"
    "  - {id: a, kind: plaza}\n"
    "  - {id: b, kind: plaza}\n"
    "sensors:\n"
    "  - {id: d, class: crowd, counter: delta, zone: a, silence_s: 3600}\n"
    "  - {id: x, class: crowd, counter: delta, zone: b, outside: a, silence_s: 3600}\n"
    "  - {id: c, class: crowd, counter: level, zone: b, silence_s: 3600}\n";

static void seen_history(void *arg, unsigned type, const union result_any *any)
{
    static const char *const ids[3] = {"a", "b", "v"};
    struct history_seen *seen = arg;
    if (type != RECORD_HISTORY)
        return;
    int64_t minute = any->history.at / 60000 - seen->from_minute;
    for (int i = 0; i < 3 && minute >= 0 && minute < MINUTES; i++) {
        if (!str_is(any->history.zone, ids[i]))
            continue;
        seen->mean[i][minute] = any->history.occupancy_mean;
        seen->in[i][minute] = any->history.in == RESULT_ABSENT ? 0 : any->history.in;
    }
}

static void late_day(const int *order, struct history_seen *seen)
{
    struct core_feed feed;
    *seen = (struct history_seen){.from_minute = start_ms / 60000};
    core_feed_init(&feed, late_yaml, start_ms);
    feed.seen = seen_history;
    feed.arg = seen;
    core_feed_publish(&feed, start_ms + 1000, "crowdtide/v/crowd/d", "{\"in\":5000,\"out\":0}", 0);
    core_feed_publish(&feed, start_ms + 1000, "crowdtide/v/crowd/c", "{\"occupancy\":100}", 0);
    core_feed_until(&feed, start_ms + 540000);
    for (int i = 0; i < LATE; i++) { /* each comes 10 s after the one before, whichever it is */
        int k = order[i];
        char topic[64], payload[96];
        long long ts = (long long)start_ms + 60000 + k * 29000 + 7;
        const char *sensor = k % 3 == 0 ? "d" : k % 3 == 1 ? "x" : "c";
        snprintf(topic, sizeof topic, "crowdtide/v/crowd/%s", sensor);
        if (sensor[0] == 'c' && k < 6)
            snprintf(payload, sizeof payload, "{\"ts\":%lld,\"occupancy\":%d}", ts, 100 + 10 * k);
        else if (sensor[0] == 'c')
            snprintf(payload, sizeof payload, "{\"ts\":%lld,\"occupancy\":%d}", ts, 160);
        else
            snprintf(payload, sizeof payload, "{\"ts\":%lld,\"in\":%d,\"out\":%d}", ts, 3 + k,
                     k % 4);
        core_feed_publish(&feed, feed.t_ms + 10000, topic, payload, 0);
    }
    core_feed_until(&feed, feed.t_ms + 15000);
    core_feed_free(&feed);
}

static void test_late_order(void **state)
{
    (void)state;
    static struct history_seen first, other;
    int order[LATE];
    for (int i = 0; i < LATE; i++)
        order[i] = i;
    late_day(order, &first);
    assert_true(first.in[0][1] > 0 && first.mean[1][3] != first.mean[1][0]); /* repaired at all */
    random_state = 99;
    for (int round = 0; round < 40; round++) {
        for (int i = LATE - 1; i > 0; i--) {
            int k = (int)below((uint32_t)i + 1), was = order[i];
            order[i] = order[k];
            order[k] = was;
        }
        late_day(order, &other);
        for (int z = 0; z < 3; z++) {
            for (int m = 0; m < 8; m++) { /* the minutes before the late ones came */
                assert_true(first.mean[z][m] == other.mean[z][m]);
                assert_int_equal(first.in[z][m], other.in[z][m]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ledger),
        cmocka_unit_test(test_late_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
