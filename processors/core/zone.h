/*
 * zone: how many people are where, and how sure that is. Level counters say it; passages move
 * people from one side of a door to the other; where a zone has both they are fused (estimate.h);
 * zones without sensors of their own are the sum of those inside them. Every change is carried into
 * the zone's windows and history and up to the zones around it: O(depth).
 *
 * A passage never creates people: what leaves one side enters the other (border.h). debt.h says
 * what happens at zero.
 *
 * Fused are kinds whose border is known to be counted: halls, forums and the venue itself, unless
 * `uncounted_doors` says otherwise. The zones inside one that has doors only are its level counters
 * when the file says that they cover it (`cells_cover`). Plazas, corridors, cells, stairs and
 * queues are open to the side: there level counters decide alone.
 *
 * Adrift. Levels are raised on the bound's upper end, which holds what silent doors may have missed by
 * the pace before. But when a door is heard again after ZONE_ADRIFT_MS, and its zone is unknown just
 * then (nobody ran, the broker was away), that pace says nothing: where the bound is as wide as all
 * that the zone may hold, every zone would be red, full or empty. Such a one is adrift until somebody counts or its counters make
 * the bound narrow again: it reads unknown (cause recount) where it would read none or blue, what is
 * counted on from before raises its levels, and nothing clears that the upper end still reaches.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_ZONE_H
#define CROWDTIDE_PROCESSORS_CORE_ZONE_H

#include "processors/core/state.h"

enum {
    /* What a way carries at most, people/m/min (Green Guide). */
    ZONE_LEVEL_PER_M_MIN = 82,
    ZONE_STAIRS_PER_M_MIN = 66,
    /* The pace of ten minutes says nothing of so long after it; a proposal. */
    ZONE_ADRIFT_MS = 30 * 60 * 1000,
};

/* When and how a change takes effect. */
struct zone_time {
    int64_t at_ms;   /* in the windows: source time, clamped */
    int64_t data_ms; /* log time of a live reading; source time of a retained one; CORE_NEVER: no
                        reading */
    bool live;       /* not retained: the sensor is there now */
    bool rates;      /* false for late data: people move, but not into the rates */
};

/* A level counter shows so many. In service and believed. */
void zone_level(struct core *core, uint32_t sensor, int64_t value, const struct zone_time *when);
/* The same, of a time before its last level: it repairs the history and nothing else. */
void zone_level_late(struct core *core, uint32_t sensor, int64_t value, int64_t ts_ms);
/* Its freshness or saturation changed: so has its error. */
void zone_level_refresh(struct core *core, uint32_t sensor);
/* More or fewer counters that never spoke: so has the zone's. */
void zone_level_unheard(struct core *core, uint32_t sensor);
/* It no longer tells anything of its zone. */
void zone_level_forget(struct core *core, uint32_t sensor);
/* The zones inside a covered one are looked at together. */
void zone_cover(struct core *core, uint32_t zone);
/* in people went in through the sensor's door, out people back. */
void zone_passage(struct core *core, uint32_t sensor, int64_t in, int64_t out,
                  const struct zone_time *when);
/* A door was silent for so much longer: so many more may have passed it uncounted (below 0: fewer).
 */
void zone_missed(struct core *core, struct crossing *crossing, const int64_t by_milli[2],
                 int64_t silent_ms);
/* So many more a minute pass it now than before it was silent. */
void zone_missed_rise(struct core *core, struct crossing *crossing, const int64_t by_milli[2]);
/* The door is heard again, and the zone on that side of it not yet known: is it adrift? */
void zone_seen(struct core *core, const struct crossing *crossing);
/* So many suspect people more (or fewer) in the zone. */
void zone_suspect(struct core *core, uint32_t zone, int64_t people);
/* Whether what the zone's doors have counted allows its level counters to show so many. */
bool zone_allows(const struct core *core, uint32_t zone, int64_t people);
/* So many people who may be inside and whom nothing confirmed: the bound grows by them. */
void zone_doubt(struct core *core, uint32_t zone, int64_t people);
struct zone_count {        /* of people, by hand; a sweep: 0 and 0 */
    int64_t people, bound; /* give or take so many */
    bool sure; /* a supervisor says so: level counters that show more are wrong, whatever their
                  error */
};
/* Doors count on from it, level counters are corrected by it. The zones inside it are scaled to it
 * when it is their sum, and empty when it is. Level counters that show more than their error and
 * the count's explain are not hidden by it unless it is sure: the bound's upper end holds what they
 * show, and a recount is asked for. Somebody who says "empty" of the wrong hall must not make red
 * go away. */
void zone_anchor(struct core *core, uint32_t zone, const struct zone_count *count);
/* Its doors begin anew from nobody, and those of the zones inside it: it is swept each day at this
 * time, as the venue file says (`empty_at`). Level counters are not corrected by it: they see. Not
 * taken where something speaks against it: in the zone or one inside it the bound's lower end is
 * over empty_bound, a surge is suspect, or more than empty_bound have passed its doors in the last
 * quarter of an hour. Then it asks for a recount (zone_recount), and the bound stays as wide as it
 * was. */
void zone_sweep(struct core *core, uint32_t zone);
/* Those whose time lies in (from_s, to_s]. None while the venue's time is not known, or was not
 * observed second by second: who came in since nobody would know. */
void zones_sweep(struct core *core, int64_t from_s, int64_t to_s);

/* Moves the windows to a time, with what holds now. */
void zone_advance(struct zone *zone, int64_t to_ms);
/* A minute of log time went by: what is known grows old. */
void zone_minute(struct core *core, uint32_t zone);
/* Recomputes known from fresh and sensors; alerts get LOST or FOUND. */
void zone_known_update(struct core *core, uint32_t zone);
/* Occupancy and bound of all zones from estimates and level counters. */
void zones_derive(struct core *core);
/* After zones came into other zones: a sum is as new as the newest of what it sums. */
void zones_data_sum(struct core *core);

/* Half width of the bound, people, rounded up; no wider than what the zone holds (zone.most). */
int64_t zone_err(const struct zone *zone);
/* Ends of the estimate's bound, people; levels are raised on the upper one, which holds suspect
 * surges, and is never below what the zones inside it hold. It is no more than fits in (unless more
 * are counted), and where only doors count no more than that of a zone around it that level counters
 * see whole (and no less than the estimate). */
int64_t zone_upper(const struct core *core, uint32_t zone);
int64_t zone_lower(const struct zone *zone);
/* So many people raise its levels: the upper end; adrift what is counted on from before. */
int64_t zone_judged(const struct core *core, uint32_t zone);
/* There may be more than the upper end says. */
bool zone_lower_bound(const struct zone *zone);
/* It is adrift, the bound is over recount_pct of the capacity, level counters and doors or a count by hand
 * disagree, or it was not empty at empty_at. */
bool zone_recount(const struct core *core, uint32_t zone);
struct str zone_basis_text(enum zone_basis basis);
/* Fruin's level of service, A to F, for the kind; empty for kinds without people on foot. */
struct str zone_los(enum zone_kind kind, double density);
/* Entries and exits of the last 60 s by the zone's width, in percent of what a way of that width
 * carries at most: 82 people/m/min on the level, 66 on stairs (Green Guide). Somebody who walks
 * through a zone that is counted at both ends is in it twice: it errs towards the alarm. NaN when
 * the width is not known and where vehicles go. */
double zone_flow_percent(const struct core *core, uint32_t zone);

#endif
