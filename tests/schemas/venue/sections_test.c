/* What a venue file may say in each of its sections, and what each mistake there is answered with.
 */
#include <math.h>
#include <stdio.h>

#include "tests/support/support.h"
#include "tests/support/venue_mistakes.h"

#define V "venue: {id: f}\n"
#define HALL "zones: [{id: h, kind: hall, capacity: 100}, {id: q, kind: queue, area_m2: 50}]\n"
#define SENSED                                                                                     \
    "sensors: [{id: s, class: crowd, counter: level, zone: h},"                                    \
    " {id: t, class: crowd, counter: level, zone: q}]\n"
#define RULE(text) V HALL SENSED "rules:\n- " text "\n"
#define LEVEL(text)                                                                                \
    RULE("{id: r, metric: occupancy, zone: h, levels: {yellow: {enter: 9, action: x, " text "}}}")

static const struct venue_mistake mistakes[] = {
    /* settings */
    {V "settings: ^[]\n", VENUE_REFUSED, "settings: a map of keys is expected here"},
    {V "settings: {^buket_s: 1}\n", VENUE_REFUSED, "did you mean \"bucket_s\"?"},
    {V "settings:\n  bucket_s: ^0.5\n", VENUE_REFUSED, "bucket_s: 0.5 is out of range; 1 to 10"},
    {V "settings: {bucket_s: ^3}\n", VENUE_REFUSED, "must divide 10 s"},
    {V "settings: {bucket_s: ^1.0005}\n", VENUE_REFUSED, "at most three decimals"},
    {V "settings: {long_bucket_s: ^45}\n", VENUE_REFUSED, "must divide 300 s"},
    {V "settings: {flood_alerts: ^1.5}\n", VENUE_REFUSED, "is not a whole number"},
    {V "settings: {quorum_pct: ^0.5}\n", VENUE_REFUSED, "out of range"},
    {V "settings: {dark_crowded: ^2}\n", VENUE_REFUSED, "neither yes nor no"},
    /* defaults */
    {V "defaults: {escalate_s: ^60}\n", VENUE_REFUSED, "a map of keys is expected"},
    {V "defaults: {escalate_s: {^rde: 60}}\n", VENUE_REFUSED, "did you mean \"red\"?"},
    {V "defaults: {escalate_s: {red: [60, ^60]}}\n", VENUE_REFUSED,
     "step 2 comes at 60 s, which is not after step 1"},
    {V "defaults: {escalate_s: {red: ^[1, 2, 3, 4]}}\n", VENUE_REFUSED, "at most 3 are expected"},
    {V "defaults: {escalate_s: {blue: ^60}}\n", VENUE_REFUSED, "does not escalate"},
    /* zones */
    {V "zones: [{id: h, kind: road, tags: ^[]}]\n", VENUE_REFUSED, "1 to 8 are expected"},
    {V "zones: [{id: h, kind: road, tags: [a, ^a]}]\n", VENUE_REFUSED, "\"a\" is there twice"},
    {V "zones: [{id: h, kind: road, tags: [a, ^\"b c\"]}]\n", VENUE_REFUSED, "is not an id"},
    {V "zones: [{id: h, kind: road, closed: ^maybe}]\n", VENUE_REFUSED, "neither yes nor no"},
    {V "zones: [{id: h, kind: road, cells_cover: ^[]}]\n", VENUE_REFUSED, "a single value"},
    {V "zones: [{id: h, kind: road, uncounted_doors: ^1}]\n", VENUE_REFUSED, "neither yes nor no"},
    {V "zones: [{id: h, kind: hall, empty_at: ^\"3:00\"}]\n", VENUE_REFUSED,
     "empty_at: a local time such as \"03:00\" is expected"},
    {V "zones: [{id: h, kind: hall, empty_at: ^\"24:00\"}]\n", VENUE_REFUSED, "a local time"},
    {V "zones: [{id: h, kind: hall, empty_bound: ^3}]\n", VENUE_REFUSED,
     "empty_bound is only for zones with empty_at"},
    {V "zones: [{id: h, kind: hall, empty_at: \"03:00\", empty_bound: ^1001}]\n", VENUE_REFUSED,
     "empty_bound"},
    {"venue: {id: f, tags: ^[1, 2, 3, 4, 5, 6, 7, 8, 9]}\n", VENUE_REFUSED, "9 of them"},
    /* sensors */
    {V "sensors: [{id: s, class: crowd, counter: delta, zone: f, error: ^5}]\n", VENUE_REFUSED,
     "error is only for counters of kind level"},
    {V "sensors: [{id: s, class: light, zone: f, error_pct: ^5}]\n", VENUE_REFUSED, "only for"},
    {V "sensors: [{id: s, class: vehicle_gate, zone: f, error_pct: ^5}]\n", VENUE_REFUSED,
     "only for"},
    {V "sensors: [{id: s, class: crowd, counter: level, zone: f, error: 5, error_pct: ^5}]\n",
     VENUE_REFUSED, "one of them is expected, not both"},
    {V "sensors: [{id: s, class: crowd, counter: level, zone: f, error: ^-1}]\n", VENUE_REFUSED,
     "out of range"},
    {V "sensors: [{id: s, class: gate, zone: f, service: ^broken}]\n", VENUE_REFUSED,
     "is not one of in_service, commissioning, maintenance, retired"},
    {V "sensors: [{id: s, class: gate, zone: f, lane_rate_per_min: ^0}]\n", VENUE_REFUSED,
     "out of range"},
    {V "sensors: [{id: s, class: light, zone: f, lane_rate_per_min: ^1}]\n", VENUE_REFUSED,
     "only for gates"},
    {V "sensors: [{id: s, class: gate, zone: f, queue: ^g}]\n", VENUE_REFUSED,
     "there is no zone \"g\""},
    {V "sensors: [{id: s, class: gate, zone: f, queue: ^f}]\n", VENUE_REFUSED,
     "queue and zone are the same"},
    {V "zones: [{id: h, kind: carpark}]\nsensors: [{id: s, class: vehicle_gate, zone: h, queue: "
       "^f}]\n",
     VENUE_REFUSED, "vehicles wait on a road or in a car park"},
    {V "zones: [{id: h, kind: road}]\nsensors: [{id: s, class: gate, zone: f, queue: ^h}]\n",
     VENUE_REFUSED, "people in any other zone"},
    {V "sensors: [{id: s, class: gate, zone: f, scene_lux: ^20}]\n", VENUE_REFUSED,
     "scene_lux is only for lights"},
    {V "sensors: [{id: s, class: light, zone: f, scene_lux: ^0}]\n", VENUE_REFUSED, "out of range"},
    {V "sensors: [{id: s, class: light, zone: f, scene_lux: 20, dim_lux: ^20}]\n", VENUE_REFUSED,
     "dim_lux: 20 is not less than scene_lux, 20"},
    {V "sensors: [{id: s, class: crowd, counter: level, zone: f, group: ^g}]\n", VENUE_REFUSED,
     "only for lights"},
    {V "sensors: [{id: s, class: light, zone: f, group: ^a/b}]\n", VENUE_REFUSED, "is not an id"},
    /* rules: which zones */
    {RULE("^{id: r, metric: occupancy, levels: {red: {enter: 9, action: x}}}"), VENUE_REFUSED,
     "names no zones"},
    {RULE("{id: r, metric: occupancy, zone: h, zones: ^[q], levels: {red: {enter: 9, action: x}}}"),
     VENUE_REFUSED, "not both"},
    {RULE("{id: r, metric: occupancy, zone: ^[h, q], levels: {red: {enter: 9, action: x}}}"),
     VENUE_REFUSED, "several go into zones"},
    {RULE("{id: r, metric: occupancy, zones: ^[], levels: {red: {enter: 9, action: x}}}"),
     VENUE_REFUSED, "the list is empty"},
    {RULE("{id: r, metric: occupancy, zones: ^[h, q, h], levels: {red: {enter: 9, action: x}}}"),
     VENUE_REFUSED, "\"h\" is named twice"},
    {RULE("{id: r, metric: occupancy, zones: [h, ^p], levels: {red: {enter: 9, action: x}}}"),
     VENUE_REFUSED, "there is no zone \"p\""},
    {RULE("{id: r, metric: occupancy, kinds: ^[], levels: {red: {enter: 9, action: x}}}"),
     VENUE_REFUSED, "the list is empty"},
    {RULE("{id: r, metric: occupancy, tags: ^[], levels: {red: {enter: 9, action: x}}}"),
     VENUE_REFUSED, "1 to 8 are expected"},
    {RULE("{id: r, metric: ^flow, zone: h, levels: {red: {enter: 9, action: x}}}"), VENUE_REFUSED,
     "closed_occupancy, broker_lost_s"},
    /* rules: levels */
    {LEVEL("escalate_s: [9, ^8]"), VENUE_REFUSED, "step 2 comes at 8 s"},
    {LEVEL("escalate_s: ^0"), VENUE_REFUSED, "out of range"},
    {LEVEL("plan: ^[]"), VENUE_REFUSED, "1 to 12 are expected"},
    {LEVEL("plan: ^[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]"), VENUE_REFUSED, "13 steps"},
    {LEVEL("plan: [a, ^\"\"]"), VENUE_REFUSED, "0 bytes long"},
    {LEVEL("^palns: [a]"), VENUE_REFUSED, "a level has no key \"palns\""},
    /* roles, operators, shifts */
    {V "roles: ^{}\n", VENUE_REFUSED, "a list is expected"},
    {V "roles: [^{commands: all}]\n", VENUE_REFUSED, "the role's id is missing"},
    {V "roles: [^{id: a}]\n", VENUE_REFUSED, "role \"a\" has no commands"},
    {V "roles: [{id: a, commands: ^[]}]\n", VENUE_REFUSED, "the list is empty"},
    {V "roles: [{id: a, commands: [ack, ^shelf]}]\n", VENUE_REFUSED, "is not one of ack, assign"},
    {V "roles: [{id: a, commands: all, supervisor: ^1}]\n", VENUE_REFUSED, "neither yes nor no"},
    {V "roles: [{id: a, commands: all}, ^{id: a, commands: ack}]\n", VENUE_REFUSED,
     "role \"a\" is defined twice; first in line 2"},
    {V "operators: [^{id: a}]\n", VENUE_REFUSED, "operator \"a\" has no uid"},
    {V "operators: [^{uid: 1}]\n", VENUE_REFUSED, "the operator's id is missing"},
    {V "operators: [{id: a, uid: ^4294967295}]\n", VENUE_REFUSED, "out of range"},
    {V "operators: [{id: a, uid: 1, ^role: b}]\n", VENUE_REFUSED, "did you mean \"roles\"?"},
    {V "roles: [{id: chief, commands: all}]\noperators: [{id: a, uid: 1, roles: [^cheif]}]\n",
     VENUE_REFUSED, "there is no role \"cheif\"; did you mean \"chief\"?"},
    {V "operators:\n- {id: a, uid: 1}\n- ^{id: a, uid: 2}\n", VENUE_REFUSED,
     "operator \"a\" is defined twice; first in line 3"},
    {V "shifts: ^7:30\n", VENUE_REFUSED, "a list is expected"},
    {V "shifts: [^7:30]\n", VENUE_REFUSED, "a local time such as \"07:30\" is expected"},
    {V "shifts: [^24:00]\n", VENUE_REFUSED, "a local time"},
    {V "shifts: [^07:60]\n", VENUE_REFUSED, "a local time"},
    {V "shifts: [07:30, ^07:30]\n", VENUE_REFUSED, "is not after the time before it"},
    {V "shifts: ^[00:00, 01:00, 02:00, 03:00, 04:00, 05:00, 06:00, 07:00, 08:00]\n", VENUE_REFUSED,
     "shifts: more than 8"},
};

