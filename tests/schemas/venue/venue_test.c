/* The venue file: what a good one gives, and what each mistake is answered with. */
#include "schemas/venue/venue.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/support.h"

enum { BUILTIN_RULES = 18 };

static const char good[] =
    "venue: {id: fair, name: 国家会展中心, time_zone: Asia/Shanghai, empty_at: \"04:00\"}\n"
    "zones:\n"
    "  - {id: plaza, kind: plaza, area_m2: 90}\n"
    "  - id: hall-1\n"
    "    kind: hall\n"
    "    capacity: 10000\n"
    "    polygon: [[0, 0], [100, 0], [100, 100], [0, 100]]\n"
    "  - {id: aisle, kind: cell, parent: hall-1, area_m2: 25, name: Aisle A}\n"
    "sensors:\n"
    "  - {id: door, class: crowd, counter: total, zone: hall-1, outside: "
    "plaza, wrap: 65536, interval_s: 5}\n"
    "  - {id: cam, class: crowd, counter: level, zone: aisle, "
    "saturates_at: 255, silence_s: 10, interval_s: 1}\n"
    "  - {id: g1, class: gate, zone: plaza, lanes: 12, "
    "entry_verification: yes}\n"
    "  - {id: lamp, class: light, zone: plaza}\n";

static bool parse(const char *source, struct venue **venue, struct problems *problems)
{
    *problems = (struct problems){0};
    *venue = NULL;
    return venue_parse(str_of(source), venue, problems);
}

static void good_file_is_read(void **state)
{
    (void)state;
    struct venue *v;
    struct problems problems;
    assert_true(parse(good, &v, &problems));
    assert_int_equal(problems.count, 1); /* nothing but doors count the plaza */
    assert_true(str_is(v->id, "fair"));
    assert_true(str_is(v->name, "国家会展中心"));
    assert_true(str_is(v->time_zone, "Asia/Shanghai"));
    assert_int_equal(v->zone_count, 4);
    assert_int_equal(v->zones[0].kind, ZONE_VENUE);
    assert_int_equal(v->zones[0].parent, VENUE_NO_ZONE);
    assert_int_equal(venue_zone_find(v, STR_LIT("fair")), 0);
    uint32_t hall = venue_zone_find(v, STR_LIT("hall-1"));
    uint32_t aisle = venue_zone_find(v, STR_LIT("aisle"));
    assert_int_equal(hall, 2);
    assert_true(v->zones[hall].area_m2 == 10000);
    assert_int_equal(v->zones[hall].parent, 0);
    assert_int_equal(v->zones[hall].line, 4);
    assert_int_equal(v->zones[aisle].parent, hall);
    assert_true(str_is(v->zones[aisle].name, "Aisle A"));
    assert_int_equal(venue_zone_find(v, STR_LIT("hall-2")), VENUE_NO_ZONE);
    assert_int_equal(venue_zone_find(v, (struct str){0}), VENUE_NO_ZONE);
    const struct venue_sensor *door = &v->sensors[venue_sensor_find(v, STR_LIT("door"))];
    assert_int_equal(door->kind, COUNTER_TOTAL);
    assert_int_equal(door->wrap, 65536);
    assert_int_equal(door->zone, hall);
    assert_int_equal(door->outside, 1);
    assert_int_equal(door->silence_ms, 30000);
    assert_int_equal(door->interval_ms, 5000);
    const struct venue_sensor *gate = &v->sensors[venue_sensor_find(v, STR_LIT("g1"))];
    assert_int_equal(gate->class, SENSOR_GATE);
    assert_int_equal(gate->kind, COUNTER_DELTA);
    assert_int_equal(gate->outside, VENUE_NO_ZONE);
    assert_int_equal(gate->lanes, 12);
    assert_true(gate->verifies);
    assert_int_equal(venue_sensor_find(v, STR_LIT("nobody")), UINT32_MAX);
    venue_free(v);
    venue_free(NULL);
}

