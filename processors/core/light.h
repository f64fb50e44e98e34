/*
 * light: luminaires: what they measure, draw and say of themselves, held against what they should
 * do.
 *
 *     light_apply(core, sensor, &message);        partial updates lie over what was known
 *     lights_advance(core, at_ms);                a second boundary: dwell, groups (light_group.h)
 *     light_emit(core, light, at_ms);             its result, if it changed or is due again
 *
 * What is assumed: the sensor hangs at the lamp and measures what falls on the ground below it,
 * lamp and daylight together. So a lamp that works shows about its scene's lux when on; in daylight
 * a failed lamp cannot be told from a working one by its lux, and isn't; and a zone is as dark as
 * the mean of its lamps says, though the ground between them may be darker.
 *
 * A lux value counts against the lamp's state only when it was measured in that state: a lamp just
 * switched on is not called dark for what was measured before. A lamp that is silent is neither.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_LIGHT_H
#define CROWDTIDE_PROCESSORS_CORE_LIGHT_H

#include "processors/core/sensor.h"

void light_init(struct light *light, uint32_t sensor);
/* From the model before, by the same sensor. */
void light_carry(struct light *to, const struct light *from);

void light_apply(struct core *core, uint32_t sensor, const struct sensor_message *message);
/* Fills in what a partial reading lacks, as it was last said. */
void light_complete(const struct light *light, struct result_reading *reading);
/* A second boundary: what has lasted for light_dwell_s is said, and the groups are summed. */
void lights_advance(struct core *core, int64_t at_ms);
/* Nobody watched until then: what was lasting begins anew. */
void lights_pause(struct core *core, int64_t until_ms);
/* Its state at a second boundary, if it changed since last shown or is due again. */
void light_emit(struct core *core, uint32_t light, int64_t at_ms);

/* What the lights of a zone say, as it stood at the last second boundary; O(1). Only fresh lights
 * in service count. Mean of what they measure, lx; NaN when none does. */
double light_zone_lux(const struct core *core, uint32_t zone);
/* Under dark_lux, and until it is a fifth above. A zone without lights of its own is as dark as the
 * nearest zone around it that has some. Unknown: no lamp measures now. */
enum light_darkness { LIGHT_DARKNESS_UNKNOWN = -1, LIGHT_BRIGHT, LIGHT_DARK };
enum light_darkness light_zone_darkness(const struct core *core, uint32_t zone);
/* For rules: what was last measured holds while the zone's lamps are silent, so that a power cut
 * does not relax what the dark made stricter. False until something was measured, and with no lamp
 * in service. */
bool light_zone_dark(const struct core *core, uint32_t zone);
/* METRIC_LIGHTS_FAILED: those that should burn and are dark or faulty, of those that should burn; 0
 * when none should. NaN when no light is known. */
double light_zone_failed_percent(const struct core *core, uint32_t zone);
/* Why its lights tell nothing: SENSORS: none in service is heard. SERVICE: none is in service.
 * NONE: some are heard. */
enum health_cause light_zone_cause(const struct core *core, uint32_t zone);

#endif
