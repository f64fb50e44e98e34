#include "processors/page/paging.h"

#include <stdlib.h>

#include "processors/page/paging_private.h"
#include "schemas/base/suggest.h"
#include "schemas/config/config_file.h"

/* Targets, teams, routes and texts of the largest file, with room to spare. */
#define PAGING_ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)

static const char *const kind_words[PAGING_KIND_COUNT] = {
#define KIND_WORD(name, word, ...) word,
    PAGING_KINDS(KIND_WORD)
#undef KIND_WORD
};
const char *const paging_language_words[3] = {"zh", "en", "both"};
const char *const paging_status_words[2] = {"Actual", "Exercise"};
const char *const paging_level_words[3] = {"yellow", "orange", "red"};

const char *paging_kind_text(enum paging_kind kind)
{
    return (unsigned)kind < PAGING_KIND_COUNT ? kind_words[kind] : "unknown";
}

const char *paging_language_text(enum paging_language language)
{
    return (unsigned)language < 3 ? paging_language_words[language] : "unknown";
}

/* ---- what the sections share ----------------------------------------------------------------- */

void *paging_alloc(struct paging_reader *r, size_t count, size_t size)
{
    void *memory = arena_alloc(r->paging->arena, count, size);
    if (!memory)
        problems_add(r->problems, 1, 1, "out of memory");
    return memory;
}

struct str paging_keep(struct paging_reader *r, struct str text)
{
    struct str copy = arena_copy(r->paging->arena, text);
    if (!copy.at)
        problems_add(r->problems, 1, 1, "out of memory");
    return copy;
}

const struct tree_node *paging_section(struct paging_reader *r, const struct tree_node *root,
                                       const char *key, uint32_t max)
{
    const struct tree_node *list = tree_find(root, key);
    if (!list) {
        problems_add(r->problems, root->line, root->column, "%s: there are none", key);
        return NULL;
    }
    if (!tree_expect(list, TREE_LIST, key, r->problems))
        return NULL;
    if (list->count >= 1 && list->count <= max)
        return list;
    problems_add(r->problems, list->line, list->column, "%s: 1 to %u are expected, not %u", key,
                 max, list->count);
    return NULL;
}

static struct str id_at(const void *entries, size_t stride, uint32_t i)
{
    return *(const struct str *)(const void *)((const char *)entries + i * stride);
}

static uint32_t find(const void *entries, size_t stride, uint32_t count, struct str id)
{
    for (uint32_t i = 0; i < count; i++)
        if (id.len && str_equal(id_at(entries, stride, i), id))
            return i;
    return UINT32_MAX;
}

bool paging_read_id(struct paging_reader *r, const struct tree_node *map, const char *what,
                    const void *entries, size_t stride, uint32_t count, struct str *ret_id)
{
    const struct tree_node *node = tree_find(map, "id");
    struct str id;
    if (!node) {
        problems_add(r->problems, map->line, map->column, "the %s's id is missing", what);
        return false;
    }
    if (!tree_id(node, "id", &id, r->problems))
        return false;
    if (find(entries, stride, count, id) != UINT32_MAX) {
        problems_add(r->problems, node->line, node->column, "%s \"" STR_FMT "\" is defined twice",
                     what, STR_ARG(id));
        return false;
    }
    *ret_id = paging_keep(r, id);
    return ret_id->at != NULL;
}

bool paging_read_reference(struct paging_reader *r, const struct tree_node *node, const char *what,
                           const void *entries, size_t stride, uint32_t count, uint32_t *ret_at)
{
    const char *words[PAGING_ROUTES_MAX];
    uint32_t known = 0;
    struct str id;
    if (!tree_id(node, what, &id, r->problems))
        return false;
    uint32_t at = find(entries, stride, count, id);
    if (at != UINT32_MAX) {
        *ret_at = at;
        return true;
    }
    for (uint32_t i = 0; i < count && known < PAGING_ROUTES_MAX; i++)
        if (id_at(entries, stride, i).len)
            words[known++] = id_at(entries, stride, i).at;
    const char *near = suggest_word(id, words, known);
    problems_add(r->problems, node->line, node->column, "there is no %s \"" STR_FMT "\"%s%s%s",
                 what, STR_ARG(id), near ? "; did you mean \"" : "", near ? near : "",
                 near ? "\"?" : "");
    return false;
}

/* ---- the file -------------------------------------------------------------------------------- */

static void read_root(struct paging_reader *r, const struct tree_node *root)
{
    static const char *const keys[] = {"language", "targets", "teams", "routes"};
    const struct tree_node *node;
    uint32_t language;
    if (!tree_expect(root, TREE_MAP, "the paging file", r->problems))
        return;
    tree_keys(root, "the paging file", keys, sizeof keys / sizeof keys[0], r->problems);
    if ((node = tree_find(root, "language")) &&
        tree_choice(node, "language", paging_language_words, 3, &language, r->problems))
        r->language = (enum paging_language)language;
    paging_read_targets(r, root);
    paging_read_teams(r, root);
    paging_read_routes(r, root);
}

bool paging_parse(struct str source, const char *path, struct paging **ret_paging,
                  struct problems *problems)
{
    struct problems found = {0};
    struct tree *tree = NULL;
    struct paging *paging = calloc(1, sizeof *paging);
    bool ok = false;
    if (!paging || !(paging->arena = arena_new(PAGING_ARENA_BYTES_MAX))) {
        problems_add(&found, 1, 1, "out of memory");
        goto done;
    }
    if (source.len > PAGING_BYTES_MAX) {
        problems_add(&found, 1, 1, "the file is longer than %d bytes", PAGING_BYTES_MAX);
        goto done;
    }
    if (!tree_parse(source, path ? &tree_env_process : NULL, &tree, &found))
        goto done;
    struct paging_reader r = {paging, &found, path, PAGING_BOTH};
    read_root(&r, tree_root(tree));
    if (!problems_refuse(&found)) {
        *ret_paging = paging;
        paging = NULL;
        ok = true;
    }
done:
    problems_sort(&found);
    problems_append(problems, &found);
    paging_free(paging);
    tree_free(tree);
    return ok;
}

bool paging_load(const char *path, struct paging **ret_paging, struct problems *problems)
{
    char *source = NULL;
    size_t len = 0;
    struct error err = {0};
    char text[PROBLEM_BYTES];
    if (!config_file_read(path, PAGING_BYTES_MAX, &source, &len, &err)) {
        problems_add(problems, 0, 0, "%s", error_describe(&err, text, sizeof text));
        return false;
    }
    bool ok = paging_parse((struct str){source, (uint32_t)len}, path, ret_paging, problems);
    free(source);
    return ok;
}

void paging_free(struct paging *paging)
{
    if (paging)
        arena_free(paging->arena);
    free(paging);
}

uint32_t paging_target_count(const struct paging *paging)
{
    return paging->target_count;
}

uint32_t paging_team_count(const struct paging *paging)
{
    return paging->team_count;
}

uint32_t paging_route_count(const struct paging *paging)
{
    return paging->route_count;
}

const struct paging_target *paging_target(const struct paging *paging, uint32_t i)
{
    return &paging->target[i];
}

uint32_t paging_target_find(const struct paging *paging, struct str id)
{
    return find(paging->target, sizeof *paging->target, paging->target_count, id);
}

uint64_t paging_targets_of(const struct paging *paging, bool exercise)
{
    uint64_t targets = 0;
    for (uint32_t i = 0; i < paging->target_count; i++)
        if (paging->target[i].exercise == exercise)
            targets |= UINT64_C(1) << i;
    return targets;
}
