/*
 * silence: connected, and yet no message comes. Not an error of ours, and worth saying once: a wrong topic, an access rule, sensors without power.
 *
 *     struct silence silence = {0};
 *     every second: if (silence_begins(&silence, ready, messages, now_ns)) …say so
 *
 * Pure; caller-owned; one thread.
 */
#ifndef CROWDTIDE_INGEST_SILENCE_H
#define CROWDTIDE_INGEST_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

enum { SILENCE_S = 60 };

struct silence {
    uint64_t messages; /* at the last look */
    int64_t since_ns;
    bool told;
};

/* True once for each silence of SILENCE_S. ready: connected, every subscription granted; messages: taken so far; now_ns: any clock that never
   falls. */
bool silence_begins(struct silence *silence, bool ready, uint64_t messages, int64_t now_ns);

#endif
