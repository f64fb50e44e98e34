#include "schemas/payload/payload_time.h"

#include <math.h>

#include "schemas/record/record.h"
#include "schemas/result/result.h"

#define TIME_MS_END 9007199254740992.0 /* 2^53 */

static const char *const wanted[PAYLOAD_TIME_FORMAT_COUNT] = {
#define PAYLOAD_TIME_WANTED(name, word, text) text,
    PAYLOAD_TIME_FORMATS(PAYLOAD_TIME_WANTED)
#undef PAYLOAD_TIME_WANTED
};

enum {
    OFFSET_MAX_S = 14 * 3600, /* the farthest that a place has */
    COMPACT_DIGITS = 14,      /* YYYYMMDDhhmmss */
    CIVIL_BYTES = 19,         /* YYYY-MM-DDThh:mm:ss */
    LOCAL_BYTES_MAX = 40,     /* with fraction and offset */
};
#define SENML_RELATIVE_S 268435456.0 /* 2^28: RFC 8428, section 4.5.3 */

bool payload_zone_parse(struct str text, struct payload_zone *ret_zone)
{
    if (str_is(text, "venue")) {
        *ret_zone = (struct payload_zone){.kind = PAYLOAD_ZONE_VENUE};
        return true;
    }
    if (str_is(text, "UTC")) {
        *ret_zone = (struct payload_zone){.kind = PAYLOAD_ZONE_FIXED};
        return true;
    }
    if (text.len != 6 || (text.at[0] != '+' && text.at[0] != '-') || text.at[3] != ':')
        return false;
    int32_t digit[4];
    static const uint32_t at[4] = {1, 2, 4, 5};
    for (uint32_t i = 0; i < 4; i++) {
        digit[i] = text.at[at[i]] - '0';
        if (digit[i] < 0 || digit[i] > 9)
            return false;
    }
    int32_t minutes = digit[2] * 10 + digit[3];
    int32_t offset_s = (digit[0] * 10 + digit[1]) * 3600 + minutes * 60;
    if (minutes > 59 || offset_s > OFFSET_MAX_S)
        return false;
    *ret_zone = (struct payload_zone){.kind = PAYLOAD_ZONE_FIXED,
                                      .offset_s = text.at[0] == '-' ? -offset_s : offset_s};
    return true;
}

static bool refuse(const char *reason, const char **ret_reason)
{
    *ret_reason = reason;
    return false;
}

/* Milliseconds that a double may be anything of, rounded to the nearest. */
static bool whole_ms(double ms, int64_t *ret_ms, const char **ret_reason)
{
    if (!(ms >= 0 && ms <= TIME_MS_END))
        return refuse("not a time since 1970", ret_reason);
    *ret_ms = (int64_t)(ms + 0.5);
    return true;
}

static bool number_read(const struct json_field *f, enum payload_time_format format,
                        int64_t received_ms, double add, int64_t *ret_ms, const char **ret_reason)
{
    if (f->kind != JSON_INT && f->kind != JSON_UINT && f->kind != JSON_REAL)
        return refuse(wanted[format], ret_reason);
    if (f->kind == JSON_INT && format == PAYLOAD_EPOCH_MS && add == 0 && f->integer >= 0 &&
        f->integer <= (int64_t)TIME_MS_END) {
        *ret_ms = f->integer;
        return true;
    }
    double v = f->kind == JSON_INT    ? (double)f->integer
               : f->kind == JSON_UINT ? (double)f->natural
                                      : f->real;
    v += add;
    switch (format) {
    case PAYLOAD_EPOCH_MS:
        return whole_ms(floor(v), ret_ms, ret_reason);
    case PAYLOAD_EPOCH_US:
        return whole_ms(floor(v / 1000), ret_ms, ret_reason);
    case PAYLOAD_SENML:
        if (v < SENML_RELATIVE_S)
            return whole_ms((double)received_ms + v * 1000, ret_ms, ret_reason);
        return whole_ms(v * 1000, ret_ms, ret_reason);
    default:
        return whole_ms(v * 1000, ret_ms, ret_reason);
    }
}

/* The zone's offset applied to a time that was written without one. */
static bool place_in(struct payload_zone zone, int32_t utc_offset_s, int64_t local_ms,
                     int64_t *ret_ms, const char **ret_reason)
{
    if (zone.kind == PAYLOAD_ZONE_NONE)
        return refuse("has no offset, and the map names no zone", ret_reason);
    if (zone.kind == PAYLOAD_ZONE_VENUE && utc_offset_s == RECORD_NO_UTC_OFFSET) {
        *ret_ms = RESULT_ABSENT;
        return true;
    }
    int32_t offset_s = zone.kind == PAYLOAD_ZONE_FIXED ? zone.offset_s : utc_offset_s;
    if (local_ms < 0)
        return refuse("not a time since 1970", ret_reason);
    int64_t ms = local_ms - (int64_t)offset_s * 1000;
    *ret_ms = ms < 0 ? 0 : ms; /* a clock not yet set says 1970, east of Greenwich, too */
    return true;
}

/* 20260131235959, as text or as a number, into 2026-01-31T23:59:59. */
static bool compact_spread(const struct json_field *f, char out[CIVIL_BYTES])
{
    char number[24];
    struct text t = text_over(number, sizeof number);
    struct str digits = {0};
    if (f->kind == JSON_STRING) {
        digits = f->text;
    } else if (f->kind == JSON_INT && f->integer > 0) {
        text_add_i64(&t, f->integer);
        digits = (struct str){number, (uint32_t)t.len};
    }
    if (digits.len != COMPACT_DIGITS)
        return false;
    memcpy(out, "YYYY-MM-DDThh:mm:ss", CIVIL_BYTES);
    memcpy(out, digits.at, 4);
    for (uint32_t i = 0; i < 5; i++)
        memcpy(out + 5 + 3 * (size_t)i, digits.at + 4 + 2 * (size_t)i, 2);
    return true;
}

/* 2026/01/31 is taken for 2026-01-31. */
static struct str hyphens(struct str text, char out[LOCAL_BYTES_MAX])
{
    if (text.len < CIVIL_BYTES || text.len > LOCAL_BYTES_MAX || text.at[4] != '/' ||
        text.at[7] != '/')
        return text;
    memcpy(out, text.at, text.len);
    out[4] = out[7] = '-';
    return (struct str){out, text.len};
}

bool payload_time_read(const struct json_field *field, enum payload_time_format format,
                       struct payload_zone zone, int64_t received_ms, int32_t utc_offset_s,
                       double add, int64_t *ret_ms, const char **ret_reason)
{
    char spread[LOCAL_BYTES_MAX];
    struct str text;
    switch (format) {
    case PAYLOAD_RFC3339:
    case PAYLOAD_LOCAL:
        if (field->kind != JSON_STRING)
            return refuse(wanted[format], ret_reason);
        text = format == PAYLOAD_LOCAL ? hyphens(field->text, spread) : field->text;
        break;
    case PAYLOAD_COMPACT:
        if (!compact_spread(field, spread))
            return refuse(wanted[format], ret_reason);
        text = (struct str){spread, CIVIL_BYTES};
        break;
    default:
        return number_read(field, format, received_ms, add, ret_ms, ret_reason);
    }
    bool offset;
    int64_t ms;
    if (!time_parse_civil(text, &offset, &ms))
        return refuse(wanted[format], ret_reason);
    if (!offset)
        return place_in(zone, utc_offset_s, ms, ret_ms, ret_reason);
    if (ms < 0)
        return refuse("not a time since 1970", ret_reason);
    *ret_ms = ms;
    return true;
}
