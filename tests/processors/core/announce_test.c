/*
 * announce: who is told of what, in which order. One zone with three rules, the gentlest first in
 * the file; everything that is said of its alerts is written down, a line for each announcement.
 */
#include "processors/core/announce.h"

#include <stdio.h>
#include <string.h>

#include "schemas/result/result.h"
#include "tests/support/core_feed.h"
#include "tests/support/support.h"

enum { LINE_BYTES = 96, SAID_BYTES = 4096, SILENCE_S = 30 };

static const int64_t begin_ms = INT64_C(1795424400000);

static const char hall[] =
    "venue: {id: v}\nbuiltin_rules: no\n"
    "settings: {surge_people: 1000000, level_error_pct: 0, level_error_people: 0,\n"
    "  chatter_changes: 2, chatter_s: 600}\n"
    "defaults: {escalate_s: {yellow: [], orange: [], red: []}, min_samples: 1, clear_s: 0}\n"
    "rules:\n"
    "  - {id: near, metric: occupancy, kinds: [hall], levels: {blue: {enter: 400, dwell_s: 0,\n"
    "     action: See.}, yellow: {enter: 800, dwell_s: 0, action: Look.},\n"
    "     orange: {enter: 1200, dwell_s: 0, action: Go.}}}\n"
    "  - {id: full, metric: percent_capacity, kinds: [hall], levels: {yellow: {enter: 80,\n"
    "     dwell_s: 0, action: Meter.}, red: {enter: 100, dwell_s: 0, action: Stop.}}}\n"
    "  - {id: deaf, metric: broker_lost_s, kinds: [venue], levels: {orange: {enter: 15,\n"
    "     dwell_s: 0, action: Look at the broker.}}}\n"
    "zones:\n  - {id: h, kind: hall, capacity: 1000}\n"
    "sensors:\n  - {id: c, class: crowd, counter: level, zone: h, silence_s: 30}\n";

struct scene {
    struct core_feed feed;
    char said[SAID_BYTES]; /* since it was last asked for */
    uint32_t commands;
};

static void seen(void *arg, unsigned type, const union result_any *r)
{
    struct scene *s = arg;
    const struct result_alert *a = &r->alert;
    char line[LINE_BYTES];
    if (type != RECORD_ALERT)
        return;
    (void)snprintf(line, sizeof line, STR_FMT " " STR_FMT " %s%s" STR_FMT "%s%s\n",
                   STR_ARG(a->rule), STR_ARG(a->state), level_text(a->level),
                   a->cause.len ? " " : "", STR_ARG(a->cause), a->page ? " PAGE" : "",
                   a->chattering == 1 ? " chattering" : "");
    size_t len = strlen(s->said);
    assert_true(len + strlen(line) < sizeof s->said);
    (void)snprintf(s->said + len, sizeof s->said - len, "%s", line);
}

static void open_scene(struct scene *s)
{
    *s = (struct scene){0};
    core_feed_init(&s->feed, hall, begin_ms);
    s->feed.seen = seen;
    s->feed.arg = s;
}

static void close_scene(struct scene *s)
{
    core_feed_free(&s->feed);
}

static void says(struct scene *s, const char *lines)
{
    assert_string_equal(s->said, lines);
    s->said[0] = '\0';
}

/* A second later. */
static void people(struct scene *s, int count)
{
    char payload[64];
    (void)snprintf(payload, sizeof payload, "{\"occupancy\":%d}", count);
    core_feed_publish(&s->feed, s->feed.t_ms + 1000, "crowdtide/v/crowd/c", payload, 0);
}

static void command(struct scene *s, const char *members)
{
    char text[256];
    int64_t t_ms = s->feed.t_ms;
    int n = snprintf(text, sizeof text,
                     "{\"operator\":\"mo\",\"nonce\":\"nonce-%04u\",\"issued\":%lld,%s}",
                     s->commands++, (long long)t_ms, members);
    core_feed_command(&s->feed, t_ms, 0, (struct str){text, (uint32_t)n});
    union result_any any;
    assert_true(core_feed_last(&s->feed, RECORD_REPLY, &any));
    assert_true(any.reply.ok);
}

#define ACK_FULL "\"command\":\"ack\",\"alert\":\"h/full\""
#define SHELVE_NEAR "\"command\":\"shelve\",\"alert\":\"h/near\",\"minutes\":5,\"text\":\"x\""

/* The highest is said first, and its page speaks for the others. */
static void test_one_page(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    people(&s, 500);
    says(&s, "near active_unacked blue\n");
    people(&s, 850);
    says(&s, "near active_unacked yellow PAGE\n"
             "full active_unacked yellow\n");
    people(&s, 1100);
    says(&s, "full active_unacked red PAGE\n"
             "near suppressed yellow red\n");
    close_scene(&s);

    open_scene(&s);
    people(&s, 1100);
    says(&s, "full active_unacked red PAGE\n"
             "near active_unacked yellow\n"
             "near suppressed yellow red\n");
    close_scene(&s);
}

