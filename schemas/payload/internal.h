/*
 * internal: what the files of this room share: a map as it is compiled, and the reader that
 * compiles it.
 *
 * Places. All pointers of a map that begin at one place of the document (the document itself, or an
 * element that an `each` visits) are merged into one tree of steps: a scope. A walk of the scope
 * fills, for each step, where on the document's tape it was found: decoder.at[step], 0 for nowhere.
 * Everything else names steps by number.
 */
#ifndef CROWDTIDE_SCHEMAS_PAYLOAD_INTERNAL_H
#define CROWDTIDE_SCHEMAS_PAYLOAD_INTERNAL_H

#include "schemas/base/arena.h"
#include "schemas/json/json_document.h"
#include "schemas/payload/member.h"
#include "schemas/payload/payload_map.h"
#include "schemas/payload/payload_time.h"
#include "schemas/payload/payload_topic.h"
#include "schemas/yaml/tree.h"

enum {
    PAYLOAD_NO_INDEX = -1,        /* a step that is no position in a list */
    PAYLOAD_LIST_INDEX_MAX = 255, /* a pointer's position in a list */
    PAYLOAD_STEPS_MAX = 32,       /* of one pointer */
    PAYLOAD_WORDS_MAX =
        64, /* of one value; likewise alternatives, conditions, constants of one list */
    PAYLOAD_FOR_MAX = 64, /* rounds of one `for` */
    PAYLOAD_FOR_NAMES_MAX = 4,
    PAYLOAD_PIECES_MAX = 16, /* of one template */
    PAYLOAD_CONTENT_TYPES_MAX = 8,
    PAYLOAD_QUESTIONS_MAX = 16, /* further places are compared condition by condition */
    PAYLOAD_ANSWERS_MAX = 64,   /* bits of one word */
};

struct payload_slot { /* of a step's table of following steps; open addressing. One cache line with
                         what a walk wants of the step */
    struct json_print print;
    struct str key;
    uint32_t step; /* 0: free */
    bool deeper;   /* it has steps of its own, or is iterated */
    uint8_t renews;
    uint64_t says, allows;
};

struct payload_step {
    struct str key;          /* ~0 and ~1 resolved */
    struct str path;         /* its pointer, from the scope's root on */
    int32_t index;           /* in a list; PAYLOAD_NO_INDEX */
    uint32_t parent, scope;  /* parent 0: the scope's own place */
    uint32_t child, sibling; /* first child; 0: none */
    uint32_t child_count;
    int32_t index_max;     /* the largest of its children's */
    bool iterated;         /* an `each` visits what it holds */
    bool wanted;           /* a value, condition or template looks at it */
    uint8_t renews;        /* bits of what is carried on from here, in its own scope */
    uint64_t says, allows; /* bits of entries: of those that have a member of it; of those whose
                              `when` wants it there */
    uint32_t slot_mask;
    const struct payload_slot *slot; /* NULL: no children */
};

struct payload_scope {
    uint32_t parent;       /* 0 for the first level, and for the document, which is scope 0 */
    uint32_t list;         /* the step in the parent scope whose items or members are visited */
    uint32_t depth;        /* 0: the document */
    uint32_t root;         /* the step that is the element itself */
    uint64_t entries;      /* bits of those that read its elements */
    const uint32_t *child; /* scopes inside */
    uint32_t child_count;
    const uint32_t *carried; /* [carried_count] the step that renews each; NULL: no entry here */
    uint32_t renewed_around; /* bits of those whose step is in a scope around this one */
    uint32_t questions;      /* bits of those about its steps */
    uint32_t asked;          /* bits of those that `when` of its entries ask */
};

/* A text, number or yes/no of the map, to compare with what a message has, whatever its kind there.
 */
struct payload_constant {
    struct str text;
    double number;
    bool is_number, is_bool, boolean;
};
struct payload_constants {
    const struct payload_constant *constant;
    uint32_t count;
};

enum payload_place { PLACE_STEP, PLACE_CAPTURE, PLACE_CARRIED };

/* A place that conditions compare with constants. It is read once a message, or element, and every
 * condition about it is a look at the bits. */
struct payload_question {
    enum payload_place of; /* never CARRIED: elements change that as they are read */
    uint32_t place, scope;
    struct payload_constants answers;
    const uint64_t *entries; /* of each answer: bits of the entries whose `when` it suits */
    uint64_t asking;         /* of all entries whose `when` asks it */
};

