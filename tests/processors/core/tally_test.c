/* tally: a window of counts and of the time they are known for, against counting it all anew. */
#include "processors/core/tally.h"

#include "tests/support/support.h"

enum { WINDOW_MS = 300000, WIDTH_MS = 10000, EVENTS = 4000 };

static const int64_t start_ms = INT64_C(1795424400000); /* a whole number of buckets */

static uint32_t below(uint64_t *random, uint32_t n)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*random >> 33) % n);
}

static void test_width(void **state)
{
    (void)state;
    static const struct {
        int64_t window_s, width_s;
    } cases[] = {{300, 10}, {60, 2}, {900, 30}, {61, 3}, {90, 3}, {91, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(tally_width_ms(cases[i].window_s * 1000), cases[i].width_s * 1000);
}

/* ---- one by one ------------------------------------------------------------------------------ */

static struct {
    int64_t ts_ms, served, rejects;
} event[EVENTS];

/* Persons one by one, some told a little late, silences in between: at each second the sums are
 * those of the events and of the seconds that were covered, in the 30 whole buckets before. */
static void test_one_by_one(void **state)
{
    (void)state;
    uint64_t random = 7;
    struct tally t;
    int64_t covered_at[EVENTS] = {0}; /* ms of each second that were covered */
    uint32_t events = 0;
    tally_begin(&t, WINDOW_MS, start_ms);
    for (int64_t second = 0; second < 1500; second++) {
        int64_t at_ms = start_ms + second * 1000;
        bool silent = second % 400 > 330, was = t.covered_to_ms != TALLY_NEVER;
        tally_to(&t, at_ms);
        if (silent) {
            tally_break(&t);
        } else {
            tally_cover(&t, at_ms);
            if (was)
                covered_at[second - 1] = 1000;
        }
        int64_t first = at_ms / WIDTH_MS - TALLY_BUCKETS, end = at_ms / WIDTH_MS, served = 0,
                rejects = 0, covered = 0;
        for (uint32_t i = 0; i < events; i++) {
            int64_t bucket = event[i].ts_ms / WIDTH_MS;
            served += bucket >= first && bucket < end ? event[i].served : 0;
            rejects += bucket >= first && bucket < end ? event[i].rejects : 0;
        }
        for (int64_t i = 0; i < second; i++) {
            int64_t bucket = (start_ms + i * 1000) / WIDTH_MS;
            covered += bucket >= first && bucket < end ? covered_at[i] : 0;
        }
        assert_int_equal(t.served, served);
        assert_int_equal(t.rejects, rejects);
        assert_int_equal(t.covered_ms, covered);
        struct tally derived = t;
        tally_derive(&derived);
        assert_memory_equal(&derived, &t, sizeof t);
        for (uint32_t n = silent ? 0 : below(&random, 4); n; n--) {
            int64_t back_ms = below(&random, 5) ? below(&random, 900) : below(&random, 400000);
            if (at_ms - back_ms < start_ms || events == EVENTS)
                continue;
            event[events].ts_ms = at_ms - back_ms;
            event[events].served = below(&random, 3);
            event[events].rejects = below(&random, 2);
            tally_add(&t, event[events].ts_ms, event[events].served, event[events].rejects);
            if (event[events].ts_ms / WIDTH_MS >= at_ms / WIDTH_MS - TALLY_BUCKETS)
                events++; /* else it had left the window */
        }
    }
    assert_true(events > 1000);
}

/* ---- reports --------------------------------------------------------------------------------- */

/* 20 people a minute, whatever the reports' period and however late each is: the rate is 20, never
 * 0 or 40 for a window that happens to hold no report or two. */
static void test_reports(void **state)
{
    (void)state;
    static const int64_t period_s[] = {1, 7, 10, 30, 60, 90, 240, 300};
    for (size_t i = 0; i < sizeof period_s / sizeof period_s[0]; i++) {
        uint64_t random = i;
        struct tally t;
        int64_t next_s = 0, last_s = 0, told = 0;
        tally_begin(&t, WINDOW_MS, start_ms);
        for (int64_t second = 0; second < 3600; second++) {
            int64_t at_ms = start_ms + second * 1000;
            tally_to(&t, at_ms);
            if (second == next_s) {
                int64_t all = second * 20 / 60; /* since the begin */
                tally_report(&t, at_ms, all - told, 0);
                told = all;
                last_s = second;
                next_s += period_s[i] < 10 || period_s[i] == 300
                              ? period_s[i]
                              : period_s[i] - 5 + below(&random, 11);
            }
            if (last_s < 900)
                continue;
            double per_min = (double)t.served * 60000 / (double)t.covered_ms;
            if (t.covered_ms >= 60000 && !(per_min > 19 && per_min < 21)) {
                print_error("every %d s, second %d: %f\n", (int)period_s[i], (int)second, per_min);
                fail();
            }
            /* Nothing is known of the time since the last report, and all of the window before it.
             */
            int64_t whole_to_s = second / 10 * 10,
                    known_s = last_s < whole_to_s ? last_s : whole_to_s;
            assert_int_equal(t.covered_ms, (known_s - (whole_to_s - 300)) * 1000);
        }
    }
}

struct report {
    const char *what;
    int64_t at_s[4], served[4]; /* ends with a served of -1 */
    int64_t seen_at_s, want_served, want_covered_s;
};

static const struct report reports[] = {
    {"the first one only begins", {0}, {50, -1}, 60, 0, 0},
    {"60 people in 60 s: 10 in each 10 s", {0, 60}, {50, 60, -1}, 60, 60, 60},
    {"the same with the running bucket left out", {0, 65}, {0, 65, -1}, 69, 60, 60},
    {"7 people in 30 s: all of them", {0, 30}, {0, 7, -1}, 30, 7, 30},
    {"two reports for the same time", {0, 30, 30}, {0, 7, 5, -1}, 40, 12, 30},
    {"one that comes after a newer one", {0, 30, 20}, {0, 7, 5, -1}, 30, 12, 30},
    {"after a window without any, what it tells of is too old to say when",
     {0, 301},
     {0, 600, -1},
     310,
     0,
     0},
    {"a whole window", {0, 300}, {0, 600, -1}, 300, 600, 300},
    {"and as it leaves", {0, 300}, {0, 600, -1}, 330, 540, 270},
};

static void test_report_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        const struct report *r = &reports[i];
        struct tally t;
        int64_t now_s = 0;
        tally_begin(&t, WINDOW_MS, start_ms);
        for (int k = 0; k < 4 && r->served[k] >= 0; k++) {
            now_s = r->at_s[k] > now_s ? r->at_s[k] : now_s;
            tally_to(&t, start_ms + now_s * 1000);
            tally_report(&t, start_ms + r->at_s[k] * 1000, r->served[k], 0);
        }
        tally_to(&t, start_ms + r->seen_at_s * 1000);
        if (t.served != r->want_served || t.covered_ms != r->want_covered_s * 1000)
            print_error("%s: %d served, %d ms\n", r->what, (int)t.served, (int)t.covered_ms);
        assert_int_equal(t.served, r->want_served);
        assert_int_equal(t.covered_ms, r->want_covered_s * 1000);
    }
}

