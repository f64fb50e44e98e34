/*
 * model_carry: when another model comes into force, what was known goes on by id: of the same sensors,
 * zones, rules and light groups.
 *
 *     model_carry(core, &before)    core->model is filled from nothing, its zones' basis found
 *
 * What the new file says anew wins: a capacity, a closure, a sensor's state of service that differ from
 * those in the old file. Sums of level counters and zones are made again afterwards (model_derive).
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_MODEL_CARRY_H
#define CROWDTIDE_PROCESSORS_CORE_MODEL_CARRY_H

#include "processors/core/state.h"

/* `before` stays whole. Says that alerts whose zone or rule is gone are resolved. */
void model_carry(struct core *core, const struct model *before);

#endif
