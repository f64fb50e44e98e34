/* skew: which offsets are a clock's, and which are the way's or a backlog's. */
#include "processors/core/skew.h"

#include "tests/support/support.h"

enum { START_MS = 1000000 };

/* so many messages, one every so many ms, the first with this offset, each so much more than the
 * one before → offset in force then */
struct stretch {
    int64_t count, every_ms, first_ms, step_ms, expected_ms;
};

static const struct stretch stretches[][4] = {
    {{13, 5000, 240000, 0, 240000}},
    {{12, 5000, 240000, 0, 0}}, /* a minute is not over */
    {{4, 60000, 240000, 0, 240000}},
    {{3, 60000, 240000, 0, 0}}, /* too few */
    {{13, 5000, -3600000, 0, -3600000}},
    {{13, 5000, 4999, 0, 0}}, /* the way's */
    {{13, 5000, 5000, 0, 5000}},
    {{13, 5000, 240000, 400, 240000}}, /* the way varies: the least of it */
    {{13, 5000, 244800, -400, 240000}},
    /* a backlog, sent ten times as fast and hardly faster than it was made */
    {{100, 500, 1200000, -4500, 0}, {20, 5000, 100, 0, 0}},
    {{100, 4000, 1200000, -1000, 0}},
    /* set right; set wrong again; strays between */
    {{13, 5000, 240000, 0, 240000}, {12, 5000, 100, 0, 240000}, {1, 5000, 100, 0, 0}},
    {{13, 5000, 100, 0, 0}, {7, 5000, 240000, 0, 0}, {13, 5000, 240000, 0, 240000}},
    {{13, 5000, 240000, 0, 240000},
     {7, 5000, 900000, 0, 240000},
     {1, 5000, 240000, 0, 240000},
     {7, 20000, 900000, 0, 240000}},
    /* held for minutes, now and then, as it begins: still a run */
    {{6, 5000, 240000, 0, 0}, {3, 5000, 400000, 0, 0}, {4, 5000, 240000, 0, 240000}},
};

static void test_offsets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stretches / sizeof stretches[0]; i++) {
        struct skew skew = {0};
        int64_t now_ms = START_MS;
        for (size_t k = 0; k < 4 && stretches[i][k].count; k++) {
            const struct stretch *s = &stretches[i][k];
            for (int64_t n = 0; n < s->count; n++, now_ms += s->every_ms)
                skew_note(&skew, now_ms, s->first_ms + n * s->step_ms);
            if (skew.offset_ms != s->expected_ms)
                fail_msg("case %zu, stretch %zu: %lld", i, k, (long long)skew.offset_ms);
        }
    }
}

/* A live run of 13, then so many messages of such offsets: was the clock set back? */
struct step_back {
    int64_t count, every_ms, first_ms, step_ms;
    bool expected;
};

static const struct step_back steps_back[] = {
    {11, 5000, 3600000, 0, true},      {10, 5000, 3600000, 0, false}, /* too few */
    {11, 5000, 3600000, 100, true},                                   /* the way varies */
    {11, 5000, 4000, 0, false},        /* out of order, and no more */
    {60, 500, 1200000, -4500, false},  /* a backlog */
    {60, 4000, 1200000, -1000, false}, /* hardly faster than it was made */
    {60, 5000, -3600000, 0, false},    /* set ahead: what went before is past */
};

static void test_set_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof steps_back / sizeof steps_back[0]; i++) {
        const struct step_back *s = &steps_back[i];
        struct skew skew = {0};
        int64_t now_ms = START_MS, newest_ms = 0;
        bool ever = false;
        for (int64_t n = 0; n < 13; n++, now_ms += 5000) {
            skew_note(&skew, now_ms, 100);
            newest_ms = now_ms - 100;
            assert_false(skew_set_back(&skew, now_ms, newest_ms));
        }
        for (int64_t n = 0; n < s->count; n++, now_ms += s->every_ms) {
            skew_note(&skew, now_ms, s->first_ms + n * s->step_ms);
            ever = ever || skew_set_back(&skew, now_ms, newest_ms);
        }
        if (ever != s->expected)
            fail_msg("case %zu: %d", i, ever);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_offsets),
                                       cmocka_unit_test(test_set_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
