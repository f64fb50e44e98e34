/* Level counters of a zone, and zones inside it that serve as such. */
#include "processors/core/sensor.h"
#include "processors/core/zone_private.h"

enum {
    /* How fast the median of a counter's flicker is found. */
    FLICKER_PART = 8,
    FLICKER_STEP_MILLI = 100,
};

static int64_t sensor_sigma(const struct core *core, uint32_t s, bool fresh)
{
    const struct sensor *sensor = &core->model.sensors[s];
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    if (!sensor->has_value)
        return 0;
    double pct = model->error_pct == model->error_pct ? model->error_pct
                                                      : zone_settings(core)->level_error_pct;
    int64_t sigma = model->error * SIGMA_MILLI_PER_PERSON;
    if (model->error < 0) { /* not stated in people: a share, at least so many, and its flicker */
        int64_t least =
            pct > 0 ? zone_settings(core)->level_error_people * SIGMA_MILLI_PER_PERSON : 0;
        sigma = (int64_t)((double)sensor->value * pct * 10 / ESTIMATE_SIGMAS);
        sigma = sigma > least ? sigma : least;
        sigma = estimate_sigma(estimate_var(sigma) + estimate_var(sensor->flicker_milli));
    }
    int64_t blind = sensor->value * CORE_BLIND_SIGMA_PERMILLE;
    return (sensor->saturated || !fresh) && blind > sigma ? blind : sigma;
}

static void level_sums(struct zone *zone, const struct sensor *sensor, int sign)
{
    zone->level_sum += sensor->has_value ? sign * sensor->value : 0;
    if (sensor->has_value && sensor->blind) {
        zone->blind_sum += sign * sensor->value;
        zone->blind_count += (uint32_t)sign;
    }
    zone->level_least += sensor->saturated ? sign * sensor->value : 0;
    zone->level_sigma += sign * sensor->sigma_milli;
    zone->level_var += sign * estimate_part_var(sensor->sigma_milli);
}

static void saturated_set(struct core *core, uint32_t z, int by)
{
    for (; by; z = core->model.zones[z].parent) {
        struct zone *zone = &core->model.zones[z];
        const struct zone *around = zone_around(core, zone);
        zone->saturated += (uint32_t)by;
        if (!around || around->basis != ZONE_BASIS_SUM)
            return;
    }
}

/* One that is silent does not keep the others from being heard: what it showed last is in the sum,
 * and the bound knows that it is blind. One that never spoke does: a part is not the whole. */
static bool round_over(const struct core *core, const struct zone *zone)
{
    int64_t most_ms = zone->silence_ms < ESTIMATE_STALE_MS ? zone->silence_ms : ESTIMATE_STALE_MS;
    if (zone->level_spoken >= zone->level_count)
        return true;
    return zone->est.begun && zone->silent_unheard == 0 &&
           (zone->est.level_ms == ESTIMATE_NEVER ||
            core_now_ms(core) - zone->est.level_ms >= most_ms);
}

/* What the level counters of a fused zone have said since the last time is one observation. */
static void level_observe(struct core *core, struct zone *zone, struct sensor *sensor)
{
    if (sensor->level_round != zone->level_round) {
        sensor->level_round = zone->level_round;
        zone->level_spoken++;
    }
    if (!round_over(core, zone))
        return;
    zone->level_round++;
    zone->level_spoken = 0;
    struct zone_witness own = zone_witness(core, zone);
    if (zone->saturated && own.x_milli <= zone->est.x_milli)
        return; /* at least so many: nothing new */
    estimate_level(&zone->est, &(struct estimate_level){.z_milli = own.x_milli,
                                                        .var = estimate_var(own.sigma_milli),
                                                        .now_ms = core_now_ms(core)});
}

/* The median of what its messages differ by, one from the next: noise, and people who moved between
 * them. One jump counts no more than any other difference. */
static void flicker_note(const struct core *core, struct sensor *sensor, int64_t value)
{
    int64_t by = sensor->has_value ? (value - sensor->value) * 1000 : 0;
    int64_t step = sensor->flicker_milli / FLICKER_PART + FLICKER_STEP_MILLI;
    if (!(zone_settings(core)->level_error_pct > 0)) /* its numbers are taken as exact */
        return;
    by = by < 0 ? -by : by;
    if (by > sensor->flicker_milli)
        sensor->flicker_milli += step;
    else if (by < sensor->flicker_milli)
        sensor->flicker_milli -= step < sensor->flicker_milli ? step : sensor->flicker_milli;
}

