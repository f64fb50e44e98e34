#include "tests/support/support.h"

#include <stdlib.h>

#include "processors/core/flow.h"

enum { SECONDS = 1000, STEPS = 4000, FIRST = 1700000000, BEGIN = 100 };

/* What came in each second, and nothing else: what the flow must agree with. */
struct naive {
    int64_t count[SECONDS];
    int64_t now; /* since FIRST */
};

static int64_t naive_sum(const struct naive *n, int64_t at)
{
    int64_t sum = 0;
    for (int64_t s = at > FLOW_SECONDS ? at - FLOW_SECONDS : 0; s <= n->now && s < SECONDS; s++)
        sum += n->count[s];
    return sum;
}

static int64_t naive_next(const struct naive *n)
{
    int64_t sum = naive_sum(n, n->now);
    for (int64_t at = n->now; sum && at <= n->now + FLOW_SECONDS + 1; at++) {
        if (naive_sum(n, at) != sum)
            return FIRST + at;
    }
    return INT64_MAX;
}

static void agrees(const struct flow *f, const struct naive *n)
{
    struct flow again = *f;
    assert_int_equal(f->sum, naive_sum(n, n->now));
    assert_int_equal(flow_next(f), naive_next(n));
    flow_derive(&again);
    assert_int_equal(again.sum, f->sum);
    assert_int_equal(again.filled, f->filled);
}

static void passage(struct flow *f, struct naive *n)
{
    int64_t second = n->now - rand() % 64 + 1, people = rand() % 3;
    flow_add(f, FIRST + second, people);
    if (second > n->now) /* what is newer counts now */
        second = n->now;
    if (second >= 0 && n->now - second <= FLOW_SECONDS)
        n->count[second] += people;
}

/* Short and long pauses, late passages and some of a clock ahead. */
static void agrees_with_what_is_counted_second_by_second(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct flow f = {.second = FIRST + BEGIN};
        struct naive *n = calloc(1, sizeof *n);
        assert_non_null(n);
        n->now = BEGIN;
        srand(seed);
        for (int i = 0; i < STEPS && n->now < SECONDS - 1; i++) {
            if (rand() % 3 == 0)
                n->now += rand() % 8 == 0 ? rand() % 90 : rand() % 3;
            n->now = n->now < SECONDS ? n->now : SECONDS - 1;
            flow_to(&f, FIRST + n->now);
            flow_to(&f, FIRST + n->now - 1); /* an earlier one changes nothing */
            agrees(&f, n);
            if (rand() % 4 == 0)
                passage(&f, n);
            agrees(&f, n);
        }
        free(n);
    }
}

/* Left alone until something changes: who waits for flow_next misses nothing. */
static void nothing_changes_before_it_says_so(void **state)
{
    struct flow eager = {.second = FIRST}, lazy = eager;
    (void)state;
    srand(7);
    for (int64_t s = FIRST; s < FIRST + SECONDS; s++) {
        flow_to(&eager, s);
        if (s >= flow_next(&lazy))
            flow_to(&lazy, s);
        assert_int_equal(lazy.sum, eager.sum);
        if (rand() % 20)
            continue;
        flow_to(&lazy, s);
        flow_add(&eager, s - 3, 2);
        flow_add(&lazy, s - 3, 2);
    }
}

static void a_bucket_holds_at_most_so_many(void **state)
{
    struct flow f = {.second = FIRST};
    (void)state;
    flow_add(&f, FIRST, INT64_C(1) << 40);
    flow_add(&f, FIRST, 5);
    assert_int_equal(f.sum, UINT32_MAX);
    flow_to(&f, FIRST + FLOW_SECONDS + 1);
    assert_int_equal(f.sum, 0);
    assert_int_equal(flow_next(&f), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_what_is_counted_second_by_second),
        cmocka_unit_test(nothing_changes_before_it_says_so),
        cmocka_unit_test(a_bucket_holds_at_most_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
