/* decoder: what the files that decode share. Nothing here is seen outside of this room. */
#ifndef CROWDTIDE_SCHEMAS_PAYLOAD_DECODER_H
#define CROWDTIDE_SCHEMAS_PAYLOAD_DECODER_H

#include "schemas/payload/internal.h"
#include "schemas/payload/payload_decode.h"

enum {
    PAYLOAD_MEMBERS_MAX =
        1024, /* of an object that is looked into; keys are compared with one another */
    PAYLOAD_TEXT_BYTES =
        128 * 1024, /* of all names and texts that a message's readings put together */
    PAYLOAD_IGNORED_MAX = 256,
    PAYLOAD_ORDER_NODES = 2048, /* of all orders of keys that are kept, and a root for each place */
    PAYLOAD_ORDER_ROOTS = 256,
    PAYLOAD_ORDER_CHOICES = 8,  /* of members that come next */
    PAYLOAD_ORDER_MEMBERS = 64, /* of an object whose order is kept */
    PAYLOAD_ORDER_KEY_BYTES = 64, /* of a key of such an object */
};

struct payload_element { /* that an `each` visits just now */
    uint32_t index;
    struct str key; /* of an object's member; len 0 of a list's item */
};

/* payload_walk.c. A member, by its place in an order of keys; what a walk wants of it, but for the
 * middle of long keys, is a cache line. */
struct payload_order_node {
    _Alignas(64) uint64_t head, head_mask; /* length and first 4 bytes of the key, as a document has
                                              them; which of these count */
    uint64_t tail; /* its last 8 bytes, part of the length among them; of a short one the head */
    uint64_t says, allows;                 /* of all members up to this one */
    uint32_t step;                         /* 0: none wants it */
    uint32_t next, other; /* the first that came behind it; another in its place. 0: none */
    uint8_t key_len, tail_at; /* in the document, from the length on */
    uint8_t renews;           /* of all up to this one */
    bool deeper;
    char key[PAYLOAD_ORDER_KEY_BYTES];
};
struct payload_order {
    struct payload_order_node node[PAYLOAD_ORDER_NODES]; /* [0] is none */
    uint32_t count;
    struct payload_order_root { /* where the objects of a step begin */
        uint64_t print;         /* of the map */
        uint32_t step, node;
    } root[PAYLOAD_ORDER_ROOTS];
};

struct payload_decoder {
    struct payload_order order;
    void *memory; /* that it was made of */
    struct json_parser *parser;
    const struct payload_map *map;
    const struct payload_message *message;
    struct json_document document;
    bool parsed; /* document is that of the last message */
    struct str capture[PAYLOAD_CAPTURES_MAX];
    uint32_t at[PAYLOAD_POINTERS_MAX];    /* of each step of the map: its place on the tape; 0: not
                                             there; [0] is no step, and 1 */
    uint16_t found[PAYLOAD_POINTERS_MAX]; /* steps that are there, in the order they were found:
                                             those of inner elements last */
    uint32_t found_count;
    uint16_t deeper[PAYLOAD_POINTERS_MAX]; /* of a walk: steps that it has still to look into */
    uint32_t answered; /* bits of questions: those whose answer is of this message, or element */
    uint64_t answer[PAYLOAD_QUESTIONS_MAX];
    uint64_t walk; /* counts walks, and messages without one: what was read before the last is
                      another element's, or another message's */
    struct {
        const struct payload_value *of;
        uint64_t walk;
        int64_t ms;
    } time; /* as read last */
    uint64_t says[PAYLOAD_SCOPES_MAX],
        allows[PAYLOAD_SCOPES_MAX]; /* of the steps that are there, in the scope and around it */
    struct payload_element element[PAYLOAD_SCOPES_MAX];
    uint32_t carried[PAYLOAD_SCOPES_MAX]
                    [PAYLOAD_CARRIED_MAX]; /* its place on the tape; 0: still as at the start */
    uint32_t renews; /* bits of what is carried: those that the last walk found anew */
    struct { /* members of one object that no step wants, chained by hash */
        uint16_t first[2 * PAYLOAD_MEMBERS_MAX], next[PAYLOAD_MEMBERS_MAX + 1];
        struct json_print print[PAYLOAD_MEMBERS_MAX + 1];
        struct str key[PAYLOAD_MEMBERS_MAX + 1];
    } other;
    struct refusal refusal; /* of the message as a whole */
    uint32_t misfit_step;   /* that found a value of another kind; 0: none did */
    struct payload_reading
        reading[PAYLOAD_READINGS_MAX + 1]; /* the last is where one too many is noticed */
    uint32_t count, parts; /* readings; and as many as entries gave, before they were merged */
    struct result_reading cleared;
    uint32_t fresh; /* readings before this one were in use: of these only what members fill has
                       changed */
    char text[PAYLOAD_TEXT_BYTES];
    uint32_t text_len;
    uint16_t bucket[2 * PAYLOAD_READINGS_MAX], chain[PAYLOAD_READINGS_MAX]; /* payload_merge.c */
    uint64_t ignored[PAYLOAD_IGNORED_MAX];
    uint32_t ignored_count;
};

