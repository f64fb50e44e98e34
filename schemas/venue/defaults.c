#include "schemas/venue/internal.h"

enum { CLEAR_MAX_S = 86400, SAMPLES_MAX = 100, MARGIN_MAX_PCT = 90, ESCALATE_MAX_S = 86400 };

/* Life-cycle numbers: our proposals, after the practice of alarm management (raise fast when it is
   red, clear slowly). Escalation of what nobody acknowledges: red to the supervisor, then to
   command. Silence times are proposals too: gates and lights report on events, so they may be quiet
   for longer than a counter. */
static const struct venue_defaults builtin_defaults = {
    .silence_ms = {[SENSOR_CROWD] = 30000,
                   [SENSOR_GATE] = 300000,
                   [SENSOR_VEHICLE_GATE] = 900000,
                   [SENSOR_LIGHT] = 900000},
    .dwell_ms = {60000, 30000, 20000, 10000},
    .escalate_ms = {{0}, {600000}, {180000}, {60000, 120000}},
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

void venue_read_escalation(struct venue_reader *r, const struct tree_node *node, uint32_t level,
                           int64_t ret_ms[VENUE_ESCALATIONS_MAX])
{
    int64_t ms[VENUE_ESCALATIONS_MAX] = {0};
    uint32_t count = venue_list_count(node);
    if (count > VENUE_ESCALATIONS_MAX) {
        problems_add(r->problems, node->line, node->column,
                     "escalate_s: %u steps, but at most %d are expected", count,
                     VENUE_ESCALATIONS_MAX);
        return;
    }
    if (level == 0 && count > 0) {
        problems_add(r->problems, node->line, node->column,
                     "escalate_s: blue is for the displays only; it pages nobody and so does not "
                     "escalate");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tree_node *item = venue_list_item(node, i);
        if (!venue_read_seconds(r, item, "escalate_s", 1, ESCALATE_MAX_S, &ms[i]))
            return;
        if (i > 0 && ms[i] <= ms[i - 1]) {
            problems_add(r->problems, item->line, item->column,
                         "escalate_s: step %u comes at %.10g s, which is not after step %u", i + 1,
                         (double)ms[i] / 1000, i);
            return;
        }
    }
    for (uint32_t i = 0; i < VENUE_ESCALATIONS_MAX; i++)
        ret_ms[i] = ms[i];
}

static void read_escalations(struct venue_reader *r, const struct tree_node *map)
{
    if (!tree_expect(map, TREE_MAP, "escalate_s", r->problems))
        return;
    tree_keys(map, "escalate_s", level_words, VENUE_LEVELS, r->problems);
    for (uint32_t i = 0; i < VENUE_LEVELS; i++) {
        const struct tree_node *node = tree_find(map, level_words[i]);
        if (node)
            venue_read_escalation(r, node, i, r->defaults.escalate_ms[i]);
    }
}

void venue_read_clearing(struct venue_reader *r, const struct tree_node *map, double *ret_margin,
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

static void read_silence(struct venue_reader *r, const struct tree_node *map)
{
    struct venue_defaults *d = &r->defaults;
    read_seconds_map(r, map, "silence_s", sensor_class_words, 1, VENUE_SILENCE_MAX_S,
                     d->silence_ms);
    for (uint32_t i = 0; i < 4; i++)
        d->silence_set[i] = tree_find(map, sensor_class_words[i]) != NULL;
}

void venue_read_defaults(struct venue_reader *r, const struct tree_node *root)
{
    static const char *const keys[] = {"silence_s",        "interval_s", "dwell_s",    "escalate_s",
                                       "clear_margin_pct", "clear_s",    "min_samples"};
    struct venue_defaults *d = &r->defaults;
    *d = builtin_defaults;
    const struct tree_node *map = tree_find(root, "defaults"), *node;
    if (!map || !tree_expect(map, TREE_MAP, "defaults", r->problems))
        return;
    tree_keys(map, "defaults", keys, sizeof keys / sizeof keys[0], r->problems);
    if ((node = tree_find(map, "silence_s")))
        read_silence(r, node);
    if ((node = tree_find(map, "interval_s")))
        read_seconds_map(r, node, "interval_s", sensor_class_words, 0.01, VENUE_SILENCE_MAX_S,
                         d->interval_ms);
    if ((node = tree_find(map, "dwell_s")))
        read_seconds_map(r, node, "dwell_s", level_words, 0, VENUE_DWELL_MAX_S, d->dwell_ms);
    if ((node = tree_find(map, "escalate_s")))
        read_escalations(r, node);
    venue_read_clearing(r, map, &d->clear_margin_pct, &d->clear_ms, &d->min_samples);
}
