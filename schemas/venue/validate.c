#include <math.h>
#include <stdlib.h>

#include "schemas/venue/internal.h"

/* More than any crowd has been measured at, so a threshold above never fires: people/m², percent,
 * people/min per metre of width. */
#define DENSITY_POSSIBLE 10.0
#define PERCENT_POSSIBLE 300.0
#define FLOW_POSSIBLE_PER_M 200.0

/* What is known of a zone when its sensors and the zones inside it are looked at together. */
struct coverage {
    bool *sensed;          /* a crowd sensor or gate in it or in a zone inside it */
    bool *celled;          /* a zone of at most VENUE_CELL_AREA_MAX_M2 inside it */
    int64_t *saturated_at; /* people its own level counters can show at most; INT64_MAX: no bound */
};

static void up(const struct venue *v, uint32_t zone, bool *flags)
{
    for (; zone != VENUE_NO_ZONE && !flags[zone]; zone = v->zones[zone].parent)
        flags[zone] = true;
}

static void cover(const struct venue *v, struct coverage *c)
{
    for (uint32_t i = 0; i < v->zone_count; i++) {
        c->saturated_at[i] = 0;
        double area = v->zones[i].area_m2;
        if (area > 0 && area <= VENUE_CELL_AREA_MAX_M2 && v->zones[i].parent != VENUE_NO_ZONE)
            up(v, v->zones[i].parent, c->celled);
    }
    for (uint32_t i = 0; i < v->sensor_count; i++) {
        const struct venue_sensor *s = &v->sensors[i];
        if (s->class == SENSOR_LIGHT || s->class == SENSOR_VEHICLE_GATE)
            continue;
        up(v, s->zone, c->sensed);
        if (s->outside != VENUE_NO_ZONE)
            up(v, s->outside, c->sensed);
        bool bounded = s->class == SENSOR_CROWD && s->kind == COUNTER_LEVEL && s->saturates_at > 0;
        int64_t *sum = &c->saturated_at[s->zone];
        *sum = bounded && *sum != INT64_MAX ? *sum + s->saturates_at : INT64_MAX;
        if (s->outside != VENUE_NO_ZONE)
            c->saturated_at[s->outside] = INT64_MAX;
    }
    for (uint32_t i = 0; i < v->zone_count; i++)
        if (c->saturated_at[i] == 0)
            c->saturated_at[i] = INT64_MAX;
}

