/* Many readings, many members, many questions: up to what is answered at once, and beyond. */
#include <stdio.h>
#include <string.h>

#include "tests/support/payload_bench.h"
#include "tests/support/support.h"

/* n elements that each say something, then one that does not. */
static const char *list_of(char *to, uint32_t n)
{
    char *at = to;
    *at++ = '[';
    for (uint32_t i = 0; i < n; i++)
        at += sprintf(at, "{\"v\":%u},", i);
    memcpy(at, "{}]", 4);
    return to;
}

static void test_at_most_256_readings(void **state)
{
    static const char map[] =
        PAYLOAD_MAP("{each: \"/*\", class: crowd, kind: delta, device: \"{index}\", in: ./v}");
    static char list[16 * 300];
    struct payload_maps *maps = payload_bench_maps(map);
    assert_true(
        strncmp(payload_bench_decode(*state, maps, "t/d", list_of(list, PAYLOAD_READINGS_MAX), ""),
                "0 ", 2) == 0);
    assert_string_equal(
        payload_bench_decode(*state, maps, "t/d", list_of(list, PAYLOAD_READINGS_MAX + 1), ""),
        "refused out_of_range: payload: more than 256 readings\n");
    payload_maps_free(maps);
}

/* Devices 0 to n - 1 say `in` one after the other, then `out`, the last first: their readings. */
static void parts_expect(void *state, const struct payload_maps *maps, uint32_t n)
{
    static char list[32 * PAYLOAD_READINGS_MAX], want[48 * PAYLOAD_READINGS_MAX];
    char *at = list, *to = want;
    for (uint32_t i = 0; i < n; i++) {
        at += sprintf(at, "%s{\"d\":%u,\"i\":%u}", i ? "," : "[", i, 1000 + i);
        to += sprintf(to, "%u crowd_delta in=%u out=%u\n", i, 1000 + i, 2000 + i);
    }
    for (uint32_t i = n; i-- > 0;)
        at += sprintf(at, ",{\"d\":%u,\"o\":%u}", i, 2000 + i);
    memcpy(at, "]", 2);
    assert_string_equal(payload_bench_decode(state, maps, "t/d", list, ""), want);
}

static void test_parts_of_few_and_many_readings(void **state)
{
    static const char map[] = PAYLOAD_MAP(
        "{each: \"/*\", class: crowd, kind: delta, device: \"{./d}\", in: ./i, out: ./o}");
    static char list[16 * 300];
    struct payload_maps *maps = payload_bench_maps(map);
    for (uint32_t n = PAYLOAD_READINGS_MAX / 2; n > 0; n--)
        parts_expect(*state, maps, n);
    char *at = list;
    for (uint32_t i = 0; i <= PAYLOAD_READINGS_MAX; i++) /* parts count, not what becomes of them */
        at += sprintf(at, "%s{\"d\":1,\"i\":1}", i ? "," : "[");
    memcpy(at, "]", 2);
    assert_string_equal(payload_bench_decode(*state, maps, "t/d", list, ""),
                        "refused out_of_range: payload: more than 256 readings\n");
    payload_maps_free(maps);
}

/* An object of n members, of which `twice` occurs twice (0: none). */
static const char *object_of(char *to, uint32_t n, uint32_t twice)
{
    char *at = to + sprintf(to, "{\"v\":1");
    for (uint32_t i = 2; i <= n; i++)
        at += sprintf(at, ",\"member_%u\":0", i == n && twice ? twice : i);
    memcpy(at, "}", 2);
    return to;
}

static void test_keys_of_large_objects(void **state)
{
    static char object[32 * 1100];
    struct payload_maps *maps = payload_bench_maps(PAYLOAD_LEVEL("occupancy: /v"));
    assert_string_equal(payload_bench_decode(*state, maps, "t/d", object_of(object, 1024, 0), ""),
                        "d crowd_level occupancy=1\n");
    for (uint32_t twice = 2; twice < 1024; twice += 73) {
        char want[128];
        snprintf(want, sizeof want,
                 "refused duplicate_key: payload: a key occurs twice: \"member_%u\"\n", twice);
        assert_string_equal(
            payload_bench_decode(*state, maps, "t/d", object_of(object, 1024, twice), ""), want);
    }
    assert_string_equal(payload_bench_decode(*state, maps, "t/d", object_of(object, 1025, 0), ""),
                        "refused out_of_range: payload: more than 1024 members\n");
    payload_maps_free(maps);
}

/* A map that asks about more places, and of one place more constants, than are answered at once:
 * the others are compared one by one, and it makes no difference. */
enum { PLACES = 20, CONSTANTS = 40 };
static void test_more_questions_than_are_answered_at_once(void **state)
{
    struct payload_bench *f = *state;
    static char source[64 * 1024], payload[4096], want[256];
    struct text out = text_over(source, sizeof source - 1);
    text_add(&out, "payload: m\ntopics: [\"t/{device}\"]\nreadings:\n");
    for (int place = 0; place < PLACES; place++)
        for (int half = 0; half < 2; half++) {
            char entry[160];
            snprintf(entry, sizeof entry,
                     "  - {class: crowd, kind: level, device: \"{device}\", part: p%d-%d, "
                     "occupancy: /n, "
                     "when: [{at: /k%d, in: [",
                     place, half, place);
            text_add(&out, entry);
            for (int i = 0; i < CONSTANTS; i++) {
                snprintf(entry, sizeof entry, "%sc%d", i ? ", " : "", half * CONSTANTS + i);
                text_add(&out, entry);
            }
            text_add(&out, "]}, {at: /n, not: [99, x]}]}\n");
        }
    source[out.len] = '\0';
    assert_false(out.overflow);
    struct payload_maps *maps = payload_bench_maps(source);
    for (int place = 0; place < PLACES; place++)
        for (int value = 0; value < 2 * CONSTANTS + 1; value += CONSTANTS - 1) {
            snprintf(payload, sizeof payload, "{\"n\":7,\"k%d\":\"c%d\"}", place, value);
            snprintf(want, sizeof want, "d1/p%d-%d crowd_level occupancy=7\n", place,
                     value / CONSTANTS);
            assert_string_equal(payload_bench_decode(f, maps, "t/d1", payload, ""),
                                value < 2 * CONSTANTS ? want : "nothing\n");
            snprintf(payload, sizeof payload, "{\"k%d\":\"c%d\",\"n\":99}", place, value);
            assert_string_equal(payload_bench_decode(f, maps, "t/d1", payload, ""), "nothing\n");
        }
    payload_maps_free(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAYLOAD_BENCH_TEST(test_at_most_256_readings),
        PAYLOAD_BENCH_TEST(test_parts_of_few_and_many_readings),
        PAYLOAD_BENCH_TEST(test_keys_of_large_objects),
        PAYLOAD_BENCH_TEST(test_more_questions_than_are_answered_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
