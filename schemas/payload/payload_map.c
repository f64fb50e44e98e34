#include "schemas/payload/payload_map.h"

#include <stdlib.h>

#include "schemas/payload/internal.h"

/* Steps, entries and texts of the largest map, with room to spare. */
#define MAP_ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)

void *payload_alloc(struct payload_reader *r, size_t count, size_t size)
{
    void *memory = arena_alloc(r->arena, count, size);
    if (!memory)
        problems_add(r->problems, 1, 1, "out of memory");
    return memory;
}

/* The value of the `for` name that a text has at `at`, in braces; NULL: it is none of them. */
static const struct str *round_value(const struct payload_reader *r, struct str text, uint32_t at,
                                     uint32_t *ret_len)
{
    if (text.at[at] != '{')
        return NULL;
    for (uint32_t i = 0; i < r->for_count; i++) {
        struct str name = r->for_name[i];
        if (text.len - at >= name.len + 2 && text.at[at + 1 + name.len] == '}' &&
            memcmp(text.at + at + 1, name.at, name.len) == 0) {
            *ret_len = name.len + 2;
            return &r->for_value[i];
        }
    }
    return NULL;
}

bool payload_keep(struct payload_reader *r, const struct tree_node *node, struct str text,
                  struct str *ret_text)
{
    char buffer[4 * PAYLOAD_FILTER_BYTES_MAX];
    if (r->for_count) {
        struct text out = text_over(buffer, sizeof buffer);
        for (uint32_t at = 0; at < text.len;) {
            uint32_t len = 1;
            const struct str *value = round_value(r, text, at, &len);
            if (value)
                text_add_str(&out, *value);
            else
                text_add_char(&out, text.at[at]);
            at += len;
        }
        if (out.overflow) {
            problems_add(r->problems, node->line, node->column, "for: the text becomes too long");
            return false;
        }
        text = (struct str){buffer, (uint32_t)out.len};
    }
    struct str copy = arena_copy(r->arena, text);
    if (!copy.at) {
        problems_add(r->problems, 1, 1, "out of memory");
        return false;
    }
    *ret_text = copy;
    return true;
}

bool payload_text(struct payload_reader *r, const struct tree_node *node, const char *name,
                  uint32_t min, uint32_t max, struct str *ret_text)
{
    struct str text;
    return tree_text(node, name, min, max, &text, r->problems) &&
           payload_keep(r, node, text, ret_text);
}

bool payload_choice(struct payload_reader *r, const struct tree_node *node, const char *name,
                    const char *const *words, uint32_t count, uint32_t *ret_index)
{
    struct tree_node replaced = *node;
    if (node->kind == TREE_SCALAR && !payload_keep(r, node, node->text, &replaced.text))
        return false;
    return tree_choice(&replaced, name, words, count, ret_index, r->problems);
}

bool payload_keys(struct payload_reader *r, const struct tree_node *node, const char *what,
                  const char *const *keys, uint32_t count)
{
    uint32_t before = r->problems->count;
    if (!tree_expect(node, TREE_MAP, what, r->problems))
        return false;
    tree_keys(node, what, keys, count, r->problems);
    return r->problems->count == before;
}

bool payload_list_fits(struct payload_reader *r, const struct tree_node *node, const char *what,
                       uint32_t max)
{
    uint32_t count = payload_list_count(node);
    if (count >= 1 && count <= max)
        return true;
    problems_add(r->problems, node->line, node->column, "%s: 1 to %u are expected, not %u", what,
                 max, count);
    return false;
}

/* What renews one that is carried, in the scope that is being read. */
static bool carried_point(struct payload_reader *r, const struct tree_node *at, uint32_t carried,
                          uint32_t *ret_step)
{
    if (!payload_pointer(r, at, "at", ret_step))
        return false;
    if (r->step[*ret_step].scope == r->here)
        r->step[*ret_step].renews |= (uint8_t)(1u << carried);
    else
        r->scope[r->here].renewed_around |= 1u << carried;
    return true;
}

/* The pointers of `carry`, in each scope that entries read. */
static void carried_place(struct payload_reader *r)
{
    const struct payload_map *map = r->map;
    const struct tree_node *carry = tree_find(r->root, "carry");
    bool element = false;
    if (!map->carried_count)
        return;
    for (uint32_t s = 1; s < r->scope_count; s++) {
        uint32_t *step = NULL;
        for (uint32_t i = 0; i < r->entry_count && !step; i++)
            if (r->entry[i].scope == s)
                step = payload_alloc(r, map->carried_count, sizeof *step);
        r->scope[s].carried = step;
        r->here = s;
        for (uint32_t i = 0; step && i < map->carried_count; i++)
            if (!carried_point(r, tree_find(carry->pair[i].value, "at"), i, &step[i]))
                return;
        element = element || step;
        r->here = 0;
    }
    if (!element)
        problems_add(r->problems, carry->line, carry->column,
                     "carry: it is for elements, and no reading has an `each`");
}

