/* Zones that are swept each day, as the venue file says: what doors counted wrong ends there. */
#include "processors/core/zone_private.h"

enum { QUIET_MINUTES = 15, DAY_S = 24 * 3600 };

static bool is_inside(const struct core *core, uint32_t z, uint32_t around)
{
    while (z != around && z != CORE_NONE)
        z = core->model.zones[z].parent;
    return z == around;
}

/* Counted in and out in the last minutes. */
static int64_t passed(const struct zone *zone, int64_t now_ms)
{
    int64_t minute = now_ms / HISTORY_MINUTE_MS, people = 0;
    for (int64_t i = 0; i <= QUIET_MINUTES; i++) {
        const struct history_minute *m =
            &zone->history.minute[(uint64_t)(minute - i) % HISTORY_MINUTES];
        people += m->in + m->out;
    }
    return people;
}

/* As if a silent door had missed nobody: that it may have missed as many as are in the zone says
 * nothing for their having left. One that is silent by night because nobody comes changes nothing.
 */
static int64_t counted_lower(const struct core *core, uint32_t z)
{
    const struct model *model = &core->model;
    const struct zone *zone = &model->zones[z];
    struct estimate est = zone->est;
    if (zone->basis != ZONE_BASIS_FLOW || zone->fresh == zone->sensors)
        return zone_lower(zone);
    for (uint32_t i = 0; i < model->crossing_first[model->venue->sensor_count]; i++)
        if (model->crossings[i].zone == z)
            estimate_missed_leave(&est, &model->crossings[i].missed);
    int64_t sigma = estimate_sigma(est.var) + zone->debt.doubt * SIGMA_MILLI_PER_PERSON;
    return zone->occupancy - (sigma * ESTIMATE_SIGMAS + 999) / 1000;
}

static bool may_be_empty(const struct core *core, uint32_t z, int64_t bound)
{
    const struct zone *zone = &core->model.zones[z];
    return counted_lower(core, z) <= bound && zone->suspect == 0 &&
           passed(zone, core_now_ms(core)) <= bound;
}

static bool counted(const struct zone *zone)
{
    return zone->basis != ZONE_BASIS_NONE;
}

static void begin_anew(struct core *core, uint32_t z, int64_t bound)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = zone_now(core);
    zone->unswept = false;
    zone->debt = (struct debt){.slot_from_ms = zone->debt.slot_from_ms};
    estimate_anchor(&zone->est, 0, bound * SIGMA_MILLI_PER_PERSON);
    zone_settle(core, z, &now);
}

void zone_empty_inside(struct core *core, uint32_t z, int64_t bound)
{
    for (uint32_t i = 0; i < core->model.venue->zone_count; i++)
        if (i != z && is_inside(core, i, z) && counted(&core->model.zones[i]))
            begin_anew(core, i, bound);
}

void zone_sweep(struct core *core, uint32_t z)
{
    const uint32_t count = core->model.venue->zone_count;
    const int64_t bound = core->model.venue->zones[z].empty_bound;
    struct zone *zones = core->model.zones;
    for (uint32_t i = 0; i < count; i++) {
        if (is_inside(core, i, z) && counted(&zones[i]) && !may_be_empty(core, i, bound)) {
            zones[z].unswept = counted(&zones[z]);
            return;
        }
    }
    zone_empty_inside(core, z, bound);
    if (counted(&zones[z]))
        begin_anew(core, z, bound);
}

static bool time_known(const struct core *core)
{
    return core->utc_offset_s != RECORD_NO_UTC_OFFSET ||
           str_equal(core->model.venue->time_zone, STR_LIT("UTC"));
}

void zones_sweep(struct core *core, int64_t from_s, int64_t to_s)
{
    const struct venue *venue = core->model.venue;
    int64_t offset_s = core->utc_offset_s == RECORD_NO_UTC_OFFSET ? 0 : core->utc_offset_s;
    if (!time_known(core) || to_s - from_s > CORE_PAUSE_MS_MAX / 1000)
        return;
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        int64_t at_s = (int64_t)venue->zones[z].empty_min * 60 - offset_s;
        if (venue->zones[z].empty_min >= 0 &&
            (from_s - at_s + DAY_S) / DAY_S != (to_s - at_s + DAY_S) / DAY_S)
            zone_sweep(core, z);
    }
}
