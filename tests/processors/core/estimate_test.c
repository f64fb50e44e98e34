/* estimate: the filter alone, against arithmetic done by hand and against simulated truth. */
#include "processors/core/estimate.h"

#include <stdlib.h>

#include "tests/support/support.h"

enum { MINUTE_MS = 60000 };

static int64_t half_width(const struct estimate *e) /* people, rounded up */
{
    return (estimate_sigma(e->var) * ESTIMATE_SIGMAS + 999) / 1000;
}

static int64_t var_of_bound(int64_t bound)
{
    return estimate_var(bound * 1000 / ESTIMATE_SIGMAS);
}

static void level(struct estimate *e, int64_t people, int64_t bound, int64_t now_ms)
{
    struct estimate_level l = {
        .z_milli = people * 1000, .var = var_of_bound(bound), .now_ms = now_ms};
    estimate_level(e, &l);
}

/* 4 % of 1,000 passages: 40 people; and chance, √(0.04 · 1,000) · 2 = 12.6: together 41.9. */
static void test_passages(void **state)
{
    (void)state;
    struct estimate e = estimate_begin(0, 0);
    struct estimate_drift door = {0};
    estimate_passage(&e, &door, 1000, 4);
    assert_int_equal(half_width(&e), 42);
    /* The same in parts: the error of one door is the same for all of its passages. */
    struct estimate parts = estimate_begin(0, 0);
    struct estimate_drift same = {0};
    for (int i = 0; i < 100; i++)
        estimate_passage(&parts, &same, 10, 4);
    assert_in_range(half_width(&parts), 42, 43);
    /* Four doors of 250 passages err each their own way: 20 and 12.6 make 23.7. */
    struct estimate four = estimate_begin(0, 0);
    struct estimate_drift doors[4] = {{0}};
    for (int i = 0; i < 4; i++)
        estimate_passage(&four, &doors[i], 250, 4);
    assert_int_equal(half_width(&four), 24);
}

/* The first level says where it began, with its own bound; a camera that repeats itself is not
 * surer than it is. */
static void test_repeating_proves_nothing(void **state)
{
    (void)state;
    struct estimate e = estimate_begin(0, 0);
    for (int i = 0; i < 720; i++) { /* an hour, every 5 s */
        level(&e, 8050, 100, i * INT64_C(5000));
        struct estimate_fused f = estimate_fuse(&e, var_of_bound(100));
        assert_false(f.conflict);
        assert_int_equal(f.x_milli, 8050000);
        assert_int_equal(estimate_sigma(f.var), 50000);
    }
}

/* 1,000 ± 60 by the doors, 1,040 ± 80 by the camera: 3,600 : 6,400 for the doors. Both have
 * smoothed to what they say. */
static void test_two_witnesses(void **state)
{
    (void)state;
    struct estimate e = estimate_begin(0, 0);
    estimate_anchor(&e, 1000000, 30000);
    level(&e, 1040, 80, 0);
    struct estimate_fused f = estimate_fuse(&e, var_of_bound(80));
    assert_int_equal(f.x_milli, 1000000 + 40000 * 3600 / 10000);
    assert_int_equal(estimate_sigma(f.var), 24000); /* 60 · 80 / 100 = 48 people */
    /* 100 apart, twice what 50 (of 30 and 40) explain: twice the bound. */
    estimate_anchor(&e, 1000000, 30000);
    level(&e, 1100, 80, 5000);
    level(&e, 1100, 80, 600000000); /* smoothed */
    f = estimate_fuse(&e, var_of_bound(80));
    assert_false(f.conflict);
    assert_in_range(estimate_sigma(f.var), 47900, 48100);
}

/* Noise of the camera is smoothed away; movement that the doors report late is not. */
static void test_smooth_without_lag(void **state)
{
    (void)state;
    struct estimate e = estimate_begin(0, 0);
    level(&e, 1000, 100, 0);
    for (int i = 1; i <= 200; i++)
        level(&e, i % 2 ? 1040 : 960, 100, i * INT64_C(5000));
    int64_t x = estimate_fuse(&e, var_of_bound(100)).x_milli;
    assert_in_range(x, 985000, 1015000);
    level(&e, 3000, 100, 1005000); /* the bound's noise is ±50 */
    assert_in_range(estimate_fuse(&e, var_of_bound(100)).x_milli, 2950000, 3000000);
}

/* What the doors missed grows; the level's bound limits it. At night the hall is nearly empty, and
 * the doors begin anew from there. */
static void test_begins_anew_when_empty(void **state)
{
    (void)state;
    struct estimate e = estimate_begin(0, 0);
    struct estimate_drift door = {0};
    estimate_anchor(&e, 0, 0);
    estimate_passage(&e, &door, 20000, 4);
    assert_true(half_width(&e) > 800);
    level(&e, 30, 30, 5000);
    assert_in_range(estimate_sigma(estimate_fuse(&e, var_of_bound(30)).var), 14900, 15000);
    level(&e, 0, 1, 10000);
    assert_int_equal(half_width(&e), 1);
    assert_int_equal(e.x_milli, 0);
    estimate_passage(&e, &door, 1000, 4); /* 4 % of these, not of 21,000 */
    assert_in_range(half_width(&e), 42, 43);
    level(&e, 1000, 50, 15000); /* the doors are no second opinion of where they began */
    assert_true(estimate_fuse(&e, var_of_bound(50)).var >= var_of_bound(1));
}

/* 1,000 by the doors, give or take 10; the camera says 200 ± 20, or 5,000 ± 100. Somebody is badly
 * wrong: the bound covers both until somebody counts. */
