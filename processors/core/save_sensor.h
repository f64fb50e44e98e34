/*
 * save_sensor: a sensor as bytes, with all that is kept beside it: its health, its repeats, its
 * doors' drift, its last levels; part of the walk in save.c.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_SAVE_SENSOR_H
#define CROWDTIDE_PROCESSORS_CORE_SAVE_SENSOR_H

#include "processors/core/codec.h"
#include "processors/core/state.h"

void save_sensor(struct codec *c, struct model *model, uint32_t sensor);

#endif