/* The people in the zone at a rule's value; NaN when the metric does not say. */
static double people_at(const struct venue_zone *zone, enum metric metric, double value)
{
    switch (metric) {
    case METRIC_OCCUPANCY:
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
static const char *never(const struct venue_zone *zone, enum metric metric, double value)
{
    double people = people_at(zone, metric, value);
    if (metric == METRIC_PERCENT_CAPACITY && value > PERCENT_POSSIBLE)
        return "no place holds so much more than its capacity";
    if (zone->area_m2 > 0 && people > DENSITY_POSSIBLE * zone->area_m2)
        return "so many people do not fit into its area";
    if (metric == METRIC_IN_PER_MIN && zone->width_m > 0 &&
        value > FLOW_POSSIBLE_PER_M * zone->width_m)
        return "so many people do not pass through its width in a minute";
    return NULL;
}

/* Where to point: the rule when the file has it, else the zone. */
static const struct tree_node *place(const struct venue_reader *r, uint32_t rule, uint32_t zone)
{
    return r->rule_node[rule] ? r->rule_node[rule] : r->zone_node[zone];
}

/* The zone has not what the rule's metric needs. */
static void check_possible(struct venue_reader *r, const struct coverage *c, uint32_t rule_at,
                           uint32_t zone_at)
{
    const struct venue_rule *rule = &r->venue->rules[rule_at];
    const struct venue_zone *zone = &r->venue->zones[zone_at];
    const struct tree_node *at = place(r, rule_at, zone_at);
    bool density = rule->metric == METRIC_DENSITY || rule->metric == METRIC_DENSITY_MEAN_60S;
    if (rule->metric == METRIC_PERCENT_CAPACITY && zone->capacity == 0 &&
        !(r->rule_node[rule_at] == NULL && venue_builtin_optional(rule->id)))
        problems_add(r->problems, at->line, at->column,
                     "rule \"" STR_FMT "\": %s \"" STR_FMT "\" (line %u) has no capacity to be "
                     "judged by",
                     STR_ARG(rule->id), zone_kind_text(zone->kind), STR_ARG(zone->id), zone->line);
    else if (density && !(zone->area_m2 > 0))
        problems_add(r->problems, at->line, at->column,
                     "rule \"" STR_FMT "\": %s \"" STR_FMT "\" (line %u) has no area_m2 and no "
                     "polygon, so no density",
                     STR_ARG(rule->id), zone_kind_text(zone->kind), STR_ARG(zone->id), zone->line);
    else if (density && zone->area_m2 > VENUE_CELL_AREA_MAX_M2 && !c->celled[zone_at])
        problems_add(r->problems, at->line, at->column,
                     "rule \"" STR_FMT "\": %s \"" STR_FMT
                     "\" (line %u) has %.10g m2 and no cells; "
                     "a mean density over more than %d m2 hides a crush: divide it into zones of "
                     "at most that, or judge it by percent_capacity",
                     STR_ARG(rule->id), zone_kind_text(zone->kind), STR_ARG(zone->id), zone->line,
                     zone->area_m2, VENUE_CELL_AREA_MAX_M2);
}

static void check_thresholds(struct venue_reader *r, const struct coverage *c, uint32_t rule_at,
                             uint32_t zone_at)
{
    const struct venue_rule *rule = &r->venue->rules[rule_at];
    const struct venue_zone *zone = &r->venue->zones[zone_at];
    const struct tree_node *at = place(r, rule_at, zone_at);
    for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
        if (isnan(rule->enter[level]))
            continue;
        const char *why = never(zone, rule->metric, rule->enter[level]);
        double people = people_at(zone, rule->metric, rule->enter[level]);
        if (!why && people > (double)c->saturated_at[zone_at])
            why = "its counters saturate below that";
        if (!why)
            continue;
        problems_warn(r->problems, at->line, at->column,
                      "rule \"" STR_FMT "\": %s can never fire in zone \"" STR_FMT
                      "\" (line %u): %s",
                      STR_ARG(rule->id), level_words[level], STR_ARG(zone->id), zone->line, why);
        return; /* the higher levels neither */
    }
}

static void check_rule(struct venue_reader *r, const struct coverage *c, uint32_t rule_at)
{
    const struct venue *v = r->venue;
    uint32_t matching = 0;
    for (uint32_t i = 0; i < v->zone_count; i++) {
        if (!venue_rule_matches(v, &v->rules[rule_at], i))
            continue;
        matching++;
        check_possible(r, c, rule_at, i);
        if (venue_rule_applies(v, &v->rules[rule_at], i))
            check_thresholds(r, c, rule_at, i);
    }
    if (matching == 0 && r->rule_node[rule_at])
        problems_warn(r->problems, r->rule_node[rule_at]->line, r->rule_node[rule_at]->column,
                      "rule \"" STR_FMT "\" applies to no zone", STR_ARG(v->rules[rule_at].id));
}

static void check_zone(struct venue_reader *r, const struct coverage *c, uint32_t i)
{
    const struct venue *v = r->venue;
    const struct venue_zone *zone = &v->zones[i];
    const struct tree_node *at = r->zone_node[i];
    if (!c->sensed[i] && zone->kind != ZONE_ROAD && zone->kind != ZONE_CARPARK)
        problems_warn(r->problems, at->line, at->column,
                      "%s \"" STR_FMT "\" has no crowd sensor and no gate, nor has a zone inside "
                      "it: it will have no figures",
                      i ? "zone" : "venue", STR_ARG(zone->id));
    if (i && zone->area_m2 > 0 && v->zones[zone->parent].area_m2 > 0 &&
        zone->area_m2 > v->zones[zone->parent].area_m2)
        problems_warn(r->problems, at->line, at->column,
                      "zone \"" STR_FMT "\" has %.10g m2, more than \"" STR_FMT
                      "\", which it is inside of",
                      STR_ARG(zone->id), zone->area_m2, STR_ARG(v->zones[zone->parent].id));
}

void venue_validate(struct venue_reader *r)
{
    const struct venue *v = r->venue;
    struct coverage c = {.sensed = calloc(v->zone_count, sizeof *c.sensed),
                         .celled = calloc(v->zone_count, sizeof *c.celled),
                         .saturated_at = calloc(v->zone_count, sizeof *c.saturated_at)};
    if (c.sensed && c.celled && c.saturated_at) {
        cover(v, &c);
        for (uint32_t i = 0; i < v->zone_count; i++)
            check_zone(r, &c, i);
        for (uint32_t i = 0; i < v->rule_count; i++)
            check_rule(r, &c, i);
    } else {
        problems_add(r->problems, 1, 1, "out of memory");
    }
    free(c.sensed);
    free(c.celled);
    free(c.saturated_at);
}