static void test_conflict_covers_both(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        int64_t shown = i ? 5000 : 200, bound = i ? 100 : 20;
        struct estimate e = estimate_begin(0, 0);
        estimate_anchor(&e, 1000000, 5000);
        level(&e, shown, bound, 5000);
        struct estimate_fused f = estimate_fuse(&e, var_of_bound(bound));
        int64_t half = estimate_sigma(f.var) * ESTIMATE_SIGMAS;
        assert_true(f.conflict);
        assert_int_equal(f.x_milli, shown * 1000);
        assert_true(f.x_milli + half >= 1000000 + 10000 && f.x_milli - half <= 1000000 - 10000);
        estimate_anchor(&e, shown * 1000, 0);
        level(&e, shown, bound, 10000);
        assert_false(estimate_fuse(&e, var_of_bound(bound)).conflict);
    }
}

/* Without levels the doors go on from what was believed. */
static void test_level_lost(void **state)
{
    (void)state;
    struct estimate e = estimate_begin(0, 0);
    estimate_anchor(&e, 1000000, 30000);
    level(&e, 1040, 80, 0);
    estimate_level_lost(&e, var_of_bound(80));
    assert_int_equal(e.x_milli, 1014400);
    assert_int_equal(half_width(&e), 48);
    assert_int_equal(estimate_fuse(&e, 1).x_milli, 1014400);
}

static void test_sum_sigma(void **state)
{
    (void)state;
    /* Three of 10 people each: √300 when each errs its own way, 30 when all alike. */
    int64_t var = 3 * estimate_var(10000);
    assert_in_range(estimate_sum_sigma(30000, var, 0), 17320, 17322);
    assert_int_equal(estimate_sum_sigma(30000, var, 100), 30000);
    /* As many parts as a venue may have sensors, each of them absurd: no overflow. */
    assert_int_equal(estimate_part_var(1000), estimate_var(1000));
    assert_true(estimate_part_var(INT64_C(30000000000)) <= INT64_MAX / 262144);
}

/* ---- against truth --------------------------------------------------------------------------- */

static uint64_t random_next(uint64_t *r)
{
    *r ^= *r << 13;
    *r ^= *r >> 7;
    *r ^= *r << 17;
    return *r * UINT64_C(2685821657736338717);
}

static double random_unit(uint64_t *r) /* -1 … 1 */
{
    return (double)(random_next(r) >> 11) / 4503599627370496.0 - 1;
}

struct run {
    int64_t steps, inside, sum_off, sum_off_doors, sum_off_camera;
};

/* A day of a hall: two doors that each miss their own 0 to 5 %, a camera with a bias of up to 4 %
 * and noise of 2 %. */
static void day(uint64_t seed, struct run *run)
{
    uint64_t r = seed * 0x9e3779b97f4a7c15u + 1;
    struct estimate e = estimate_begin(0, 0);
    struct estimate_drift door[2] = {{0}};
    double in_keep = 1 + random_unit(&r) * 0.025 - 0.025,
           out_keep = 1 + random_unit(&r) * 0.025 - 0.025;
    double camera = 1 + random_unit(&r) * 0.04, in_part = 0, out_part = 0;
    int64_t truth = 0, doors = 0;
    for (int64_t minute = 0; minute < 600; minute++) {
        int64_t in =
            minute < 300 ? 20 + (int64_t)(random_next(&r) % 30) : (int64_t)(random_next(&r) % 20);
        int64_t out = (int64_t)(random_next(&r) % (uint64_t)(minute < 300 ? 15 : 40));
        out = out < truth + in ? out : truth + in;
        truth += in - out;
        in_part += (double)in * in_keep;
        out_part += (double)out * out_keep;
        int64_t seen_in = (int64_t)in_part, seen_out = (int64_t)out_part;
        in_part -= (double)seen_in;
        out_part -= (double)seen_out;
        doors += seen_in - seen_out;
        e.x_milli += (seen_in - seen_out) * 1000;
        estimate_passage(&e, &door[0], seen_in, 4);
        estimate_passage(&e, &door[1], seen_out, 4);
        estimate_age(&e, 1);
        int64_t shown = (int64_t)((double)truth * camera * (1 + random_unit(&r) * 0.02));
        level(&e, shown, shown * 5 / 100 + 1, minute * MINUTE_MS);
        struct estimate_fused f = estimate_fuse(&e, var_of_bound(shown * 5 / 100 + 1));
        int64_t off = llabs(f.x_milli / 1000 - truth);
        run->steps++;
        run->inside += off <= (estimate_sigma(f.var) * ESTIMATE_SIGMAS + 999) / 1000;
        run->sum_off += off;
        run->sum_off_doors += llabs(doors - truth);
        run->sum_off_camera += llabs(shown - truth);
    }
}

static void test_truth(void **state)
{
    (void)state;
    struct run run = {0};
    for (uint64_t seed = 1; seed <= 40; seed++)
        day(seed, &run);
    print_message(
        "inside the bound %.1f %%, mean error %.1f; doors alone %.1f, camera alone %.1f\n",
        (double)run.inside * 100 / (double)run.steps, (double)run.sum_off / (double)run.steps,
        (double)run.sum_off_doors / (double)run.steps,
        (double)run.sum_off_camera / (double)run.steps);
    assert_true(run.inside * 100 >= run.steps * 93);
    assert_true(run.sum_off < run.sum_off_doors && run.sum_off < run.sum_off_camera);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passages),
        cmocka_unit_test(test_repeating_proves_nothing),
        cmocka_unit_test(test_two_witnesses),
        cmocka_unit_test(test_smooth_without_lag),
        cmocka_unit_test(test_begins_anew_when_empty),
        cmocka_unit_test(test_conflict_covers_both),
        cmocka_unit_test(test_level_lost),
        cmocka_unit_test(test_sum_sigma),
        cmocka_unit_test(test_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
