/*
 * validity: whether what the results say may be taken for so now, by the reader's own clock; and
 * why not.
 *
 *     struct validity v = validity_of(&beat, now_ms)      the newest heartbeat, NULL: none has come
 *     if (v.fault) validity_explain(&v, &text)            "the last heartbeat is 14 s old"
 *
 * The rule, as any consumer can apply it: unknown when the newest heartbeat's valid_until has
 * passed, or lies further ahead than a heartbeat can say (then one of the two clocks is wrong).
 * Pure.
 */
#ifndef CROWDTIDE_PROCESSORS_WATCH_VALIDITY_H
#define CROWDTIDE_PROCESSORS_WATCH_VALIDITY_H

#include "schemas/result/result.h"

enum validity_fault {
    VALIDITY_NONE,   /* it may */
    VALIDITY_NEVER,  /* no heartbeat has come */
    VALIDITY_OLD,    /* none comes any more */
    VALIDITY_PATH,   /* they come, and say that ingest does not hear all */
    VALIDITY_FUTURE, /* it is of a time that has not come yet, by this clock */
};

enum { VALIDITY_AHEAD_MS = 10000 /* so much the clocks of two machines may differ */ };

struct validity {
    enum validity_fault fault;
    int64_t age_ms;       /* of the heartbeat, by this clock; below 0: ahead. 0: NEVER */
    int64_t remaining_ms; /* until it holds no more; below 0: since when. 0: NEVER */
    char path[16];        /* as the heartbeat says; "": an older one */
};

struct validity validity_of(const struct result_heartbeat *beat, int64_t now_ms);

/* Why not, in words for a technician; nothing for VALIDITY_NONE. */
void validity_explain(const struct validity *validity, struct text *out);

#endif
