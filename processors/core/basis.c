#include "processors/core/basis.h"

#include "processors/core/border.h"
#include "processors/core/sensor.h"

/* Level counters and doors say the same thing only where people can't come in at the side. */
static bool border_counted(const struct venue_zone *zone)
{
    bool closed = zone->kind == ZONE_HALL || zone->kind == ZONE_FORUM || zone->kind == ZONE_VENUE;
    return closed && !zone->uncounted_doors;
}

static void basis_door(struct model *model, const struct crossing *crossing, bool next,
                       const struct venue_sensor *sensor)
{
    struct zone *zone = &model->zones[crossing->zone];
    int64_t slot_ms = debt_slot_ms(sensor->interval_ms);
    if (!next) /* a zone further out: its own doors decide, or it is a sum */
        return;
    zone->slot_ms = slot_ms > zone->slot_ms ? slot_ms : zone->slot_ms;
    if (zone->basis == ZONE_BASIS_NONE)
        zone->basis = ZONE_BASIS_FLOW;
    else if (zone->basis == ZONE_BASIS_LEVEL &&
             border_counted(&model->venue->zones[crossing->zone]))
        zone->basis = ZONE_BASIS_FUSED;
}

/* Levels first: what they and doors make together depends on both. */
static void basis_of_sensors(struct model *model)
{
    const struct venue *venue = model->venue;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        if (sensor_shows_level(&venue->sensors[s]))
            model->zones[venue->sensors[s].zone].basis = ZONE_BASIS_LEVEL;
    }
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        uint32_t count;
        const struct crossing *crossing = border_of(model, s, &count);
        for (uint32_t i = 0; i < count; i++) {
            const struct crossing *c = &crossing[i];
            bool next = c->zone == (c->outer ? venue->sensors[s].outside : venue->sensors[s].zone);
            basis_door(model, c, next, &venue->sensors[s]);
        }
    }
}

static bool has_own(const struct zone *zone)
{
    return zone->basis != ZONE_BASIS_NONE && zone->basis != ZONE_BASIS_SUM;
}

/* Own sensors decide; else the children. Vehicles stay out of sums of people. */
static void basis_of_zones(struct model *model)
{
    const struct venue *venue = model->venue;
    basis_of_sensors(model);
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        const struct zone *zone = &model->zones[z];
        if (zone->vehicles || !has_own(zone))
            continue;
        for (uint32_t p = zone->parent; p != VENUE_NO_ZONE; p = model->zones[p].parent) {
            if (model->zones[p].basis == ZONE_BASIS_NONE)
                model->zones[p].basis = ZONE_BASIS_SUM;
        }
    }
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        struct zone *zone = &model->zones[z];
        if (zone->basis == ZONE_BASIS_FLOW && venue->zones[z].cells_cover &&
            border_counted(&venue->zones[z])) {
            zone->basis = ZONE_BASIS_FUSED;
            zone->covered = true;
        }
        zone->flow_sum = zone->basis == ZONE_BASIS_SUM;
        zone->leaky =
            has_own(zone) && zone->basis != ZONE_BASIS_LEVEL && venue->zones[z].uncounted_doors;
    }
}

/* What the zones that are summed are like, so is the sum. */
static void sums_describe(struct model *model)
{
    for (uint32_t z = 0; z < model->venue->zone_count; z++) {
        const struct zone *zone = &model->zones[z];
        bool level = zone->basis == ZONE_BASIS_LEVEL || zone->basis == ZONE_BASIS_FUSED;
        if (zone->vehicles || !has_own(zone))
            continue;
        for (uint32_t p = zone->parent;
             p != VENUE_NO_ZONE && model->zones[p].basis == ZONE_BASIS_SUM;
             p = model->zones[p].parent) {
            model->zones[p].flow_sum = model->zones[p].flow_sum && !level;
            model->zones[p].leaky = model->zones[p].leaky || zone->leaky;
        }
    }
}

static int64_t packed(double area_m2)
{
    double people = area_m2 * VENUE_PACKED_PER_M2;
    int64_t whole = (int64_t)people;
    return (double)whole < people ? whole + 1 : whole;
}

/* Where only doors decide a sum, some of those it counts may be in none of the zones inside it. */
static bool most_by_sum(const struct model *model, uint32_t z)
{
    const struct zone *zone = &model->zones[z];
    return zone->basis == ZONE_BASIS_SUM && !zone->flow_sum &&
           !(model->venue->zones[z].area_m2 > 0);
}

/* From the inside outwards. One zone that may hold any number makes its sum do so: below 0. */
static void most_find(struct model *model)
{
    for (int depth = VENUE_DEPTH_MAX + 1; depth >= 0; depth--) {
        for (uint32_t z = 0; z < model->venue->zone_count; z++) {
            struct zone *zone = &model->zones[z], *around;
            if (zone->depth != depth || zone->vehicles)
                continue;
            if (model->venue->zones[z].area_m2 > 0)
                zone->most = packed(model->venue->zones[z].area_m2);
            zone->most = zone->most > 0 ? zone->most : 0;
            if (zone->basis == ZONE_BASIS_NONE || zone->parent == VENUE_NO_ZONE ||
                !most_by_sum(model, zone->parent))
                continue;
            around = &model->zones[zone->parent];
            around->most = zone->most > 0 && around->most >= 0 ? around->most + zone->most : -1;
        }
    }
}

void basis_find(struct model *model)
{
    basis_of_zones(model);
    sums_describe(model);
    most_find(model);
}
