/*
 * light: luminaires: illuminance, power, state.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_LIGHT_H
#define CROWDTIDE_PROCESSORS_CORE_LIGHT_H

#include "processors/core/sensor.h"

void light_apply(struct core *core, uint32_t sensor, const struct sensor_message *message);
/* Its state at a second boundary, if it changed since last shown. */
void light_emit(struct core *core, uint32_t light, int64_t at_ms);

#endif
