/* The example venue: what the generator writes is what is committed, and it is a venue without a
 * mistake. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/page/paging.h"
#include "schemas/config/config.h"
#include "schemas/venue/venue.h"
#include "tests/support/support.h"

#define EXPO CROWDTIDE_SOURCE_DIR "/deploy/venues/expo/"
enum { SOURCE_MAX = 1024 * 1024 };

/* All that a stream gives, NUL-terminated. */
static char *take_all(FILE *in, size_t *ret_len)
{
    char *bytes = malloc(SOURCE_MAX + 1);
    assert_non_null(in);
    assert_non_null(bytes);
    *ret_len = fread(bytes, 1, SOURCE_MAX, in);
    assert_true(*ret_len < SOURCE_MAX);
    bytes[*ret_len] = '\0';
    return bytes;
}

static void committed_file_is_the_generators(void **state)
{
    (void)state;
    size_t written_len, committed_len;
    FILE *in = popen("python3 -I " EXPO "generate.py", "r");
    char *written = take_all(in, &written_len);
    assert_int_equal(pclose(in), 0);
    in = fopen(EXPO "venue.yaml", "r");
    char *committed = take_all(in, &committed_len);
    assert_int_equal(fclose(in), 0);
    assert_string_equal(written, committed);
    assert_int_equal(written_len, committed_len);
    free(written);
    free(committed);
}

static struct venue *load(struct config *config)
{
    struct problems problems = {0};
    struct error err = {0};
    struct venue *venue = NULL;
    char *source = NULL;
    size_t len = 0;
    assert_true(config_load(EXPO "crowdtide.yaml", config, &problems));
    assert_int_equal(problems.count, 0);
    assert_true(config_read_venue(config, &source, &len, &err));
    bool ok = venue_parse((struct str){source, (uint32_t)len}, &venue, &problems);
    for (uint32_t i = 0; i < problems_listed(&problems); i++)
        print_error("%u: %s\n", problems.problem[i].line, problems.problem[i].text);
    assert_true(ok);
    assert_int_equal(problems.count, 1); /* only that it is a venue for trials */
    assert_non_null(strstr(problems.problem[0].text, "drill_two_accounts"));
    free(source);
    return venue;
}

static uint32_t count_class(const struct venue *v, enum sensor_class class)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->sensor_count; i++)
        count += v->sensors[i].class == class;
    return count;
}

static uint32_t count_kind(const struct venue *v, enum zone_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->zone_count; i++)
        count += v->zones[i].kind == kind;
    return count;
}

static void it_is_what_it_says(void **state)
{
    (void)state;
    struct config config;
    struct venue *v = load(&config);
    assert_in_range(v->zone_count, 450, 550);
    assert_in_range(v->sensor_count, 1900, 2100);
    assert_int_equal(count_kind(v, ZONE_HALL), 8);
    assert_int_equal(count_class(v, SENSOR_GATE), 4);
    assert_int_equal(count_class(v, SENSOR_VEHICLE_GATE), 2);
    assert_true(count_class(v, SENSOR_LIGHT) > 500);
    for (uint32_t i = 0; i < v->zone_count; i++) {
        const struct venue_zone *zone = &v->zones[i];
        assert_true(i == 0 || zone->points);
        if (zone->kind == ZONE_HALL)
            assert_int_equal(zone->capacity, 10000);
        if (zone->kind == ZONE_CELL)
            assert_true(zone->area_m2 <= 100);
    }
    for (uint32_t i = 0; i < v->sensor_count; i++)
        if (v->sensors[i].class == SENSOR_GATE)
            assert_true(v->sensors[i].verifies && v->sensors[i].lanes == 24 &&
                        v->zones[v->sensors[i].queue].kind == ZONE_QUEUE);
    venue_free(v);
    config_free(&config);
}

/* Every zone where people are is judged by a rule, and its red is seen in time. */
static void every_place_for_people_has_a_rule(void **state)
{
    (void)state;
    struct config config;
    struct venue *v = load(&config);
    for (uint32_t zone = 0; zone < v->zone_count; zone++) {
        uint32_t rules = 0;
        for (uint32_t i = 0; i < v->rule_count; i++)
            rules += venue_rule_applies(v, &v->rules[i], zone);
        enum zone_kind kind = v->zones[zone].kind;
        if (kind != ZONE_ROAD && kind != ZONE_CARPARK)
            assert_true(rules >= 1);
    }
    for (uint32_t i = 0; i < v->rule_count; i++) {
        int64_t red_ms = venue_rule_detection_ms(v, &v->rules[i], 3);
        if (!isnan(v->rules[i].enter[3]))
            assert_in_range(red_ms, 1, 30000);
    }
    venue_free(v);
    config_free(&config);
}

/* Its halls have a plan for each level that pages, and a drill can be begun under one user id. */
static void it_can_be_commanded(void **state)
{
    (void)state;
    struct config config;
    struct venue *v = load(&config);
    const struct venue_rule *halls = &v->rules[0];
    assert_true(str_is(halls->id, "hall-capacity"));
    for (uint32_t level = 1; level < VENUE_LEVELS; level++)
        assert_true(halls->plan_count[level] >= 3 && halls->escalate_ms[level][0] > 0);
    uint32_t starters = 0;
    for (uint32_t i = 0; i < v->operator_count; i++)
        starters += v->operators[i].uid == 0 && venue_operator_may(v, i, VENUE_COMMAND_DRILL);
    assert_true(starters >= 2);
    assert_int_equal(v->shift_count, 3);
    venue_free(v);
    config_free(&config);
}

/* The passages into every hall, room and queue are counted, so that its number is in less out. */
static void borders_are_counted(void **state)
{
    (void)state;
    struct config config;
    struct venue *v = load(&config);
    for (uint32_t zone = 1; zone < v->zone_count; zone++) {
        enum zone_kind kind = v->zones[zone].kind;
        if (kind != ZONE_HALL && kind != ZONE_FORUM)
            continue;
        uint32_t doors = 0;
        for (uint32_t i = 0; i < v->sensor_count; i++) {
            const struct venue_sensor *s = &v->sensors[i];
            bool inside = s->zone == zone || v->zones[s->zone].parent == zone;
            doors += s->class == SENSOR_CROWD && s->kind != COUNTER_LEVEL && inside &&
                     s->outside != VENUE_NO_ZONE;
        }
        assert_true(doors >= 2);
    }
    venue_free(v);
    config_free(&config);
}

static void the_roster_fits(void **state)
{
    (void)state;
    struct config config;
    struct problems problems = {0};
    struct venue *venue = load(&config);
    struct paging *paging = NULL;
    assert_true(paging_load(EXPO "paging.yaml", &paging, &problems));
    assert_true(paging_fit(paging, venue, &problems));
    for (uint32_t i = 0; i < problems_listed(&problems); i++)
        print_error("%u: %s\n", problems.problem[i].line, problems.problem[i].text);
    assert_int_equal(problems.count, 0);
    paging_free(paging);
    venue_free(venue);
    config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed_file_is_the_generators),
        cmocka_unit_test(it_is_what_it_says),
        cmocka_unit_test(every_place_for_people_has_a_rule),
        cmocka_unit_test(it_can_be_commanded),
        cmocka_unit_test(borders_are_counted),
        cmocka_unit_test(the_roster_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
