/* window and flow: against a naive recomputation that keeps every change, for every width of the
 * buckets, over streams with pauses, unknown spans and changes of one moment; and a flow that keeps
 * every passage. */
#include "processors/core/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/flow.h"
#include "tests/support/support.h"

enum { CHANGES = 1500, MOMENT_CHANGES = 6 };

/* Every pair that venue files may set, and some that divide a second badly. */
static const struct widths {
    int64_t fine_ms, coarse_ms;
} widths[] = {{1000, 10000}, {1000, 1000},  {2000, 5000},  {5000, 30000}, {10000, 60000},
              {2500, 12500}, {1250, 20000}, {10000, 1000}, {2000, 15000}};
enum { WIDTHS = sizeof widths / sizeof widths[0] };

struct change {
    int64_t at_ms, value;
    bool known;
};

struct expected {
    int64_t sum, known_ms, max;
    int64_t from_ms, first; /* where the window begins, and what held there */
};

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

static const int64_t lengths_ms[WINDOW_LENGTHS] = {10000, 60000, 300000, 900000};

static struct window window_make(const struct widths *of, struct window_store *store,
                                 int64_t now_ms)
{
    struct window w;
    struct window_shape shape = window_shape(of->fine_ms, of->coarse_ms);
    assert_true(window_store_init(store, &shape, 3));
    window_bind(&w, &shape, store, 1);
    window_start(&w, now_ms);
    return w;
}

/* From the begin of the bucket `length` before the running one until now. */
static struct expected naive(const struct change *c, int count, int64_t now_ms, int64_t length_ms,
                             int64_t bucket_ms)
{
    struct expected e = {.max = WINDOW_NO_VALUE, .first = WINDOW_NO_VALUE};
    e.from_ms = now_ms / bucket_ms * bucket_ms - length_ms;
    for (int i = 0; i < count; i++) {
        int64_t begin = c[i].at_ms > e.from_ms ? c[i].at_ms : e.from_ms;
        int64_t end = i + 1 < count ? c[i + 1].at_ms : now_ms;
        if (c[i].at_ms < e.from_ms) /* the last one before decides */
            e.first = c[i].known ? c[i].value : WINDOW_NO_VALUE;
        /* A value counts for the maximum when it held for a time or was set inside. */
        bool inside = c[i].at_ms >= e.from_ms || end > e.from_ms;
        if (!c[i].known || !inside)
            continue;
        if (end > begin) {
            e.sum += c[i].value * (end - begin);
            e.known_ms += end - begin;
        }
        if (c[i].value > e.max && (end > begin || c[i].at_ms >= e.from_ms))
            e.max = c[i].value;
    }
    return e;
}

static void check(const struct window *w, const struct change *changes, int count, int64_t now_ms)
{
    int64_t value = changes[count - 1].value;
    for (int l = 0; l < WINDOW_LENGTHS; l++) {
        enum window_length length = (enum window_length)l;
        int64_t bucket_ms = w->ring[l / WINDOW_RING_LENGTHS].bucket_ms;
        struct expected e = naive(changes, count, now_ms, lengths_ms[l], bucket_ms);
        double mean = window_mean(w, length);
        double rate = window_rate_per_min(w, length, value);
        if (e.known_ms == 0)
            assert_true(isnan(mean));
        else
            assert_true(mean == (double)e.sum / (double)e.known_ms);
        if (e.first == WINDOW_NO_VALUE)
            assert_true(isnan(rate));
        else
            assert_true(rate == (double)((value - e.first) * 60000) / (double)(now_ms - e.from_ms));
        assert_int_equal(window_max(w, length), e.max);
    }
}

static void same(const struct window *a, const struct window *b, int64_t value)
{
    for (int l = 0; l < WINDOW_LENGTHS; l++) {
        enum window_length length = (enum window_length)l;
        double numbers[2][2] = {{window_mean(a, length), window_rate_per_min(a, length, value)},
                                {window_mean(b, length), window_rate_per_min(b, length, value)}};
        assert_memory_equal(numbers[0], numbers[1], sizeof numbers[0]);
        assert_int_equal(window_max(a, length), window_max(b, length));
    }
}

