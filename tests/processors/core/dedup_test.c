/* dedup: against a naive memory of every message, and the rules for messages without time or seq.
 */
#include "processors/core/dedup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/result/result.h"
#include "tests/support/support.h"

enum { SENSORS = 3, MESSAGES = 30000 };

struct sent {
    int64_t ts, seq;
};

static uint64_t random_state = 7;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

static void test_naive(void **state)
{
    (void)state;
    static struct sent kept[SENSORS][MESSAGES];
    uint32_t count[SENSORS] = {0};
    struct dedup d;
    struct dedup_memory memory[SENSORS];
    assert_true(dedup_init(&d, SENSORS));
    for (int s = 0; s < SENSORS; s++)
        dedup_memory_init(&memory[s]);
    int64_t now = 1000000;
    uint32_t repeats = 0;
    /* Sensor 0 is in disorder, 1 at times; 2 repeats itself, but misses nothing. */
    static const uint32_t odd_one_in[SENSORS] = {10, 300, 100};
    bool loose = false, in_step = false;
    for (int i = 0; i < MESSAGES; i++) {
        uint32_t s = below(SENSORS), odd = below(odd_one_in[s]);
        struct sent m = {now += below(3), (int64_t)count[s] % 500};
        if (odd == 0 && count[s]) { /* an old one again, some from before what is remembered */
            uint32_t back = below(1400);
            m = kept[s][back < count[s] ? count[s] - 1 - back : 0];
        } else if (odd == 1 && s != 2) {
            m.ts -= below(4000);
        } else if (odd == 2 && s != 2 && count[s]) { /* the seq of another, at a time of its own */
            m = kept[s][count[s] - 1 - below(count[s] < 900 ? count[s] : 900)];
            m.ts += 1 + below(20);
        } else if (odd == 3 && s == 1) {
            now += below(200000); /* a long pause */
        }
        bool within = false, ever = false;
        for (uint32_t k = 0; k < count[s]; k++) {
            bool same = kept[s][k].ts == m.ts && kept[s][k].seq == m.seq;
            ever = ever || same;
            within = within || (same && count[s] - k <= DEDUP_MESSAGES);
        }
        struct dedup_message message = {.ts_ms = m.ts, .seq = m.seq, .bytes = STR_LIT("{}")};
        bool seen = dedup_seen(&d, s, &memory[s], &message);
        if (within)
            assert_true(seen);
        if (!ever)
            assert_false(seen);
        repeats += seen;
        loose = loose || memory[s].loose;
        for (uint32_t b = 0; b < DEDUP_BLOCKS && s != 0; b++)
            in_step = in_step || (dedup_block_used(&memory[s], b) == DEDUP_BLOCK &&
                                  !dedup_block_loose(&memory[s], b));
        if (!seen)
            kept[s][count[s]++] = m;
    }
    assert_true(repeats > MESSAGES / 40);
    assert_true(loose && in_step);
    dedup_free(&d);
}

static bool seen(struct dedup *d, struct dedup_memory *memory, int64_t seq, bool dup,
                 const char *bytes)
{
    struct dedup_message m = {
        .ts_ms = RESULT_ABSENT, .seq = seq, .dup = dup, .bytes = str_of(bytes)};
    return dedup_seen(d, 0, memory, &m);
}

static void test_without_time(void **state)
{
    (void)state;
    struct dedup d;
    struct dedup_memory memory;
    assert_true(dedup_init(&d, 1));
    dedup_memory_init(&memory);
    assert_false(seen(&d, &memory, 0, false, "zero"));
    assert_true(seen(&d, &memory, 0, false, "zero")); /* at once again */
    for (int i = 1; i <= 40; i++)
        assert_false(seen(&d, &memory, i, false, "same bytes every time"));
    assert_true(seen(&d, &memory, 40, false, "same bytes every time"));
    assert_true(seen(&d, &memory, 7, false, "same bytes every time"));
    assert_false(seen(&d, &memory, 7, false, "other bytes"));
    /* The device restarts: the same numbers and bytes are new messages. */
    for (int i = 1; i <= 40; i++)
        assert_false(seen(&d, &memory, i, false, "same bytes every time"));
    assert_true(seen(&d, &memory, 40, false, "same bytes every time"));
    dedup_free(&d);
}

static void test_without_seq(void **state)
{
    (void)state;
    struct dedup d;
    struct dedup_memory memory;
    char text[32];
    assert_true(dedup_init(&d, 1));
    dedup_memory_init(&memory);
    assert_false(seen(&d, &memory, RESULT_ABSENT, true, "never seen before"));
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "payload number %d", i);
        assert_false(seen(&d, &memory, RESULT_ABSENT, false, text));
        assert_false(
            seen(&d, &memory, RESULT_ABSENT, false, text)); /* a second person, not a repeat */
        assert_true(seen(&d, &memory, RESULT_ABSENT, true, text));
        snprintf(text, sizeof text, "payload number %d", i - 500);
        assert_true(i < 500 ||
                    seen(&d, &memory, RESULT_ABSENT, true, text)); /* 1,000 messages ago */
        snprintf(text, sizeof text, "payload Number %d", i);
        if (i % 100 == 99)
            assert_false(seen(&d, &memory, RESULT_ABSENT, true, text));
    }
    dedup_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_naive),
        cmocka_unit_test(test_without_time),
        cmocka_unit_test(test_without_seq),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
