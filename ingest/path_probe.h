/*
 * path_probe: whether what the broker takes comes here. ingest publishes a small message every
 * second, on its own connection, to a topic that it subscribes itself:
 * crowdtide/{venue}/probe/{client id}. Messages keep their order at the broker, so when one comes
 * back all that was taken before it is here.
 *
 *     path_probe_start(&probe, enabled, run, counters);
 *     path_probe_at(&probe, venue_id, client_id);
 *     if (path_probe_next(&probe, now_ns, payload))            every second, while connected
 *         …publish payload to probe.topic
 *     path_probe_answered(&probe, code);                       its PUBACK
 *     if (path_probe_take(&probe, topic, payload)) …           it is no message of a sensor
 *     path_probe_tick(&probe, now_ns, &tick_probe, &tick_ms);  what the next tick says
 *
 * Probes are in no book and in no log: the tick has what they tell. Those of other instances, and
 * of an earlier run that the broker still held, are counted and count for nothing. What else is
 * published to such a topic is a message like any other.
 *
 * Pure. now_ns: any clock that never falls. Any thread.
 */
#ifndef CROWDTIDE_INGEST_PATH_PROBE_H
#define CROWDTIDE_INGEST_PATH_PROBE_H

#include <pthread.h>

#include "schemas/base/str.h"
#include "schemas/counters/counters.h"
#include "schemas/record/record.h"

enum {
    PATH_PROBE_TOPIC_BYTES = 256,
    PATH_PROBE_BYTES = 64,      /* of a payload */
    PATH_PROBE_KEPT = 64,       /* on their way; what comes back later says nothing */
    PATH_PROBE_UNANSWERED = 16, /* without their PUBACK; then none is sent until the broker answers,
                                   or is connected to again */
};

struct path_probe {       /* caller-owned */
    pthread_mutex_t lock; /* guards all that follows */
    bool enabled;
    char topic[PATH_PROBE_TOPIC_BYTES];
    uint64_t run; /* tells this run's from others */
    uint64_t sent;
    int64_t sent_ns[PATH_PROBE_KEPT];
    int64_t newest_ns; /* when the newest that came back was sent; 0: none has */
    bool back;
    uint32_t unanswered;
    bool publish_refused, subscribe_refused;
    struct counters *counters;
};

/* The topic of an instance's probes. Characters of the client id that topics or filters give a
 * meaning become '_'. */
void path_probe_topic_of(struct str venue_id, const char *client_id,
                         char out[PATH_PROBE_TOPIC_BYTES]);

/* enabled: setting mqtt.probe; run: a number that no earlier run had; counters: may be NULL. */
void path_probe_start(struct path_probe *probe, bool enabled, uint64_t run,
                      struct counters *counters);
void path_probe_end(struct path_probe *probe);
/* Where it goes from now on. */
void path_probe_at(struct path_probe *probe, struct str venue_id, const char *client_id);

/* False: nothing is to be sent. */
bool path_probe_next(struct path_probe *probe, int64_t now_ns, char payload[PATH_PROBE_BYTES]);
/* What path_probe_next gave could not be handed over. */
void path_probe_unsent(struct path_probe *probe);
/* code: 0x80 and above, the broker refuses. True when that is news. */
bool path_probe_answered(struct path_probe *probe, int code);
void path_probe_connected(struct path_probe *probe);
/* The SUBACK of its own filter, where it has one. */
void path_probe_subscribed(struct path_probe *probe, int code);

/* Whether a message is some instance's probe. */
bool path_probe_is(struct str topic, struct str payload);
bool path_probe_take(struct path_probe *probe, struct str topic, struct str payload);

void path_probe_tick(struct path_probe *probe, int64_t now_ns, enum record_probe *ret_probe,
                     uint32_t *ret_ms);

#endif
