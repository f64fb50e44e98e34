/*
 * load_mqtt: an independent QoS 1 publisher of canonical messages. It shares no code with ingest
 * but the venue file's parser, and writes down each message that the broker acknowledged, so that a
 * test can tell what must not be lost.
 *
 *     load_mqtt --url tcp://127.0.0.1:1883 [--venue FILE | --venue-id ID --sensors N] [--rate R]
 * [--count C | --seconds S]
 *               [--connections K] [--inflight M] [--acked FILE] [--seq-from N] [--pad BYTES]
 * [--start SENSOR]
 *
 * A message is named by its topic and its `seq` (from --seq-from, default 1, rising per sensor).
 * The file of --acked has one line "topic seq" per PUBACK. Prints one JSON line at the end: sent,
 * acked, failed, no_subscriber (v5 brokers say so when nobody will get it). Exit 0 when every
 * message sent was acknowledged.
 */
#include <MQTTAsync.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "schemas/venue/venue.h"

enum {
    CONNECTIONS_MAX = 16,
    TOPIC_BYTES = 160,
    PAYLOAD_BYTES = 4096,
    KEEPALIVE_S = 30,
    SESSION_EXPIRY_S = 600,
    DRAIN_S = 30,
    NO_SUBSCRIBER = 0x10, /* v5 PUBACK reason "no matching subscribers" */
    FLUSH_EVERY = 10000,
};

enum load_kind { LOAD_LEVEL, LOAD_IN_OUT, LOAD_RUNNING, LOAD_GATE, LOAD_LIGHT };

struct load_sensor {
    char topic[TOPIC_BYTES];
    enum load_kind kind;
    uint64_t seq; /* last sent */
};

struct load_message { /* what a PUBACK's context points to */
    struct load *load;
    uint32_t sensor;
    uint32_t connection;
    uint64_t seq;
};

struct load_connection {
    MQTTAsync handle;
    atomic_int up, pending;
};

struct load {
    const char *url, *venue_file, *venue_id, *acked_path;
    uint64_t sensors_wanted, count, inflight, seq_from, pad, first_sensor;
    double rate, seconds;
    uint32_t connection_count;
    struct load_connection connection[CONNECTIONS_MAX];
    struct load_sensor *sensor;
    uint32_t sensor_count;
    FILE *acked_file; /* written in the library's receive thread only, until the drain has ended */
    atomic_ullong acked, failed, no_subscriber;
    uint64_t sent;
};

static int64_t clock_ns(clockid_t id)
{
    struct timespec ts;
    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void settled(struct load_message *message)
{
    atomic_fetch_sub(&message->load->connection[message->connection].pending, 1);
    free(message);
}

static void on_puback(void *context, MQTTAsync_successData5 *data)
{
    struct load_message *message = context;
    struct load *load = message->load;
    uint64_t n = atomic_fetch_add(&load->acked, 1) + 1;
    if ((int)data->reasonCode == NO_SUBSCRIBER)
        atomic_fetch_add(&load->no_subscriber, 1);
    if (load->acked_file) {
        (void)fprintf(load->acked_file, "%s %llu\n", load->sensor[message->sensor].topic,
                      (unsigned long long)message->seq);
        if (n % FLUSH_EVERY == 0)
            (void)fflush(load->acked_file);
    }
    settled(message);
}

static void on_refused(void *context, MQTTAsync_failureData5 *data)
{
    struct load_message *message = context;
    (void)data;
    atomic_fetch_add(&message->load->failed, 1);
    settled(message);
}

static void on_up(void *context, char *cause)
{
    (void)cause;
    atomic_store(&((struct load_connection *)context)->up, 1);
}

static void on_lost(void *context, char *cause)
{
    (void)cause;
    atomic_store(&((struct load_connection *)context)->up, 0);
}

static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
    (void)context, (void)topic_len;
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static bool connect_all(struct load *load)
{
    for (uint32_t i = 0; i < load->connection_count; i++) {
        struct load_connection *connection = &load->connection[i];
        char id[64];
        (void)snprintf(id, sizeof id, "load-mqtt-%d-%u", (int)getpid(), i);
        MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
        create.maxBufferedMessages = (int)load->inflight * 2;
        if (MQTTAsync_createWithOptions(&connection->handle, load->url, id,
                                        MQTTCLIENT_PERSISTENCE_NONE, NULL,
                                        &create) != MQTTASYNC_SUCCESS)
            return false;
        MQTTAsync_setCallbacks(connection->handle, connection, on_lost, on_message, NULL);
        MQTTAsync_setConnected(connection->handle, connection, on_up);
        MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
        MQTTProperties properties = MQTTProperties_initializer;
        MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
                               .value = {.integer4 = SESSION_EXPIRY_S}};
        (void)MQTTProperties_add(&properties, &expiry);
        connect.connectProperties = &properties;
        connect.cleanstart = 0;
        connect.automaticReconnect = 1;
        connect.minRetryInterval = 1;
        connect.maxRetryInterval = 1;
        connect.keepAliveInterval = KEEPALIVE_S;
        int rc = MQTTAsync_connect(connection->handle, &connect);
        MQTTProperties_free(&properties);
        if (rc != MQTTASYNC_SUCCESS)
            return false;
    }
    for (int tries = 0; tries < 500; tries++) {
        uint32_t up = 0;
        for (uint32_t i = 0; i < load->connection_count; i++)
            up += (uint32_t)atomic_load(&load->connection[i].up);
        if (up == load->connection_count)
            return true;
        (void)usleep(10000);
    }
    return false;
}

