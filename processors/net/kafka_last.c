#include "processors/net/kafka_last.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

#include "schemas/base/clock.h"

enum {
    SLICE_MS = 200, /* between questions whether to go on */
    TAIL_RECORDS =
        1000, /* read first; each time the key was not there, TAIL_GROWTH times as much */
    TAIL_GROWTH = 32,
};

struct search {
    rd_kafka_t *rk;
    rd_kafka_t *asker; /* sees what open transactions hide: knows where the partition really ends */
    rd_kafka_topic_t *topic;
    const struct kafka_last_query *query;
    int64_t until_ns;
    char *out;
    size_t cap;
    bool found;
    size_t len;
};

static bool out_of_time(const struct search *s, struct error *err)
{
    bool stopped = s->query->going && !s->query->going(s->query->arg);
    if (!stopped && clock_boot_ns() < s->until_ns)
        return false;
    error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s", s->query->topic,
              stopped ? "stopped while reading" : "not read to its end in time");
    return true;
}

/* Keeps the value when the key is ours. */
static bool consider(struct search *s, const rd_kafka_message_t *message, struct error *err)
{
    const struct str *key = &s->query->key;
    if (message->key_len != key->len || memcmp(message->key, key->at, key->len) != 0)
        return true;
    if (message->len > s->cap)
        return error_set(err, ERROR_TOO_LARGE, 0, "Kafka topic %s: a value of %zu bytes",
                         s->query->topic, message->len);
    s->found = message->payload != NULL; /* a tombstone takes the value away */
    s->len = message->len;
    if (message->payload && message->len)
        memcpy(s->out, message->payload, message->len);
    return true;
}

/* Reads [from, end). */
static bool read_range(struct search *s, int64_t from, int64_t end, struct error *err)
{
    if (rd_kafka_consume_start(s->topic, 0, from) != 0)
        return error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s", s->query->topic,
                         rd_kafka_err2str(rd_kafka_last_error()));
    bool ok = true, done = from >= end;
    while (ok && !done) {
        rd_kafka_message_t *message = rd_kafka_consume(s->topic, 0, SLICE_MS);
        if (!message) {
            ok = !out_of_time(s, err);
            continue;
        }
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            /* Not the end yet when an open transaction lies before it: later records are hidden
             * until it ends. */
            done = message->offset >= end;
            ok = done || !out_of_time(s, err);
        } else if (message->err) {
            ok = error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s", s->query->topic,
                           rd_kafka_message_errstr(message));
        } else {
            ok = consider(s, message, err);
            done = message->offset + 1 >= end;
        }
        rd_kafka_message_destroy(message);
    }
    (void)rd_kafka_consume_stop(s->topic, 0);
    return ok;
}

/* The partition's first offset and its end. *ret_exists false: no such topic. */
static bool bounds(struct search *s, int64_t *ret_low, int64_t *ret_high, bool *ret_exists,
                   struct error *err)
{
    for (;;) {
        rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
            s->asker, s->query->topic, 0, ret_low, ret_high, SLICE_MS * 5);
        if (!code || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
            code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
            code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
            *ret_exists = !code;
            return true;
        }
        if (out_of_time(s, err))
            return error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s", s->query->topic,
                             rd_kafka_err2str(code));
    }
}

static bool search_back(struct search *s, struct error *err)
{
    int64_t low = 0, high = 0;
    bool exists = false;
    if (!bounds(s, &low, &high, &exists, err))
        return false;
    int64_t records = TAIL_RECORDS;
    while (exists && !s->found && low < high) {
        int64_t from = high - low > records ? high - records : low;
        if (!read_range(s, from, high, err))
            return false;
        if (from == low)
            break;
        records *= TAIL_GROWTH;
    }
    return true;
}

/* A consumer that sees what was committed, or everything. */
static rd_kafka_t *consumer(const struct kafka_link *link, const char *isolation, struct error *err)
{
    const struct kafka_setting fixed[] = {
        {"isolation.level", isolation},  {"enable.partition.eof", "true"},
        {"enable.auto.commit", "false"}, {"allow.auto.create.topics", "false"},
        {"fetch.wait.max.ms", "50"},     {NULL, NULL},
    };
    rd_kafka_conf_t *conf;
    if (!kafka_link_conf(link, NULL, fixed, &conf, err))
        return NULL;
    return kafka_link_open(RD_KAFKA_CONSUMER, conf, err);
}

bool kafka_last(const struct kafka_link *link, const struct kafka_last_query *query, char *out,
                size_t cap, bool *ret_found, size_t *ret_len, struct error *err)
{
    struct search s = {
        .query = query,
        .until_ns = clock_boot_ns() + (int64_t)query->timeout_ms * 1000000,
        .out = out,
        .cap = cap,
    };
    bool ok = false;
    /* Asked for a partition's end, a reader of committed records is told where the first open
       transaction begins; what we committed behind that would not count as there. */
    s.asker = consumer(link, "read_uncommitted", err);
    s.rk = s.asker ? consumer(link, "read_committed", err) : NULL;
    if (!s.rk)
        goto done;
    s.topic = rd_kafka_topic_new(s.rk, query->topic, NULL);
    if (!s.topic) {
        error_set(err, ERROR_NO_MEMORY, 0, "Kafka topic %s", query->topic);
        goto done;
    }
    ok = search_back(&s, err);
    rd_kafka_topic_destroy(s.topic);
    if (ok) {
        *ret_found = s.found;
        *ret_len = s.len;
    }
done:
    if (s.rk)
        rd_kafka_destroy(s.rk);
    if (s.asker)
        rd_kafka_destroy(s.asker);
    return ok;
}
