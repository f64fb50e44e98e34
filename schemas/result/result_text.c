/* result_text: results as JSON, as line protocol, and their Kafka keys. */
#include <math.h>
#include <string.h>

#include "schemas/result/result.h"

enum { NS_PER_MS = 1000000 };
/* times NS_PER_MS, with anything below a millisecond added, still inside what InfluxDB takes */
static const int64_t stamp_ms_max = 9223372036853;

/* ---- strings ---- */

/* True when some byte of the word is below 0x20, a quote, a backslash or above 0x7e: what a plain
 * copy may not hold. */
static bool word_special(uint64_t w)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t control = w - ones * 0x20;
    uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\', del = w ^ ones * 0x7f;
    return ((control | (quote - ones) | (slash - ones) | (del - ones) | w) & high) != 0;
}

/* True when s needs no escape in JSON and in a string field. */
static bool text_plain(struct str s)
{
    uint32_t i = 0;
    uint64_t w;
    for (; i + 8 <= s.len; i += 8) {
        memcpy(&w, s.at + i, 8);
        if (word_special(w))
            return false;
    }
    if (i < s.len) {
        w = 0x2020202020202020u;
        memcpy(&w, s.at + i, s.len - i);
        if (word_special(w))
            return false;
    }
    return true;
}

/* Length of the well-formed UTF-8 sequence at s.at[i], 0 when there is none. */
static uint32_t utf8_length(struct str s, uint32_t i)
{
    unsigned char c = (unsigned char)s.at[i];
    uint32_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (n > s.len - i || !utf8_valid((const uint8_t *)s.at + i, n))
        return 0;
    return n;
}

static void add_json_text(struct text *out, struct str s)
{
    if (text_plain(s)) {
        text_add_char(out, '"');
        text_add_str(out, s);
        text_add_char(out, '"');
        return;
    }
    if (utf8_valid((const uint8_t *)s.at, s.len)) {
        text_add_json(out, s);
        return;
    }
    /* Never seen from process, which hands over valid text; a byte that is not becomes U+FFFD. */
    text_add_char(out, '"');
    for (uint32_t i = 0; i < s.len;) {
        uint32_t n = utf8_length(s, i);
        if (n == 0) {
            text_add(out, "\xef\xbf\xbd");
            i++;
            continue;
        }
        unsigned char c = (unsigned char)s.at[i];
        if (c == '"' || c == '\\') {
            text_add_char(out, '\\');
            text_add_char(out, (char)c);
        } else if (c < 0x20) {
            static const char hex[] = "0123456789abcdef";
            text_add(out, "\\u00");
            text_add_char(out, hex[c >> 4]);
            text_add_char(out, hex[c & 15]);
        } else {
            text_add_bytes(out, s.at + i, n);
        }
        i += n;
    }
    text_add_char(out, '"');
}

static void add_tag_value(struct text *out, struct str s)
{
    for (uint32_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c < 0x20 || c == 0x7f || c == '\\')
            c = '_';
        else if (c == ',' || c == ' ' || c == '=')
            text_add_char(out, '\\');
        text_add_char(out, (char)c);
    }
}

static bool tag_plain(struct str s)
{
    for (uint32_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= 0x20 || c == ',' || c == '=' || c == '\\' || c == 0x7f)
            return false;
    }
    return true;
}

static void add_field_text(struct text *out, struct str s)
{
    text_add_char(out, '"');
    if (text_plain(s)) {
        text_add_str(out, s);
    } else {
        for (uint32_t i = 0; i < s.len; i++) {
            unsigned char c = (unsigned char)s.at[i];
            if (c == '"' || c == '\\')
                text_add_char(out, '\\');
            text_add_char(out, (char)(c < 0x20 || c == 0x7f ? ' ' : c));
        }
    }
    text_add_char(out, '"');
}

/* ---- field values ---- */

union value {
    struct str text;
    int64_t integer; /* INT, TIME, BOOL, LEVEL */
    double real;
};

