/* What doors did not count while they were silent or in maintenance: in the bound of the zones. */
#include "processors/core/border.h"
#include "processors/core/sensor_private.h"
#include "processors/core/zone.h"

static bool is_door(const struct core *core, uint32_t s)
{
    return core->model.crossing_first[s] < core->model.crossing_first[s + 1];
}

static void fear(struct core *core, uint32_t s, const int64_t by_milli[2], int64_t silent_ms)
{
    uint32_t count;
    struct crossing *crossing = border_of(&core->model, s, &count);
    for (uint32_t i = 0; i < count; i++)
        zone_missed(core, &crossing[i], by_milli, silent_ms);
}

static void accrue(struct core *core, uint32_t s)
{
    int64_t by_milli[2];
    int64_t silent_ms = missed_accrue(&core->model.missed[s], core_now_ms(core), by_milli);
    fear(core, s, by_milli, silent_ms);
}

static void relieve(struct core *core, uint32_t s, int64_t by_milli[2])
{
    by_milli[0] = -by_milli[0];
    by_milli[1] = -by_milli[1];
    if (by_milli[0] || by_milli[1])
        fear(core, s, by_milli, 0);
}

void sensor_missed_begin(struct core *core, uint32_t s)
{
    int64_t heard_ms = core->model.health[s].heard_ms;
    if (!is_door(core, s) || heard_ms == CORE_NEVER)
        return;
    missed_begin(&core->model.missed[s], heard_ms);
    accrue(core, s);
}

void sensor_missed_back(struct core *core, uint32_t s)
{
    struct missed *m = &core->model.missed[s];
    if (!m->open || !m->absent)
        return;
    accrue(core, s);
    missed_back(m, core_now_ms(core));
    uint32_t count;
    const struct crossing *crossing = border_of(&core->model, s, &count);
    for (uint32_t i = 0; i < count; i++)
        zone_seen(core, &crossing[i]);
}

void sensor_missed_told(struct core *core, uint32_t s, int64_t in, int64_t out, bool late)
{
    struct missed *m = &core->model.missed[s];
    int64_t by_milli[2];
    if (!late)
        missed_seen(m, core_now_ms(core), in, out);
    if (!m->open)
        return;
    accrue(core, s);
    missed_told(m, core_now_ms(core), in, out, by_milli);
    relieve(core, s, by_milli);
}

void sensor_missed_total(struct core *core, uint32_t s, bool torn)
{
    struct missed *m = &core->model.missed[s];
    int64_t by_milli[2];
    if (!m->open)
        return;
    if (torn)
        m->torn = true;
    if (m->torn)
        return;
    missed_told_all(m, by_milli);
    relieve(core, s, by_milli);
}

void sensor_missed_end(struct core *core, uint32_t s)
{
    if (core->model.missed[s].open)
        accrue(core, s);
    missed_end(&core->model.missed[s]);
}

void sensor_missed_carry(struct core *core, uint32_t s)
{
    struct missed *m = &core->model.missed[s];
    int64_t heard_ms = core->model.health[s].heard_ms;
    uint8_t service = core->model.sensors[s].service;
    if (service == SERVICE_MAINTENANCE && is_door(core, s) && heard_ms != CORE_NEVER)
        missed_begin(m, heard_ms);
    else if (service != SERVICE_IN)
        missed_end(m);
}

/* The crowd came while it was silent, sooner or later. */
static void rise(struct core *core, uint32_t s)
{
    uint32_t count;
    struct crossing *crossing = border_of(&core->model, s, &count);
    int64_t rise_milli[2];
    missed_rise_milli(&core->model.missed[s], rise_milli);
    for (uint32_t i = 0; i < count; i++)
        zone_missed_rise(core, &crossing[i], rise_milli);
}

void sensors_missed(struct core *core)
{
    for (uint32_t s = 0; s < core->model.venue->sensor_count; s++) {
        struct missed *m = &core->model.missed[s];
        if (!m->open)
            continue;
        accrue(core, s);
        if (!missed_over(m, core_now_ms(core)))
            continue;
        rise(core, s);
        missed_end(m);
    }
}
