/*
 * gate: pedestrian and vehicle gates: throughput, rejects, lanes, state.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_GATE_H
#define CROWDTIDE_PROCESSORS_CORE_GATE_H

#include "processors/core/sensor.h"

void gate_apply(struct core *core, uint32_t sensor, const struct sensor_message *message);
/* Time passes: the flows move to a second boundary. */
void gate_advance(struct core *core, uint32_t gate, int64_t at_ms);
/* Its metrics at a second boundary, if they changed since last shown. */
void gate_emit(struct core *core, uint32_t gate, int64_t at_ms);

/* What the rules of a zone ask of gates: METRIC_GATE_WAIT (minutes), METRIC_GATE_LOAD,
 * METRIC_REJECT_PERCENT, as they stood at the last second boundary. The worst of the gates that
 * people of this zone wait at: those whose `queue` is the zone; when there are none, those that
 * lead into it. NaN when none of them is known. O(gates of the zone). */
double gate_zone_metric(const struct core *core, uint32_t zone, enum metric metric);

#endif
