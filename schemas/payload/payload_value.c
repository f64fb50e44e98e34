/* VALUE of a map: where a member of a reading comes from, and what is done to it. */
#include <math.h>

#include "schemas/base/suggest.h"
#include "schemas/payload/internal.h"

enum key {
    KEY_AT,
    KEY_IS,
    KEY_TEXT,
    KEY_WORDS,
    KEY_SCALE,
    KEY_ADD,
    KEY_FROM,
    KEY_INVALID,
    KEY_REQUIRED,
    KEY_WHEN,
    KEY_MIN,
    KEY_MAX,
    KEY_FORMAT,
    KEY_ZONE,
    KEY_COUNT
};
static const char *const keys[KEY_COUNT] = {"at",  "is",   "text",    "words",    "scale",
                                            "add", "from", "invalid", "required", "when",
                                            "min", "max",  "format",  "zone"};

/* Which keys go with what, and the reason when one does not. */
enum {
    OF_NUMBER = 1 << KEY_SCALE | 1 << KEY_MIN | 1 << KEY_MAX,
    OF_TIME = 1 << KEY_FORMAT | 1 << KEY_ZONE,
};

static const char *const formats[PAYLOAD_TIME_FORMAT_COUNT] = {
#define PAYLOAD_TIME_WORD(name, word, wanted) word,
    PAYLOAD_TIME_FORMATS(PAYLOAD_TIME_WORD)
#undef PAYLOAD_TIME_WORD
};

struct value_reader {
    struct payload_reader *r;
    const struct tree_node *node;
    const char *name;
    const struct member *member; /* NULL: a time */
    const struct tree_node *key[KEY_COUNT];
    struct payload_value *value;
    bool required;
};

static bool refuse(struct value_reader *v, enum key key, const char *reason)
{
    const struct tree_node *at = v->key[key] ? v->key[key] : v->node;
    problems_add(v->r->problems, at->line, at->column, "%s: %s: %s", v->name, keys[key], reason);
    return false;
}

static bool is_number(const struct member *member)
{
    return member && (member->kind == MEMBER_COUNT || member->kind == MEMBER_REAL);
}

static bool numeric_time(enum payload_time_format format)
{
    return format == PAYLOAD_EPOCH_S || format == PAYLOAD_EPOCH_MS || format == PAYLOAD_EPOCH_US ||
           format == PAYLOAD_SENML;
}

/* What contradicts what the value is of. */
static bool keys_fit(struct value_reader *v)
{
    bool number = is_number(v->member), time = !v->member;
    for (uint32_t k = 0; k < KEY_COUNT; k++) {
        if (!v->key[k])
            continue;
        if (1u << k & OF_NUMBER && !number)
            return refuse(v, k, "only for members that are numbers");
        if (1u << k & OF_TIME && !time)
            return refuse(v, k, "only for times");
    }
    if ((v->key[KEY_ADD] || v->key[KEY_FROM]) && !number && !time)
        return refuse(v, v->key[KEY_ADD] ? KEY_ADD : KEY_FROM, "only for numbers and times");
    if (v->key[KEY_TEXT] && (time || (number && !v->key[KEY_FROM])))
        return refuse(v, KEY_TEXT, "the whole payload is a text: a number needs from: text");
    int sources = !!v->key[KEY_AT] + !!v->key[KEY_IS] + !!v->key[KEY_TEXT];
    if (sources != 1) {
        problems_add(v->r->problems, v->node->line, v->node->column,
                     "%s: one of at (a pointer) or is (a constant) is expected%s", v->name,
                     sources ? ", not both" : "");
        return false;
    }
    if (v->key[KEY_IS] && (v->key[KEY_WORDS] || v->key[KEY_FROM] || v->key[KEY_INVALID]))
        return refuse(v, KEY_IS, "a constant is neither translated, read nor invalid");
    if (v->key[KEY_WORDS] && (v->key[KEY_SCALE] || v->key[KEY_ADD] || v->key[KEY_FROM]))
        return refuse(v, KEY_WORDS, "words are not scaled, added to or read as numbers");
    if (time && v->key[KEY_WORDS])
        return refuse(v, KEY_WORDS, "a time has no words");
    return true;
}

/* 0.001 as 1 / 1000: a quotient of whole numbers is rounded once, a product with 0.001 twice. */
static bool scale_read(struct value_reader *v)
{
    const struct tree_node *node = v->key[KEY_SCALE];
    double scale, power = 1;
    if (!node)
        return true;
    if (!tree_number(node, "scale", -1e12, 1e12, &scale, v->r->problems))
        return false;
    if (scale == 0)
        return refuse(v, KEY_SCALE, "0 leaves nothing of any value");
    for (uint32_t i = 0; i < node->text.len; i++)
        if (node->text.at[i] == '.')
            for (uint32_t d = i + 1; d < node->text.len; d++)
                power *= 10;
    v->value->multiply = round(scale * power);
    v->value->divide = power;
    v->value->scaled = true;
    return true;
}

