/* Each rule and each operator in a sentence. */
#include <stdio.h>

#include "tests/support/support.h"
#include "tests/support/venue_mistakes.h"

enum { SOURCE_BYTES = 4096, WORDS_BYTES = 4096 };

#define ZONES                                                                                      \
    "venue: {id: f}\n"                                                                             \
    "defaults: {interval_s: {crowd: 5, gate: 5, light: 60}}\n"                                     \
    "zones:\n"                                                                                     \
    "- {id: a, kind: hall, capacity: 100, tags: [east]}\n"                                         \
    "- {id: b, kind: hall, capacity: 100, tags: [east, food]}\n"                                   \
    "- {id: c, kind: cell, area_m2: 10, parent: a}\n"                                              \
    "- {id: q, kind: queue, area_m2: 10}\n"                                                        \
    "- {id: z1, kind: road}\n- {id: z2, kind: road}\n- {id: z3, kind: road}\n"                     \
    "sensors:\n"                                                                                   \
    "- {id: a-cam, class: crowd, counter: level, zone: a}\n"                                       \
    "- {id: b-cam, class: crowd, counter: level, zone: b, interval_s: 25}\n"                       \
    "- {id: c-cam, class: crowd, counter: level, zone: c}\n"                                       \
    "- {id: q-cam, class: crowd, counter: level, zone: q}\n"                                       \
    "- {id: gate, class: gate, zone: a, queue: q}\n"

static const struct {
    const char *rule, *sentence;
} rules[] = {
    {"{id: r, metric: percent_capacity, kinds: hall, levels: {"
     "blue: {enter: 50, action: x}, yellow: {enter: 80, action: x, plan: [one]}, "
     "orange: {enter: 90, action: x, plan: [one, two]}, "
     "red: {enter: 100, action: x, escalate_s: [30, 60, 90.5]}}}",
     "r: percent_capacity of each hall (2 zones): blue at 50 % for 60 s (seen within 86 s), "
     "yellow at 80 % for 30 s (seen within 56 s; escalates after 600 s; plan of 1 step), "
     "orange at 90 % for 20 s (seen within 51 s; escalates after 180 s; plan of 2 steps), "
     "red at 100 % for 10 s (seen within 36 s; escalates after 30 s, 60 s, 90.5 s); "
     "at least 2 samples (red: 1 where the second would come after the dwell); "
     "falls a level when 10 % below it for 120 s."},
    {"{id: r, metric: percent_capacity, zone: a, clear_margin_pct: 2.5, clear_s: 0, "
     "min_samples: 1, levels: {yellow: {enter: 80, dwell_s: 0, action: x, escalate_s: []}}}",
     "r: percent_capacity of zone a: yellow at 80 % (seen within 6 s); at least 1 sample; "
     "falls a level when 2.5 % below it for 0 s."},
    {"{id: r, metric: density, kinds: [cell, queue], levels: {blue: {enter: 2, action: x}}}",
     "r: density of each cell and queue (2 zones): blue at 2 people/m2 for 60 s (seen within "
     "66 s); at least 2 samples; falls a level when 10 % below it for 120 s."},
    {"{id: r, metric: occupancy, tags: [east, food], levels: {blue: {enter: 20, action: x}}}",
     "r: occupancy of each zone tagged east or food (2 zones): blue at 20 people for 60 s (seen "
     "within 86 s); at least 2 samples; falls a level when 10 % below it for 120 s."},
    {"{id: r, metric: occupancy, zones: [c, a], levels: {blue: {enter: 20, action: x}}}",
     "r: occupancy of zones a and c (2 zones): blue at 20 people for 60 s (seen within 66 s); at "
     "least 2 samples; falls a level when 10 % below it for 120 s."},
    {"{id: r, metric: occupancy, kinds: hall, tags: food, zones: [q, c], "
     "levels: {blue: {enter: 20, action: x}}}",
     "r: occupancy of each hall, each zone tagged food, zones c and q (4 zones): blue at 20 people "
     "for 60 s (seen within 86 s); at least 2 samples; falls a level when 10 % below it for 120 "
     "s."},
    {"{id: r, metric: occupancy, zones: [a, b, c, q, z1, z2, z3], "
     "levels: {blue: {enter: 20, action: x}}}",
     "r: occupancy of zones a, b, c, q, z1 and 2 more (7 zones): blue at 20 people for 60 s (seen "
     "within 86 s); at least 2 samples; falls a level when 10 % below it for 120 s."},
    {"{id: r, metric: occupancy, zone: z1, levels: {blue: {enter: 20, action: x}}}",
     "r: occupancy of zone z1: blue at 20 people for 60 s (never seen); at least 2 samples; falls "
     "a level when 10 % below it for 120 s."},
    {"{id: r, metric: gate_load, kinds: [venue, hall, cell, corridor, plaza, stairs, queue, forum, "
     "road, carpark], levels: {blue: {enter: 0.9, dwell_s: 1.5, action: x}}}",
     "r: gate_load of every zone that has it (1 zone): blue at 0.9 for 1.5 s (seen within 7.5 s); "
     "measured over 300 s, so it crosses them up to that much later than the crowd does; "
     "falls a level when 10 % below it for 120 s."},
    {"{id: r, metric: density_mean_60s, zone: c, levels: {blue: {enter: 2, action: x}}}",
     "r: density_mean_60s of zone c: blue at 2 people/m2 for 60 s (seen within 66 s); measured "
     "over "
     "60 s, so it crosses them up to that much later than the crowd does; at least 2 samples; "
     "falls "
     "a level when 10 % below it for 120 s."},
    {"{id: r, metric: lights_failed_percent, kinds: hall, levels: {blue: {enter: 9, action: x}}}",
     "r: lights_failed_percent of each hall: there is none, so it judges nothing."},
};

static void each_rule_is_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        char source[SOURCE_BYTES], words[WORDS_BYTES];
        (void)snprintf(source, sizeof source, ZONES "rules:\n- %s\n", rules[i].rule);
        struct venue *v = venue_mistakes_none(source, true);
        struct text out = text_over(words, sizeof words - 1);
        venue_rule_explain(v, &v->rules[0], &out);
        words[out.len] = '\0';
        assert_false(out.overflow);
        assert_string_equal(words, rules[i].sentence);
        venue_free(v);
    }
}

static void each_operator_is_a_sentence(void **state)
{
    (void)state;
    static const char *const sentences[] = {
        "lin (user id 0, duty) may ack and note.",
        "wang (user id 1000, duty, chief) may do everything; supervises.",
        "chen (user id 0) may do nothing.",
        "zhao (user id 7, gates, duty) may ack, note and close.",
    };
    struct venue *v = venue_mistakes_none(
        "venue: {id: f}\n"
        "roles:\n"
        "- {id: gates, commands: [close, note]}\n- {id: duty, commands: [ack, note]}\n"
        "- {id: chief, commands: all, supervisor: yes}\n"
        "operators:\n"
        "- {id: lin, uid: 0, roles: duty}\n- {id: wang, uid: 1000, roles: [chief, duty]}\n"
        "- {id: chen, uid: 0}\n- {id: zhao, uid: 7, roles: [duty, gates]}\n",
        true);
    assert_int_equal(v->operator_count, sizeof sentences / sizeof sentences[0]);
    for (uint32_t i = 0; i < v->operator_count; i++) {
        char words[WORDS_BYTES];
        struct text out = text_over(words, sizeof words - 1);
        venue_operator_explain(v, i, &out);
        words[out.len] = '\0';
        assert_string_equal(words, sentences[i]);
    }
    venue_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_is_a_sentence),
        cmocka_unit_test(each_operator_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
