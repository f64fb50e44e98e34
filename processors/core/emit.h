/*
 * emit: puts results into the step's core_results, in order, with their origin. On a lack of memory
 * core->no_memory is set and core_step fails.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_EMIT_H
#define CROWDTIDE_PROCESSORS_CORE_EMIT_H

#include <string.h>

#include "processors/core/state.h"
#include "schemas/record/record.h"
#include "schemas/result/refusal.h"

enum {
    EMIT_PAYLOAD_BYTES_MAX = 65536, /* of a dead letter; longer ones are cut and say so */
    EMIT_SCRATCH_BYTES = 3 * RECORD_TOPIC_BYTES_MAX + (EMIT_PAYLOAD_BYTES_MAX + 2) / 3 * 4 + 256,
};

void emit(struct core *core, unsigned type, const void *result);

/* Whether it is as last shown. Compared as bytes, since a NaN must equal itself: so these structs
 * have no padding. */
static inline bool emit_same(const void *now, const void *shown, size_t bytes)
{
    return memcmp(now, shown, bytes) == 0;
}

/* What stands unchanged is said again, each thing at its own second: who hears nothing of it for
 * longer knows that the path is broken, and whoever looks into a store finds the present near its
 * end. */
enum {
    EMIT_AGAIN_S = 5,       /* zones, gates, light groups, alarm figures */
    EMIT_AGAIN_SLOW_S = 60, /* single lights and sensors, of which there are many */
};
bool emit_again(const struct core *core, uint32_t place, uint32_t every_s);

struct emit_alert_more { /* what the change itself doesn't tell; len 0: absent */
    struct str operator_id, note, cause;
    bool page, chattering;
};
/* One ALERT; at_ns: log time of the evaluation. */
void emit_alert(struct core *core, const struct alert *a, const struct alert_change *change,
                const struct emit_alert_more *more, int64_t at_ns);
/* The zone's metrics at a second boundary, if they changed since last shown or are due again. A
 * zone that nothing tells about has none; one that lost its sensors with a new model says unknown
 * once more. */
void emit_zone(struct core *core, uint32_t zone, int64_t at_ms);
enum { EMIT_REMAINING_BYTES = 96 };
/* Who is still inside a zone that is being evacuated, in words: "about 200, up to 300"; where
 * people are missed "about 200, at least 150, perhaps over 300". Never that it is clear: at 0 it
 * says how many there may still be. */
struct str emit_remaining(const struct core *core, uint32_t zone,
                          char buffer[EMIT_REMAINING_BYTES]);
/* The zone's finished minutes that were not said yet, or that late data have changed since. */
void emit_history(struct core *core, uint32_t zone);
void emit_heartbeat(struct core *core);
void emit_era(struct core *core);

struct emit_letter {
    struct str topic, payload; /* payload: as much of it as is kept */
    uint64_t payload_bytes;    /* of the whole message */
    bool
        personal; /* privacy rules are for its topic: it is shown by keyed_hash in place of bytes */
    struct str keyed_hash;
};
struct emit_letter emit_letter_of(const struct record_mqtt *message);
/* Counts it as quarantined. */
void emit_deadletter(struct core *core, const struct emit_letter *letter,
                     const struct refusal *refusal);

#endif
