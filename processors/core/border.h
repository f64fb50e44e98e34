/*
 * border: which zones' borders a door lies on. A door between A and B crosses the border of every
 * zone that holds B but not A, and of every zone that holds A but not B: found once, when a model
 * comes into force.
 *
 *     border_find(&model)                       lists every sensor's crossings
 *     model.crossings[i], i from model.crossing_first[s] to below model.crossing_first[s + 1]
 *
 * The zones inside the door come first, from the innermost outwards, then those on its other side.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_BORDER_H
#define CROWDTIDE_PROCESSORS_CORE_BORDER_H

#include "processors/core/state.h"

/* Allocates and fills the model's crossings from its venue. False: no memory. */
bool border_find(struct model *model);

/* Of one sensor; *ret_count of them. Lights and level counters have none. */
struct crossing *border_of(const struct model *model, uint32_t sensor, uint32_t *ret_count);

/* Roads and car parks hold vehicles, all other kinds people. */
bool border_holds_vehicles(enum zone_kind kind);

#endif