/* False when the field is absent. */
static bool load(const struct result_field *field, const void *from, union value *ret)
{
    const char *at = (const char *)from + field->offset;
    int8_t small;
    *ret = (union value){.text = {NULL, 0}};
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
    case RESULT_JSON:
        memcpy(&ret->text, at, sizeof ret->text);
        return ret->text.len != 0;
    case RESULT_INT:
    case RESULT_TIME:
        memcpy(&ret->integer, at, sizeof ret->integer);
        return ret->integer != RESULT_ABSENT;
    case RESULT_REAL:
        memcpy(&ret->real, at, sizeof ret->real);
        return isfinite(ret->real);
    case RESULT_BOOL:
        memcpy(&small, at, sizeof small);
        ret->integer = (int64_t)small;
        return small >= 0;
    case RESULT_LEVEL:
        memcpy(&small, at, sizeof small);
        ret->integer = (int64_t)small;
        return small >= LEVEL_UNKNOWN && small <= LEVEL_RED;
    }
    return false;
}

/* ---- JSON ---- */

static void add_json_value(const struct result_field *field, const union value *v, struct text *out)
{
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
        add_json_text(out, v->text);
        break;
    case RESULT_JSON:
        text_add_str(out, v->text);
        break;
    case RESULT_INT:
        text_add_i64(out, v->integer);
        break;
    case RESULT_TIME:
        text_add_char(out, '"');
        text_add_time_ms(out, v->integer);
        text_add_char(out, '"');
        break;
    case RESULT_REAL:
        text_add_f64(out, v->real);
        break;
    case RESULT_BOOL:
        text_add_str(out, v->integer ? STR_LIT("true") : STR_LIT("false"));
        break;
    case RESULT_LEVEL:
        text_add_char(out, '"');
        text_add(out, level_text((int)v->integer));
        text_add_char(out, '"');
        break;
    }
}

void result_json(unsigned type, const void *from, struct text *out)
{
    const struct result_type *t = result_type_of(type);
    if (!t)
        return;
    char before = '{';
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct result_field *field = &t->fields[i];
        union value v;
        if (!load(field, from, &v))
            continue;
        text_add_char(out, before);
        text_add_char(out, '"');
        text_add_bytes(out, field->name, field->name_len);
        text_add_bytes(out, "\":", 2);
        add_json_value(field, &v, out);
        before = ',';
    }
    if (before == '{')
        text_add_char(out, '{');
    text_add_char(out, '}');
}

/* ---- line protocol ---- */

static void add_line_value(const struct result_field *field, const union value *v, struct text *out)
{
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
        add_field_text(out, v->text);
        break;
    case RESULT_INT:
    case RESULT_TIME:
    case RESULT_LEVEL:
        text_add_i64(out, v->integer);
        text_add_char(out, 'i');
        break;
    case RESULT_REAL:
        text_add_f64(out, v->real);
        break;
    case RESULT_BOOL:
        text_add_str(out, v->integer ? STR_LIT("true") : STR_LIT("false"));
        break;
    case RESULT_JSON:
        break;
    }
}

static bool several_per_ms(unsigned type)
{
    switch (type) {
#define SEVERAL(TYPE) case RECORD_##TYPE:
        RESULT_SEVERAL_PER_MS(SEVERAL)
#undef SEVERAL
        return true;
    default:
        return false;
    }
}

/* One input may bring several announcements of one rule
   (an escalation, then data are lost), each with a number of its own. */
int64_t result_line_below_ms(unsigned type, const void *from, uint64_t input_seq)
{
    if (type == RECORD_ALERT) {
        const struct result_alert *alert = from;
        return alert->n > 0 ? alert->n % NS_PER_MS : 0;
    }
    return several_per_ms(type) ? (int64_t)(input_seq % NS_PER_MS) : 0;
}