struct payload_condition {
    enum {
        CONDITION_IN,
        CONDITION_NOT_IN,
        CONDITION_PRESENT,
        CONDITION_ABSENT,
        CONDITION_ABOVE,
        CONDITION_BELOW,
        CONDITION_TYPE
    } test;
    enum payload_place of; /* what place counts */
    uint32_t place, scope; /* scope: of what is carried */
    uint32_t question;     /* its number, counted from 1; 0: none */
    uint64_t answers;      /* bits of those that are among the constants */
    struct payload_constants among;
    double bound;
    uint32_t kinds; /* TYPE: bits of enum json_kind */
};
struct payload_conditions { /* all of them have to hold */
    const struct payload_condition *condition;
    uint32_t count;
};

struct payload_piece {
    enum { PIECE_TEXT, PIECE_CAPTURE, PIECE_STEP, PIECE_CARRIED, PIECE_INDEX, PIECE_KEY } kind;
    struct str text;
    uint32_t place;
};
struct payload_template {
    const struct payload_piece *piece;
    uint32_t count;
    struct str source;
};

struct payload_word {
    struct payload_constant from;
    struct json_field to;
};

struct payload_value {
    enum { VALUE_STEP, VALUE_CONSTANT, VALUE_TEMPLATE, VALUE_PAYLOAD } from;
    uint32_t step;
    uint32_t needs; /* a step without which it does not apply; 0: none, and at[0] is always there */
    struct json_field constant;
    struct payload_template text;
    const struct payload_word *word;
    uint32_t word_count;
    bool plain; /* the step's value as it is, and nothing else */
    bool number_in_text;
    bool scaled;                  /* multiply, divide, add are to be applied */
    bool worked;                  /* that, or min and max: the number is not simply taken over */
    double multiply, divide, add; /* scale as a fraction of whole numbers: 0.1 is exact so */
    uint32_t carried;             /* added, too; carried_count: none */
    double min, max;
    struct payload_constants invalid;
    struct payload_conditions when;
    enum payload_time_format format; /* times */
    struct payload_zone zone;
};

struct payload_alternatives {    /* the first that applies */
    const struct member *member; /* NULL: a time */
    const struct payload_value *value;
    uint32_t count;
    bool required;
    bool plain;     /* one value, as it is in the message, which may lack */
    uint64_t whole; /* likewise, and a whole number from 0 to this; 0: it is another */
    uint32_t
        needs; /* the step without which none of them applies; 0: none, and at[0] is always there */
    uint32_t question; /* that all of them ask, by its number counted from 1; 0: none */
    uint64_t answers;  /* bits of those without which none of them applies */
};

struct payload_entry {
    struct payload_binding binding;
    uint32_t scope;
    struct payload_conditions when, left; /* left: without the one that a question has decided */
    struct payload_template device, part;
    struct payload_alternatives time;          /* count 0: receive time */
    struct payload_alternatives seq;           /* count 0: none */
    const struct payload_alternatives *member; /* without the sequence, which alone says nothing */
    uint32_t member_count;
    bool historical;                         /* always */
    const struct payload_conditions *stored; /* or when one of these holds: the entry's
                                                `historical`, the map's `retransmission` */
    uint32_t stored_count;
    uint32_t line, column; /* where it stands */
};

struct payload_status { /* without filters: of the messages that the map's own topics bring */
    struct payload_conditions when;
    uint32_t needs; /* the step without which `when` fails; 0: none, and at[0] is always there */
    bool own;       /* it has no filters */
    struct payload_template device;
    struct payload_alternatives online; /* of a member with the words online and offline */
    bool needs_document;                /* as of the map */
    bool text_too;                      /* a payload that is no JSON may be the text it waits for */
    uint32_t captures;                  /* bits of those it needs */
};

struct payload_carried {
    struct str name;
    struct json_field start;
    uint32_t kinds; /* bits of enum json_kind: those that may renew it */
};

