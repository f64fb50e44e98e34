#include "ingest/mqtt_publisher.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "ingest/backoff.h"
#include "ingest/mqtt_paho.h"
#include "schemas/base/clock.h"

enum { NS_PER_MS = 1000000, CLOSE_STEPS = 100, CLOSE_STEP_MS = 20 };

enum publisher_state { PUBLISHER_WAITING, PUBLISHER_CONNECTING, PUBLISHER_UP };

struct mqtt_publisher {
    const struct mqtt_settings *settings;
    MQTTAsync handle;
    struct mqtt_tls_note tls_note; /* library's threads only */
    pthread_mutex_t lock;          /* guards what follows; never held while calling the library */
    enum publisher_state state;
    int64_t next_ns;
    struct backoff backoff;
    struct mqtt_publisher_counts counts;
    uint32_t pending;
    bool failure_told;
    char reason[MQTT_REASON_BYTES]; /* of the newest failure, not told yet when failure_told is
                                       false */
};

static void lost(struct mqtt_publisher *publisher, int code, const char *message)
{
    char reason[MQTT_REASON_BYTES];
    mqtt_paho_reason(publisher->settings, code, message, &publisher->tls_note, reason);
    pthread_mutex_lock(&publisher->lock);
    if (publisher->state != PUBLISHER_WAITING) {
        publisher->state = PUBLISHER_WAITING;
        publisher->next_ns =
            clock_boot_ns() + (int64_t)backoff_next_ms(&publisher->backoff) * NS_PER_MS;
        publisher->counts.connected = false;
        publisher->failure_told = false;
        memcpy(publisher->reason, reason, sizeof reason);
    }
    pthread_mutex_unlock(&publisher->lock);
}

static void on_connection_lost(void *context, char *cause)
{
    lost(context, 0, cause);
}

static void on_disconnect_packet(void *context, MQTTProperties *properties,
                                 enum MQTTReasonCodes code)
{
    (void)properties;
    lost(context, (int)code, NULL);
}

static void on_connect_failure(void *context, MQTTAsync_failureData *data)
{
    lost(context, data ? data->code : MQTTASYNC_FAILURE, data ? data->message : NULL);
}

static void on_connect_failure5(void *context, MQTTAsync_failureData5 *data)
{
    lost(context, data ? data->code : MQTTASYNC_FAILURE, data ? data->message : NULL);
}

static void on_up(struct mqtt_publisher *publisher, bool session_present)
{
    pthread_mutex_lock(&publisher->lock);
    publisher->state = PUBLISHER_UP;
    publisher->counts.connected = true;
    backoff_reset(&publisher->backoff);
    if (!session_present)
        publisher->pending = 0; /* the library has given up what was in flight */
    pthread_mutex_unlock(&publisher->lock);
}

static void on_connected(void *context, MQTTAsync_successData *data)
{
    on_up(context, data->alt.connect.sessionPresent != 0);
}

static void on_connected5(void *context, MQTTAsync_successData5 *data)
{
    on_up(context, data->alt.connect.sessionPresent != 0);
}

static void settled(struct mqtt_publisher *publisher, bool acked)
{
    pthread_mutex_lock(&publisher->lock);
    if (publisher->pending)
        publisher->pending--;
    publisher->counts.acked += acked;
    publisher->counts.refused += !acked;
    pthread_mutex_unlock(&publisher->lock);
}

static void on_sent(void *context, MQTTAsync_successData *data)
{
    (void)data;
    settled(context, true);
}

static void on_sent5(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    settled(context, true);
}

static void on_send_failure(void *context, MQTTAsync_failureData *data)
{
    (void)data;
    settled(context, false);
}

static void on_send_failure5(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    settled(context, false);
}

static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
    (void)context, (void)topic_len; /* nothing is subscribed; the library insists on a callback */
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

