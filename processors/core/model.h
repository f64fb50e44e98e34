/*
 * model: brings a venue model into force: allocates everything it needs, finds what each zone's
 * occupancy rests on, and carries over by id what the state before knew of the same zones, sensors
 * and rules.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_MODEL_H
#define CROWDTIDE_PROCESSORS_CORE_MODEL_H

#include "processors/core/state.h"

/* Takes over the venue and a copy of its source. On failure the core is as it was and the venue the
 * caller's still. */
bool model_take(struct core *core, struct venue *venue, struct str source, struct error *err);
void model_release(struct model *model);
/* After sensors, zones and alerts were filled from elsewhere: everything that follows from them. */
void model_derive(struct core *core);

#endif
