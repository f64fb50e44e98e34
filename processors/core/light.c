#include "processors/core/light.h"

#include <math.h>

#include "processors/core/emit.h"

void light_apply(struct core *core, uint32_t s, const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    struct light *light = &core->model.lights[sensor->device];
    const struct result_reading *r = m->reading;
    enum counter_order order = sensor_order(sensor, m);
    bool said = sensor->last_ts_ms != CORE_NEVER;
    if (m->retained ? said && order != COUNTER_NEWER : sensor->fresh && order == COUNTER_OLDER)
        return;
    if (!isnan(r->lux))
        light->lux = r->lux;
    if (!isnan(r->power_w))
        light->power_w = r->power_w;
    if (r->fault >= 0)
        light->fault = r->fault;
    if (r->state.len)
        light->state = r->state.at[0] == 'd' ? LIGHT_DIM : r->state.len == 2 ? LIGHT_ON : LIGHT_OFF;
    light->changed = true;
    sensor_remember(sensor, m);
    if (!m->retained)
        sensor_fresh(core, s);
}

void light_emit(struct core *core, uint32_t l, int64_t at_ms)
{
    static const struct str words[] = {{0}, {"on", 2}, {"off", 3}, {"dim", 3}};
    struct light *light = &core->model.lights[l];
    if (!light->changed)
        return;
    light->changed = false;
    const struct sensor *sensor = &core->model.sensors[light->sensor];
    const struct venue_sensor *model = &core->model.venue->sensors[light->sensor];
    struct result_light result;
    result_clear(RECORD_LIGHT, &result);
    result.venue = core->model.venue->id;
    result.zone = core->model.venue->zones[model->zone].id;
    result.light = model->id;
    result.at = at_ms;
    result.lux = light->lux;
    result.power_w = light->power_w;
    result.state = sensor->offline ? STR_LIT("offline") : words[light->state];
    result.fault = light->fault;
    result.known = sensor->fresh;
    result.status = core_status(core);
    emit(core, RECORD_LIGHT, &result);
}

double light_zone_lux(const struct core *core, uint32_t zone)
{
    (void)core, (void)zone;
    return (double)NAN;
}

bool light_zone_dark(const struct core *core, uint32_t zone)
{
    (void)core, (void)zone;
    return false;
}

double light_zone_failed_percent(const struct core *core, uint32_t zone)
{
    (void)core, (void)zone;
    return (double)NAN;
}
