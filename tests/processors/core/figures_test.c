/* figures: the sums over the flood's window and the last day against counting again each time. */
#include "processors/core/figures.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

enum { BEGUN_MAX = 20000, STEPS = 3000, DAY_MINUTES = 24 * 60 };

struct counted {
    int64_t second[BEGUN_MAX]; /* in which an alert began */
    uint32_t count;
};

static uint64_t random_next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void same(const struct figures *f, const struct counted *c, int64_t flood_s, int64_t now_s)
{
    int64_t begun = 0, day = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        begun += c->second[i] > now_s - flood_s;
        day += c->second[i] / 60 > now_s / 60 - DAY_MINUTES;
    }
    assert_int_equal(f->begun, begun);
    assert_int_equal(f->begun_day, day);
}

static void begin(struct figures *f, struct counted *c, const struct venue_settings *settings,
                  int64_t second)
{
    assert_true(c->count < BEGUN_MAX);
    c->second[c->count++] = second;
    figures_begun(f, settings, second * 1000 + 999);
}

/* Seconds, hours and days go by, and alerts begin in between. */
static void test_against_counting(void **state)
{
    (void)state;
    static const int64_t floods_s[] = {60, 61, 600, 3599, 3600};
    struct figures *f = malloc(sizeof *f), *again = malloc(sizeof *again);
    struct counted *c = malloc(sizeof *c);
    assert_true(f && again && c);
    for (size_t k = 0; k < sizeof floods_s / sizeof floods_s[0]; k++) {
        struct venue_settings settings = venue_settings_default();
        settings.flood_ms = floods_s[k] * 1000;
        uint64_t seed = 7 + k;
        int64_t now_s = 1795424400;
        figures_start(f, now_s);
        c->count = 0;
        for (int step = 0; step < STEPS; step++) {
            static const int64_t leaps_s[] = {1, 1, 1, 2, 30, 59, 60, 61, 600, 3599, 3600, 7200};
            uint64_t r = random_next(&seed);
            now_s += r % 500 == 0 ? 86399 + (int64_t)(r / 500 % 3)
                                  : leaps_s[r % (sizeof leaps_s / sizeof leaps_s[0])];
            figures_to(f, &settings, now_s);
            same(f, c, floods_s[k], now_s);
            for (uint64_t n = random_next(&seed) % 4; n; n--)
                begin(f, c, &settings, now_s);
            same(f, c, floods_s[k], now_s);
        }
        memcpy(again, f, sizeof *f); /* as a snapshot brings it back */
        again->begun = again->begun_day = -1;
        figures_derive(again, &settings);
        assert_memory_equal(again, f, sizeof *f);
    }
    free(c);
    free(again);
    free(f);
}

/* Another venue file asks for another window: the sums follow. */
static void test_another_window(void **state)
{
    (void)state;
    struct figures *f = malloc(sizeof *f);
    assert_non_null(f);
    struct venue_settings settings = venue_settings_default();
    figures_start(f, 1000000);
    for (int64_t s = 0; s < 600; s++)
        figures_begun(f, &settings, (1000000 + s) * 1000);
    assert_int_equal(f->begun, 600);
    settings.flood_ms = 60000;
    figures_derive(f, &settings);
    assert_int_equal(f->begun, 60);
    assert_int_equal(f->begun_day, 600);
    settings.flood_ms = 3600000;
    figures_derive(f, &settings);
    assert_int_equal(f->begun, 600);
    figures_to(f, &settings, 1000000 + 3600);
    assert_int_equal(f->begun, 599); /* the first of them is an hour ago */
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_counting),
        cmocka_unit_test(test_another_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