/* What a walk has found so far, for its scope. */
struct payload_found {
    uint64_t says, allows;
    uint32_t renews;              /* bits of what is carried */
    uint32_t count, deeper_count; /* of d->found, d->deeper */
};
static inline void payload_found_add(struct payload_decoder *d, struct payload_found *w,
                                     uint32_t step, uint32_t at, bool deeper)
{
    d->at[step] = at;
    d->found[w->count++] = (uint16_t)step;
    if (deeper)
        d->deeper[w->deeper_count++] = (uint16_t)step;
}

/* Of `count` found steps all but the first `keep`. */
static inline void payload_found_forget(struct payload_decoder *d, uint32_t keep, uint32_t count)
{
    for (uint32_t i = keep; i < count; i++)
        d->at[d->found[i]] = 0;
}
enum payload_got { PAYLOAD_ABSENT, PAYLOAD_GOT, PAYLOAD_WRONG };

static inline bool payload_number_of(const struct json_field *f, double *ret)
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
static inline bool payload_step_read(const struct payload_decoder *d, uint32_t step,
                                     struct json_field *ret)
{
    uint32_t at = d->at[step];
    if (!at)
        return false;
    json_read(&d->document, at, ret);
    return ret->kind != JSON_NULL;
}

static inline void payload_carried_read(const struct payload_decoder *d, uint32_t scope,
                                        uint32_t carried, struct json_field *ret)
{
    uint32_t at = d->carried[scope][carried];
    if (at)
        json_read(&d->document, at, ret);
    else
        *ret = d->map->carried[carried].start;
}

/* payload_walk.c: finds the steps of a scope below one place of the tape, and forgets what was
 * found since there were `forget` of them. False: d->refusal. */
bool payload_walk(struct payload_decoder *d, uint32_t scope, uint32_t forget, uint32_t at);
/* For a message that says nothing. False: what the map looks for is of another kind there;
 * d->refusal. */
bool payload_walk_fits(struct payload_decoder *d);
/* The step that follows a step by this key; NULL: none. */
const struct payload_slot *payload_walk_find(const struct payload_step *step, struct str key);
/* The JSON Pointer of a step as it stands in this document, elements by index or key. */
void payload_walk_path(const struct payload_decoder *d, uint32_t step, struct text *out);

/* payload_eval.c: all about the entry's scope. The answer to a question, for all that ask it. */
uint64_t payload_eval_answer(struct payload_decoder *d, uint32_t question);
static inline uint64_t payload_answer(struct payload_decoder *d, uint32_t question)
{
    return d->answered >> question & 1 ? d->answer[question] : payload_eval_answer(d, question);
}
/* Whether a condition that is no question holds. */
bool payload_eval_condition(const struct payload_decoder *d, const struct payload_condition *c);
static inline bool payload_conditions_hold(struct payload_decoder *d,
                                           struct payload_conditions conditions)
{
    for (uint32_t i = 0; i < conditions.count; i++) {
        const struct payload_condition *c = &conditions.condition[i];
        bool holds = c->question ? !(payload_answer(d, c->question - 1) & c->answers) ==
                                       (c->test == CONDITION_NOT_IN)
                                 : payload_eval_condition(d, c);
        if (!holds)
            return false;
    }
    return true;
}
/* ABSENT: a part of it is not there; WRONG: it is no text, or too long. */
enum payload_got payload_eval_template(struct payload_decoder *d, uint32_t scope,
                                       const struct payload_template *template,
                                       struct str *ret_text);
bool payload_eval_is(const struct payload_constant *constant, const struct json_field *field);
bool payload_eval_among(struct payload_constants constants, const struct json_field *field);
/* A scalar as text: a number in its shortest form. False for lists and objects. */
bool payload_eval_text(const struct json_field *field, struct text *out);

/* payload_make.c: the first alternative that applies, into its member; WRONG: *refusal. */
enum payload_got payload_make_member(struct payload_decoder *d, uint32_t scope,
                                     const struct payload_alternatives *alternatives,
                                     struct result_reading *into, struct refusal *refusal);
enum payload_got payload_make_time(struct payload_decoder *d, uint32_t scope,
                                   const struct payload_alternatives *alternatives, int64_t *ret_ms,
                                   struct refusal *refusal);

/* payload_merge.c: the reading behind the last becomes the last, or part of one that is there. */
void payload_merge_part(struct payload_decoder *d);
static inline void payload_merge(struct payload_decoder *d)
{
    d->parts++;
    if (d->count)
        payload_merge_part(d);
    else
        d->count = 1;
}
/* When all are there: what is incomplete is refused. */
void payload_merge_finish(struct payload_decoder *d);

#endif