static bool add_read(struct value_reader *v)
{
    const struct tree_node *node = v->key[KEY_ADD];
    const struct payload_map *map = v->r->map;
    v->value->carried = map->carried_count;
    if (!node)
        return true;
    if (node->kind == TREE_SCALAR && tree_parse_number(node->text, &v->value->add)) {
        v->value->scaled = true;
        return true;
    }
    struct str name;
    if (!payload_text(v->r, node, "add", 1, ID_BYTES_MAX, &name))
        return false;
    for (uint32_t i = 0; i < map->carried_count; i++)
        if (str_equal(map->carried[i].name, name)) {
            if (map->carried[i].start.kind != JSON_REAL)
                return refuse(v, KEY_ADD, "what is added is a number; this starts as a text");
            if (!v->r->here)
                return refuse(v, KEY_ADD, "what is carried belongs to elements: there is no each");
            v->value->carried = i;
            return true;
        }
    return refuse(v, KEY_ADD, "neither a number nor a name of `carry`");
}

static bool bounds_read(struct value_reader *v)
{
    v->value->min = -INFINITY;
    v->value->max = INFINITY;
    return (!v->key[KEY_MIN] ||
            tree_number(v->key[KEY_MIN], "min", -1e15, 1e15, &v->value->min, v->r->problems)) &&
           (!v->key[KEY_MAX] ||
            tree_number(v->key[KEY_MAX], "max", -1e15, 1e15, &v->value->max, v->r->problems)) &&
           (v->value->min <= v->value->max || refuse(v, KEY_MIN, "more than max"));
}

static bool time_read(struct value_reader *v)
{
    const struct tree_node *zone = v->key[KEY_ZONE];
    uint32_t format;
    if (v->member)
        return true;
    if (!v->key[KEY_FORMAT])
        return refuse(
            v, KEY_FORMAT,
            "a time has one: epoch_s, epoch_ms, epoch_us, rfc3339, local, compact, senml");
    if (!tree_choice(v->key[KEY_FORMAT], "format", formats, PAYLOAD_TIME_FORMAT_COUNT, &format,
                     v->r->problems))
        return false;
    v->value->format = format;
    if (zone && numeric_time(format))
        return refuse(v, KEY_ZONE, "seconds since 1970 are the same everywhere");
    if (!zone && (format == PAYLOAD_LOCAL || format == PAYLOAD_COMPACT))
        return refuse(v, KEY_FORMAT,
                      "such a time has no offset, so it needs a zone: venue, UTC, "
                      "or an offset such as +08:00");
    if (v->key[KEY_ADD] && !numeric_time(format))
        return refuse(v, KEY_ADD, "only to times that are numbers");
    if (v->key[KEY_FROM] && !numeric_time(format))
        return refuse(v, KEY_FROM, "such a time is a text anyway");
    struct str text;
    if (zone && !payload_text(v->r, zone, "zone", 1, 32, &text))
        return false;
    if (zone && !payload_zone_parse(text, &v->value->zone))
        return refuse(v, KEY_ZONE, "venue, UTC, or an offset such as +08:00 is expected");
    return true;
}

static bool from_read(struct value_reader *v)
{
    if (!v->key[KEY_FROM])
        return true;
    if (v->key[KEY_FROM]->kind != TREE_SCALAR || !str_is(v->key[KEY_FROM]->text, "text"))
        return refuse(v, KEY_FROM, "only \"text\": a number that is written as a string");
    v->value->number_in_text = true;
    return true;
}

static bool source_read(struct value_reader *v)
{
    if (v->key[KEY_AT])
        return payload_pointer(v->r, v->key[KEY_AT], v->name, &v->value->step);
    if (v->key[KEY_IS])
        return payload_is(v->r, v->key[KEY_IS], v->member, v->value);
    v->value->from = VALUE_PAYLOAD;
    return (v->key[KEY_TEXT]->kind == TREE_SCALAR && str_is(v->key[KEY_TEXT]->text, "payload")) ||
           refuse(v, KEY_TEXT, "\"payload\" is expected: the whole payload as it is");
}

