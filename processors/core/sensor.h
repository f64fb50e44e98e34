/*
 * sensor: what one decoded message does to the state: freshness and silence, the order of a
 * sensor's messages, level counters, passages, gates, lights.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_SENSOR_H
#define CROWDTIDE_PROCESSORS_CORE_SENSOR_H

#include "schemas/result/refusal.h"
#include "processors/core/zone.h"

struct sensor_message {
    const struct result_reading *reading; /* ts is clamped already */
    int64_t source_ms;                    /* as the source gave it; RESULT_ABSENT when it did not */
    bool status;                          /* of the status topic */
    bool retained;
    bool late;
    bool partial; /* the members that it lacks are as they were */
    bool stored;  /* kept back by its device until now: repairs history, is no sign of life, pages nobody */
};

/* Applies it. False when it must be quarantined (a counter's jump). */
bool sensor_apply(struct core *core, uint32_t sensor, const struct sensor_message *message,
                  struct refusal *refusal);

/* Somebody counted the zone: what its silent level counters were suspected of is answered. */
void sensor_surges_answer(struct core *core, uint32_t zone);

/* Retained messages of this kind are state and may be used. */
bool sensor_retained_allowed(const struct venue_sensor *model, bool status);

/* Back into service whose time out of it is over; at a second boundary. */
void sensors_service(struct core *core);
/* What follows from who is out of service, after the sensors were filled from elsewhere. */
void sensors_service_derive(struct core *core);
/* What of this sensor a new model in force changes: the file has it in another state now. */
void sensor_service_carry(struct core *core, uint32_t sensor, enum sensor_service before);
/* Marks those silent whose time has come; at_ns: the second boundary. */
void sensors_silence(struct core *core, int64_t at_ns);

/* What silent doors may have missed until now; every minute of log time. */
void sensors_missed(struct core *core);

/* Visits the zones whose occupancy this sensor decides, SUMs above them included, each once. */
void sensor_zones(struct core *core, uint32_t sensor,
                  void (*visit)(struct core *core, uint32_t zone, int arg), int arg);

/* A counter that shows how many there are, not how many pass. */
static inline bool sensor_shows_level(const struct venue_sensor *model)
{
    return model->class == SENSOR_CROWD && model->kind == COUNTER_LEVEL;
}

/* Only sensors in service affect levels: the others are heard, and no more. Lights are judged all the
 * same; those who sum them leave the others out. */
static inline bool sensor_serves(const struct sensor *sensor)
{
    return sensor->service == SERVICE_IN;
}
/* until_ms: log time when maintenance ends by itself; CORE_NEVER: it does not. A sensor that leaves
 * takes what it showed with it, and its zones may become unknown; one that returns counts from its
 * next message on, a counter of passages from the one after it. */
void sensor_service_set(struct core *core, uint32_t sensor, enum sensor_service service,
                        int64_t until_ms);

/* The zone that has the suspect people of the sensor's pending jump. */
uint32_t sensor_surge_zone(const struct core *core, uint32_t sensor);

/* What the classes share. A live message came: the sensor is not silent. */
void sensor_fresh(struct core *core, uint32_t sensor);
/* The message beside the sensor's last one. */
enum counter_order sensor_order(const struct core *core, uint32_t sensor,
                                const struct sensor_message *message);
void sensor_remember(struct sensor *sensor, const struct sensor_message *message);
/* in people (vehicles at a vehicle gate) went in through the sensor's door, out people back: counted,
 * or suspect when so many can't have. Before sensor_remember: it looks at how long ago the last
 * message was. */
void sensor_passages(struct core *core, uint32_t sensor, int64_t in, int64_t out,
                     const struct sensor_message *message);

#endif
