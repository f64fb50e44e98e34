/*
 * score: hand-made days with known figures: errors, bounds, and the four things an alert can be:
 * in time, late, missed, false or early.
 */
#include "tests/quality/score.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

enum { SECONDS = 2000 };

struct day {
    struct site site;
    struct score *score;
    struct figures *figures;
    int hall;
    int32_t red;
    int8_t known;
};

static void day_begin(struct day *day)
{
    day->figures = calloc(1, sizeof *day->figures);
    assert_non_null(day->figures);
    site_init(&day->site);
    day->known = 1;
    day->score = score_new(&day->site, SITE_FUSED, SECONDS);
    day->hall = site_zone_find(&day->site, "hall-1", 6);
    assert_true(day->hall >= 0);
    day->red = (int32_t)day->site.zone[day->hall].enter[3];
    assert_true(day->red > 0);
}

static void day_end(struct day *day)
{
    score_free(day->score);
    free(day->figures);
}

static void say_zone(struct day *day, int64_t occupancy, int64_t half)
{
    union result_any any;
    result_clear(RECORD_ZONE, &any.zone);
    any.zone.zone = STR_LIT("hall-1");
    any.zone.known = day->known;
    any.zone.occupancy = occupancy;
    any.zone.occupancy_lower = occupancy - half;
    any.zone.occupancy_upper = occupancy + half;
    score_result(day->score, RECORD_ZONE, &any);
}

static void say_alert(struct day *day, int level)
{
    union result_any any;
    result_clear(RECORD_ALERT, &any.alert);
    any.alert.zone = STR_LIT("hall-1");
    any.alert.status = STR_LIT("Actual");
    any.alert.level = (int8_t)level;
    score_result(day->score, RECORD_ALERT, &any);
}

static void pass(struct day *day, int32_t people, int seconds)
{
    int32_t all[SITE_ZONES_MAX] = {0};
    all[day->hall] = people;
    for (int i = 0; i < seconds; i++)
        score_second(day->score, all, NULL, true);
}

static void test_errors(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    say_zone(&day, 110, 10);
    pass(&day, 100, 10); /* 10 off, at the edge of the bound */
    pass(&day, 99, 10);  /* 11 off, outside */
    score_end(day.score, 1, day.figures);
    const struct figures_group *halls = &day.figures->group[SITE_HALL];
    assert_float_equal(halls->known, 20, 0);
    assert_float_equal(halls->seconds, 20 * SITE_HALLS, 0);
    assert_float_equal(halls->inside, 10, 0);
    assert_float_equal(halls->half_width / halls->known, 10, 0);
    assert_float_equal(errors_mean(&halls->core), 10.5, 1e-9);
    assert_float_equal(errors_percentile(&halls->core, 50), 10, 0);
    assert_float_equal(errors_percentile(&halls->core, 95), 11, 0);
    day_end(&day);
}

/* Red is true from second 100 on, so due at 110, and over at 500. */
static void red_day(struct day *day, int raised_s)
{
    int32_t calm = day->red / 3;
    say_zone(day, day->red, 10);
    for (int t = 0; t < 600; t++) {
        if (t == raised_s)
            say_alert(day, LEVEL_RED);
        pass(day, t < 100 || t >= 500 ? calm : day->red, 1);
    }
    score_end(day->score, 1, day->figures);
}

static void test_in_time(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    red_day(&day, 105);
    const struct figures_level *red = &day.figures->level[3];
    assert_int_equal(red->episodes, 1);
    assert_int_equal(red->missed, 0);
    assert_int_equal(red->in_time, 1);
    assert_float_equal(red->lead_s, 5, 0);
    assert_float_equal(day.figures->red_s, 390, 0);
    assert_float_equal(day.figures->calm_s, 0, 0);
    assert_int_equal(day.figures->alerts, 1);
    assert_int_equal(day.figures->early + day.figures->false_, 0);
    day_end(&day);
}

static void test_late(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    red_day(&day, 150);
    assert_int_equal(day.figures->level[3].missed, 0);
    assert_int_equal(day.figures->level[3].in_time, 0);
    assert_int_equal(day.figures->level[3].delay[40], 1);
    assert_float_equal(figures_delay(day.figures, 3, 50), 40, 0);
    assert_float_equal(day.figures->calm_s, 40, 0);
    day_end(&day);
}

static void test_missed(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    red_day(&day, -1);
    assert_int_equal(day.figures->level[3].episodes, 1);
    assert_int_equal(day.figures->level[3].missed, 1);
    assert_float_equal(day.figures->calm_s, day.figures->red_s, 0);
    assert_float_equal(figures_delay(day.figures, 3, 50), -1, 0);
    day_end(&day);
}

/* Unknown goes on as the level before: neither missed nor calm. */
static void test_unknown(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    say_zone(&day, day.red, 10);
    pass(&day, 0, 10);
    say_alert(&day, LEVEL_RED);
    say_alert(&day, LEVEL_UNKNOWN);
    assert_int_equal(score_level(day.score, day.hall), -1);
    pass(&day, day.red, 200);
    score_end(day.score, 1, day.figures);
    assert_int_equal(day.figures->level[3].missed, 0);
    assert_float_equal(day.figures->calm_s, 0, 0);
    day_end(&day);
}

/* Time in which the zone says that it does not know is no delay, and no calm. */
static void test_silent(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    say_zone(&day, day.red, 10);
    day.known = 0;
    say_zone(&day, day.red, 10);
    pass(&day, day.red, 50);
    day.known = 1;
    say_zone(&day, day.red, 10);
    pass(&day, day.red, 5);
    say_alert(&day, LEVEL_RED);
    pass(&day, day.red, 50);
    score_end(day.score, 1, day.figures);
    assert_int_equal(day.figures->level[3].unknown, 1);
    assert_int_equal(day.figures->level[3].missed, 0);
    assert_int_equal(day.figures->level[3].delay[5], 1);
    assert_float_equal(day.figures->calm_s, 5, 0);
    assert_float_equal(day.figures->calm_unknown_s, 40, 0); /* 50 less the dwell */
    day_end(&day);
}

/* A touch too short for the dwell is no episode. */
static void test_touch(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    pass(&day, 0, 50);
    pass(&day, day.red, 15);
    pass(&day, 0, 50);
    score_end(day.score, 1, day.figures);
    assert_int_equal(day.figures->level[3].episodes, 0);
    day_end(&day);
}

static void false_day(struct day *day, int32_t people, int64_t half)
{
    pass(day, people, 400);
    say_zone(day, day->red, half);
    say_alert(day, LEVEL_RED);
    pass(day, people, 400);
    score_end(day->score, 1, day->figures);
}

static void test_false(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    false_day(&day, day.red - 100, 99);
    assert_int_equal(day.figures->false_, 1);
    assert_int_equal(day.figures->early, 0);
    day_end(&day);
}

static void test_early(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    false_day(&day, day.red - 100, 100);
    assert_int_equal(day.figures->false_, 0);
    assert_int_equal(day.figures->early, 1);
    day_end(&day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),  cmocka_unit_test(test_in_time),
        cmocka_unit_test(test_late),    cmocka_unit_test(test_missed),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_silent),
        cmocka_unit_test(test_touch),   cmocka_unit_test(test_false),
        cmocka_unit_test(test_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
