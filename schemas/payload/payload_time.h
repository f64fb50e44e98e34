/*
 * payload_time: the times that devices write, as milliseconds since 1970.
 *
 *     const char *reason;
 *     if (!payload_time_read(&field, PAYLOAD_COMPACT, zone, received_ms, utc_offset_s, 0, &ms, &reason)) …
 */
#ifndef CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_TIME_H
#define CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_TIME_H

#include "schemas/json/json.h"

/* name, word, what is wanted */
#define PAYLOAD_TIME_FORMATS(T)                                                                    \
    T(EPOCH_S, "epoch_s", "not seconds since 1970")                                                \
    T(EPOCH_MS, "epoch_ms", "not milliseconds since 1970")                                         \
    T(EPOCH_US, "epoch_us", "not microseconds since 1970")                                         \
    T(RFC3339, "rfc3339", "not an RFC 3339 time with offset")                                      \
    T(LOCAL, "local", "not a local time such as 2026-01-31T23:59:59")                              \
    T(COMPACT, "compact", "not a time such as 20260131235959")                                     \
    T(SENML, "senml", "not seconds, since 1970 or from now")
enum payload_time_format {
#define PAYLOAD_TIME_ENUM(name, word, wanted) PAYLOAD_##name,
    PAYLOAD_TIME_FORMATS(PAYLOAD_TIME_ENUM)
#undef PAYLOAD_TIME_ENUM
    PAYLOAD_TIME_FORMAT_COUNT
};

/* Where a text that has no offset was written. */
struct payload_zone {
    enum { PAYLOAD_ZONE_NONE, PAYLOAD_ZONE_VENUE, PAYLOAD_ZONE_FIXED } kind;
    int32_t offset_s; /* FIXED: local less UTC */
};

/* "venue", "UTC", "+08:00", "-03:30". */
bool payload_zone_parse(struct str text, struct payload_zone *ret_zone);

/* RESULT_ABSENT: a local time of the venue, whose offset is not known (RECORD_NO_UTC_OFFSET): the time of receipt is nearer than any guess.
   add: seconds (epoch_s, senml), ms, µs added to a number first. False with a constant reason: of another kind, no such time, or out of range (0 to 2^53 ms). */
bool payload_time_read(const struct json_field *field, enum payload_time_format format,
                       struct payload_zone zone, int64_t received_ms, int32_t utc_offset_s,
                       double add, int64_t *ret_ms, const char **ret_reason);

#endif
