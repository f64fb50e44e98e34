/* counter: wraps, resets, disorder and jumps told apart; a table. */
#include "processors/core/counter.h"

#include "schemas/result/result.h"
#include "tests/support/support.h"

static const struct step {
    const char *name;
    int64_t wrap;
    enum counter_order order;
    int64_t old_in, old_out, in, out;
    enum counter_verdict want;
    int64_t want_in, want_out;
} steps[] = {
    {"moves", 0, COUNTER_NEWER, 100, 50, 103, 51, COUNTER_MOVED, 3, 1},
    {"stands", 0, COUNTER_NEWER, 100, 50, 100, 50, COUNTER_MOVED, 0, 0},
    {"in only", 0, COUNTER_NEWER, 100, RESULT_ABSENT, 103, RESULT_ABSENT, COUNTER_MOVED, 3, 0},
    {"out appears", 0, COUNTER_NEWER, 100, RESULT_ABSENT, 103, 7, COUNTER_MOVED, 3, 0},
    {"16 bits wrap", 65536, COUNTER_NEWER, 65530, 9, 4, 9, COUNTER_WRAPPED, 10, 0},
    {"16 bits wrap both", 65536, COUNTER_NEWER, 65530, 65535, 4, 0, COUNTER_WRAPPED, 10, 1},
    {"16 bits wrap, order unknown", 65536, COUNTER_ORDER_UNKNOWN, 65530, 9, 4, 9, COUNTER_WRAPPED,
     10, 0},
    {"32 bits wrap", INT64_C(4294967296), COUNTER_NEWER, INT64_C(4294967295), 0, 1, 0,
     COUNTER_WRAPPED, 2, 0},
    {"last eighth begins at 57,344", 65536, COUNTER_NEWER, 57344, 0, 8192, 0, COUNTER_WRAPPED,
     16384, 0},
    {"under the last eighth: reset", 65536, COUNTER_NEWER, 57343, 0, 100, 0, COUNTER_RESET, 100, 0},
    {"over the first eighth: reset", 65536, COUNTER_NEWER, 65530, 0, 8193, 0, COUNTER_RESET, 8193,
     0},
    {"would wrap, but does not", 0, COUNTER_NEWER, 65530, 0, 4, 0, COUNTER_RESET, 4, 0},
    {"32-bit counter near 2^16: reset", INT64_C(4294967296), COUNTER_NEWER, 65530, 0, 4, 0,
     COUNTER_RESET, 4, 0},
    {"beyond its own range: reset", 65536, COUNTER_NEWER, 70000, 0, 4, 0, COUNTER_RESET, 4, 0},
    {"reset takes both channels", 0, COUNTER_NEWER, 100, 2, 5, 3, COUNTER_RESET, 5, 3},
    {"reset to zero", 0, COUNTER_NEWER, 100, 50, 0, 0, COUNTER_RESET, 0, 0},
    {"a little less, known to be newer: reset", 0, COUNTER_NEWER, 100, 50, 99, 50, COUNTER_RESET,
     99, 50},
    {"a little less, order unknown: old", 0, COUNTER_ORDER_UNKNOWN, 100, 50, 99, 50, COUNTER_OLD, 0,
     0},
    {"half, order unknown: reset", 0, COUNTER_ORDER_UNKNOWN, 100, 50, 50, 50, COUNTER_RESET, 50,
     50},
    {"older", 0, COUNTER_OLDER, 100, 50, 99, 50, COUNTER_OLD, 0, 0},
    {"older, although it shows more", 0, COUNTER_OLDER, 100, 50, 101, 50, COUNTER_OLD, 0, 0},
    {"greatest step", 0, COUNTER_NEWER, 0, 0, 100000, 0, COUNTER_MOVED, 100000, 0},
    {"jump", 0, COUNTER_NEWER, 0, 0, 100001, 0, COUNTER_JUMP, 0, 0},
    {"jump of the other channel", 0, COUNTER_NEWER, 0, 0, 1, 100001, COUNTER_JUMP, 0, 0},
};

static void test_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const struct step *s = &steps[i];
        struct counter_memory memory = {.known = true, .in = s->old_in, .out = s->old_out};
        int64_t in = -1, out = -1;
        enum counter_verdict got =
            counter_step(&memory, s->wrap, s->order, s->in, s->out, &in, &out);
        if (got != s->want || in != s->want_in || out != s->want_out)
            print_error("%s: verdict %d, in %lld, out %lld\n", s->name, (int)got, (long long)in,
                        (long long)out);
        assert_int_equal(got, s->want);
        assert_int_equal(in, s->want_in);
        assert_int_equal(out, s->want_out);
        bool kept = s->want == COUNTER_OLD;
        if (s->in != RESULT_ABSENT)
            assert_int_equal(memory.in, kept ? s->old_in : s->in);
    }
}

static void test_baseline(void **state)
{
    (void)state;
    struct counter_memory memory = {0};
    int64_t in, out;
    assert_int_equal(counter_step(&memory, 0, COUNTER_OLDER, 5000, 4000, &in, &out),
                     COUNTER_BASELINE);
    assert_int_equal(in, 0);
    assert_int_equal(out, 0);
    assert_int_equal(counter_step(&memory, 0, COUNTER_NEWER, 5001, 4000, &in, &out), COUNTER_MOVED);
    assert_int_equal(in, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps),
                                       cmocka_unit_test(test_baseline)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
