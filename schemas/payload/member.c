#include "schemas/payload/member.h"

#include <math.h>
#include <string.h>

#include "schemas/payload/internal.h"

#define FAULT(name, why, text)                                                                     \
    static const struct member_fault name = {REFUSAL_##why, {text, sizeof text - 1}}

FAULT(not_whole, WRONG_TYPE, "not a whole number");
FAULT(not_number, WRONG_TYPE, "not a number");
FAULT(not_string, WRONG_TYPE, "not a string");
FAULT(not_bool, WRONG_TYPE, "not true or false");
FAULT(not_time, WRONG_TYPE, "not milliseconds or an RFC 3339 time with offset");
FAULT(not_since, OUT_OF_RANGE, "not a time since 1970");
FAULT(not_word, OUT_OF_RANGE, "not a word of the contract");
FAULT(too_long, OUT_OF_RANGE, "too long");
FAULT(beyond_TOTAL, OUT_OF_RANGE, "not from 0 to 9007199254740992");
FAULT(beyond_PEOPLE, OUT_OF_RANGE, "not from 0 to 10000000");
FAULT(beyond_LANES, OUT_OF_RANGE, "not from 0 to 1000");
FAULT(beyond_LUX, OUT_OF_RANGE, "not from 0 to 1000000");
FAULT(beyond_POWER, OUT_OF_RANGE, "not from 0 to 1000000000");

static const struct str words_event[] = {{"pass", 4}, {"reject", 6}, {0}};
static const struct str words_direction[] = {{"in", 2}, {"out", 3}, {0}};
static const struct str words_gate[] = {{"open", 4}, {"closed", 6}, {"fault", 5}, {0}};
static const struct str words_light[] = {{"on", 2}, {"off", 3}, {"dim", 3}, {0}};

/* clang-format off */
#define MEMBER_AT(field) .name = {#field, sizeof #field - 1}, .offset = offsetof(struct result_reading, field)
#define MEMBER(field, member_kind, list) {MEMBER_AT(field), .kind = member_kind, .words = list}
#define NUMBER(field, member_kind, limit)                                                          \
    {MEMBER_AT(field), .kind = member_kind, .max = READING_##limit##_MAX, .beyond = &beyond_##limit}
static const struct member members_level[] = {
    MEMBER(ts, MEMBER_TIME, NULL),
    NUMBER(seq, MEMBER_COUNT, TOTAL),
    NUMBER(occupancy, MEMBER_COUNT, PEOPLE),
    NUMBER(in, MEMBER_COUNT, TOTAL),
    NUMBER(out, MEMBER_COUNT, TOTAL),
};
static const struct member members_delta[] = {
    MEMBER(ts, MEMBER_TIME, NULL),
    NUMBER(seq, MEMBER_COUNT, TOTAL),
    NUMBER(in, MEMBER_COUNT, PEOPLE),
    NUMBER(out, MEMBER_COUNT, PEOPLE),
    NUMBER(occupancy, MEMBER_COUNT, PEOPLE),
};
static const struct member members_total[] = {
    MEMBER(ts, MEMBER_TIME, NULL),
    NUMBER(seq, MEMBER_COUNT, TOTAL),
    NUMBER(in, MEMBER_COUNT, TOTAL),
    NUMBER(out, MEMBER_COUNT, TOTAL),
    NUMBER(occupancy, MEMBER_COUNT, PEOPLE),
};
static const struct member members_gate[] = {
    MEMBER(ts, MEMBER_TIME, NULL),
    NUMBER(seq, MEMBER_COUNT, TOTAL),
    MEMBER(lane, MEMBER_TEXT, NULL),
    MEMBER(event, MEMBER_WORD, words_event),
    MEMBER(direction, MEMBER_WORD, words_direction),
    MEMBER(reason, MEMBER_TEXT, NULL),
    NUMBER(in, MEMBER_COUNT, PEOPLE),
    NUMBER(out, MEMBER_COUNT, PEOPLE),
    NUMBER(rejects, MEMBER_COUNT, PEOPLE),
    NUMBER(lanes_open, MEMBER_COUNT, LANES),
    MEMBER(state, MEMBER_WORD, words_gate),
};
static const struct member members_light[] = {
    MEMBER(ts, MEMBER_TIME, NULL),
    NUMBER(seq, MEMBER_COUNT, TOTAL),
    NUMBER(lux, MEMBER_REAL, LUX),
    NUMBER(power_w, MEMBER_REAL, POWER),
    MEMBER(state, MEMBER_WORD, words_light),
    MEMBER(fault, MEMBER_BOOL, NULL),
};
/* clang-format on */

#define MEMBERS(table) ((struct members){table, sizeof table / sizeof table[0]})

struct members members_of(enum sensor_class class, enum counter_kind kind)
{
    switch (class) {
    case SENSOR_GATE:
    case SENSOR_VEHICLE_GATE:
        return MEMBERS(members_gate);
    case SENSOR_LIGHT:
        return MEMBERS(members_light);
    case SENSOR_CROWD:
        break;
    }
    switch (kind) {
    case COUNTER_LEVEL:
        return MEMBERS(members_level);
    case COUNTER_DELTA:
        return MEMBERS(members_delta);
    case COUNTER_DAILY:
    case COUNTER_TOTAL:
        break;
    }
    return MEMBERS(members_total);
}

const struct member *member_find(struct members members, struct str name)
{
    for (uint32_t i = 0; i < members.count; i++) {
        const struct str *known = &members.member[i].name;
        if (known->len == name.len && payload_same(known->at, name.at, name.len))
            return &members.member[i];
    }
    return NULL;
}

static const struct member_fault *count_put(const struct member *m, const struct json_field *f,
                                            char *to)
{
    int64_t v = 0;
    if (f->kind == JSON_UINT)
        return m->beyond;
    if (f->kind == JSON_REAL) { /* 812.0 is an integer to JSON Schema */
        if (f->real != f->real || f->real < 0 || f->real > m->max)
            return m->beyond;
        v = (int64_t)f->real;
        if ((double)v != f->real)
            return &not_whole;
    } else if (f->kind == JSON_INT) {
        v = f->integer;
    } else {
        return &not_whole;
    }
    if (v < 0 || (double)v > m->max)
        return m->beyond;
    memcpy(to, &v, sizeof v);
    return NULL;
}

static const struct member_fault *real_put(const struct member *m, const struct json_field *f,
                                           char *to)
{
    double v;
    if (f->kind == JSON_INT)
        v = (double)f->integer;
    else if (f->kind == JSON_UINT)
        v = (double)f->natural;
    else if (f->kind == JSON_REAL)
        v = f->real;
    else
        return &not_number;
    if (!(v >= 0 && v <= m->max))
        return m->beyond;
    memcpy(to, &v, sizeof v);
    return NULL;
}

/* Milliseconds since 1970 or RFC 3339. What is a sane time is sensor.c's to say. */
static const struct member_fault *time_put(const struct json_field *f, char *to)
{
    int64_t v;
    if (f->kind == JSON_INT && f->integer >= 0)
        v = f->integer;
    else if (f->kind == JSON_INT || f->kind == JSON_UINT)
        return &not_since;
    else if (f->kind == JSON_REAL && f->real >= 0 && f->real <= READING_TOTAL_MAX)
        v = (int64_t)f->real;
    else if (f->kind != JSON_STRING || !time_parse_rfc3339(f->text, &v))
        return &not_time;
    memcpy(to, &v, sizeof v);
    return NULL;
}

static const struct member_fault *word_put(const struct member *m, const struct json_field *f,
                                           char *to)
{
    if (f->kind != JSON_STRING)
        return &not_string;
    for (const struct str *word = m->words; word->len; word++) {
        if (word->len == f->text.len && payload_same(word->at, f->text.at, word->len)) {
            memcpy(to, word, sizeof *word);
            return NULL;
        }
    }
    return &not_word;
}

static const struct member_fault *text_put(const struct json_field *f, char *to)
{
    if (f->kind != JSON_STRING)
        return &not_string;
    if (f->text.len > READING_TEXT_BYTES_MAX)
        return &too_long;
    memcpy(to, &f->text, sizeof f->text);
    return NULL;
}

const struct member_fault *member_put(const struct member *m, const struct json_field *f,
                                      struct result_reading *into)
{
    char *to = (char *)into + m->offset;
    switch (m->kind) {
    case MEMBER_TIME:
        return time_put(f, to);
    case MEMBER_COUNT:
        return count_put(m, f, to);
    case MEMBER_REAL:
        return real_put(m, f, to);
    case MEMBER_BOOL:
        if (f->kind != JSON_BOOL)
            return &not_bool;
        *(int8_t *)to = f->boolean;
        return NULL;
    case MEMBER_WORD:
        return word_put(m, f, to);
    case MEMBER_TEXT:
        return text_put(f, to);
    }
    return NULL;
}

bool member_read(const struct member *m, const struct json_field *f, struct result_reading *into,
                 struct refusal *refusal)
{
    const struct member_fault *fault = member_put(m, f, into);
    return !fault || refusal_about(refusal, fault->reason, m->name.at, fault->what.at);
}

bool member_said(const struct member *m, const struct result_reading *r)
{
    const char *at = (const char *)r + m->offset;
    int64_t whole;
    double real;
    struct str text;
    switch (m->kind) {
    case MEMBER_TIME:
    case MEMBER_COUNT:
        memcpy(&whole, at, sizeof whole);
        return whole != RESULT_ABSENT;
    case MEMBER_REAL:
        memcpy(&real, at, sizeof real);
        return !isnan(real);
    case MEMBER_BOOL:
        return *(const int8_t *)at >= 0;
    case MEMBER_WORD:
    case MEMBER_TEXT:
        memcpy(&text, at, sizeof text);
        return text.len > 0;
    }
    return false;
}

/* What makes a message of this class one: something to count, or a state. */
bool members_complete(enum sensor_class class, enum counter_kind kind,
                      const struct result_reading *r, struct refusal *refusal)
{
    bool counts = r->in != RESULT_ABSENT || r->out != RESULT_ABSENT;
    switch (class) {
    case SENSOR_CROWD:
        if (kind == COUNTER_LEVEL)
            return r->occupancy != RESULT_ABSENT ||
                   refusal_set(refusal, REFUSAL_WRONG_TYPE,
                               "occupancy: missing, and the sensor is a level counter");
        return counts || refusal_set(refusal, REFUSAL_WRONG_TYPE,
                                     "in, out: both missing, and the sensor counts passages");
    case SENSOR_GATE:
    case SENSOR_VEHICLE_GATE:
        if (r->event.len)
            return r->direction.len ||
                   refusal_set(refusal, REFUSAL_WRONG_TYPE, "direction: missing beside event");
        return counts || r->rejects != RESULT_ABSENT || r->lanes_open != RESULT_ABSENT ||
               r->state.len ||
               refusal_set(refusal, REFUSAL_WRONG_TYPE, "neither an event nor a report of a gate");
    case SENSOR_LIGHT:
        return !isnan(r->lux) || !isnan(r->power_w) || r->state.len || r->fault >= 0 ||
               refusal_set(refusal, REFUSAL_WRONG_TYPE, "no member of a light");
    }
    return true;
}

struct str reading_kind(enum sensor_class class, enum counter_kind kind)
{
    static const struct str crowd[] = {
        [COUNTER_LEVEL] = {"crowd_level", 11},
        [COUNTER_DELTA] = {"crowd_delta", 11},
        [COUNTER_DAILY] = {"crowd_daily", 11},
        [COUNTER_TOTAL] = {"crowd_total", 11},
    };
    switch (class) {
    case SENSOR_CROWD:
        return crowd[kind];
    case SENSOR_GATE:
        return STR_LIT("gate");
    case SENSOR_VEHICLE_GATE:
        return STR_LIT("vehicle_gate");
    case SENSOR_LIGHT:
        return STR_LIT("light");
    }
    return (struct str){0};
}
