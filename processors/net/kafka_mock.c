#include "processors/net/kafka_mock.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

struct kafka_mock {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
};

enum { MOCK_ERRORS_MAX = 32 };

bool kafka_mock_start(int brokers, const struct kafka_topic_plan *plan, uint32_t count,
                      struct kafka_mock **ret, struct error *err)
{
    static const struct kafka_link link = {.brokers = "", .client_id = "crowdtide-mock"};
    rd_kafka_conf_t *conf;
    char why[256];
    if (!kafka_link_conf(&link, NULL, NULL, &conf, err))
        return false;
    struct kafka_mock *mock = calloc(1, sizeof *mock);
    if (mock)
        mock->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (!mock || !mock->rk) {
        rd_kafka_conf_destroy(conf);
        free(mock);
        return error_set(err, ERROR_FATAL, 0, "mock Kafka");
    }
    mock->cluster = rd_kafka_mock_cluster_new(mock->rk, brokers);
    if (!mock->cluster) {
        kafka_mock_stop(mock);
        return error_set(err, ERROR_FATAL, 0, "mock Kafka cluster");
    }
    for (uint32_t i = 0; i < count; i++)
        (void)rd_kafka_mock_topic_create(mock->cluster, plan[i].name, plan[i].partitions, 1);
    *ret = mock;
    return true;
}

const char *kafka_mock_brokers(const struct kafka_mock *mock)
{
    return rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

void kafka_mock_fail(struct kafka_mock *mock, int api_key, const int *codes, uint32_t count)
{
    rd_kafka_resp_err_t errors[MOCK_ERRORS_MAX];
    uint32_t n = count < MOCK_ERRORS_MAX ? count : MOCK_ERRORS_MAX;
    for (uint32_t i = 0; i < n; i++)
        errors[i] = (rd_kafka_resp_err_t)codes[i];
    rd_kafka_mock_push_request_errors_array(mock->cluster, (int16_t)api_key, n, errors);
}

void kafka_mock_down(struct kafka_mock *mock, bool down)
{
    if (down)
        (void)rd_kafka_mock_broker_set_down(mock->cluster, 1);
    else
        (void)rd_kafka_mock_broker_set_up(mock->cluster, 1);
}

void kafka_mock_slow(struct kafka_mock *mock, int rtt_ms)
{
    (void)rd_kafka_mock_broker_set_rtt(mock->cluster, -1, rtt_ms);
}

void kafka_mock_stop(struct kafka_mock *mock)
{
    if (!mock)
        return;
    if (mock->cluster)
        rd_kafka_mock_cluster_destroy(mock->cluster);
    rd_kafka_destroy(mock->rk);
    free(mock);
}
