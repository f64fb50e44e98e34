#include "tests/sim/sim_broker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/mqtt_client.h"

enum { NS_PER_MS = 1000000, TRY_AGAIN_MS = 300, POLL_MS = 5, HANDLE_NS_MAX = 60000 };

void sim_publish(const char *topic, const char *payload, bool retained)
{
    struct sim_broker *b = sim->broker;
    if (!b->session)
        return; /* nobody subscribed yet, or any more */
    if (b->count == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 1024;
        b->messages = sim_keep_more(b->messages, b->cap * sizeof *b->messages);
    }
    struct sim_message *m = &b->messages[b->count++];
    *m = (struct sim_message){.retained = retained, .queued = true};
    (void)snprintf(m->topic, sizeof m->topic, "%s", topic);
    (void)snprintf(m->payload, sizeof m->payload, "%s", payload);
    sim->report.messages++;
    sim_wake(b);
}

void sim_broker_offline(bool offline)
{
    sim->broker->offline = offline;
    sim_wake(sim->broker);
}

void sim_broker_lose_session(void)
{
    struct sim_broker *b = sim->broker;
    b->session = b->connected = false;
    for (size_t i = b->first; i < b->count; i++)
        b->messages[i].queued = false;
    b->first = b->count;
    sim_wake(b);
}

void sim_broker_forgive(int64_t within_ns)
{
    struct sim_broker *b = sim->broker;
    for (size_t i = 0; i < b->count; i++)
        if (b->messages[i].acked && b->messages[i].acked_ns >= sim->now_ns - within_ns)
            b->messages[i].forgiven = true;
}

bool sim_broker_empty(void)
{
    const struct sim_broker *b = sim->broker;
    for (size_t i = b->first; i < b->count; i++)
        if (b->messages[i].queued)
            return false;
    return true;
}

void sim_broker_new(struct sim *s)
{
    s->broker = sim_keep(sizeof *s->broker);
}

void sim_broker_free(struct sim *s)
{
    sim_keep_free(s->broker->messages);
    sim_keep_free(s->broker);
    s->broker = NULL;
}

/* ---- mqtt_client.h ---- */

struct mqtt_client {
    struct mqtt_handler handler;
    enum mqtt_state state;
    pthread_t thread;
    bool closing, resubscribe;
    uint32_t unanswered; /* sent, and the broker has not said so yet */
    char filters[8][64];
    bool optional[8];
    uint32_t filter_count;
};

static void take_filters(struct mqtt_client *c, const struct mqtt_filters *filters)
{
    c->filter_count = 0;
    for (uint32_t i = 0; i < filters->count && i < 8; i++) {
        (void)snprintf(c->filters[i], sizeof c->filters[i], "%s", filters->filter[i].text);
        c->optional[i] = filters->filter[i].optional;
        c->filter_count++;
    }
}

static void subscribe(struct mqtt_client *c)
{
    for (uint32_t i = 0; i < c->filter_count; i++)
        c->handler.subscribed(c->handler.arg, c->filters[i], c->optional[i], 1);
    c->resubscribe = false;
    c->state = MQTT_READY;
}

/* The connection is up: everything unacknowledged goes out again. */
static void connect_now(struct mqtt_client *c)
{
    struct sim_broker *b = sim->broker;
    bool had = b->session;
    b->connected = b->session = true;
    c->state = MQTT_SUBSCRIBING;
    c->handler.connected(c->handler.arg, had, "sim");
    subscribe(c);
}

static void disconnected(struct mqtt_client *c, const char *why)
{
    sim->broker->connected = false;
    c->state = MQTT_WAITING;
    c->handler.disconnected(c->handler.arg, -1, why);
}

static void answer_sends(struct mqtt_client *c)
{
    for (; c->unanswered; c->unanswered--)
        c->handler.answered(c->handler.arg, 0);
}

/* The broker sends up to SIM_IN_FLIGHT without waiting; the first of them is the one at hand. */
static struct sim_message *next_message(struct sim_broker *b)
{
    struct sim_message *first = NULL;
    uint32_t flying = 0;
    while (b->first < b->count && !b->messages[b->first].queued)
        b->first++;
    for (size_t i = b->first; i < b->count && flying < SIM_IN_FLIGHT; i++) {
        if (!b->messages[i].queued)
            continue;
        flying++;
        if (!first)
            first = &b->messages[i];
    }
    return first;
}