static void each_mistake_is_named_at_its_place(void **state)
{
    (void)state;
    venue_mistakes_check(mistakes, sizeof mistakes / sizeof mistakes[0]);
}

static const char everything[] =
    "venue: {id: fair, capacity: 900, tags: [site], uncounted_doors: yes, cells_cover: yes,"
    " empty_at: \"04:30\"}\n"
    "settings: {bucket_s: 2, long_bucket_s: 30, quorum_pct: 75, surge_people: 50,\n"
    "  broker_grace_s: 7.5, dark_crowded: no, drill_needs_start: yes}\n"
    "defaults: {silence_s: {gate: 60}, escalate_s: {red: 30, orange: [], yellow: [1, 2, 3]}}\n"
    "zones:\n"
    "- {id: hall-1, kind: hall, capacity: 500, tags: [east, food], closed: yes}\n"
    "- {id: hall-2, kind: hall, capacity: 500, tags: west}\n"
    "- {id: queue, kind: queue, area_m2: 50}\n"
    "- {id: stage, kind: cell, area_m2: 50, parent: hall-1, uncounted_doors: yes,"
    " empty_at: \"00:00\", empty_bound: 3}\n"
    "sensors:\n"
    "- {id: cam, class: crowd, counter: level, zone: stage, error: 12, service: maintenance}\n"
    "- {id: cam-2, class: crowd, counter: level, zone: hall-2, error_pct: 2.5, silence_s: 9}\n"
    "- {id: gate, class: gate, zone: hall-1, outside: queue, queue: queue, lane_rate_per_min: 14}\n"
    "- {id: lamp, class: light, zone: hall-1, scene_lux: 300, dim_lux: 30, group: row-a}\n"
    "rules:\n"
    "- id: many\n"
    "  metric: occupancy\n"
    "  kinds: forum\n"
    "  zones: [stage, hall-2]\n"
    "  tags: [food]\n"
    "  levels:\n"
    "    blue: {enter: 10, action: look}\n"
    "    red: {enter: 90, action: act, escalate_s: [5, 15.5], plan: [stop entry, open doors]}\n"
    "roles:\n"
    "- {id: duty, commands: [ack, note]}\n"
    "- {id: chief, commands: all, supervisor: yes}\n"
    "operators:\n"
    "- {id: lin, name: Lin, uid: 0, roles: [duty]}\n"
    "- {id: wang, uid: 1000, roles: [duty, chief]}\n"
    "- {id: chen, uid: 0, roles: chief}\n"
    "shifts: [\"06:30\", 14:00, '22:30']\n";

