/* Members and times of a reading, of what the steps of a message hold. */
#include "schemas/payload/decoder.h"

/* "in (/line_1_total_in): " and the reason. */
__attribute__((cold, noinline)) static enum payload_got
wrong(const struct payload_decoder *d, const struct payload_alternatives *a,
      const struct payload_value *v, enum refusal_reason reason, struct str what,
      struct refusal *refusal)
{
    struct text t = refusal_begin(refusal, reason);
    text_add_str(&t, a->member ? a->member->name : STR_LIT("time"));
    if (v && v->from == VALUE_STEP) {
        text_add_str(&t, STR_LIT(" ("));
        payload_walk_path(d, v->step, &t);
        text_add_str(&t, STR_LIT("): "));
    } else {
        text_add_str(&t, STR_LIT(": "));
    }
    text_add_str(&t, what);
    (void)refusal_end(&t);
    return PAYLOAD_WRONG;
}

/* Where the value comes from. ABSENT: this alternative does not apply. */
static inline enum payload_got source_read(struct payload_decoder *d, uint32_t scope,
                                           const struct payload_value *v, struct json_field *f)
{
    if (!payload_conditions_hold(d, v->when))
        return PAYLOAD_ABSENT;
    switch (v->from) {
    case VALUE_STEP:
        if (!payload_step_read(d, v->step, f))
            return PAYLOAD_ABSENT;
        break;
    case VALUE_CONSTANT:
        *f = v->constant;
        return PAYLOAD_GOT;
    case VALUE_TEMPLATE:
        f->kind = JSON_STRING;
        return payload_eval_template(d, scope, &v->text, &f->text);
    case VALUE_PAYLOAD:
        f->kind = JSON_STRING;
        f->text = d->message->payload;
        break;
    }
    return v->invalid.count && payload_eval_among(v->invalid, f) ? PAYLOAD_ABSENT : PAYLOAD_GOT;
}

/* The first alternative that applies; NULL: none does. *ret_got is GOT or WRONG. */
static inline const struct payload_value *first_read(struct payload_decoder *d, uint32_t scope,
                                                     const struct payload_alternatives *a,
                                                     struct json_field *f,
                                                     enum payload_got *ret_got)
{
    for (const struct payload_value *v = a->value, *end = v + a->count; v != end; v++) {
        enum payload_got got = d->at[v->needs] ? source_read(d, scope, v, f) : PAYLOAD_ABSENT;
        if (got != PAYLOAD_ABSENT) {
            *ret_got = got;
            return v;
        }
    }
    return NULL;
}

static enum payload_got missing(const struct payload_decoder *d,
                                const struct payload_alternatives *a, struct refusal *refusal)
{
    return a->required ? wrong(d, a, a->count == 1 ? a->value : NULL, REFUSAL_WRONG_TYPE,
                               STR_LIT("missing"), refusal)
                       : PAYLOAD_ABSENT;
}

