#include <math.h>

#include "schemas/base/suggest.h"
#include "schemas/venue/internal.h"

/* More than any crowd has been measured at, so a threshold above never fires: people/m², percent,
 * people/min per metre of width, percent of the safe flow. */
#define DENSITY_POSSIBLE 10.0
#define PERCENT_POSSIBLE 300.0
#define FLOW_POSSIBLE_PER_M 200.0
#define FLOW_POSSIBLE_PERCENT 245.0 /* 200 of 82 */
#define SHARE_POSSIBLE 100.0

double venue_people_at(const struct venue_zone *zone, enum metric metric, double value)
{
    switch (metric) {
    case METRIC_OCCUPANCY:
    case METRIC_CLOSED_OCCUPANCY:
        return value;
    case METRIC_PERCENT_CAPACITY:
        return value * (double)zone->capacity / 100;
    case METRIC_DENSITY:
    case METRIC_DENSITY_MEAN_60S:
        return value * zone->area_m2;
    default:
        return NAN;
    }
}

/* Why the threshold can never be reached in the zone; NULL when it can. */
static const char *never(const struct venue_zone *zone, const struct venue_cover *own,
                         enum metric metric, double value)
{
    double people = venue_people_at(zone, metric, value);
    if (!isnan(people) && zone->people_ms == 0)
        return "nothing counts people there";
    bool share = metric == METRIC_REJECT_PERCENT || metric == METRIC_LIGHTS_FAILED;
    if (metric == METRIC_PERCENT_CAPACITY && value > PERCENT_POSSIBLE)
        return "no place holds so much more than its capacity";
    if (zone->area_m2 > 0 && people > DENSITY_POSSIBLE * zone->area_m2)
        return "so many people do not fit into its area";
    if (metric == METRIC_IN_PER_MIN && zone->width_m > 0 &&
        value > FLOW_POSSIBLE_PER_M * zone->width_m)
        return "so many people do not pass through its width in a minute";
    if (metric == METRIC_FLOW_PERCENT && value > FLOW_POSSIBLE_PERCENT)
        return "no crowd has been seen to flow so fast";
    if (share && value > SHARE_POSSIBLE)
        return "more than all of them cannot be";
    if (!own->unbounded && own->saturated_at > 0 && people > (double)own->saturated_at)
        return "its counters saturate below that";
    return NULL;
}

/* Where to point: the rule when the file has it, else the zone. */
static const struct tree_node *place(const struct venue_reader *r, uint32_t rule, uint32_t zone)
{
    return r->rule_node[rule] ? r->rule_node[rule] : r->zone_node[zone];
}

/* What the zone lacks for the metric to be possible; NULL: it is possible, or its lack is judged
 * with other zones of the rule. */
static const char *lacking(const struct venue_rule *rule, const struct venue_zone *zone)
{
    switch (rule->metric) {
    case METRIC_PERCENT_CAPACITY:
        return "no capacity to be judged by";
    case METRIC_DENSITY:
    case METRIC_DENSITY_MEAN_60S:
        return "no area_m2 and no polygon, so no density";
    case METRIC_FLOW_PERCENT:
        return zone->width_m > 0 ? "no counter of passages, so no flow"
                                 : "no width_m to judge the flow by";
    case METRIC_IN_PER_MIN:
        return "no counter of passages, so no flow";
    case METRIC_GATE_WAIT:
    case METRIC_GATE_LOAD:
        return "no gate, nor do people wait for one there";
    case METRIC_REJECT_PERCENT:
        return "no gate with entry_verification";
    case METRIC_LIGHTS_FAILED:
        return "no lights";
    case METRIC_SUSPECT_SURGE:
        return "no counter of its own";
    case METRIC_CLOSED_OCCUPANCY:
        return "no crowd sensor and no gate";
    case METRIC_BROKER_LOST:
    case METRIC_BROKER_DROPPED:
        return "nothing to do with the broker; name the venue itself";
    case METRIC_RECOUNT_ZONES:
        return "no zones to count; name the venue itself";
    default:
        return "nothing to be judged by";
    }
}

/* Refuses a rule where it would silently never judge: zones it names, and all zones of the kinds it
 * names when the metric is one that a kind has or has not. */
static void check_possible(struct venue_reader *r, uint32_t rule_at, uint32_t zone_at)
{
    const struct venue_rule *rule = &r->venue->rules[rule_at];
    const struct venue_zone *zone = &r->venue->zones[zone_at];
    const struct tree_node *at = place(r, rule_at, zone_at);
    bool by_kind = rule->metric == METRIC_PERCENT_CAPACITY || rule->metric == METRIC_DENSITY ||
                   rule->metric == METRIC_DENSITY_MEAN_60S;
    bool optional = r->rule_node[rule_at] == NULL && venue_builtin_optional(rule->id);
    if (venue_rule_applies(r->venue, rule, zone_at) || optional ||
        !(by_kind || venue_rule_names(rule, zone_at)))
        return;
    problems_add(r->problems, at->line, at->column,
                 "rule \"" STR_FMT "\": %s \"" STR_FMT "\" (line %u) has %s", STR_ARG(rule->id),
                 zone_kind_text(zone->kind), STR_ARG(zone->id), zone->line, lacking(rule, zone));
}