static void settings_and_zones_are_read(void **state)
{
    (void)state;
    struct venue *v = venue_mistakes_none(everything, true);
    struct venue_settings usual = venue_settings_default();
    assert_int_equal(v->settings.bucket_ms, 2000);
    assert_int_equal(v->settings.long_bucket_ms, 30000);
    assert_true(v->settings.quorum_pct == 75);
    assert_int_equal(v->settings.surge_people, 50);
    assert_int_equal(v->settings.broker_grace_ms, 7500);
    assert_false(v->settings.dark_crowded);
    assert_true(v->settings.drill_needs_start);
    assert_int_equal(v->settings.chatter_ms, usual.chatter_ms);
    const struct venue_zone *site = &v->zones[0], *hall = &v->zones[1];
    assert_true(site->uncounted_doors && site->cells_cover && !site->closed);
    assert_true(str_is(site->tag[0], "site") && site->tag_count == 1);
    assert_true(hall->closed && !hall->uncounted_doors && hall->tag_count == 2);
    assert_true(str_is(hall->tag[0], "east") && str_is(hall->tag[1], "food"));
    assert_true(v->zones[2].tag_count == 1 && v->zones[4].uncounted_doors);
    assert_true(site->empty_min == 270 && site->empty_bound == 10 && hall->empty_min == -1);
    assert_true(v->zones[4].empty_min == 0 && v->zones[4].empty_bound == 3);
    venue_free(v);
}

