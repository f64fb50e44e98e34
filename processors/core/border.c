#include "processors/core/border.h"

#include <stdlib.h>

#include "processors/core/sensor.h"

bool border_holds_vehicles(enum zone_kind kind)
{
    return kind == ZONE_ROAD || kind == ZONE_CARPARK;
}

static uint32_t depth_of(const struct venue *venue, uint32_t zone)
{
    uint32_t depth = 0;
    for (; venue->zones[zone].parent != VENUE_NO_ZONE; zone = venue->zones[zone].parent)
        depth++;
    return depth;
}

/* The zone that holds both, going up; CORE_NONE when one of them is outside the venue. */
static uint32_t common_of(const struct venue *venue, uint32_t a, uint32_t b)
{
    if (a == CORE_NONE || b == CORE_NONE)
        return CORE_NONE;
    uint32_t depth_a = depth_of(venue, a), depth_b = depth_of(venue, b);
    while (a != b) {
        if (depth_a >= depth_b) {
            a = venue->zones[a].parent;
            depth_a--;
        } else {
            b = venue->zones[b].parent;
            depth_b--;
        }
    }
    return a;
}

struct walk {
    const struct venue *venue;
    struct crossing *to; /* NULL: only count */
    uint32_t count;
};

static void cross(struct walk *walk, uint32_t zone, bool outer)
{
    if (walk->to)
        walk->to[walk->count] = (struct crossing){.zone = zone, .outer = outer};
    walk->count++;
}

static void cross_up(struct walk *walk, uint32_t from, uint32_t until, bool outer)
{
    for (uint32_t z = from; z != until && z != CORE_NONE; z = walk->venue->zones[z].parent)
        cross(walk, z, outer);
}

/* Vehicles are in the road or car park itself, not in the zones around it. */
static void cross_vehicles(struct walk *walk, uint32_t zone, bool outer)
{
    if (zone != CORE_NONE && border_holds_vehicles(walk->venue->zones[zone].kind))
        cross(walk, zone, outer);
}

static void walk_sensor(struct walk *walk, const struct venue_sensor *sensor)
{
    if (sensor->class == SENSOR_LIGHT || sensor_shows_level(sensor))
        return;
    if (sensor->class == SENSOR_VEHICLE_GATE) {
        cross_vehicles(walk, sensor->zone, false);
        cross_vehicles(walk, sensor->outside, true);
        return;
    }
    uint32_t common = common_of(walk->venue, sensor->zone, sensor->outside);
    cross_up(walk, sensor->zone, common, false);
    cross_up(walk, sensor->outside, common, true);
}

bool border_find(struct model *model)
{
    const struct venue *venue = model->venue;
    struct walk walk = {.venue = venue};
    for (uint32_t s = 0; s < venue->sensor_count; s++)
        walk_sensor(&walk, &venue->sensors[s]);
    model->crossings = calloc((size_t)walk.count + 1, sizeof *model->crossings);
    model->crossing_first = calloc((size_t)venue->sensor_count + 1, sizeof *model->crossing_first);
    if (!model->crossings || !model->crossing_first)
        return false;
    walk = (struct walk){.venue = venue, .to = model->crossings};
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        model->crossing_first[s] = walk.count;
        walk_sensor(&walk, &venue->sensors[s]);
    }
    model->crossing_first[venue->sensor_count] = walk.count;
    return true;
}

struct crossing *border_of(const struct model *model, uint32_t sensor, uint32_t *ret_count)
{
    *ret_count = model->crossing_first[sensor + 1] - model->crossing_first[sensor];
    return &model->crossings[model->crossing_first[sensor]];
}
