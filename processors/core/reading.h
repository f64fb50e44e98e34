/*
 * reading: a canonical payload into a struct result_reading, by the table of members of its class
 * of sensor (schemas/payload/member.h). Members that the table does not name are ignored; a member of the wrong type or out of
 * range refuses the whole message, since half a reading is a wrong one.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_READING_H
#define CROWDTIDE_PROCESSORS_CORE_READING_H

#include "schemas/result/refusal.h"
#include "processors/core/topic.h"
#include "schemas/payload/member.h"

enum { READING_DOCUMENT_BYTES_MAX = 524288, READING_MEMBERS_MAX = 64 };

/* Fills the members of *into that the payload has; the others stay as they are. Texts borrow from
   the parser until its next call, or are constants. payload needs JSON_PADDING_BYTES behind it. */
bool reading_parse(struct json_parser *parser, enum topic_class class,
                   const struct venue_sensor *sensor, struct str payload,
                   struct result_reading *into, struct refusal *refusal);

#endif
