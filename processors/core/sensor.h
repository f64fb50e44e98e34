/*
 * sensor: what one decoded message does to the state: freshness and silence, the order of a
 * sensor's messages, level counters, passages, gates, lights.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_SENSOR_H
#define CROWDTIDE_PROCESSORS_CORE_SENSOR_H

#include "processors/core/refusal.h"
#include "processors/core/zone.h"

struct sensor_message {
    const struct result_reading *reading; /* ts is clamped already */
    int64_t source_ms;                    /* as the source gave it; RESULT_ABSENT when it did not */
    bool status;                          /* of the status topic */
    bool retained;
    bool late;
};

/* Applies it. False when it must be quarantined (a counter's jump). */
bool sensor_apply(struct core *core, uint32_t sensor, const struct sensor_message *message,
                  struct refusal *refusal);

/* Retained messages of this kind are state and may be used. */
bool sensor_retained_allowed(const struct venue_sensor *model, bool status);

/* Marks those silent whose time has come; at_ns: the second boundary. */
void sensors_silence(struct core *core, int64_t at_ns);

/* Visits the zones whose occupancy this sensor decides, SUMs above them included, each once. */
void sensor_zones(struct core *core, uint32_t sensor,
                  void (*visit)(struct core *core, uint32_t zone, int arg), int arg);

/* Its part of its zone's error, in thousandths of a person. */
int64_t sensor_err_milli(const struct sensor *sensor);

#endif
