/*
 * zone: how many people are where. Level counters say it; passages move people from one side of a
 * counter or gate to the other; zones without sensors of their own are the sum of their children.
 * Every change is carried into the zone's windows and up to its parents: O(depth).
 *
 * A passage between A and B crosses the border of every zone that holds B but not A, and of every
 * zone that holds A but not B. It never creates people: what leaves one side enters the other.
 * debt.h says what happens at zero.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_ZONE_H
#define CROWDTIDE_PROCESSORS_CORE_ZONE_H

#include "processors/core/state.h"

enum {
    /* What a way carries at most, people/m/min (Green Guide). */
    ZONE_LEVEL_PER_M_MIN = 82,
    ZONE_STAIRS_PER_M_MIN = 66,
};

/* When and how a change takes effect. */
struct zone_time {
    int64_t at_ms;   /* in the windows: source time, clamped */
    int64_t data_ms; /* log time of a live reading; source time of a retained one */
    bool rates;      /* false for late data: people move, but not into the rates */
};

/* occupancy and err_milli of a zone (and the SUMs above it) change by this much; 0 is a reading
 * that changed nothing. Marks the zones as touched. */
void zone_change(struct core *core, uint32_t zone, int64_t people, int64_t err_milli,
                 const struct zone_time *when);
/* in people went from outside into inside, out people back. Either may be CORE_NONE: outside the
 * venue. */
void zone_passage(struct core *core, uint32_t inside, uint32_t outside, int64_t in, int64_t out,
                  const struct zone_time *when);
/* Vehicles: only zones that hold vehicles, on either side. */
void zone_vehicles(struct core *core, uint32_t inside, uint32_t outside, int64_t in, int64_t out,
                   const struct zone_time *when);

/* Moves the windows to a time, with what holds now. */
void zone_advance(struct zone *zone, int64_t to_ms);

/* Recomputes known from fresh and sensors; alerts get LOST or FOUND. */
void zone_known_update(struct core *core, uint32_t zone);
/* What is known for sure: so many people are inside, give or take `bound` (a manual count, a sweep:
 * 0 and 0). Children are scaled to it when the zone is their sum. Ends a latched unknown. */
void zone_anchor(struct core *core, uint32_t zone, int64_t people, int64_t bound);
/* Ends of the estimate's bound, people; levels are raised on the upper one, which holds suspect
 * surges too. */
int64_t zone_upper(const struct zone *zone);
int64_t zone_lower(const struct zone *zone);
int64_t zone_err(const struct zone *zone); /* half width of the bound, people, rounded up */
/* Fruin's level of service, A to F, for the kind; empty for kinds without people on foot. */
struct str zone_los(enum zone_kind kind, double density);
/* Entries and exits of the last 60 s by the zone's width, in percent of what a way of that width
 * carries at most: 82 people/m/min on the level, 66 on stairs (Green Guide). Somebody who walks
 * through a zone that is counted at both ends is in it twice: it errs towards the alarm. NaN when
 * the width is not known and where vehicles go. */
double zone_flow_percent(const struct core *core, uint32_t zone);
/* Roads and car parks hold vehicles. */
bool zone_holds_vehicles(enum zone_kind kind);
/* Whether a passage counter crosses the border of the zone on its inner or outer side: not when
 * that zone holds the other side too. */
void zone_sides(const struct core *core, const struct venue_sensor *sensor, bool *ret_inside,
                bool *ret_outside);
/* The zone that holds both, going up; CORE_NONE when one of them is outside the venue. */
uint32_t zone_common(const struct core *core, uint32_t a, uint32_t b);

#endif
