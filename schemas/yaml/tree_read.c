#include <stdio.h>

#include "schemas/base/suggest.h"
#include "schemas/yaml/tree.h"

enum { NUMBER_DIGITS_MAX = 15 /* a double holds every decimal integer of so many digits */ };

static const char *const kind_words[] = {
    [TREE_SCALAR] = "a single value", [TREE_LIST] = "a list", [TREE_MAP] = "a map of keys"};

/* A `key:` with nothing after it. */
static bool empty(const struct tree_node *node)
{
    return node->kind == TREE_SCALAR && node->plain &&
           (node->text.len == 0 || str_is(node->text, "~") || str_is(node->text, "null"));
}

const struct tree_node *tree_find(const struct tree_node *map, const char *key)
{
    struct str wanted = str_of(key);
    for (uint32_t i = 0; map->kind == TREE_MAP && i < map->count; i++)
        if (str_equal(map->pair[i].key, wanted))
            return empty(map->pair[i].value) ? NULL : map->pair[i].value;
    return NULL;
}

bool tree_expect(const struct tree_node *node, enum tree_kind kind, const char *what,
                 struct problems *problems)
{
    if (node->kind == kind)
        return true;
    problems_add(problems, node->line, node->column, "%s: %s is expected here, not %s", what,
                 kind_words[kind], empty(node) ? "nothing" : kind_words[node->kind]);
    return false;
}