struct payload_map {
    struct arena *arena;
    uint32_t place; /* in its list */
    uint64_t print; /* of its source: maps of the same print have the same steps. Never 0 */
    struct payload_facts facts;
    struct payload_captures captures;
    uint32_t captures_needed;            /* by readings: bits */
    const struct payload_filter *filter; /* own, those of statuses behind them */
    uint32_t filter_count, own_count;
    const struct str *content_type;
    uint32_t content_type_count;
    struct payload_conditions when;
    const struct payload_carried *carried;
    uint32_t carried_count;
    bool needs_document; /* something is looked up in JSON; else the payload may be any text */
    const struct payload_step *step; /* [0] is none */
    uint32_t step_count;
    const struct payload_scope *scope;
    uint32_t scope_count;
    const struct payload_entry *entry;
    uint32_t entry_count;
    const struct payload_question *question;
    uint32_t question_count;
    uint64_t says, allows; /* bits of entries that need none of the steps that are marked so */
    const struct payload_status *status;
    uint32_t status_count;
    const struct payload_sample *sample;
    uint32_t sample_count;
    const struct payload_privacy *privacy;
    uint32_t privacy_count;
};

/* A map while it is read. */
struct payload_reader {
    struct payload_map *map;
    struct arena *arena; /* the map's */
    struct problems *problems;
    const struct tree_node *root;
    struct payload_step step[PAYLOAD_POINTERS_MAX];
    uint32_t step_count;
    struct payload_scope scope[PAYLOAD_SCOPES_MAX];
    uint32_t scope_count;
    struct payload_entry entry[PAYLOAD_ENTRIES_MAX];
    uint32_t entry_count;
    struct payload_filter filter[2 * PAYLOAD_FILTERS_MAX];
    uint32_t filter_count;
    struct str for_name[PAYLOAD_FOR_NAMES_MAX], for_value[PAYLOAD_FOR_NAMES_MAX]; /* of the round */
    uint32_t for_count;
    uint32_t captures; /* bits of those used by what is being read */
    uint32_t here;     /* the scope that what is being read belongs to */
    struct payload_question question[PAYLOAD_QUESTIONS_MAX];
    struct payload_constant answer[PAYLOAD_QUESTIONS_MAX][PAYLOAD_ANSWERS_MAX];
    uint32_t question_count;
    struct { /* what the map says for all entries, as it reads in each scope */
        bool read;
        struct payload_alternatives time, seq;
        struct payload_conditions retransmission;
    } common[PAYLOAD_SCOPES_MAX];
};

/* All of these: false (or NULL) with a problem. */
void *payload_alloc(struct payload_reader *r, size_t count, size_t size);
/* A copy in the map's arena, with the round's `for` replaced. */
bool payload_keep(struct payload_reader *r, const struct tree_node *node, struct str text,
                  struct str *ret_text);
/* One line of text that way. */
bool payload_text(struct payload_reader *r, const struct tree_node *node, const char *name,
                  uint32_t min, uint32_t max, struct str *ret_text);
/* A map, its keys among those given. */
bool payload_keys(struct payload_reader *r, const struct tree_node *node, const char *what,
                  const char *const *keys, uint32_t count);

/* Where several may stand, one may stand without brackets. */
static inline uint32_t payload_list_count(const struct tree_node *node)
{
    return node->kind == TREE_LIST ? node->count : 1;
}
static inline const struct tree_node *payload_list_item(const struct tree_node *node, uint32_t i)
{
    return node->kind == TREE_LIST ? node->item[i] : node;
}
/* As tree_choice, with the round's `for` replaced. */
bool payload_choice(struct payload_reader *r, const struct tree_node *node, const char *name,
                    const char *const *words, uint32_t count, uint32_t *ret_index);
/* At most max of them. */
bool payload_list_fits(struct payload_reader *r, const struct tree_node *node, const char *what,
                       uint32_t max);

/* payload_pointer.c: pointers to steps, `each` to scopes. Both of r->here. */
bool payload_pointer(struct payload_reader *r, const struct tree_node *node, const char *name,
                     uint32_t *ret_step);
bool payload_pointer_text(struct payload_reader *r, const struct tree_node *node, struct str text,
                          uint32_t *ret_step);
bool payload_each(struct payload_reader *r, const struct tree_node *node, uint32_t *ret_scope);
void payload_entries_place(struct payload_reader *r);
bool payload_entries_keep(struct payload_reader *r); /* the map's, as they are now */
bool payload_scopes_finish(struct payload_reader *r);
/* Tokens of "/a/b~1c"; false with a reason when it is no pointer. */
bool payload_tokens(struct arena *arena, struct str pointer, bool stars,
                    struct payload_token ret_token[PAYLOAD_STEPS_MAX], uint32_t *ret_count,
                    const char **ret_reason);