static bool sensors_from_venue(struct load *load)
{
    static const char *const class_word[] = {"crowd", "gate", "gate", "light"};
    struct problems problems = {0};
    struct venue *venue = NULL;
    FILE *file = fopen(load->venue_file, "rb");
    char *source = file ? malloc(VENUE_SOURCE_BYTES_MAX) : NULL;
    size_t len = source ? fread(source, 1, VENUE_SOURCE_BYTES_MAX, file) : 0;
    if (file)
        (void)fclose(file);
    bool ok = source && venue_parse((struct str){source, (uint32_t)len}, &venue, &problems);
    free(source);
    if (!ok || venue->sensor_count == 0)
        return false;
    load->sensor = calloc(venue->sensor_count, sizeof *load->sensor);
    uint64_t wanted = load->sensors_wanted ? load->sensors_wanted : venue->sensor_count;
    for (uint32_t i = (uint32_t)load->first_sensor;
         load->sensor && i < venue->sensor_count && load->sensor_count < wanted; i++) {
        const struct venue_sensor *from = &venue->sensors[i];
        struct load_sensor *to = &load->sensor[load->sensor_count++];
        (void)snprintf(to->topic, sizeof to->topic, "crowdtide/" STR_FMT "/%s/" STR_FMT,
                       STR_ARG(venue->id), class_word[from->class], STR_ARG(from->id));
        to->kind = from->class == SENSOR_LIGHT   ? LOAD_LIGHT
                   : from->class != SENSOR_CROWD ? LOAD_GATE
                   : from->kind == COUNTER_LEVEL ? LOAD_LEVEL
                   : from->kind == COUNTER_DELTA ? LOAD_IN_OUT
                                                 : LOAD_RUNNING;
    }
    venue_free(venue);
    return load->sensor_count > 0;
}

static bool sensors_invented(struct load *load)
{
    load->sensor_count = (uint32_t)(load->sensors_wanted ? load->sensors_wanted : 1000);
    load->sensor = calloc(load->sensor_count, sizeof *load->sensor);
    for (uint32_t i = 0; load->sensor && i < load->sensor_count; i++)
        (void)snprintf(load->sensor[i].topic, TOPIC_BYTES, "crowdtide/%s/crowd/s%06u",
                       load->venue_id, i + (uint32_t)load->first_sensor);
    return load->sensor != NULL;
}

