/*
 * kafka_mock: librdkafka's embedded broker, for a trial where no Kafka can be had. It keeps a few MiB a partition in memory, forgets everything when it ends, and shows
 * aborted transactions to readers: good for looking at the pipeline, not for keeping anything.
 *
 *     kafka_mock_start(1, &mock, &err);
 *     puts(kafka_mock_brokers(mock));      host:port, ports chosen by the system, loopback only
 *     kafka_mock_stop(mock);
 */
#ifndef CROWDTIDE_PROCESSORS_NET_KAFKA_MOCK_H
#define CROWDTIDE_PROCESSORS_NET_KAFKA_MOCK_H

#include "processors/net/kafka_topics.h"

struct kafka_mock;

/* The topics of the plan exist from the start. FATAL. */
bool kafka_mock_start(int brokers, const struct kafka_topic_plan *plan, uint32_t count,
                      struct kafka_mock **ret, struct error *err);
const char *kafka_mock_brokers(const struct kafka_mock *mock);
/* Tests: the next requests of this kind (Kafka's API key) get these error codes. */
void kafka_mock_fail(struct kafka_mock *mock, int api_key, const int *codes, uint32_t count);
/* Tests: broker 1 stops or starts to answer. */
void kafka_mock_down(struct kafka_mock *mock, bool down);
/* Tests: each of its answers takes so long. */
void kafka_mock_slow(struct kafka_mock *mock, int rtt_ms);
void kafka_mock_stop(struct kafka_mock *mock); /* NULL is allowed */

#endif
