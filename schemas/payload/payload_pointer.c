/* JSON Pointers (RFC 6901) of a map, merged into steps and scopes: see internal.h. */
#include <stdlib.h>

#include "schemas/payload/internal.h"
#include "schemas/payload/payload_decode.h"

static bool refuse(const char *reason, const char **ret_reason)
{
    *ret_reason = reason;
    return false;
}

/* ~0 and ~1 resolved, in place. */
static bool unescape(char *at, uint32_t *len)
{
    uint32_t to = 0;
    for (uint32_t from = 0; from < *len; from++) {
        char c = at[from];
        if (c == '~') {
            if (from + 1 == *len || (at[from + 1] != '0' && at[from + 1] != '1'))
                return false;
            c = at[++from] == '0' ? '~' : '/';
        }
        at[to++] = c;
    }
    *len = to;
    return true;
}

bool payload_tokens(struct arena *arena, struct str pointer, bool stars,
                    struct payload_token ret_token[PAYLOAD_STEPS_MAX], uint32_t *ret_count,
                    const char **ret_reason)
{
    uint32_t count = 0;
    if (pointer.len && pointer.at[0] != '/')
        return refuse("a pointer begins with /", ret_reason);
    for (uint32_t at = 0; at < pointer.len;) {
        uint32_t end = at + 1;
        while (end < pointer.len && pointer.at[end] != '/')
            end++;
        if (count == PAYLOAD_STEPS_MAX)
            return refuse("a pointer has at most 32 steps", ret_reason);
        struct str raw = {pointer.at + at + 1, end - at - 1};
        uint32_t len = raw.len;
        char *copy = arena_alloc(arena, (size_t)len + 8, 1); /* json_print reads 8 */
        if (!copy)
            return refuse("out of memory", ret_reason);
        if (len)
            memcpy(copy, raw.at, len);
        if (!unescape(copy, &len))
            return refuse("a ~ is written ~0, and a / inside a key ~1", ret_reason);
        ret_token[count++] =
            (struct payload_token){.text = {copy, len}, .any = stars && str_is(raw, "*")};
        at = end;
    }
    *ret_count = count;
    return true;
}

/* A position in a list: digits, no zeros in front. */
static int32_t index_of(struct str key)
{
    int32_t v = 0;
    if (key.len == 0 || key.len > 3 || (key.len > 1 && key.at[0] == '0'))
        return PAYLOAD_NO_INDEX;
    for (uint32_t i = 0; i < key.len; i++) {
        if (key.at[i] < '0' || key.at[i] > '9')
            return PAYLOAD_NO_INDEX;
        v = v * 10 + (key.at[i] - '0');
    }
    return v <= PAYLOAD_LIST_INDEX_MAX ? v : PAYLOAD_NO_INDEX;
}

static uint32_t step_new(struct payload_reader *r, const struct tree_node *node,
                         struct payload_step step)
{
    if (r->step_count == 0)
        r->step_count = 1; /* 0: none */
    if (r->step_count == PAYLOAD_POINTERS_MAX) {
        problems_add(r->problems, node->line, node->column,
                     "the map's pointers have more than %d different steps", PAYLOAD_POINTERS_MAX);
        return 0;
    }
    r->step[r->step_count] = step;
    return r->step_count++;
}

static uint32_t step_below(struct payload_reader *r, const struct tree_node *node, uint32_t parent,
                           struct str key)
{
    struct payload_step *above = &r->step[parent];
    for (uint32_t i = above->child; i; i = r->step[i].sibling)
        if (str_equal(r->step[i].key, key))
            return i;
    uint32_t made = step_new(r, node,
                             (struct payload_step){.key = key,
                                                   .index = index_of(key),
                                                   .index_max = PAYLOAD_NO_INDEX,
                                                   .parent = parent,
                                                   .scope = above->scope,
                                                   .sibling = above->child});
    if (!made)
        return 0;
    above->child = made;
    above->child_count++;
    if (r->step[made].index > above->index_max)
        above->index_max = r->step[made].index;
    return made;
}

