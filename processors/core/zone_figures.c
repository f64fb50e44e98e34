/* What a zone shows follows from its estimate, its level counters and the zones inside it. */
#include "processors/core/zone_private.h"

int64_t zone_people(int64_t x_milli)
{
    return x_milli > 0 ? (x_milli + 500) / 1000 : 0;
}

/* What the hall has filled up to since, before counters that fell silent when it was empty: as much
 * each as before those that are heard, where that is more. */
static int64_t unseen(const struct zone *zone)
{
    uint32_t silent = zone->silent_unheard + zone->blind_count;
    if (zone->sensors <= silent)
        return 0;
    int64_t seen = zone->level_sum - zone->blind_sum, heard = zone->sensors - silent;
    int64_t more = seen * zone->blind_count / heard - zone->blind_sum;
    return more > 0 ? more : 0;
}

static int64_t level_sigma(const struct core *core, const struct zone *zone)
{
    int64_t sigma = estimate_sum_sigma(zone->level_sigma, zone->level_var,
                                       zone_settings(core)->common_error_pct);
    uint32_t heard = zone->sensors - zone->silent_unheard;
    if (zone->basis == ZONE_BASIS_LEVEL)
        sigma += unseen(zone) * SIGMA_MILLI_PER_PERSON;
    /* What counters that never spoke would see: as much each as those that did. */
    if (zone->basis == ZONE_BASIS_LEVEL && heard)
        sigma += zone->level_sum * SIGMA_MILLI_PER_PERSON / heard * zone->silent_unheard;
    return sigma;
}

static int64_t inside_sigma(const struct core *core, const struct zone *zone)
{
    return estimate_sum_sigma(zone->inside_sigma, zone->inside_var,
                              zone_settings(core)->common_error_pct);
}

struct zone_witness zone_witness(const struct core *core, const struct zone *zone)
{
    const struct zone_anchor *a = &zone->anchor;
    struct zone_witness l = {zone->level_sum * 1000, 0};
    l.sigma_milli = zone->covered ? inside_sigma(core, zone) : level_sigma(core, zone);
    if (zone->covered)
        l.x_milli = zone->inside * 1000;
    if (a->at_ms == CORE_NEVER)
        return l;
    double own = (double)estimate_var(l.sigma_milli) * (1 - a->share * a->share);
    l.x_milli -= (int64_t)((double)a->bias_milli * a->share);
    l.sigma_milli = estimate_sigma((int64_t)(own + (double)a->var * a->share * a->share));
    if (a->doubted)
        l.sigma_milli += (int64_t)((double)a->bias_milli * a->share) / ESTIMATE_SIGMAS;
    return l;
}

static int64_t flow_sigma(const struct zone *zone)
{
    return estimate_sigma(zone->est.var) + zone->debt.doubt * SIGMA_MILLI_PER_PERSON;
}

/* The bound's upper end is no less than that. */
static void reach(struct estimate_fused *f, int64_t most_milli)
{
    int64_t sigma = (most_milli - f->x_milli + ESTIMATE_SIGMAS - 1) / ESTIMATE_SIGMAS;
    if (sigma > 0 && estimate_var(sigma) > f->var)
        f->var = estimate_var(sigma);
}

struct zone_figures zone_figures(const struct core *core, struct zone *zone)
{
    struct zone_figures f = {0, 0};
    struct zone_witness level;
    struct estimate_fused fused;
    switch ((enum zone_basis)zone->basis) {
    case ZONE_BASIS_NONE:
        break;
    case ZONE_BASIS_LEVEL:
        level = zone_witness(core, zone);
        f = (struct zone_figures){zone_people(level.x_milli), level.sigma_milli};
        break;
    case ZONE_BASIS_FLOW:
        f = (struct zone_figures){zone_people(zone->est.x_milli), flow_sigma(zone)};
        break;
    case ZONE_BASIS_FUSED:
        level = zone_witness(core, zone);
        fused = estimate_fuse(&zone->est, estimate_var(level.sigma_milli));
        if (zone->saturated && fused.x_milli < level.x_milli) { /* at least so many */
            fused.var += estimate_var(level.x_milli - fused.x_milli);
            fused.x_milli = level.x_milli;
        }
        if (zone->anchor.doubted)
            reach(&fused, level.x_milli + ESTIMATE_SIGMAS * level.sigma_milli);
        zone->conflict = fused.conflict;
        f = (struct zone_figures){zone_people(fused.x_milli), estimate_sigma(fused.var)};
        break;
    case ZONE_BASIS_SUM:
        f.occupancy = zone->inside;
        f.sigma_milli = inside_sigma(core, zone);
        /* Doors between two of its zones move errors from one to the other: where only doors decide
           its own border knows better than the sum, until they were counted by hand. */
        if (zone->flow_sum && flow_sigma(zone) < f.sigma_milli)
            f = (struct zone_figures){zone_people(zone->est.x_milli), flow_sigma(zone)};
        break;
    }
    return f;
}