/* What readings and statuses use of a topic, each of their filters has to give. */
static void captures_check(struct payload_reader *r, const struct tree_node *root)
{
    const struct payload_map *map = r->map;
    for (uint32_t i = 0; i < r->filter_count; i++) {
        const struct payload_filter *f = &r->filter[i];
        const struct tree_node *at =
            tree_find(root, f->status == PAYLOAD_FOR_READINGS ? "topics" : "status");
        uint32_t needed = f->status == PAYLOAD_FOR_READINGS ? map->captures_needed
                          : f->status < map->status_count   ? map->status[f->status].captures
                                                            : 0;
        uint32_t lacks = needed & ~f->captures;
        if (lacks && at)
            problems_add(r->problems, at->line, at->column,
                         "topic filter \"" STR_FMT "\" does not capture {" STR_FMT
                         "}, which the map uses",
                         STR_ARG(f->text), STR_ARG(map->captures.name[__builtin_ctz(lacks)]));
    }
}

static bool needs_document(const struct payload_reader *r)
{
    for (uint32_t i = 1; i < r->step_count; i++)
        if (r->step[i].wanted || r->step[i].iterated)
            return true;
    return false;
}

static void map_read(struct payload_reader *r)
{
    static const char *const keys[] = {
        "payload",      "title",   "source",   "verified", "unverified",     "topics",
        "content_type", "when",    "time",     "seq",      "retransmission", "partial",
        "carry",        "privacy", "readings", "status",   "samples"};
    struct payload_map *map = r->map;
    const struct tree_node *when = tree_find(r->root, "when");
    if (!payload_keys(r, r->root, "the map", keys, sizeof keys / sizeof keys[0]) &&
        r->root->kind != TREE_MAP)
        return;
    payload_read_head(r);
    payload_read_topics(r);
    payload_read_carry(r);
    if (when)
        (void)payload_conditions(r, when, "when", &map->when);
    payload_read_readings(r);
    map->captures_needed = r->captures;
    payload_read_statuses(r);
    payload_read_privacy(r);
    payload_read_samples(r);
    carried_place(r);
    captures_check(r, r->root);
    map->needs_document = needs_document(r);
    struct payload_filter *filter = payload_alloc(r, r->filter_count, sizeof *filter);
    if (filter)
        memcpy(filter, r->filter, r->filter_count * sizeof *filter);
    map->filter = filter;
    map->filter_count = r->filter_count;
    (void)payload_scopes_finish(r);
}

bool payload_map_parse(struct str source, struct payload_map **ret_map, struct problems *problems)
{
    struct problems found = {0};
    struct tree *tree = NULL;
    struct payload_reader *r = NULL;
    struct payload_map *map = NULL;
    bool ok = false;
    if (source.len > PAYLOAD_MAP_BYTES_MAX) {
        problems_add(&found, 1, 1, "the map is longer than %d bytes", PAYLOAD_MAP_BYTES_MAX);
        goto done;
    }
    if (!tree_parse(source, NULL, &tree, &found))
        goto done;
    r = calloc(1, sizeof *r);
    map = calloc(1, sizeof *map);
    if (!r || !map || !(map->arena = arena_new(MAP_ARENA_BYTES_MAX))) {
        problems_add(&found, 1, 1, "out of memory");
        goto done;
    }
    map->print = str_hash(source) | 1;
    r->map = map;
    r->arena = map->arena;
    r->problems = &found;
    r->root = tree_root(tree);
    map_read(r);
    if (!problems_refuse(&found)) {
        *ret_map = map;
        map = NULL;
        ok = true;
    }
done:
    problems_sort(&found);
    problems_append(problems, &found);
    payload_map_free(map);
    free(r);
    tree_free(tree);
    return ok;
}

void payload_map_free(struct payload_map *map)
{
    if (map)
        arena_free(map->arena);
    free(map);
}

const struct payload_facts *payload_map_facts(const struct payload_map *map)
{
    return &map->facts;
}

const struct payload_binding *payload_map_binding(const struct payload_map *map, uint32_t i)
{
    return i < map->entry_count ? &map->entry[i].binding : NULL;
}

const struct payload_sample *payload_map_sample(const struct payload_map *map, uint32_t i)
{
    return i < map->sample_count ? &map->sample[i] : NULL;
}

const struct payload_privacy *payload_map_privacy(const struct payload_map *map, uint32_t i)
{
    return i < map->privacy_count ? &map->privacy[i] : NULL;
}

bool payload_map_says(const struct payload_map *map, struct str payload)
{
    for (uint32_t i = 0; i < map->status_count; i++) {
        const struct payload_alternatives *online = &map->status[i].online;
        for (uint32_t j = 0; j < online->count; j++) {
            const struct payload_value *value = &online->value[j];
            for (uint32_t k = 0; value->from == VALUE_PAYLOAD && k < value->word_count; k++)
                if (str_equal(value->word[k].from.text, payload))
                    return true;
        }
    }
    return false;
}