static void sensors_are_read(void **state)
{
    (void)state;
    struct venue *v = venue_mistakes_none(everything, true);
    const struct venue_sensor *cam = &v->sensors[0], *other = &v->sensors[1];
    const struct venue_sensor *gate = &v->sensors[2], *lamp = &v->sensors[3];
    assert_true(cam->error == 12 && isnan(cam->error_pct) && cam->service == SERVICE_MAINTENANCE);
    assert_true(other->error == -1 && other->error_pct == 2.5 && other->service == SERVICE_IN);
    assert_false(cam->silence_set);
    assert_true(other->silence_set && gate->silence_set && !lamp->silence_set);
    assert_true(gate->silence_ms == 60000 && gate->queue == 3 && gate->lane_rate_per_min == 14);
    assert_true(cam->queue == VENUE_NO_ZONE && isnan(cam->lane_rate_per_min));
    assert_true(lamp->scene_lux == 300 && lamp->dim_lux == 30 && str_is(lamp->group, "row-a"));
    assert_true(isnan(gate->scene_lux) && isnan(gate->dim_lux) && gate->group.len == 0);
    venue_free(v);
}

static void rules_are_read(void **state)
{
    (void)state;
    struct venue *v = venue_mistakes_none(everything, true);
    const struct venue_rule *rule = &v->rules[0];
    assert_int_equal(rule->kinds, 1u << ZONE_FORUM);
    assert_true(rule->zone_count == 2 && rule->zone[0] == 2 && rule->zone[1] == 4);
    assert_true(rule->tag_count == 1 && str_is(rule->tag[0], "food"));
    for (uint32_t zone = 0; zone < v->zone_count; zone++) /* food: hall-1 */
        assert_int_equal(venue_rule_applies(v, rule, zone), zone == 1 || zone == 2 || zone == 4);
    static const int64_t expected[VENUE_LEVELS][VENUE_ESCALATIONS_MAX] = {
        {0}, {1000, 2000, 3000}, {0}, {5000, 15500}};
    assert_memory_equal(rule->escalate_ms, expected, sizeof expected);
    assert_null(rule->plan[0]);
    assert_int_equal(rule->plan_count[0], 0);
    assert_int_equal(rule->plan_count[3], 2);
    assert_true(str_is(rule->plan[3][0], "stop entry") && str_is(rule->plan[3][1], "open doors"));
    venue_free(v);
    v = venue_mistakes_none(V HALL SENSED, true);
    static const int64_t usual[VENUE_LEVELS][VENUE_ESCALATIONS_MAX] = {
        {0}, {600000}, {180000}, {60000, 120000}};
    for (uint32_t i = 0; i < v->rule_count; i++)
        assert_memory_equal(v->rules[i].escalate_ms, usual, sizeof usual);
    venue_free(v);
}