static int64_t step_ms(void)
{
    uint32_t odd = below(1000);
    if (odd < 3)
        return below(3000000); /* a pause, often longer than all */
    if (odd < 6)
        return below(20) * 10000; /* to the millisecond on a bucket's edge, perhaps */
    return odd < 200 ? 0 : below(5000);
}

/* Rising, falling and saw-like stretches: a queue of maxima is at its longest while they fall. */
static int64_t next_value(int64_t value, uint32_t i)
{
    switch (i / 100 % 4) {
    case 0:
        return value + below(50);
    case 1:
        return value > 40 ? value - below(40) : 0;
    case 2:
        return below(4) ? value : below(20000);
    default:
        return below(20000);
    }
}

static void stream_check(const struct widths *of, uint64_t seed)
{
    static struct change changes[CHANGES];
    struct window_store store, derived_store;
    random_state = seed;
    int64_t now_ms = INT64_C(1795424400000) + below(1000);
    struct window w = window_make(of, &store, now_ms);
    struct window derived = window_make(of, &derived_store, now_ms);
    for (uint32_t i = 0; i < CHANGES; i++) {
        struct change last = i ? changes[i - 1] : (struct change){.known = false};
        int64_t step = step_ms();
        now_ms += step % 10000 ? step : (10000 - now_ms % 10000) + step;
        if (step == 0)
            now_ms = w.at_ms;
        window_to(&w, now_ms, last.value, last.known);
        changes[i] = (struct change){now_ms, next_value(last.value, i), below(50) > 2};
        if (changes[i].known)
            window_note(&w, changes[i].value);
        if (i % 7 && i % 11)
            continue;
        check(&w, changes, (int)i + 1, now_ms);
        assert_true(window_copy(&derived, &w));
        window_derive(&derived);
        same(&derived, &w, changes[i].value);
    }
    window_store_free(&store);
    window_store_free(&derived_store);
}

static void test_window_naive(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < WIDTHS; i++) {
        for (uint64_t seed = 1; seed <= 4; seed++)
            stream_check(&widths[i], seed * 7919 + i);
    }
}

/* Several zones change in one moment, in any order: their sum goes through other values, for no
   time; what it comes to is the same, and so are means and rates. */
static void test_window_permuted(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct window_store stores[2];
        struct window w[2];
        random_state = seed;
        int64_t now_ms = INT64_C(1795424400000), value = 5000;
        for (int k = 0; k < 2; k++)
            w[k] = window_make(&widths[seed % WIDTHS], &stores[k], now_ms);
        for (int i = 0; i < 200; i++) {
            int64_t by[MOMENT_CHANGES], values[2] = {value, value};
            now_ms += below(3) ? below(9000) : (10000 - now_ms % 10000);
            for (int c = 0; c < MOMENT_CHANGES; c++)
                by[c] = (int64_t)below(200) - 100;
            for (int c = 0; c < MOMENT_CHANGES; c++) {
                for (int k = 0; k < 2; k++) {
                    window_to(&w[k], now_ms, values[k], true);
                    values[k] += by[k ? MOMENT_CHANGES - 1 - c : c];
                }
            }
            assert_int_equal(values[0], values[1]);
            value = values[0] < 500 ? 5000 : values[0];
            for (int l = 0; l < WINDOW_LENGTHS; l++) {
                enum window_length length = (enum window_length)l;
                double a = window_rate_per_min(&w[0], length, value);
                double b = window_rate_per_min(&w[1], length, value);
                assert_true(window_mean(&w[0], length) == window_mean(&w[1], length) ||
                            isnan(window_mean(&w[0], length)));
                assert_true(a == b || (isnan(a) && isnan(b)));
            }
        }
        for (int k = 0; k < 2; k++)
            window_store_free(&stores[k]);
    }
}

