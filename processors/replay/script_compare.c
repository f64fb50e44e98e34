/* One member of a result against what a script wishes: member value, member >= value, member a..b,
 * member value±tolerance, member contains text, member absent. */
#include <math.h>
#include <string.h>

#include "processors/replay/script_private.h"
#include "schemas/base/suggest.h"
#include "schemas/json/json.h"

enum op { OP_EQ, OP_NE, OP_LE, OP_LT, OP_GE, OP_GT, OP_RANGE, OP_CONTAINS, OP_ABSENT, OP_PRESENT };

static const struct {
    const char *word;
    enum op op;
} operators[] = {
    {"=", OP_EQ},
    {"!=", OP_NE},
    {"<=", OP_LE},
    {"<", OP_LT},
    {">=", OP_GE},
    {">", OP_GT},
    {"contains", OP_CONTAINS},
};

struct wish {
    const struct result_field *field;
    enum op op;
    struct script_word value;
    double low, high; /* RANGE; else the value as a number in low */
};

/* A present member of a result. */
struct found {
    bool present;
    double number;   /* INT, TIME, REAL, BOOL, LEVEL */
    struct str text; /* TEXT, JSON */
};

/* ---- what is there --------------------------------------------------------------------------- */

static struct found find(const struct result_field *field, const union result_any *result)
{
    const char *at = (const char *)result + field->offset;
    struct found f = {0};
    int64_t integer;
    int8_t small;
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
    case RESULT_JSON:
        memcpy(&f.text, at, sizeof f.text);
        f.present = f.text.len > 0;
        break;
    case RESULT_INT:
    case RESULT_TIME:
        memcpy(&integer, at, sizeof integer);
        f.present = integer != RESULT_ABSENT;
        f.number = (double)integer;
        break;
    case RESULT_REAL:
        memcpy(&f.number, at, sizeof f.number);
        f.present = isfinite(f.number);
        break;
    case RESULT_BOOL:
        memcpy(&small, at, sizeof small);
        f.present = small >= 0;
        f.number = small;
        break;
    case RESULT_LEVEL:
        memcpy(&small, at, sizeof small);
        f.present = small != LEVEL_ABSENT;
        f.number = small;
        break;
    }
    return f;
}

static void found_show(const struct script *s, const struct result_field *field,
                       const struct found *f, struct text *out)
{
    char clock[SCRIPT_CLOCK_BYTES];
    text_add(out, field->name);
    text_add(out, " is ");
    if (!f->present) {
        text_add(out, "absent");
        return;
    }
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
    case RESULT_JSON:
        text_add_char(out, '"');
        text_add_str(out, f->text);
        text_add_char(out, '"');
        break;
    case RESULT_TIME:
        text_add(out, script_clock_text(s, (int64_t)f->number, clock));
        break;
    case RESULT_BOOL:
        text_add(out, f->number > 0 ? "true" : "false");
        break;
    case RESULT_LEVEL:
        text_add(out, level_text((int)f->number));
        break;
    case RESULT_INT:
    case RESULT_REAL:
        text_add_f64(out, f->number);
        break;
    }
}

/* ---- what is wished -------------------------------------------------------------------------- */

/* The place of `part` in s, outside its ends; UINT32_MAX: none. */
static uint32_t part_at(struct str s, const char *part)
{
    uint32_t len = (uint32_t)strlen(part);
    for (uint32_t i = 1; i + len < s.len; i++) {
        if (memcmp(s.at + i, part, len) == 0)
            return i;
    }
    return UINT32_MAX;
}

static bool number_of(const struct script *s, const struct result_field *field, struct str word,
                      double *ret)
{
    enum level level = LEVEL_NONE;
    int64_t ms;
    switch ((enum result_kind)field->kind) {
    case RESULT_LEVEL:
        if (!level_parse(word, &level))
            return false;
        *ret = level;
        return true;
    case RESULT_BOOL:
        *ret = str_is(word, "true");
        return str_is(word, "true") || str_is(word, "false");
    case RESULT_TIME:
        if (!script_clock_parse(s, word, &ms) && !time_parse_rfc3339(word, &ms))
            return json_number_parse(word, ret);
        *ret = (double)ms;
        return true;
    case RESULT_TEXT:
    case RESULT_JSON:
    case RESULT_INT:
    case RESULT_REAL:
        break;
    }
    return json_number_parse(word, ret);
}

/* a..b or value±tolerance (also written +-). True when the word is one of them. */
static bool range_take(const struct script *s, struct wish *wish)
{
    static const char *const betweens[] = {"..", "\xc2\xb1", "+-"};
    struct str w = wish->value.text;
    double a, b;
    for (size_t i = 0; i < sizeof betweens / sizeof *betweens; i++) {
        uint32_t at = part_at(w, betweens[i]), len = (uint32_t)strlen(betweens[i]);
        if (at == UINT32_MAX)
            continue;
        struct str left = {w.at, at}, right = {w.at + at + len, w.len - at - len};
        if (!number_of(s, wish->field, left, &a) ||
            !(i == 0 ? number_of(s, wish->field, right, &b) : json_number_parse(right, &b)))
            continue;
        wish->op = OP_RANGE;
        wish->low = i == 0 ? a : a - b;
        wish->high = i == 0 ? b : a + b;
        return true;
    }
    return false;
}

