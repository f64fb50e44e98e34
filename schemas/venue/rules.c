#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/venue/internal.h"

static void read_kinds(struct venue_reader *r, const struct tree_node *node,
                       struct venue_rule *rule)
{
    uint32_t kind;
    for (uint32_t i = 0; i < venue_list_count(node); i++) {
        if (tree_choice(venue_list_item(node, i), "kinds", zone_kind_words, ZONE_KIND_COUNT, &kind,
                        r->problems))
            rule->kinds |= 1u << kind;
    }
    if (venue_list_count(node) == 0)
        problems_add(r->problems, node->line, node->column, "kinds: the list is empty");
}

static int by_index(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* `zone` (one) or `zones` (a list). */
static void read_zones(struct venue_reader *r, const struct tree_node *node, const char *key,
                       struct venue_rule *rule)
{
    uint32_t count = venue_list_count(node), read = 0;
    if (count == 0 || count > r->venue->zone_count) {
        problems_add(r->problems, node->line, node->column, "%s: %s", key,
                     count ? "more zones than the venue has" : "the list is empty");
        return;
    }
    uint32_t *zone = venue_alloc(r, count, sizeof *zone);
    if (!zone)
        return;
    for (uint32_t i = 0; i < count; i++)
        read += venue_read_zone_ref(r, venue_list_item(node, i), key, &zone[read]);
    if (read < count)
        return;
    qsort(zone, count, sizeof *zone, by_index);
    for (uint32_t i = 1; i < count; i++) {
        if (zone[i] == zone[i - 1])
            problems_add(r->problems, node->line, node->column,
                         "%s: \"" STR_FMT "\" is named twice", key,
                         STR_ARG(r->venue->zones[zone[i]].id));
    }
    rule->zone = zone;
    rule->zone_count = count;
}

/* Any of the three ways to name zones, and any of them together; but at least one. */
static void read_scope(struct venue_reader *r, const struct tree_node *map, struct venue_rule *rule)
{
    const struct tree_node *kinds = tree_find(map, "kinds"), *zone = tree_find(map, "zone"),
                           *zones = tree_find(map, "zones"), *tags = tree_find(map, "tags");
    if (!kinds && !zone && !zones && !tags)
        problems_add(r->problems, map->line, map->column,
                     "rule \"" STR_FMT "\" names no zones: kinds, zone, zones or tags is expected",
                     STR_ARG(rule->id));
    if (zone && zones)
        problems_add(r->problems, zones->line, zones->column,
                     "zone and zones: one of them is expected, not both");
    else if (zone && zone->kind == TREE_LIST)
        problems_add(r->problems, zone->line, zone->column,
                     "zone: one id is expected; several go into zones");
    else if (zone || zones)
        read_zones(r, zone ? zone : zones, zone ? "zone" : "zones", rule);
    if (kinds)
        read_kinds(r, kinds, rule);
    if (tags)
        venue_read_tags(r, tags, rule->tag, &rule->tag_count);
}

static void read_rule(struct venue_reader *r, const struct tree_node *map, struct venue_rule *rule)
{
    static const char *const keys[] = {"id",      "metric",     "kinds",  "zone",
                                       "zones",   "tags",       "levels", "clear_margin_pct",
                                       "clear_s", "min_samples"};
    const struct tree_node *node;
    struct str text;
    uint32_t metric;
    int64_t samples = r->defaults.min_samples;
    *rule = (struct venue_rule){.line = map->line,
                                .clear_margin_pct = r->defaults.clear_margin_pct,
                                .clear_ms = r->defaults.clear_ms};
    for (uint32_t i = 0; i < VENUE_LEVELS; i++) {
        rule->enter[i] = NAN;
        rule->dwell_ms[i] = r->defaults.dwell_ms[i];
    }
    memcpy(rule->escalate_ms, r->defaults.escalate_ms, sizeof rule->escalate_ms);
    if (!tree_expect(map, TREE_MAP, "a rule", r->problems))
        return;
    tree_keys(map, "a rule", keys, sizeof keys / sizeof keys[0], r->problems);
    if ((node = tree_find(map, "id")) == NULL)
        problems_add(r->problems, map->line, map->column, "the rule's id is missing");
    else if (tree_id(node, "id", &text, r->problems))
        rule->id = venue_keep(r, text);
    if ((node = tree_find(map, "metric")) == NULL)
        problems_add(r->problems, map->line, map->column, "rule \"" STR_FMT "\" has no metric",
                     STR_ARG(rule->id));
    else if (tree_choice(node, "metric", metric_words, METRIC_COUNT, &metric, r->problems))
        rule->metric = (enum metric)metric;
    read_scope(r, map, rule);
    venue_read_clearing(r, map, &rule->clear_margin_pct, &rule->clear_ms, &samples);
    rule->min_samples = (uint32_t)samples;
    venue_read_levels(r, map, rule);
}

static uint32_t rule_find(const struct venue *v, struct str id)
{
    for (uint32_t i = 0; i < v->rule_count; i++)
        if (str_equal(v->rules[i].id, id))
            return i;
    return UINT32_MAX;
}

void venue_read_rules(struct venue_reader *r, const struct tree_node *root)
{
    struct venue *v = r->venue;
    const struct tree_node *list = tree_find(root, "rules"),
                           *node = tree_find(root, "builtin_rules");
    bool builtin = list == NULL;
    if (node)
        (void)tree_bool(node, "builtin_rules", &builtin, r->problems);
    if (list && !tree_expect(list, TREE_LIST, "rules", r->problems))
        return;
    uint32_t count = list ? list->count : 0;
    uint32_t room = VENUE_RULES_MAX - venue_builtin_count();
    if (count > room) {
        problems_add(r->problems, list->line, list->column, "rules: more than %u", room);
        return;
    }
    v->rules = venue_alloc(r, (size_t)count + venue_builtin_count(), sizeof *v->rules);
    r->rule_node = calloc((size_t)count + venue_builtin_count(), sizeof(struct tree_node *));
    if (!v->rules || !r->rule_node) {
        problems_add(r->problems, 1, 1, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct venue_rule rule;
        read_rule(r, list->item[i], &rule);
        uint32_t same = rule.id.len ? rule_find(v, rule.id) : UINT32_MAX;
        if (same != UINT32_MAX)
            problems_add(r->problems, list->item[i]->line, list->item[i]->column,
                         "rule \"" STR_FMT "\" is defined twice; first in line %u",
                         STR_ARG(rule.id), v->rules[same].line);
        r->rule_node[v->rule_count] = list->item[i];
        v->rules[v->rule_count++] = rule;
    }
    for (uint32_t i = 0; builtin && i < venue_builtin_count(); i++) {
        struct venue_rule rule;
        if (!venue_builtin_rule(r, i, &rule))
            return;
        if (rule_find(v, rule.id) == UINT32_MAX) /* the file's own rule of that name replaces it */
            v->rules[v->rule_count++] = rule;
    }
}
