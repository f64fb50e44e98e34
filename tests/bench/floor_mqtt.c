/*
 * floor_mqtt: the least a subscriber can do: Paho MQTTAsync, QoS 1, count, acknowledge. Prints the
 * CPU time of the whole process per message, from the first message to the last, as one JSON line.
 * The figure that ingest is held against.
 *
 *     floor_mqtt --url tcp://127.0.0.1:1883 --filter 'crowdtide/expo/#' [--count N] [--idle S]
 *
 * Ends after N messages, or when none came for S seconds (default 2) after the first. Prints
 * "ready" when the subscription stands.
 */
#include <MQTTAsync.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { RECEIVE_MAXIMUM = 1000, KEEPALIVE_S = 20, IDLE_S_DEFAULT = 2, STEP_US = 20000 };

struct floor {
    const char *filter;
    MQTTAsync handle;
    atomic_ullong messages, bytes;
    atomic_llong first_cpu_us;
    atomic_bool failed;
};

static int64_t cpu_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
    struct floor *floor = context;
    (void)topic_len;
    if (atomic_fetch_add_explicit(&floor->messages, 1, memory_order_relaxed) == 0)
        atomic_store(&floor->first_cpu_us, cpu_us());
    atomic_fetch_add_explicit(&floor->bytes, (unsigned)message->payloadlen, memory_order_relaxed);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void on_lost(void *context, char *cause)
{
    (void)cause;
    atomic_store(&((struct floor *)context)->failed, true);
}

static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    atomic_store(&((struct floor *)context)->failed, true);
}

static void on_subscribed(void *context, MQTTAsync_successData5 *data)
{
    (void)context, (void)data;
    printf("ready\n");
    (void)fflush(stdout);
}

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    struct floor *floor = context;
    (void)data;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.context = floor;
    response.onSuccess5 = on_subscribed;
    response.onFailure5 = on_failure;
    if (MQTTAsync_subscribe(floor->handle, floor->filter, 1, &response) != MQTTASYNC_SUCCESS)
        atomic_store(&floor->failed, true);
}

static bool start(struct floor *floor, const char *url)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    if (MQTTAsync_createWithOptions(&floor->handle, url, "floor-mqtt", MQTTCLIENT_PERSISTENCE_NONE,
                                    NULL, &create) != MQTTASYNC_SUCCESS)
        return false;
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty maximum = {.identifier = MQTTPROPERTY_CODE_RECEIVE_MAXIMUM,
                            .value = {.integer2 = RECEIVE_MAXIMUM}};
    (void)MQTTProperties_add(&properties, &maximum);
    connect.connectProperties = &properties;
    connect.cleanstart = 1;
    connect.keepAliveInterval = KEEPALIVE_S;
    connect.context = floor;
    connect.onSuccess5 = on_connected;
    connect.onFailure5 = on_failure;
    MQTTAsync_setCallbacks(floor->handle, floor, on_lost, on_message, NULL);
    int rc = MQTTAsync_connect(floor->handle, &connect);
    MQTTProperties_free(&properties);
    return rc == MQTTASYNC_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"url", required_argument, NULL, 'u'},
                                            {"filter", required_argument, NULL, 'f'},
                                            {"count", required_argument, NULL, 'n'},
                                            {"idle", required_argument, NULL, 'i'},
                                            {NULL, 0, NULL, 0}};
    struct floor floor = {.filter = "#"};
    const char *url = "tcp://127.0.0.1:1883";
    uint64_t count = UINT64_MAX;
    double idle_s = IDLE_S_DEFAULT;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'u':
            url = optarg;
            break;
        case 'f':
            floor.filter = optarg;
            break;
        case 'n':
            count = strtoull(optarg, NULL, 10);
            break;
        case 'i':
            idle_s = strtod(optarg, NULL);
            break;
        default:
            return 2;
        }
    }
    (void)unsetenv("http_proxy"); /* the library would obey it for plain MQTT */
    (void)unsetenv("HTTP_PROXY");
    if (!start(&floor, url)) {
        (void)fprintf(stderr, "floor_mqtt: cannot start with %s\n", url);
        return 1;
    }
    uint64_t seen = 0;
    int64_t last_cpu_us = 0, idle_us = 0;
    while (!atomic_load(&floor.failed) && seen < count) {
        (void)usleep(STEP_US);
        uint64_t now = atomic_load(&floor.messages);
        idle_us = now == seen && now ? idle_us + STEP_US : 0;
        if (now != seen)
            last_cpu_us = cpu_us();
        seen = now;
        if ((double)idle_us >= idle_s * 1e6)
            break;
    }
    if (atomic_load(&floor.failed)) {
        (void)fprintf(stderr, "floor_mqtt: connection lost or refused: %s\n", url);
        return 1;
    }
    printf("{\"program\":\"floor_mqtt\",\"messages\":%llu,\"bytes\":%llu,\"cpu_us_per_message\":%."
           "2f}\n",
           (unsigned long long)seen, (unsigned long long)atomic_load(&floor.bytes),
           seen ? (double)(last_cpu_us - atomic_load(&floor.first_cpu_us)) / (double)seen : 0.0);
    return 0;
}
