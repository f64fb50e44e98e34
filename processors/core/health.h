/*
 * health: how each sensor does, beside what it counts: heard or silent, how often it reports, how
 * its clock stands to ours, how often it began anew; whether it is in service; and why a zone is
 * not known. Says a SENSOR result when any of it has changed, and every EMIT_AGAIN_SLOW_S.
 *
 *     health_heard(core, s, &message)            a live message with data came
 *     health_silence_ms(model, s)                without another one for so long it is silent
 *     health_changed(core, s)                    said at the next second boundary
 *     health_second(core, at_ms)                 says them
 *     health_connection(core, hears, lost_ms)    whether the broker is heard; since when not
 *     health_gap(core, from_ms)                  nobody listened until now
 *     health_cause(core, zone)                   a zone is unknown: why
 *
 * Silence. When the venue file gives silence_s, for the sensor or its class, it holds to the
 * second; otherwise the observed period counts, too (period.h).
 *
 * Broker. After broker_grace_s without it, its loss explains the silence of every sensor: silent
 * ones are `unreached`, and zones are unknown because of `broker`. Zones become unknown all the
 * same. When ingest can hear again, after a loss or a gap, sensors need their time until they
 * speak: so long as that is, what is unknown stays explained. What is still silent then is so for
 * its own sake.
 *
 * Clock. Receipt less source time holds the transport as well as the clock's error; the least of it
 * over 5 to 10 min (two halves of 5 min) holds the shortest transport, so it is the clock's but for
 * that. Below 0 the source's clock is ahead. One that is steadily off is corrected, and that is
 * said (skew.h).
 *
 * Pace. What changes health, service or a clear fact is said at the next boundary; what drifts (the
 * period by an eighth, the clock by HEALTH_OFFSET_MS) or counts up every HEALTH_LOOK_S at most.
 * O(1) per message; per second a bit for each sensor and a look at every tenth of them.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_HEALTH_H
#define CROWDTIDE_PROCESSORS_CORE_HEALTH_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "processors/core/period.h"
#include "processors/core/skew.h"
#include "schemas/base/array.h"
#include "schemas/base/str.h"

struct core;
struct model;
struct sensor_message;

enum {
    HEALTH_LOOK_S = 10,
    HEALTH_OFFSET_MS = 50,
    HEALTH_HALF_MS = 5 * 60 * 1000,
};

/* clang-format off */
#define HEALTH_STATES(H)                                                                           \
    H(FRESH, "fresh") H(SILENT, "silent") H(OFFLINE, "offline") H(UNHEARD, "unheard")              \
    H(UNREACHED, "unreached")
#define HEALTH_CAUSES(C)                                                                           \
    C(NONE, "")             /* the zone is known */                                                \
    C(SERVICE, "service")   /* no sensor of it is in service */                                    \
    C(BROKER, "broker")     /* the broker is out of reach, or was until just now */                \
    C(GAP, "gap")           /* nobody listened until just now */                                   \
    C(SENSORS, "sensors")   /* all are silent */                                                   \
    C(QUORUM, "quorum")     /* too many are */                                                     \
    C(UNTOLD, "untold")     /* of gates: they are heard, but what they say does not tell it */     \
    C(RECOUNT, "recount")   /* its sensors are heard, but it is adrift (zone.h) */
/* clang-format on */
enum health_state {
#define HEALTH_STATE_ENUM(name, text) HEALTH_##name,
    HEALTH_STATES(HEALTH_STATE_ENUM)
#undef HEALTH_STATE_ENUM
};
enum health_cause {
#define HEALTH_CAUSE_ENUM(name, text) CAUSE_##name,
    HEALTH_CAUSES(HEALTH_CAUSE_ENUM) CAUSE_COUNT
#undef HEALTH_CAUSE_ENUM
};

/* Of a sensor, as last said. */
struct health_shown {
    bool once; /* it has been said at all */
    uint8_t state, service;
    bool saturated;
    int32_t period_ms;
    int64_t silence_ms, offset_ms, skew_ms, service_until_ms, suspect;
    uint32_t resets, out_of_order;
};

/* Of a sensor; beside struct sensor, which is what counting needs. */
struct health {
    alignas(ARRAY_LINE_BYTES) int64_t heard_ms; /* log time of its last live message; CORE_NEVER */
    struct period period;
    int64_t offset_ms[2]; /* least of the running half and of the one before; RESULT_ABSENT */
    int64_t half;         /* the running one: log time by HEALTH_HALF_MS */
    struct skew skew;
    uint32_t resets, out_of_order;
    struct health_shown shown;
};

/* Why ingest could not hear. Of the core: the real state and a drill's share it. */
struct health_ears {
    int64_t lost_ms;     /* log time since when the broker is out of reach; CORE_NEVER: it is not */
    int64_t since_ms;    /* log time since when it can hear; CORE_NEVER: ever since it began */
    int64_t deaf_end_ms; /* log time when it last could again after broker_grace_s; CORE_NEVER */
    uint8_t deaf_cause;  /* enum health_cause of that */
};

void health_init(struct health *h);
void health_ears_init(struct health_ears *ears);

void health_heard(struct core *core, uint32_t sensor, const struct sensor_message *message);
int64_t health_silence_ms(const struct model *model, uint32_t sensor);
void health_changed(struct core *core, uint32_t sensor);
void health_second(struct core *core, int64_t at_ms);

void health_connection(struct core *core, bool hears, int64_t lost_ms);
/* from_ms: log time of the last record before. */
void health_gap(struct core *core, int64_t from_ms);
/* How long the broker has been out of reach; 0: it is not. */
int64_t health_broker_lost_ms(const struct core *core);

enum health_state health_state(const struct core *core, uint32_t sensor);
const char *health_state_text(enum health_state state);
/* Why what may be silent for so long is silent, when it is not for its own sake: the broker is
 * lost, or nobody could hear until so short a time ago. CAUSE_NONE: no such thing explains it. */
enum health_cause health_excuse(const struct core *core, int64_t silence_ms);
/* CAUSE_NONE for a zone that is known and not adrift. */
enum health_cause health_cause_of(const struct core *core, uint32_t zone);
/* As a text that stays. */
const char *health_cause_text(enum health_cause cause);
struct str health_cause(const struct core *core, uint32_t zone);

#endif
