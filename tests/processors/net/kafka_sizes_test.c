/* How many partitions topics have: while no broker answers, and once one does. That they grow is
 * tested on real Kafka (tests/e2e/kafka_page.c): the mock's topics don't. */
#include "processors/net/kafka_sizes.h"

#include "processors/net/kafka_mock.h"
#include "schemas/base/clock.h"
#include "tests/support/support.h"

enum { WAIT_S = 20 };

/* Asks, as if time passed, until the answer is that. */
static void until(struct kafka_sizes *asker, int64_t *now_ms, enum kafka_sizes_answer wanted)
{
    struct error err = {0};
    const int64_t until_ns = clock_boot_ns() + (int64_t)WAIT_S * 1000000000;
    while (kafka_sizes_follow(asker, *now_ms += KAFKA_SIZES_EVERY_MS, &err) != wanted)
        if (clock_boot_ns() > until_ns)
            fail_msg("not within %d s: %s", WAIT_S, err.where);
}

static void an_asker_outlives_an_outage(void **state)
{
    (void)state;
    int64_t now_ms = 0;
    struct error err = {0};
    struct kafka_mock *mock = NULL;
    struct kafka_sizes *asker = NULL;
    struct kafka_topic_plan plan[2] = {{.name = "one", .partitions = 1},
                                       {.name = "three", .partitions = 3}};
    struct kafka_size size[] = {{.topic = "three"}, {.topic = "one"}};
    struct kafka_size strange[] = {{.topic = "none"}, {.topic = "one"}};
    assert_true(kafka_mock_start(1, plan, 2, &mock, &err));
    kafka_mock_down(mock, true);
    const struct kafka_link link = {.brokers = kafka_mock_brokers(mock)};
    assert_true(kafka_sizes_new(&link, size, 2, &asker, &err));
    assert_int_equal(kafka_sizes_follow(asker, now_ms, &err), KAFKA_SIZES_AWAY);
    assert_int_equal(err.code, ERROR_NETWORK);
    assert_true(kafka_sizes_away(asker));
    assert_int_equal(size[0].partitions, 0);
    /* It does not block again at once. */
    assert_int_equal(kafka_sizes_follow(asker, now_ms + 1, &err), KAFKA_SIZES_NOT_ASKED);
    assert_true(kafka_sizes_away(asker));
    kafka_mock_down(mock, false);
    until(asker, &now_ms, KAFKA_SIZES_KNOWN);
    assert_false(kafka_sizes_away(asker));
    assert_int_equal(size[0].partitions, 3);
    assert_int_equal(size[1].partitions, 1);
    assert_int_equal(kafka_sizes_follow(asker, now_ms + KAFKA_SIZES_EVERY_MS - 1, &err),
                     KAFKA_SIZES_NOT_ASKED);
    kafka_mock_down(mock, true);
    until(asker, &now_ms, KAFKA_SIZES_AWAY);
    assert_int_equal(size[0].partitions, 3);
    kafka_mock_down(mock, false);
    until(asker, &now_ms, KAFKA_SIZES_KNOWN);
    kafka_sizes_free(asker);

    assert_true(kafka_sizes_new(&link, strange, 2, &asker, &err));
    until(asker, &now_ms, KAFKA_SIZES_MISSING);
    assert_int_equal(strange[0].partitions, 0);
    assert_int_equal(strange[1].partitions, 1);
    kafka_sizes_free(asker);
    kafka_mock_stop(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_asker_outlives_an_outage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
