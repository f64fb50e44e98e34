#include "ingest/mqtt_client.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ingest/backoff.h"
#include "ingest/mqtt_paho.h"
#include "ingest/mqtt_subscriptions.h"
#include "schemas/base/clock.h"

/* The largest expiry that arrives: the library writes 0xFFFFFFFF, MQTT's "never", as 255 s
 * (mqtt_paho.h). 68 years. */
#define SESSION_FOREVER INT32_MAX

enum { NS_PER_MS = 1000000 };

struct mqtt_client {
    struct mqtt_client_options options;
    MQTTAsync handle;
    struct mqtt_tls_note tls_note; /* library's threads only */

    pthread_mutex_t
        lock; /* guards what follows; never held while calling the library or the handler */
    pthread_cond_t closed;
    enum mqtt_state state;
    int64_t since_ns; /* boot time of the last change of state */
    int64_t next_ns; /* MQTT_WAITING: time of the next attempt; MQTT_REFUSED: of the next request */
    struct backoff backoff;
    bool held;            /* this connection lasted, so the next pause is a short one */
    bool retained_wanted; /* the next SUBSCRIBE asks for retained messages in any case */
    struct mqtt_subscriptions subscriptions;
};

static void set_state(struct mqtt_client *client, enum mqtt_state state)
{
    client->state = state;
    client->since_ns = client->options.boot_ns();
}

/* The connection ended or could not be made. Called once or more for one loss; the first counts. */
static void lost(struct mqtt_client *client, int code, const char *message)
{
    pthread_mutex_lock(&client->lock);
    bool first = client->state != MQTT_WAITING;
    bool closing = client->state == MQTT_CLOSING;
    if (first) {
        set_state(client, MQTT_WAITING);
        client->next_ns = INT64_MAX; /* no attempt before the handler has seen this one end */
        pthread_cond_broadcast(&client->closed);
    }
    pthread_mutex_unlock(&client->lock);
    if (!first)
        return;
    char reason[MQTT_REASON_BYTES];
    mqtt_paho_reason(client->options.settings, code, message, &client->tls_note, reason);
    client->options.handler.disconnected(client->options.handler.arg, code, reason);

    pthread_mutex_lock(&client->lock);
    if (client->held)
        backoff_reset(&client->backoff);
    client->held = false;
    int64_t pause_ms = closing ? 0 : backoff_next_ms(&client->backoff);
    client->next_ns = client->options.boot_ns() + pause_ms * NS_PER_MS;
    pthread_mutex_unlock(&client->lock);
}

static void on_connection_lost(void *context, char *cause)
{
    lost(context, 0, cause);
}

static void on_disconnect_packet(void *context, MQTTProperties *properties,
                                 enum MQTTReasonCodes code)
{
    (void)properties;
    lost(context, (int)code, code ? NULL : "the broker closed the connection");
}

static void on_connect_failure(void *context, MQTTAsync_failureData *data)
{
    lost(context, data ? data->code : MQTTASYNC_FAILURE, data ? data->message : NULL);
}

static void on_connect_failure5(void *context, MQTTAsync_failureData5 *data)
{
    int code = data ? data->code : MQTTASYNC_FAILURE;
    if (data && (int)data->reasonCode >= MQTT_REFUSED_FROM)
        code = (int)data->reasonCode;
    lost(context, code, data ? data->message : NULL);
}

static void on_closed(void *context, MQTTAsync_successData *data)
{
    (void)data;
    lost(context, 0, "closed by this side");
}

static void on_closed5(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    lost(context, 0, "closed by this side");
}

/* MQTT 5. */
static struct str content_type_of(MQTTAsync_message *message)
{
    const MQTTProperty *property =
        message->struct_version > 0
            ? MQTTProperties_getProperty(&message->properties, MQTTPROPERTY_CODE_CONTENT_TYPE)
            : NULL;
    if (!property || property->value.data.len <= 0)
        return (struct str){0};
    return (struct str){property->value.data.data, (uint32_t)property->value.data.len};
}

static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
    struct mqtt_client *client = context;
    /* The library gives a length of 0 for topics that it knows to be plain C strings. */
    struct str name = topic_len > 0 ? (struct str){topic, (uint32_t)topic_len} : str_of(topic);
    assert(message->payloadlen >= 0);
    client->options.handler.message(
        client->options.handler.arg,
        &(struct mqtt_message){
            .topic = name,
            .payload = {.at = message->payload, .len = (uint32_t)message->payloadlen},
            .qos = (uint8_t)message->qos,
            .retained = message->retained != 0,
            .dup = message->dup != 0,
            .content_type = content_type_of(message),
        });
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1; /* never 0: see mqtt_paho.h */
}

