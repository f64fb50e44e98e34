/* light, light_group: which lights are summed where, what a drill says of them, and what goes on
 * under a new venue file. Whole stories are in golden/light*.txt. */
#include "processors/core/light.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/core_feed.h"
#include "tests/support/support.h"

static const int64_t start_ms = INT64_C(1795424400000);

/* ---- groups ---------------------------------------------------------------------------------- */

static const char groups_yaml[] =
    "venue: {id: v}\nbuiltin_rules: no\nzones:\n"
    "  - {id: plaza, kind: plaza}\n"
    "  - {id: path, kind: corridor}\n"
    "sensors:\n"
    "  - {id: a, class: light, zone: plaza, group: ring, silence_s: 600}\n"
    "  - {id: b, class: light, zone: path, group: ring}\n"
    "  - {id: c, class: light, zone: plaza, group: rail}\n"
    "  - {id: d, class: light, zone: plaza, group: ring}\n"
    "  - {id: e, class: light, zone: plaza}\n"
    "  - {id: f, class: light, zone: plaza, group: all}\n"
    "  - {id: g, class: light, zone: plaza, group: ring, service: retired}\n"
    "  - {id: h, class: light, zone: plaza, group: rings}\n";

struct seen_groups {
    char lines[2048];
    size_t len;
};

static void group_kept(void *arg, unsigned type, const union result_any *r)
{
    struct seen_groups *seen = arg;
    if (type != RECORD_LIGHT_GROUP)
        return;
    struct text t = text_over(seen->lines + seen->len, sizeof seen->lines - seen->len - 1);
    result_line(type, r, 1, &t);
    seen->len += t.len;
    seen->lines[seen->len] = '\0';
}

/* Light x measures and draws 1 more than the one before: a 1, b 2, … h 8. */
static void test_groups(void **state)
{
    (void)state;
    static struct seen_groups seen;
    struct core_feed feed;
    memset(&seen, 0, sizeof seen);
    core_feed_init(&feed, groups_yaml, start_ms);
    feed.seen = group_kept;
    feed.arg = &seen;
    for (int i = 0; i < 8; i++) {
        char topic[64], payload[96];
        snprintf(topic, sizeof topic, "crowdtide/v/light/%c", 'a' + i);
        snprintf(payload, sizeof payload, "{\"state\":\"on\",\"lux\":%d,\"power_w\":%d}", i + 1,
                 i + 1);
        core_feed_publish(&feed, start_ms + 100, topic, payload, 0);
    }
    core_feed_until(&feed, start_ms + 1000);
    /* A zone's own sum first, then its groups by name; one that a file calls "all" is the zone's; g
       is retired. plaza: a 1, c 3, d 4, e 5, f 6, h 8: 27 W, mean 4.5; ring in it: a, d. */
#define ALL_ON(n)                                                                                  \
    "lights=" n "i,on=" n "i,off=0i,faults=0i,unknown=0i,burning_in_daylight=0i,dark_while_on=0i,"
    assert_string_equal(
        seen.lines,
        "light_group,venue=v,zone=plaza,group=all " ALL_ON(
            "6") "power_w=27,lux=4.5,lux_min=1,valid_until=1795424401000i 1795424401000000000\n"
                 "light_group,venue=v,zone=plaza,group=rail " ALL_ON(
                     "1") "power_w=3,lux=3,lux_min=3,valid_until=1795424401000i "
                          "1795424401000000000\n"
                          "light_group,venue=v,zone=plaza,group=ring " ALL_ON(
                              "2") "power_w=5,lux=2.5,lux_min=1,valid_until=1795424401000i "
                                   "1795424401000000000\n"
                                   "light_group,venue=v,zone=plaza,group=rings " ALL_ON(
                                       "1") "power_w=8,lux=8,lux_min=8,valid_until=1795424401000i "
                                            "1795424401000000000\n"
                                            "light_group,venue=v,zone=path,group=all " ALL_ON(
                                                "1") "power_w=2,lux=2,lux_min=2,valid_until="
                                                     "1795424401000i 1795424401000000000\n"
                                                     "light_group,venue=v,zone=path,group="
                                                     "ring " ALL_ON(
                                                         "1") "power_w=2,lux=2,lux_min="
                                                              "2,valid_until=1795424401000i "
                                                              "1795424401000000000\n");
    core_feed_free(&feed);
}