static int payload_write(const struct load *load, const struct load_sensor *sensor, char *out)
{
    long long ts = (long long)(clock_ns(CLOCK_REALTIME) / 1000000);
    unsigned long long seq = sensor->seq;
    int n = 0;
    switch (sensor->kind) {
    case LOAD_LEVEL:
        n = snprintf(out, PAYLOAD_BYTES, "{\"ts\":%lld,\"seq\":%llu,\"occupancy\":%llu}", ts, seq,
                     seq * 7 % 40);
        break;
    case LOAD_IN_OUT:
        n = snprintf(out, PAYLOAD_BYTES, "{\"ts\":%lld,\"seq\":%llu,\"in\":1,\"out\":1}", ts, seq);
        break;
    case LOAD_RUNNING:
        n = snprintf(out, PAYLOAD_BYTES, "{\"ts\":%lld,\"seq\":%llu,\"in\":%llu,\"out\":%llu}", ts,
                     seq, seq, seq);
        break;
    case LOAD_GATE:
        n = snprintf(out, PAYLOAD_BYTES,
                     "{\"ts\":%lld,\"seq\":%llu,\"lane\":\"1\",\"event\":\"pass\",\"direction\":"
                     "\"%s\"}",
                     ts, seq, seq % 2 ? "in" : "out");
        break;
    case LOAD_LIGHT:
        n = snprintf(out, PAYLOAD_BYTES,
                     "{\"ts\":%lld,\"seq\":%llu,\"lux\":%llu.5,\"power_w\":42.5,\"state\":\"on\","
                     "\"fault\":false}",
                     ts, seq, seq % 500);
        break;
    }
    if (load->pad && n > 0 && (size_t)n + load->pad + 12 < PAYLOAD_BYTES) {
        n += snprintf(out + n - 1, PAYLOAD_BYTES - (size_t)n, ",\"note\":\"%0*d\"}", (int)load->pad,
                      0) -
             1;
    }
    return n;
}

static bool send_one(struct load *load)
{
    uint32_t at = (uint32_t)(load->sent % load->connection_count);
    struct load_connection *connection = &load->connection[at];
    if (!atomic_load(&connection->up) || atomic_load(&connection->pending) >= (int)load->inflight)
        return false;
    uint32_t index = (uint32_t)(load->sent % load->sensor_count);
    struct load_sensor *sensor = &load->sensor[index];
    struct load_message *message = malloc(sizeof *message);
    if (!message)
        return false;
    sensor->seq = sensor->seq ? sensor->seq + 1 : load->seq_from;
    *message = (struct load_message){load, index, at, sensor->seq};
    char payload[PAYLOAD_BYTES];
    int n = payload_write(load, sensor, payload);
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.onSuccess5 = on_puback;
    response.onFailure5 = on_refused;
    response.context = message;
    atomic_fetch_add(&connection->pending, 1);
    if (MQTTAsync_send(connection->handle, sensor->topic, n, payload, 1, 0, &response) !=
        MQTTASYNC_SUCCESS) {
        sensor->seq--;
        settled(message);
        return false;
    }
    load->sent++;
    return true;
}

static void run(struct load *load, const volatile sig_atomic_t *stop)
{
    int64_t start_ns = clock_ns(CLOCK_MONOTONIC);
    while (!*stop && load->sent < load->count) {
        double elapsed_s = (double)(clock_ns(CLOCK_MONOTONIC) - start_ns) * 1e-9;
        if (elapsed_s >= load->seconds)
            break;
        if (load->rate > 0 && (double)load->sent >= elapsed_s * load->rate) {
            (void)usleep(500);
            continue;
        }
        if (!send_one(load))
            (void)usleep(500);
    }
    for (int i = 0; i < DRAIN_S * 100; i++) {
        if (atomic_load(&load->acked) + atomic_load(&load->failed) >= load->sent)
            break;
        (void)usleep(10000);
    }
}

static volatile sig_atomic_t stop_requested; /* what the signal handler may touch */

static void on_stop(int sig)
{
    (void)sig;
    stop_requested = 1;
}