void tree_keys(const struct tree_node *map, const char *what, const char *const *keys,
               uint32_t count, struct problems *problems)
{
    for (uint32_t i = 0; map->kind == TREE_MAP && i < map->count; i++) {
        const struct tree_pair *pair = &map->pair[i];
        bool known = false;
        for (uint32_t k = 0; k < count && !known; k++)
            known = str_is(pair->key, keys[k]);
        if (known)
            continue;
        const char *near = suggest_word(pair->key, keys, count);
        problems_add(problems, pair->line, pair->column, "%s has no key \"%.*s\"%s%s%s", what,
                     (int)(pair->key.len < 64 ? pair->key.len : 64), pair->key.at,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
}

/* The part of a text that fits into a message. */
static struct str shown(struct str text)
{
    return (struct str){text.at, text.len < 64 ? text.len : 64};
}

static bool scalar(const struct tree_node *node, const char *name, struct problems *problems)
{
    return tree_expect(node, TREE_SCALAR, name, problems);
}

bool tree_text(const struct tree_node *node, const char *name, uint32_t min, uint32_t max,
               struct str *ret_text, struct problems *problems)
{
    if (!scalar(node, name, problems))
        return false;
    for (uint32_t i = 0; i < node->text.len; i++)
        if ((unsigned char)node->text.at[i] < 0x20 || node->text.at[i] == 0x7f) {
            problems_add(problems, node->line, node->column,
                         "%s: one line without control characters is expected", name);
            return false;
        }
    if (node->text.len < min || node->text.len > max) {
        problems_add(problems, node->line, node->column,
                     "%s: %u bytes long, but %u to %u are expected", name, node->text.len, min,
                     max);
        return false;
    }
    *ret_text = node->text;
    return true;
}

bool tree_id(const struct tree_node *node, const char *name, struct str *ret_id,
             struct problems *problems)
{
    if (!scalar(node, name, problems))
        return false;
    if (!id_valid(node->text)) {
        problems_add(problems, node->line, node->column,
                     "%s: \"" STR_FMT "\" is not an id: a letter or digit, then letters, digits "
                     "or . _ : - up to %d in all",
                     name, STR_ARG(shown(node->text)), ID_BYTES_MAX);
        return false;
    }
    *ret_id = node->text;
    return true;
}

/* Digits from *at on; their value goes into *value as long as there are at most NUMBER_DIGITS_MAX.
 */
static uint32_t digits(struct str text, uint32_t *at, uint64_t *value)
{
    uint32_t n = 0;
    while (*at < text.len && text.at[*at] >= '0' && text.at[*at] <= '9') {
        if (n < 19)
            *value = *value * 10 + (uint64_t)(text.at[*at] - '0');
        n++;
        (*at)++;
    }
    return n;
}

bool tree_parse_int(struct str text, int64_t *ret_int)
{
    uint32_t at = text.len && text.at[0] == '-';
    bool negative = at == 1;
    bool zero_first = at < text.len && text.at[at] == '0';
    uint64_t value = 0;
    uint32_t n = digits(text, &at, &value);
    if (n == 0 || n > 18 || at != text.len || (zero_first && n > 1))
        return false;
    *ret_int = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

bool tree_parse_number(struct str text, double *ret_number)
{
    static const double powers[NUMBER_DIGITS_MAX + 1] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint32_t at = text.len && text.at[0] == '-';
    bool negative = at == 1;
    bool zero_first = at < text.len && text.at[at] == '0';
    uint64_t value = 0;
    uint32_t whole = digits(text, &at, &value), fraction = 0;
    if (whole == 0 || (zero_first && whole > 1))
        return false;
    if (at < text.len && text.at[at] == '.') {
        at++;
        fraction = digits(text, &at, &value);
        if (fraction == 0)
            return false;
    }
    if (at != text.len || whole + fraction > NUMBER_DIGITS_MAX)
        return false;
    /* Both are exact, so the quotient is the nearest double: IEEE 754 division rounds once. */
    double number = (double)value / powers[fraction];
    *ret_number = negative ? -number : number;
    return true;
}

bool tree_parse_bool(struct str text, bool *ret_bool)
{
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off"};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (str_is(text, words[i])) {
            *ret_bool = i % 2 == 0;
            return true;
        }
    return false;
}

bool tree_int(const struct tree_node *node, const char *name, int64_t min, int64_t max,
              int64_t *ret_int, struct problems *problems)
{
    int64_t value;
    if (!scalar(node, name, problems))
        return false;
    if (!tree_parse_int(node->text, &value)) {
        problems_add(problems, node->line, node->column,
                     "%s: \"" STR_FMT "\" is not a whole number", name, STR_ARG(shown(node->text)));
        return false;
    }
    if (value < min || value > max) {
        problems_add(problems, node->line, node->column,
                     "%s: %lld is out of range; %lld to %lld is expected", name, (long long)value,
                     (long long)min, (long long)max);
        return false;
    }
    *ret_int = value;
    return true;
}

bool tree_number(const struct tree_node *node, const char *name, double min, double max,
                 double *ret_number, struct problems *problems)
{
    double value;
    if (!scalar(node, name, problems))
        return false;
    if (!tree_parse_number(node->text, &value)) {
        problems_add(problems, node->line, node->column,
                     "%s: \"" STR_FMT "\" is not a decimal number of at most %d digits", name,
                     STR_ARG(shown(node->text)), NUMBER_DIGITS_MAX);
        return false;
    }
    if (value < min || value > max) {
        problems_add(problems, node->line, node->column,
                     "%s: " STR_FMT " is out of range; %.10g to %.10g is expected", name,
                     STR_ARG(shown(node->text)), min, max);
        return false;
    }
    *ret_number = value;
    return true;
}

bool tree_bool(const struct tree_node *node, const char *name, bool *ret_bool,
               struct problems *problems)
{
    if (!scalar(node, name, problems))
        return false;
    if (!tree_parse_bool(node->text, ret_bool)) {
        problems_add(problems, node->line, node->column,
                     "%s: \"" STR_FMT "\" is neither yes nor no", name, STR_ARG(shown(node->text)));
        return false;
    }
    return true;
}

bool tree_choice(const struct tree_node *node, const char *name, const char *const *words,
                 uint32_t count, uint32_t *ret_index, struct problems *problems)
{
    if (!scalar(node, name, problems))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (str_is(node->text, words[i])) {
            *ret_index = i;
            return true;
        }
    char list[240]; /* room for the longest list there is */
    struct text out = text_over(list, sizeof list);
    for (uint32_t i = 0; i < count; i++) {
        text_add(&out, i ? ", " : "");
        text_add(&out, words[i]);
    }
    problems_add(problems, node->line, node->column, "%s: \"" STR_FMT "\" is not one of %.*s", name,
                 STR_ARG(shown(node->text)), (int)out.len, list);
    return false;
}
