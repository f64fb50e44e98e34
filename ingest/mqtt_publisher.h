/*
 * mqtt_publisher: a QoS 1 publisher with a bounded number of unacknowledged messages, for the simulator. Reconnects like mqtt_client.
 *
 *     mqtt_publisher_open(&settings, seed, &publisher, &err);
 *     while (running) { mqtt_publisher_poll(publisher, &err); mqtt_publisher_send(…) }
 *     mqtt_publisher_close(publisher);
 *
 * Its session at the broker lives MQTT_PUBLISHER_EXPIRY_S beyond a connection, so that what was in flight is sent again after a short loss. All functions from one thread.
 */
#ifndef CROWDTIDE_INGEST_MQTT_PUBLISHER_H
#define CROWDTIDE_INGEST_MQTT_PUBLISHER_H

#include "ingest/mqtt_settings.h"

enum { MQTT_PUBLISHER_PENDING_MAX = 1000, MQTT_PUBLISHER_EXPIRY_S = 300 };

struct mqtt_publisher;

/* Errors: NO_MEMORY, FATAL. settings must outlive the publisher. */
bool mqtt_publisher_open(const struct mqtt_settings *settings, uint64_t seed,
                         struct mqtt_publisher **ret_publisher, struct error *err);

/* Starts a connection attempt that is due. A failed attempt is told once: false with NETWORK and the reason; go on polling. */
bool mqtt_publisher_poll(struct mqtt_publisher *publisher, struct error *err);

/* Hands the message to the library. False: not connected, or MQTT_PUBLISHER_PENDING_MAX wait for their PUBACK; try again later. */
bool mqtt_publisher_send(struct mqtt_publisher *publisher, const char *topic, struct str payload,
                         bool retain);

struct mqtt_publisher_counts {
    bool connected;
    uint64_t sent, acked, refused; /* refused: by the broker, in its PUBACK */
};
struct mqtt_publisher_counts mqtt_publisher_counts(struct mqtt_publisher *publisher);

/* Waits up to two seconds for what is in flight, disconnects. NULL is allowed. */
void mqtt_publisher_close(struct mqtt_publisher *publisher);

#endif
