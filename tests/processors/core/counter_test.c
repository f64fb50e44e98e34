/* counter: wraps, resets, disorder and jumps told apart; a table. */
#include "processors/core/counter.h"

#include "schemas/result/result.h"
#include "tests/support/support.h"

#define SECOND INT64_C(1000)
#define MINUTE INT64_C(60000)
#define HOUR INT64_C(3600000)
#define NOON INT64_C(1795435200000) /* 2026-11-23T12:00:00Z */
#define W16 INT64_C(65536)
#define W32 INT64_C(4294967296)
#define NONE RESULT_ABSENT

/* The message before came `passed_ms` earlier, at noon UTC. */
static const struct step {
    const char *name;
    int64_t wrap;
    enum counter_order order;
    int64_t passed_ms;
    int64_t old_in, old_out, in, out;
    enum counter_verdict want;
    int64_t want_in, want_out;
} steps[] = {
    {"moves", 0, COUNTER_NEWER, MINUTE, 100, 50, 103, 51, COUNTER_MOVED, 3, 1},
    {"stands", 0, COUNTER_NEWER, MINUTE, 100, 50, 100, 50, COUNTER_MOVED, 0, 0},
    {"in only", 0, COUNTER_NEWER, MINUTE, 100, NONE, 103, NONE, COUNTER_MOVED, 3, 0},
    {"out appears", 0, COUNTER_NEWER, MINUTE, 100, NONE, 103, 7, COUNTER_MOVED, 3, 0},
    /* Wraps: where the venue file says … */
    {"16 bits", W16, COUNTER_NEWER, 5 * SECOND, 65530, 9, 4, 9, COUNTER_WRAPPED, 10, 0},
    {"16 bits, both", W16, COUNTER_NEWER, 5 * SECOND, 65530, 65535, 4, 0, COUNTER_WRAPPED, 10, 1},
    {"order unknown", W16, COUNTER_ORDER_UNKNOWN, 5 * SECOND, 65530, 9, 4, 9, COUNTER_WRAPPED, 10,
     0},
    {"32 bits", W32, COUNTER_NEWER, 5 * SECOND, W32 - 1, 0, 1, 0, COUNTER_WRAPPED, 2, 0},
    {"last eighth begins at 57,344", W16, COUNTER_NEWER, HOUR, 57344, 0, 8192, 0, COUNTER_WRAPPED,
     16384, 0},
    {"under the last eighth", W16, COUNTER_NEWER, HOUR, 57343, 0, 100, 0, COUNTER_RESET, 100, 0},
    {"over the first eighth", W16, COUNTER_NEWER, HOUR, 65530, 0, 8193, 0, COUNTER_RESET, 8193, 0},
    {"more than can have passed: restarted", W16, COUNTER_NEWER, 5 * SECOND, 60000, 0, 12, 0,
     COUNTER_RESET, 12, 0},
    {"just as many as can: wrapped", W16, COUNTER_NEWER, 5 * SECOND, 65436, 0, 100, 0,
     COUNTER_WRAPPED, 200, 0},
    {"one more: restarted", W16, COUNTER_NEWER, 5 * SECOND, 65436, 0, 101, 0, COUNTER_RESET, 101,
     0},
    {"32 bits, near 2^16", W32, COUNTER_NEWER, 5 * SECOND, 65530, 0, 4, 0, COUNTER_RESET, 4, 0},
    {"beyond its own range", W16, COUNTER_NEWER, 5 * SECOND, 70000, 0, 4, 0, COUNTER_RESET, 4, 0},
    /* … and where it does not. */
    {"not said, 16 bits", 0, COUNTER_NEWER, 5 * SECOND, 65530, 0, 4, 0, COUNTER_WRAPPED, 10, 0},
    {"not said, 32 bits", 0, COUNTER_NEWER, 5 * SECOND, W32 - 6, 0, 4, 0, COUNTER_WRAPPED, 10, 0},
    {"not said, not near enough", 0, COUNTER_NEWER, HOUR, 64511, 0, 4, 0, COUNTER_RESET, 4, 0},
    {"not said, not near enough after", 0, COUNTER_NEWER, HOUR, 65530, 0, 1025, 0, COUNTER_RESET,
     1025, 0},
    /* Resets. */
    {"takes both channels", 0, COUNTER_NEWER, MINUTE, 100, 2, 5, 3, COUNTER_RESET, 5, 3},
    {"to zero", 0, COUNTER_NEWER, MINUTE, 100, 50, 0, 0, COUNTER_RESET, 0, 0},
    {"half, order unknown", 0, COUNTER_ORDER_UNKNOWN, SECOND, 100, 50, 50, 50, COUNTER_RESET, 50,
     50},
    {"to a little less, in which time that can pass", 0, COUNTER_NEWER, MINUTE, 100, 50, 99, 50,
     COUNTER_RESET, 99, 50},
    {"within an hour to over half", 0, COUNTER_NEWER, HOUR, 900, 800, 600, 500, COUNTER_RESET, 600,
     500},
    /* A device that found an older number. */
    {"a little less, at once", 0, COUNTER_NEWER, 5 * SECOND, 5020, 4900, 5000, 4890,
     COUNTER_ROLLED_BACK, 0, 0},
    {"as many as can pass: a reset", 0, COUNTER_NEWER, 5 * SECOND, 26, 0, 25, 0, COUNTER_RESET, 25,
     0},
    {"one more than can pass", 0, COUNTER_NEWER, 5 * SECOND, 27, 0, 26, 0, COUNTER_ROLLED_BACK, 0,
     0},
    {"order unknown, after a minute", 0, COUNTER_ORDER_UNKNOWN, MINUTE, 5020, 4900, 5000, 4890,
     COUNTER_ROLLED_BACK, 0, 0},
    /* Out of order. */
    {"a little less, order unknown", 0, COUNTER_ORDER_UNKNOWN, MINUTE - 1, 100, 50, 99, 50,
     COUNTER_OLD, 0, 0},
    {"older", 0, COUNTER_OLDER, MINUTE, 100, 50, 99, 50, COUNTER_OLD, 0, 0},
    {"older, although it shows more", 0, COUNTER_OLDER, MINUTE, 100, 50, 101, 50, COUNTER_OLD, 0,
     0},
    {"clock set back, believed after silence", 0, COUNTER_ORDER_UNKNOWN, -HOUR, 100, 50, 99, 50,
     COUNTER_RESET, 99, 50},
    {"greatest step", 0, COUNTER_NEWER, HOUR, 0, 0, 100000, 0, COUNTER_MOVED, 100000, 0},
    {"jump", 0, COUNTER_NEWER, HOUR, 0, 0, 100001, 0, COUNTER_JUMP, 0, 0},
    {"jump of the other channel", 0, COUNTER_NEWER, HOUR, 0, 0, 1, 100001, COUNTER_JUMP, 0, 0},
};