/* payload_condition.c */
struct payload_constant payload_constant(struct str text);
bool payload_constants(struct payload_reader *r, const struct tree_node *node, const char *name,
                       struct payload_constants *ret);
bool payload_conditions(struct payload_reader *r, const struct tree_node *node, const char *name,
                        struct payload_conditions *ret);

/* The place of a name that the map's filters capture. */
bool payload_capture(struct payload_reader *r, const struct tree_node *node, uint32_t *ret);
/* The step of the first that wants one to be there; 0: none does. */
uint32_t payload_conditions_want(struct payload_conditions conditions);

/* payload_question.c: the condition's place becomes a question, or joins one. */
void payload_question(struct payload_reader *r, struct payload_condition *c);
/* When all conditions and entries are known. */
bool payload_questions_finish(struct payload_reader *r);

/* payload_template.c */
bool payload_template(struct payload_reader *r, const struct tree_node *node, const char *name,
                      struct payload_template *ret);

/* payload_value.c: member NULL: a time. */
bool payload_alternatives(struct payload_reader *r, const struct tree_node *node, const char *name,
                          const struct member *member, struct payload_alternatives *ret);
/* payload_words.c: `words` of a value, and `is`. */
bool payload_words(struct payload_reader *r, const struct tree_node *node,
                   const struct member *member, struct payload_value *value);
bool payload_is(struct payload_reader *r, const struct tree_node *node, const struct member *member,
                struct payload_value *value);

/* payload_entry.c, payload_status.c, payload_sample.c, payload_head.c: the sections. root is a map.
 */
void payload_read_head(struct payload_reader *r);
void payload_read_topics(struct payload_reader *r);
void payload_read_carry(struct payload_reader *r);
void payload_read_readings(struct payload_reader *r);
void payload_read_statuses(struct payload_reader *r);
void payload_read_privacy(struct payload_reader *r);
void payload_read_samples(struct payload_reader *r);
/* Filters of a list, into r->filter, with `status` as what they are for. */
void payload_read_filters(struct payload_reader *r, const struct tree_node *node, uint32_t status);

/* A hash of any text, of a few loads whatever its length: texts that differ in the middle alone
 * collide, which costs a comparison. */
static inline uint64_t payload_hash(struct str s)
{
    uint64_t first = 0, last = 0;
    if (s.len >= 8) {
        memcpy(&first, s.at, 8);
        memcpy(&last, s.at + s.len - 8, 8);
    } else if (s.len >= 4) {
        memcpy(&first, s.at, 4);
        memcpy(&last, s.at + s.len - 4, 4);
    } else if (s.len) {
        first = (uint64_t)(uint8_t)s.at[0] | (uint64_t)(uint8_t)s.at[s.len / 2] << 8;
        last = (uint8_t)s.at[s.len - 1];
    }
    uint64_t h =
        (first ^ (last * UINT64_C(0xff51afd7ed558ccd)) ^ s.len) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 32);
}

/* Equal bytes, mostly few: no call. */
static inline bool payload_same(const char *a, const char *b, uint32_t len)
{
    uint64_t x, y, z, w;
    uint32_t p, q, v, u;
    if (len > 16) {
        for (uint32_t i = 0; i < len - 8; i += 8) {
            memcpy(&x, a + i, 8);
            memcpy(&y, b + i, 8);
            if (x != y)
                return false;
        }
    }
    if (len >= 8) {
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        memcpy(&z, a + len - 8, 8);
        memcpy(&w, b + len - 8, 8);
        return x == y && z == w;
    }
    if (len >= 4) {
        memcpy(&p, a, 4);
        memcpy(&q, b, 4);
        memcpy(&v, a + len - 4, 4);
        memcpy(&u, b + len - 4, 4);
        return p == q && v == u;
    }
    for (uint32_t i = 0; i < len; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* payload_maps.c: the filter of the map, as the list has it, that fits the topic; its captures.
 * NULL: none. */
const struct payload_filter *payload_maps_match(const struct payload_maps *maps,
                                                const struct payload_map *map, struct str topic,
                                                struct str ret_capture[PAYLOAD_CAPTURES_MAX]);

#endif
