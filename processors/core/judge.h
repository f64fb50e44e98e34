/*
 * judge: a zone's metrics held against its rules. Feeds the alerts of the zone and has announced
 * what comes of it.
 *
 * Occupancy, percent of capacity and density are judged on the upper end of the estimate's bound. A
 * rule hears that its data are lost when its zone is not known any more; rules about gates and lights
 * when these tell nothing any more. Why, is told; and told again when it is for another cause. In a
 * dark zone densities raise one level earlier (setting dark_crowded): what reaches a level's
 * threshold counts as the next level above.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_JUDGE_H
#define CROWDTIDE_PROCESSORS_CORE_JUDGE_H

#include "processors/core/announce.h"
#include "processors/core/state.h"

/* The zone's data were lost or found (zone->known): its alerts hear of it. */
void judge_known(struct core *core, uint32_t zone);
/* Machines of a known zone that wait for data, because their rule is new, begin. */
void judge_wake(struct core *core, uint32_t zone);
/* The zone will be judged soon: memory may begin to fetch. Changes nothing. */
void judge_fetch(const struct core *core, uint32_t zone);
/* Feeds the zone's alerts. sample: a reading touched it, of source time ts_ms. now_ns: log time. */
void judge_zone(struct core *core, uint32_t zone, int64_t now_ns, int64_t ts_ms, bool sample);
/* At a second boundary, after judge_zone: shelves end and what nobody answered escalates. handover:
 * another shift has taken over. */
void judge_time(struct core *core, uint32_t zone, int64_t at_ns, bool handover);
/* A supervisor has counted a zone without data (zone_anchor): its alerts are judged by that number
 * at once, and a latched unknown ends. Not those of flow: heads say nothing of how they move. */
void judge_vouch(struct core *core, uint32_t zone, const struct announce_about *about);
/* What the zone shows. */
struct judge_view {
    int level;       /* enum level: worst of its rules. Unknown without data of the people in it, and
                        when all that is known would be none while a rule has lost its data */
    int64_t unknown; /* rules that have: nothing that tells them is heard any more */
};
struct judge_view judge_view(const struct core *core, uint32_t zone);

#endif
