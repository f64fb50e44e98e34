/* What a map itself puts in the place of what a device says: `words` and `is`. Both are of the
 * member's kind, and among its words. */
#include "schemas/base/suggest.h"
#include "schemas/payload/internal.h"

enum { WORDS_SHOWN_MAX = 8 };

/* "pass, reject": the member's words; how many. */
static uint32_t words_list(const struct member *member, const char *word[WORDS_SHOWN_MAX],
                           struct text *out)
{
    uint32_t count = 0;
    for (; member->words[count].len && count < WORDS_SHOWN_MAX; count++) {
        word[count] = member->words[count].at;
        text_add(out, count ? ", " : "");
        text_add(out, word[count]);
    }
    return count;
}

static bool word_of(struct payload_reader *r, const struct tree_node *node,
                    const struct member *member, struct str text, struct json_field *ret)
{
    const char *word[WORDS_SHOWN_MAX];
    char list[128];
    struct text out = text_over(list, sizeof list);
    uint32_t count = words_list(member, word, &out);
    for (uint32_t i = 0; i < count; i++)
        if (str_is(text, word[i])) {
            *ret = (struct json_field){.kind = JSON_STRING, .text = member->words[i]};
            return true;
        }
    const char *near = suggest_word(text, word, count);
    problems_add(r->problems, node->line, node->column,
                 "\"%.*s\" is not a word of " STR_FMT ": %.*s%s%s%s",
                 (int)(text.len < 48 ? text.len : 48), text.at, STR_ARG(member->name), (int)out.len,
                 list, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return false;
}

/* A constant of the member's kind. */
static bool constant_of(struct payload_reader *r, const struct tree_node *node,
                        const struct member *member, struct json_field *ret)
{
    struct str text;
    const char *name = member ? member->name.at : "time";
    if (!payload_text(r, node, name, 0, READING_TEXT_BYTES_MAX, &text))
        return false;
    switch (member ? member->kind : MEMBER_TIME) {
    case MEMBER_WORD:
        return word_of(r, node, member, text, ret);
    case MEMBER_BOOL:
        ret->kind = JSON_BOOL;
        return tree_bool(node, name, &ret->boolean, r->problems);
    case MEMBER_TEXT:
        *ret = (struct json_field){.kind = JSON_STRING, .text = text};
        return true;
    default:
        ret->kind = JSON_REAL;
        return tree_number(node, name, 0, member ? member->max : 1e15, &ret->real, r->problems);
    }
}

bool payload_words(struct payload_reader *r, const struct tree_node *node,
                   const struct member *member, struct payload_value *value)
{
    if (!tree_expect(node, TREE_MAP, "words", r->problems))
        return false;
    struct payload_word *word = payload_alloc(r, node->count, sizeof *word);
    if (!word)
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        struct str from;
        if (!payload_keep(r, node, node->pair[i].key, &from) ||
            !constant_of(r, node->pair[i].value, member, &word[i].to))
            return false;
        word[i].from = payload_constant(from);
    }
    value->word = word;
    value->word_count = node->count;
    return true;
}

bool payload_is(struct payload_reader *r, const struct tree_node *node, const struct member *member,
                struct payload_value *value)
{
    if (member && member->kind == MEMBER_TEXT) {
        value->from = VALUE_TEMPLATE;
        return payload_template(r, node, "is", &value->text);
    }
    value->from = VALUE_CONSTANT;
    return constant_of(r, node, member, &value->constant);
}
