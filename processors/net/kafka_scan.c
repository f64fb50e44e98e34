#include "processors/net/kafka_scan.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

#include "schemas/base/clock.h"

enum { WORDS_BYTES = 256, SLICE_MS = 200, ASK_MS = 10000 };

struct kafka_scan {
    rd_kafka_t *reader; /* sees what was committed */
    rd_kafka_t *asker;  /* sees where partitions really end */
};

static rd_kafka_t *consumer(const struct kafka_link *link, const char *isolation, struct error *err)
{
    const struct kafka_setting fixed[] = {
        {"isolation.level", isolation},
        {"enable.partition.eof", "true"},
        {"enable.auto.commit", "false"},
        {"allow.auto.create.topics", "false"},
        {"fetch.wait.max.ms", "50"},
        {"queued.max.messages.kbytes", "16384"},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf;
    char why[WORDS_BYTES];
    if (!kafka_link_conf(link, NULL, fixed, &conf, err))
        return NULL;
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        error_set(err, ERROR_CONFIG, 0, "Kafka: %s", why);
    }
    return rk;
}

bool kafka_scan_open(const struct kafka_link *link, struct kafka_scan **ret, struct error *err)
{
    struct kafka_scan *scan = calloc(1, sizeof *scan);
    if (!scan)
        return error_set(err, ERROR_NO_MEMORY, 0, "Kafka");
    scan->asker = consumer(link, "read_uncommitted", err);
    scan->reader = scan->asker ? consumer(link, "read_committed", err) : NULL;
    if (!scan->reader) {
        kafka_scan_close(scan);
        return false;
    }
    *ret = scan;
    return true;
}

void kafka_scan_close(struct kafka_scan *scan)
{
    if (!scan)
        return;
    if (scan->reader)
        rd_kafka_destroy(scan->reader);
    if (scan->asker)
        rd_kafka_destroy(scan->asker);
    free(scan);
}

static bool stopped(const struct kafka_scan_query *query)
{
    return query->stop && *query->stop;
}

/* Hands out one record. */
static bool show(const struct kafka_scan_query *query, const rd_kafka_message_t *message,
                 bool trimmed, struct error *err)
{
    struct kafka_scanned record = {
        .partition = message->partition, .offset = message->offset, .trimmed = trimmed};
    rd_kafka_headers_t *headers;
    const void *value;
    size_t len;
    if (!rd_kafka_message_headers(message, &headers) &&
        !rd_kafka_header_get_last(headers, query->header, &value, &len) && value)
        record.header = (struct str){value, (uint32_t)len};
    return query->visit(query->arg, &record, err);
}

static bool read_partition(rd_kafka_topic_t *topic, int32_t partition, int64_t low, int64_t end,
                           const struct kafka_scan_query *query, struct error *err)
{
    if (rd_kafka_consume_start(topic, partition, low) != 0)
        return error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s", query->topic,
                         rd_kafka_err2str(rd_kafka_last_error()));
    bool ok = true, done = false, any = false;
    int64_t heard_ns = clock_boot_ns();
    while (ok && !done && !stopped(query)) {
        rd_kafka_message_t *message = rd_kafka_consume(topic, partition, SLICE_MS);
        if (message && !message->err) {
            ok = show(query, message, low > 0, err);
            done = message->offset + 1 >= end;
            any = true;
            heard_ns = clock_boot_ns();
        } else if (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            done = message->offset >= end; /* else an open transaction hides the rest */
        } else if (message) {
            ok = error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s", query->topic,
                           rd_kafka_message_errstr(message));
        }
        if (message)
            rd_kafka_message_destroy(message);
        if (ok && !done && clock_boot_ns() - heard_ns > (int64_t)query->timeout_ms * 1000000)
            ok = error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: not read to its end in time",
                           query->topic);
    }
    (void)rd_kafka_consume_stop(topic, partition);
    if (ok && low > 0 && !any && query->emptied)
        query->emptied(query->arg, partition);
    return ok;
}

static bool partitions(struct kafka_scan *scan, rd_kafka_topic_t *topic,
                       const struct kafka_scan_query *query, int *ret_count, struct error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(scan->reader, 0, topic, &metadata, ASK_MS);
    if (code)
        return error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s", query->topic,
                         rd_kafka_err2str(code));
    *ret_count = metadata->topic_cnt == 1 && !metadata->topics[0].err
                     ? metadata->topics[0].partition_cnt
                     : 0;
    rd_kafka_metadata_destroy(metadata);
    return true;
}

bool kafka_scan_topic(struct kafka_scan *scan, const struct kafka_scan_query *query,
                      struct error *err)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(scan->reader, query->topic, NULL);
    int count = 0;
    if (!topic)
        return error_set(err, ERROR_NO_MEMORY, 0, "Kafka topic %s", query->topic);
    bool ok = partitions(scan, topic, query, &count, err);
    for (int32_t p = 0; ok && p < count && !stopped(query); p++) {
        int64_t low = 0, high = 0;
        rd_kafka_resp_err_t code =
            rd_kafka_query_watermark_offsets(scan->asker, query->topic, p, &low, &high, ASK_MS);
        if (code)
            ok = error_set(err, ERROR_NETWORK, 0, "Kafka topic %s: %s", query->topic,
                           rd_kafka_err2str(code));
        else if (low < high)
            ok = read_partition(topic, p, low, high, query, err);
        else if (low > 0 && query->emptied)
            query->emptied(query->arg, p);
    }
    rd_kafka_topic_destroy(topic);
    return ok;
}
