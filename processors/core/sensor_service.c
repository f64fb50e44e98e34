/* Sensors in and out of service. */
#include "processors/core/sensor_private.h"

static void count_sensor(struct core *core, uint32_t zone, int by)
{
    core->model.zones[zone].sensors += (uint32_t)by;
}

static void count_maintenance(struct core *core, uint32_t zone, int by)
{
    core->model.zones[zone].in_maintenance += (uint32_t)by;
}

static void known_update(struct core *core, uint32_t zone, int unused)
{
    (void)unused;
    zone_known_update(core, zone);
}

static bool level_counter(const struct core *core, uint32_t s)
{
    return sensor_shows_level(&core->model.venue->sensors[s]);
}

/* It is in none of its zones any more. */
static void leave(struct core *core, uint32_t s)
{
    struct sensor *sensor = &core->model.sensors[s];
    struct zone *zone = &core->model.zones[core->model.venue->sensors[s].zone];
    sensor_surge_end(core, s, true);
    if (level_counter(core, s)) {
        zone->level_count--;
        if (sensor->level_round == zone->level_round && zone->level_spoken > 0)
            zone->level_spoken--;
        sensor->level_round = 0;
        if (sensor->has_value)
            zone_level_forget(core, s);
        else
            sensor_zones(core, s, sensor_count_unheard, -1);
    }
    sensor->counter.known = false;
    sensor_zones(core, s, count_sensor, -1);
    if (level_counter(core, s))
        zone_level_unheard(core, s);
    if (sensor->fresh)
        sensor_zones(core, s, sensor_count_fresh, -1);
    sensor_zones(core, s, known_update, 0);
}

/* It waits for its next message: what it said out of service does not make a zone known. Lights are
 * applied all the time. */
static void wait(struct core *core, uint32_t s)
{
    struct sensor *sensor = &core->model.sensors[s];
    if (core->model.venue->sensors[s].class == SENSOR_LIGHT)
        return;
    sensor->fresh = sensor->heard = false;
    core->model.silent_at_ns[s] = INT64_MAX;
}

static void enter(struct core *core, uint32_t s)
{
    wait(core, s);
    core->model.sensors[s].counter.known = false;
    if (level_counter(core, s)) {
        core->model.zones[core->model.venue->sensors[s].zone].level_count++;
        sensor_zones(core, s, sensor_count_unheard, 1);
    }
    sensor_zones(core, s, count_sensor, 1);
    if (level_counter(core, s))
        zone_level_unheard(core, s);
    sensor_zones(core, s, known_update, 0);
}

static void next_note(struct core *core, uint32_t s)
{
    int64_t until_ms = core->model.sensors[s].service_until_ms;
    if (until_ms != CORE_NEVER && until_ms < core->model.service_next_ms)
        core->model.service_next_ms = until_ms;
}

void sensor_service_set(struct core *core, uint32_t s, enum sensor_service service,
                        int64_t until_ms)
{
    struct sensor *sensor = &core->model.sensors[s];
    bool served = sensor_serves(sensor);
    if (served && service != SERVICE_IN)
        leave(core, s);
    int by = (service == SERVICE_MAINTENANCE) - (sensor->service == SERVICE_MAINTENANCE);
    if (by)
        sensor_zones(core, s, count_maintenance, by);
    sensor->service = (uint8_t)service;
    sensor->service_until_ms = until_ms;
    if (service == SERVICE_MAINTENANCE)
        sensor_missed_begin(core, s);
    else if (service != SERVICE_IN)
        sensor_missed_end(core, s);
    if (!served && service == SERVICE_IN)
        enter(core, s);
    next_note(core, s);
    health_changed(core, s);
}

static void next_find(struct core *core)
{
    core->model.service_next_ms = INT64_MAX;
    for (uint32_t s = 0; s < core->model.venue->sensor_count; s++)
        next_note(core, s);
}

void sensors_service(struct core *core)
{
    struct model *model = &core->model;
    int64_t now_ms = core_now_ms(core);
    if (now_ms < model->service_next_ms)
        return;
    for (uint32_t s = 0; s < model->venue->sensor_count; s++) {
        int64_t until_ms = model->sensors[s].service_until_ms;
        if (until_ms != CORE_NEVER && until_ms <= now_ms)
            sensor_service_set(core, s, SERVICE_IN, CORE_NEVER);
    }
    next_find(core);
}

void sensors_service_derive(struct core *core)
{
    for (uint32_t z = 0; z < core->model.venue->zone_count; z++)
        core->model.zones[z].in_maintenance = 0;
    for (uint32_t s = 0; s < core->model.venue->sensor_count; s++) {
        if (core->model.sensors[s].service == SERVICE_MAINTENANCE)
            sensor_zones(core, s, count_maintenance, 1);
    }
    next_find(core);
}

void sensor_service_carry(struct core *core, uint32_t s, enum sensor_service before)
{
    struct sensor *sensor = &core->model.sensors[s];
    enum sensor_service now = core->model.venue->sensors[s].service;
    if (now == before || core->exercise) /* the day's stands; a drill has its own */
        return;
    bool served = sensor_serves(sensor);
    sensor->service = (uint8_t)now;
    sensor->service_until_ms = CORE_NEVER;
    sensor_missed_carry(core, s);
    if (served == sensor_serves(sensor))
        return;
    if (!served)
        wait(core, s);
    sensor->counter.known = sensor->has_value = sensor->saturated = false;
    sensor->surge = (struct surge){0};
    sensor->value = 0;
    if (level_counter(core, s))
        core->model.levels[sensor->device].count = 0;
}
