/*
 * mqtt_probe: one trial connection to the broker with the given settings, for `crowdtide check
 * --connect`. It uses a clean session of its own client id, so it never takes the running ingest's
 * session, messages or place.
 */
#ifndef CROWDTIDE_INGEST_MQTT_PROBE_H
#define CROWDTIDE_INGEST_MQTT_PROBE_H

#include "schemas/config/config.h"
#include "schemas/venue/venue.h"

/* What became of a message that was sent through the broker to ourselves (path_probe.h). */
enum mqtt_probe_back {
    MQTT_PROBE_NOT_SENT, /* mqtt.probe: no */
    MQTT_PROBE_CAME_BACK,
    MQTT_PROBE_LOST,    /* not within MQTT_PROBE_BACK_S */
    MQTT_PROBE_REFUSED, /* the broker passes it to nobody */
};
enum { MQTT_PROBE_BACK_S = 3 };

/* Connects, subscribes every filter that ingest would, sends itself a message and disconnects,
   within timeout_s and MQTT_PROBE_BACK_S. True: all granted at QoS 1. Errors: CONFIG (a setting),
   NETWORK (no connection; `where` gives the broker's or the TLS library's reason), REMOTE_DENIED
   (connected, but a filter was refused), NO_MEMORY, FATAL. Blocks; call from a program without
   other threads. */
bool mqtt_probe(const struct config *config, const struct venue *venue, unsigned timeout_s,
                enum mqtt_probe_back *ret_back, struct error *err);

#endif