/* With the lock held: ready, or refused, once every filter that must be granted has its answer. */
static void answers_weigh(struct mqtt_client *client)
{
    enum mqtt_subscriptions_answer answer = mqtt_subscriptions_answer(&client->subscriptions);
    if (answer == MQTT_ANSWER_OPEN ||
        (client->state != MQTT_SUBSCRIBING && client->state != MQTT_REFUSED))
        return;
    bool granted = answer == MQTT_ANSWER_GRANTED;
    set_state(client, granted ? MQTT_READY : MQTT_REFUSED);
    client->next_ns =
        client->since_ns + (int64_t)client->options.settings->reconnect_max_ms * NS_PER_MS;
    client->retained_wanted &= !granted;
}

static void on_suback(struct mqtt_subscription *subscription, int code)
{
    struct mqtt_client *client = subscription->owner;
    client->options.handler.subscribed(client->options.handler.arg, subscription->filter,
                                       subscription->optional, code);
    pthread_mutex_lock(&client->lock);
    subscription->code = code;
    answers_weigh(client);
    pthread_mutex_unlock(&client->lock);
}

static void on_subscribed(void *context, MQTTAsync_successData *data)
{
    on_suback(context, data->alt.qos);
}

static void on_subscribed5(void *context, MQTTAsync_successData5 *data)
{
    on_suback(context,
              (int)data->reasonCode); /* the list is filled for more than one filter only */
}

/* Refused; or never answered (a code that is no SUBACK's): then the timeout in mqtt_client_poll
 * ends the connection. */
static void on_subscribe_failure(void *context, MQTTAsync_failureData *data)
{
    if (data && data->code == MQTT_REFUSED_FROM)
        on_suback(context, data->code);
}

static void on_subscribe_failure5(void *context, MQTTAsync_failureData5 *data)
{
    if (data && (int)data->reasonCode >= MQTT_REFUSED_FROM)
        on_suback(context, (int)data->reasonCode);
}

static void on_unsubscribed(void *context, MQTTAsync_successData *data)
{
    struct mqtt_subscription *subscription = context;
    struct mqtt_client *client = subscription->owner;
    (void)data;
    pthread_mutex_lock(&client->lock);
    if (subscription->want == MQTT_GONE) /* it may be wanted again by now */
        subscription->want = MQTT_ENDED;
    pthread_mutex_unlock(&client->lock);
}

static void on_unsubscribed5(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    on_unsubscribed(context, NULL);
}

/* An answer that does not come is asked for again with the next connection. */
static void unsubscribe_one(struct mqtt_client *client, struct mqtt_subscription *subscription)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.context = subscription;
    if (client->options.settings->version == MQTT_V5)
        response.onSuccess5 = on_unsubscribed5;
    else
        response.onSuccess = on_unsubscribed;
    (void)MQTTAsync_unsubscribe(client->handle, subscription->filter, &response);
}

static void subscribe_one(struct mqtt_client *client, struct mqtt_subscription *subscription,
                          bool retained)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.context = subscription;
    if (client->options.settings->version == MQTT_V5) {
        response.onSuccess5 = on_subscribed5;
        response.onFailure5 = on_subscribe_failure5;
        /* 0: always send retained messages; 1: if the subscription is new; 2: never. What the
         * broker tells of itself is wanted anew each time. */
        bool always = retained || subscription->optional;
        response.subscribeOptions.retainHandling = client->options.trial && !always ? 2
                                                   : always                         ? 0
                                                                                    : 1;
    } else {
        response.onSuccess = on_subscribed;
        response.onFailure = on_subscribe_failure;
    }
    /* A failure here stays unanswered, so the timeout ends the connection. */
    (void)MQTTAsync_subscribe(client->handle, subscription->filter, MQTT_SUBSCRIPTION_QOS,
                              &response);
}

/* Asks for the filters that are not granted, one packet each: v3.1.1 gives no count with a list of
 * codes, so a list could not be read safely. Before that, gives up those that are gone. The library
 * must not be called under the lock, so what is to be done is noted first. */
