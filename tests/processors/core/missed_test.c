/* missed: the account of a door that was silent, and what it does to a zone's bound. */
#include "processors/core/missed.h"

#include "processors/core/estimate.h"
#include "tests/support/support.h"

enum { MINUTE_MS = 60000, START_MS = 1000 * MISSED_HALF_MS };

/* A door that reports every 5 s; per_min is a multiple of 12. */
static int64_t run(struct missed *m, int64_t from_ms, int64_t minutes, int64_t per_min)
{
    int64_t milli[2], at_ms = from_ms;
    for (; at_ms < from_ms + minutes * MINUTE_MS; at_ms += 5000) {
        missed_seen(m, at_ms, per_min / 12, 0);
        if (m->open) {
            (void)missed_accrue(m, at_ms, milli);
            missed_told(m, at_ms, per_min / 12, 0, milli);
        }
    }
    return at_ms;
}

/* pace before, silence, what its first message brings, pace after, minutes of it → feared, rise */
struct outage {
    int64_t before, minutes, backlog, after, spoken_min;
    int64_t feared, rise;
};

static const struct outage outages[] = {
    {60, 10, 0, 60, 5, 600, 0},
    {60, 10, 600, 60, 5, 0, 0},   /* all of it was kept */
    {60, 10, 200, 60, 5, 400, 0}, /* a part */
    {60, 10, 0, 12, 5, 648, 0},   /* fewer come now: one minute's difference is feared, too */
    {12, 120, 0, 60, 5, 1392, 48},
    {0, 120, 0, 60, 5, 0, 60}, /* nobody came before: the pace after tells */
    {60, 10, 0, 60, 4, 600, 0},
};

static void test_account(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outages / sizeof outages[0]; i++) {
        const struct outage *o = &outages[i];
        struct missed m = {0};
        int64_t milli[2], rise[2];
        int64_t heard_ms = run(&m, START_MS, 10, o->before) - 5000;
        missed_begin(&m, heard_ms);
        assert_int_equal(missed_accrue(&m, heard_ms + 30000, milli), 30000);
        int64_t back_ms = heard_ms + o->minutes * MINUTE_MS;
        assert_int_equal(missed_accrue(&m, back_ms, milli), o->minutes * MINUTE_MS - 30000);
        missed_back(&m, back_ms);
        missed_told(&m, back_ms, o->backlog, 0, milli);
        int64_t now_ms = run(&m, back_ms + 5000, o->spoken_min, o->after);
        bool over = o->spoken_min >= 5;
        assert_int_equal(missed_over(&m, now_ms), over);
        int64_t off = m.feared_milli[0] - o->feared * 1000;
        if (off < -10000 || off > 10000)
            fail_msg("outage %zu: %lld feared", i, (long long)m.feared_milli[0]);
        missed_rise_milli(&m, rise);
        if (over && (rise[0] < o->rise * 1000 - 2000 || rise[0] > o->rise * 1000 + 2000))
            fail_msg("outage %zu: rise %lld", i, (long long)rise[0]);
        assert_int_equal(m.feared_milli[1], 0);
    }
}

/* Silent again before the account is closed: it goes on, by the pace there was. */
static void test_again(void **state)
{
    (void)state;
    struct missed m = {0};
    int64_t milli[2], heard_ms = run(&m, START_MS, 10, 60) - 5000;
    missed_begin(&m, heard_ms);
    (void)missed_accrue(&m, heard_ms + 5 * MINUTE_MS, milli);
    missed_back(&m, heard_ms + 5 * MINUTE_MS);
    missed_told(&m, heard_ms + 5 * MINUTE_MS, 1, 0, milli);
    assert_int_equal(milli[0], 1000);
    missed_begin(&m, heard_ms + 5 * MINUTE_MS);
    (void)missed_accrue(&m, heard_ms + 10 * MINUTE_MS, milli);
    assert_in_range(m.feared_milli[0], 595000, 615000);
    assert_false(missed_over(&m, heard_ms + 60 * MINUTE_MS));
    missed_told_all(&m, milli);
    assert_in_range(milli[0], 595000, 615000);
    assert_false(m.open);
    assert_int_equal(m.feared_milli[0], 0);
}

/* One that has told nothing for long has no pace. */
static void test_old_pace(void **state)
{
    (void)state;
    struct missed m = {0};
    int64_t milli[2], last_ms = run(&m, START_MS, 10, 60) - 5000;
    missed_seen(&m, last_ms + 3 * MISSED_HALF_MS, 0, 0);
    missed_begin(&m, last_ms + 3 * MISSED_HALF_MS);
    (void)missed_accrue(&m, last_ms + 10 * MISSED_HALF_MS, milli);
    assert_int_equal(milli[0], 0);
}

/* Of one door they add up, of several their squares do; what is taken off is off; an anchor ends
 * it. */
static void test_bound(void **state)
{
    (void)state;
    struct estimate e = estimate_begin(500000, 0);
    struct estimate_missed one = {0}, other = {0};
    estimate_missed(&e, &one, (const int64_t[2]){100000, 20000});
    estimate_missed(&e, &one, (const int64_t[2]){200000, 20000});
    assert_int_equal(estimate_sigma(e.var) * ESTIMATE_SIGMAS, 300000);
    estimate_missed(&e, &other, (const int64_t[2]){100000, 400000});
    assert_int_equal(estimate_sigma(e.var) * ESTIMATE_SIGMAS, 500000);
    estimate_missed(&e, &other, (const int64_t[2]){-200000, -400000});
    assert_int_equal(estimate_sigma(e.var) * ESTIMATE_SIGMAS, 300000);
    estimate_anchor(&e, 400000, 5000);
    estimate_missed(&e, &one, (const int64_t[2]){12000, 0});
    assert_int_equal(one.milli[0], 12000);
    assert_int_equal(estimate_sigma(e.var), 7811); /* 5 and 6 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_old_pace),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
