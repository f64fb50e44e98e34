/*
 * light: luminaires: illuminance, power, state.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_LIGHT_H
#define CROWDTIDE_PROCESSORS_CORE_LIGHT_H

#include "processors/core/sensor.h"

void light_apply(struct core *core, uint32_t sensor, const struct sensor_message *message);
/* Its state at a second boundary, if it changed since last shown. */
void light_emit(struct core *core, uint32_t light, int64_t at_ms);

/* What the lights of a zone say, as it stood at the last second boundary; O(1). Only fresh lights in
 * service count. Mean of what they measure, lx; NaN when none does. */
double light_zone_lux(const struct core *core, uint32_t zone);
/* Under dark_lux. A zone without lights of its own is as dark as the nearest zone around it that has
 * some. Unknown is not dark. */
bool light_zone_dark(const struct core *core, uint32_t zone);
/* METRIC_LIGHTS_FAILED: those that should burn and are dark or faulty, of those that should burn;
 * NaN when none should. */
double light_zone_failed_percent(const struct core *core, uint32_t zone);

#endif
