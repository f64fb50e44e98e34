/*
 * latency: how long a warning takes, measured from outside by one process with one clock.
 *
 *     latency --kafka 127.0.0.1:9092 --mqtt 127.0.0.1:1883 --venue bench --zones 64 --probes 400
 * --every-ms 40 publishes readings that raise an alert at once (zone probe-K, sensor probe-K, dwell
 * 0) and waits for the alert in crowdtide.alerts under read_committed: from the publish call to the
 * receipt latency --kafka 127.0.0.1:9092 --alone --interval-ms 20 --probes 400 --every-ms 40 Kafka
 * by itself, for comparison: records produced in transactions at most that far apart, from the
 * moment a record is due to its receipt under read_committed
 *
 * The first --warm-up probes are sent but not counted: servers and connections are cold. Probes
 * leave at a fixed pace with a jitter, whether or not earlier ones came back, so that a slow answer
 * is not hidden. One JSON line on stdout. Exit code 1 when a probe was not answered within
 * ANSWER_SECONDS.
 */
#include <MQTTAsync.h>
#include <getopt.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PROBES_MAX = 100000,
    ZONES_MAX = 4096,
    ANSWER_SECONDS = 15,
    CALL_MS = 10000, /* any single call to a server */
    OCCUPANCY_ALARM = 100,
    TEXT_BYTES = 256,
};
#define ALERTS_TOPIC "crowdtide.alerts"
#define ALONE_TOPIC "crowdtide-bench.alone"

struct latency {
    const char *kafka;
    const char *mqtt;
    const char *venue;
    int zones;
    int probes;  /* counted ones */
    int warm_up; /* probes before them */
    int every_ms;
    int interval_ms;
    bool alone;

    _Atomic int64_t *due_ns; /* alone: of each probe; else of the probe a zone waits for; 0: none */
    int64_t *taken_ns;       /* latencies, in order of receipt */
    atomic_int answered;     /* counted ones */
    _Atomic int64_t count_from_ns; /* probes due earlier are warm-up */
    _Atomic bool ready;            /* the consumer stands at the end of every partition */
    _Atomic bool finished;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void sleep_until(int64_t due_ns)
{
    struct timespec at = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0) {
    }
}

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "latency: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[TEXT_BYTES];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
        die(name, text);
}

static void check(rd_kafka_error_t *error, const char *what)
{
    if (error != NULL)
        die(what, rd_kafka_error_string(error));
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Assigns every partition of the topic from its end on. */
static void assign_at_end(rd_kafka_t *consumer, const char *topic)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(consumer, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t failed = rd_kafka_metadata(consumer, 0, handle, &metadata, CALL_MS);
    if (failed || metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt == 0)
        die(topic, failed ? rd_kafka_err2str(failed) : "no such topic");
    int count = metadata->topics[0].partition_cnt;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int i = 0; i < count; i++) {
        int64_t low, high;
        failed = rd_kafka_query_watermark_offsets(consumer, topic, i, &low, &high, CALL_MS);
        if (failed)
            die(topic, rd_kafka_err2str(failed));
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = high;
    }
    failed = rd_kafka_assign(consumer, list);
    if (failed)
        die(topic, rd_kafka_err2str(failed));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
}

static bool holds(const rd_kafka_message_t *message, const char *part)
{
    return memmem(message->payload, message->len, part, strlen(part)) != NULL;
}

/* The probe that a message answers, as an index into due_ns; -1: none (somebody else's alert, or a
 * later transition). */
static int probe_of(const struct latency *bench, const rd_kafka_message_t *message)
{
    char key[TEXT_BYTES];
    if (message->key_len >= sizeof key)
        return -1;
    memcpy(key, message->key, message->key_len);
    key[message->key_len] = '\0';
    if (bench->alone)
        return atoi(key);
    char prefix[TEXT_BYTES];
    int length = snprintf(prefix, sizeof prefix, "%s/probe-", bench->venue);
    if (strncmp(key, prefix, (size_t)length) != 0 || !holds(message, "\"n\":1,"))
        return -1;
    int zone = atoi(key + length);
    return zone < bench->zones ? zone : -1;
}

