/* Conditions and templates of a map, of the steps that the walk has found. */
#include <math.h>

#include "schemas/payload/decoder.h"

bool payload_eval_is(const struct payload_constant *c, const struct json_field *f)
{
    switch (f->kind) {
    case JSON_STRING:
        return c->text.len == f->text.len && payload_same(c->text.at, f->text.at, f->text.len);
    case JSON_INT:
        return c->is_number && c->number == (double)f->integer;
    case JSON_UINT:
        return c->is_number && c->number == (double)f->natural;
    case JSON_REAL:
        return c->is_number && c->number == f->real;
    case JSON_BOOL:
        return c->is_bool && c->boolean == f->boolean;
    default:
        return false;
    }
}

bool payload_eval_among(struct payload_constants constants, const struct json_field *f)
{
    for (uint32_t i = 0; i < constants.count; i++)
        if (payload_eval_is(&constants.constant[i], f))
            return true;
    return false;
}

static inline uint64_t text_answer(struct payload_constants answers, struct str text)
{
    for (uint32_t i = 0; i < answers.count; i++) {
        const struct str *answer = &answers.constant[i].text;
        if (answer->len == text.len && payload_same(answer->at, text.at, text.len))
            return UINT64_C(1) << i;
    }
    return 0;
}

/* A number may be written in several ways, so several answers may be it. */
__attribute__((noinline)) static uint64_t
other_answers(const struct payload_decoder *d, struct payload_constants answers, uint32_t at)
{
    struct json_field f = {0};
    uint64_t given = 0;
    json_read(&d->document, at, &f);
    for (uint32_t i = 0; i < answers.count; i++)
        given |= (uint64_t)payload_eval_is(&answers.constant[i], &f) << i;
    return given;
}

/* Bits of the answers that a place gives: at most one of texts, which differ. None when nothing is
 * there. */
static inline uint64_t answers_of(const struct payload_decoder *d, const struct payload_question *q)
{
    if (q->of == PLACE_CAPTURE)
        return text_answer(q->answers, d->capture[q->place]);
    uint32_t at = d->at[q->place];
    if (!at)
        return 0;
    return json_kind_at(&d->document, at) == JSON_STRING
               ? text_answer(q->answers, json_text(&d->document, at))
               : other_answers(d, q->answers, at);
}

uint64_t payload_eval_answer(struct payload_decoder *d, uint32_t question)
{
    d->answer[question] = answers_of(d, &d->map->question[question]);
    d->answered |= 1u << question;
    return d->answer[question];
}

bool payload_eval_condition(const struct payload_decoder *d, const struct payload_condition *c)
{
    struct json_field f = {.kind = JSON_STRING};
    double number;
    bool there = true;
    if (c->of == PLACE_CAPTURE)
        f.text = d->capture[c->place];
    else if (c->of == PLACE_CARRIED)
        payload_carried_read(d, c->scope, c->place, &f);
    else
        there = payload_step_read(d, c->place, &f);
    switch (c->test) {
    case CONDITION_IN:
        return there && payload_eval_among(c->among, &f);
    case CONDITION_NOT_IN:
        return !there || !payload_eval_among(c->among, &f);
    case CONDITION_PRESENT:
        return there;
    case CONDITION_ABSENT:
        return !there;
    case CONDITION_TYPE:
        return there && (c->kinds >> f.kind & 1);
    case CONDITION_ABOVE:
        return there && payload_number_of(&f, &number) && number > c->bound;
    case CONDITION_BELOW:
        return there && payload_number_of(&f, &number) && number < c->bound;
    }
    return false;
}

/* A scalar as text: a number in its shortest form. False for lists and objects. */
bool payload_eval_text(const struct json_field *f, struct text *out)
{
    switch (f->kind) {
    case JSON_STRING:
        text_add_str(out, f->text);
        return true;
    case JSON_INT:
        text_add_i64(out, f->integer);
        return true;
    case JSON_UINT:
        text_add_u64(out, f->natural);
        return true;
    case JSON_REAL:
        text_add_f64(out, f->real);
        return true;
    case JSON_BOOL:
        text_add(out, f->boolean ? "true" : "false");
        return true;
    default:
        return false;
    }
}