static void subscribe(struct mqtt_client *client)
{
    enum mqtt_subscription_act act[MQTT_SUBSCRIPTIONS_MAX];
    pthread_mutex_lock(&client->lock);
    bool retained = client->retained_wanted;
    uint32_t count = mqtt_subscriptions_plan(&client->subscriptions, act);
    pthread_mutex_unlock(&client->lock);
    for (uint32_t i = 0; i < count; i++) {
        if (act[i] == MQTT_GIVE_UP)
            unsubscribe_one(client, client->subscriptions.at[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (act[i] == MQTT_TAKE)
            subscribe_one(client, client->subscriptions.at[i], retained);
    }
}

static void on_up(struct mqtt_client *client, bool session_present)
{
    client->tls_note.text[0] = '\0';
    client->options.handler.connected(client->options.handler.arg, session_present,
                                      client->options.settings->address);
    pthread_mutex_lock(&client->lock);
    mqtt_subscriptions_ask_again(&client->subscriptions);
    if (client->state == MQTT_CONNECTING)
        set_state(client, MQTT_SUBSCRIBING);
    pthread_mutex_unlock(&client->lock);
    subscribe(client);
}

static void on_connected(void *context, MQTTAsync_successData *data)
{
    on_up(context, data->alt.connect.sessionPresent != 0);
}

static void on_connected5(void *context, MQTTAsync_successData5 *data)
{
    on_up(context, data->alt.connect.sessionPresent != 0);
}

static void connect_now(struct mqtt_client *client)
{
    struct mqtt_connect connect;
    mqtt_paho_connect_fill(client->options.settings, client->options.trial ? 0 : SESSION_FOREVER,
                           &client->tls_note, &connect);
    connect.options.context = client;
    if (client->options.settings->version == MQTT_V5) {
        connect.options.onSuccess5 = on_connected5;
        connect.options.onFailure5 = on_connect_failure5;
    } else {
        connect.options.onSuccess = on_connected;
        connect.options.onFailure = on_connect_failure;
    }
    int rc = MQTTAsync_connect(client->handle, &connect.options);
    mqtt_paho_connect_free(&connect);
    if (rc != MQTTASYNC_SUCCESS)
        lost(client, rc, NULL);
}

/* Ends the connection from this side; on_closed follows. */
static void drop(struct mqtt_client *client)
{
    pthread_mutex_lock(&client->lock);
    set_state(client, MQTT_CLOSING);
    pthread_mutex_unlock(&client->lock);
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    if (client->options.settings->version == MQTT_V5) {
        options = (MQTTAsync_disconnectOptions)MQTTAsync_disconnectOptions_initializer5;
        options.onSuccess5 = on_closed5;
    } else {
        options.onSuccess = on_closed;
    }
    options.context = client;
    int rc = MQTTAsync_disconnect(client->handle, &options);
    if (rc != MQTTASYNC_SUCCESS)
        lost(client, rc, NULL);
}

bool mqtt_client_filters(struct mqtt_client *client, const struct mqtt_filters *filters,
                         struct error *err)
{
    pthread_mutex_lock(&client->lock);
    bool ok = mqtt_subscriptions_want(&client->subscriptions, filters, client, err);
    bool connected = client->state == MQTT_READY || client->state == MQTT_REFUSED ||
                     client->state == MQTT_SUBSCRIBING;
    if (ok && connected) {
        set_state(client, MQTT_SUBSCRIBING);
        answers_weigh(client); /* there may be nothing new to ask for */
    }
    pthread_mutex_unlock(&client->lock);
    if (ok && connected)
        subscribe(client);
    return ok;
}

/* ---- sending --------------------------------------------------------------------------------- */

static void on_sent(void *context, MQTTAsync_successData *data)
{
    struct mqtt_client *client = context;
    (void)data;
    client->options.handler.answered(client->options.handler.arg, 0);
}

static void on_sent5(void *context, MQTTAsync_successData5 *data)
{
    struct mqtt_client *client = context;
    client->options.handler.answered(client->options.handler.arg, data ? (int)data->reasonCode : 0);
}

/* Without a reason of the broker it is a connection that ended, which is told elsewhere. */
static void on_send_failure5(void *context, MQTTAsync_failureData5 *data)
{
    struct mqtt_client *client = context;
    if (data && (int)data->reasonCode >= MQTT_REFUSED_FROM)
        client->options.handler.answered(client->options.handler.arg, (int)data->reasonCode);
}

bool mqtt_client_send(struct mqtt_client *client, const char *topic, struct str payload)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    if (mqtt_client_state(client) != MQTT_READY)
        return false;
    response.context = client;
    if (client->options.settings->version == MQTT_V5) {
        response.onSuccess5 = on_sent5;
        response.onFailure5 = on_send_failure5;
    } else {
        response.onSuccess = on_sent;
    }
    return MQTTAsync_send(client->handle, topic, (int)payload.len, payload.at,
                          MQTT_SUBSCRIPTION_QOS, 0, &response) == MQTTASYNC_SUCCESS;
}

/* ---- life ------------------------------------------------------------------------------------ */

bool mqtt_client_open(const struct mqtt_client_options *options, struct mqtt_client **ret_client,
                      struct error *err)
{
    struct mqtt_client *client = calloc(1, sizeof *client);
    if (!client)
        return error_set(err, ERROR_NO_MEMORY, 0, "MQTT client");
    client->options = *options;
    if (!client->options.boot_ns)
        client->options.boot_ns = clock_boot_ns;
    client->retained_wanted = options->want_retained;
    backoff_start(&client->backoff, options->settings->reconnect_max_ms, options->seed);
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->closed, NULL);
    set_state(client, MQTT_WAITING);
    if (!mqtt_subscriptions_want(&client->subscriptions, options->filters, client, err) ||
        !mqtt_subscriptions_gone(&client->subscriptions, options->gone, client, err))
        goto fail;
    if (!mqtt_paho_create(options->settings, &client->handle, err))
        goto fail;
    if (MQTTAsync_setCallbacks(client->handle, client, on_connection_lost, on_message, NULL) !=
            MQTTASYNC_SUCCESS ||
        MQTTAsync_setDisconnected(client->handle, client, on_disconnect_packet) !=
            MQTTASYNC_SUCCESS) {
        (void)error_set(err, ERROR_FATAL, 0, "MQTT client callbacks");
        goto fail;
    }
    *ret_client = client;
    return true;

fail:
    mqtt_client_close(client);
    return false;
}

