/* What a message becomes, as a line for people: samples of maps are compared with it. */
#include <math.h>

#include "schemas/payload/member.h"
#include "schemas/payload/payload_decode.h"

static void value_add(const struct member *m, const struct result_reading *r, struct text *out)
{
    const char *at = (const char *)r + m->offset;
    int64_t whole;
    double real;
    struct str text;
    switch (m->kind) {
    case MEMBER_TIME:
        memcpy(&whole, at, sizeof whole);
        text_add_time_ms(out, whole);
        break;
    case MEMBER_COUNT:
        memcpy(&whole, at, sizeof whole);
        text_add_i64(out, whole);
        break;
    case MEMBER_REAL:
        memcpy(&real, at, sizeof real);
        text_add_f64(out, real);
        break;
    case MEMBER_BOOL:
        text_add(out, *(const int8_t *)at ? "yes" : "no");
        break;
    case MEMBER_WORD:
    case MEMBER_TEXT:
        memcpy(&text, at, sizeof text);
        text_add_plain(out, text);
        break;
    }
}

static void member_add(const struct member *m, const struct result_reading *r, struct text *out)
{
    if (!member_said(m, r))
        return;
    text_add_char(out, ' ');
    text_add_str(out, m->name);
    text_add_char(out, '=');
    value_add(m, r, out);
}

/* "wrong_type: in (/x): not a whole number" */
static void refusal_add(const struct refusal *refusal, struct text *out)
{
    text_add(out, "refused ");
    text_add(out, refusal_reason_text(refusal->reason));
    text_add(out, ": ");
    text_add_plain(out, str_of(refusal->detail));
}

void payload_reading_text(const struct payload_reading *reading, struct text *out)
{
    struct members members = members_of(reading->class, reading->kind);
    text_add_plain(out, reading->device);
    if (reading->part.len) {
        text_add_char(out, '/');
        text_add_plain(out, reading->part);
    }
    text_add_char(out, ' ');
    text_add_str(out, reading_kind(reading->class, reading->kind));
    if (reading->refused) {
        text_add_char(out, ' ');
        refusal_add(&reading->refusal, out);
        return;
    }
    /* the table begins with the time and the sequence, which belong last */
    for (uint32_t i = 2; i < members.count; i++)
        member_add(&members.member[i], &reading->values, out);
    member_add(&members.member[1], &reading->values, out);
    member_add(&members.member[0], &reading->values, out);
    text_add(out, reading->historical ? " historical" : "");
    text_add(out, reading->partial ? " partial" : "");
}

void payload_outcome_text(const struct payload_outcome *outcome, struct text *out)
{
    switch (outcome->kind) {
    case PAYLOAD_READINGS:
        for (uint32_t i = 0; i < outcome->count; i++) {
            payload_reading_text(&outcome->reading[i], out);
            text_add_char(out, '\n');
        }
        return;
    case PAYLOAD_NOTHING:
        text_add(out, "nothing");
        break;
    case PAYLOAD_STATUS:
        text_add(out, outcome->online ? "online " : "offline ");
        text_add_plain(out, outcome->device);
        break;
    case PAYLOAD_REFUSED:
        refusal_add(&outcome->refusal, out);
        break;
    }
    text_add_char(out, '\n');
}

static void line_add(struct str line, struct text *out)
{
    if (!line.len)
        return;
    text_add_str(out, line);
    text_add_char(out, '\n');
}

void payload_sample_text(const struct payload_sample *sample, struct text *out)
{
    for (uint32_t i = 0; i < sample->reading_count; i++)
        line_add(sample->reading[i], out);
    if (sample->nothing)
        line_add(STR_LIT("nothing"), out);
    line_add(sample->status, out);
    if (sample->refused.len) {
        text_add(out, "refused ");
        line_add(sample->refused, out);
    }
}