/* A connection that breaks makes all that was in flight come again. */
static void mark_flying(struct sim_broker *b)
{
    uint32_t flying = 0;
    for (size_t i = b->first; i < b->count && flying < SIM_IN_FLIGHT; i++) {
        if (!b->messages[i].queued)
            continue;
        b->messages[i].sent = true;
        flying++;
    }
}

static void acknowledge(struct sim_broker *b, size_t at)
{
    int unused;
    (void)sim_begin(SIM_NET, "PUBACK", &unused);
    struct sim_message *m = &b->messages[at];
    if (m->queued && b->connected) {
        m->queued = false;
        m->acked++;
        m->acked_ns = sim->now_ns;
    }
    sim_end();
}

static void hand_over(struct mqtt_client *c, struct sim_broker *b, struct sim_message *m)
{
    size_t at = (size_t)(m - b->messages);
    bool dup = m->sent;
    char topic[SIM_TOPIC_BYTES], payload[SIM_PAYLOAD_BYTES + 64] = "";
    memcpy(topic, m->topic, sizeof topic);
    memcpy(payload, m->payload, sizeof m->payload);
    const struct mqtt_message message = {.topic = str_of(topic),
                                         .payload = str_of(payload),
                                         .qos = 1,
                                         .retained = m->retained,
                                         .dup = dup};
    m->sent = true;
    m->handed++;
    if (dup)
        sim_count(SIM_FAULT_AGAIN);
    if (sim->options.broken == SIM_ACK_BEFORE_APPEND)
        acknowledge(b, at);
    c->handler.message(c->handler.arg, &message); /* the array may move meanwhile */
    if (sim->options.broken != SIM_ACK_BEFORE_APPEND)
        acknowledge(b, at);
}

static void *receive(void *arg)
{
    struct mqtt_client *c = arg;
    struct sim_broker *b = sim->broker;
    while (!c->closing) {
        if (!b->connected) {
            if (c->state != MQTT_WAITING)
                disconnected(c, "connection lost");
            sim_sleep(TRY_AGAIN_MS * (int64_t)NS_PER_MS);
            if (!c->closing && !b->offline)
                connect_now(c);
            continue;
        }
        if (b->offline) {
            mark_flying(b);
            disconnected(c, "connection lost");
            continue;
        }
        if (c->resubscribe)
            subscribe(c);
        answer_sends(c);
        struct sim_message *m = next_message(b);
        if (!m) {
            sim_wait(b, POLL_MS * (int64_t)NS_PER_MS);
            continue;
        }
        hand_over(c, b, m);
        if (!sim->calm && sim_one_in(b->break_one_in)) {
            mark_flying(b);
            disconnected(c, "reset by peer");
        }
        sim_sleep((int64_t)sim_random(HANDLE_NS_MAX));
    }
    return NULL;
}

bool mqtt_client_open(const struct mqtt_client_options *options, struct mqtt_client **ret_client,
                      struct error *err)
{
    struct mqtt_client *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(err, ERROR_NO_MEMORY, 0, "client");
    c->handler = options->handler;
    c->state = MQTT_WAITING;
    take_filters(c, options->filters);
    if (sim->broker->connected) /* the one before us was killed */
        mark_flying(sim->broker);
    sim->broker->connected = false;
    (void)pthread_create(&c->thread, NULL, receive, c);
    *ret_client = c;
    return true;
}

bool mqtt_client_poll(struct mqtt_client *client, struct error *err)
{
    (void)client;
    (void)err;
    return true;
}

bool mqtt_client_filters(struct mqtt_client *client, const struct mqtt_filters *filters,
                         struct error *err)
{
    (void)err;
    take_filters(client, filters);
    client->resubscribe = true;
    sim_wake(sim->broker);
    return true;
}

bool mqtt_client_send(struct mqtt_client *client, const char *topic, struct str payload)
{
    struct sim_broker *b = sim->broker;
    char text[SIM_PAYLOAD_BYTES];
    if (client->state != MQTT_READY || b->offline)
        return false;
    (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(payload));
    sim_publish(topic, text, false);
    b->messages[b->count - 1].own = true;
    client->unanswered++;
    return true;
}

enum mqtt_state mqtt_client_state(struct mqtt_client *client)
{
    return client->state;
}

void mqtt_client_close(struct mqtt_client *client)
{
    if (!client)
        return;
    client->closing = true;
    sim_wake(sim->broker);
    (void)pthread_join(client->thread, NULL);
    sim->broker->connected = false;
    free(client);
}
