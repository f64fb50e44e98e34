#include <math.h>
#include <stdlib.h>

#include "schemas/venue/internal.h"

static void up(const struct venue *v, uint32_t zone, bool *flags)
{
    for (; zone != VENUE_NO_ZONE && !flags[zone]; zone = v->zones[zone].parent)
        flags[zone] = true;
}

/* What one crowd sensor or gate tells of a zone on one side of it. */
static void cover_side(const struct venue *v, const struct venue_sensor *s, uint32_t zone,
                       struct venue_coverage *c)
{
    if (zone == VENUE_NO_ZONE)
        return;
    bool level = s->class == SENSOR_CROWD && s->kind == COUNTER_LEVEL;
    struct venue_cover *own = &c->zone[zone];
    up(v, zone, c->sensed);
    if (s->service == SERVICE_RETIRED)
        return;
    if (s->service == SERVICE_IN)
        up(v, zone, c->served);
    if (level)
        up(v, zone, c->levelled);
    if (!level || s->saturates_at == 0)
        own->unbounded = true;
    else
        own->saturated_at += s->saturates_at;
    own->passages = own->passages || !level;
    own->levels = own->levels || level;
    if (level && s->error > 0)
        own->error_squares += (double)s->error * (double)s->error;
}

static void cover(const struct venue *v, struct venue_coverage *c)
{
    for (uint32_t i = 1; i < v->zone_count; i++) {
        double area_m2 = v->zones[i].area_m2;
        struct venue_cover *around = &c->zone[v->zones[i].parent];
        if (area_m2 > 0 && area_m2 <= VENUE_CELL_AREA_MAX_M2)
            up(v, v->zones[i].parent, c->celled);
        around->parts++;
        around->parts_m2 += area_m2 > 0 ? area_m2 : (double)NAN;
    }
    for (uint32_t i = 0; i < v->sensor_count; i++) {
        const struct venue_sensor *s = &v->sensors[i];
        if (s->class == SENSOR_LIGHT || s->class == SENSOR_VEHICLE_GATE)
            continue;
        cover_side(v, s, s->zone, c);
        cover_side(v, s, s->outside, c);
    }
}

/* Zones that should have figures and will not. */
static void check_sensed(struct venue_reader *r, const struct venue_coverage *c, uint32_t i)
{
    const struct venue_zone *zone = &r->venue->zones[i];
    const struct tree_node *at = r->zone_node[i];
    if (zone->kind == ZONE_ROAD || zone->kind == ZONE_CARPARK || c->served[i])
        return;
    if (!c->sensed[i])
        problems_warn(r->problems, at->line, at->column,
                      "%s \"" STR_FMT "\" has no crowd sensor and no gate, nor has a zone inside "
                      "it: it will have no figures",
                      i ? "zone" : "venue", STR_ARG(zone->id));
    else
        problems_warn(r->problems, at->line, at->column,
                      "%s \"" STR_FMT "\": none of its sensors is in service: it will have no "
                      "figures until one is",
                      i ? "zone" : "venue", STR_ARG(zone->id));
}

