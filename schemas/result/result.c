#include "schemas/result/result.h"

#include <math.h>
#include <string.h>

#include "schemas/base/bytes.h"

/*
 * Body of a result, little-endian:
 *
 *   offset  bytes     what
 *   0       16        origin (record.c)
 *   16      1         n: number of fields the writer's table had, 1..255
 *   17      (n+7)/8   bit i (byte i/8, bit i%8): field i is present; bits from n on are 0
 *   then, for each present field in table order:
 *           8         INT, TIME: int64; REAL: IEEE 754 double, finite
 *           1         BOOL: 0 or 1; LEVEL: int8, one of LEVELS
 *           1 + len   TEXT, JSON of 1..254 bytes: u8 length, bytes
 *           5 + len   TEXT, JSON of 255 bytes and more: u8 255, u32 length, bytes
 *
 * Valid when every field lies inside the body, every value is of its kind and, with n not above the
 * reader's own table, the body ends with the last field. What follows the fields the reader knows
 * is skipped when n is above.
 */
enum {
    BODY_COUNT_AT = RESULT_ORIGIN_BYTES,
    BODY_BITS_AT = BODY_COUNT_AT + 1,
    BODY_TEXT_LONG = 255,      /* length byte that says: u32 follows */
    RESULT_FIELDS_MAX = 64,    /* presence fits in one word */
    RESULT_TYPE_NUMBERS = 128, /* record types are below */
};

#define FIELD_ROW(STRUCT, field_kind, member, where, field_unit, text)                             \
    {                                                                                              \
        .name = #member,                                                                           \
        .name_len = sizeof #member - 1,                                                            \
        .offset = offsetof(STRUCT, member),                                                        \
        .kind = RESULT_##field_kind,                                                               \
        .place = RESULT_##where,                                                                   \
        .unit = (field_unit),                                                                      \
        .description = (text),                                                                     \
    },

/* One table a type. FIELD_OF names the struct for FIELD_ROW while a table is made. */
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_reading, kind, name, place, unit, text)
static const struct result_field reading_fields[] = {RESULT_READING_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_zone, kind, name, place, unit, text)
static const struct result_field zone_fields[] = {RESULT_ZONE_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_gate, kind, name, place, unit, text)
static const struct result_field gate_fields[] = {RESULT_GATE_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_light, kind, name, place, unit, text)
static const struct result_field light_fields[] = {RESULT_LIGHT_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_alert, kind, name, place, unit, text)
static const struct result_field alert_fields[] = {RESULT_ALERT_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_reply, kind, name, place, unit, text)
static const struct result_field reply_fields[] = {RESULT_REPLY_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_heartbeat, kind, name, place, unit, text)
static const struct result_field heartbeat_fields[] = {RESULT_HEARTBEAT_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_deadletter, kind, name, place, unit, text)
static const struct result_field deadletter_fields[] = {RESULT_DEADLETTER_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_skipped, kind, name, place, unit, text)
static const struct result_field skipped_fields[] = {RESULT_SKIPPED_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_era, kind, name, place, unit, text)
static const struct result_field era_fields[] = {RESULT_ERA_FIELDS(FIELD_OF)};
#undef FIELD_OF

#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_lane, kind, name, place, unit, text)
static const struct result_field lane_fields[] = {RESULT_LANE_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_reject, kind, name, place, unit, text)
static const struct result_field reject_fields[] = {RESULT_REJECT_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_light_group, kind, name, place, unit, text)
static const struct result_field light_group_fields[] = {RESULT_LIGHT_GROUP_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_sensor, kind, name, place, unit, text)
static const struct result_field sensor_fields[] = {RESULT_SENSOR_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_history, kind, name, place, unit, text)
static const struct result_field history_fields[] = {RESULT_HISTORY_FIELDS(FIELD_OF)};
#undef FIELD_OF
#define FIELD_OF(kind, name, place, unit, text)                                                    \
    FIELD_ROW(struct result_figures, kind, name, place, unit, text)
static const struct result_field figures_fields[] = {RESULT_FIGURES_FIELDS(FIELD_OF)};
#undef FIELD_OF

