/*
 * mqtt_paho: what the files that use the Paho library share: creating a handle, filling connect options, words for codes. Private to ingest/mqtt_*.c.
 *
 * Facts about Paho C 1.3.12 that this room rests on, read in its source and tried:
 * - MQTTAsync with MQTTCLIENT_PERSISTENCE_NONE calls messageArrived and then, in the same thread, sends the PUBACK. What the callback has made
 *   safe when it returns 1 is therefore safe before the broker forgets the message. Returning 0 parks the message in memory, acknowledges it
 *   anyway and skips the callback for those that follow: never do that.
 * - All callbacks run in the library's receive thread (connect failures also in its send thread) with the library's mutex held. They may call
 *   MQTTAsync_subscribe; they must not wait for another thread that calls into the library.
 * - When a v5 broker sends DISCONNECT (shutdown, session taken over), the connectionLost callback is *not* called, only `disconnected`.
 * - Four-byte properties pass through a signed integer that is divided byte by byte: values above INT32_MAX reach the broker wrong. A session expiry of
 *   0xFFFFFFFF ("never") arrives as 255 s, and the broker then forgets session and queue after four minutes without a client.
 * - A malloc that fails inside the library after the packet was read drops the message and acknowledges it. Nothing outside can see that.
 */
#ifndef CROWDTIDE_INGEST_MQTT_PAHO_H
#define CROWDTIDE_INGEST_MQTT_PAHO_H

#include <MQTTAsync.h>

#include "ingest/mqtt_settings.h"

enum {
    MQTT_CONNECT_TIMEOUT_S = 10, /* TCP, TLS and CONNACK together; the library looks every 3 s */
    MQTT_REASON_BYTES = 256,
    MQTT_BUFFERED_MAX = 4000, /* publishes handed over and not yet written; more are refused, not dropped */
    MQTT_REFUSED_FROM = 0x80, /* reason codes from here on are refusals */
};

/* The last complaint of the TLS library, because Paho itself only says "failed". */
struct mqtt_tls_note {
    char text[MQTT_REASON_BYTES];
};

/* Connect options with what they point to; fill, set the callbacks, pass .options to MQTTAsync_connect, free. */
struct mqtt_connect {
    MQTTAsync_connectOptions options;
    MQTTAsync_SSLOptions ssl;
    MQTTProperties properties;
};

/* Creates a handle for the settings; nothing is connected. Also removes http_proxy and https_proxy from the environment, which the library
   would obey for plain MQTT: call before other threads start. Errors: NO_MEMORY, FATAL. */
bool mqtt_paho_create(const struct mqtt_settings *settings, MQTTAsync *ret_handle,
                      struct error *err);

/* session_expiry_s: 0 starts a clean session that ends with the connection; else (at most INT32_MAX) the session outlives it (v3.1.1: for ever).
   note (may be NULL) must live as long as the connection. */
void mqtt_paho_connect_fill(const struct mqtt_settings *settings, uint32_t session_expiry_s,
                            struct mqtt_tls_note *note, struct mqtt_connect *out);
void mqtt_paho_connect_free(struct mqtt_connect *connect);

/* Why a connection failed or ended, for a person: the CONNACK or DISCONNECT code's words, the library's text, the TLS note. Where the library only
   says that it failed, mqtt_diagnose looks; that blocks for a second or two, with no connection up that could suffer. Empties the note. Returns out. */
const char *mqtt_paho_reason(const struct mqtt_settings *settings, int code, const char *message,
                             struct mqtt_tls_note *note, char out[MQTT_REASON_BYTES]);

#endif