static bool value_read(struct value_reader *v)
{
    *v->value = (struct payload_value){.multiply = 1, .divide = 1};
    if (v->node->kind == TREE_SCALAR && v->member) {
        v->value->carried = v->r->map->carried_count;
        v->value->min = -INFINITY;
        v->value->max = INFINITY;
        return payload_pointer(v->r, v->node, v->name, &v->value->step);
    }
    if (!payload_keys(v->r, v->node, v->name, keys, KEY_COUNT))
        return false;
    for (uint32_t k = 0; k < KEY_COUNT; k++)
        v->key[k] = tree_find(v->node, keys[k]);
    return keys_fit(v) && source_read(v) && scale_read(v) && add_read(v) && bounds_read(v) &&
           from_read(v) && time_read(v) &&
           (!v->key[KEY_WORDS] || payload_words(v->r, v->key[KEY_WORDS], v->member, v->value)) &&
           (!v->key[KEY_INVALID] ||
            payload_constants(v->r, v->key[KEY_INVALID], "invalid", &v->value->invalid)) &&
           (!v->key[KEY_WHEN] ||
            payload_conditions(v->r, v->key[KEY_WHEN], "when", &v->value->when)) &&
           (!v->key[KEY_REQUIRED] ||
            tree_bool(v->key[KEY_REQUIRED], "required", &v->required, v->r->problems));
}

static bool is_plain(const struct payload_value *v)
{
    return v->from == VALUE_STEP && !v->word_count && !v->number_in_text && !v->worked &&
           !v->invalid.count && !v->when.count;
}

/* The answers to a question that the conditions of a value want; 0: they don't ask it. */
static uint64_t answers_wanted(const struct payload_value *v, uint32_t question)
{
    for (uint32_t i = 0; i < v->when.count; i++) {
        const struct payload_condition *c = &v->when.condition[i];
        if (c->question == question && c->test == CONDITION_IN)
            return c->answers;
    }
    return 0;
}

/* A question that all alternatives ask is put once, before they are looked at. */
static void question_share(struct payload_alternatives *a)
{
    const struct payload_conditions when =
        a->count ? a->value->when : (struct payload_conditions){0};
    for (uint32_t i = 0; i < when.count && !a->question; i++) {
        uint64_t answers = 0;
        bool all = when.condition[i].question != 0;
        for (uint32_t v = 0; v < a->count && all; v++) {
            uint64_t wanted = answers_wanted(&a->value[v], when.condition[i].question);
            all = wanted != 0;
            answers |= wanted;
        }
        if (all) {
            a->question = when.condition[i].question;
            a->answers = answers;
        }
    }
}

/* The step below which all alternatives look; 0: there is none. Parents come before their children.
 */
static uint32_t needs_share(const struct payload_reader *r, const struct payload_alternatives *a)
{
    uint32_t shared = a->count ? a->value->needs : 0;
    for (uint32_t i = 1; i < a->count; i++)
        for (uint32_t other = a->value[i].needs; shared != other;) {
            uint32_t *later = other > shared ? &other : &shared;
            *later = r->step[*later].parent;
        }
    return shared;
}

bool payload_alternatives(struct payload_reader *r, const struct tree_node *node, const char *name,
                          const struct member *member, struct payload_alternatives *ret)
{
    uint32_t count = payload_list_count(node);
    bool required = false, ok = true;
    if (!payload_list_fits(r, node, name, PAYLOAD_WORDS_MAX))
        return false;
    struct payload_value *value = payload_alloc(r, count, sizeof *value);
    if (!value)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct value_reader v = {.r = r,
                                 .node = payload_list_item(node, i),
                                 .name = name,
                                 .member = member,
                                 .value = &value[i]};
        ok = value_read(&v) && ok;
        value[i].worked = value[i].scaled || value[i].carried < r->map->carried_count ||
                          value[i].min > -INFINITY || value[i].max < INFINITY;
        value[i].plain = is_plain(&value[i]);
        value[i].needs =
            value[i].from == VALUE_STEP ? value[i].step : payload_conditions_want(value[i].when);
        required = required || v.required;
        bool always = value[i].from != VALUE_STEP && value[i].when.count == 0;
        if (ok && always && i + 1 < count && value[i].from != VALUE_PAYLOAD) {
            problems_add(r->problems, v.node->line, v.node->column,
                         "%s: a constant without `when` always applies, so what follows never "
                         "does",
                         name);
            ok = false;
        }
    }
    *ret = (struct payload_alternatives){
        .member = member, .value = value, .count = count, .required = required};
    if (!ok || required)
        return ok;
    question_share(ret);
    ret->needs = needs_share(r, ret);
    if (count == 1) {
        ret->plain = value->plain && member && member->kind != MEMBER_TEXT;
        ret->whole = ret->plain && member->kind == MEMBER_COUNT ? (uint64_t)member->max : 0;
    }
    return ok;
}
