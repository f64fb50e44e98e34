/* A reader against the mock broker: what it says of a partition that it may not read, and of its
 * end. */
#include "processors/net/kafka_reader.h"

#include <librdkafka/rdkafka.h>
#include <string.h>
#include <time.h>

#include "processors/net/kafka_mock.h"
#include "schemas/base/clock.h"
#include "tests/support/support.h"

/* Kafka's request numbers and error codes, as its protocol guide lists them. */
enum { API_FETCH = 1, TOPIC_AUTHORIZATION_FAILED = 29, REFUSALS = 3, WAIT_S = 20, CALL_MS = 10000 };

static void produce(const char *brokers, const char *text)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why),
                     RD_KAFKA_CONF_OK);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(rk);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, "t", NULL);
    assert_int_equal(rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, (char *)(uintptr_t)text,
                                      strlen(text), NULL, 0, NULL),
                     0);
    assert_int_equal(rd_kafka_flush(rk, CALL_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
}

/* Polls until there is trouble, or none any more, so many records have come and the end is seen. */
static uint32_t until(struct kafka_reader *reader, bool trouble, uint32_t records)
{
    struct kafka_reader_message message;
    uint32_t got = 0;
    const int64_t until_ns = clock_boot_ns() + (int64_t)WAIT_S * 1000000000;
    const struct timespec pause = {.tv_nsec = 10000000};
    while ((kafka_reader_trouble(reader)[0] != '\0') != trouble || got < records ||
           kafka_reader_behind(reader)) {
        if (clock_boot_ns() > until_ns)
            fail_msg("not within %d s: trouble \"%s\", %u records, behind %d", WAIT_S,
                     kafka_reader_trouble(reader), got, kafka_reader_behind(reader));
        while (kafka_reader_next(reader, &message))
            got++;
        (void)nanosleep(&pause, NULL);
    }
    return got;
}

static void what_it_may_not_read_is_said_until_it_may(void **state)
{
    (void)state;
    static const int refusals[REFUSALS] = {TOPIC_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED,
                                           TOPIC_AUTHORIZATION_FAILED};
    const int64_t from = -1;
    struct error err = {0};
    struct kafka_mock *mock = NULL;
    struct kafka_reader *reader = NULL;
    struct kafka_topic_plan plan = {.name = "t", .partitions = 1};
    assert_true(kafka_mock_start(1, &plan, 1, &mock, &err));
    const struct kafka_link link = {.brokers = kafka_mock_brokers(mock)};
    kafka_mock_fail(mock, API_FETCH, refusals, REFUSALS);
    assert_true(kafka_reader_new(&link, "t", &reader, &err));
    assert_false(kafka_reader_behind(reader)); /* it reads nothing yet */
    assert_true(kafka_reader_add(reader, 0, &from, 1, &err));
    assert_true(kafka_reader_behind(reader));
    assert_int_equal(until(reader, true, 0), 0);
    assert_non_null(strstr(kafka_reader_trouble(reader), "Kafka topic t: "));
    assert_non_null(strstr(kafka_reader_trouble(reader), "authorization"));
    produce(link.brokers, "hello");
    assert_int_equal(until(reader, false, 1), 1);
    kafka_reader_free(reader);
    kafka_mock_stop(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_it_may_not_read_is_said_until_it_may)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
