#include "processors/net/kafka_topics.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_BYTES = 256 };

static bool topic_listed(const struct rd_kafka_metadata *meta, const char *name)
{
    for (int i = 0; i < meta->topic_cnt; i++) {
        if (strcmp(meta->topics[i].topic, name) == 0)
            return true;
    }
    return false;
}

static rd_kafka_NewTopic_t *new_topic(const struct kafka_topic_plan *plan, int replication,
                                      struct error *err)
{
    char why[WORDS_BYTES];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(plan->name, plan->partitions, replication, why, sizeof why);
    if (!topic) {
        error_set(err, ERROR_CONFIG, 0, "Kafka topic %s: %s", plan->name, why);
        return NULL;
    }
    if (plan->compacted)
        (void)rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "compact");
    if (plan->small_segments) {
        (void)rd_kafka_NewTopic_set_config(topic, "segment.bytes", "4194304");
        (void)rd_kafka_NewTopic_set_config(topic, "min.cleanable.dirty.ratio", "0.1");
    }
    return topic;
}

/* Reads the answers to the creation; "already there" is what we want. */
static bool created(rd_kafka_event_t *event, struct error *err)
{
    rd_kafka_resp_err_t code = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
        return true;
    if (code)
        return error_set(err, ERROR_NETWORK, 0, "Kafka, creating topics: %s",
                         event ? rd_kafka_event_error_string(event) : rd_kafka_err2str(code));
    size_t count = 0;
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
    const rd_kafka_topic_result_t **topics = rd_kafka_CreateTopics_result_topics(result, &count);
    for (size_t i = 0; i < count; i++) {
        code = rd_kafka_topic_result_error(topics[i]);
        if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            continue;
        const char *why = rd_kafka_topic_result_error_string(topics[i]);
        return error_set(err, ERROR_REMOTE_DENIED, 0,
                         "Kafka topic %s is missing and can't be created: %s",
                         rd_kafka_topic_result_name(topics[i]), why ? why : rd_kafka_err2str(code));
    }
    return true;
}

static bool create_topics(rd_kafka_t *rk, rd_kafka_NewTopic_t **topics, size_t count,
                          int timeout_ms, struct error *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, NULL, 0);
    (void)rd_kafka_AdminOptions_set_operation_timeout(options, timeout_ms, NULL, 0);
    rd_kafka_CreateTopics(rk, topics, count, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);
    bool ok = created(event, err);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return ok;
}

/* Lists all topics, since asking for one by name would make some brokers create it with settings of
 * their own. */
static bool ensure_with(rd_kafka_t *rk, const struct kafka_topic_plan *plan, uint32_t count,
                        int replication, int timeout_ms, const struct kafka_complaint *complaint,
                        struct error *err)
{
    rd_kafka_NewTopic_t *missing[KAFKA_TOPICS_ENSURE_MAX];
    size_t missing_count = 0;
    const struct rd_kafka_metadata *meta = kafka_link_ask(rk, complaint, timeout_ms, err);
    if (!meta)
        return false;
    bool ok = true;
    for (uint32_t i = 0; ok && i < count && missing_count < KAFKA_TOPICS_ENSURE_MAX; i++) {
        if (topic_listed(meta, plan[i].name))
            continue;
        missing[missing_count] = new_topic(&plan[i], replication, err);
        ok = missing[missing_count] != NULL;
        missing_count += ok;
    }
    rd_kafka_metadata_destroy(meta);
    if (ok && missing_count)
        ok = create_topics(rk, missing, missing_count, timeout_ms, err);
    rd_kafka_NewTopic_destroy_array(missing, missing_count);
    return ok;
}

bool kafka_topics_ensure(const struct kafka_link *link, const struct kafka_topic_plan *plan,
                         uint32_t count, int replication, int timeout_ms, struct error *err)
{
    struct kafka_complaint complaint = {0};
    rd_kafka_conf_t *conf;
    if (!kafka_link_conf(link, NULL, NULL, &conf, err))
        return false;
    kafka_complaint_attach(&complaint, conf);
    rd_kafka_t *rk = kafka_link_open(RD_KAFKA_PRODUCER, conf, err);
    if (!rk)
        return false;
    bool ok = ensure_with(rk, plan, count, replication, timeout_ms, &complaint, err);
    rd_kafka_destroy(rk);
    return ok;
}