static const struct result_type types[RESULT_TYPE_NUMBERS] = {
#define TYPE_ROW(TYPE, member, measure, topic)                                                     \
    [RECORD_##TYPE] = {                                                                            \
        .type = RECORD_##TYPE,                                                                     \
        .measurement = (measure),                                                                  \
        .topic_suffix = (topic),                                                                   \
        .fields = member##_fields,                                                                 \
        .field_count = sizeof member##_fields / sizeof member##_fields[0],                         \
        .struct_bytes = sizeof(struct result_##member),                                            \
    },
    RESULT_TYPES(TYPE_ROW)
#undef TYPE_ROW
};

#define TYPE_CHECK(TYPE, member, measure, topic)                                                   \
    _Static_assert((int)RECORD_##TYPE < (int)RESULT_TYPE_NUMBERS, "type number over the table");   \
    _Static_assert(sizeof member##_fields / sizeof member##_fields[0] <= RESULT_FIELDS_MAX,        \
                   "more fields than presence bits");
RESULT_TYPES(TYPE_CHECK)
#undef TYPE_CHECK

static const struct {
    const char *text;
    int8_t number;
} levels[] = {
#define LEVEL_ROW(name, words, value) {words, value},
    LEVELS(LEVEL_ROW)
#undef LEVEL_ROW
};

enum { LEVEL_COUNT = sizeof levels / sizeof levels[0] };

const char *level_text(int level)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (levels[i].number == level)
            return levels[i].text;
    }
    return "";
}

bool level_parse(struct str text, enum level *ret_level)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (str_is(text, levels[i].text)) {
            *ret_level = (enum level)levels[i].number;
            return true;
        }
    }
    return false;
}

static bool level_valid(int8_t level)
{
    return level >= LEVEL_UNKNOWN && level <= LEVEL_RED;
}

const struct result_type *result_type_of(unsigned type)
{
    return type < RESULT_TYPE_NUMBERS && types[type].fields ? &types[type] : NULL;
}

static void clear_field(const struct result_field *field, char *at)
{
    static const int64_t int_absent = RESULT_ABSENT;
    static const int8_t bool_absent = -1;
    static const int8_t level_absent = LEVEL_ABSENT;
    static const struct str text_absent = {NULL, 0};
    const double real_absent = (double)NAN;
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
    case RESULT_JSON:
        memcpy(at, &text_absent, sizeof text_absent);
        break;
    case RESULT_INT:
    case RESULT_TIME:
        memcpy(at, &int_absent, sizeof int_absent);
        break;
    case RESULT_REAL:
        memcpy(at, &real_absent, sizeof real_absent);
        break;
    case RESULT_BOOL:
        memcpy(at, &bool_absent, sizeof bool_absent);
        break;
    case RESULT_LEVEL:
        memcpy(at, &level_absent, sizeof level_absent);
        break;
    }
}

void result_clear(unsigned type, void *into)
{
    const struct result_type *t = result_type_of(type);
    if (!t)
        return;
    memset(into, 0, t->struct_bytes);
    for (uint32_t i = 0; i < t->field_count; i++)
        clear_field(&t->fields[i], (char *)into + t->fields[i].offset);
}

static uint8_t *put_text(uint8_t *p, const uint8_t *end, struct str s)
{
    size_t head = s.len < BODY_TEXT_LONG ? 1 : 5;
    if ((size_t)(end - p) < head + s.len)
        return NULL;
    if (head == 1) {
        *p = (uint8_t)s.len;
    } else {
        *p = BODY_TEXT_LONG;
        bytes_put_u32(p + 1, s.len);
    }
    memcpy(p + head, s.at, s.len);
    return p + head + s.len;
}

/* Writes one field at p. Returns where the next one goes: p itself when the field is absent, NULL
 * when it does not fit. */
static uint8_t *put_field(const struct result_field *field, const char *at, uint8_t *p,
                          const uint8_t *end)
{
    struct str s;
    uint64_t word;
    double real;
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
    case RESULT_JSON:
        memcpy(&s, at, sizeof s);
        return s.len ? put_text(p, end, s) : p;
    case RESULT_INT:
    case RESULT_TIME:
        memcpy(&word, at, sizeof word);
        if (word == (uint64_t)RESULT_ABSENT)
            return p;
        break;
    case RESULT_REAL:
        memcpy(&real, at, sizeof real);
        if (!isfinite(real))
            return p;
        memcpy(&word, &real, sizeof word);
        break;
    case RESULT_BOOL:
        if (*(const int8_t *)at < 0)
            return p;
        if (p == end)
            return NULL;
        *p = *(const int8_t *)at != 0;
        return p + 1;
    case RESULT_LEVEL:
        if (!level_valid(*(const int8_t *)at))
            return p;
        if (p == end)
            return NULL;
        *p = (uint8_t) * (const int8_t *)at;
        return p + 1;
    default:
        return NULL;
    }
    if (end - p < 8)
        return NULL;
    bytes_put_u64(p, word);
    return p + 8;
}

