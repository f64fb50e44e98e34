/*
 * mqtt_probe: one trial connection to the broker with the given settings, for `crowdtide check --connect`. It uses a clean session of its own client
 * id, so it never takes the running ingest's session, messages or place.
 */
#ifndef CROWDTIDE_INGEST_MQTT_PROBE_H
#define CROWDTIDE_INGEST_MQTT_PROBE_H

#include "schemas/config/config.h"
#include "schemas/venue/venue.h"

/* Connects, subscribes every filter that ingest would and disconnects, within timeout_s. True: all granted at QoS 1. Errors: CONFIG (a setting), NETWORK (no connection;
   `where` gives the broker's or the TLS library's reason), REMOTE_DENIED (connected, but a filter was refused), NO_MEMORY, FATAL. Blocks; call from a program without other threads. */
bool mqtt_probe(const struct config *config, const struct venue *venue, unsigned timeout_s,
                struct error *err);

#endif