static inline const struct json_field *word_find(const struct payload_value *v,
                                                 const struct json_field *f)
{
    for (uint32_t i = 0; i < v->word_count; i++) {
        const struct payload_constant *from = &v->word[i].from;
        if (f->kind == JSON_STRING ? from->text.len == f->text.len &&
                                         payload_same(from->text.at, f->text.at, f->text.len)
                                   : payload_eval_is(from, f))
            return &v->word[i].to;
    }
    return NULL;
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

/* What is carried and added; 0: nothing is. */
static inline double carried_number(const struct payload_decoder *d, uint32_t scope,
                                    const struct payload_value *v)
{
    struct json_field f = {0};
    double number = 0;
    if (v->carried == d->map->carried_count)
        return 0;
    uint32_t at = d->carried[scope][v->carried];
    if (!at)
        return d->map->carried[v->carried].start.real;
    json_read(&d->document, at, &f);
    (void)payload_number_of(&f, &number);
    return number;
}

/* scale, add, min and max. Whole numbers that nothing is done to stay as they are; what is no
   number, the member refuses. False: out of bounds. */
static bool number_make(const struct payload_decoder *d, uint32_t scope,
                        const struct payload_value *v, struct json_field *f)
{
    double number;
    if (!payload_number_of(f, &number))
        return true;
    double carried = carried_number(d, scope, v);
    if (v->scaled || carried != 0) {
        number *= v->multiply;
        if (v->divide != 1) /* which takes long */
            number /= v->divide;
        number = number + v->add + carried;
        f->kind = JSON_REAL;
        f->real = number;
    }
    return number >= v->min && number <= v->max;
}

/* Lanes and reasons are often numbers. False: no room. */
static bool text_make(struct payload_decoder *d, struct json_field *f)
{
    struct text out = text_over(d->text + d->text_len, PAYLOAD_TEXT_BYTES - d->text_len);
    if (f->kind != JSON_INT && f->kind != JSON_UINT)
        return true;
    if (!payload_eval_text(f, &out) || out.overflow)
        return false;
    f->kind = JSON_STRING;
    f->text = (struct str){out.at, (uint32_t)out.len};
    d->text_len += (uint32_t)out.len;
    return true;
}

/* What a value has become, into its member. */
static inline enum payload_got value_put(struct payload_decoder *d, uint32_t scope,
                                         const struct payload_alternatives *a,
                                         const struct payload_value *v, struct json_field *f,
                                         struct result_reading *into, struct refusal *refusal)
{
    if (v->word_count) {
        const struct json_field *word = word_find(v, f);
        if (!word)
            return wrong(d, a, v, REFUSAL_OUT_OF_RANGE, STR_LIT("not among the words of the map"),
                         refusal);
        *f = *word;
    } else if (v->number_in_text && !number_in_text(f)) {
        return wrong(d, a, v, REFUSAL_WRONG_TYPE, STR_LIT("not a number written as text"), refusal);
    }
    if (v->worked && !number_make(d, scope, v, f))
        return wrong(d, a, v, REFUSAL_OUT_OF_RANGE, STR_LIT("beyond the map's min and max"),
                     refusal);
    if (a->member->kind == MEMBER_TEXT && !text_make(d, f))
        return wrong(d, a, v, REFUSAL_OUT_OF_RANGE, STR_LIT("too many texts in one message"),
                     refusal);
    const struct member_fault *fault = member_put(a->member, f, into);
    return fault ? wrong(d, a, v, fault->reason, fault->what, refusal) : PAYLOAD_GOT;
}

enum payload_got payload_make_member(struct payload_decoder *d, uint32_t scope,
                                     const struct payload_alternatives *a,
                                     struct result_reading *into, struct refusal *refusal)
{
    const struct payload_value *v;
    struct json_field f = {0};
    enum payload_got got = PAYLOAD_GOT;
    if (!a->plain) {
        v = first_read(d, scope, a, &f, &got);
        if (!v)
            return missing(d, a, refusal);
        if (got == PAYLOAD_WRONG)
            return wrong(d, a, v, REFUSAL_WRONG_TYPE, STR_LIT("not a text, or too long"), refusal);
        return value_put(d, scope, a, v, &f, into, refusal);
    }
    if (!payload_step_read(d, a->needs, &f))
        return PAYLOAD_ABSENT;
    const struct member_fault *fault = member_put(a->member, &f, into);
    return fault ? wrong(d, a, a->value, fault->reason, fault->what, refusal) : PAYLOAD_GOT;
}

enum payload_got payload_make_time(struct payload_decoder *d, uint32_t scope,
                                   const struct payload_alternatives *a, int64_t *ret_ms,
                                   struct refusal *refusal)
{
    struct json_field f = {0};
    const char *reason;
    enum payload_got got = PAYLOAD_GOT;
    const struct payload_value *v = first_read(d, scope, a, &f, &got);
    if (!v)
        return missing(d, a, refusal);
    if (got == PAYLOAD_WRONG)
        return wrong(d, a, v, REFUSAL_WRONG_TYPE, STR_LIT("not a text, or too long"), refusal);
    if (v->number_in_text && !number_in_text(&f))
        return wrong(d, a, v, REFUSAL_WRONG_TYPE, STR_LIT("not a number written as text"), refusal);
    if (!payload_time_read(&f, v->format, v->zone, d->message->received_ms,
                           d->message->utc_offset_s, v->add + carried_number(d, scope, v), ret_ms,
                           &reason))
        return wrong(d, a, v, REFUSAL_WRONG_TYPE, str_of(reason), refusal);
    return *ret_ms == RESULT_ABSENT ? PAYLOAD_ABSENT : PAYLOAD_GOT;
}
