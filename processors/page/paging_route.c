/* The section `routes`: what goes to which team. */
#include "processors/page/paging_private.h"

static const char *const zone_kind_words[ZONE_KIND_COUNT] = {
#define ZONE_KIND_WORD(name, text) text,
    ZONE_KINDS(ZONE_KIND_WORD)
#undef ZONE_KIND_WORD
};

static void read_names(struct paging_reader *r, const struct tree_node *map, const char *key,
                       struct paging_names *ret_names)
{
    const struct tree_node *list = tree_find(map, key);
    if (!list)
        return;
    uint32_t count = paging_items(list);
    if (count < 1 || count > PAGING_NAMES_MAX) {
        problems_add(r->problems, list->line, list->column, "%s: 1 to %d are expected, not %u", key,
                     PAGING_NAMES_MAX, count);
        return;
    }
    struct paging_name *name = paging_alloc(r, count, sizeof *name);
    for (uint32_t i = 0; name && i < count; i++) {
        const struct tree_node *node = paging_item(list, i);
        struct str id;
        name[i] = (struct paging_name){.line = node->line, .column = node->column};
        if (tree_id(node, key, &id, r->problems))
            name[i].id = paging_keep(r, id);
    }
    ret_names->name = name;
    ret_names->count = name ? count : 0;
}

/* The words of a key as bits from `first`; what is not there stays as it is. */
static uint32_t read_bits(struct paging_reader *r, const struct tree_node *map, const char *key,
                          const char *const *words, uint32_t count, uint32_t first, uint32_t bits)
{
    const struct tree_node *list = tree_find(map, key);
    if (!list)
        return bits;
    bits = 0;
    for (uint32_t i = 0; i < paging_items(list); i++) {
        uint32_t at;
        const struct tree_node *node = paging_item(list, i);
        if (words == paging_level_words && node->kind == TREE_SCALAR && str_is(node->text, "blue"))
            problems_add(r->problems, node->line, node->column,
                         "%s: blue is for the displays: it pages nobody", key);
        else if (tree_choice(node, key, words, count, &at, r->problems))
            bits |= 1u << (first + at);
    }
    if (paging_items(list) == 0)
        problems_add(r->problems, list->line, list->column,
                     "%s: the list is empty; leave it out for any", key);
    return bits;
}

static void read_team(struct paging_reader *r, const struct tree_node *node,
                      struct paging_route *route)
{
    const struct paging *p = r->paging;
    uint32_t at;
    if (paging_read_reference(r, node, "team", p->team, sizeof *p->team, p->team_count, &at))
        route->team[route->team_count++] = at;
}

static void read_escalate(struct paging_reader *r, const struct tree_node *list,
                          struct paging_route *route)
{
    if (paging_items(list) > PAGING_ESCALATIONS_MAX) {
        problems_add(r->problems, list->line, list->column,
                     "escalate: %u teams, but a rule has at most %d steps", paging_items(list),
                     PAGING_ESCALATIONS_MAX);
        return;
    }
    for (uint32_t i = 0; i < paging_items(list); i++)
        read_team(r, paging_item(list, i), route);
}

static void read_route(struct paging_reader *r, const struct tree_node *map,
                       struct paging_route *route)
{
    static const char *const keys[] = {"venues", "zones", "kinds", "rules", "levels",   "status",
                                       "days",   "from",  "to",    "team",  "escalate", "also"};
    const struct tree_node *node;
    route->line = map->line;
    route->column = map->column;
    if (!tree_expect(map, TREE_MAP, "a route", r->problems))
        return;
    tree_keys(map, "a route", keys, sizeof keys / sizeof keys[0], r->problems);
    read_names(r, map, "venues", &route->venues);
    read_names(r, map, "zones", &route->zones);
    read_names(r, map, "rules", &route->rules);
    route->kinds = read_bits(r, map, "kinds", zone_kind_words, ZONE_KIND_COUNT, 0, 0);
    route->levels =
        (uint8_t)read_bits(r, map, "levels", paging_level_words, 3, LEVEL_YELLOW, PAGING_LEVELS);
    route->statuses = (uint8_t)read_bits(r, map, "status", paging_status_words, 2, PAGING_ACTUAL,
                                         PAGING_ACTUAL_BIT | PAGING_EXERCISE_BIT);
    paging_read_hours(r, map, &route->hours);
    if ((node = tree_find(map, "also")))
        (void)tree_bool(node, "also", &route->also, r->problems);
    if (!(node = tree_find(map, "team"))) {
        problems_add(r->problems, map->line, map->column, "the route has no team");
        return;
    }
    read_team(r, node, route);
    if ((node = tree_find(map, "escalate")))
        read_escalate(r, node, route);
}

void paging_read_routes(struct paging_reader *r, const struct tree_node *root)
{
    struct paging *p = r->paging;
    const struct tree_node *list = paging_section(r, root, "routes", PAGING_ROUTES_MAX);
    if (!list || !(p->route = paging_alloc(r, list->count, sizeof *p->route)))
        return;
    for (; p->route_count < list->count; p->route_count++)
        read_route(r, list->item[p->route_count], &p->route[p->route_count]);
}
