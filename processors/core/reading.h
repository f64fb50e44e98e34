/*
 * reading: a canonical payload into a struct result_reading, by a table of members for each class
 * of sensor. Members that the table does not name are ignored; a member of the wrong type or out of
 * range refuses the whole message, since half a reading is a wrong one.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_READING_H
#define CROWDTIDE_PROCESSORS_CORE_READING_H

#include "processors/core/refusal.h"
#include "processors/core/topic.h"
#include "schemas/json/json.h"
#include "schemas/result/result.h"
#include "schemas/venue/venue.h"

enum {
    READING_DOCUMENT_BYTES_MAX = 524288,
    READING_MEMBERS_MAX = 64,
    READING_PEOPLE_MAX = 10000000, /* one counter's level, delta or report */
    READING_LANES_MAX = 1000,
    READING_TEXT_BYTES_MAX = 256, /* lane, reason */
};
#define READING_TOTAL_MAX 9007199254740992.0 /* 2^53: what every JSON writer can say exactly */

/* Fills the members of *into that the payload has; the others stay as they are. Texts borrow from
   the parser until its next call, or are constants. payload needs JSON_PADDING_BYTES behind it. */
bool reading_parse(struct json_parser *parser, enum topic_class class,
                   const struct venue_sensor *sensor, struct str payload,
                   struct result_reading *into, struct refusal *refusal);

/* "crowd_level" … "light": the reading's kind, of a sensor. Constant. */
struct str reading_kind(const struct venue_sensor *sensor);

#endif