/* After a break nothing is known until something is said again. */
static void test_break(void **state)
{
    (void)state;
    struct tally t;
    tally_begin(&t, WINDOW_MS, start_ms);
    tally_report(&t, start_ms, 0, 0);
    tally_to(&t, start_ms + 100000);
    tally_break(&t);
    tally_report(&t, start_ms + 100000, 500, 0);
    tally_to(&t, start_ms + 120000);
    tally_report(&t, start_ms + 120000, 20, 4);
    assert_int_equal(t.served, 20);
    assert_int_equal(t.rejects, 4);
    assert_int_equal(t.covered_ms, 20000);
    tally_to(&t, start_ms + 10000000); /* hours later: nothing is left */
    assert_int_equal(t.served + t.rejects + t.covered_ms, 0);
}

/* ---- who waits ------------------------------------------------------------------------------- */

static void test_growth(void **state)
{
    (void)state;
    struct tally t;
    double per_min = 0;
    tally_begin(&t, WINDOW_MS, start_ms);
    assert_false(tally_growth(&t, &per_min));
    for (int64_t second = 0; second <= 600; second++) {
        /* 100, and 2 more each second for five minutes; then 90 s of nobody counting; then 1 less
         * each second. */
        int64_t people = second < 300 ? 100 + 2 * second : 1000 - second;
        if (second < 300 || second >= 390)
            tally_waiting(&t, people);
        tally_to(&t, start_ms + second * 1000);
        if (second == 10) /* one bucket has ended: nothing to compare it with */
            assert_false(tally_growth(&t, &per_min));
        if (second == 20 || second == 299) {
            assert_true(tally_growth(&t, &per_min));
            assert_true(per_min > 119.999 && per_min < 120.001);
        }
        if (second == 380) /* the newest bucket has no count */
            assert_false(tally_growth(&t, &per_min));
        /* 560 s ago … of the 300 s before 600 the first with a count ended at 390 with 610; 401 at
         * the newest: −210 in 210 s. */
        if (second == 600) {
            assert_true(tally_growth(&t, &per_min));
            assert_true(per_min > -60.001 && per_min < -59.999);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),   cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_reports), cmocka_unit_test(test_report_table),
        cmocka_unit_test(test_break),   cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