static void test_window_known_numbers(void **state)
{
    (void)state;
    struct window_store store;
    struct window w = window_make(&widths[0], &store, 0);
    window_note(&w, 100);
    window_to(&w, 5000, 100, true);
    window_note(&w, 300);
    window_to(&w, 10000, 300, true);
    assert_true(window_mean(&w, WINDOW_10S) == 200);
    assert_int_equal(window_max(&w, WINDOW_10S), 300);
    assert_true(isnan(window_rate_per_min(&w, WINDOW_10S, 300))); /* before 0 nothing was known */
    window_note(&w, 0);
    window_to(&w, 15000, 0, true);
    assert_true(window_mean(&w, WINDOW_10S) == 150);
    assert_true(window_rate_per_min(&w, WINDOW_10S, 0) == -600); /* 100 less in 10 s */
    window_to(&w, 20000, 0, true);
    assert_true(window_mean(&w, WINDOW_10S) == 0);
    assert_true(window_mean(&w, WINDOW_60S) == 100);
    assert_true(window_mean(&w, WINDOW_900S) == 100);
    assert_int_equal(window_max(&w, WINDOW_10S), 0);
    assert_int_equal(window_max(&w, WINDOW_60S), 300);
    window_to(&w, 5000, 9999, true); /* time does not run back */
    assert_true(window_mean(&w, WINDOW_60S) == 100);
    /* Half an hour later the value of 15 min ago is known, and 90 more than then are 6 a minute. */
    window_to(&w, 1800000, 10, true);
    assert_true(window_rate_per_min(&w, WINDOW_900S, 100) == 6);
    window_to(&w, 1805000, 100, true); /* the running bucket of 10 s is half full: 90 in 905 s */
    assert_true(window_rate_per_min(&w, WINDOW_900S, 100) == 90.0 * 60000 / 905000);
    /* Unknown when the window began: no rate, but a mean and a maximum of what is known. */
    window_to(&w, 2000000, 0, false);
    window_to(&w, 2010000, 7, true);
    assert_true(isnan(window_rate_per_min(&w, WINDOW_10S, 7)));
    assert_true(window_mean(&w, WINDOW_60S) == 7);
    assert_int_equal(window_max(&w, WINDOW_300S), 100);
    window_store_free(&store);
}

static void test_window_shapes(void **state)
{
    (void)state;
    struct window_shape shape = window_shape(1000, 10000);
    const uint16_t usual[WINDOW_LENGTHS] = {10, 60, 30, 90};
    assert_memory_equal(shape.buckets, usual, sizeof usual);
    shape = window_shape(7000, 47000); /* rounded up to whole buckets */
    const uint16_t odd[WINDOW_LENGTHS] = {2, 9, 7, 20};
    assert_memory_equal(shape.buckets, odd, sizeof odd);
    /* What one window holds goes into another one of its shape only. */
    struct window_store stores[3];
    struct window from = window_make(&widths[0], &stores[0], 0);
    struct window to = window_make(&widths[0], &stores[1], 5000);
    struct window other = window_make(&widths[2], &stores[2], 5000);
    window_to(&from, 700000, 40, true);
    assert_false(window_copy(&other, &from));
    assert_true(isnan(window_mean(&other, WINDOW_60S)));
    assert_true(window_copy(&to, &from));
    window_store_free(&stores[0]); /* its memory is its own */
    window_to(&to, 710000, 40, true);
    assert_true(window_mean(&to, WINDOW_900S) == 40);
    assert_true(window_rate_per_min(&to, WINDOW_300S, 340) == 60);
    window_store_free(&stores[1]);
    window_store_free(&stores[2]);
}

/* However the values run, a bucket enters the queue of maxima once and leaves it once. */
static void test_window_queue_bounded(void **state)
{
    (void)state;
    for (int falling = 0; falling < 2; falling++) {
        struct window_store store;
        struct window w = window_make(&widths[1], &store, 0);
        for (int i = 1; i <= 4000; i++) {
            window_to(&w, i * 1000, falling ? 5000 - i : i, true);
            const struct window_ring *r = &w.ring[1];
            uint32_t queued = r->back - r->front[1];
            assert_true(queued <= (falling ? r->length[1] : 1u));
            assert_int_equal(window_max(&w, WINDOW_900S),
                             falling ? 5000 - (i > 900 ? i - 899 : 1) : i);
        }
        window_store_free(&store);
    }
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
        cmocka_unit_test(test_window_naive),         cmocka_unit_test(test_window_permuted),
        cmocka_unit_test(test_window_known_numbers), cmocka_unit_test(test_window_shapes),
        cmocka_unit_test(test_window_queue_bounded), cmocka_unit_test(test_flow_naive),
        cmocka_unit_test(test_flow_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