static bool scope_new(struct payload_reader *r, const struct tree_node *node, uint32_t parent,
                      uint32_t list, uint32_t *ret_scope)
{
    for (uint32_t i = 1; i < r->scope_count; i++)
        if (r->scope[i].parent == parent && r->scope[i].list == list) {
            *ret_scope = i;
            return true;
        }
    if (r->scope_count == PAYLOAD_SCOPES_MAX) {
        problems_add(r->problems, node->line, node->column,
                     "each: the map iterates more than %d different places",
                     PAYLOAD_SCOPES_MAX - 1);
        return false;
    }
    struct payload_scope *scope = &r->scope[r->scope_count];
    *scope = (struct payload_scope){.parent = parent, .list = list};
    scope->depth = r->scope_count ? r->scope[parent].depth + 1 : 0;
    scope->root = step_new(r, node,
                           (struct payload_step){.index = PAYLOAD_NO_INDEX,
                                                 .scope = r->scope_count,
                                                 .index_max = PAYLOAD_NO_INDEX});
    if (!scope->root)
        return false;
    r->step[list].iterated = list != 0;
    *ret_scope = r->scope_count++;
    return true;
}

/* The document is scope 0; there from the first pointer on. */
static bool document(struct payload_reader *r, const struct tree_node *node)
{
    uint32_t scope;
    return r->scope_count || scope_new(r, node, 0, 0, &scope);
}

/* "./x" and "../x" taken apart: the scope it begins in, and the rest. */
static bool begins(struct payload_reader *r, struct str text, uint32_t *ret_scope,
                   struct str *ret_rest, const char **ret_reason)
{
    static const char needs_each[] = "./ and ../ begin at an element, and nothing is iterated here";
    uint32_t scope = r->here;
    if (text.len == 0 || text.at[0] == '/') {
        *ret_scope = 0;
        *ret_rest = text;
        return true;
    }
    if (text.at[0] != '.')
        return refuse("a pointer begins with /, ./ or ../; a constant is written {is: …}",
                      ret_reason);
    if (scope == 0)
        return refuse(needs_each, ret_reason);
    uint32_t at = 0;
    while (text.len - at >= 2 && memcmp(text.at + at, "..", 2) == 0 &&
           (text.len - at == 2 || text.at[at + 2] == '/')) {
        if (r->scope[scope].depth <= 1)
            return refuse("../ leads out of the elements; the document's pointers begin with /",
                          ret_reason);
        scope = r->scope[scope].parent;
        at += at + 2 == text.len ? 2 : 3;
    }
    if (at == 0) {
        if (text.len > 1 && text.at[1] != '/')
            return refuse("a pointer begins with /, ./ or ../", ret_reason);
        at = text.len > 1 ? 2 : 1;
    }
    *ret_scope = scope;
    *ret_rest = at < text.len ? (struct str){text.at + at - 1, text.len - at + 1}
                              : (struct str){text.at + text.len, 0};
    return true;
}

static bool place(struct payload_reader *r, const struct tree_node *node, struct str text,
                  uint32_t *ret_step, const char **ret_reason)
{
    struct payload_token token[PAYLOAD_STEPS_MAX];
    uint32_t count, scope;
    struct str rest;
    if (memchr(text.len ? text.at : "", '{', text.len))
        return refuse("only `for` gives names to a pointer, and it gives none of this name",
                      ret_reason);
    if (!begins(r, text, &scope, &rest, ret_reason) ||
        !payload_tokens(r->arena, rest, false, token, &count, ret_reason))
        return false;
    *ret_reason = NULL;
    if (!document(r, node))
        return false;
    uint32_t step = r->scope[scope].root;
    for (uint32_t i = 0; i < count; i++) {
        step = step_below(r, node, step, token[i].text);
        if (!step)
            return false;
    }
    r->step[step].wanted = true;
    *ret_step = step;
    return true;
}

bool payload_pointer_text(struct payload_reader *r, const struct tree_node *node, struct str text,
                          uint32_t *ret_step)
{
    const char *reason = NULL;
    if (place(r, node, text, ret_step, &reason))
        return true;
    if (reason)
        problems_add(r->problems, node->line, node->column, "\"%.*s\": %s",
                     (int)(text.len < 128 ? text.len : 128), text.at, reason);
    return false;
}

bool payload_pointer(struct payload_reader *r, const struct tree_node *node, const char *name,
                     uint32_t *ret_step)
{
    struct str text;
    return payload_text(r, node, name, 0, PAYLOAD_FILTER_BYTES_MAX, &text) &&
           payload_pointer_text(r, node, text, ret_step);
}

static bool each_refuse(struct payload_reader *r, const struct tree_node *node, const char *reason)
{
    problems_add(r->problems, node->line, node->column, "each: %s", reason);
    return false;
}

