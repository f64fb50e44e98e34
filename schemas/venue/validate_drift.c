/* Zones that only doors count: when their error alone would raise an alert. */
#include <math.h>
#include <stdlib.h>

#include "schemas/venue/internal.h"

/* As many pass in a day as in so many hours of full lanes: ten hours at four tenths of it. */
enum { DAY_FULL_H = 4, MINUTES_PER_H = 60 };

/* The doors in one zone's border. */
struct doors {
    uint32_t count;
    double error_squares; /* percent² */
    double per_min;       /* people, with each lane full; a counter is taken for one lane */
};

bool venue_border_counted(const struct venue_zone *zone)
{
    bool closed = zone->kind == ZONE_VENUE || zone->kind == ZONE_HALL || zone->kind == ZONE_FORUM;
    return closed && !zone->uncounted_doors;
}

static bool holds(const struct venue *v, uint32_t zone, uint32_t inner)
{
    while (inner != VENUE_NO_ZONE && inner != zone)
        inner = v->zones[inner].parent;
    return inner == zone;
}

/* The borders that a door lies on, on one side of it. */
static void count_side(const struct venue *v, const struct venue_sensor *s, uint32_t zone,
                       uint32_t other, struct doors *doors)
{
    double pct = isnan(s->error_pct) ? v->settings.passage_error_pct : s->error_pct;
    double lane =
        isnan(s->lane_rate_per_min) ? v->settings.lane_rate_per_min : s->lane_rate_per_min;
    for (; zone != VENUE_NO_ZONE && !holds(v, zone, other); zone = v->zones[zone].parent) {
        doors[zone].count++;
        doors[zone].error_squares += pct * pct;
        doors[zone].per_min += lane * (s->lanes ? s->lanes : 1);
    }
}

static void count_doors(const struct venue *v, struct doors *doors)
{
    for (uint32_t i = 0; i < v->sensor_count; i++) {
        const struct venue_sensor *s = &v->sensors[i];
        bool level = s->class == SENSOR_CROWD && s->kind == COUNTER_LEVEL;
        if (level || s->class == SENSOR_LIGHT || s->class == SENSOR_VEHICLE_GATE ||
            s->service == SERVICE_RETIRED)
            continue;
        count_side(v, s, s->zone, s->outside, doors);
        count_side(v, s, s->outside, s->zone, doors);
    }
}

/* As the core will have it (basis.h). */
static bool by_doors(const struct venue_zone *zone, const struct venue_coverage *c, uint32_t i)
{
    const struct venue_cover *own = &c->zone[i];
    if (own->levels || zone->kind == ZONE_ROAD || zone->kind == ZONE_CARPARK)
        return false;
    return own->passages ? !(zone->cells_cover && venue_border_counted(zone)) : !c->levelled[i];
}

/* The fewest people at which a rule that goes by the bound is at yellow or above; NaN: none does.
 */
static double alarm_at(const struct venue *v, uint32_t zone, uint32_t *ret_rule)
{
    double least = NAN;
    for (uint32_t r = 0; r < v->rule_count; r++) {
        const struct venue_rule *rule = &v->rules[r];
        if (rule->metric == METRIC_CLOSED_OCCUPANCY || rule->metric == METRIC_DENSITY_MEAN_60S ||
            !venue_rule_applies(v, rule, zone))
            continue;
        for (uint32_t level = 1; level < VENUE_LEVELS; level++) { /* blue is for the displays */
            double people = venue_people_at(&v->zones[zone], rule->metric, rule->enter[level]);
            if (isnan(people) || people >= least)
                continue;
            least = people;
            *ret_rule = r;
        }
    }
    return least;
}

static bool swept(const struct venue *v, uint32_t zone)
{
    while (zone != VENUE_NO_ZONE && v->zones[zone].empty_min < 0)
        zone = v->zones[zone].parent;
    return zone != VENUE_NO_ZONE;
}

/* 12,345 as 12300: it is no measurement. */
static double rounded(double v)
{
    double by = 1;
    while (v / by >= 1000)
        by *= 10;
    return (double)(int64_t)(v / by + 0.5) * by;
}

static void check(struct venue_reader *r, const struct doors *doors, uint32_t zone)
{
    const struct venue *v = r->venue;
    const struct tree_node *at = r->zone_node[zone];
    uint32_t rule = 0;
    double people = alarm_at(v, zone, &rule);
    if (isnan(people) || doors->count == 0 || !(doors->error_squares > 0))
        return;
    /* Each door counts its share of them, and errs by a share of that; doors err independently. */
    double passages = people * 100 * doors->count / sqrt(doors->error_squares);
    double hours = passages / (doors->per_min * MINUTES_PER_H);
    if (swept(v, zone) && hours >= DAY_FULL_H)
        return;
    problems_warn(r->problems, at->line, at->column,
                  "%s \"" STR_FMT "\" is counted by doors only, whose errors add up: after %.0f "
                  "passages (%.2g h with full lanes) they alone raise rule \"" STR_FMT
                  "\", whoever is inside; give it a level counter, or count by hand at opening "
                  "(anchor)%s",
                  zone ? "zone" : "venue", STR_ARG(v->zones[zone].id), rounded(passages), hours,
                  STR_ARG(v->rules[rule].id),
                  swept(v, zone) ? "" : ", or say when it is swept (empty_at)");
}

void venue_validate_drift(struct venue_reader *r, const struct venue_coverage *c)
{
    const struct venue *v = r->venue;
    struct doors *doors = calloc(v->zone_count, sizeof *doors);
    if (!doors) {
        problems_add(r->problems, 1, 1, "out of memory");
        return;
    }
    count_doors(v, doors);
    for (uint32_t i = 0; i < v->zone_count; i++)
        if (c->served[i] && by_doors(&v->zones[i], c, i))
            check(r, &doors[i], i);
    free(doors);
}
