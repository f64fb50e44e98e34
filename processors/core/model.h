/*
 * model: brings a venue model into force: allocates everything it needs, fills it from nothing, has it
 * found what each zone's occupancy rests on (basis.h) and what was known before carried over
 * (model_carry.h).
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_MODEL_H
#define CROWDTIDE_PROCESSORS_CORE_MODEL_H

#include "processors/core/state.h"

/* Takes over the venue and a copy of its source. On failure the core is as it was and the venue the
 * caller's still. */
bool model_take(struct core *core, struct venue *venue, struct str source, struct error *err);
void model_release(struct model *model);
/* A shadow state over the venue in force, as no sensor had ever spoken: core->drill.aside, and a
 * drill is running. False: no memory, and none is. The release: none is running any more. */
bool model_shadow(struct core *core);
void model_shadow_release(struct core *core);
/* After sensors, zones and alerts were filled from elsewhere: everything that follows from them. */
void model_derive(struct core *core);

#endif