/* Member by member, as most was just written that way: a load of both would wait for the stores. */
static inline void text_take(struct str *to, const struct str *from)
{
    to->at = from->at;
    to->len = from->len;
}

/* What a piece stands for; ABSENT when its step is not there. */
static enum payload_got piece_read(const struct payload_decoder *d, uint32_t scope,
                                   const struct payload_piece *piece, struct json_field *ret)
{
    ret->kind = JSON_STRING;
    switch (piece->kind) {
    case PIECE_TEXT:
        text_take(&ret->text, &piece->text);
        return PAYLOAD_GOT;
    case PIECE_CAPTURE:
        text_take(&ret->text, &d->capture[piece->place]);
        return PAYLOAD_GOT;
    case PIECE_STEP:
        return payload_step_read(d, piece->place, ret) ? PAYLOAD_GOT : PAYLOAD_ABSENT;
    case PIECE_CARRIED:
        payload_carried_read(d, scope, piece->place, ret);
        return PAYLOAD_GOT;
    case PIECE_KEY:
        text_take(&ret->text, &d->element[scope].key);
        return ret->text.len ? PAYLOAD_GOT : PAYLOAD_ABSENT;
    case PIECE_INDEX:
        ret->kind = JSON_INT;
        ret->integer = d->element[scope].index;
        return PAYLOAD_GOT;
    }
    return PAYLOAD_ABSENT;
}

/* A template of several parts, or of one that is no text yet or is not there. Apart, so that the
 * many that are one name stay cheap. */
__attribute__((noinline)) static enum payload_got
template_build(struct payload_decoder *d, uint32_t scope, const struct payload_template *template,
               struct str *ret_text)
{
    struct json_field f = {0};
    struct text out = text_over(d->text + d->text_len, PAYLOAD_TEXT_BYTES - d->text_len);
    for (uint32_t i = 0; i < template->count; i++) {
        enum payload_got got = piece_read(d, scope, &template->piece[i], &f);
        if (got != PAYLOAD_GOT)
            return got;
        if (!payload_eval_text(&f, &out) || out.overflow)
            return PAYLOAD_WRONG;
    }
    *ret_text = (struct str){out.at, (uint32_t)out.len};
    d->text_len += (uint32_t)out.len;
    return PAYLOAD_GOT;
}

/* The text that a piece is as it stands. False: it is none, or has still to be made. */
static inline bool piece_text(const struct payload_decoder *d, uint32_t scope,
                              const struct payload_piece *piece, struct str *ret_text)
{
    const struct json_field *start;
    uint32_t at;
    switch (piece->kind) {
    case PIECE_TEXT:
        text_take(ret_text, &piece->text);
        return true;
    case PIECE_CAPTURE:
        text_take(ret_text, &d->capture[piece->place]);
        return true;
    case PIECE_STEP:
        at = d->at[piece->place];
        if (!at || json_kind_at(&d->document, at) != JSON_STRING)
            return false;
        *ret_text = json_text(&d->document, at);
        return true;
    case PIECE_CARRIED:
        at = d->carried[scope][piece->place];
        start = &d->map->carried[piece->place].start;
        if (start->kind != JSON_STRING)
            return false;
        if (at)
            *ret_text = json_text(&d->document, at);
        else
            text_take(ret_text, &start->text);
        return true;
    case PIECE_KEY:
        text_take(ret_text, &d->element[scope].key);
        return ret_text->len > 0;
    case PIECE_INDEX:
        break;
    }
    return false;
}

enum payload_got payload_eval_template(struct payload_decoder *d, uint32_t scope,
                                       const struct payload_template *template,
                                       struct str *ret_text)
{
    if (template->count == 0) {
        *ret_text = (struct str){0};
        return PAYLOAD_GOT;
    }
    if (template->count == 1 && piece_text(d, scope, template->piece, ret_text))
        return PAYLOAD_GOT;
    return template_build(d, scope, template, ret_text);
}
