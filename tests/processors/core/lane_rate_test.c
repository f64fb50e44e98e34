/* lane_rate: what a lane serves, learnt from what it does. */
#include "processors/core/lane_rate.h"

#include "tests/support/support.h"

struct step {
    int64_t lanes;
    bool waiting;
    int64_t after_s; /* the next message comes so much later … */
    int64_t served;  /* … and tells of so many */
    double want;     /* people a minute and lane, after it */
};

struct story {
    const char *what;
    double base;
    struct step step[6]; /* ends with after_s 0 */
};

static const struct story stories[] = {
    {"the best minute it has shown: 30 / 2 lanes",
     11,
     {{2, false, 60, 30, 15}, {2, false, 60, 20, 15 - 4.0 / 64}}},
    {"the same again proves it again", 11, {{2, false, 60, 30, 15}, {2, false, 60, 30, 15}}},
    {"fewer came: proves nothing", 11, {{2, false, 60, 10, 11}, {2, false, 60, 2, 11}}},
    {"people waited: a quarter of the way each minute, 11 → 9 → …",
     11,
     {{2, true, 60, 6, 11 - 8.0 / 4}, {2, true, 60, 6, 9 - 6.0 / 4}}},
    {"and up: 11 → 13", 11, {{2, true, 60, 38, 11 + 8.0 / 4}}},
    {"a report of five minutes is five minutes", 11, {{2, false, 300, 150, 15}}},
    {"a measure needs a minute: 20 + 20 in 60 s, not 20 in 30 s",
     11,
     {{1, false, 30, 20, 11}, {1, false, 30, 20, 40}}},
    {"one of over 15 min is dropped", 11, {{1, false, 901, 900, 11}, {1, false, 60, 20, 20}}},
    {"another lane opens meanwhile: no measure; the next message begins one",
     11,
     {{1, false, 30, 20, 11}, {2, false, 30, 40, 11}, {2, false, 60, 40, 20}}},
    {"never over four times of the base", 11, {{1, false, 60, 100, 44}}},
    {"nor under a quarter: 10 → 7.5 → 5.6 → 4.2 → 3.2 → 2.5",
     10,
     {{1, true, 60, 0, 7.5},
      {1, true, 60, 0, 5.625},
      {1, true, 60, 0, 4.21875},
      {1, true, 60, 0, 3.1640625},
      {1, true, 60, 0, 2.5}}},
    {"no lane open: nothing to divide by", 11, {{0, true, 60, 30, 11}}},
};

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        const struct story *story = &stories[i];
        struct lane_rate rate;
        int64_t at_ms = 1000000;
        lane_rate_begin(&rate, story->base);
        lane_rate_second(&rate, story->step[0].lanes, story->step[0].waiting);
        lane_rate_served(&rate, story->base, at_ms,
                         1000); /* begins the measure: of when, nobody knows */
        for (int k = 0; k < 6 && story->step[k].after_s; k++) {
            const struct step *step = &story->step[k];
            for (int64_t s = 0; s < step->after_s; s++)
                lane_rate_second(&rate, step->lanes, step->waiting);
            at_ms += step->after_s * 1000;
            lane_rate_served(&rate, story->base, at_ms, step->served);
            if (!(rate.per_min > step->want - 1e-9 && rate.per_min < step->want + 1e-9))
                print_error("%s: step %d: %f, not %f\n", story->what, k, rate.per_min, step->want);
            assert_true(rate.per_min > step->want - 1e-9 && rate.per_min < step->want + 1e-9);
        }
    }
}

/* One second in which nobody waited: the lanes may have had time to lose. */
static void test_waiting_all_the_while(void **state)
{
    (void)state;
    struct lane_rate rate;
    lane_rate_begin(&rate, 11);
    lane_rate_second(&rate, 1, true);
    lane_rate_served(&rate, 11, 0, 0);
    for (int s = 1; s <= 60; s++)
        lane_rate_second(&rate, 1, s != 30);
    lane_rate_served(&rate, 11, 60000, 3);
    assert_true(rate.per_min > 10.999);
    for (int s = 1; s <= 60; s++) /* the next minute is another */
        lane_rate_second(&rate, 1, true);
    lane_rate_served(&rate, 11, 120000, 3);
    assert_true(rate.per_min > 8.999 && rate.per_min < 9.001);
}

/* Half of what was shown once is forgotten in 44 busy minutes: 63/64 to the 44th is 0.5. */
static void test_forgets(void **state)
{
    (void)state;
    struct lane_rate rate;
    lane_rate_begin(&rate, 10);
    lane_rate_second(&rate, 1, false);
    lane_rate_served(&rate, 10, 0, 0);
    for (int64_t minute = 1; minute <= 45; minute++) {
        lane_rate_second(&rate, 1, false);
        lane_rate_served(&rate, 10, minute * 60000, minute == 1 ? 20 : 1);
    }
    assert_true(rate.per_min > 14.99 && rate.per_min < 15.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_waiting_all_the_while),
        cmocka_unit_test(test_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