/* Zones against those around and inside them. */
static void check_parts(struct venue_reader *r, const struct venue_coverage *c, uint32_t i)
{
    const struct venue *v = r->venue;
    const struct venue_zone *zone = &v->zones[i];
    const struct venue_cover *own = &c->zone[i];
    const struct tree_node *at = r->zone_node[i], *covered = tree_find(at, "cells_cover");
    if (i && zone->area_m2 > 0 && v->zones[zone->parent].area_m2 > 0 &&
        zone->area_m2 > v->zones[zone->parent].area_m2)
        problems_warn(r->problems, at->line, at->column,
                      "zone \"" STR_FMT "\" has %.10g m2, more than \"" STR_FMT
                      "\", which it is inside of",
                      STR_ARG(zone->id), zone->area_m2, STR_ARG(v->zones[zone->parent].id));
    if (zone->area_m2 > 0 && (double)zone->capacity > zone->area_m2 * VENUE_PACKED_PER_M2)
        problems_warn(r->problems, at->line, at->column,
                      "%s \"" STR_FMT "\": its capacity of %lld does not fit on %.10g m2: at most "
                      "%d people stand on each",
                      i ? "zone" : "venue", STR_ARG(zone->id), (long long)zone->capacity,
                      zone->area_m2, VENUE_PACKED_PER_M2);
    if (!zone->cells_cover)
        return;
    if (own->parts == 0)
        problems_add(r->problems, covered->line, covered->column,
                     "cells_cover: there is no zone inside \"" STR_FMT "\" that could cover it",
                     STR_ARG(zone->id));
    else if (zone->area_m2 > 0 && own->parts_m2 < COVERING_SHARE * zone->area_m2)
        problems_warn(r->problems, covered->line, covered->column,
                      "cells_cover: the zones inside \"" STR_FMT "\" have only %.10g of its %.10g "
                      "m2; people on the rest would be missing from its number",
                      STR_ARG(zone->id), own->parts_m2, zone->area_m2);
}

static void check_closed(struct venue_reader *r, uint32_t i)
{
    const struct venue *v = r->venue;
    const struct tree_node *at = tree_find(r->zone_node[i], "closed");
    if (!v->zones[i].closed)
        return;
    for (uint32_t k = 0; k < v->rule_count; k++) {
        if (v->rules[k].metric == METRIC_CLOSED_OCCUPANCY && venue_rule_applies(v, &v->rules[k], i))
            return;
    }
    problems_warn(r->problems, at->line, at->column,
                  "zone \"" STR_FMT "\" is closed, but no rule of metric closed_occupancy judges "
                  "it: people in it would not be noticed",
                  STR_ARG(v->zones[i].id));
}

static void check_sensor(struct venue_reader *r, const struct venue_coverage *c, uint32_t i)
{
    const struct venue *v = r->venue;
    const struct venue_sensor *s = &v->sensors[i];
    const struct venue_zone *zone = &v->zones[s->zone];
    const struct tree_node *at = tree_find(r->sensor_node[i], "queue");
    if (s->queue != VENUE_NO_ZONE && !c->levelled[s->queue])
        problems_warn(r->problems, at->line, at->column,
                      "queue: zone \"" STR_FMT "\" has no level counter, nor has a zone inside it: "
                      "the queue will be what came less what went, and drift",
                      STR_ARG(v->zones[s->queue].id));
    double most = v->settings.recount_pct / 100 * (double)zone->capacity;
    at = tree_find(r->sensor_node[i], "error");
    if (s->error > 0 && zone->capacity > 0 && (double)s->error > most)
        problems_warn(r->problems, at->line, at->column,
                      "error: %lld people are over %.10g %% of the capacity of \"" STR_FMT
                      "\" (recount_pct): it will ask for a recount all the time",
                      (long long)s->error, v->settings.recount_pct, STR_ARG(zone->id));
}

void venue_validate(struct venue_reader *r)
{
    const struct venue *v = r->venue;
    struct venue_coverage c = {.sensed = calloc(v->zone_count, sizeof *c.sensed),
                               .served = calloc(v->zone_count, sizeof *c.served),
                               .levelled = calloc(v->zone_count, sizeof *c.levelled),
                               .celled = calloc(v->zone_count, sizeof *c.celled),
                               .zone = calloc(v->zone_count, sizeof *c.zone)};
    if (c.sensed && c.served && c.levelled && c.celled && c.zone) {
        cover(v, &c);
        for (uint32_t i = 0; i < v->zone_count; i++) {
            check_sensed(r, &c, i);
            check_parts(r, &c, i);
            check_closed(r, i);
        }
        for (uint32_t i = 0; i < v->sensor_count; i++)
            check_sensor(r, &c, i);
        venue_validate_rules(r, &c);
        venue_validate_drift(r, &c);
        venue_validate_operators(r);
    } else {
        problems_add(r->problems, 1, 1, "out of memory");
    }
    free(c.sensed);
    free(c.served);
    free(c.levelled);
    free(c.celled);
    free(c.zone);
}