static void test_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const struct step *s = &steps[i];
        struct counter_rules rules = {.wrap = s->wrap};
        struct counter_memory memory = {
            .known = true, .day = 20780, .at_ms = NOON, .in = s->old_in, .out = s->old_out};
        struct counter_reading reading = {
            .in = s->in, .out = s->out, .at_ms = NOON + s->passed_ms, .order = s->order};
        int64_t in = -1, out = -1;
        enum counter_verdict got = counter_step(&memory, &rules, &reading, &in, &out);
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

/* A daily counter in Shanghai (UTC+8): midnight is 16:00 UTC. Messages one after the other, all
 * known to be newer; minutes after local midnight. */
static const struct night {
    const char *name;
    bool offset_known;
    struct {
        int64_t minute, in;
        enum counter_verdict want;
        int64_t want_in;
    } message[5]; /* up to one whose minute is 0 */
} nights[] = {
    {"on time",
     true,
     {{-2, 500, COUNTER_BASELINE, 0}, {1, 3, COUNTER_NEW_DAY, 3}, {2, 5, COUNTER_MOVED, 2}}},
    {"not small any more", true, {{-5, 20, COUNTER_BASELINE, 0}, {14, 19, COUNTER_NEW_DAY, 19}}},
    {"its clock is behind",
     true,
     {{-2, 500, COUNTER_BASELINE, 0},
      {3, 502, COUNTER_MOVED, 2},
      {9, 1, COUNTER_NEW_DAY, 1},
      {14, 0, COUNTER_RESET, 0}}},
    {"its clock is ahead",
     true,
     {{-20, 500, COUNTER_BASELINE, 0},
      {-9, 2, COUNTER_NEW_DAY, 2},
      {1, 6, COUNTER_MOVED, 4},
      {20, 7, COUNTER_MOVED, 1},
      {25, 2, COUNTER_RESET, 2}}},
    {"too early: a restart",
     true,
     {{-30, 500, COUNTER_BASELINE, 0}, {-16, 9, COUNTER_RESET, 9}, {1, 2, COUNTER_NEW_DAY, 2}}},
    {"not heard over night, shows more",
     true,
     {{-120, 500, COUNTER_BASELINE, 0},
      {540, 700, COUNTER_NEW_DAY, 700},
      {545, 710, COUNTER_MOVED, 10}}},
    {"not heard over night, shows less",
     true,
     {{-120, 500, COUNTER_BASELINE, 0}, {540, 400, COUNTER_NEW_DAY, 400}}},
    {"heard all the time, but it goes on",
     true,
     {{-10, 500, COUNTER_BASELINE, 0},
      {10, 501, COUNTER_MOVED, 1},
      {35, 502, COUNTER_MOVED, 1},
      {60, 503, COUNTER_MOVED, 1}}},
    {"two days later",
     true,
     {{-120, 500, COUNTER_BASELINE, 0},
      {2000, 800, COUNTER_NEW_DAY, 800},
      {2005, 801, COUNTER_MOVED, 1}}},
    {"16 bits are full at midnight: a new day",
     true,
     {{-2, 65530, COUNTER_BASELINE, 0}, {1, 3, COUNTER_NEW_DAY, 3}}},
    /* Offset unknown: UTC's midnight, and only where it shows less. */
    {"unknown offset, local midnight",
     false,
     {{-5, 20, COUNTER_BASELINE, 0}, {14, 9, COUNTER_RESET, 9}}},
    {"unknown offset, midnight of UTC",
     false,
     {{470, 900, COUNTER_BASELINE, 0}, {481, 600, COUNTER_NEW_DAY, 600}}},
    {"unknown offset, not heard",
     false,
     {{240, 500, COUNTER_BASELINE, 0}, {600, 700, COUNTER_MOVED, 200}}},
};