static void own_rules_replace_or_join_the_builtin_ones(void **state)
{
    (void)state;
    static const char head[] = "venue: {id: f}\n"
                               "zones: [{id: h, kind: hall, capacity: 100}]\n"
                               "sensors: [{id: s, class: crowd, counter: level, zone: h}]\n";
    static const char rule[] = "rules:\n"
                               "  - id: hall-capacity\n"
                               "    metric: occupancy\n"
                               "    zone: h\n"
                               "    clear_s: 1.5\n"
                               "    min_samples: 1\n"
                               "    levels: {red: {enter: 70, dwell_s: 0, action: Stop entry.}}\n";
    char source[2048];
    struct venue *v;
    struct problems problems;
    (void)snprintf(source, sizeof source, "%s%s", head, rule);
    assert_true(parse(source, &v, &problems));
    assert_int_equal(v->rule_count, 1);
    assert_true(isnan(v->rules[0].enter[0]));
    assert_true(v->rules[0].enter[3] == 70);
    assert_int_equal(v->rules[0].dwell_ms[3], 0);
    assert_int_equal(v->rules[0].clear_ms, 1500);
    assert_int_equal(v->rules[0].min_samples, 1);
    assert_int_equal(venue_rule_detection_ms(v, &v->rules[0], 0), -1);
    venue_free(v);
    (void)snprintf(source, sizeof source, "%s%sbuiltin_rules: yes\n", head, rule);
    assert_true(parse(source, &v, &problems));
    /* The built-in ones, and the file's in place of the one of its id. */
    assert_int_equal(v->rule_count, BUILTIN_RULES);
    assert_int_equal(v->rules[0].metric, METRIC_OCCUPANCY);
    venue_free(v);
    (void)snprintf(source, sizeof source, "%sbuiltin_rules: no\n", head);
    assert_true(parse(source, &v, &problems));
    assert_int_equal(v->rule_count, 0);
    venue_free(v);
}

static void defaults_are_taken(void **state)
{
    (void)state;
    struct venue *v;
    struct problems problems;
    assert_true(parse("venue: {id: f}\n"
                      "defaults: {silence_s: {crowd: 7}, dwell_s: {red: 0.25}, clear_s: 3, "
                      "clear_margin_pct: 5, min_samples: 3}\n"
                      "zones: [{id: h, kind: hall, capacity: 100}]\n"
                      "sensors: [{id: s, class: crowd, counter: level, zone: h}]\n",
                      &v, &problems));
    assert_int_equal(v->sensors[0].silence_ms, 7000);
    assert_int_equal(v->rules[0].dwell_ms[3], 250);
    assert_int_equal(v->rules[0].dwell_ms[0], 60000);
    assert_int_equal(v->rules[0].clear_ms, 3000);
    assert_true(v->rules[0].clear_margin_pct == 5);
    assert_int_equal(v->rules[0].min_samples, 3);
    venue_free(v);
}

/* A file with one mistake; the answer names the place and says these words. */
struct mistake {
    const char *source;
    uint32_t line, column;
    bool warning;
    const char *words;
};

#define V "venue: {id: f}\n"
#define HALL "zones: [{id: h, kind: hall, capacity: 100}]\n"
#define SENSED "sensors: [{id: s, class: crowd, counter: level, zone: h}]\n"
#define RULE(text) V HALL SENSED "rules:\n  - " text "\n"