static void operators_and_shifts_are_read(void **state)
{
    (void)state;
    struct venue *v = venue_mistakes_none(everything, true);
    uint32_t lin = venue_operator_find(v, STR_LIT("lin"));
    uint32_t wang = venue_operator_find(v, STR_LIT("wang"));
    assert_int_equal(v->operator_count, 3);
    assert_true(str_is(v->operators[lin].name, "Lin") && str_is(v->operators[wang].name, "wang"));
    assert_int_equal(venue_operator_of_uid(v, 0, (struct str){0}), lin);
    assert_int_equal(venue_operator_of_uid(v, 0, STR_LIT("chen")), 2);
    assert_int_equal(venue_operator_of_uid(v, 0, STR_LIT("wang")), UINT32_MAX);
    assert_int_equal(venue_operator_of_uid(v, 1000, (struct str){0}), wang);
    assert_int_equal(venue_operator_of_uid(v, 7, (struct str){0}), UINT32_MAX);
    assert_true(venue_operator_may(v, lin, VENUE_COMMAND_ACK));
    assert_true(venue_operator_may(v, lin, VENUE_COMMAND_NOTE));
    assert_false(venue_operator_may(v, lin, VENUE_COMMAND_DRILL));
    assert_false(venue_operator_supervises(v, lin));
    assert_true(venue_operator_supervises(v, wang));
    for (unsigned command = 0; command < VENUE_COMMAND_COUNT; command++)
        assert_true(venue_operator_may(v, wang, (enum venue_command)command));
    assert_int_equal(v->shift_count, 3);
    assert_int_equal(v->shift_min[0], 390);
    assert_int_equal(v->shift_min[1], 840);
    assert_int_equal(v->shift_min[2], 1350);
    venue_free(v);
}

/* Every setting takes its least and greatest value and its default, and nothing beyond. */
static void every_setting_has_its_range(void **state)
{
    (void)state;
    uint32_t count;
    const struct venue_setting *settings = venue_setting_table(&count);
    for (uint32_t i = 0; i < count; i++) {
        const struct venue_setting *s = &settings[i];
        assert_true(s->description[0] && s->min <= s->value && s->value <= s->max);
        double values[] = {s->min, s->value, s->max, s->min - 1, s->max + 1};
        for (uint32_t k = 0; k < sizeof values / sizeof values[0]; k++) {
            char source[200];
            struct problems problems = {0};
            struct venue *v = NULL;
            if (s->kind == VENUE_SETTING_BOOL)
                (void)snprintf(source, sizeof source, V "settings: {%s: %s}\n", s->key,
                               k < 3 ? "yes" : "7");
            else
                (void)snprintf(source, sizeof source, V "settings: {%s: %.10g}\n", s->key,
                               values[k]);
            bool ok = venue_parse(str_of(source), &v, &problems);
            if (ok != (k < 3))
                print_error("%s", source);
            assert_int_equal(ok, k < 3);
            venue_free(v);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_named_at_its_place),
        cmocka_unit_test(settings_and_zones_are_read),
        cmocka_unit_test(sensors_are_read),
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(operators_and_shifts_are_read),
        cmocka_unit_test(every_setting_has_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