static bool options_parse(struct load *load, int argc, char **argv)
{
    static const struct option options[] = {
        {"url", required_argument, NULL, 'u'},      {"venue", required_argument, NULL, 'v'},
        {"venue-id", required_argument, NULL, 'V'}, {"sensors", required_argument, NULL, 'n'},
        {"rate", required_argument, NULL, 'r'},     {"count", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 's'},  {"connections", required_argument, NULL, 'k'},
        {"inflight", required_argument, NULL, 'm'}, {"acked", required_argument, NULL, 'a'},
        {"seq-from", required_argument, NULL, 'q'}, {"pad", required_argument, NULL, 'p'},
        {"start", required_argument, NULL, 'S'},    {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'u':
            load->url = optarg;
            break;
        case 'v':
            load->venue_file = optarg;
            break;
        case 'V':
            load->venue_id = optarg;
            break;
        case 'n':
            load->sensors_wanted = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            load->rate = strtod(optarg, NULL);
            break;
        case 'c':
            load->count = strtoull(optarg, NULL, 10);
            break;
        case 's':
            load->seconds = strtod(optarg, NULL);
            break;
        case 'k':
            load->connection_count = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'm':
            load->inflight = strtoull(optarg, NULL, 10);
            break;
        case 'a':
            load->acked_path = optarg;
            break;
        case 'q':
            load->seq_from = strtoull(optarg, NULL, 10);
            break;
        case 'p':
            load->pad = strtoull(optarg, NULL, 10);
            break;
        case 'S':
            load->first_sensor = strtoull(optarg, NULL, 10);
            break;
        default:
            return false;
        }
    }
    return load->connection_count >= 1 && load->connection_count <= CONNECTIONS_MAX &&
           load->inflight >= 1;
}

int main(int argc, char **argv)
{
    struct load load = {.url = "tcp://127.0.0.1:1883",
                        .venue_id = "expo",
                        .count = UINT64_MAX,
                        .seconds = 1e9,
                        .rate = 1000,
                        .inflight = 500,
                        .seq_from = 1,
                        .connection_count = 1};
    if (!options_parse(&load, argc, argv)) {
        (void)fprintf(stderr, "load_mqtt: see the head of load_mqtt.c\n");
        return 2;
    }
    (void)signal(SIGTERM, on_stop);
    (void)signal(SIGINT, on_stop);
    (void)unsetenv("http_proxy"); /* the library would obey it for plain MQTT */
    (void)unsetenv("HTTP_PROXY");
    int code = 1;
    if (!(load.venue_file ? sensors_from_venue(&load) : sensors_invented(&load))) {
        (void)fprintf(stderr, "load_mqtt: no sensors (venue file?)\n");
        goto done;
    }
    if (load.acked_path && !(load.acked_file = fopen(load.acked_path, "we"))) {
        perror(load.acked_path);
        goto done;
    }
    if (!connect_all(&load)) {
        (void)fprintf(stderr, "load_mqtt: cannot connect to %s\n", load.url);
        goto done;
    }
    int64_t start_ns = clock_ns(CLOCK_MONOTONIC);
    run(&load, &stop_requested);
    double took_s = (double)(clock_ns(CLOCK_MONOTONIC) - start_ns) * 1e-9;
    for (uint32_t i = 0; i < load.connection_count; i++)
        MQTTAsync_destroy(&load.connection[i].handle); /* no callback after this */
    uint64_t acked = atomic_load(&load.acked);
    printf("{\"program\":\"load_mqtt\",\"sent\":%llu,\"acked\":%llu,\"failed\":%llu,"
           "\"no_subscriber\":%llu,\"seconds\":%.2f,\"per_second\":%.0f}\n",
           (unsigned long long)load.sent, (unsigned long long)acked,
           (unsigned long long)atomic_load(&load.failed),
           (unsigned long long)atomic_load(&load.no_subscriber), took_s,
           took_s > 0 ? (double)load.sent / took_s : 0.0);
    code = acked == load.sent ? 0 : 1;

done:
    if (load.acked_file && fclose(load.acked_file) != 0)
        code = 1;
    free(load.sensor);
    return code;
}