uint32_t result_encode(unsigned type, const struct result_origin *origin, const void *from,
                       uint8_t *out, size_t cap)
{
    const struct result_type *t = result_type_of(type);
    if (!t)
        return 0;
    size_t bits_len = (t->field_count + 7) / 8;
    if (cap < BODY_BITS_AT + bits_len)
        return 0;
    if (cap > UINT32_MAX)
        cap = UINT32_MAX;
    const uint8_t *end = out + cap;
    uint8_t *p = out + BODY_BITS_AT + bits_len;
    uint64_t bits = 0;
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct result_field *field = &t->fields[i];
        uint8_t *next = put_field(field, (const char *)from + field->offset, p, end);
        if (!next)
            return 0;
        bits |= (uint64_t)(next != p) << i;
        p = next;
    }
    result_origin_encode(origin, out);
    out[BODY_COUNT_AT] = (uint8_t)t->field_count;
    uint8_t word[8];
    bytes_put_u64(word, bits);
    memcpy(out + BODY_BITS_AT, word, bits_len);
    return (uint32_t)(p - out);
}

/* Reads one present field at p into `at`. Returns where the next one begins, NULL when it is
 * malformed. */
static const uint8_t *get_field(const struct result_field *field, const uint8_t *p,
                                const uint8_t *end, char *at)
{
    struct str s;
    double real;
    int8_t small;
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
    case RESULT_JSON:
        if (p == end)
            return NULL;
        s.len = *p++;
        if (s.len == BODY_TEXT_LONG) {
            if (end - p < 4)
                return NULL;
            s.len = bytes_get_u32(p);
            p += 4;
        }
        if (s.len == 0 || (size_t)(end - p) < s.len)
            return NULL;
        s.at = (const char *)p;
        memcpy(at, &s, sizeof s);
        return p + s.len;
    case RESULT_INT:
    case RESULT_TIME:
        if (end - p < 8)
            return NULL;
        memcpy(at, p, 8);
        return p + 8;
    case RESULT_REAL:
        if (end - p < 8)
            return NULL;
        memcpy(&real, p, 8);
        if (!isfinite(real))
            return NULL;
        memcpy(at, &real, 8);
        return p + 8;
    case RESULT_BOOL:
        if (p == end || *p > 1)
            return NULL;
        *at = (char)*p;
        return p + 1;
    case RESULT_LEVEL:
        if (p == end)
            return NULL;
        small = (int8_t)*p;
        if (!level_valid(small))
            return NULL;
        memcpy(at, &small, 1);
        return p + 1;
    default:
        return NULL;
    }
}

bool result_decode(unsigned type, const uint8_t *body, uint32_t len,
                   struct result_origin *ret_origin, union result_any *ret, struct error *err)
{
    const struct result_type *t = result_type_of(type);
    if (!t)
        return error_set(err, ERROR_MALFORMED, 0, "record type %u is no result", type);
    uint32_t count = len > BODY_COUNT_AT ? body[BODY_COUNT_AT] : 0;
    uint32_t bits_len = (count + 7) / 8;
    if (count == 0 || len < BODY_BITS_AT + bits_len)
        return error_set(err, ERROR_MALFORMED, 0, "%s result of %u bytes is cut short",
                         record_type_name(type), len);
    uint8_t word[8] = {0};
    memcpy(word, body + BODY_BITS_AT, bits_len < 8 ? bits_len : 8);
    uint64_t bits = bytes_get_u64(word);
    if (count < RESULT_FIELDS_MAX && bits >> count)
        return error_set(err, ERROR_MALFORMED, 0, "%s result claims fields beyond its %u",
                         record_type_name(type), count);

    union result_any any;
    const uint8_t *p = body + BODY_BITS_AT + bits_len, *end = body + len;
    memset(&any, 0, t->struct_bytes);
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct result_field *field = &t->fields[i];
        char *at = (char *)&any + field->offset;
        if (!(bits >> i & 1)) {
            clear_field(field, at);
            continue;
        }
        p = get_field(field, p, end, at);
        if (!p)
            return error_set(err, ERROR_MALFORMED, 0, "field %s of a %s result", field->name,
                             record_type_name(type));
    }
    if (count <= t->field_count && p != end)
        return error_set(err, ERROR_MALFORMED, 0, "%u bytes after the last field of a %s result",
                         (unsigned)(end - p), record_type_name(type));
    memcpy(ret, &any, t->struct_bytes);
    *ret_origin = result_origin_decode(body);
    return true;
}
