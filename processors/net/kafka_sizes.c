#include "processors/net/kafka_sizes.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASK_MS_MIN = 200,
    ASK_MS_MAX = 2000,
    PAUSES = 5,        /* after a question without an answer: times what it took */
    MISSING_MS = 1000, /* until a topic that was not there is asked for again */
};

struct kafka_sizes {
    rd_kafka_t *rk;
    struct kafka_complaint complaint;
    struct kafka_size *size;
    uint32_t count;
    int ask_ms;      /* how long the next question may take */
    int64_t next_ms; /* when it is due */
    bool away;
};

bool kafka_sizes_new(const struct kafka_link *link, struct kafka_size *size, uint32_t count,
                     struct kafka_sizes **ret, struct error *err)
{
    rd_kafka_conf_t *conf;
    struct kafka_sizes *asker = calloc(1, sizeof *asker);
    if (!asker)
        return error_set(err, ERROR_NO_MEMORY, 0, "Kafka topics");
    *asker = (struct kafka_sizes){.size = size, .count = count, .ask_ms = ASK_MS_MIN};
    if (kafka_link_conf(link, NULL, NULL, &conf, err)) {
        kafka_complaint_attach(&asker->complaint, conf);
        asker->rk = kafka_link_open(RD_KAFKA_PRODUCER, conf, err);
    }
    if (!asker->rk) {
        free(asker);
        return false;
    }
    *ret = asker;
    return true;
}

/* False: one of them is not there. */
static bool take(struct kafka_sizes *asker, const struct rd_kafka_metadata *meta, struct error *err)
{
    const char *missing = NULL;
    for (uint32_t i = 0; i < asker->count; i++) {
        struct kafka_size *size = &asker->size[i];
        uint32_t partitions = 0;
        for (int k = 0; k < meta->topic_cnt; k++)
            if (strcmp(meta->topics[k].topic, size->topic) == 0 && !meta->topics[k].err)
                partitions = (uint32_t)meta->topics[k].partition_cnt;
        if (partitions > size->partitions)
            size->partitions = partitions;
        if (partitions == 0)
            missing = size->topic;
    }
    return !missing || error_set(err, ERROR_NOT_FOUND, 0, "Kafka topic %s", missing);
}

/* All topics are listed, since asking for one by name would make some brokers create it. */
enum kafka_sizes_answer kafka_sizes_follow(struct kafka_sizes *asker, int64_t boot_ms,
                                           struct error *err)
{
    const struct rd_kafka_metadata *meta = NULL;
    (void)rd_kafka_poll(asker->rk, 0);
    if (boot_ms < asker->next_ms)
        return KAFKA_SIZES_NOT_ASKED;
    rd_kafka_resp_err_t code = rd_kafka_metadata(asker->rk, 1, NULL, &meta, asker->ask_ms);
    (void)rd_kafka_poll(asker->rk, 0);
    asker->away = code != 0;
    if (code) {
        asker->next_ms = boot_ms + (int64_t)(1 + PAUSES) * asker->ask_ms;
        asker->ask_ms = asker->ask_ms < ASK_MS_MAX / 2 ? asker->ask_ms * 2 : ASK_MS_MAX;
        (void)error_set(err, ERROR_NETWORK, 0, "Kafka: %s",
                        asker->complaint.text[0] ? asker->complaint.text : rd_kafka_err2str(code));
        return KAFKA_SIZES_AWAY;
    }
    asker->complaint = (struct kafka_complaint){0};
    bool all = take(asker, meta, err);
    rd_kafka_metadata_destroy(meta);
    asker->next_ms = boot_ms + (all ? (int64_t)KAFKA_SIZES_EVERY_MS : MISSING_MS);
    return all ? KAFKA_SIZES_KNOWN : KAFKA_SIZES_MISSING;
}

bool kafka_sizes_away(const struct kafka_sizes *asker)
{
    return asker->away;
}

void kafka_sizes_free(struct kafka_sizes *asker)
{
    if (!asker)
        return;
    rd_kafka_destroy(asker->rk);
    free(asker);
}