static const struct mistake mistakes[] = {
    {"", 1, 1, false, "the section \"venue\""},
    {"- a\n", 1, 1, false, "a map of keys is expected here, not a list"},
    {"venue: x\n", 1, 8, false, "a map of keys is expected"},
    {"venue: {name: x}\n", 1, 8, false, "the id is missing"},
    {"venue: {id: -x}\n", 1, 13, false, "is not an id"},
    {"venue: {id: \"a b\"}\n", 1, 13, false, "is not an id"},
    {"venue: {id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n", 1, 13, false,
     "is not an id"},
    {"venue: {id: f, time_zone: ../etc/passwd}\n", 1, 27, false, "IANA name"},
    {V "zone: []\n", 2, 1, false, "has no key \"zone\"; did you mean \"zones\"?"},
    {V "zones: {}\n", 2, 8, false, "a list is expected here"},
    {V "zones:\n- h\n", 3, 3, false, "a map of keys is expected"},
    {V "zones:\n- {id: h}\n", 3, 3, false, "zone \"h\" has no kind"},
    {V "zones:\n- {kind: hall}\n", 3, 3, false, "the id is missing"},
    {V "zones:\n- {id: h, kind: venue}\n", 3, 17, false, "is not one of hall, cell"},
    {V "zones:\n- {id: h, kind: hal}\n", 3, 17, false, "is not one of hall, cell"},
    {V "zones:\n- {id: h, kind: road, capcity: 3}\n", 3, 23, false, "did you mean \"capacity\"?"},
    {V "zones:\n- {id: h, kind: road, capacity: 0}\n", 3, 33, false, "out of range"},
    {V "zones:\n- {id: h, kind: road, capacity: 1e3}\n", 3, 33, false, "is not a whole number"},
    {V "zones:\n- {id: h, kind: road, capacity: 010}\n", 3, 33, false, "is not a whole number"},
    {V "zones:\n- {id: h, kind: road, area_m2: nan}\n", 3, 32, false, "is not a decimal number"},
    {V "zones:\n- {id: h, kind: road}\n- {id: h, kind: road}\n", 4, 3, false,
     "zone \"h\" is defined twice; first in line 3"},
    {V "zones:\n- {id: f, kind: road}\n", 3, 3, false, "zone \"f\" is defined twice"},
    {V "zones:\n- {id: abcd, kind: road}\n- {id: h, kind: road, parent: abcf}\n", 4, 31, false,
     "no zone \"abcf\"; did you mean \"abcd\"?"},
    {V "zones:\n- {id: a, kind: road, parent: b}\n- {id: b, kind: road, parent: a}\n", 3, 3, false,
     "is inside itself"},
    {V "zones:\n- {id: a, kind: road, parent: a}\n", 3, 3, false, "is inside itself"},
    {V "zones:\n- {id: a, kind: road, polygon: [[0, 0], [1, 1]]}\n", 3, 32, false, "2 points"},
    {V "zones:\n- {id: a, kind: road, polygon: [[0, 0], [1, 1], [2, 2]]}\n", 3, 32, false,
     "touch or cross, or it has no area"},
    {V "zones:\n- {id: a, kind: road, polygon: [[0, 0], [2, 2], [2, 0], [0, 2]]}\n", 3, 32, false,
     "touch or cross"},
    {V "zones:\n- {id: a, kind: road, polygon: [[0, 0], [9, 0], [9, 9], [3, -3]]}\n", 3, 32, false,
     "touch or cross"},
    {V "zones:\n- {id: a, kind: road, polygon: [[0, 0], [8, 0], [8, 8], [4, 0], [0, 8]]}\n", 3, 32,
     false, "touch or cross"},
    {V "zones:\n- {id: a, kind: road, polygon: [[0, 0], [9, 0, 1], [0, 9]]}\n", 3, 41, false,
     "a point of the polygon is [x, y]"},
    {V "zones:\n- {id: a, kind: road, area_m2: 2, polygon: [[0, 0], [2, 0], [0, 1]]}\n", 3, 44,
     true, "area_m2 is 2, but the polygon has 1.0 m2"},
    {V "sensors:\n- {id: s, class: crowd, counter: level, zone: nowhere}\n", 3, 47, false,
     "there is no zone \"nowhere\""},
    {V "sensors:\n- {id: s, class: crowd, zone: f}\n", 3, 3, false, "counter is missing"},
    {V "sensors:\n- {id: s, class: crowd, counter: level}\n", 3, 3, false, "has no zone"},
    {V "sensors:\n- {id: s, counter: level, zone: f}\n", 3, 3, false, "class is missing"},
    {V "sensors:\n- {id: s, class: gate, counter: level, zone: f}\n", 3, 33, false, "only for"},
    {V "sensors:\n- {id: s, class: light, lanes: 2, zone: f}\n", 3, 32, false, "lanes is only for"},
    {V "sensors:\n- {id: s, class: gate, lanes: 65, zone: f}\n", 3, 31, false, "out of range"},
    {V "sensors:\n- {id: s, class: crowd, counter: level, zone: f, outside: f}\n", 3, 59, false,
     "outside is only for"},
    {V "sensors:\n- {id: s, class: gate, zone: f, outside: f}\n", 3, 42, false, "are the same"},
    {V "sensors:\n- {id: s, class: crowd, counter: delta, zone: f, wrap: 65536}\n", 3, 56, false,
     "wrap is only for"},
    {V "sensors:\n- {id: s, class: crowd, counter: total, zone: f, wrap: 255}\n", 3, 56, false,
     "65536, 4294967296 or 0"},
    {V "sensors:\n- {id: s, class: gate, zone: f, interval_s: 400}\n", 3, 45, false,
     "must be shorter than silence_s"},
    {V "sensors:\n- {id: s, class: gate, zone: f}\n- {id: s, class: gate, zone: f}\n", 4, 3, false,
     "sensor \"s\" is defined twice; first in line 3"},
    {V "zones: [{id: h, kind: hall}]\nsensors: [{id: s, class: gate, zone: h}]\n", 2, 9, false,
     "has no capacity"},
    {V "zones: [{id: c, kind: cell}]\nsensors: [{id: s, class: gate, zone: c}]\n", 2, 9, false,
     "no area_m2"},
    {V "zones: [{id: c, kind: plaza, area_m2: 101}]\nsensors: [{id: s, class: gate, zone: c}]\n", 2,
     9, false, "mean density over more than 100 m2 hides a crush"},
    {V HALL, 2, 9, true, "it will have no figures"},
    {V HALL "sensors: [{id: s, class: light, zone: h}]\n", 2, 9, true, "it will have no figures"},
    {RULE("{metric: occupancy, zone: h, levels: {red: {enter: 9, action: x}}}"), 5, 5, false,
     "the rule's id is missing"},
    {RULE("{id: r, zone: h, levels: {red: {enter: 9, action: x}}}"), 5, 5, false, "has no metric"},
    {RULE("{id: r, metric: occupancy, levels: {red: {enter: 9, action: x}}}"), 5, 5, false,
     "names no zones"},
    {RULE("{id: r, metric: occupancy, zone: h}"), 5, 5, false, "has no levels"},
    {RULE("{id: r, metric: occupancy, zone: h, levels: {}}"), 5, 49, false, "has no levels"},
    {RULE("{id: r, metric: occupancy, zone: h, levels: {red: {enter: 9}}}"), 5, 55, false,
     "red: action, what staff do then, is missing"},
    {RULE("{id: r, metric: occupancy, zone: h, levels: {red: {action: x}}}"), 5, 55, false,
     "enter, the threshold, is missing"},
    {RULE("{id: r, metric: occupancy, zone: h, levels: {red: {enter: 0, action: x}}}"), 5, 63,
     false, "always fires"},
    {RULE("{id: r, metric: occupancy, zone: h, levels: {orage: {enter: 1, action: x}}}"), 5, 50,
     false, "did you mean \"orange\"?"},
    {RULE("{id: r, metric: occupancy, zone: h, levels: {blue: {enter: 9, action: x}, red: {enter: "
          "9, action: x}}}"),
     5, 84, false, "red begins at 9, which is not above blue at 9"},
    {RULE("{id: r, metric: occupancy, kinds: [stairs], levels: {red: {enter: 9, action: x}}}"), 5,
     5, true, "applies to no zone"},
    {RULE("{id: r, metric: percent_capacity, zone: h, levels: {red: {enter: 301, action: x}}}"), 5,
     5, true, "can never fire"},
    {RULE("{id: r, metric: density, zone: h, levels: {red: {enter: 4, action: x}}}"), 5, 5, false,
     "no area_m2"},
    {RULE("{id: r, metric: occupancy, zone: h, levels: {red: {enter: 9, dwell_s: 0.0001, action: "
          "x}}}"),
     5, 75, false, "at most three decimals"},
    {V HALL "sensors: [{id: s, class: crowd, counter: level, zone: h, saturates_at: 99}]\n", 2, 9,
     true, "its counters saturate below that"},
};

