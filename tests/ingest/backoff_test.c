/* The pause before a reconnect: a table of steps, and the bounds that every seed must keep. */
#include "ingest/backoff.h"

#include "tests/support/support.h"

static void pauses_double_to_the_cap(void **state)
{
    (void)state;
    /* The n-th pause lies in [half, whole] of the n-th step. */
    static const struct {
        uint32_t max_ms;
        uint32_t step_ms[9];
    } rows[] = {
        {30000, {200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000}},
        {1000, {200, 400, 800, 1000, 1000, 1000, 1000, 1000, 1000}},
        {600000, {200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200}},
        {200, {200, 200, 200, 200, 200, 200, 200, 200, 200}},
        {0, {200, 200, 200, 200, 200, 200, 200, 200, 200}},
        {UINT32_MAX, {200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200}},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        for (uint64_t seed = 0; seed < 200; seed++) {
            struct backoff backoff;
            backoff_start(&backoff, rows[r].max_ms, seed);
            for (size_t n = 0; n < 9; n++) {
                uint32_t pause_ms = backoff_next_ms(&backoff);
                assert_in_range(pause_ms, rows[r].step_ms[n] / 2, rows[r].step_ms[n]);
            }
        }
    }
}

static void endless_failures_stay_at_the_cap(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_start(&backoff, UINT32_MAX, 7);
    for (int n = 0; n < 100; n++)
        assert_in_range(backoff_next_ms(&backoff), 100, UINT32_MAX);
    assert_in_range(backoff_next_ms(&backoff), UINT32_MAX / 2, UINT32_MAX);
}

static void reset_makes_it_short_again(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_start(&backoff, 30000, 1);
    for (int n = 0; n < 20; n++)
        (void)backoff_next_ms(&backoff);
    backoff_reset(&backoff);
    assert_in_range(backoff_next_ms(&backoff), 100, 200);
}

static void seeds_do_not_march_in_step(void **state)
{
    (void)state;
    uint32_t different = 0, first = 0;
    for (uint64_t seed = 0; seed < 64; seed++) {
        struct backoff backoff;
        backoff_start(&backoff, 30000, seed);
        for (int n = 0; n < 10; n++)
            (void)backoff_next_ms(&backoff);
        uint32_t pause_ms = backoff_next_ms(&backoff);
        if (seed == 0)
            first = pause_ms;
        different += pause_ms != first;
    }
    assert_in_range(different, 55, 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_to_the_cap),
        cmocka_unit_test(endless_failures_stay_at_the_cap),
        cmocka_unit_test(reset_makes_it_short_again),
        cmocka_unit_test(seeds_do_not_march_in_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
