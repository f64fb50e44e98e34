/*
 * sensor_private: what the files of sensor.h share. Not for others.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_SENSOR_PRIVATE_H
#define CROWDTIDE_PROCESSORS_CORE_SENSOR_PRIVATE_H

#include "processors/core/sensor.h"

/* ---- sensor.c: freshness and order ------------------------------------------------------------- */

/* As visits of sensor_zones: fresh sensors of a zone, and level counters that never gave a value. */
void sensor_count_fresh(struct core *core, uint32_t zone, int by);
void sensor_count_unheard(struct core *core, uint32_t zone, int by);
/* Fresh or silent, with all that follows. */
void sensor_fresh_set(struct core *core, uint32_t sensor, bool fresh);
/* So many suspect people more (or fewer) where the sensor's pending jump would have them. */
void sensor_suspect(struct core *core, uint32_t sensor, int64_t people);
/* The suspect jump is over: it was counted, or nobody will know. */
void sensor_surge_end(struct core *core, uint32_t sensor, bool counted);
struct zone_time sensor_when(const struct core *core, const struct sensor_message *message);
/* How long since the sensor's last message; of a first one: as long as it may be silent. */
int64_t sensor_since_ms(const struct core *core, uint32_t sensor);

/* ---- sensor_passage.c -------------------------------------------------------------------------- */

/* False when it must be quarantined (a jump). */
bool sensor_counter_apply(struct core *core, uint32_t sensor, const struct sensor_message *message,
                          struct refusal *refusal);

#endif
