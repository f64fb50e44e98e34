/*
 * refusal: why a message became a dead letter: one of the contract's reasons, and a sentence for a
 * person that says where.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_REFUSAL_H
#define CROWDTIDE_PROCESSORS_CORE_REFUSAL_H

#include <stdbool.h>

/* clang-format off */
#define REFUSALS(R)                                                                                \
    R(MALFORMED, "malformed") R(UTF8, "utf8") R(DUPLICATE_KEY, "duplicate_key")                    \
    R(WRONG_TYPE, "wrong_type") R(OUT_OF_RANGE, "out_of_range")                                    \
    R(UNKNOWN_SENSOR, "unknown_sensor") R(UNKNOWN_TOPIC, "unknown_topic")                          \
    R(OVERSIZED, "oversized") R(POISON, "poison")
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
/* Fills *refusal and returns false. Arguments must not come from the message: its bytes may be
 * anything. */
bool refusal_set(struct refusal *refusal, enum refusal_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