/* ---- what rules hear ------------------------------------------------------------------------- */

struct lamp {
    const char *said[2]; /* payload of the light topic, of the status topic; NULL: nothing */
};

static const struct {
    const char *what;
    struct lamp lamp[3];
    double failed_percent; /* NAN: not known */
} failures[] = {
    {"nobody has said anything", {{{NULL}}}, (double)NAN},
    {"all are off: none should burn",
     {{{"{\"state\":\"off\"}"}}, {{"{\"state\":\"off\",\"fault\":true}"}}},
     0},
    {"one of two burns, the other is broken",
     {{{"{\"state\":\"on\"}"}}, {{"{\"state\":\"on\",\"fault\":true}"}}},
     50},
    {"a fault that says nothing else should burn", {{{"{\"fault\":true}"}}}, 100},
    {"one lost its power, as its last will says",
     {{{"{\"state\":\"on\"}"}}, {{"{\"state\":\"dim\"}"}}, {{"{\"state\":\"on\"}", "offline"}}},
     100.0 / 3},
    {"one lost its power when it was off",
     {{{"{\"state\":\"on\"}"}}, {{"{\"state\":\"dim\"}"}}, {{"{\"state\":\"off\"}", "offline"}}},
     0},
};

static void test_failures(void **state)
{
    (void)state;
    static const char yaml[] =
        "venue: {id: v}\nbuiltin_rules: no\nzones: [{id: z, kind: plaza}]\nsensors:\n"
        "  - {id: l0, class: light, zone: z}\n"
        "  - {id: l1, class: light, zone: z}\n"
        "  - {id: l2, class: light, zone: z}\n";
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct core_feed feed;
        core_feed_init(&feed, yaml, start_ms);
        for (int l = 0; l < 3; l++) {
            for (int status = 0; status < 2; status++) {
                char topic[64];
                const char *said = failures[i].lamp[l].said[status];
                snprintf(topic, sizeof topic, "crowdtide/v/%s/l%d", status ? "status" : "light", l);
                if (said)
                    core_feed_publish(&feed, start_ms + 100, topic, said, 0);
            }
        }
        core_feed_until(&feed, start_ms + 1000);
        uint32_t zone = venue_zone_find(feed.core->model.venue, STR_LIT("z"));
        double percent = light_zone_failed_percent(feed.core, zone);
        double want = failures[i].failed_percent;
        if (isnan(want) ? !isnan(percent) : !(fabs(percent - want) < 0.001)) {
            print_error("%s: %f\n", failures[i].what, percent);
            fail();
        }
        core_feed_free(&feed);
    }
}

