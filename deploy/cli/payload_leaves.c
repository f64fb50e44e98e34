#include "deploy/cli/payload_leaves.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "schemas/json/json_document.h"
#include "schemas/payload/payload_decode.h"
#include "schemas/payload/payload_map.h"

enum {
    DEPTH_MAX = 8,
    ITEMS_MAX = 4, /* of a list of numbers */
};

/* ---- what a name says ------------------------------------------------------------------------ */

/* Whether the word stands in the key for itself: in "total_in" and "totalIn", not in "inside". */
static bool has_word(struct str key, const char *word)
{
    size_t len = strlen(word);
    for (uint32_t i = 0; i + len <= key.len; i++) {
        const char *at = key.at + i;
        if (strncasecmp(at, word, len) != 0)
            continue;
        bool begins = i == 0 || !isalpha((unsigned char)at[-1]) ||
                      (isupper((unsigned char)at[0]) && islower((unsigned char)at[-1]));
        bool ends = i + len == key.len || !isalpha((unsigned char)at[len]) ||
                    (isupper((unsigned char)at[len]) && islower((unsigned char)at[len - 1]));
        if (begins && ends)
            return true;
    }
    return false;
}

static bool has(struct str key, const char *part)
{
    size_t len = strlen(part);
    for (uint32_t i = 0; i + len <= key.len; i++)
        if (strncasecmp(key.at + i, part, len) == 0)
            return true;
    return false;
}

static enum leaf_meaning meaning_of(struct str key)
{
    static const struct {
        const char *word;
        bool whole;
        enum leaf_meaning meaning;
    } words[] = {
        {"in", true, LEAF_IN},
        {"fw", true, LEAF_IN},
        {"enter", false, LEAF_IN},
        {"entr", false, LEAF_IN},
        {"ingress", false, LEAF_IN},
        {"forward", false, LEAF_IN},
        {"out", true, LEAF_OUT},
        {"bw", true, LEAF_OUT},
        {"exit", false, LEAF_OUT},
        {"leave", false, LEAF_OUT},
        {"left", true, LEAF_OUT},
        {"egress", false, LEAF_OUT},
        {"backward", false, LEAF_OUT},
        {"lux", false, LEAF_LUX},
        {"illum", false, LEAF_LUX},
        {"power", false, LEAF_POWER},
        {"watt", false, LEAF_POWER},
        {"occup", false, LEAF_OCCUPANCY},
        {"people", false, LEAF_OCCUPANCY},
        {"person", false, LEAF_OCCUPANCY},
        {"inside", false, LEAF_OCCUPANCY},
        {"visitor", false, LEAF_OCCUPANCY},
        {"headcount", false, LEAF_OCCUPANCY},
        {"count", true, LEAF_OCCUPANCY},
        {"\u4eba", false, LEAF_OCCUPANCY},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].whole ? has_word(key, words[i].word) : has(key, words[i].word))
            return words[i].meaning;
    return LEAF_OTHER;
}

static bool time_named(struct str key)
{
    return has_word(key, "ts") || has_word(key, "at") || has_word(key, "when") ||
           has(key, "time") || has(key, "date");
}

/* The format of a time that says so by its name and looks like one; NULL: it does not. */
static const char *time_format(struct str key, double number, struct str text, bool *ret_local)
{
    int64_t ms;
    bool offset;
    if (!time_named(key))
        return NULL;
    if (text.len && time_parse_civil(text, &offset, &ms)) {
        *ret_local = !offset;
        return offset ? "rfc3339" : "local";
    }
    if (number >= 1.9e13 && number < 2.2e13) {
        *ret_local = true;
        return "compact";
    }
    return number > 1e14   ? "epoch_us"
           : number > 1e11 ? "epoch_ms"
           : number > 1e8  ? "epoch_s"
                           : NULL;
}

/* ---- what stands in a message ---------------------------------------------------------------- */

struct walk {
    const struct json_document *document;
    struct payload_leaves *found;
    struct text path;
    char buffer[LEAF_POINTER_BYTES];
};

