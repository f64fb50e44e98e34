#include <math.h>
#include <stdlib.h>

#include "schemas/base/suggest.h"
#include "schemas/venue/internal.h"

enum { DWELL_MAX_S = 3600, CLEAR_MAX_S = 86400, SAMPLES_MAX = 100, MARGIN_MAX_PCT = 90 };
#define ENTER_MAX 1e9

/* Life-cycle numbers: our proposals, after the practice of alarm management (raise fast when it is
   red, clear slowly). Silence times are proposals too: gates and lights report on events, so they
   may be quiet for longer than a counter. */
static const struct venue_defaults builtin_defaults = {
    .silence_ms = {[SENSOR_CROWD] = 30000,
                   [SENSOR_GATE] = 300000,
                   [SENSOR_VEHICLE_GATE] = 900000,
                   [SENSOR_LIGHT] = 900000},
    .dwell_ms = {60000, 30000, 20000, 10000},
    .clear_margin_pct = 10,
    .clear_ms = 120000,
    .min_samples = 2,
};

bool venue_read_seconds(struct venue_reader *r, const struct tree_node *node, const char *name,
                        double min_s, double max_s, int64_t *ret_ms)
{
    double seconds;
    if (!tree_number(node, name, min_s, max_s, &seconds, r->problems))
        return false;
    int64_t ms = (int64_t)(seconds * 1000 + 0.5);
    double back = (double)ms / 1000;
    if (back != seconds) {
        problems_add(r->problems, node->line, node->column,
                     "%s: seconds with at most three decimals are expected", name);
        return false;
    }
    *ret_ms = ms;
    return true;
}

/* A map from words to seconds, such as dwell_s: {blue: 60, red: 10}. */
static void read_seconds_map(struct venue_reader *r, const struct tree_node *map, const char *name,
                             const char *const words[4], double min_s, double max_s,
                             int64_t ret_ms[4])
{
    if (!tree_expect(map, TREE_MAP, name, r->problems))
        return;
    tree_keys(map, name, words, 4, r->problems);
    for (uint32_t i = 0; i < 4; i++) {
        const struct tree_node *node = tree_find(map, words[i]);
        if (node)
            (void)venue_read_seconds(r, node, words[i], min_s, max_s, &ret_ms[i]);
    }
}

static void read_clearing(struct venue_reader *r, const struct tree_node *map, double *ret_margin,
                          int64_t *ret_clear_ms, int64_t *ret_samples)
{
    const struct tree_node *node;
    if ((node = tree_find(map, "clear_margin_pct")))
        (void)tree_number(node, "clear_margin_pct", 0, MARGIN_MAX_PCT, ret_margin, r->problems);
    if ((node = tree_find(map, "clear_s")))
        (void)venue_read_seconds(r, node, "clear_s", 0, CLEAR_MAX_S, ret_clear_ms);
    if ((node = tree_find(map, "min_samples")))
        (void)tree_int(node, "min_samples", 1, SAMPLES_MAX, ret_samples, r->problems);
}

void venue_read_defaults(struct venue_reader *r, const struct tree_node *root)
{
    static const char *const keys[] = {"silence_s",        "interval_s", "dwell_s",
                                       "clear_margin_pct", "clear_s",    "min_samples"};
    struct venue_defaults *d = &r->defaults;
    *d = builtin_defaults;
    const struct tree_node *map = tree_find(root, "defaults"), *node;
    if (!map || !tree_expect(map, TREE_MAP, "defaults", r->problems))
        return;
    tree_keys(map, "defaults", keys, sizeof keys / sizeof keys[0], r->problems);
    if ((node = tree_find(map, "silence_s")))
        read_seconds_map(r, node, "silence_s", sensor_class_words, 1, 86400, d->silence_ms);
    if ((node = tree_find(map, "interval_s")))
        read_seconds_map(r, node, "interval_s", sensor_class_words, 0.01, 86400, d->interval_ms);
    if ((node = tree_find(map, "dwell_s")))
        read_seconds_map(r, node, "dwell_s", level_words, 0, DWELL_MAX_S, d->dwell_ms);
    read_clearing(r, map, &d->clear_margin_pct, &d->clear_ms, &d->min_samples);
}

