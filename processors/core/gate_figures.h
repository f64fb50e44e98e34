/*
 * gate_figures: what gate.h says of arrivals, service, queue and wait, made at each second boundary
 * from what the gate counted.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_GATE_FIGURES_H
#define CROWDTIDE_PROCESSORS_CORE_GATE_FIGURES_H

#include "processors/core/state.h"

/* Every figure absent. */
struct gate_figures gate_figures_none(void);
struct gate_worst gate_worst_none(void);
/* People (vehicles) a minute that one of its lanes serves, as the venue file has it. */
double gate_lane_rate(const struct core *core, uint32_t sensor);

#endif
