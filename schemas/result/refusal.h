/*
 * refusal: why a message became a dead letter: one of the contract's reasons, and a sentence for a
 * person that says where.
 */
#ifndef CROWDTIDE_SCHEMAS_RESULT_REFUSAL_H
#define CROWDTIDE_SCHEMAS_RESULT_REFUSAL_H

#include <stdbool.h>

#include "schemas/base/str.h"

/* clang-format off */
#define REFUSALS(R)                                                                                \
    R(MALFORMED, "malformed") R(UTF8, "utf8") R(DUPLICATE_KEY, "duplicate_key")                    \
    R(WRONG_TYPE, "wrong_type") R(OUT_OF_RANGE, "out_of_range")                                    \
    R(UNKNOWN_SENSOR, "unknown_sensor") R(UNKNOWN_TOPIC, "unknown_topic")                          \
    R(OVERSIZED, "oversized") R(POISON, "poison") R(REJECTED, "rejected")
/* clang-format on */
enum refusal_reason {
#define REFUSAL_ENUM(name, text) REFUSAL_##name,
    REFUSALS(REFUSAL_ENUM)
#undef REFUSAL_ENUM
};

enum { REFUSAL_DETAIL_BYTES = 200 };
struct refusal {
    enum refusal_reason reason;
    char detail[REFUSAL_DETAIL_BYTES]; /* UTF-8, NUL-terminated, cut when longer */
};

const char *refusal_reason_text(enum refusal_reason reason);

/* Both fill *refusal with constant text and return false. About a member: "occupancy: not a whole
 * number". */
bool refusal_set(struct refusal *refusal, enum refusal_reason reason, const char *text);
bool refusal_about(struct refusal *refusal, enum refusal_reason reason, const char *member,
                   const char *text);

/* For a detail made of parts: begin, text_add…, end (which returns false). What is added must be
 * UTF-8: the message's own bytes may be anything. */
struct text refusal_begin(struct refusal *refusal, enum refusal_reason reason);
bool refusal_end(struct text *detail);

#endif