bool mqtt_client_poll(struct mqtt_client *client, struct error *err)
{
    pthread_mutex_lock(&client->lock);
    enum mqtt_state state = client->state;
    int64_t now_ns = client->options.boot_ns();
    int64_t age_s = (now_ns - client->since_ns) / 1000000000;
    bool due = now_ns >= client->next_ns;
    if (state == MQTT_READY && age_s >= MQTT_HELD_S)
        client->held = true;
    if (state == MQTT_WAITING && due)
        set_state(client, MQTT_CONNECTING);
    if (state == MQTT_REFUSED && due)
        client->next_ns = now_ns + (int64_t)client->options.settings->reconnect_max_ms * NS_PER_MS;
    pthread_mutex_unlock(&client->lock);

    if (state == MQTT_WAITING && due)
        connect_now(client);
    else if (state == MQTT_REFUSED && due)
        subscribe(client);
    else if (state == MQTT_SUBSCRIBING && age_s >= MQTT_SUBACK_TIMEOUT_S)
        drop(client);
    else if ((state == MQTT_CONNECTING || state == MQTT_CLOSING) && age_s >= MQTT_STUCK_S)
        return error_set(err, ERROR_FATAL, 0, "the MQTT library did not answer for %d s",
                         MQTT_STUCK_S);
    return true;
}

enum mqtt_state mqtt_client_state(struct mqtt_client *client)
{
    pthread_mutex_lock(&client->lock);
    enum mqtt_state state = client->state;
    pthread_mutex_unlock(&client->lock);
    return state;
}

void mqtt_client_close(struct mqtt_client *client)
{
    if (!client)
        return;
    if (client->handle) {
        enum mqtt_state state = mqtt_client_state(client);
        if (state == MQTT_SUBSCRIBING || state == MQTT_READY || state == MQTT_REFUSED) {
            struct timespec until;
            (void)clock_gettime(CLOCK_REALTIME, &until);
            until.tv_sec += MQTT_CLOSE_MS / 1000;
            drop(client);
            pthread_mutex_lock(&client->lock);
            while (client->state == MQTT_CLOSING &&
                   pthread_cond_timedwait(&client->closed, &client->lock, &until) != ETIMEDOUT)
                ;
            pthread_mutex_unlock(&client->lock);
        }
        MQTTAsync_destroy(&client->handle);
    }
    mqtt_subscriptions_free(&client->subscriptions);
    pthread_cond_destroy(&client->closed);
    pthread_mutex_destroy(&client->lock);
    free(client);
}
