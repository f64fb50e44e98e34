/*
 * floor_kafka: what sending to Kafka costs at the least: a bare librdkafka producer, idempotent, 20
 * ms linger, the body copied, nothing else done. One JSON line on stdout with the CPU time of the
 * whole process per message.
 *
 *     floor_kafka --kafka 127.0.0.1:9092 --count 400000 --rate 20000 --bytes 330
 *
 * --bytes is key and value together. Exit code 1 when a message was not delivered.
 */
#include <getopt.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "processors/net/kafka_topics.h"

enum { KEY_BYTES = 16, PARTITIONS = 6, VALUE_BYTES_MAX = 1 << 20, SLICE_MS = 5, FLUSH_MS = 30000 };

struct floor {
    const char *kafka;
    const char *topic;
    uint64_t count;
    uint64_t rate;
    size_t bytes;
    uint64_t failed;
};

static double cpu_s(void)
{
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    if (message->err)
        ((struct floor *)opaque)->failed++;
}

static rd_kafka_t *connect_to(struct floor *floor)
{
    static const char *const settings[][2] = {
        {"enable.idempotence", "true"},
        {"linger.ms", "20"},
        {"queue.buffering.max.messages", "1000000"},
    };
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    bool ok = rd_kafka_conf_set(conf, "bootstrap.servers", floor->kafka, why, sizeof why) ==
              RD_KAFKA_CONF_OK;
    for (size_t i = 0; ok && i < sizeof settings / sizeof settings[0]; i++)
        ok = rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof why) ==
             RD_KAFKA_CONF_OK;
    rd_kafka_conf_set_opaque(conf, floor);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *rk = ok ? rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why) : NULL;
    if (!rk) {
        fprintf(stderr, "floor_kafka: %s\n", why);
        rd_kafka_conf_destroy(conf);
    }
    return rk;
}

/* Sends at the given pace: every SLICE_MS what is due by then. */
static void send_all(struct floor *floor, rd_kafka_t *rk, rd_kafka_topic_t *topic, char *value)
{
    const double began_s = now_s();
    char key[KEY_BYTES + 1];
    for (uint64_t sent = 0; sent < floor->count;) {
        uint64_t due = (uint64_t)((now_s() - began_s) * (double)floor->rate) + 1;
        for (; sent < floor->count && sent < due; sent++) {
            int key_len = snprintf(key, sizeof key, "bench/s-%08" PRIu64, sent % 2000);
            while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value,
                                    floor->bytes - KEY_BYTES, key, (size_t)key_len, NULL) != 0)
                rd_kafka_poll(rk, SLICE_MS);
        }
        rd_kafka_poll(rk, SLICE_MS);
        const struct timespec pause = {.tv_nsec = SLICE_MS * 1000000};
        (void)nanosleep(&pause, NULL);
    }
}

static bool parse(int argc, char **argv, struct floor *floor)
{
    static const struct option options[] = {
        {"kafka", required_argument, NULL, 'k'}, {"topic", required_argument, NULL, 't'},
        {"count", required_argument, NULL, 'n'}, {"rate", required_argument, NULL, 'r'},
        {"bytes", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'k')
            floor->kafka = optarg;
        else if (c == 't')
            floor->topic = optarg;
        else if (c == 'n')
            floor->count = strtoull(optarg, NULL, 10);
        else if (c == 'r')
            floor->rate = strtoull(optarg, NULL, 10);
        else if (c == 'b')
            floor->bytes = strtoull(optarg, NULL, 10);
        else
            return false;
    }
    return floor->count && floor->rate && floor->bytes > KEY_BYTES &&
           floor->bytes <= VALUE_BYTES_MAX;
}

int main(int argc, char **argv)
{
    struct floor floor = {.kafka = "127.0.0.1:9092",
                          .topic = "crowdtide-bench.floor",
                          .count = 400000,
                          .rate = 20000,
                          .bytes = 330};
    if (!parse(argc, argv, &floor)) {
        fprintf(stderr, "usage: floor_kafka [--kafka B] [--topic T] [--count N] [--rate N] "
                        "[--bytes N]\n");
        return 2;
    }
    const struct kafka_link link = {.brokers = floor.kafka};
    const struct kafka_topic_plan plan = {.name = floor.topic, .partitions = PARTITIONS};
    struct error err = {0};
    if (!kafka_topics_ensure(&link, &plan, 1, -1, FLUSH_MS, &err)) {
        fprintf(stderr, "floor_kafka: %s\n", err.where);
        return 1;
    }
    rd_kafka_t *rk = connect_to(&floor);
    char *value = malloc(VALUE_BYTES_MAX);
    if (!rk || !value) {
        free(value);
        return 1;
    }
    for (size_t i = 0; i < VALUE_BYTES_MAX; i++)
        value[i] = (char)('a' + i * 7 % 26);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, floor.topic, NULL);
    const double began_s = now_s(), began_cpu_s = cpu_s();
    send_all(&floor, rk, topic, value);
    (void)rd_kafka_flush(rk, FLUSH_MS);
    floor.failed += (uint64_t)rd_kafka_outq_len(rk);
    double used_s = cpu_s() - began_cpu_s, took_s = now_s() - began_s;
    printf("{\"program\":\"floor_kafka\",\"messages\":%" PRIu64 ",\"failed\":%" PRIu64
           ",\"bytes\":%zu,\"rate\":%" PRIu64 ",\"wall_s\":%.3f,\"cpu_s\":%.3f,"
           "\"cpu_us_per_message\":%.3f}\n",
           floor.count, floor.failed, floor.bytes, floor.rate, took_s, used_s,
           used_s * 1e6 / (double)floor.count);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    free(value);
    return floor.failed ? 1 : 0;
}
