#include "processors/core/judge.h"
#include "processors/core/sensor.h"
#include "processors/core/zone_private.h"

/* With what holds now. */
static void windows_to(struct zone *zone, int64_t to_ms)
{
    window_to(&zone->window, to_ms, zone->occupancy, zone->known);
}

void zone_advance(struct zone *zone, int64_t to_ms)
{
    windows_to(zone, to_ms);
    flow_to(&zone->in, to_ms / WINDOW_BUCKET_MS);
    flow_to(&zone->out, to_ms / WINDOW_BUCKET_MS);
}

void zone_touch(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    if (zone->touched == core->step)
        return;
    zone->touched = core->step;
    if (core->touched_count < CORE_TOUCHED_MAX) /* more only by a command, judged at the second */
        core->touched[core->touched_count++] = z;
}

void zone_adrift_set(struct core *core, struct zone *zone, bool adrift)
{
    core->model.adrift_count += (uint32_t)adrift - (uint32_t)zone->adrift;
    zone->adrift = adrift;
}

bool zone_wide(const struct zone *zone)
{
    int64_t range = zone->capacity > 0 ? zone->capacity : zone->most;
    return range > 0 && 2 * ESTIMATE_SIGMAS * (zone->sigma_milli / 1000) >= range;
}

static void inside_add(struct zone *around, const struct zone_figures *f, int sign)
{
    around->inside += sign * f->occupancy;
    around->inside_sigma += sign * f->sigma_milli;
    around->inside_var += sign * estimate_part_var(f->sigma_milli);
}

/* People of a road or car park are vehicles: they are in no sum. */
struct zone *zone_around(const struct core *core, const struct zone *zone)
{
    if (zone->vehicles || zone->parent == VENUE_NO_ZONE || zone->basis == ZONE_BASIS_NONE)
        return NULL;
    return &core->model.zones[zone->parent];
}

/* What the zone rests on has changed: so do its figures, and those of the zones that sum it. */
void zone_settle(struct core *core, uint32_t z, const struct zone_time *when)
{
    for (;;) {
        struct zone *zone = &core->model.zones[z];
        struct zone_figures before = {zone->occupancy, zone->sigma_milli};
        struct zone_figures after = zone_figures(core, zone);
        struct zone *around = zone_around(core, zone);
        windows_to(zone, when->at_ms);
        history_to(&zone->history, core_now_ms(core), zone->occupancy, zone->known);
        zone->occupancy = after.occupancy;
        zone->sigma_milli = after.sigma_milli;
        if (zone->adrift && !zone_wide(zone))
            zone_adrift_set(core, zone, false);
        if (zone->known)
            window_note(&zone->window, zone->occupancy);
        if (when->data_ms > zone->data_ms)
            zone->data_ms = when->data_ms;
        zone_touch(core, z);
        if (!around)
            return;
        inside_add(around, &before, -1);
        inside_add(around, &after, 1);
        z = zone->parent;
        if (around->basis != ZONE_BASIS_SUM && !around->covered) {
            zone_touch(core, z); /* it can't hold fewer than the zones inside it */
            return;
        }
    }
}

struct zone_time zone_now(const struct core *core)
{
    return (struct zone_time){.at_ms = core_now_ms(core), .data_ms = CORE_NEVER};
}

/* The past was another one, here and in the zones that sum it. */
void zone_past_shift(struct core *core, uint32_t z, const struct history_span *span)
{
    if (span->people == 0 || span->from_ms >= span->to_ms)
        return;
    for (;;) {
        struct zone *zone = &core->model.zones[z];
        history_to(&zone->history, core_now_ms(core), zone->occupancy, zone->known);
        history_shift(&zone->history, span->from_ms, span->to_ms, span->people);
        const struct zone *around = zone_around(core, zone);
        if (!around || around->basis != ZONE_BASIS_SUM)
            return;
        z = zone->parent;
    }
}

void zone_minute(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = zone_now(core);
    if (zone->basis == ZONE_BASIS_NONE)
        return;
    zone_anchor_age(core, &zone->anchor);
    estimate_age(&zone->est, zone_settings(core)->drift_pct_per_hour);
    if (zone->est.level_ms != ESTIMATE_NEVER &&
        core_now_ms(core) - zone->est.level_ms > ESTIMATE_STALE_MS)
        estimate_level_lost(&zone->est, estimate_var(zone_witness(core, zone).sigma_milli));
    zone_settle(core, z, &now);
}

void zone_known_update(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    bool known = zone->fresh > 0 && (double)zone->fresh * 100 >=
                                        (double)zone->sensors * zone_settings(core)->quorum_pct;
    if (known == zone->known)
        return;
    windows_to(zone, core_now_ms(core));
    history_to(&zone->history, core_now_ms(core), zone->occupancy, zone->known);
    zone->known = known;
    struct zone *around = zone_around(core, zone);
    if (around)
        around->inside_unknown += known ? UINT32_MAX : 1; /* less one, or one more */
    if (known)
        window_note(&zone->window, zone->occupancy);
    judge_known(core, z);
}

static void derive_suspects(struct core *core)
{
    for (uint32_t s = 0; s < core->model.venue->sensor_count; s++)
        if (core->model.sensors[s].surge.people)
            zone_suspect_add(core, sensor_surge_zone(core, s), core->model.sensors[s].surge.people);
}

void zones_derive(struct core *core)
{
    struct zone *zones = core->model.zones;
    const uint32_t count = core->model.venue->zone_count;
    for (uint32_t z = 0; z < count; z++) {
        zones[z].level_sum = zones[z].level_sigma = zones[z].level_var = 0;
        zones[z].level_least = zones[z].blind_sum = 0;
        zones[z].blind_count = 0;
        zones[z].inside = zones[z].inside_sigma = zones[z].inside_var = 0;
        zones[z].level_count = zones[z].saturated = 0;
        zones[z].suspect = zones[z].inside_unknown = 0;
    }
    zone_level_derive(core);
    derive_suspects(core);
    for (int depth = VENUE_DEPTH_MAX + 1; depth >= 0; depth--) { /* sums after what they sum */
        for (uint32_t z = 0; z < count; z++) {
            struct zone *zone = &zones[z], *around = zone_around(core, zone);
            if (zone->depth != depth)
                continue;
            struct zone_figures f = zone_figures(core, zone);
            zone->occupancy = f.occupancy;
            zone->sigma_milli = f.sigma_milli;
            if (around)
                inside_add(around, &f, 1);
            if (around && !zone->known)
                around->inside_unknown++;
        }
    }
}

void zones_data_sum(struct core *core)
{
    struct zone *zones = core->model.zones;
    for (uint32_t z = 0; z < core->model.venue->zone_count; z++) {
        const struct zone *zone = &zones[z];
        struct zone *around = zone_around(core, zone);
        for (; around && around->basis == ZONE_BASIS_SUM; around = zone_around(core, around))
            if (zone->data_ms > around->data_ms)
                around->data_ms = zone->data_ms;
    }
}
