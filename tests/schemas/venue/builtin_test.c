/* The built-in rules: which zones they judge, with what numbers, and how long they take. */
#include <math.h>
#include <stdio.h>

#include "tests/support/support.h"
#include "tests/support/venue_mistakes.h"

static const char source[] =
    "venue: {id: site, capacity: 5000}\n"
    "defaults: {interval_s: {crowd: 5, gate: 5, vehicle_gate: 20, light: 60}}\n"
    "zones:\n"
    "- {id: hall, kind: hall, capacity: 1000, area_m2: 5000}\n"
    "- {id: aisle, kind: cell, parent: hall, area_m2: 90}\n"
    "- {id: way, kind: corridor, area_m2: 80, width_m: 8}\n"
    "- {id: court, kind: corridor, area_m2: 60}\n"
    "- {id: stairs, kind: stairs, area_m2: 20, width_m: 4}\n"
    "- {id: ramp, kind: stairs, area_m2: 20, width_m: 4}\n"
    "- {id: line, kind: queue, area_m2: 90, capacity: 200}\n"
    "- {id: pen, kind: queue, area_m2: 50}\n"
    "- {id: square, kind: plaza, area_m2: 99}\n"
    "- {id: room, kind: forum, capacity: 80}\n"
    "- {id: street, kind: road}\n"
    "- {id: park, kind: carpark}\n"
    "sensors:\n"
    "- {id: aisle-cam, class: crowd, counter: level, zone: aisle}\n"
    "- {id: hall-door, class: crowd, counter: delta, zone: hall, outside: way}\n"
    "- {id: court-cam, class: crowd, counter: level, zone: court}\n"
    "- {id: stairs-top, class: crowd, counter: total, zone: stairs, outside: square}\n"
    "- {id: ramp-cam, class: crowd, counter: level, zone: ramp}\n"
    "- {id: line-cam, class: crowd, counter: level, zone: line, interval_s: 25}\n"
    "- {id: pen-cam, class: crowd, counter: level, zone: pen}\n"
    "- {id: entry, class: gate, zone: square, outside: line, queue: line, entry_verification: "
    "yes}\n"
    "- {id: exit, class: gate, zone: way}\n"
    "- {id: barrier, class: vehicle_gate, zone: street}\n"
    "- {id: room-door, class: crowd, counter: daily, zone: room, outside: court}\n"
    "- {id: lamp, class: light, zone: square}\n"
    "- {id: old-lamp, class: light, zone: park, service: retired}\n"
    "- {id: old-gate, class: gate, zone: court, service: retired}\n";

/* Dashes: no such level. */
static const struct {
    const char *rule, *zones, *enter;
} expected[] = {
    {"venue-capacity", "site", "50 80 90 100"},
    {"hall-capacity", "hall", "50 80 90 100"},
    {"forum-capacity", "room", "80 90 95 100"},
    {"aisle-density", "aisle way court", "1.1 2.2 3 4"},
    {"plaza-density", "square", "2 3 4 4.7"},
    {"stairs-density", "stairs ramp", "0.7 1.5 2 2.7"},
    {"queue-density", "line pen", "1.1 1.5 3.3 4"},
    {"queue-capacity", "line", "50 75 90 100"},
    {"flow", "way stairs", "60 80 90 100"},
    {"gate-wait", "way line street", "5 10 20 30"},
    {"gate-load", "way line street", "0.85 1 1.2 1.5"},
    {"gate-rejects", "line", "5 15 40 -"},
    {"lights-failed", "square", "10 20 40 -"},
    {"suspect-surge", "hall aisle way court stairs ramp line pen square room", "- 1 - -"},
    {"closed-zone", "site hall aisle way court stairs ramp line pen square room", "- 3 20 -"},
    {"broker-lost", "site", "- 10 60 -"},
    {"broker-dropped", "site", "- 1 1000 -"},
    {"recount", "site", "- 1 5 -"},
};

static const struct venue_rule *rule_named(const struct venue *v, const char *id)
{
    for (uint32_t i = 0; i < v->rule_count; i++) {
        if (str_is(v->rules[i].id, id))
            return &v->rules[i];
    }
    fail_msg("no rule %s", id);
    return NULL;
}

static void each_judges_where_it_can(void **state)
{
    (void)state;
    struct venue *v = venue_mistakes_none(source, true);
    assert_int_equal(v->rule_count, sizeof expected / sizeof expected[0]);
    for (uint32_t i = 0; i < v->rule_count; i++) {
        const struct venue_rule *rule = rule_named(v, expected[i].rule);
        char words[400];
        struct text out = text_over(words, sizeof words - 1);
        for (uint32_t zone = 0; zone < v->zone_count; zone++) {
            if (!venue_rule_applies(v, rule, zone))
                continue;
            text_add(&out, out.len ? " " : "");
            text_add_str(&out, v->zones[zone].id);
        }
        words[out.len] = '\0';
        assert_string_equal(words, expected[i].zones);
        out = text_over(words, sizeof words - 1);
        for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
            bool there = !isnan(rule->enter[level]);
            text_add(&out, level ? " " : "");
            if (there)
                text_add_f64(&out, rule->enter[level]);
            else
                text_add_char(&out, '-');
            assert_int_equal(there, rule->action[level].len > 0); /* a level has its action */
        }
        words[out.len] = '\0';
        assert_string_equal(words, expected[i].enter);
    }
    venue_free(v);
}