static void *receive(void *arg)
{
    struct latency *bench = arg;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", bench->kafka);
    set(conf, "group.id", "crowdtide-bench-latency");
    set(conf, "enable.auto.commit", "false");
    set(conf, "isolation.level", "read_committed");
    set(conf, "fetch.error.backoff.ms", "5");
    char text[TEXT_BYTES];
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (consumer == NULL)
        die("consumer", text);
    rd_kafka_poll_set_consumer(consumer);
    assign_at_end(consumer, bench->alone ? ALONE_TOPIC : ALERTS_TOPIC);
    atomic_store(&bench->ready, true);
    while (!atomic_load(&bench->finished)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        int64_t received_ns = now_ns();
        if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            int probe = probe_of(bench, message);
            int64_t due_ns = probe < 0 ? 0 : atomic_exchange(&bench->due_ns[probe], 0);
            if (due_ns >= atomic_load(&bench->count_from_ns))
                bench->taken_ns[atomic_fetch_add(&bench->answered, 1)] = received_ns - due_ns;
        }
        if (message != NULL)
            rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return NULL;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* A pace that neither the 1 s boundaries nor the commit interval can fall into step with. */
static int64_t next_due(const struct latency *bench, int64_t due_ns, uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    int64_t pace_ns = bench->every_ms * INT64_C(1000000);
    return due_ns + pace_ns / 2 + (int64_t)((*random >> 33) % (uint64_t)pace_ns);
}

static void publish(MQTTAsync client, const struct latency *bench, int zone, int occupancy)
{
    char topic[TEXT_BYTES], payload[TEXT_BYTES];
    (void)snprintf(topic, sizeof topic, "crowdtide/%s/crowd/probe-%d", bench->venue, zone);
    int length = snprintf(payload, sizeof payload, "{\"occupancy\":%d}", occupancy);
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    int failed = MQTTAsync_send(client, topic, length, payload, 1, 0, &options);
    if (failed != MQTTASYNC_SUCCESS)
        die("publish", MQTTAsync_strerror(failed));
}

static void send_readings(struct latency *bench)
{
    char url[TEXT_BYTES];
    (void)snprintf(url, sizeof url, "tcp://%s", bench->mqtt);
    MQTTAsync client;
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    if (MQTTAsync_create(&client, url, "crowdtide-bench-latency", MQTTCLIENT_PERSISTENCE_NONE,
                         NULL) != MQTTASYNC_SUCCESS)
        die("MQTT client", url);
    options.maxInflight = 1000;
    if (MQTTAsync_connect(client, &options) != MQTTASYNC_SUCCESS)
        die("MQTT connection", url);
    for (int i = 0; !MQTTAsync_isConnected(client); i++) {
        if (i == CALL_MS / 10)
            die("MQTT connection", url);
        usleep(10000);
    }
    for (int zone = 0; zone < bench->zones; zone++) /* every zone starts empty */
        publish(client, bench, zone, 0);
    sleep(3);
    uint64_t random = 1;
    int64_t due_ns = now_ns();
    for (int i = 0; i < bench->warm_up + bench->probes; i++) {
        due_ns = next_due(bench, due_ns, &random);
        int zone = i % bench->zones;
        /* Half a round ago that zone was raised: empty it, so that its alert is over when its next
         * turn comes. */
        if (i >= bench->zones / 2)
            publish(client, bench, (i + bench->zones - bench->zones / 2) % bench->zones, 0);
        sleep_until(due_ns);
        if (i == bench->warm_up)
            atomic_store(&bench->count_from_ns, due_ns);
        atomic_store(&bench->due_ns[zone], now_ns());
        publish(client, bench, zone, OCCUPANCY_ALARM);
    }
    for (int left = ANSWER_SECONDS * 100; left > 0 && atomic_load(&bench->answered) < bench->probes;
         left--)
        usleep(10000);
    for (int zone = 0; zone < bench->zones; zone++)
        publish(client, bench, zone, 0);
    usleep(200000);
    MQTTAsync_disconnectOptions leave = MQTTAsync_disconnectOptions_initializer;
    MQTTAsync_disconnect(client, &leave);
    usleep(100000);
    MQTTAsync_destroy(&client);
}

static rd_kafka_t *transactional_producer(const struct latency *bench)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", bench->kafka);
    set(conf, "transactional.id", ALONE_TOPIC);
    set(conf, "linger.ms", "0");
    char text[TEXT_BYTES];
    rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (producer == NULL)
        die("producer", text);
    return producer;
}

static void create_topic(rd_kafka_t *producer)
{
    char text[TEXT_BYTES];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(ALONE_TOPIC, 6, 1, text, sizeof text);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(producer);
    rd_kafka_CreateTopics(producer, &topic, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CALL_MS);
    if (event == NULL)
        die(ALONE_TOPIC, "not created in time");
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
    sleep(1); /* until every partition has its leader */
}

