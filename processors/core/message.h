/*
 * message: one MQTT record: topic, sensor, payload, repetition, time; then what it does, and a
 * READING or a dead letter.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_MESSAGE_H
#define CROWDTIDE_PROCESSORS_CORE_MESSAGE_H

#include "processors/core/state.h"
#include "schemas/record/record.h"

void message_take(struct core *core, const struct record_mqtt *message);
void message_oversized(struct core *core, const struct record_oversized *message);

#endif