bool mqtt_publisher_open(const struct mqtt_settings *settings, uint64_t seed,
                         struct mqtt_publisher **ret_publisher, struct error *err)
{
    struct mqtt_publisher *publisher = calloc(1, sizeof *publisher);
    if (!publisher)
        return error_set(err, ERROR_NO_MEMORY, 0, "MQTT publisher");
    publisher->settings = settings;
    publisher->failure_told = true;
    backoff_start(&publisher->backoff, settings->reconnect_max_ms, seed);
    pthread_mutex_init(&publisher->lock, NULL);
    if (!mqtt_paho_create(settings, &publisher->handle, err)) {
        mqtt_publisher_close(publisher);
        return false;
    }
    (void)MQTTAsync_setCallbacks(publisher->handle, publisher, on_connection_lost, on_message,
                                 NULL);
    (void)MQTTAsync_setDisconnected(publisher->handle, publisher, on_disconnect_packet);
    *ret_publisher = publisher;
    return true;
}

static void connect_now(struct mqtt_publisher *publisher)
{
    struct mqtt_connect connect;
    mqtt_paho_connect_fill(publisher->settings, MQTT_PUBLISHER_EXPIRY_S, &publisher->tls_note,
                           &connect);
    connect.options.context = publisher;
    connect.options.maxInflight = MQTT_PUBLISHER_PENDING_MAX;
    if (publisher->settings->version == MQTT_V5) {
        connect.options.onSuccess5 = on_connected5;
        connect.options.onFailure5 = on_connect_failure5;
    } else {
        connect.options.onSuccess = on_connected;
        connect.options.onFailure = on_connect_failure;
    }
    int rc = MQTTAsync_connect(publisher->handle, &connect.options);
    mqtt_paho_connect_free(&connect);
    if (rc != MQTTASYNC_SUCCESS)
        lost(publisher, rc, NULL);
}

bool mqtt_publisher_poll(struct mqtt_publisher *publisher, struct error *err)
{
    pthread_mutex_lock(&publisher->lock);
    bool due = publisher->state == PUBLISHER_WAITING && clock_boot_ns() >= publisher->next_ns;
    if (due)
        publisher->state = PUBLISHER_CONNECTING;
    bool tell = !publisher->failure_told;
    publisher->failure_told = true;
    char reason[MQTT_REASON_BYTES];
    memcpy(reason, publisher->reason, sizeof reason);
    pthread_mutex_unlock(&publisher->lock);
    if (due)
        connect_now(publisher);
    if (tell)
        return error_set(err, ERROR_NETWORK, 0, "%s: %s", publisher->settings->address, reason);
    return true;
}

bool mqtt_publisher_send(struct mqtt_publisher *publisher, const char *topic, struct str payload,
                         bool retain)
{
    pthread_mutex_lock(&publisher->lock);
    bool room = publisher->state == PUBLISHER_UP && publisher->pending < MQTT_PUBLISHER_PENDING_MAX;
    publisher->pending += room;
    pthread_mutex_unlock(&publisher->lock);
    if (!room)
        return false;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.context = publisher;
    if (publisher->settings->version == MQTT_V5) {
        response.onSuccess5 = on_sent5;
        response.onFailure5 = on_send_failure5;
    } else {
        response.onSuccess = on_sent;
        response.onFailure = on_send_failure;
    }
    bool sent = MQTTAsync_send(publisher->handle, topic, (int)payload.len, payload.at, 1, retain,
                               &response) == MQTTASYNC_SUCCESS;
    pthread_mutex_lock(&publisher->lock);
    publisher->counts.sent += sent;
    if (!sent && publisher->pending)
        publisher->pending--;
    pthread_mutex_unlock(&publisher->lock);
    return sent;
}

struct mqtt_publisher_counts mqtt_publisher_counts(struct mqtt_publisher *publisher)
{
    pthread_mutex_lock(&publisher->lock);
    struct mqtt_publisher_counts counts = publisher->counts;
    pthread_mutex_unlock(&publisher->lock);
    return counts;
}

void mqtt_publisher_close(struct mqtt_publisher *publisher)
{
    if (!publisher)
        return;
    if (publisher->handle) {
        for (int i = 0; i < CLOSE_STEPS; i++) {
            struct mqtt_publisher_counts counts = mqtt_publisher_counts(publisher);
            if (!counts.connected || counts.acked + counts.refused >= counts.sent)
                break;
            nanosleep(&(struct timespec){.tv_nsec = (long)CLOSE_STEP_MS * NS_PER_MS}, NULL);
        }
        MQTTAsync_destroy(&publisher->handle);
    }
    pthread_mutex_destroy(&publisher->lock);
    free(publisher);
}