/* A zone without lights is as dark as what is around it, however far; one with lights is not. */
static void test_dark_around(void **state)
{
    (void)state;
    static const char yaml[] = "venue: {id: v}\nbuiltin_rules: no\nzones:\n"
                               "  - {id: site, kind: plaza}\n"
                               "  - {id: hall, kind: hall}\n"
                               "  - {id: plaza, kind: plaza, parent: site}\n"
                               "  - {id: cell, kind: cell, parent: plaza}\n"
                               "  - {id: lit, kind: cell, parent: plaza}\n"
                               "sensors:\n"
                               "  - {id: s, class: light, zone: site}\n"
                               "  - {id: l, class: light, zone: lit}\n";
    static const struct {
        const char *zone;
        enum light_darkness want;
    } cases[] = {{"v", LIGHT_DARKNESS_UNKNOWN}, {"hall", LIGHT_DARKNESS_UNKNOWN},
                 {"site", LIGHT_DARK},          {"plaza", LIGHT_DARK},
                 {"cell", LIGHT_DARK},          {"lit", LIGHT_BRIGHT}};
    struct core_feed feed;
    core_feed_init(&feed, yaml, start_ms);
    core_feed_publish(&feed, start_ms + 100, "crowdtide/v/light/s", "{\"lux\":4.9}", 0);
    core_feed_publish(&feed, start_ms + 100, "crowdtide/v/light/l", "{\"lux\":5}", 0);
    core_feed_until(&feed, start_ms + 1000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t zone = venue_zone_find(feed.core->model.venue, str_of(cases[i].zone));
        assert_int_equal(light_zone_darkness(feed.core, zone), cases[i].want);
        assert_int_equal(light_zone_dark(feed.core, zone), cases[i].want == LIGHT_DARK);
    }
    core_feed_free(&feed);
}

/* A retained copy shows what was, and when it was nobody knows: it is held against nothing. */
static void test_retained(void **state)
{
    (void)state;
    struct core_feed feed;
    union result_any any;
    core_feed_init(&feed, groups_yaml, start_ms);
    core_feed_publish(&feed, start_ms + 100, "crowdtide/v/light/a",
                      "{\"state\":\"on\",\"lux\":0.5}", RECORD_MQTT_RETAIN);
    core_feed_publish(&feed, start_ms + 200, "crowdtide/v/light/a", "{\"power_w\":60}", 0);
    core_feed_until(&feed, start_ms + 59000);
    core_feed_publish(&feed, start_ms + 59500, "crowdtide/v/light/a", "{\"power_w\":61}", 0);
    core_feed_until(&feed, start_ms + 90000);
    const struct light *light = &feed.core->model.lights[0];
    assert_true(light->lux > 0.4 && light->lux < 0.6);
    assert_false(light->dark_while_on);
    core_feed_publish(&feed, start_ms + 90500, "crowdtide/v/light/a", "{\"lux\":0.5}", 0);
    core_feed_until(&feed, start_ms + 120000);
    core_feed_publish(&feed, start_ms + 120500, "crowdtide/v/light/a", "{\"lux\":0.4}", 0);
    core_feed_until(&feed, start_ms + 150000);
    assert_false(light->dark_while_on);
    core_feed_tick(&feed, start_ms + 151000);
    assert_true(core_feed_last(&feed, RECORD_LIGHT, &any));
    assert_int_equal(any.light.dark_while_on, 1);
    core_feed_free(&feed);
}

/* A drill's lights are its own: the group has the one that it plays, and the real group nothing of
 * it. */
static void test_drill(void **state)
{
    (void)state;
    struct core_feed feed;
    union result_any any;
    core_feed_init(&feed, groups_yaml, start_ms);
    core_feed_until(&feed, start_ms + 1000);
    core_feed_publish(&feed, start_ms + 1500, "drill/v/light/a", "{\"state\":\"on\",\"power_w\":7}",
                      0);
    core_feed_tick(&feed, start_ms + 2000);
    uint32_t groups = 0;
    for (uint32_t i = 0; i < feed.results.count; i++) {
        if (feed.results.result[i].type != RECORD_LIGHT_GROUP)
            continue;
        core_feed_result(&feed, i, &any);
        if (!str_equal(any.light_group.status, STR_LIT("Exercise"))) {
            assert_int_equal(any.light_group.on, 0); /* said again in its turn */
            continue;
        }
        groups++;
        assert_int_equal(any.light_group.lights, 1);
        assert_int_equal(any.light_group.on, 1);
    }
    assert_int_equal(groups, 2); /* plaza's all and ring */
    core_feed_free(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),      cmocka_unit_test(test_failures),
        cmocka_unit_test(test_dark_around), cmocka_unit_test(test_retained),
        cmocka_unit_test(test_drill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
