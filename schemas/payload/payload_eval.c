/* Conditions, templates and values of a map, of the steps that the walk has found. */
#include <math.h>

#include "schemas/payload/decoder.h"

static bool constant_is(const struct payload_constant *c, const struct json_field *f)
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

static bool among(struct payload_constants constants, const struct json_field *f)
{
    for (uint32_t i = 0; i < constants.count; i++)
        if (constant_is(&constants.constant[i], f))
            return true;
    return false;
}

static bool number_of(const struct json_field *f, double *ret)
{
    switch (f->kind) {
    case JSON_INT:
        *ret = (double)f->integer;
        return true;
    case JSON_UINT:
        *ret = (double)f->natural;
        return true;
    case JSON_REAL:
        *ret = f->real;
        return true;
    default:
        return false;
    }
}

/* What a step has; false when nothing, or null, is there. */
static bool step_read(const struct payload_decoder *d, uint32_t step, struct json_field *ret)
{
    uint32_t at = d->at[step];
    if (!at)
        return false;
    json_read(&d->document, at, ret);
    return ret->kind != JSON_NULL;
}

static inline bool text_among(struct payload_constants constants, struct str text)
{
    for (uint32_t i = 0; i < constants.count; i++) {
        const struct str *constant = &constants.constant[i].text;
        if (constant->len == text.len && payload_same(constant->at, text.at, text.len))
            return true;
    }
    return false;
}

/* A step's value is one of the constants; texts, as most are, without a detour. */
static bool step_among(const struct payload_decoder *d, const struct payload_condition *c)
{
    const uint32_t at = d->at[c->place];
    struct json_field f;
    if (!at)
        return false;
    if (json_kind_at(&d->document, at) != JSON_STRING) {
        json_read(&d->document, at, &f);
        return among(c->among, &f);
    }
    return text_among(c->among, json_text(&d->document, at));
}

static bool holds(const struct payload_decoder *d, const struct payload_condition *c)
{
    if (c->of == PLACE_STEP && c->test <= CONDITION_NOT_IN)
        return step_among(d, c) == (c->test == CONDITION_IN);
    if (c->of == PLACE_CAPTURE && c->test <= CONDITION_NOT_IN)
        return text_among(c->among, d->capture[c->place]) == (c->test == CONDITION_IN);
    struct json_field f = {.kind = JSON_STRING};
    double number;
    bool there = true;
    if (c->of == PLACE_CAPTURE)
        f.text = d->capture[c->place];
    else if (c->of == PLACE_CARRIED)
        f = d->carried[c->scope][c->place];
    else
        there = step_read(d, c->place, &f);
    switch (c->test) {
    case CONDITION_IN:
        return there && among(c->among, &f);
    case CONDITION_NOT_IN:
        return !there || !among(c->among, &f);
    case CONDITION_PRESENT:
        return there;
    case CONDITION_ABSENT:
        return !there;
    case CONDITION_TYPE:
        return there && (c->kinds >> f.kind & 1);
    case CONDITION_ABOVE:
        return there && number_of(&f, &number) && number > c->bound;
    case CONDITION_BELOW:
        return there && number_of(&f, &number) && number < c->bound;
    }
    return false;
}

bool payload_eval_conditions(const struct payload_decoder *d, struct payload_conditions conditions)
{
    for (uint32_t i = 0; i < conditions.count; i++)
        if (!holds(d, &conditions.condition[i]))
            return false;
    return true;
}

