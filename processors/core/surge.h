/*
 * surge: is a jump of one counter plausible? People can't appear faster than doors let them through,
 * but counters restart, cameras are blinded, numbers are garbled. What can't be is neither believed
 * nor thrown away: it is suspect until a second message of the counter, or what else is known of the
 * zone, agrees.
 *
 *     if (!surge_plausible(people, since_ms, limits)) …
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_SURGE_H
#define CROWDTIDE_PROCESSORS_CORE_SURGE_H

#include <stdbool.h>
#include <stdint.h>

#include "processors/core/counter.h"
#include "schemas/venue/venue.h"

struct surge {
    bool pending;
    bool outer;     /* the zone that its people would be in is on the door's outer side */
    int64_t people; /* its part of the suspect people of that zone, never below 0 */
    int64_t at_ms;  /* log time of the suspect message */
    int64_t value;  /* level counters: as shown; a counter that fell: in less out, counted already */
    int64_t in, out; /* counters of passages: the suspect ones */
    struct counter_memory before; /* counters of passages: as it was */
};

/* Whether so many people more or fewer (people: the absolute number) can have come about within
 * since_ms. */
bool surge_plausible(int64_t people, int64_t since_ms, const struct venue_settings *limits);

#endif