/* Produces probe i, and those that came due during the last commit, in one transaction. */
static void *send_alone(void *arg)
{
    struct latency *bench = arg;
    rd_kafka_t *producer = transactional_producer(bench);
    check(rd_kafka_init_transactions(producer, CALL_MS), "init_transactions");
    char payload[512];
    memset(payload, 'x', sizeof payload);
    uint64_t random = 1;
    int64_t due_ns = next_due(bench, now_ns(), &random), last_ns = 0;
    int all = bench->warm_up + bench->probes;
    for (int i = 0; i < all;) {
        sleep_until(due_ns);
        int64_t commit_ns = last_ns + bench->interval_ms * INT64_C(1000000);
        if (commit_ns > now_ns())
            sleep_until(commit_ns);
        last_ns = now_ns();
        check(rd_kafka_begin_transaction(producer), "begin_transaction");
        for (; i < all && due_ns <= last_ns; due_ns = next_due(bench, due_ns, &random), i++) {
            char key[32];
            (void)snprintf(key, sizeof key, "%d", i);
            if (i == bench->warm_up)
                atomic_store(&bench->count_from_ns, due_ns);
            atomic_store(&bench->due_ns[i], due_ns);
            rd_kafka_resp_err_t failed = rd_kafka_producev(
                producer, RD_KAFKA_V_TOPIC(ALONE_TOPIC), RD_KAFKA_V_KEY(key, strlen(key)),
                RD_KAFKA_V_VALUE(payload, sizeof payload), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                RD_KAFKA_V_END);
            if (failed)
                die("produce", rd_kafka_err2str(failed));
        }
        check(rd_kafka_commit_transaction(producer, CALL_MS), "commit_transaction");
    }
    for (int left = ANSWER_SECONDS * 100; left > 0 && atomic_load(&bench->answered) < bench->probes;
         left--)
        usleep(10000);
    rd_kafka_destroy(producer);
    return NULL;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static double percentile_ms(const struct latency *bench, int count, double part)
{
    return count == 0 ? 0 : (double)bench->taken_ns[(int)((count - 1) * part + 0.5)] / 1e6;
}

static void parse(struct latency *bench, int argc, char **argv)
{
    static const struct option options[] = {
        {"kafka", required_argument, NULL, 'k'},       {"mqtt", required_argument, NULL, 'm'},
        {"venue", required_argument, NULL, 'v'},       {"zones", required_argument, NULL, 'z'},
        {"probes", required_argument, NULL, 'p'},      {"warm-up", required_argument, NULL, 'w'},
        {"every-ms", required_argument, NULL, 'e'},    {"alone", no_argument, NULL, 'a'},
        {"interval-ms", required_argument, NULL, 'i'}, {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'k':
            bench->kafka = optarg;
            break;
        case 'm':
            bench->mqtt = optarg;
            break;
        case 'v':
            bench->venue = optarg;
            break;
        case 'z':
            bench->zones = atoi(optarg);
            break;
        case 'p':
            bench->probes = atoi(optarg);
            break;
        case 'w':
            bench->warm_up = atoi(optarg);
            break;
        case 'e':
            bench->every_ms = atoi(optarg);
            break;
        case 'i':
            bench->interval_ms = atoi(optarg);
            break;
        case 'a':
            bench->alone = true;
            break;
        default:
            exit(2);
        }
    }
    if (bench->probes < 1 || bench->warm_up < 0 || bench->warm_up + bench->probes > PROBES_MAX ||
        bench->zones < 2 || bench->zones > ZONES_MAX || bench->every_ms < 1 ||
        bench->interval_ms < 1)
        die("usage", "see the head of latency.c");
}

int main(int argc, char **argv)
{
    struct latency bench = {.kafka = "127.0.0.1:9092",
                            .mqtt = "127.0.0.1:1883",
                            .venue = "bench",
                            .zones = 64,
                            .probes = 400,
                            .warm_up = 100,
                            .every_ms = 40,
                            .interval_ms = 20};
    parse(&bench, argc, argv);
    atomic_store(&bench.count_from_ns, INT64_MAX);
    bench.due_ns = calloc(bench.alone ? PROBES_MAX : ZONES_MAX, sizeof *bench.due_ns);
    bench.taken_ns = calloc(PROBES_MAX, sizeof *bench.taken_ns);
    if (bench.due_ns == NULL || bench.taken_ns == NULL)
        die("start", "out of memory");
    unsetenv("http_proxy"); /* the MQTT library would obey it */
    if (bench.alone) {
        rd_kafka_t *admin = transactional_producer(&bench);
        create_topic(admin);
        rd_kafka_destroy(admin);
    }
    pthread_t receiver, sender;
    if (pthread_create(&receiver, NULL, receive, &bench) != 0)
        die("start", "no thread");
    while (!atomic_load(&bench.ready))
        usleep(10000);
    if (bench.alone) {
        if (pthread_create(&sender, NULL, send_alone, &bench) != 0)
            die("start", "no thread");
        pthread_join(sender, NULL);
    } else {
        send_readings(&bench);
    }
    atomic_store(&bench.finished, true);
    pthread_join(receiver, NULL);
    int count = atomic_load(&bench.answered);
    qsort(bench.taken_ns, (size_t)count, sizeof *bench.taken_ns, by_value);
    printf("{\"probes\":%d,\"answered\":%d,\"p50_ms\":%.1f,\"p90_ms\":%.1f,\"p99_ms\":%.1f,\"max_"
           "ms\":%.1f}\n",
           bench.probes, count, percentile_ms(&bench, count, 0.5),
           percentile_ms(&bench, count, 0.9), percentile_ms(&bench, count, 0.99),
           percentile_ms(&bench, count, 1));
    free((void *)(uintptr_t)bench.due_ns);
    free(bench.taken_ns);
    return count == bench.probes ? EXIT_SUCCESS : EXIT_FAILURE;
}
