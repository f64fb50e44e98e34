#include "schemas/payload/member.h"

#include <math.h>
#include <string.h>

#include "schemas/payload/internal.h"

#define MEMBER(field, member_kind, limit, list)                                                    \
    {                                                                                              \
        {#field, sizeof #field - 1}, member_kind, offsetof(struct result_reading, field), limit,   \
            list                                                                                   \
    }

static const struct str words_event[] = {{"pass", 4}, {"reject", 6}, {0}};
static const struct str words_direction[] = {{"in", 2}, {"out", 3}, {0}};
static const struct str words_gate[] = {{"open", 4}, {"closed", 6}, {"fault", 5}, {0}};
static const struct str words_light[] = {{"on", 2}, {"off", 3}, {"dim", 3}, {0}};

/* clang-format off */
static const struct member members_level[] = {
    MEMBER(ts, MEMBER_TIME, 0, NULL),
    MEMBER(seq, MEMBER_COUNT, READING_TOTAL_MAX, NULL),
    MEMBER(occupancy, MEMBER_COUNT, READING_PEOPLE_MAX, NULL),
    MEMBER(in, MEMBER_COUNT, READING_TOTAL_MAX, NULL),
    MEMBER(out, MEMBER_COUNT, READING_TOTAL_MAX, NULL),
};
static const struct member members_delta[] = {
    MEMBER(ts, MEMBER_TIME, 0, NULL),
    MEMBER(seq, MEMBER_COUNT, READING_TOTAL_MAX, NULL),
    MEMBER(in, MEMBER_COUNT, READING_PEOPLE_MAX, NULL),
    MEMBER(out, MEMBER_COUNT, READING_PEOPLE_MAX, NULL),
    MEMBER(occupancy, MEMBER_COUNT, READING_PEOPLE_MAX, NULL),
};
static const struct member members_total[] = {
    MEMBER(ts, MEMBER_TIME, 0, NULL),
    MEMBER(seq, MEMBER_COUNT, READING_TOTAL_MAX, NULL),
    MEMBER(in, MEMBER_COUNT, READING_TOTAL_MAX, NULL),
    MEMBER(out, MEMBER_COUNT, READING_TOTAL_MAX, NULL),
    MEMBER(occupancy, MEMBER_COUNT, READING_PEOPLE_MAX, NULL),
};
static const struct member members_gate[] = {
    MEMBER(ts, MEMBER_TIME, 0, NULL),
    MEMBER(seq, MEMBER_COUNT, READING_TOTAL_MAX, NULL),
    MEMBER(lane, MEMBER_TEXT, 0, NULL),
    MEMBER(event, MEMBER_WORD, 0, words_event),
    MEMBER(direction, MEMBER_WORD, 0, words_direction),
    MEMBER(reason, MEMBER_TEXT, 0, NULL),
    MEMBER(in, MEMBER_COUNT, READING_PEOPLE_MAX, NULL),
    MEMBER(out, MEMBER_COUNT, READING_PEOPLE_MAX, NULL),
    MEMBER(rejects, MEMBER_COUNT, READING_PEOPLE_MAX, NULL),
    MEMBER(lanes_open, MEMBER_COUNT, READING_LANES_MAX, NULL),
    MEMBER(state, MEMBER_WORD, 0, words_gate),
};
static const struct member members_light[] = {
    MEMBER(ts, MEMBER_TIME, 0, NULL),
    MEMBER(seq, MEMBER_COUNT, READING_TOTAL_MAX, NULL),
    MEMBER(lux, MEMBER_REAL, 1e6, NULL),
    MEMBER(power_w, MEMBER_REAL, 1e9, NULL),
    MEMBER(state, MEMBER_WORD, 0, words_light),
    MEMBER(fault, MEMBER_BOOL, 0, NULL),
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

static bool wrong_type(const struct member *m, const char *wanted, struct refusal *refusal)
{
    return refusal_about(refusal, REFUSAL_WRONG_TYPE, m->name.at, wanted);
}

static bool out_of_range(const struct member *m, struct refusal *refusal)
{
    struct text t = refusal_begin(refusal, REFUSAL_OUT_OF_RANGE);
    text_add(&t, m->name.at);
    text_add(&t, ": not from 0 to ");
    text_add_u64(&t, (uint64_t)m->max);
    return refusal_end(&t);
}

static bool count_read(const struct member *m, const struct json_field *f, char *to,
                       struct refusal *refusal)
{
    int64_t v = 0;
    if (f->kind == JSON_UINT)
        return out_of_range(m, refusal);
    if (f->kind == JSON_REAL) { /* 812.0 is an integer to JSON Schema */
        if (f->real != f->real || f->real < 0 || f->real > m->max)
            return out_of_range(m, refusal);
        v = (int64_t)f->real;
        if ((double)v != f->real)
            return wrong_type(m, "not a whole number", refusal);
    } else if (f->kind == JSON_INT) {
        v = f->integer;
    } else {
        return wrong_type(m, "not a whole number", refusal);
    }
    if (v < 0 || (double)v > m->max)
        return out_of_range(m, refusal);
    memcpy(to, &v, sizeof v);
    return true;
}

static bool real_read(const struct member *m, const struct json_field *f, char *to,
                      struct refusal *refusal)
{
    double v;
    if (f->kind == JSON_INT)
        v = (double)f->integer;
    else if (f->kind == JSON_UINT)
        v = (double)f->natural;
    else if (f->kind == JSON_REAL)
        v = f->real;
    else
        return wrong_type(m, "not a number", refusal);
    if (!(v >= 0 && v <= m->max))
        return out_of_range(m, refusal);
    memcpy(to, &v, sizeof v);
    return true;
}

/* Milliseconds since 1970 or RFC 3339. What is a sane time is sensor.c's to say. */
static bool time_read(const struct member *m, const struct json_field *f, char *to,
                      struct refusal *refusal)
{
    int64_t v;
    if (f->kind == JSON_INT && f->integer >= 0)
        v = f->integer;
    else if (f->kind == JSON_INT || f->kind == JSON_UINT)
        return refusal_about(refusal, REFUSAL_OUT_OF_RANGE, m->name.at, "not a time since 1970");
    else if (f->kind == JSON_REAL && f->real >= 0 && f->real <= READING_TOTAL_MAX)
        v = (int64_t)f->real;
    else if (f->kind != JSON_STRING || !time_parse_rfc3339(f->text, &v))
        return wrong_type(m, "not milliseconds or an RFC 3339 time with offset", refusal);
    memcpy(to, &v, sizeof v);
    return true;
}

static bool word_read(const struct member *m, const struct json_field *f, char *to,
                      struct refusal *refusal)
{
    if (f->kind != JSON_STRING)
        return wrong_type(m, "not a string", refusal);
    for (const struct str *word = m->words; word->len; word++) {
        if (word->len == f->text.len && payload_same(word->at, f->text.at, word->len)) {
            memcpy(to, word, sizeof *word);
            return true;
        }
    }
    return refusal_about(refusal, REFUSAL_OUT_OF_RANGE, m->name.at, "not a word of the contract");
}

static bool text_read(const struct member *m, const struct json_field *f, char *to,
                      struct refusal *refusal)
{
    if (f->kind != JSON_STRING)
        return wrong_type(m, "not a string", refusal);
    if (f->text.len > READING_TEXT_BYTES_MAX)
        return refusal_about(refusal, REFUSAL_OUT_OF_RANGE, m->name.at, "too long");
    memcpy(to, &f->text, sizeof f->text);
    return true;
}

bool member_read(const struct member *m, const struct json_field *f, struct result_reading *into,
                 struct refusal *refusal)
{
    char *to = (char *)into + m->offset;
    switch (m->kind) {
    case MEMBER_TIME:
        return time_read(m, f, to, refusal);
    case MEMBER_COUNT:
        return count_read(m, f, to, refusal);
    case MEMBER_REAL:
        return real_read(m, f, to, refusal);
    case MEMBER_BOOL:
        if (f->kind != JSON_BOOL)
            return wrong_type(m, "not true or false", refusal);
        *(int8_t *)to = f->boolean;
        return true;
    case MEMBER_WORD:
        return word_read(m, f, to, refusal);
    case MEMBER_TEXT:
        return text_read(m, f, to, refusal);
    }
    return true;
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
