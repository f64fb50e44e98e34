/* window and flow: against a naive recomputation that keeps every change, and a flow that keeps
 * every passage. */
#include "processors/core/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/flow.h"
#include "tests/support/support.h"

enum { CHANGES = 4000, SPAN_MS = 1500 };

struct change {
    int64_t at_ms, value;
    bool known;
};

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

static const int64_t lengths_ms[WINDOW_LENGTHS] = {10000, 60000, 300000};

/* From the whole second `length` before the running one began until now. */
static void naive(const struct change *c, int count, int64_t now_ms, int64_t length_ms,
                  int64_t *ret_sum, int64_t *ret_known_ms, int64_t *ret_max)
{
    int64_t from_ms = now_ms / 1000 * 1000 - length_ms;
    *ret_sum = *ret_known_ms = 0;
    *ret_max = WINDOW_NO_VALUE;
    for (int i = 0; i < count; i++) {
        int64_t begin = c[i].at_ms > from_ms ? c[i].at_ms : from_ms;
        int64_t end = i + 1 < count ? c[i + 1].at_ms : now_ms;
        /* A value counts for the maximum when it held for a time or was set inside. */
        bool inside = c[i].at_ms >= from_ms || end > from_ms;
        if (!c[i].known || !inside)
            continue;
        if (end > begin) {
            *ret_sum += c[i].value * (end - begin);
            *ret_known_ms += end - begin;
        }
        if (c[i].value > *ret_max && (end > begin || c[i].at_ms >= from_ms))
            *ret_max = c[i].value;
    }
}

static void check(const struct window *w, const struct change *changes, int count, int64_t now_ms)
{
    for (int l = 0; l < WINDOW_LENGTHS; l++) {
        int64_t sum, known_ms, max;
        naive(changes, count, now_ms, lengths_ms[l], &sum, &known_ms, &max);
        double mean = window_mean(w, (enum window_length)l);
        if (known_ms == 0)
            assert_true(isnan(mean));
        else
            assert_true(mean == (double)sum / (double)known_ms);
        assert_int_equal(window_max(w, (enum window_length)l), max);
    }
}

static void test_window_naive(void **state)
{
    (void)state;
    static struct change changes[CHANGES];
    for (uint64_t seed = 1; seed <= 5; seed++) {
        random_state = seed;
        int64_t now_ms = INT64_C(1795424400000) + below(1000);
        struct window w;
        window_start(&w, now_ms);
        for (int i = 0; i < CHANGES; i++) {
            uint32_t odd = below(1000);
            struct change last = i ? changes[i - 1] : (struct change){.known = false};
            now_ms += odd == 0 ? below(1500000) : odd < 200 ? 0 : below(SPAN_MS);
            window_to(&w, now_ms, last.value, last.known);
            changes[i] = (struct change){now_ms, below(20000), below(50) > 2};
            if (changes[i].known)
                window_note(&w, changes[i].value);
            if (i % 7 == 0) {
                check(&w, changes, i + 1, now_ms);
                struct window derived = w;
                window_derive(&derived);
                assert_memory_equal(derived.total_sum, w.total_sum, sizeof w.total_sum);
                assert_memory_equal(derived.total_max, w.total_max, sizeof w.total_max);
                assert_memory_equal(derived.total_known_ms, w.total_known_ms,
                                    sizeof w.total_known_ms);
            }
        }
    }
}

static void test_window_known_numbers(void **state)
{
    (void)state;
    struct window w;
    window_start(&w, 0);
    window_note(&w, 100);
    window_to(&w, 5000, 100, true);
    window_note(&w, 300);
    window_to(&w, 10000, 300, true);
    assert_true(window_mean(&w, WINDOW_10S) == 200);
    assert_int_equal(window_max(&w, WINDOW_10S), 300);
    window_note(&w, 0);
    window_to(&w, 15000, 0, true);
    assert_true(window_mean(&w, WINDOW_10S) == 150);
    window_to(&w, 20000, 0, true);
    assert_true(window_mean(&w, WINDOW_10S) == 0);
    assert_true(window_mean(&w, WINDOW_60S) == 100);
    assert_int_equal(window_max(&w, WINDOW_10S), 0);
    assert_int_equal(window_max(&w, WINDOW_60S), 300);
    window_to(&w, 5000, 9999, true); /* time does not run back */
    assert_true(window_mean(&w, WINDOW_60S) == 100);
}

static void test_flow_naive(void **state)
{
    (void)state;
    static int64_t at[CHANGES], n[CHANGES];
    for (uint64_t seed = 1; seed <= 5; seed++) {
        random_state = seed;
        struct flow f = {.second = 1795424400};
        int64_t second = f.second;
        for (int i = 0; i < CHANGES; i++) {
            uint32_t odd = below(100);
            second += odd == 0 ? below(200) : odd < 40 ? below(4) : 0;
            flow_to(&f, second);
            at[i] = below(4) ? second : second - below(70) + 2; /* some earlier, some too early */
            n[i] = below(9);
            flow_add(&f, at[i], n[i]);
            at[i] = at[i] > second ? second : at[i];
            int64_t want = 0;
            for (int k = i; k >= 0 && k > i - 1000; k--)
                want += at[k] >= second - FLOW_SECONDS ? n[k] : 0;
            assert_int_equal(f.sum, want);
            struct flow derived = f;
            flow_derive(&derived);
            assert_int_equal(derived.sum, f.sum);
        }
    }
}

static void test_flow_bounded(void **state)
{
    (void)state;
    struct flow f = {0};
    flow_add(&f, 0, INT64_C(4294967295));
    flow_add(&f, 0, 10);
    assert_int_equal(f.sum, INT64_C(4294967295));
    flow_to(&f, 61);
    assert_int_equal(f.sum, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_naive),
        cmocka_unit_test(test_window_known_numbers),
        cmocka_unit_test(test_flow_naive),
        cmocka_unit_test(test_flow_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
