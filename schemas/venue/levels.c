#include <math.h>

#include "schemas/venue/internal.h"

#define ENTER_MAX 1e9

static const struct tree_node *need(struct venue_reader *r, const struct tree_node *map,
                                    const char *key, uint32_t level, const char *why)
{
    const struct tree_node *node = tree_find(map, key);
    if (!node)
        problems_add(r->problems, map->line, map->column, "%s: %s", level_words[level], why);
    return node;
}

static void read_plan(struct venue_reader *r, const struct tree_node *node, uint32_t level,
                      struct venue_rule *rule)
{
    uint32_t count = venue_list_count(node);
    if (count == 0 || count > VENUE_PLAN_STEPS_MAX) {
        problems_add(r->problems, node->line, node->column,
                     "plan: %u steps, but 1 to %d are expected", count, VENUE_PLAN_STEPS_MAX);
        return;
    }
    struct str *step = venue_alloc(r, count, sizeof *step);
    if (!step)
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct str text;
        if (tree_text(venue_list_item(node, i), "a step of the plan", 1, VENUE_ACTION_BYTES_MAX,
                      &text, r->problems))
            step[i] = venue_keep(r, text);
    }
    rule->plan[level] = step;
    rule->plan_count[level] = count;
}

/* One level of a rule: {enter: 80, dwell_s: 30, action: "…"}. */
static void read_level(struct venue_reader *r, const struct tree_node *map, uint32_t level,
                       struct venue_rule *rule)
{
    static const char *const keys[] = {"enter", "dwell_s", "action", "escalate_s", "plan"};
    const struct tree_node *node;
    struct str text;
    double enter;
    if (!tree_expect(map, TREE_MAP, level_words[level], r->problems))
        return;
    tree_keys(map, "a level", keys, sizeof keys / sizeof keys[0], r->problems);
    if ((node = need(r, map, "enter", level, "enter, the threshold, is missing")) &&
        tree_number(node, "enter", -ENTER_MAX, ENTER_MAX, &enter, r->problems)) {
        rule->enter[level] = enter;
        if (!(enter > 0))
            problems_add(r->problems, node->line, node->column,
                         "%s: a threshold of 0 or less always fires", level_words[level]);
    }
    if ((node = tree_find(map, "dwell_s")))
        (void)venue_read_seconds(r, node, "dwell_s", 0, VENUE_DWELL_MAX_S, &rule->dwell_ms[level]);
    if ((node = need(r, map, "action", level,
                     "action, what staff do then, is missing; a level without one is noise")) &&
        tree_text(node, "action", 1, VENUE_ACTION_BYTES_MAX, &text, r->problems))
        rule->action[level] = venue_keep(r, text);
    if ((node = tree_find(map, "escalate_s")))
        venue_read_escalation(r, node, level, rule->escalate_ms[level]);
    if ((node = tree_find(map, "plan")))
        read_plan(r, node, level, rule);
}

void venue_read_levels(struct venue_reader *r, const struct tree_node *map, struct venue_rule *rule)
{
    const struct tree_node *levels = tree_find(map, "levels"), *node;
    uint32_t before = VENUE_LEVELS;
    if (!levels) {
        problems_add(r->problems, map->line, map->column, "rule \"" STR_FMT "\" has no levels",
                     STR_ARG(rule->id));
        return;
    }
    if (!tree_expect(levels, TREE_MAP, "levels", r->problems))
        return;
    tree_keys(levels, "levels", level_words, VENUE_LEVELS, r->problems);
    for (uint32_t i = 0; i < VENUE_LEVELS; i++) {
        if ((node = tree_find(levels, level_words[i])) == NULL)
            continue;
        read_level(r, node, i, rule);
        if (before < VENUE_LEVELS && rule->enter[i] <= rule->enter[before])
            problems_add(r->problems, node->line, node->column,
                         "%s begins at %.10g, which is not above %s at %.10g", level_words[i],
                         rule->enter[i], level_words[before], rule->enter[before]);
        before = i;
    }
    if (before == VENUE_LEVELS)
        problems_add(r->problems, levels->line, levels->column,
                     "rule \"" STR_FMT "\" has no levels", STR_ARG(rule->id));
}
