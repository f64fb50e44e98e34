#include "processors/core/zone.h"

#include <assert.h>
#include <math.h>

#include "processors/core/judge.h"

void zone_advance(struct zone *zone, int64_t to_ms)
{
    window_to(&zone->window, to_ms, zone->occupancy, zone->known);
    flow_to(&zone->in, to_ms / WINDOW_BUCKET_MS);
    flow_to(&zone->out, to_ms / WINDOW_BUCKET_MS);
}

static void touch(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    if (zone->touched == core->step)
        return;
    assert(core->touched_count < CORE_TOUCHED_MAX);
    zone->touched = core->step;
    core->touched[core->touched_count++] = z;
}

void zone_change(struct core *core, uint32_t z, int64_t people, int64_t err_milli,
                 const struct zone_time *when)
{
    for (;;) {
        struct zone *zone = &core->model.zones[z];
        zone_advance(zone, when->at_ms);
        zone->occupancy += people;
        zone->err_milli += err_milli;
        if (zone->known)
            window_note(&zone->window, zone->occupancy);
        if (when->data_ms > zone->data_ms)
            zone->data_ms = when->data_ms;
        touch(core, z);
        z = zone->parent;
        if (zone->vehicles || z == VENUE_NO_ZONE || core->model.zones[z].basis != ZONE_BASIS_SUM)
            return;
    }
}

uint32_t zone_common(const struct core *core, uint32_t a, uint32_t b)
{
    const struct zone *zones = core->model.zones;
    if (a == CORE_NONE || b == CORE_NONE)
        return CORE_NONE;
    while (a != b) {
        if (zones[a].depth >= zones[b].depth)
            a = zones[a].parent;
        else
            b = zones[b].parent;
    }
    return a;
}

void zone_sides(const struct core *core, const struct venue_sensor *sensor, bool *ret_inside,
                bool *ret_outside)
{
    uint32_t common = zone_common(core, sensor->zone, sensor->outside);
    *ret_inside = sensor->zone != common;
    *ret_outside = sensor->outside != CORE_NONE && sensor->outside != common;
}

/* in people entered and out people left one zone across its own border. */
static void cross(struct core *core, uint32_t z, int64_t in, int64_t out,
                  const struct zone_time *when)
{
    struct zone *zone = &core->model.zones[z];
    zone_advance(zone, when->at_ms);
    if (when->rates) {
        flow_add(&zone->in, when->at_ms / WINDOW_BUCKET_MS, in);
        flow_add(&zone->out, when->at_ms / WINDOW_BUCKET_MS, out);
    }
    touch(core, z);
    if (zone->basis != ZONE_BASIS_FLOW)
        return;
    struct debt_passage passage = {
        .now_ms = core_now_ms(core), .slot_ms = zone->slot_ms, .in = in, .out = out};
    int64_t err;
    int64_t people = debt_take(&zone->debt, zone->occupancy, &passage, &err) - zone->occupancy;
    zone_change(core, z, people, (in + out) * CORE_ERR_PASSAGE_PERMILLE + err * 1000, when);
}

static void cross_up(struct core *core, uint32_t from, uint32_t until, int64_t in, int64_t out,
                     const struct zone_time *when)
{
    for (uint32_t z = from; z != until && z != CORE_NONE; z = core->model.zones[z].parent)
        cross(core, z, in, out, when);
}

void zone_passage(struct core *core, uint32_t inside, uint32_t outside, int64_t in, int64_t out,
                  const struct zone_time *when)
{
    uint32_t common = zone_common(core, inside, outside);
    /* The side that loses people goes first: a zone that holds both must not see them twice, not
     * even for a moment. */
    if (in >= out)
        cross_up(core, outside, common, out, in, when);
    cross_up(core, inside, common, in, out, when);
    if (in < out)
        cross_up(core, outside, common, out, in, when);
}

bool zone_holds_vehicles(enum zone_kind kind)
{
    return kind == ZONE_ROAD || kind == ZONE_CARPARK;
}

void zone_vehicles(struct core *core, uint32_t inside, uint32_t outside, int64_t in, int64_t out,
                   const struct zone_time *when)
{
    const struct venue_zone *zones = core->model.venue->zones;
    if (outside != CORE_NONE && zone_holds_vehicles(zones[outside].kind))
        cross(core, outside, out, in, when);
    if (inside != CORE_NONE && zone_holds_vehicles(zones[inside].kind))
        cross(core, inside, in, out, when);
}

void zone_known_update(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    bool known = zone->fresh > 0 &&
                 (uint64_t)zone->fresh * 1000 >= (uint64_t)zone->sensors * CORE_QUORUM_PERMILLE;
    if (known == zone->known)
        return;
    zone_advance(zone, core_now_ms(core));
    zone->known = known;
    if (known)
        window_note(&zone->window, zone->occupancy);
    judge_known(core, z);
}

int64_t zone_err(const struct zone *zone)
{
    int64_t milli = zone->err_milli;
    uint32_t heard = zone->sensors - zone->silent_unheard;
    /* What counters that never spoke would see: as much each as those that did. */
    if (zone->basis == ZONE_BASIS_LEVEL && heard)
        milli += zone->occupancy * 1000 * zone->silent_unheard / heard;
    return (milli + 999) / 1000;
}

void zone_anchor(struct core *core, uint32_t z, int64_t people, int64_t bound)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time when = {
        .at_ms = core_now_ms(core), .data_ms = core_now_ms(core), .rates = false};
    zone_change(core, z, people - zone->occupancy, bound * 1000 - zone->err_milli, &when);
}

int64_t zone_upper(const struct zone *zone)
{
    return zone->occupancy + zone_err(zone) + zone->suspect;
}

int64_t zone_lower(const struct zone *zone)
{
    int64_t lower = zone->occupancy - zone_err(zone);
    return lower > 0 ? lower : 0;
}

struct str zone_los(enum zone_kind kind, double density)
{
    /* Upper bounds of A to E, people/m²: Fruin's walkways, queues, stairs. */
    static const double walkway[] = {0.31, 0.43, 0.72, 1.08, 2.17};
    static const double queue[] = {0.83, 1.08, 1.54, 3.57, 5.26};
    static const double stairs[] = {0.54, 0.72, 1.08, 1.54, 2.70};
    static const char letters[] = "ABCDEF";
    const double *bounds = walkway;
    if (zone_holds_vehicles(kind))
        return (struct str){0};
    if (kind == ZONE_QUEUE)
        bounds = queue;
    else if (kind == ZONE_STAIRS)
        bounds = stairs;
    int i = 0;
    while (i < 5 && density > bounds[i])
        i++;
    return (struct str){&letters[i], 1};
}

double zone_flow_percent(const struct core *core, uint32_t z)
{
    const struct venue_zone *model = &core->model.venue->zones[z];
    const struct zone *zone = &core->model.zones[z];
    if (!(model->width_m > 0) || zone->vehicles)
        return (double)NAN;
    double most_per_m = model->kind == ZONE_STAIRS ? ZONE_STAIRS_PER_M_MIN : ZONE_LEVEL_PER_M_MIN;
    return (double)(zone->in.sum + zone->out.sum) * 100 / (model->width_m * most_per_m);
}
