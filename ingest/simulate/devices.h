/*
 * devices: what the sensors of a simulated venue would send: canonical messages (JSON) from the movement of people, with the sensors' own small errors and failures.
 *
 *     devices_open(&options, &devices, &err);
 *     devices_report(devices, wall_ms, budget);   every 100 ms or so: at most budget messages through options.send
 *     devices_close(devices);
 *
 * Level counters look at the people inside, off by up to about 2 %; counters and gates report passages: persons one by one at a quiet gate, sums at a busy one; lights
 * follow the simulated hour. A few sensors drop out for 20 to 60 s of wall time, half of them with a status message (their last will).
 *
 * Passages are taken from the movement only when their message was accepted, so a refusal by options.send (a full connection) delays counts and never loses them.
 * `ts` is the wall clock, `seq` rises by one per sensor. Deterministic in its arguments. One thread.
 */
#ifndef CROWDTIDE_INGEST_SIMULATE_DEVICES_H
#define CROWDTIDE_INGEST_SIMULATE_DEVICES_H

#include "ingest/simulate/movement.h"

enum {
    DEVICES_PERIOD_MS = 1000,   /* a changed value is reported at most this often */
    DEVICES_QUIET_MS = 10000,   /* an unchanged one this often, unless the venue file gives the sensor's interval */
    DEVICES_GATE_PERSONS = 4,   /* more passages than this in one period are reported as sums */
    DEVICES_PASSAGES = 40,      /* reported at once when there are so many, and no message says more each way; what a level counter shows changes by no more: however fast the day is played, none tells
                                   of a hundred people since the one before, which would rightly be taken for a surge */
    DEVICES_PAYLOAD_BYTES = 256,
    DEVICES_TOPIC_BYTES = 160,
    DEVICES_DROPOUT_MIN_MS = 20000,
    DEVICES_DROPOUT_MAX_MS = 60000,
};

struct devices_options {
    struct movement *movement; /* must outlive the devices */
    const struct venue *venue; /* likewise */
    uint64_t seed;
    double dropouts_per_hour; /* of one sensor, wall time; 0: none */
    bool drill;               /* below drill/ instead of crowdtide/, and nothing is retained: no drill outlives itself on the broker */
    /* False: not now; the same will be tried later. */
    bool (*send)(void *arg, const char *topic, struct str payload, bool retain);
    void *arg;
};

struct devices;
bool devices_open(const struct devices_options *options, struct devices **ret_devices,
                  struct error *err); /* NO_MEMORY */
void devices_close(struct devices *devices); /* NULL is allowed */

/* Every sensor works again and may report changes at once; unchanged ones say nothing more. For the end of a simulation. */
void devices_rush(struct devices *devices);

/* Returns the number of messages sent. */
uint32_t devices_report(struct devices *devices, int64_t wall_ms, uint32_t budget);

#endif
