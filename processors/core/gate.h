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

#endif
