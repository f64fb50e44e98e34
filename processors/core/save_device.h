/*
 * save_device: gates and lights as bytes: their part of the walk in save.c.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_SAVE_DEVICE_H
#define CROWDTIDE_PROCESSORS_CORE_SAVE_DEVICE_H

#include "processors/core/codec.h"
#include "processors/core/state.h"

void save_flow(struct codec *codec, struct flow *flow);
void save_gate(struct codec *codec, struct gate *gate);
void save_light(struct codec *codec, struct light *light);
void save_light_group(struct codec *codec, struct light_group *group);

#endif
