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

/* ---- sensor_missed.c: what a door did not count (missed.h), in the zones on both sides of it ------- */

/* It fell silent, or went into maintenance. */
void sensor_missed_begin(struct core *core, uint32_t sensor);
void sensor_missed_back(struct core *core, uint32_t sensor);
/* A message of it was counted. */
void sensor_missed_told(struct core *core, uint32_t sensor, int64_t in, int64_t out, bool late);
/* A counter that only rises has shown all that passed (torn: all since it began anew). */
void sensor_missed_total(struct core *core, uint32_t sensor, bool torn);
/* It will not come back as it was: what is feared stays. */
void sensor_missed_end(struct core *core, uint32_t sensor);
/* A new venue file has put it in or out of service. Zones learn of it at the next minute: while the
 * model comes into force, they are not there yet. */
void sensor_missed_carry(struct core *core, uint32_t sensor);

/* ---- sensor_passage.c -------------------------------------------------------------------------- */

/* False when it must be quarantined (a jump). */
bool sensor_counter_apply(struct core *core, uint32_t sensor, const struct sensor_message *message,
                          struct refusal *refusal);

#endif
