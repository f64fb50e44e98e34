/* Counts by hand: what is known for sure. */
#include "processors/core/sensor.h"
#include "processors/core/zone_private.h"

/* More than their error and the count's explain. */
static bool contradict(const struct zone_witness *levels, int64_t off_milli, int64_t sigma_milli)
{
    double var = (double)estimate_var(levels->sigma_milli) + (double)estimate_var(sigma_milli);
    double off = (double)off_milli;
    return off > 0 && off * off / 1000 > ESTIMATE_GATE * ESTIMATE_GATE * var;
}

/* What level counters show too many, from now on. */
static void anchor_levels(const struct core *core, struct zone *zone,
                          const struct zone_count *count, int64_t sigma_milli)
{
    zone->anchor = (struct zone_anchor){.at_ms = CORE_NEVER};
    if (zone->basis != ZONE_BASIS_LEVEL && zone->basis != ZONE_BASIS_FUSED)
        return;
    struct zone_witness levels = zone_witness(core, zone);
    int64_t off_milli = levels.x_milli - count->people * 1000;
    zone->anchor = (struct zone_anchor){
        .bias_milli = off_milli,
        .var = estimate_var(sigma_milli),
        .at_ms = core_now_ms(core),
        .share = 1,
        .partial = zone->fresh < zone->sensors || zone->inside_unknown > 0,
        .doubted = !count->sure && contradict(&levels, off_milli, sigma_milli)};
}

static void anchor_own(struct core *core, struct zone *zone, const struct zone_count *count)
{
    int64_t sigma = count->bound * SIGMA_MILLI_PER_PERSON;
    anchor_levels(core, zone, count, sigma);
    zone->unswept = false;
    zone->debt = (struct debt){.slot_from_ms = zone->debt.slot_from_ms};
    estimate_anchor(&zone->est, count->people * 1000, sigma);
    if (zone->basis == ZONE_BASIS_FUSED) /* its level counters are corrected by the same count */
        zone->est.origin_var = zone->est.var;
}

/* Its share of the people counted in the zone around it: as it is filled, else by capacity, else
 * all alike. */
struct share {
    uint32_t around;
    int64_t people, weights, left;
    bool by_capacity;
};

static int64_t weight_of(const struct zone *zone, const struct share *share)
{
    if (zone->vehicles || zone->basis == ZONE_BASIS_NONE)
        return 0;
    return !share->by_capacity ? zone->occupancy : zone->capacity > 0 ? zone->capacity : 1;
}

static void anchor_inside(struct core *core, uint32_t around, const struct zone_count *all)
{
    const uint32_t count = core->model.venue->zone_count;
    struct zone *zones = core->model.zones;
    struct zone_count one = *all;
    struct share share = {.around = around,
                          .people = all->people,
                          .left = all->people,
                          .by_capacity = zones[around].inside == 0};
    uint32_t last = CORE_NONE;
    for (uint32_t z = 0; z < count; z++) {
        int64_t weight = zones[z].parent == around ? weight_of(&zones[z], &share) : 0;
        share.weights += weight;
        last = weight > 0 ? z : last;
    }
    for (uint32_t z = 0; z < count; z++) {
        if (zones[z].parent != around || zones[z].vehicles || zones[z].basis == ZONE_BASIS_NONE)
            continue;
        int64_t weight = weight_of(&zones[z], &share);
        int64_t part = share.weights ? all->people * weight / share.weights : 0;
        part = z == last ? share.left : part;
        share.left -= part;
        one.people = part;
        zone_anchor(core, z, &one);
    }
}

/* Their own borders have counted what was counted wrong here, or did not see it at all. */
static void doubt_around(const struct core *core, const struct zone *zone, int64_t people)
{
    for (struct zone *around = zone_around(core, zone); around && around->basis == ZONE_BASIS_SUM;
         around = zone_around(core, around))
        estimate_doubt(&around->est, (people < 0 ? -people : people) * SIGMA_MILLI_PER_PERSON);
}

/* Recursion ends at zones with sensors of their own: at most VENUE_DEPTH_MAX deep. */
void zone_anchor(struct core *core, uint32_t z, const struct zone_count *count)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = zone_now(core);
    now.data_ms = core_now_ms(core);
    if (zone->basis == ZONE_BASIS_NONE)
        return;
    sensor_surges_answer(core, z);
    doubt_around(core, zone, count->people - zone->occupancy);
    if (zone->basis == ZONE_BASIS_SUM)
        anchor_inside(core, z, count);
    else if (count->people == 0)
        zone_empty_inside(core, z, count->bound);
    anchor_own(core, zone, count);
    zone_settle(core, z, &now);
}

void zone_anchor_shift(struct core *core, uint32_t z, bool heard_before)
{
    const struct zone *around;
    do {
        struct zone *zone = &core->model.zones[z];
        if (!heard_before || zone->anchor.partial)
            zone->anchor = (struct zone_anchor){.at_ms = CORE_NEVER};
        around = zone_around(core, zone);
        z = zone->parent;
    } while (around && around->covered);
}

void zone_anchor_age(const struct core *core, struct zone_anchor *a)
{
    if (a->at_ms == CORE_NEVER)
        return;
    a->share = 1 - (double)(core_now_ms(core) - a->at_ms) /
                       (2 * (double)zone_settings(core)->level_bias_ms);
    if (!(a->share > 0))
        *a = (struct zone_anchor){.at_ms = CORE_NEVER};
}
