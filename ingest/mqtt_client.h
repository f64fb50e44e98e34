/*
 * mqtt_client: the subscriber: one persistent session at the broker, kept up by its own reconnect
 * loop. What arrives goes to the handler before it is acknowledged.
 *
 *     mqtt_client_open(&options, &client, &err);
 *     while (running) { mqtt_client_poll(client, &err); …at least once a second }
 *     mqtt_client_close(client);
 *
 * Filters may change while it runs (mqtt_client_filters). On every connect each is subscribed
 * again, one packet each, and its SUBACK code is looked at: only when all are granted with QoS 1 is
 * the client ready. Retained messages come for subscriptions that are new at the broker (MQTT v5),
 * so that a reconnect does not repeat them; `want_retained` asks for them once more although the
 * session exists (an empty log that knows no state yet). MQTT v3.1.1 repeats them at every connect;
 * they carry the retain flag.
 *
 * Threads: open, poll, filters, send, state and close belong to one thread. The handler is called
 * in the library's threads, one call at a time; it must not call back into this module and must not
 * return from `message` before the message is safe: the acknowledgement follows the return.
 *
 * Limits: a malloc failure inside the library loses the message at hand unseen (see mqtt_paho.h). A
 * message that the broker accepts is held in memory whole before it comes here (MQTT's own limit is
 * 256 MB; set message_size_limit at the broker).
 */
#ifndef CROWDTIDE_INGEST_MQTT_CLIENT_H
#define CROWDTIDE_INGEST_MQTT_CLIENT_H

#include "ingest/mqtt_settings.h"

struct mqtt_message { /* borrowed for the length of the call */
    struct str topic; /* any bytes, NUL included */
    struct str payload;
    uint8_t qos;
    bool retained;
    bool dup;
    struct str content_type; /* MQTT 5; len 0: none */
};

struct mqtt_handler {
    void *arg;
    /* A message; when this returns, the broker is told that it is safe. */
    void (*message)(void *arg, const struct mqtt_message *message);
    void (*connected)(void *arg, bool session_present, const char *address);
    /* One SUBACK code: the granted QoS, or >= 0x80 refused. */
    void (*subscribed)(void *arg, const char *filter, bool optional, int code);
    /* A connection lost, or an attempt that failed. code: CONNACK or DISCONNECT reason (> 0), the
     * library's (< 0), 0: none. */
    void (*disconnected)(void *arg, int code, const char *reason);
    /* The broker has answered a mqtt_client_send; code: 0x80 and above, it refuses. NULL where
     * nothing is sent. */
    void (*answered)(void *arg, int code);
};

enum mqtt_state {
    MQTT_WAITING, /* for the next attempt */
    MQTT_CONNECTING,
    MQTT_SUBSCRIBING, /* connected, not all SUBACKs are here */
    MQTT_READY,       /* every filter granted that is not optional */
    MQTT_REFUSED,     /* connected, but some of them was refused; asked again every reconnect_max */
    MQTT_CLOSING,
};

struct mqtt_client_options {
    const struct mqtt_settings *settings; /* must outlive the client */
    const struct mqtt_filters *filters;   /* copied */
    const struct mqtt_filters *gone; /* given up at the broker, where an earlier run may have left
                                        them, unless they are wanted; NULL: none. Copied */
    struct mqtt_handler handler;
    bool want_retained;
    bool trial; /* a clean session that ends with the connection, without retained messages unless
                   they are wanted: for checks */
    uint64_t seed;            /* of the jitter */
    int64_t (*boot_ns)(void); /* NULL: clock_boot_ns; tests give their own */
};

struct mqtt_client;

/* Errors: NO_MEMORY, FATAL. Nothing is connected before the first poll. */
bool mqtt_client_open(const struct mqtt_client_options *options, struct mqtt_client **ret_client,
                      struct error *err);

/* Starts attempts that are due, gives up connections that do not answer. Never blocks on the
   network. False (FATAL) when the library has stopped answering for MQTT_STUCK_S: end the program,
   a new one resumes the session. */
bool mqtt_client_poll(struct mqtt_client *client, struct error *err);
enum { MQTT_STUCK_S = 120, MQTT_SUBACK_TIMEOUT_S = 30, MQTT_HELD_S = 10, MQTT_CLOSE_MS = 2000 };

/* Other filters are wanted from here on: subscribes what is new, gives up what is gone, and is not
   ready until the new ones are granted. False (TOO_LARGE over MQTT_SUBSCRIPTIONS_MAX,
   NO_MEMORY; see mqtt_subscriptions.h): nothing has changed. */
bool mqtt_client_filters(struct mqtt_client *client, const struct mqtt_filters *filters,
                         struct error *err);

/* Publishes with QoS 1 on this session. False: not ready, or the library takes no more; nothing is
   sent then, now or later. Waits for a handler call that is going on. What is lost with the
   connection may be sent again with the next. */
bool mqtt_client_send(struct mqtt_client *client, const char *topic, struct str payload);

enum mqtt_state mqtt_client_state(struct mqtt_client *client);

/* Disconnects (the session stays at the broker), waits at most MQTT_CLOSE_MS. No handler call after
 * it returns. NULL is allowed. */
void mqtt_client_close(struct mqtt_client *client);

#endif
