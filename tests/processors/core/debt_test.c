/* debt: whoever was counted is conserved however the counters' reports are ordered; what was missed
 * is hidden for minutes at most and always within the error. */
#include "processors/core/debt.h"

#include <stdbool.h>
#include <string.h>

#include "tests/support/support.h"

enum { COUNTERS = 6, ROUNDS = 40, STEPS = 4000 };

static uint64_t random_state = 5;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

struct zone {
    struct debt debt;
    int64_t occupancy, err;
};

static void take(struct zone *z, int64_t now_ms, int64_t in, int64_t out)
{
    struct debt_passage p = {.now_ms = now_ms, .slot_ms = DEBT_SLOT_MS_MIN, .in = in, .out = out};
    int64_t err;
    z->occupancy = debt_take(&z->debt, z->occupancy, &p, &err);
    z->err += err;
    assert_true(err >= 0);
    assert_true(z->occupancy >= 0);
    assert_true(z->debt.owed >= 0 && z->debt.owed <= DEBT_MAX);
    assert_true(z->debt.doubt >= z->debt.owed);
    assert_true(z->occupancy == 0 || z->debt.owed == 0);
    assert_int_equal(z->err, z->debt.doubt + z->debt.forgiven);
}

/* People walk through a zone; each of its counters gathers what it saw and reports at a beat of its
 * own, or after an outage late and all at once. */
static void test_out_of_step(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct zone z = {0};
        int64_t now_ms = INT64_C(1795424400000), inside = 0, owed_max = 0;
        int64_t in[COUNTERS] = {0}, out[COUNTERS] = {0}, next_ms[COUNTERS], beat_ms[COUNTERS];
        for (int c = 0; c < COUNTERS; c++) {
            beat_ms[c] = 1000 + below(59000);
            next_ms[c] = now_ms + below((uint32_t)beat_ms[c]);
        }
        for (int i = 0; i < STEPS; i++) {
            now_ms += below(500);
            int64_t n = below(5);
            in[below(COUNTERS)] += n;
            inside += n;
            n = below(i < STEPS / 2 ? 5 : 9);
            n = n < inside ? n : inside;
            out[below(COUNTERS)] += n;
            inside -= n;
            for (int c = 0; c < COUNTERS; c++) {
                if (now_ms < next_ms[c])
                    continue;
                take(&z, now_ms, in[c], out[c]);
                owed_max = z.debt.owed > owed_max ? z.debt.owed : owed_max;
                in[c] = out[c] = 0;
                next_ms[c] += beat_ms[c];
            }
        }
        for (int c = 0; c < COUNTERS; c++)
            take(&z, now_ms, in[c], out[c]);
        assert_true(owed_max > 10); /* they were out of step */
        assert_int_equal(z.debt.forgiven, 0);
        assert_int_equal(z.occupancy, inside);
        assert_int_equal(z.debt.owed, 0);
    }
}

/* Whatever comes: occupancy and error reach what a sum raised at every message would show, and
 * occupancy never shows more than that. */
static void test_upper_bound(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct zone z = {0};
        int64_t now_ms = 0, raised = 0;
        for (int i = 0; i < STEPS; i++) {
            int64_t in = below(12), out = below(13);
            now_ms += below(50) ? below(3000) : below(400000);
            if (below(500) == 0)
                out += 30000;
            take(&z, now_ms, in, out);
            raised += in - out;
            raised = raised < 0 ? 0 : raised;
            assert_true(z.occupancy <= raised);
            assert_true(z.occupancy + z.err >= raised);
        }
        assert_true(z.debt.forgiven > 0);
    }
}

/* A door that misses every tenth arrival: those who stay are not hidden for longer than the slots
 * last. */
static void test_missed(void **state)
{
    (void)state;
    struct zone z = {0};
    int64_t now_ms = 1000;
    take(&z, now_ms, 900, 0);
    take(&z, now_ms, 0, 1000);
    assert_int_equal(z.debt.owed, 100);
    take(&z, now_ms + (DEBT_SLOTS - 1) * DEBT_SLOT_MS_MIN - 1000, 1, 0);
    assert_int_equal(z.occupancy, 0);
    take(&z, now_ms + DEBT_SLOTS * DEBT_SLOT_MS_MIN, 1, 0);
    assert_int_equal(z.occupancy, 1);
    assert_int_equal(z.debt.forgiven, 99);
    assert_int_equal(z.err, 100);
}

static void test_slot(void **state)
{
    (void)state;
    assert_int_equal(debt_slot_ms(0), DEBT_SLOT_MS_MIN);
    assert_int_equal(debt_slot_ms(DEBT_SLOT_MS_MIN + 1), DEBT_SLOT_MS_MIN + 1);
    assert_int_equal(debt_slot_ms(INT64_C(1) << 40), DEBT_SLOT_MS_MAX);
}

/* A counter of the border is silent: what it will tell when it is back may explain all that is
 * owed. Nothing is forgiven meanwhile, or it would be counted twice. */
static void test_held(void **state)
{
    (void)state;
    for (int held = 0; held < 2; held++) {
        struct debt d = {0};
        int64_t err, occupancy = 0;
        for (int minute = 0; minute < 50; minute++) {
            struct debt_passage out = {.now_ms = minute * INT64_C(60000),
                                       .slot_ms = DEBT_SLOT_MS_MIN,
                                       .held = held,
                                       .out = 40};
            occupancy = debt_take(&d, occupancy, &out, &err);
        }
        assert_int_equal(occupancy, 0);
        for (int message = 0; message < 50; message++) { /* at once, the first while it is silent */
            struct debt_passage back = {.now_ms = 50 * INT64_C(60000) + message,
                                        .slot_ms = DEBT_SLOT_MS_MIN,
                                        .held = held && message == 0,
                                        .in = 40};
            occupancy = debt_take(&d, occupancy, &back, &err);
        }
        if (held)
            assert_int_equal(occupancy, 0); /* the 2,000 who left */
        else
            assert_true(occupancy > 1500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held),        cmocka_unit_test(test_out_of_step),
        cmocka_unit_test(test_upper_bound), cmocka_unit_test(test_missed),
        cmocka_unit_test(test_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