/* One level of a rule: {enter: 80, dwell_s: 30, action: "…"}. */
static void read_level(struct venue_reader *r, const struct tree_node *map, uint32_t level,
                       struct venue_rule *rule)
{
    static const char *const keys[] = {"enter", "dwell_s", "action"};
    const struct tree_node *node;
    struct str text;
    double enter;
    if (!tree_expect(map, TREE_MAP, level_words[level], r->problems))
        return;
    tree_keys(map, "a level", keys, 3, r->problems);
    if ((node = tree_find(map, "enter")) == NULL)
        problems_add(r->problems, map->line, map->column, "%s: enter, the threshold, is missing",
                     level_words[level]);
    else if (tree_number(node, "enter", -ENTER_MAX, ENTER_MAX, &enter, r->problems)) {
        rule->enter[level] = enter;
        if (!(enter > 0))
            problems_add(r->problems, node->line, node->column,
                         "%s: a threshold of 0 or less always fires", level_words[level]);
    }
    if ((node = tree_find(map, "dwell_s")))
        (void)venue_read_seconds(r, node, "dwell_s", 0, DWELL_MAX_S, &rule->dwell_ms[level]);
    if ((node = tree_find(map, "action")) == NULL)
        problems_add(r->problems, map->line, map->column,
                     "%s: action, what staff do then, is missing; a level without one is noise",
                     level_words[level]);
    else if (tree_text(node, "action", 1, VENUE_ACTION_BYTES_MAX, &text, r->problems))
        rule->action[level] = venue_keep(r, text);
}

static void read_levels(struct venue_reader *r, const struct tree_node *map,
                        struct venue_rule *rule)
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
    if (levels->count == 0)
        problems_add(r->problems, levels->line, levels->column,
                     "rule \"" STR_FMT "\" has no levels", STR_ARG(rule->id));
}

static void read_scope(struct venue_reader *r, const struct tree_node *map, struct venue_rule *rule)
{
    const struct tree_node *kinds = tree_find(map, "kinds"), *zone = tree_find(map, "zone");
    if (!kinds == !zone) {
        problems_add(r->problems, map->line, map->column,
                     "rule \"" STR_FMT "\": either kinds (of zones) or zone is expected%s",
                     STR_ARG(rule->id), kinds ? ", not both" : "");
        return;
    }
    if (zone) {
        uint32_t *at = venue_alloc(r, 1, sizeof *at);
        if (at && venue_read_zone_ref(r, zone, "zone", at)) {
            rule->zone = at;
            rule->zone_count = 1;
        }
        return;
    }
    uint32_t count = kinds->kind == TREE_LIST ? kinds->count : 1, kind;
    for (uint32_t i = 0; i < count; i++) {
        const struct tree_node *node = kinds->kind == TREE_LIST ? kinds->item[i] : kinds;
        if (tree_choice(node, "kinds", zone_kind_words, ZONE_KIND_COUNT, &kind, r->problems))
            rule->kinds |= 1u << kind;
    }
    if (count == 0)
        problems_add(r->problems, kinds->line, kinds->column, "kinds: the list is empty");
}

static void read_rule(struct venue_reader *r, const struct tree_node *map, struct venue_rule *rule)
{
    static const char *const keys[] = {"id",     "metric",           "kinds",   "zone",
                                       "levels", "clear_margin_pct", "clear_s", "min_samples"};
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
    read_clearing(r, map, &rule->clear_margin_pct, &rule->clear_ms, &samples);
    rule->min_samples = (uint32_t)samples;
    read_levels(r, map, rule);
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
