/*
 * flow: how many in the last 60 s, in buckets of one second: passages in and out of a zone, through
 * a gate, refusals. Like window.h it holds 60 whole seconds plus the one that is running. O(1).
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_FLOW_H
#define CROWDTIDE_PROCESSORS_CORE_FLOW_H

#include <stdint.h>

enum { FLOW_SECONDS = 60, FLOW_BUCKETS = 64 };

struct flow {
    int64_t second;                /* since 1970: the running one */
    int64_t sum;                   /* over the finished seconds and the running one; derived */
    uint64_t filled;               /* a bit per bucket: it holds something; derived */
    uint32_t bucket[FLOW_BUCKETS]; /* at second mod FLOW_BUCKETS */
};

_Static_assert(FLOW_BUCKETS == 64, "filled has a bit for each bucket");

/* Moves to a second; an earlier one changes nothing. Reads no bucket that leaves empty: of the many
 * flows of many gates most seconds change nothing. */
void flow_to(struct flow *f, int64_t second);
/* Counts n in a second, the running one or one of the last 60; what is older is not counted, what
   is newer counts now. A bucket holds at most UINT32_MAX. */
void flow_add(struct flow *f, int64_t second, int64_t n);
/* The second at which its sum next changes when nothing is added; INT64_MAX: it does not. */
int64_t flow_next(const struct flow *f);
/* Recomputes what is derived, after the buckets were read from a snapshot. */
void flow_derive(struct flow *f);

#endif
