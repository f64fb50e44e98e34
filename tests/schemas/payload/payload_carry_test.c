/* What a map carries from one element of a list to the next. */
#include "tests/support/payload_bench.h"
#include "tests/support/support.h"

static const char senml[] = "payload: senml\n"
                            "topics: [\"t/{x}\"]\n"
                            "carry:\n"
                            "  bn: {at: ./bn, start: \"\"}\n"
                            "  bt: {at: ./bt, start: 0}\n"
                            "  bv: {at: ./bv, start: 0}\n"
                            "time:\n"
                            "  - {at: ./t, format: senml, add: bt}\n"
                            "  - {is: 0, format: senml, add: bt}\n"
                            "readings:\n"
                            "  - each: /*\n"
                            "    when: {at: ./n, equals: in}\n"
                            "    class: crowd\n"
                            "    kind: total\n"
                            "    device: \"{bn}\"\n"
                            "    in: {at: ./v, add: bv}\n"
                            "  - each: /*\n"
                            "    when: {at: ./n, equals: out}\n"
                            "    class: crowd\n"
                            "    kind: total\n"
                            "    device: \"{bn}\"\n"
                            "    out: {at: ./v, add: bv}\n";

static void test_carried_values_hold_until_renewed(void **state)
{
    struct payload_bench *f = *state;
    payload_bench_expect(
        f, "absolute", senml,
        "[{\"bn\":\"a\",\"bt\":1767268000,\"n\":\"in\",\"v\":1},{\"n\":\"out\",\"v\":2},"
        "{\"bn\":\"b\",\"bv\":10,\"n\":\"in\",\"v\":3,\"t\":1.5},{\"n\":\"in\",\"v\":4}]",
        "a crowd_total in=1 out=2 ts=2026-01-01T11:46:40.000Z\n"
        "b crowd_total in=13 ts=2026-01-01T11:46:41.500Z\n"
        "b crowd_total in=14 ts=2026-01-01T11:46:40.000Z\n");
    payload_bench_expect(f, "the next message begins anew, relative to receipt", senml,
                         "[{\"bn\":\"c\"},{\"n\":\"in\",\"v\":3,\"t\":-10}]",
                         "c crowd_total in=3 ts=2026-01-01T11:59:50.000Z\n");
    payload_bench_expect(f, "a base of another kind", senml,
                         "[{\"bn\":\"a\"},{\"bt\":\"x\",\"n\":\"in\",\"v\":1}]",
                         "refused wrong_type: payload /1/bt: not a number\n");
}

static void test_a_quoted_start_is_a_text(void **state)
{
    static const char map[] = "payload: m\ntopics: [\"t/+\"]\n"
                              "carry: {id: {at: ./id, start: \"0\"}}\n"
                              "readings: [{each: /*, class: crowd, kind: level, device: \"{id}\", "
                              "occupancy: ./v}]\n";
    payload_bench_expect(*state, "a text", map, "[{\"v\":1},{\"id\":\"a\",\"v\":2}]",
                         "0 crowd_level occupancy=1\na crowd_level occupancy=2\n");
    payload_bench_expect(*state, "a number", map, "[{\"id\":1,\"v\":2}]",
                         "refused wrong_type: payload /0/id: not a text\n");
}

/* Of the document, and of the element around: each inner element takes it up. */
static void test_carried_from_around(void **state)
{
    static const char map[] =
        "payload: m\ntopics: [\"t/{device}\"]\n"
        "carry: {base: {at: /base, start: 0}, add: {at: ../add, start: 1}}\n"
        "readings:\n"
        "  - {each: /list/*/items/*, class: crowd, kind: level, device: \"{./n}\", part: a, "
        "occupancy: {at: ./v, add: base}}\n"
        "  - {each: /list/*/items/*, class: crowd, kind: level, device: \"{./n}\", part: b, "
        "occupancy: {at: ./v, add: add}}\n";
    payload_bench_expect(
        *state, "what was last given holds", map,
        "{\"base\":10,\"list\":[{\"items\":[{\"n\":\"x\",\"v\":1}]},"
        "{\"items\":[{\"n\":\"y\",\"v\":2}],\"add\":5},{\"items\":[{\"n\":\"z\",\"v\":3}]}]}",
        "x/a crowd_level occupancy=11\nx/b crowd_level occupancy=2\n"
        "y/a crowd_level occupancy=12\ny/b crowd_level occupancy=7\n"
        "z/a crowd_level occupancy=13\nz/b crowd_level occupancy=8\n");
    payload_bench_expect(*state, "of another kind", map,
                         "{\"list\":[{\"items\":[{\"n\":\"x\",\"v\":1}],\"add\":\"5\"}]}",
                         "refused wrong_type: payload /list/0/add: not a number\n");
}

static void test_conditions_on_what_is_carried(void **state)
{
    static const char map[] =
        "payload: units\n"
        "topics: [\"t/{x}\"]\n"
        "carry: {bu: {at: ./bu, start: \"\"}, bt: {at: ./bt, start: 0}}\n"
        "readings:\n"
        "  - each: /*\n"
        "    class: light\n"
        "    device: \"{./n}\"\n"
        "    lux: {at: ./v, when: [{carried: bu, equals: lx}, {carried: bt, below: 5}]}\n";
    struct payload_bench *f = *state;
    payload_bench_expect(
        f, "until renewed", map,
        "[{\"bu\":\"lx\",\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":2},{\"bu\":\"W\",\"n\":\"c\","
        "\"v\":3},"
        "{\"bu\":\"lx\",\"bt\":5,\"n\":\"d\",\"v\":4}]",
        "a light lux=1\nb light lux=2\n");
    payload_bench_expect(f, "not of the message before", map, "[{\"n\":\"a\",\"v\":1}]",
                         "nothing\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAYLOAD_BENCH_TEST(test_carried_values_hold_until_renewed),
        PAYLOAD_BENCH_TEST(test_a_quoted_start_is_a_text),
        PAYLOAD_BENCH_TEST(test_carried_from_around),
        PAYLOAD_BENCH_TEST(test_conditions_on_what_is_carried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
