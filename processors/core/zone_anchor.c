/* Counts by hand: what is known for sure. */
#include "processors/core/zone_private.h"

static void anchor_own(struct core *core, struct zone *zone, int64_t people, int64_t bound)
{
    int64_t sigma = bound * SIGMA_MILLI_PER_PERSON;
    int64_t shown = zone->covered ? zone->inside : zone->level_sum;
    if (zone->basis == ZONE_BASIS_LEVEL || zone->basis == ZONE_BASIS_FUSED)
        zone->anchor = (struct zone_anchor){.bias_milli = (shown - people) * 1000,
                                            .var = estimate_var(sigma),
                                            .at_ms = core_now_ms(core),
                                            .share = 1,
                                            .partial = zone->fresh < zone->sensors ||
                                                       zone->inside_unknown > 0};
    zone->unswept = false;
    zone->debt = (struct debt){.slot_from_ms = zone->debt.slot_from_ms};
    estimate_anchor(&zone->est, people * 1000, sigma);
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

static void anchor_inside(struct core *core, uint32_t around, int64_t people, int64_t bound)
{
    const uint32_t count = core->model.venue->zone_count;
    struct zone *zones = core->model.zones;
    struct share share = {.around = around,
                          .people = people,
                          .left = people,
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
        int64_t part = share.weights ? people * weight / share.weights : 0;
        part = z == last ? share.left : part;
        share.left -= part;
        zone_anchor(core, z, part, bound);
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
void zone_anchor(struct core *core, uint32_t z, int64_t people, int64_t bound)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = zone_now(core);
    now.data_ms = core_now_ms(core);
    if (zone->basis == ZONE_BASIS_NONE)
        return;
    doubt_around(core, zone, people - zone->occupancy);
    if (zone->basis == ZONE_BASIS_SUM)
        anchor_inside(core, z, people, bound);
    else if (people == 0)
        zone_empty_inside(core, z, bound);
    anchor_own(core, zone, people, bound);
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
