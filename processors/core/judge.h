/*
 * judge: a zone's metrics held against its rules. Feeds the alerts of the zone and says what they
 * announce.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_JUDGE_H
#define CROWDTIDE_PROCESSORS_CORE_JUDGE_H

#include "processors/core/state.h"

/* The zone's data were lost or found (zone->known): its alerts hear of it. */
void judge_known(struct core *core, uint32_t zone);
/* Machines of a known zone that wait for data, because their rule is new, begin. */
void judge_wake(struct core *core, uint32_t zone);
/* Feeds the zone's alerts. sample: a reading touched it, of source time ts_ms. now_ns: log time. */
void judge_zone(struct core *core, uint32_t zone, int64_t now_ns, int64_t ts_ms, bool sample);
/* enum level: worst of its rules; unknown without data. */
int judge_level(const struct core *core, uint32_t zone);

#endif
