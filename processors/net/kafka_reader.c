#include "processors/net/kafka_reader.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORDS_BYTES = 256 };

struct kafka_reader {
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    rd_kafka_message_t *message; /* handed out last */
    struct kafka_complaint complaint;
};

bool kafka_reader_new(const struct kafka_link *link, const char *topic, struct kafka_reader **ret,
                      struct error *err)
{
    /* The group is a name only: nobody joins it, nothing is committed to it. */
    static const struct kafka_setting fixed[] = {
        {"isolation.level", "read_committed"}, {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"}, {"allow.auto.create.topics", "false"},
        {"auto.offset.reset", "earliest"},     {"group.id", "crowdtide-page"},
        {"fetch.wait.max.ms", "50"},           {NULL, NULL},
    };
    char why[WORDS_BYTES];
    rd_kafka_conf_t *conf;
    struct kafka_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return error_set(err, ERROR_NO_MEMORY, 0, "Kafka reader");
    if (!kafka_link_conf(link, NULL, fixed, &conf, err)) {
        free(reader);
        return false;
    }
    kafka_complaint_attach(&reader->complaint, conf);
    reader->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (!reader->rk) {
        rd_kafka_conf_destroy(conf);
        free(reader);
        return error_set(err, ERROR_CONFIG, 0, "Kafka: %s", why);
    }
    (void)rd_kafka_poll_set_consumer(reader->rk);
    reader->topic = rd_kafka_topic_new(reader->rk, topic, NULL);
    if (!reader->topic) {
        kafka_reader_free(reader);
        return error_set(err, ERROR_NO_MEMORY, 0, "Kafka topic %s", topic);
    }
    *ret = reader;
    return true;
}

bool kafka_reader_partitions(struct kafka_reader *reader, int timeout_ms, uint32_t *ret_count,
                             struct error *err)
{
    const struct rd_kafka_metadata *found = NULL;
    const char *name = rd_kafka_topic_name(reader->topic);
    rd_kafka_resp_err_t code = rd_kafka_metadata(reader->rk, 0, reader->topic, &found, timeout_ms);
    if (code)
        return error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s%s%s", name,
                         rd_kafka_err2str(code), reader->complaint.text[0] ? ": " : "",
                         reader->complaint.text);
    uint32_t count = 0;
    if (found->topic_cnt == 1 && !found->topics[0].err)
        count = (uint32_t)found->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(found);
    if (count == 0)
        return error_set(err, ERROR_NOT_FOUND, 0, "Kafka topic %s", name);
    *ret_count = count;
    return true;
}

/* offset NULL: all at their ends. */
static bool assign(struct kafka_reader *reader, const int64_t *offset, uint32_t count,
                   struct error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (uint32_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(reader->topic), (int32_t)i)
            ->offset = !offset         ? RD_KAFKA_OFFSET_END
                       : offset[i] < 0 ? RD_KAFKA_OFFSET_BEGINNING
                                       : offset[i];
    rd_kafka_resp_err_t code = rd_kafka_assign(reader->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return !code || error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s",
                              rd_kafka_topic_name(reader->topic), rd_kafka_err2str(code));
}

bool kafka_reader_assign(struct kafka_reader *reader, const int64_t *offset, uint32_t count,
                         struct error *err)
{
    return assign(reader, offset, count, err);
}

bool kafka_reader_assign_end(struct kafka_reader *reader, uint32_t count, struct error *err)
{
    return assign(reader, NULL, count, err);
}

bool kafka_reader_next(struct kafka_reader *reader, struct kafka_reader_message *ret)
{
    for (;;) {
        if (reader->message)
            rd_kafka_message_destroy(reader->message);
        reader->message = rd_kafka_consumer_poll(reader->rk, 0);
        if (!reader->message)
            return false;
        if (reader->message->err) {
            kafka_complaint_take(&reader->complaint, reader->message->err,
                                 rd_kafka_message_errstr(reader->message));
            continue;
        }
        reader->complaint.text[0] = '\0';
        *ret = (struct kafka_reader_message){
            .partition = (uint32_t)reader->message->partition,
            .offset = reader->message->offset,
            .value = {reader->message->payload, (uint32_t)reader->message->len},
        };
        return true;
    }
}

const char *kafka_reader_trouble(const struct kafka_reader *reader)
{
    return reader->complaint.text;
}

void kafka_reader_free(struct kafka_reader *reader)
{
    if (!reader)
        return;
    if (reader->message)
        rd_kafka_message_destroy(reader->message);
    if (reader->topic)
        rd_kafka_topic_destroy(reader->topic);
    (void)rd_kafka_consumer_close(reader->rk);
    rd_kafka_destroy(reader->rk);
    free(reader);
}