static void check_cells(struct venue_reader *r, const struct venue_coverage *c, uint32_t rule_at,
                        uint32_t zone_at)
{
    const struct venue_rule *rule = &r->venue->rules[rule_at];
    const struct venue_zone *zone = &r->venue->zones[zone_at];
    const struct tree_node *at = place(r, rule_at, zone_at);
    bool density = rule->metric == METRIC_DENSITY || rule->metric == METRIC_DENSITY_MEAN_60S;
    if (!density || zone->area_m2 <= VENUE_CELL_AREA_MAX_M2 || c->celled[zone_at])
        return;
    problems_add(r->problems, at->line, at->column,
                 "rule \"" STR_FMT "\": %s \"" STR_FMT "\" (line %u) has %.10g m2 and no cells; "
                 "a mean density over more than %d m2 hides a crush: divide it into zones of "
                 "at most that, or judge it by percent_capacity",
                 STR_ARG(rule->id), zone_kind_text(zone->kind), STR_ARG(zone->id), zone->line,
                 zone->area_m2, VENUE_CELL_AREA_MAX_M2);
}

static void warn(struct venue_reader *r, uint32_t rule_at, uint32_t zone_at, uint32_t level,
                 const char *what, const char *why)
{
    const struct venue_zone *zone = &r->venue->zones[zone_at];
    const struct tree_node *at = place(r, rule_at, zone_at);
    problems_warn(r->problems, at->line, at->column,
                  "rule \"" STR_FMT "\": %s %s in zone \"" STR_FMT "\" (line %u): %s",
                  STR_ARG(r->venue->rules[rule_at].id), level_words[level], what, STR_ARG(zone->id),
                  zone->line, why);
}

/* Levels that can never fire. */
static void check_reach(struct venue_reader *r, const struct venue_coverage *c, uint32_t rule_at,
                        uint32_t zone_at)
{
    const struct venue_rule *rule = &r->venue->rules[rule_at];
    for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
        if (isnan(rule->enter[level]))
            continue;
        const char *why =
            never(&r->venue->zones[zone_at], &c->zone[zone_at], rule->metric, rule->enter[level]);
        if (!why)
            continue;
        warn(r, rule_at, zone_at, level, "can never fire", why);
        return; /* the higher levels neither */
    }
}

/* The core weighs doors and level counters against each other there, so that its bound is less than
 * the level counters' own. */
static bool fused(const struct venue_zone *zone, const struct venue_cover *own)
{
    return own->passages && venue_border_counted(zone);
}

/* Levels are raised on the upper bound, which in an empty zone is its counters' error: a level that
   this alone reaches, or holds. (People in closed zones are judged on the estimate itself.) */
static void check_noise(struct venue_reader *r, const struct venue_coverage *c, uint32_t rule_at,
                        uint32_t zone_at)
{
    const struct venue_rule *rule = &r->venue->rules[rule_at];
    const struct venue_zone *zone = &r->venue->zones[zone_at];
    double bound = sqrt(c->zone[zone_at].error_squares);
    if (bound <= 0 || fused(zone, &c->zone[zone_at]) || rule->metric == METRIC_CLOSED_OCCUPANCY)
        return;
    for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
        double people = venue_people_at(zone, rule->metric, rule->enter[level]);
        if (isnan(people))
            continue;
        if (people <= bound)
            warn(r, rule_at, zone_at, level, "always fires",
                 "the error of its counters alone reaches it");
        else if (people * (1 - rule->clear_margin_pct / 100) <= bound)
            warn(r, rule_at, zone_at, level, "never clears",
                 "the error of its counters alone is more than where it would");
        return; /* the lowest level is the noisiest */
    }
}

/* A misspelt tag would be a rule that silently judges nothing. */
static void check_tags(struct venue_reader *r, uint32_t rule_at)
{
    const struct venue *v = r->venue;
    const struct venue_rule *rule = &v->rules[rule_at];
    for (uint32_t i = 0; i < rule->tag_count; i++) {
        uint32_t limit = suggest_limit(rule->tag[i]), best = limit + 1;
        struct str near = {0};
        for (uint32_t z = 0; z < v->zone_count && best > 0; z++) {
            for (uint32_t k = 0; k < v->zones[z].tag_count; k++) {
                uint32_t distance = suggest_distance(rule->tag[i], v->zones[z].tag[k], limit);
                near = distance < best ? v->zones[z].tag[k] : near;
                best = distance < best ? distance : best;
            }
        }
        const struct tree_node *at = tree_find(r->rule_node[rule_at], "tags");
        if (best > 0)
            problems_add(r->problems, at->line, at->column,
                         "tags: no zone is tagged \"" STR_FMT "\"%s" STR_FMT "%s",
                         STR_ARG(rule->tag[i]), near.len ? "; did you mean \"" : "", STR_ARG(near),
                         near.len ? "\"?" : "");
    }
}

void venue_validate_rules(struct venue_reader *r, const struct venue_coverage *c)
{
    const struct venue *v = r->venue;
    for (uint32_t i = 0; i < v->rule_count; i++) {
        const struct tree_node *at = r->rule_node[i];
        uint32_t judged = 0;
        check_tags(r, i);
        for (uint32_t zone = 0; zone < v->zone_count; zone++) {
            if (!venue_rule_matches(v, &v->rules[i], zone))
                continue;
            check_possible(r, i, zone);
            check_cells(r, c, i, zone);
            if (!venue_rule_applies(v, &v->rules[i], zone))
                continue;
            judged++;
            check_reach(r, c, i, zone);
            check_noise(r, c, i, zone);
        }
        if (judged == 0 && at)
            problems_warn(r->problems, at->line, at->column,
                          "rule \"" STR_FMT "\" applies to no zone", STR_ARG(v->rules[i].id));
    }
}
