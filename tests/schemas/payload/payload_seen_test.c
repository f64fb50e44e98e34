/* Keys in orders that were seen before take a shorter way, which makes no difference. At random:
 * payload_order_test.c. */
#include <stdio.h>

#include "tests/support/payload_bench.h"
#include "tests/support/support.h"

static const struct order {
    const char *payload, *want;
} orders[] = {
    {"{\"in\":1,\"out\":2}", "d crowd_total in=1 out=2\n"},
    {"{\"in\":1,\"out\":2,\"in\":3}",
     "refused duplicate_key: payload: a key occurs twice: \"in\"\n"},
    {"{\"in\":1,\"in\":2}", "refused duplicate_key: payload: a key occurs twice: \"in\"\n"},
    {"{\"in\":1,\"x\":2,\"y\":3,\"x\":4}",
     "refused duplicate_key: payload: a key occurs twice: \"x\"\n"},
    {"{\"in\":1,\"x\":2,\"y\":3}", "d crowd_total in=1\n"},
    {"{\"in\":1,\"z\":0}", "d crowd_total in=1\n"},
    {"{\"z\":0}", "nothing\n"},
    {"{\"\":0,\"out\":5}", "d crowd_total out=5\n"},
    {"{\"o\":0,\"ou\":0,\"outx\":0,\"out\":5}", "d crowd_total out=5\n"},
    {"{\"people_counted_1_in\":6}", "d crowd_total in=6\n"},
    {"{\"people_counted_2_in\":6}", "nothing\n"},
    {"{\"longer_than_the_keys_of_orders_are_1\":7}", "d crowd_total in=7\n"},
    {"{\"longer_than_the_keys_of_orders_are_2\":7}", "nothing\n"},
    {"{\"n\":{\"in\":8}}", "d crowd_total out=8\n"},
    {"{\"n\":{\"in\":8,\"x\":1},\"in\":9}", "d crowd_total in=9 out=8\n"},
    {"{\"n\":{\"x\":8},\"in\":9}", "d crowd_total in=9\n"},
    {"{\"n\":8,\"in\":9}", "d crowd_total in=9\n"},
};
enum { ORDERS = sizeof orders / sizeof orders[0], ORDERS_MANY = 5000 };

static void test_orders_of_keys(void **state)
{
    struct payload_maps *maps = payload_bench_maps(
        PAYLOAD_TOTAL("in: [/in, /people_counted_1_in, /longer_than_the_keys_of_orders_are_1], "
                      "out: [/out, /n/in]"));
    for (uint32_t i = 0; i < ORDERS * ORDERS; i++) {
        uint32_t n = i % 2 ? i / 2 % ORDERS : i * 7 % ORDERS;
        assert_string_equal(payload_bench_decode(*state, maps, "t/d", orders[n].payload, ""),
                            orders[n].want);
    }
    for (uint32_t i = 0; i < ORDERS_MANY; i++) { /* more than there is room for */
        char payload[128], want[64];
        uint32_t k = i % 8, l = i / 8 % 8, m = i / 64 % 8;
        snprintf(payload, sizeof payload,
                 "{\"k%u\":0,\"l%u\":{},\"m%u\":0,\"in\":0,\"n\":{\"k%u\":0,\"l%u\":0,\"m%u\":0,"
                 "\"in\":%u}}",
                 k, l, m, l, m, k, i);
        snprintf(want, sizeof want, "d crowd_total in=0 out=%u\n", i);
        assert_string_equal(payload_bench_decode(*state, maps, "t/d", payload, ""), want);
        assert_string_equal(
            payload_bench_decode(*state, maps, "t/d", orders[i % ORDERS].payload, ""),
            orders[i % ORDERS].want);
    }
    payload_maps_free(maps);
}

/* Another map, perhaps in the memory of one before it, has steps of its own. */
static void test_orders_of_another_map(void **state)
{
    for (uint32_t i = 0; i < 20; i++) {
        struct payload_maps *maps = payload_bench_maps(i % 2 ? PAYLOAD_TOTAL("out: /in, in: /out")
                                                             : PAYLOAD_TOTAL("in: /in, out: /out"));
        for (uint32_t again = 0; again < 2; again++)
            assert_string_equal(
                payload_bench_decode(*state, maps, "t/d", "{\"in\":1,\"out\":2}", ""),
                i % 2 ? "d crowd_total in=2 out=1\n" : "d crowd_total in=1 out=2\n");
        payload_maps_free(maps);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAYLOAD_BENCH_TEST(test_orders_of_keys),
        PAYLOAD_BENCH_TEST(test_orders_of_another_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