bool payload_each(struct payload_reader *r, const struct tree_node *node, uint32_t *ret_scope)
{
    struct payload_token token[PAYLOAD_STEPS_MAX];
    struct str text;
    uint32_t count, stars = 0, scope = 0;
    const char *reason;
    if (!payload_text(r, node, "each", 1, PAYLOAD_FILTER_BYTES_MAX, &text))
        return false;
    if (memchr(text.at, '{', text.len))
        return each_refuse(r, node, "only `for` gives names to a pointer");
    if (!payload_tokens(r->arena, text, true, token, &count, &reason))
        return each_refuse(r, node, reason);
    for (uint32_t i = 0; i < count; i++)
        stars += token[i].any;
    if (stars == 0 || !token[count - 1].any)
        return each_refuse(r, node,
                           "it ends with /*: the items of a list, or the members of an object");
    if (stars > PAYLOAD_STARS_MAX)
        return each_refuse(r, node, "at most four * in one another");
    if (!document(r, node))
        return false;
    uint32_t step = r->scope[0].root;
    for (uint32_t i = 0; i < count; i++) {
        if (token[i].any) {
            if (!scope_new(r, node, scope, step, &scope))
                return false;
            step = r->scope[scope].root;
        } else if (!(step = step_below(r, node, step, token[i].text))) {
            return false;
        }
    }
    *ret_scope = scope;
    return true;
}

/* The table by which a member's key finds its step. */
static bool slots_make(struct payload_reader *r, struct payload_step *step)
{
    if (!step->child_count)
        return true;
    uint32_t slots = 2;
    while (slots < 2 * step->child_count)
        slots *= 2;
    struct payload_slot *slot = payload_alloc(r, slots, sizeof *slot);
    if (!slot)
        return false;
    for (uint32_t i = step->child; i; i = r->step[i].sibling) {
        struct json_print print = json_print(r->step[i].key);
        uint32_t at = (uint32_t)json_print_hash(print, r->step[i].key) & (slots - 1);
        while (slot[at].step)
            at = (at + 1) & (slots - 1);
        const struct payload_step *child = &r->step[i];
        slot[at] = (struct payload_slot){.print = print,
                                         .key = child->key,
                                         .step = i,
                                         .deeper = child->child_count || child->iterated,
                                         .renews = child->renews,
                                         .says = child->says,
                                         .allows = child->allows};
    }
    step->slot = slot;
    step->slot_mask = slots - 1;
    return true;
}

/* A step's pointer, for reasons of refusals. Parents come before their children. */
static bool path_make(struct payload_reader *r, struct payload_step *step)
{
    if (!step->parent)
        return true;
    struct str above = r->step[step->parent].path;
    size_t cap = (size_t)above.len + 1 + 2 * (size_t)step->key.len;
    char *path = payload_alloc(r, cap, 1);
    struct text out = text_over(path, path ? cap : 0);
    text_add_str(&out, above);
    payload_pointer_key(&out, step->key);
    step->path = (struct str){path, (uint32_t)out.len};
    return path != NULL;
}

/* The numbers of the scopes directly inside a scope. */
static bool children_list(struct payload_reader *r, uint32_t scope)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < r->scope_count; i++)
        count += r->scope[i].parent == scope;
    uint32_t *child = payload_alloc(r, count, sizeof *child);
    if (!child)
        return false;
    r->scope[scope].child = child;
    for (uint32_t i = 1; i < r->scope_count; i++)
        if (r->scope[i].parent == scope)
            child[r->scope[scope].child_count++] = i;
    return true;
}

bool payload_scopes_finish(struct payload_reader *r)
{
    if (!document(r, r->root))
        return false;
    payload_entries_place(r);
    if (!payload_questions_finish(r) || !payload_entries_keep(r))
        return false;
    for (uint32_t i = 1; i < r->step_count; i++)
        if (!slots_make(r, &r->step[i]) || !path_make(r, &r->step[i]))
            return false;
    for (uint32_t i = 0; i < r->scope_count; i++)
        if (!children_list(r, i))
            return false;
    struct payload_map *map = r->map;
    struct payload_step *step = payload_alloc(r, r->step_count, sizeof *step);
    struct payload_scope *scope = payload_alloc(r, r->scope_count, sizeof *scope);
    if (!step || !scope)
        return false;
    memcpy(step, r->step, r->step_count * sizeof *step);
    memcpy(scope, r->scope, r->scope_count * sizeof *scope);
    map->step = step;
    map->step_count = r->step_count;
    map->scope = scope;
    map->scope_count = r->scope_count;
    return true;
}
