/*
 * drops: what the broker says of messages that it dropped. It counts them since it started, over all of
 * its clients; ticks bring the count, and what matters is by how much it rose lately.
 *
 *     drops_note(&drops, tick.broker_dropped, now_ms)     with every tick; RECORD_NO_COUNT: it has not said
 *     drops_recent(&drops, now_ms)                        in the last DROPS_MS, exact to DROPS_SLOT_MS
 *
 * The first count that is ever heard is where counting begins: when those were dropped nobody knows. What
 * was dropped while ingest was away counts when it is back. A count that falls is that of a broker that
 * started anew.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_DROPS_H
#define CROWDTIDE_PROCESSORS_CORE_DROPS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DROPS_MS = 600 * 1000,
    DROPS_SLOT_MS = 30 * 1000,
    DROPS_SLOTS = DROPS_MS / DROPS_SLOT_MS,
};

struct drops {
    bool said;
    uint64_t last;
    struct {
        int64_t number; /* of the DROPS_SLOT_MS since 1970 that it is of */
        uint64_t dropped;
    } slot[DROPS_SLOTS];
};

void drops_note(struct drops *drops, uint64_t count, int64_t now_ms);
uint64_t drops_recent(const struct drops *drops, int64_t now_ms);

#endif