static void each_mistake_is_named_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const struct mistake *m = &mistakes[i];
        struct venue *v;
        struct problems problems;
        bool ok = parse(m->source, &v, &problems);
        bool found = false;
        for (uint32_t k = 0; k < problems_listed(&problems); k++) {
            const struct problem *p = &problems.problem[k];
            found = found || (p->line == m->line && p->column == m->column &&
                              p->warning == m->warning && strstr(p->text, m->words));
        }
        if (ok != m->warning || !found) {
            print_error("case %zu\n%s\nexpected at %u:%u: %s\n", i, m->source, m->line, m->column,
                        m->words);
            for (uint32_t k = 0; k < problems_listed(&problems); k++)
                print_error("%u:%u: %s\n", problems.problem[k].line, problems.problem[k].column,
                            problems.problem[k].text);
        }
        assert_true(found);
        assert_int_equal(ok, m->warning);
        if (!ok)
            assert_null(v);
        venue_free(v);
    }
}

/* Either way round, concave too; the same figure anywhere on the plan. */
static void areas_are_those_of_the_polygons(void **state)
{
    (void)state;
    static const struct {
        const char *polygon;
        double area_m2;
    } cases[] = {
        {"[[0, 0], [4, 0], [4, 3], [0, 3]]", 12},
        {"[[0, 3], [4, 3], [4, 0], [0, 0]]", 12},
        {"[[-1000, -1000], [-996, -1000], [-996, -997], [-1000, -997]]", 12},
        {"[[0, 0], [10, 0], [10, 10], [5, 2.5], [0, 10]]", 62.5},
        {"[[0, 0], [1, 0], [0, 1]]", 0.5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char source[400];
        struct venue *v;
        struct problems problems;
        (void)snprintf(source, sizeof source,
                       "venue: {id: f}\nzones:\n- {id: z, kind: road, polygon: %s}\n",
                       cases[i].polygon);
        assert_true(parse(source, &v, &problems));
        assert_true(v->zones[1].area_m2 == cases[i].area_m2);
        venue_free(v);
    }
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    char source[4096];
    for (int depth = VENUE_DEPTH_MAX; depth <= VENUE_DEPTH_MAX + 1; depth++) {
        struct text out = text_over(source, sizeof source - 1);
        text_add(&out, "venue: {id: f}\nzones:\n- {id: z1, kind: road}\n");
        for (int i = 2; i <= depth; i++) {
            char line[80];
            (void)snprintf(line, sizeof line, "- {id: z%d, kind: road, parent: z%d}\n", i, i - 1);
            text_add(&out, line);
        }
        source[out.len] = '\0';
        struct venue *v;
        struct problems problems;
        assert_int_equal(parse(source, &v, &problems), depth == VENUE_DEPTH_MAX);
        venue_free(v);
    }
}

static void problems_come_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct venue *v;
    struct problems problems;
    assert_false(parse("rules: 1\nsensors: 2\nzones: 3\nvenue: 4\nmore: 5\n", &v, &problems));
    assert_true(problems.count >= 5);
    for (uint32_t i = 1; i < problems_listed(&problems); i++)
        assert_true(problems.problem[i - 1].line <= problems.problem[i].line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_file_is_read),
        cmocka_unit_test(own_rules_replace_or_join_the_builtin_ones),
        cmocka_unit_test(defaults_are_taken),
        cmocka_unit_test(each_mistake_is_named_with_its_line),
        cmocka_unit_test(areas_are_those_of_the_polygons),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(problems_come_in_the_order_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