static uint32_t samples(const struct venue *v, const char *rule, const char *zone, uint32_t level)
{
    return venue_rule_samples(v, rule_named(v, rule), venue_zone_find(v, str_of(zone)), level);
}

/* Facts alert at once and are over when they are over; a share of few needs patience. */
static void times_are_the_defaults_or_their_own(void **state)
{
    (void)state;
    static const int64_t usual[VENUE_LEVELS] = {60000, 30000, 20000, 10000};
    static const int64_t patient[VENUE_LEVELS] = {300000, 180000, 120000, 60000};
    static const int64_t at_once[VENUE_LEVELS] = {0};
    struct venue *v = venue_mistakes_none(source, true);
    for (uint32_t i = 0; i < v->rule_count; i++) {
        const struct venue_rule *rule = &v->rules[i];
        bool fact = str_is(rule->id, "suspect-surge") || str_is(rule->id, "broker-lost") ||
                    str_is(rule->id, "broker-dropped");
        bool brief = fact || str_is(rule->id, "recount");
        assert_int_equal(rule->clear_ms, brief ? 10000 : 120000);
        assert_memory_equal(rule->dwell_ms,
                            fact                               ? at_once
                            : str_is(rule->id, "gate-rejects") ? patient
                                                               : usual,
                            sizeof usual);
    }
    venue_free(v);
}

/* Red takes one sample where the second would come after its dwell of 10 s; what is no sample needs
 * none. */
static void samples_follow_the_pace_of_the_zone(void **state)
{
    (void)state;
    struct venue *v = venue_mistakes_none(source, true);
    assert_int_equal(samples(v, "queue-density", "pen", 3), 2);
    assert_int_equal(samples(v, "queue-density", "line", 3), 1); /* every 25 s */
    assert_int_equal(samples(v, "queue-density", "line", 2), 2); /* 20 s, but only red may kill */
    assert_int_equal(samples(v, "hall-capacity", "hall", 3), 2);
    assert_int_equal(samples(v, "venue-capacity", "site", 3), 1); /* the queue is in it */
    assert_int_equal(samples(v, "closed-zone", "hall", 1), 2);
    static const char *const unsampled[] = {"gate-wait", "gate-load", "gate-rejects"};
    for (size_t i = 0; i < sizeof unsampled / sizeof unsampled[0]; i++)
        assert_int_equal(samples(v, unsampled[i], "line", 1), 0);
    assert_int_equal(samples(v, "lights-failed", "square", 1), 0);
    assert_int_equal(samples(v, "suspect-surge", "hall", 1), 0);
    assert_int_equal(samples(v, "broker-lost", "site", 1), 0);
    venue_free(v);
    /* A sensor that does not say how often it reports may be quiet for all of its silence time. */
    v = venue_mistakes_none("venue: {id: f}\nzones: [{id: h, kind: hall, capacity: 9}]\n"
                            "sensors: [{id: s, class: crowd, counter: level, zone: h}]\n",
                            false);
    assert_int_equal(samples(v, "hall-capacity", "h", 3), 1);
    venue_free(v);
}

static void detection_is_the_slowest_zones(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        int64_t ms[VENUE_LEVELS];
    } cases[] = {
        /* one interval, the dwell or the second sample, one tick */
        {"hall-capacity", {66000, 36000, 26000, 16000}},
        {"queue-density", {86000, 56000, 51000, 36000}}, /* line: every 25 s */
        {"gate-wait", {81000, 51000, 41000, 31000}},     /* street: every 20 s */
        {"lights-failed", {121000, 91000, 81000, -1}},   /* every 60 s */
        {"suspect-surge", {-1, 26000, -1, -1}},          /* with the first message */
        {"broker-lost", {-1, 2000, 2000, -1}},           /* ingest tells every second */
    };
    struct venue *v = venue_mistakes_none(source, true);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint32_t level = 0; level < VENUE_LEVELS; level++)
            assert_int_equal(venue_rule_detection_ms(v, rule_named(v, cases[i].rule), level),
                             cases[i].ms[level]);
    }
    venue_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_judges_where_it_can),
        cmocka_unit_test(times_are_the_defaults_or_their_own),
        cmocka_unit_test(samples_follow_the_pace_of_the_zone),
        cmocka_unit_test(detection_is_the_slowest_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
