/*
 * member: what a reading may say, by class of sensor and kind of counter: one table each of names,
 * types, limits and words. The canonical payloads are read by it, and payload maps are checked
 * against it.
 *
 *     struct members members = members_of(SENSOR_GATE, COUNTER_DELTA);
 *     const struct member *member = member_find(members, STR_LIT("lanes_open"));    NULL: a reading
 * of this class has none of that name if (!member_read(member, &field, &reading, &refusal)) … if
 * (!members_complete(SENSOR_GATE, COUNTER_DELTA, &reading, &refusal)) …      nothing in it that
 * counts
 */
#ifndef CROWDTIDE_SCHEMAS_PAYLOAD_MEMBER_H
#define CROWDTIDE_SCHEMAS_PAYLOAD_MEMBER_H

#include "schemas/json/json.h"
#include "schemas/result/refusal.h"
#include "schemas/result/result.h"
#include "schemas/venue/venue.h"

enum {
    READING_PEOPLE_MAX = 10000000, /* one counter's level, delta or report */
    READING_LANES_MAX = 1000,
    READING_TEXT_BYTES_MAX = 256, /* lane, reason */
};
#define READING_TOTAL_MAX 9007199254740992.0 /* 2^53: what every JSON writer can say exactly */
#define READING_LUX_MAX 1e6
#define READING_POWER_MAX 1e9 /* W */

enum member_kind { MEMBER_TIME, MEMBER_COUNT, MEMBER_REAL, MEMBER_BOOL, MEMBER_WORD, MEMBER_TEXT };

/* Why a value is none of a member's. Constant. */
struct member_fault {
    enum refusal_reason reason;
    struct str what; /* "not a whole number" */
};

struct member {
    struct str name;
    enum member_kind kind;
    uint32_t offset;                   /* in struct result_reading */
    double max;                        /* COUNT, REAL: 0 to max */
    const struct member_fault *beyond; /* likewise: it is not */
    const struct str *words;           /* WORD: what it may be, ended by an empty one */
};

struct members { /* constant */
    const struct member *member;
    uint32_t count;
};

/* kind counts for crowd sensors only. */
struct members members_of(enum sensor_class class, enum counter_kind kind);
const struct member *member_find(struct members members, struct str name);

/* Puts the value into its member of *into. Texts are borrowed from the field; words are constants.
 * NULL, or why it is none (WRONG_TYPE, OUT_OF_RANGE); *into is then as it was. */
const struct member_fault *member_put(const struct member *member, const struct json_field *field,
                                      struct result_reading *into);
/* The same; false with a refusal that names the member. */
bool member_read(const struct member *member, const struct json_field *field,
                 struct result_reading *into, struct refusal *refusal);

/* True when the reading has the member. */
bool member_said(const struct member *member, const struct result_reading *reading);

/* True when the reading says something of its class: a count, an event with a direction, a state.
 * Else false with WRONG_TYPE. */
bool members_complete(enum sensor_class class, enum counter_kind kind,
                      const struct result_reading *reading, struct refusal *refusal);

/* "crowd_level" … "light": the reading's kind. Constant. */
struct str reading_kind(enum sensor_class class, enum counter_kind kind);

#endif
