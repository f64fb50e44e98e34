/*
 * message: one MQTT record: topic, sensor, payload, repetition, time; then what it does, and a
 * READING or a dead letter. Topics that are not crowdtide's own are read by the venue's payload maps,
 * and one message may then give many readings (message_mapped.c).
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_MESSAGE_H
#define CROWDTIDE_PROCESSORS_CORE_MESSAGE_H

#include "processors/core/state.h"
#include "schemas/record/record.h"

void message_take(struct core *core, const struct record_mqtt *message);
/* Personal, and ingest could not redact it: a dead letter without bytes. */
void message_withheld(struct core *core, const struct record_withheld *message);
void message_oversized(struct core *core, const struct record_oversized *message);

#endif