/* A scalar as text: a number in its shortest form. False for lists and objects. */
static bool field_text(const struct json_field *f, struct text *out)
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
        return step_read(d, piece->place, ret) ? PAYLOAD_GOT : PAYLOAD_ABSENT;
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
    struct json_field f;
    struct text out = text_over(d->text + d->text_len, PAYLOAD_TEXT_BYTES - d->text_len);
    for (uint32_t i = 0; i < template->count; i++) {
        enum payload_got got = piece_read(d, scope, &template->piece[i], &f);
        if (got != PAYLOAD_GOT)
            return got;
        if (template->count == 1 && f.kind == JSON_STRING) {
            *ret_text = f.text; /* as it is: nothing to copy */
            return PAYLOAD_GOT;
        }
        if (!field_text(&f, &out) || out.overflow)
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

static struct str name_of(const struct payload_alternatives *a)
{
    return a->member ? a->member->name : STR_LIT("time");
}

/* "in (/line_1_total_in): " and the reason. */
__attribute__((cold, noinline)) static enum payload_got
wrong(const struct payload_decoder *d, const struct payload_alternatives *a,
      const struct payload_value *v, enum refusal_reason reason, const char *what,
      struct refusal *refusal)
{
    struct text t = refusal_begin(refusal, reason);
    text_add_str(&t, name_of(a));
    if (v && v->from == VALUE_STEP) {
        text_add(&t, " (");
        payload_walk_path(d, v->step, &t);
        text_add(&t, ")");
    }
    text_add(&t, ": ");
    text_add(&t, what);
    (void)refusal_end(&t);
    return PAYLOAD_WRONG;
}

/* Where the value comes from. ABSENT: this alternative does not apply. */
static enum payload_got source_read(struct payload_decoder *d, uint32_t scope,
                                    const struct payload_value *v, struct json_field *f)
{
    if (v->when.count && !payload_eval_conditions(d, v->when))
        return PAYLOAD_ABSENT;
    switch (v->from) {
    case VALUE_STEP:
        if (!step_read(d, v->step, f) || (v->invalid.count && among(v->invalid, f)))
            return PAYLOAD_ABSENT;
        return PAYLOAD_GOT;
    case VALUE_CONSTANT:
        *f = v->constant;
        return PAYLOAD_GOT;
    case VALUE_TEMPLATE:
        f->kind = JSON_STRING;
        return payload_eval_template(d, scope, &v->text, &f->text);
    case VALUE_PAYLOAD:
        f->kind = JSON_STRING;
        f->text = d->message->payload;
        return v->invalid.count && among(v->invalid, f) ? PAYLOAD_ABSENT : PAYLOAD_GOT;
    }
    return PAYLOAD_ABSENT;
}

static bool word_find(const struct payload_value *v, struct json_field *f)
{
    for (uint32_t i = 0; i < v->word_count; i++)
        if (constant_is(&v->word[i].from, f)) {
            *f = v->word[i].to;
            return true;
        }
    return false;
}

/* Digits alone stay the integer they are. */
static bool number_in_text(struct json_field *f)
{
    int64_t whole;
    double real;
    if (f->kind != JSON_STRING)
        return true; /* some firmware versions write the number itself */
    if (tree_parse_int(f->text, &whole)) {
        f->kind = JSON_INT;
        f->integer = whole;
        return true;
    }
    if (!json_number_parse(f->text, &real))
        return false;
    f->kind = JSON_REAL;
    f->real = real;
    return true;
}

static double carried_number(const struct payload_decoder *d, uint32_t scope,
                             const struct payload_value *v)
{
    return v->carried < d->map->carried_count ? d->carried[scope][v->carried].real : 0;
}

/* The first alternative that applies, as a field of the kind that it has become. */
static enum payload_got value_read(struct payload_decoder *d, uint32_t scope,
                                   const struct payload_alternatives *a,
                                   const struct payload_value **ret_value, struct json_field *f,
                                   struct refusal *refusal)
{
    enum payload_got got = PAYLOAD_ABSENT;
    const struct payload_value *v = a->value;
    for (uint32_t i = 0; i < a->count && got == PAYLOAD_ABSENT; i++)
        if (d->at[a->value[i].needs])
            got = source_read(d, scope, v = &a->value[i], f);
    *ret_value = v;
    if (got == PAYLOAD_ABSENT)
        return a->required
                   ? wrong(d, a, a->count == 1 ? v : NULL, REFUSAL_WRONG_TYPE, "missing", refusal)
                   : PAYLOAD_ABSENT;
    if (got == PAYLOAD_WRONG)
        return wrong(d, a, v, REFUSAL_WRONG_TYPE, "not a text, or too long", refusal);
    if (v->word_count && !word_find(v, f))
        return wrong(d, a, v, REFUSAL_OUT_OF_RANGE, "not among the words of the map", refusal);
    if (v->number_in_text && !number_in_text(f))
        return wrong(d, a, v, REFUSAL_WRONG_TYPE, "not a number written as text", refusal);
    return PAYLOAD_GOT;
}

/* scale, add, min and max. Whole numbers that nothing is done to stay as they are. */
static enum payload_got number_make(struct payload_decoder *d, uint32_t scope,
                                    const struct payload_alternatives *a,
                                    const struct payload_value *v, struct json_field *f,
                                    struct refusal *refusal)
{
    double number;
    bool bounded = v->min > -INFINITY || v->max < INFINITY;
    if ((!v->scaled && !bounded) || !number_of(f, &number))
        return PAYLOAD_GOT; /* what is no number, member_read refuses */
    if (v->scaled) {
        number = number * v->multiply / v->divide + v->add + carried_number(d, scope, v);
        f->kind = JSON_REAL;
        f->real = number;
    }
    if (number < v->min || number > v->max)
        return wrong(d, a, v, REFUSAL_OUT_OF_RANGE, "beyond the map's min and max", refusal);
    return PAYLOAD_GOT;
}

/* Lanes and reasons are often numbers. */
static enum payload_got text_make(struct payload_decoder *d, const struct payload_alternatives *a,
                                  const struct payload_value *v, struct json_field *f,
                                  struct refusal *refusal)
{
    struct text out = text_over(d->text + d->text_len, PAYLOAD_TEXT_BYTES - d->text_len);
    if (f->kind != JSON_INT && f->kind != JSON_UINT)
        return PAYLOAD_GOT;
    if (!field_text(f, &out) || out.overflow)
        return wrong(d, a, v, REFUSAL_OUT_OF_RANGE, "too many texts in one message", refusal);
    f->kind = JSON_STRING;
    f->text = (struct str){out.at, (uint32_t)out.len};
    d->text_len += (uint32_t)out.len;
    return PAYLOAD_GOT;
}

/* member_read says "in: not a whole number"; the pointer goes between. */
__attribute__((cold, noinline)) static enum payload_got
place_name(const struct payload_decoder *d, const struct payload_alternatives *a,
           const struct payload_value *v, struct refusal *refusal)
{
    char said[REFUSAL_DETAIL_BYTES];
    uint32_t skip = a->member->name.len + 2;
    size_t len = strlen(refusal->detail);
    memcpy(said, refusal->detail, len + 1);
    return wrong(d, a, v, refusal->reason, len > skip ? said + skip : said, refusal);
}

/* A value of which something is asked. */
__attribute__((noinline)) static enum payload_got
member_make(struct payload_decoder *d, uint32_t scope, const struct payload_alternatives *a,
            struct result_reading *into, struct refusal *refusal)
{
    const struct payload_value *v;
    struct json_field f = {0};
    enum payload_got got = value_read(d, scope, a, &v, &f, refusal);
    enum member_kind kind = a->member->kind;
    if (got == PAYLOAD_GOT && (kind == MEMBER_COUNT || kind == MEMBER_REAL))
        got = number_make(d, scope, a, v, &f, refusal);
    else if (got == PAYLOAD_GOT && kind == MEMBER_TEXT)
        got = text_make(d, a, v, &f, refusal);
    if (got == PAYLOAD_GOT && !member_read(a->member, &f, into, refusal))
        return place_name(d, a, v, refusal);
    return got;
}

enum payload_got payload_eval_member(struct payload_decoder *d, uint32_t scope,
                                     const struct payload_alternatives *alternatives,
                                     struct result_reading *into, struct refusal *refusal)
{
    const struct payload_value *v = alternatives->value;
    struct json_field f;
    if (!v->plain || alternatives->count > 1 || alternatives->required ||
        alternatives->member->kind == MEMBER_TEXT)
        return member_make(d, scope, alternatives, into, refusal);
    if (!step_read(d, v->step, &f)) /* most members by far are as they are there */
        return PAYLOAD_ABSENT;
    return member_read(alternatives->member, &f, into, refusal)
               ? PAYLOAD_GOT
               : place_name(d, alternatives, v, refusal);
}

enum payload_got payload_eval_time(struct payload_decoder *d, uint32_t scope,
                                   const struct payload_alternatives *alternatives, int64_t *ret_ms,
                                   struct refusal *refusal)
{
    const struct payload_value *v;
    struct json_field f = {0};
    const char *reason;
    enum payload_got got = value_read(d, scope, alternatives, &v, &f, refusal);
    if (got != PAYLOAD_GOT)
        return got;
    if (!payload_time_read(&f, v->format, v->zone, d->message->received_ms,
                           d->message->utc_offset_s, v->add + carried_number(d, scope, v), ret_ms,
                           &reason))
        return wrong(d, alternatives, v, REFUSAL_WRONG_TYPE, reason, refusal);
    return *ret_ms == RESULT_ABSENT ? PAYLOAD_ABSENT : PAYLOAD_GOT;
}
