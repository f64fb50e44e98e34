/*
 * drill: exercises. While a drill runs there is a shadow state of the venue beside the real one: its
 * own zones, sensors, gates, lights and alerts over the same venue model. Records of the drill drive
 * it alone, and whatever it says has status Exercise; the real state never learns of it.
 *
 *     if (drill_admit(core, opens, &refusal)) {    a message below drill/…, or a command with drill: true
 *         drill_enter(core);                       core->model is the shadow state now
 *         …                                        as any record
 *         drill_leave(core);
 *     }
 *     drill_start(core, by, &refusal), drill_stop(core, &refusal)      by command; two people are the command's matter
 *
 * Life. Two people start a drill by command, or, unless the venue's setting drill_needs_start forbids
 * it, the first message of a drill begins one that nobody announced. It ends by command or by itself,
 * drill_max_ms after it began; then each of its open alerts is resolved with cause "drill ended", and
 * the state is gone. An announced drill begins empty, whatever ran before it.
 *
 * What it shows. The shadow state begins with the capacities and closures in force and with no sensor
 * in service: the first message of the drill brings its sensor into service, whatever state the real
 * one is in. So zones are made from what the drill plays, and nothing is unknown merely because nobody
 * plays it; zones, gates and lights that the drill never fed are not said.
 *
 * Memory. The state is allocated when a drill begins and freed when it ends, instead of beside every
 * model: a venue that holds no drills pays nothing, and the shadow state can never be larger than the
 * real one. No memory for it fails the step, like a model that does not fit.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_DRILL_H
#define CROWDTIDE_PROCESSORS_CORE_DRILL_H

#include "schemas/result/refusal.h"
#include "processors/core/state.h"

static inline bool drill_running(const struct core *core)
{
    return core->drill.running;
}

/* A drill that two people have started; `by` names them (cut to DRILL_BY_BYTES). One that nobody
 * announced ends first. False, and why, when an announced one runs already. */
bool drill_start(struct core *core, struct str by, struct refusal *refusal);
/* False, and why, when none is running. */
bool drill_stop(struct core *core, struct refusal *refusal);

/* Whether a record of a drill may go to the shadow state; `opens`: it may begin a drill where the
 * venue allows that. Last wills may not: the next would come when the feed of a drill that has just
 * been stopped disconnects; nor may commands. */
bool drill_admit(struct core *core, bool opens, struct refusal *refusal);

/* Between the two core->model is the shadow state and core->exercise set. A drill must be running;
 * they do not nest. */
void drill_enter(struct core *core);
void drill_leave(struct core *core);

/* Within the two: the drill speaks of this sensor; so it is in service. */
void drill_sensor(struct core *core, uint32_t sensor);
/* Within the two: what the step has touched so far, or this zone, is played. */
void drill_touched(struct core *core);
void drill_zone(struct core *core, uint32_t zone);

/* Whether results of it are said: always, but for what a drill does not play. */
static inline bool drill_shows_zone(const struct core *core, uint32_t zone)
{
    return !core->exercise || core->model.zones[zone].played;
}
static inline bool drill_shows_sensor(const struct core *core, uint32_t sensor)
{
    return !core->exercise || core->model.sensors[sensor].played;
}

/* At a second boundary: ends a drill whose time is over. */
void drill_expire(struct core *core);
/* A new model has come into force: one that asks for a start ends what nobody announced. */
void drill_rules_changed(struct core *core);

#endif