static bool textual(const struct result_field *field)
{
    return field->kind == RESULT_TEXT || field->kind == RESULT_JSON;
}

static bool value_take(struct script *s, struct wish *wish)
{
    if (wish->op == OP_EQ && !wish->value.quoted) {
        if (str_is(wish->value.text, "absent") || str_is(wish->value.text, "present")) {
            wish->op = str_is(wish->value.text, "absent") ? OP_ABSENT : OP_PRESENT;
            return true;
        }
        if (!textual(wish->field) && range_take(s, wish))
            return true;
    }
    if (textual(wish->field)) {
        if (wish->op != OP_EQ && wish->op != OP_NE && wish->op != OP_CONTAINS)
            return script_broken(s, "%s is a text: it equals, or contains, another",
                                 wish->field->name);
        return true;
    }
    if (wish->op == OP_CONTAINS)
        return script_broken(s, "%s is no text that could contain another", wish->field->name);
    if (!number_of(s, wish->field, wish->value.text, &wish->low))
        return script_broken(s, "\"" STR_FMT "\" is no value that %s can have",
                             STR_ARG(wish->value.text), wish->field->name);
    return true;
}

static const struct result_field *member_find(struct script *s, const struct script_kind *kind,
                                              struct str name)
{
    enum { MEMBERS_MAX = 128 };
    const struct result_type *type = result_type_of(kind->type);
    const char *names[MEMBERS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (str_is(name, type->fields[i].name))
            return &type->fields[i];
        if (count < MEMBERS_MAX)
            names[count++] = type->fields[i].name;
    }
    const char *near = suggest_word(name, names, count);
    (void)script_broken(s, "`%s` has no member \"" STR_FMT "\"%s%s%s", kind->word, STR_ARG(name),
                        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return NULL;
}

static bool wish_take(struct script *s, const struct script_kind *kind,
                      const struct script_words *words, uint32_t *at, struct wish *wish)
{
    const struct script_word *name = &words->word[(*at)++];
    *wish = (struct wish){.field = member_find(s, kind, name->text)};
    if (!wish->field)
        return false;
    for (size_t i = 0; *at < words->count && i < sizeof operators / sizeof *operators; i++) {
        if (!words->word[*at].quoted && str_is(words->word[*at].text, operators[i].word)) {
            wish->op = operators[i].op;
            ++*at;
            break;
        }
    }
    if (*at >= words->count)
        return script_broken(s, "a value is expected after \"" STR_FMT "\"", STR_ARG(name->text));
    wish->value = words->word[(*at)++];
    return value_take(s, wish);
}

/* ---- the comparison -------------------------------------------------------------------------- */

static bool text_met(const struct wish *wish, struct str text)
{
    struct str want = wish->value.text;
    if (wish->op == OP_CONTAINS)
        return want.len == 0 || memmem(text.at, text.len, want.at, want.len) != NULL;
    return str_equal(text, want) == (wish->op == OP_EQ);
}

static bool met(const struct wish *wish, const struct found *f)
{
    if (wish->op == OP_ABSENT || wish->op == OP_PRESENT)
        return f->present == (wish->op == OP_PRESENT);
    if (!f->present)
        return wish->op == OP_NE;
    if (textual(wish->field))
        return text_met(wish, f->text);
    switch (wish->op) {
    case OP_EQ:
        return f->number == wish->low;
    case OP_NE:
        return f->number != wish->low;
    case OP_LE:
        return f->number <= wish->low;
    case OP_LT:
        return f->number < wish->low;
    case OP_GE:
        return f->number >= wish->low;
    case OP_GT:
        return f->number > wish->low;
    case OP_RANGE:
        return f->number >= wish->low && f->number <= wish->high;
    case OP_CONTAINS:
    case OP_ABSENT:
    case OP_PRESENT:
        break;
    }
    return false;
}

bool script_compare(struct script *s, const struct script_kind *kind,
                    const union result_any *result, const struct script_words *words, uint32_t *at,
                    bool *ret_met, struct text *wanted, struct text *seen)
{
    struct wish wish;
    uint32_t first = *at;
    if (!wish_take(s, kind, words, at, &wish))
        return false;
    if (!result) /* only to see that the words are in order */
        return true;
    struct found f = find(wish.field, result);
    *ret_met = met(&wish, &f);
    if (*ret_met)
        return true;
    text_add(wanted, wanted->len ? ", " : "");
    text_add(seen, seen->len ? ", " : "");
    for (uint32_t i = first; i < *at; i++) {
        const char *quote = words->word[i].quoted ? "\"" : "";
        text_add(wanted, i > first ? " " : "");
        text_add(wanted, quote);
        text_add_str(wanted, words->word[i].text);
        text_add(wanted, quote);
    }
    found_show(s, wish.field, &f, seen);
    return true;
}
