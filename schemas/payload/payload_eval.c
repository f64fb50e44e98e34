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

/* Bits of the answers that a place gives: at most one of texts, which differ; a number may be
   written in several ways. None when nothing is there. */
static uint64_t answers_of(const struct payload_decoder *d, const struct payload_question *q)
{
    const uint32_t at = q->of == PLACE_CAPTURE ? 0 : d->at[q->place];
    struct json_field f = {0};
    uint64_t answers = 0;
    if (q->of == PLACE_CAPTURE)
        return text_answer(q->answers, d->capture[q->place]);
    if (!at)
        return 0;
    if (json_kind_at(&d->document, at) == JSON_STRING)
        return text_answer(q->answers, json_text(&d->document, at));
    json_read(&d->document, at, &f);
    for (uint32_t i = 0; i < q->answers.count; i++)
        answers |= (uint64_t)payload_eval_is(&q->answers.constant[i], &f) << i;
    return answers;
}

static inline uint64_t answer(struct payload_decoder *d, uint32_t question)
{
    if (!(d->answered >> question & 1)) {
        d->answer[question] = answers_of(d, &d->map->question[question]);
        d->answered |= 1u << question;
    }
    return d->answer[question];
}

uint64_t payload_eval_asked(struct payload_decoder *d, uint32_t scope, uint64_t entries)
{
    for (uint32_t asked = d->map->scope[scope].asked; asked && entries; asked &= asked - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(asked);
        const struct payload_question *q = &d->map->question[number];
        uint64_t suits = ~q->asking;
        if (!(entries & q->asking))
            continue;
        for (uint64_t left = answer(d, number); left; left &= left - 1)
            suits |= q->entries[__builtin_ctzll(left)];
        entries &= suits;
    }
    return entries;
}

static bool holds(struct payload_decoder *d, const struct payload_condition *c)
{
    if (c->question)
        return !(answer(d, c->question - 1) & c->answers) == (c->test == CONDITION_NOT_IN);
    struct json_field f = {.kind = JSON_STRING};
    double number;
    bool there = true;
    if (c->of == PLACE_CAPTURE)
        f.text = d->capture[c->place];
    else if (c->of == PLACE_CARRIED)
        f = d->carried[c->scope][c->place];
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

bool payload_eval_conditions(struct payload_decoder *d, struct payload_conditions conditions)
{
    for (uint32_t i = 0; i < conditions.count; i++)
        if (!holds(d, &conditions.condition[i]))
            return false;
    return true;
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

/* What a piece stands for; ABSENT when its step is not there. */
static enum payload_got piece_read(const struct payload_decoder *d, uint32_t scope,
                                   const struct payload_piece *piece, struct json_field *ret)
{
    ret->kind = JSON_STRING;
    switch (piece->kind) {
    case PIECE_TEXT:
        ret->text = piece->text;
        return PAYLOAD_GOT;
    case PIECE_CAPTURE:
        ret->text = d->capture[piece->place];
        return PAYLOAD_GOT;
    case PIECE_STEP:
        return payload_step_read(d, piece->place, ret) ? PAYLOAD_GOT : PAYLOAD_ABSENT;
    case PIECE_CARRIED:
        *ret = d->carried[scope][piece->place];
        return PAYLOAD_GOT;
    case PIECE_KEY:
        ret->text = d->element[scope].key;
        return ret->text.len ? PAYLOAD_GOT : PAYLOAD_ABSENT;
    case PIECE_INDEX:
        ret->kind = JSON_INT;
        ret->integer = d->element[scope].index;
        return PAYLOAD_GOT;
    }
    return PAYLOAD_ABSENT;
}

/* A template of several parts, or of one that is no text yet. Apart, so that the many that are one
 * name of the topic stay cheap. */
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
        if (template->count == 1 && f.kind == JSON_STRING) {
            *ret_text = f.text; /* as it is: nothing to copy */
            return PAYLOAD_GOT;
        }
        if (!payload_eval_text(&f, &out) || out.overflow)
            return PAYLOAD_WRONG;
    }
    *ret_text = (struct str){out.at, (uint32_t)out.len};
    d->text_len += (uint32_t)out.len;
    return PAYLOAD_GOT;
}

enum payload_got payload_eval_template(struct payload_decoder *d, uint32_t scope,
                                       const struct payload_template *template,
                                       struct str *ret_text)
{
    const struct payload_piece *piece = template->piece;
    if (template->count > 1 || (template->count == 1 && piece->kind > PIECE_CAPTURE))
        return template_build(d, scope, template, ret_text);
    if (template->count == 0) {
        *ret_text = (struct str){0};
        return PAYLOAD_GOT;
    }
    const struct str *from = piece->kind == PIECE_TEXT ? &piece->text : &d->capture[piece->place];
    ret_text->at = from->at; /* member by member, as the capture was just written: a load of both
                                waits for the stores */
    ret_text->len = from->len;
    return PAYLOAD_GOT;
}
