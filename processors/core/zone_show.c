/* A zone's bound and words, as they are shown and judged. */
#include <math.h>

#include "processors/core/zone_private.h"

/* Where more are counted than fit in, the file has the area wrong. */
static bool packs(const struct zone *zone)
{
    return zone->most > zone->occupancy + zone->suspect;
}

/* One that reaches from nobody to all who fit in says nothing: it is never wider. */
int64_t zone_err(const struct zone *zone)
{
    int64_t err = (zone->sigma_milli * ESTIMATE_SIGMAS + 999) / 1000;
    int64_t room = zone->most - zone->occupancy;
    int64_t widest = room > zone->occupancy ? room : zone->occupancy;
    return packs(zone) && err > widest ? widest : err;
}

static int64_t own_upper(const struct zone *zone)
{
    int64_t upper = zone->occupancy + zone_err(zone) + zone->suspect;
    return packs(zone) && upper > zone->most ? zone->most : upper;
}

static bool by_doors(const struct zone *zone)
{
    return zone->basis == ZONE_BASIS_FLOW || zone->flow_sum;
}

/* It sees all that is in it, nothing contradicts it, and the zones inside it fit into what it sees.
 */
static bool sees_all(const struct zone *zone)
{
    bool sees = zone->basis == ZONE_BASIS_LEVEL || zone->basis == ZONE_BASIS_FUSED;
    return sees && zone->known && zone->fresh == zone->sensors && !zone->conflict &&
           !zone_lower_bound(zone) && zone->inside <= own_upper(zone);
}

/* No more can be in a zone than in one around it that level counters see. */
static int64_t least_around(const struct core *core, const struct zone *zone, int64_t upper)
{
    int64_t least = zone->occupancy + zone->suspect;
    for (const struct zone *around = zone_around(core, zone); around;
         around = zone_around(core, around))
        if (sees_all(around) && own_upper(around) < upper)
            upper = own_upper(around);
    return upper > least ? upper : least;
}

int64_t zone_upper(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    int64_t upper = own_upper(zone);
    if (by_doors(zone))
        upper = least_around(core, zone, upper);
    /* Doors alone say no more of the zones inside than of this one. */
    return upper > zone->inside || zone->flow_sum ? upper : zone->inside;
}

int64_t zone_judged(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    return zone->adrift ? zone->occupancy + zone->suspect : zone_upper(core, z);
}

int64_t zone_lower(const struct zone *zone)
{
    int64_t lower = zone->occupancy - zone_err(zone);
    return lower > zone->level_least ? lower : zone->level_least;
}

bool zone_lower_bound(const struct zone *zone)
{
    return zone->leaky || zone->saturated > 0 || zone->in_maintenance > 0 ||
           (zone->basis == ZONE_BASIS_SUM && zone->inside_unknown > 0) ||
           (by_doors(zone) && zone->fresh < zone->sensors); /* a silent door counts nobody */
}

bool zone_recount(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    return zone->adrift || zone->conflict || zone->unswept || zone->anchor.doubted ||
           (zone->capacity > 0 && (double)zone_err(zone) * 100 >
                                      (double)zone->capacity * zone_settings(core)->recount_pct);
}

struct str zone_basis_text(enum zone_basis basis)
{
    static const struct str text[] = {[ZONE_BASIS_NONE] = {0},
                                      [ZONE_BASIS_LEVEL] = {"level", 5},
                                      [ZONE_BASIS_FLOW] = {"flow", 4},
                                      [ZONE_BASIS_FUSED] = {"fused", 5},
                                      [ZONE_BASIS_SUM] = {"sum", 3}};
    return text[basis];
}

struct str zone_los(enum zone_kind kind, double density)
{
    /* Upper bounds of A to E, people/m²: Fruin's walkways, queues, stairs. */
    static const double walkway[] = {0.31, 0.43, 0.72, 1.08, 2.17};
    static const double queue[] = {0.83, 1.08, 1.54, 3.57, 5.26};
    static const double stairs[] = {0.54, 0.72, 1.08, 1.54, 2.70};
    static const char letters[] = "ABCDEF";
    const double *bounds = walkway;
    if (kind == ZONE_ROAD || kind == ZONE_CARPARK)
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