void result_line(unsigned type, const void *from, uint64_t input_seq, struct text *out)
{
    const struct result_type *t = result_type_of(type);
    if (!t || !t->measurement[0])
        return;
    const size_t began = out->len;
    int64_t stamp_ms = RESULT_ABSENT;
    union value v;
    if (result_is_exercise(type, from))
        text_add(out, RESULT_EXERCISE_MEASUREMENT_PREFIX);
    text_add(out, t->measurement);
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct result_field *field = &t->fields[i];
        if (field->place == RESULT_STAMP && load(field, from, &v))
            stamp_ms = v.integer;
        if (field->place != RESULT_TAG || !load(field, from, &v))
            continue;
        text_add_char(out, ',');
        text_add_bytes(out, field->name, field->name_len);
        text_add_char(out, '=');
        if (tag_plain(v.text))
            text_add_str(out, v.text);
        else
            add_tag_value(out, v.text);
    }
    char before = ' ';
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct result_field *field = &t->fields[i];
        if (field->place != RESULT_FIELD || field->kind == RESULT_JSON || !load(field, from, &v))
            continue;
        text_add_char(out, before);
        text_add_bytes(out, field->name, field->name_len);
        text_add_char(out, '=');
        add_line_value(field, &v, out);
        before = ',';
    }
    if (before == ' ' || stamp_ms < -stamp_ms_max || stamp_ms > stamp_ms_max) {
        out->len = began;
        return;
    }
    text_add_char(out, ' ');
    text_add_i64(out, stamp_ms * NS_PER_MS + result_line_below_ms(type, from, input_seq));
    text_add_char(out, '\n');
}

/* ---- keys ---- */

static void add_pair(struct text *out, struct str a, struct str b)
{
    text_add_str(out, a);
    text_add_char(out, '/');
    text_add_str(out, b);
}

struct str *result_status(unsigned type, void *of)
{
    switch (type) {
#define STATUS_OF(TYPE, name)                                                                      \
    case RECORD_##TYPE:                                                                            \
        return &((struct result_##name *)of)->status;
        RESULT_STATUS_TYPES(STATUS_OF)
#undef STATUS_OF
    default:
        return NULL;
    }
}

int64_t *result_valid_until(unsigned type, void *of)
{
    switch (type) {
#define VALIDITY_OF(TYPE, name)                                                                    \
    case RECORD_##TYPE:                                                                            \
        return &((struct result_##name *)of)->valid_until;
        RESULT_VALIDITY_TYPES(VALIDITY_OF)
#undef VALIDITY_OF
    default:
        return NULL;
    }
}

bool result_is_exercise(unsigned type, const void *from)
{
    const struct str *status = result_status(type, (void *)(uintptr_t)from);
    return status && str_equal(*status, STR_LIT("Exercise"));
}

void result_key(unsigned type, const void *from, struct text *out)
{
    if (type != RECORD_ALERT && result_is_exercise(type, from))
        text_add(out, RESULT_EXERCISE_PREFIX);
    switch (type) {
#define KEY_OF_ONE(TYPE, name, field)                                                              \
    case RECORD_##TYPE:                                                                            \
        text_add_str(out, ((const struct result_##name *)from)->field);                            \
        break;
#define KEY_OF_TWO(TYPE, name, first, second)                                                      \
    case RECORD_##TYPE:                                                                            \
        add_pair(out, ((const struct result_##name *)from)->first,                                 \
                 ((const struct result_##name *)from)->second);                                    \
        break;
        RESULT_KEYS(KEY_OF_ONE, KEY_OF_TWO)
#undef KEY_OF_ONE
#undef KEY_OF_TWO
    default:
        break;
    }
}

struct str result_venue(unsigned type, const void *from)
{
    switch (type) {
#define VENUE_OF(TYPE, name)                                                                       \
    case RECORD_##TYPE:                                                                            \
        return ((const struct result_##name *)from)->venue;
        RESULT_STATUS_TYPES(VENUE_OF)
        VENUE_OF(DEADLETTER, deadletter)
#undef VENUE_OF
    case RECORD_HEARTBEAT:
        return ((const struct result_heartbeat *)from)->instance;
    default:
        return (struct str){NULL, 0};
    }
}
