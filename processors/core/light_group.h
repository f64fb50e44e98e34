/*
 * light_group: the lights of a zone taken together, and those of each group in it: a plaza's ring,
 * a stair's rail. The first group of a zone is all of its lights.
 *
 *     light_groups_make(&model)             when a model comes into force
 *     light_groups_figure(core)             at a second boundary, after each light has moved
 *     light_groups_emit(core, at_ms)
 *
 * Sums run over the lights in the file's order, so that they are the same on every machine. Only
 * lights in service count, and only fresh ones in sums and means.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_LIGHT_GROUP_H
#define CROWDTIDE_PROCESSORS_CORE_LIGHT_GROUP_H

#include "processors/core/state.h"

enum {
    /* A dark zone is dark until it is this much of dark_lux: it must not flicker between the two.
     */
    LIGHT_DARK_CLEAR_PERCENT = 120,
};

/* The model is allocated over its venue. Finds the groups, and where lights and zones find theirs.
 * False: no memory. */
bool light_groups_make(struct model *model);
/* Zones that were dark under the model before still are. */
void light_groups_carry(struct model *model, const struct model *before);
void light_groups_figure(struct core *core);
/* Those that changed since last shown or are due again; none that never had a light in service. */
void light_groups_emit(struct core *core, int64_t at_ms);

#endif