void zone_level(struct core *core, uint32_t s, int64_t value, const struct zone_time *when)
{
    struct sensor *sensor = &core->model.sensors[s];
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    struct zone *zone = &core->model.zones[model->zone];
    struct history_span span =
        history_level(&core->model.levels[sensor->device], when->at_ms, value, core_now_ms(core));
    bool saturated = model->saturates_at > 0 && value >= model->saturates_at;
    if (!sensor->fresh)
        zone_anchor_shift(core, model->zone, sensor->has_value);
    level_sums(zone, sensor, -1);
    flicker_note(core, sensor, value);
    saturated_set(core, model->zone, (int)saturated - (int)sensor->saturated);
    sensor->has_value = true;
    sensor->value = value;
    sensor->saturated = saturated;
    sensor->blind = !sensor->fresh && !when->live;
    sensor->sigma_milli = sensor_sigma(core, s, !sensor->blind);
    level_sums(zone, sensor, 1);
    if (zone->basis == ZONE_BASIS_FUSED)
        level_observe(core, zone, sensor);
    zone_settle(core, model->zone, when);
    if (zone->basis == ZONE_BASIS_LEVEL)
        zone_past_shift(core, model->zone, &span);
}

void zone_level_late(struct core *core, uint32_t s, int64_t value, int64_t ts_ms)
{
    struct sensor *sensor = &core->model.sensors[s];
    uint32_t z = core->model.venue->sensors[s].zone;
    struct history_span span =
        history_level(&core->model.levels[sensor->device], ts_ms, value, core_now_ms(core));
    if (core->model.zones[z].basis == ZONE_BASIS_LEVEL)
        zone_past_shift(core, z, &span);
}

void zone_level_refresh(struct core *core, uint32_t s)
{
    struct sensor *sensor = &core->model.sensors[s];
    uint32_t z = core->model.venue->sensors[s].zone;
    int64_t sigma = sensor_sigma(core, s, sensor->fresh);
    struct zone_time now = zone_now(core);
    if (sigma == sensor->sigma_milli && sensor->blind == !sensor->fresh)
        return;
    level_sums(&core->model.zones[z], sensor, -1);
    sensor->blind = !sensor->fresh;
    sensor->sigma_milli = sigma;
    level_sums(&core->model.zones[z], sensor, 1);
    zone_settle(core, z, &now);
}

void zone_level_unheard(struct core *core, uint32_t s)
{
    struct zone_time now = zone_now(core);
    zone_settle(core, core->model.venue->sensors[s].zone, &now);
}

void zone_level_forget(struct core *core, uint32_t s)
{
    struct sensor *sensor = &core->model.sensors[s];
    uint32_t z = core->model.venue->sensors[s].zone;
    struct zone_time now = zone_now(core);
    zone_anchor_shift(core, z, false);
    level_sums(&core->model.zones[z], sensor, -1);
    saturated_set(core, z, -(int)sensor->saturated);
    sensor->has_value = sensor->saturated = false;
    sensor->value = sensor->sigma_milli = sensor->flicker_milli = 0;
    core->model.levels[sensor->device].count = 0;
    zone_settle(core, z, &now);
}

void zone_cover(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = zone_now(core);
    if (!zone->covered || zone->inside_unknown > 0)
        return;
    struct zone_witness own = zone_witness(core, zone);
    estimate_level(&zone->est, &(struct estimate_level){.z_milli = own.x_milli,
                                                        .var = estimate_var(own.sigma_milli),
                                                        .now_ms = core_now_ms(core)});
    zone_settle(core, z, &now);
}

void zone_level_derive(struct core *core)
{
    const struct venue *venue = core->model.venue;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        struct sensor *sensor = &core->model.sensors[s];
        if (!sensor_shows_level(&venue->sensors[s]))
            continue;
        sensor->blind = !sensor->fresh;
        sensor->sigma_milli = sensor_sigma(core, s, sensor->fresh);
        level_sums(&core->model.zones[venue->sensors[s].zone], sensor, 1);
        core->model.zones[venue->sensors[s].zone].level_count += sensor->service == SERVICE_IN;
        saturated_set(core, venue->sensors[s].zone, sensor->saturated);
    }
}