static void leaf_add(struct walk *w, uint32_t at, struct str key, uint32_t each)
{
    struct json_field f = {0};
    struct payload_leaves *found = w->found;
    struct payload_leaf *leaf = &found->leaf[found->count];
    double number = 0;
    json_read(w->document, at, &f);
    struct str text = f.kind == JSON_STRING ? f.text : (struct str){0};
    bool is_number = f.kind == JSON_INT || f.kind == JSON_UINT || f.kind == JSON_REAL;
    if (w->path.overflow || found->count == LEAVES_MAX)
        return;
    bool name = has_word(key, "id") || has_word(key, "name") || has_word(key, "channel") ||
                has_word(key, "line") || has_word(key, "zone") || has_word(key, "key");
    if (each && name && !found->part[0] && (is_number || text.len)) {
        memcpy(found->part, w->path.at + each, w->path.len - each);
        found->part_each = each;
        return;
    }
    *leaf = (struct payload_leaf){.each = each, .text = text.len > 0};
    struct text value = text_over(leaf->value, sizeof leaf->value - 1);
    if (is_number) {
        number = f.kind == JSON_INT    ? (double)f.integer
                 : f.kind == JSON_UINT ? (double)f.natural
                                       : f.real;
        text_add_f64(&value, number);
    } else if (f.kind == JSON_BOOL) {
        text_add(&value, f.boolean ? "true" : "false");
    } else if (text.len && json_number_parse(text, &number)) {
        text_add_json(&value, text);
    }
    leaf->format = time_format(key, number, text, &leaf->local);
    leaf->meaning = leaf->format ? LEAF_TIME : f.kind == JSON_BOOL ? LEAF_OTHER : meaning_of(key);
    if (!value.len && !leaf->format)
        return; /* a text that may be anything, or null */
    memcpy(leaf->pointer, w->path.at, w->path.len);
    found->count++;
}

static void walk(struct walk *w, uint32_t at, struct str key, uint32_t each, int depth);

static void walk_list(struct walk *w, uint32_t at, struct str key, uint32_t each, int depth)
{
    const struct json_document *d = w->document;
    size_t len = w->path.len;
    uint32_t in = json_first(at), end = json_end(d, at), stars = 0;
    for (size_t i = 0; i < len; i++)
        stars += w->path.at[i] == '*';
    if (in == end || stars == PAYLOAD_STARS_MAX)
        return;
    if (json_kind_at(d, in) == JSON_OBJECT || json_kind_at(d, in) == JSON_ARRAY) {
        text_add(&w->path, "/*");
        walk(w, in, key, (uint32_t)w->path.len, depth + 1);
        return;
    }
    for (int64_t i = 0; in != end && i < ITEMS_MAX; in = json_after(d, in), i++) {
        w->path.len = len;
        text_add_char(&w->path, '/');
        text_add_i64(&w->path, i);
        walk(w, in, key, each, depth + 1);
    }
}

static void walk(struct walk *w, uint32_t at, struct str key, uint32_t each, int depth)
{
    const struct json_document *d = w->document;
    size_t len = w->path.len;
    enum json_kind kind = json_kind_at(d, at);
    if (depth > DEPTH_MAX)
        return;
    if (kind == JSON_ARRAY) {
        walk_list(w, at, key, each, depth);
    } else if (kind == JSON_OBJECT) {
        for (uint32_t in = json_first(at), end = json_end(d, at); in != end;
             in = json_after(d, in + 1)) {
            w->path.len = len;
            w->path.overflow = false;
            struct str name = json_text(d, in);
            if (str_is(name, "*") || !str_plain(name) || memchr(name.at, '{', name.len) ||
                memchr(name.at, '}', name.len))
                continue; /* a map has no pointer for it */
            payload_pointer_key(&w->path, name);
            walk(w, in + 1, name, each, depth + 1);
        }
    } else {
        leaf_add(w, at, key, each);
    }
    w->path.len = len;
    w->path.overflow = false;
}

bool payload_leaves_find(struct json_parser *parser, struct str payload, struct payload_leaves *ret)
{
    struct json_document document;
    struct walk w = {.document = &document, .found = ret};
    memset(ret, 0, sizeof *ret);
    w.path = text_over(w.buffer, sizeof w.buffer - 1);
    if (json_parse_document(parser, (const uint8_t *)payload.at, payload.len, &document) != JSON_OK)
        return false;
    walk(&w, JSON_ROOT, (struct str){0}, 0, 0);
    for (uint32_t i = 0; i < ret->count; i++)
        if (!ret->leaf[i].format)
            return true;
    return false;
}
