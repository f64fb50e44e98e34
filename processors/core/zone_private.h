/*
 * zone_private: what the files of zone.h share. Not for others.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_ZONE_PRIVATE_H
#define CROWDTIDE_PROCESSORS_CORE_ZONE_PRIVATE_H

#include "processors/core/zone.h"

enum { SIGMA_MILLI_PER_PERSON = 1000 / ESTIMATE_SIGMAS }; /* of a bound's half width */

static inline const struct venue_settings *zone_settings(const struct core *core)
{
    return &core->model.venue->settings;
}

/* ---- zone_figures.c -------------------------------------------------------------------------- */

struct zone_figures {
    int64_t occupancy, sigma_milli;
};

/* What its level counters say, or the zones inside it when they leave nothing out; corrected by the
 * last manual count as long as that counts. */
struct zone_witness {
    int64_t x_milli, sigma_milli;
};

/* Whole people, never below 0. */
int64_t zone_people(int64_t x_milli);
struct zone_witness zone_witness(const struct core *core, const struct zone *zone);
/* From everything that it rests on now. Sets zone->conflict. */
struct zone_figures zone_figures(const struct core *core, struct zone *zone);

/* ---- zone.c ---------------------------------------------------------------------------------- */

/* Sets zone.adrift, and the model's count of them. */
void zone_adrift_set(struct core *core, struct zone *zone, bool adrift);
/* The bound holds everything between nobody and all that the zone may hold. */
bool zone_wide(const struct zone *zone);
/* Marks it as touched in this step: it will be judged. */
void zone_touch(struct core *core, uint32_t zone);
/* The zone that may sum this one. NULL for the venue, for those without figures, and for roads and car
 * parks: vehicles are in no sum of people. */
struct zone *zone_around(const struct core *core, const struct zone *zone);
/* What the zone rests on has changed: so do its figures, and those of the zones that sum it. */
void zone_settle(struct core *core, uint32_t zone, const struct zone_time *when);
/* Now, and no reading. */
struct zone_time zone_now(const struct core *core);
/* The past was another one, here and in the zones that sum it. */
void zone_past_shift(struct core *core, uint32_t zone, const struct history_span *span);

/* ---- the others ------------------------------------------------------------------------------ */

/* zone_level.c: sums of all zones' level counters, from nothing. */
void zone_level_derive(struct core *core);
/* zone_passage.c: suspect people, here and in the zones that sum it. */
void zone_suspect_add(struct core *core, uint32_t zone, int64_t people);
/* zone_sweep.c: where nobody is in a zone, nobody is in those inside it: their doors begin anew, too. */
void zone_empty_inside(struct core *core, uint32_t zone, int64_t bound);
/* zone_anchor.c: what the level counters show in all is about to change although nobody moved: one
 * returns or leaves. A manual count that was held against the sum before says nothing of the new one.
 * heard_before: it returns from silence; a count made while it was heard is still good. */
void zone_anchor_shift(struct core *core, uint32_t zone, bool heard_before);
/* A minute went by: a manual count says less of the level counters. */
void zone_anchor_age(const struct core *core, struct zone_anchor *anchor);

#endif
