/* period: what sensors that report in various ways come to, and how long they may keep quiet. */
#include "processors/core/period.h"

#include "tests/support/support.h"

static uint64_t random_state;

static int64_t below(int64_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((random_state >> 33) % (uint64_t)n);
}

/* Sends `count` messages `step_ms` apart, give or take jitter_ms; returns how often it was called
 * silent before the next one came. */
static int send(struct period *p, int64_t *now_ms, int count, int64_t step_ms, int64_t jitter_ms,
                int64_t usual_ms)
{
    int silent = 0;
    for (int i = 0; i < count; i++) {
        int64_t step = step_ms + (jitter_ms ? below(2 * jitter_ms + 1) - jitter_ms : 0);
        silent += p->report_ms != INT64_MIN && step >= period_silence_ms(p, usual_ms);
        *now_ms += step;
        period_heard(p, *now_ms, usual_ms);
    }
    return silent;
}

static const struct steady {
    const char *name;
    int64_t step_ms, jitter_ms, usual_ms;
    int64_t least_ms, most_ms; /* of the period */
    int64_t silence_least_ms, silence_most_ms;
    int silent_max; /* times it is called silent while it is learned */
} steadies[] = {
    {"every second: silent at half of usual", 1000, 0, 30000, 1000, 1000, 15000, 15000, 0},
    {"every 5 s: silent after 17.5 s", 5000, 0, 30000, 5000, 5000, 17500, 17500, 0},
    {"every 5 s with jitter", 5000, 700, 30000, 4300, 5700, 15050, 19950, 0},
    {"every 10 s: later than usual", 10000, 0, 30000, 10000, 10000, 35000, 35000, 0},
    {"every minute: called silent once", 60000, 1000, 30000, 53000, 61000, 185500, 213500, 1},
    {"every 3 min: twice", 180000, 0, 30000, 157000, 180000, 549500, 630000, 2},
    {"every 10 min: 15 min at most", 600000, 0, 30000, 500000, 600000, 900000, 900000, 4},
    {"ten a second are one report a second", 100, 0, 30000, 1000, 1100, 15000, 15000, 0},
    {"a gate every 5 s", 5000, 0, 300000, 5000, 5000, 150000, 150000, 0},
    {"what may be silent for hours stays so", 600000, 0, 7200000, 500000, 600000, 3600000, 3600000,
     0},
};

static void test_steady(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof steadies / sizeof steadies[0]; i++) {
        const struct steady *t = &steadies[i];
        struct period p;
        int64_t now_ms = INT64_C(1795424400000);
        random_state = i + 1;
        period_init(&p);
        assert_int_equal(period_silence_ms(&p, t->usual_ms), t->usual_ms);
        int silent = send(&p, &now_ms, 400, t->step_ms, t->jitter_ms, t->usual_ms);
        int64_t silence_ms = period_silence_ms(&p, t->usual_ms);
        if (silent > t->silent_max || p.said_ms < t->least_ms || p.said_ms > t->most_ms ||
            silence_ms < t->silence_least_ms || silence_ms > t->silence_most_ms) {
            print_error("%s: period %d, silent after %lld, called silent %d times\n", t->name,
                        (int)p.said_ms, (long long)silence_ms, silent);
            fail();
        }
    }
}

/* A door that reports when somebody passes: silence never comes sooner than usual. */
static void test_irregular(void **state)
{
    (void)state;
    struct period p;
    int64_t now_ms = 0;
    random_state = 5;
    period_init(&p);
    for (int i = 0; i < 2000; i++) {
        int64_t step_ms = below(4) ? below(3000) : below(25000);
        now_ms += step_ms;
        period_heard(&p, now_ms, 30000);
        assert_true(period_silence_ms(&p, 30000) >= 30000);
    }
    assert_false(p.regular);
}

/* Ten lines at once every minute are reports of a minute. */
static void test_bursts(void **state)
{
    (void)state;
    struct period p;
    int64_t now_ms = 0;
    period_init(&p);
    for (int minute = 0; minute < 60; minute++) {
        now_ms = minute * INT64_C(60000);
        for (int line = 0; line < 10; line++)
            period_heard(&p, now_ms + line * 90, 30000);
    }
    assert_in_range(p.said_ms, 53000, 60000);
    assert_true(p.regular);
    /* A backlog sent within 10 s changes nothing. */
    struct period before = p;
    for (int line = 1; line <= 9; line++)
        period_heard(&p, now_ms + line * 1100, 30000);
    assert_int_equal(p.said_ms, before.said_ms);
    assert_int_equal(p.estimate_ms, before.estimate_ms);
}

static void test_changes(void **state)
{
    (void)state;
    struct period p;
    int64_t now_ms = 0;
    period_init(&p);
    assert_int_equal(send(&p, &now_ms, 50, 5000, 0, 30000), 0);
    /* One lost message, and an outage of 10 min: the limit is soon what it was. */
    assert_int_equal(send(&p, &now_ms, 1, 10000, 0, 30000), 0);
    assert_int_equal(period_silence_ms(&p, 30000), 17500);
    assert_int_equal(send(&p, &now_ms, 1, 600000, 0, 30000), 1);
    assert_true(period_silence_ms(&p, 30000) <= 40000);
    assert_int_equal(send(&p, &now_ms, 12, 5000, 0, 30000), 0);
    assert_int_equal(period_silence_ms(&p, 30000), 30000); /* not trusted yet */
    assert_int_equal(send(&p, &now_ms, 60, 5000, 0, 30000), 0);
    assert_in_range(period_silence_ms(&p, 30000), 15000, 20000);
    /* Now it reports every minute: called silent three times, then no more. */
    assert_in_range(send(&p, &now_ms, 60, 60000, 0, 30000), 1, 3);
    assert_in_range(p.said_ms, 53000, 60000);
    /* And every second again: soon fast. */
    assert_int_equal(send(&p, &now_ms, 60, 1000, 0, 30000), 0);
    assert_in_range(p.said_ms, 1000, 1200);
    /* Across a time in which nobody listened nothing is measured. */
    now_ms += 3600000;
    period_break(&p);
    period_heard(&p, now_ms, 30000);
    assert_in_range(p.said_ms, 1000, 1200);
    assert_int_equal(send(&p, &now_ms, 1, 1000, 0, 30000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady),
        cmocka_unit_test(test_irregular),
        cmocka_unit_test(test_bursts),
        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
