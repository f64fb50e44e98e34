#include "processors/net/kafka_reader.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_BYTES = 256 };

struct kafka_reader {
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    rd_kafka_message_t *message; /* handed out last */
    bool *ended;                 /* partition i: its end was seen since its last record */
    uint32_t partitions;
    char trouble[WORDS_BYTES];
};

bool kafka_reader_new(const struct kafka_link *link, const char *topic, struct kafka_reader **ret,
                      struct error *err)
{
    /* The group is a name only: nobody joins it, nothing is committed to it. */
    static const struct kafka_setting fixed[] = {
        {"isolation.level", "read_committed"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"allow.auto.create.topics", "false"},
        {"auto.offset.reset", "earliest"},
        {"group.id", "crowdtide-page"},
        {"fetch.wait.max.ms", "50"},
        {"enable.partition.eof", "true"},

        {"topic.metadata.refresh.interval.ms", "10000"},
        {NULL, NULL},
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

bool kafka_reader_add(struct kafka_reader *reader, uint32_t first, const int64_t *offset,
                      uint32_t count, struct error *err)
{
    bool *ended = realloc(reader->ended, (first + count) * sizeof *ended);
    if (!ended)
        return error_set(err, ERROR_NO_MEMORY, 0, "Kafka reader");
    memset(ended + first, 0, count * sizeof *ended);
    reader->ended = ended;
    reader->partitions = first + count;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (uint32_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(reader->topic),
                                          (int32_t)(first + i))
            ->offset = !offset         ? RD_KAFKA_OFFSET_END
                       : offset[i] < 0 ? RD_KAFKA_OFFSET_BEGINNING
                                       : offset[i];
    rd_kafka_error_t *why = rd_kafka_incremental_assign(reader->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (!why)
        return true;
    error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s", rd_kafka_topic_name(reader->topic),
              rd_kafka_error_string(why));
    rd_kafka_error_destroy(why);
    return false;
}

bool kafka_reader_next(struct kafka_reader *reader, struct kafka_reader_message *ret)
{
    for (;;) {
        if (reader->message)
            rd_kafka_message_destroy(reader->message);
        reader->message = rd_kafka_consumer_poll(reader->rk, 0);
        if (!reader->message)
            return false;
        const uint32_t partition = (uint32_t)reader->message->partition;
        const bool end = reader->message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (partition < reader->partitions && (end || !reader->message->err))
            reader->ended[partition] = end;
        if (reader->message->err) {
            if (reader->message->rkt && !end)
                (void)snprintf(reader->trouble, sizeof reader->trouble, "Kafka topic %s: %s",
                               rd_kafka_topic_name(reader->topic),
                               rd_kafka_message_errstr(reader->message));
            continue;
        }
        reader->trouble[0] = '\0';
        *ret = (struct kafka_reader_message){
            .partition = partition,
            .offset = reader->message->offset,
            .value = {reader->message->payload, (uint32_t)reader->message->len},
        };
        return true;
    }
}

bool kafka_reader_behind(const struct kafka_reader *reader)
{
    for (uint32_t i = 0; i < reader->partitions; i++)
        if (!reader->ended[i])
            return true;
    return false;
}

const char *kafka_reader_trouble(const struct kafka_reader *reader)
{
    return reader->trouble;
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
    free(reader->ended);
    free(reader);
}
