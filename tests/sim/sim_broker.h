/*
 * sim_broker: an MQTT broker with one persistent session, ingest's: QoS 1, messages in flight,
 * redelivery with DUP, retained messages, a session that is lost, a connection that breaks; and
 * mqtt_client.h over it. It keeps the books of what it was told: which message was handed over how
 * often, and acknowledged when.
 */
#ifndef CROWDTIDE_TESTS_SIM_SIM_BROKER_H
#define CROWDTIDE_TESTS_SIM_SIM_BROKER_H

#include "tests/sim/sim.h"

enum { SIM_TOPIC_BYTES = 48, SIM_PAYLOAD_BYTES = 160, SIM_IN_FLIGHT = 20 };

struct sim_message {
    char topic[SIM_TOPIC_BYTES], payload[SIM_PAYLOAD_BYTES];
    bool retained; /* handed over with the flag */
    bool queued;   /* the session has it, not acknowledged */
    bool sent;     /* once at least; the next time it bears DUP */
    uint32_t handed, acked;
    int64_t acked_ns; /* the last time */
    bool own;         /* ingest's own probe: in no log */
    bool forgiven;    /* acknowledged, and yet it may be lost: the power went before the sync */
};

struct sim_broker {
    struct sim_message *messages; /* all that were ever published */
    size_t count, cap;
    size_t first; /* none before it is queued */
    bool session, connected;
    bool offline;          /* nobody can connect */
    uint32_t break_one_in; /* messages handed over until the connection breaks; 0: never */
};

/* A sensor publishes: the session gets it (lost when there is none and never was one). */
void sim_publish(const char *topic, const char *payload, bool retained);
/* The connection breaks; the broker can't be reached until it is called with false. */
void sim_broker_offline(bool offline);
void sim_broker_lose_session(void);
/* A power cut or a failed sync: what was acknowledged in the last within_ns may be lost. */
void sim_broker_forgive(int64_t within_ns);
/* Nothing waits for ingest. */
bool sim_broker_empty(void);

#endif