static void test_nights(void **state)
{
    (void)state;
    const int64_t midnight_ms = NOON + 4 * HOUR;
    for (size_t i = 0; i < sizeof nights / sizeof nights[0]; i++) {
        const struct night *n = &nights[i];
        struct counter_rules rules = {.daily = true,
                                      .offset_known = n->offset_known,
                                      .utc_offset_s = n->offset_known ? 8 * 3600 : 0};
        struct counter_memory memory = {0};
        for (int k = 0; k < 5 && n->message[k].minute; k++) {
            struct counter_reading reading = {.in = n->message[k].in,
                                              .out = RESULT_ABSENT,
                                              .at_ms = midnight_ms + n->message[k].minute * MINUTE,
                                              .order = COUNTER_NEWER};
            int64_t in, out;
            enum counter_verdict got = counter_step(&memory, &rules, &reading, &in, &out);
            if (got != n->message[k].want || in != n->message[k].want_in)
                print_error("%s, message %d: verdict %d, in %lld\n", n->name, k, (int)got,
                            (long long)in);
            assert_int_equal(got, n->message[k].want);
            assert_int_equal(in, n->message[k].want_in);
        }
    }
}

static void test_baseline(void **state)
{
    (void)state;
    struct counter_rules rules = {0};
    struct counter_memory memory = {0};
    struct counter_reading reading = {
        .in = 5000, .out = 4000, .at_ms = NOON, .order = COUNTER_OLDER};
    int64_t in, out;
    assert_int_equal(counter_step(&memory, &rules, &reading, &in, &out), COUNTER_BASELINE);
    assert_int_equal(in, 0);
    assert_int_equal(out, 0);
    reading.in = 5001;
    reading.order = COUNTER_NEWER;
    assert_int_equal(counter_step(&memory, &rules, &reading, &in, &out), COUNTER_MOVED);
    assert_int_equal(in, 1);
}

/* A door of two channels over days: wraps of 16 bits, restarts now and then, messages that overtake
 * each other. What is counted never exceeds what passed, and misses only what passed around
 * restarts. */
static void test_property(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct counter_rules rules = {.wrap = seed % 2 ? W16 : 0};
        struct counter_memory memory = {0};
        uint64_t random = seed;
        int64_t passed = 0, counted = 0, lost_most = 0, shown = 65000, at_ms = NOON;
        struct counter_reading last = {0};
        for (int i = 0; i < 20000; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            uint32_t odd = (uint32_t)(random >> 33);
            int64_t by = odd % 7, step_in, step_out;
            at_ms += 5 * SECOND;
            if (odd % 997 == 0) { /* restarts; what passed in this interval before it is lost */
                shown = 0;
                lost_most += 6;
            }
            passed += i ? by : 0;
            shown = (shown + by) % W16;
            struct counter_reading r = {
                .in = shown, .out = RESULT_ABSENT, .at_ms = at_ms, .order = COUNTER_NEWER};
            (void)counter_step(&memory, &rules, &r, &step_in, &step_out);
            counted += step_in;
            if (odd % 31 == 0) { /* the one before comes again, by its number older */
                last.order = COUNTER_OLDER;
                assert_int_equal(counter_step(&memory, &rules, &last, &step_in, &step_out),
                                 COUNTER_OLD);
            }
            last = r;
        }
        assert_true(counted <= passed);
        assert_true(counted >= passed - lost_most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps), cmocka_unit_test(test_nights),
                                       cmocka_unit_test(test_property),
                                       cmocka_unit_test(test_baseline)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