/* Red says it all, also when somebody has answered for it; only silence is not what red explains.
 */
static void test_under_red(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    people(&s, 1100);
    command(&s, ACK_FULL);
    s.said[0] = '\0';
    people(&s, 1300);
    says(&s, "near active_unacked orange\n"
             "near suppressed orange red\n");
    people(&s, 1100);
    people(&s, 1050); /* lower, by one level: the margin of orange is 1080 */
    says(&s, "near suppressed yellow red\n");
    people(&s, 10);
    says(&s, "near suppressed blue red\n"
             "near resolved none\n"
             "full clearing red\n"
             "full clearing yellow\n"
             "full resolved none\n");
    close_scene(&s);

    open_scene(&s);
    people(&s, 1100);
    command(&s, ACK_FULL);
    s.said[0] = '\0';
    core_feed_until(&s.feed, s.feed.t_ms + (int64_t)SILENCE_S * 1000);
    says(&s, "full unknown unknown sensors PAGE\n"
             "near unknown unknown sensors\n");
    people(&s, 1100); /* what was answered before holds; nobody had answered for the other */
    says(&s, "full active_acked red\n"
             "near active_unacked yellow\n"
             "near suppressed yellow red\n");
    close_scene(&s);
}

/* What is left when red is over pages, when something is left. */
static void test_red_over(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    people(&s, 1300);
    command(&s, ACK_FULL);
    s.said[0] = '\0';
    command(&s, "\"command\":\"capacity\",\"zone\":\"h\",\"people\":5000");
    says(&s, "full clearing red\n"
             "full clearing yellow\n"
             "full resolved none\n"
             "near active_unacked orange red over PAGE\n");
    close_scene(&s);
}

/* Nothing that is said twice: settling what is settled says nothing. */
static void test_settled(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    people(&s, 1100);
    s.said[0] = '\0';
    core_feed_until(&s.feed, s.feed.t_ms + 5000);
    says(&s, "");
    close_scene(&s);
}

/* Off the shelf under red: back, but red speaks for it. */
static void test_shelf_under_red(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    people(&s, 850);
    command(&s, SHELVE_NEAR);
    people(&s, 1100);
    command(&s, ACK_FULL);
    s.said[0] = '\0';
    command(&s, "\"command\":\"unshelve\",\"alert\":\"h/near\"");
    says(&s, "near active_unacked yellow\n"
             "near suppressed yellow red\n");
    close_scene(&s);
}

/* What ends on a shelf has fallen, too. */
static void test_chatters_on_the_shelf(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    people(&s, 500);
    command(&s, SHELVE_NEAR);
    says(&s, "near active_unacked blue\n"
             "near shelved blue\n");
    people(&s, 100);
    says(&s, "near resolved none\n");
    people(&s, 500);
    people(&s, 100);
    says(&s, "near active_unacked blue\n"
             "near clearing blue chattering\n"
             "near resolved none chattering\n");
    close_scene(&s);
}

/* The broker explains silence while its own alert is open, and until its sensors have had their
 * time. */
static void test_hushed(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    people(&s, 1100);
    command(&s, ACK_FULL);
    s.said[0] = '\0';
    assert_false(announce_hushes(s.feed.core, CAUSE_BROKER)); /* nobody has been told of it */
    s.feed.broker_lost = true;
    core_feed_until(&s.feed, s.feed.t_ms + 25000);
    says(&s, "deaf active_unacked orange PAGE\n");
    assert_true(announce_hushes(s.feed.core, CAUSE_BROKER));
    assert_false(announce_hushes(s.feed.core, CAUSE_SENSORS));
    core_feed_until(&s.feed, s.feed.t_ms + 10000);
    says(&s, "full unknown unknown broker\n"
             "near unknown unknown broker\n");
    s.feed.broker_lost = false;
    core_feed_until(&s.feed, s.feed.t_ms + 5000);
    says(&s, "deaf clearing orange\n"
             "deaf resolved none\n");
    core_feed_until(&s.feed, s.feed.t_ms + (int64_t)SILENCE_S * 1000);
    says(&s, "full unknown unknown sensors PAGE\n"
             "near unknown unknown sensors\n");
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_page),        cmocka_unit_test(test_under_red),
        cmocka_unit_test(test_red_over),        cmocka_unit_test(test_settled),
        cmocka_unit_test(test_shelf_under_red), cmocka_unit_test(test_chatters_on_the_shelf),
        cmocka_unit_test(test_hushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
