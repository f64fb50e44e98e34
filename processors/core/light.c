#include "processors/core/light.h"

#include <math.h>

#include "processors/core/emit.h"
#include "processors/core/light_group.h"

static bool lit(const struct light *light)
{
    return light->state == LIGHT_ON || light->state == LIGHT_DIM;
}

/* What it should give in its present state; NaN when the venue file does not say, or when it is
 * off. */
static double scene_lux(const struct venue_sensor *model, const struct light *light)
{
    switch (light->state) {
    case LIGHT_ON:
        return model->scene_lux;
    case LIGHT_DIM:
        return model->dim_lux;
    default:
        return (double)NAN;
    }
}

void light_init(struct light *light, uint32_t sensor)
{
    light->sensor = sensor;
    light->fault = -1;
    light->lux = light->power_w = (double)NAN;
    light->bright_since_ms = light->dark_since_ms = CORE_NEVER;
}

void light_carry(struct light *to, const struct light *from)
{
    struct light fresh = *to;
    *to = *from;
    to->sensor = fresh.sensor;
    to->zone_group = fresh.zone_group;
    to->group = fresh.group;
    to->shown_once = false;
}

/* ---- dwell ----------------------------------------------------------------------------------- */

static int64_t since(int64_t before_ms, bool holds, int64_t now_ms)
{
    if (!holds)
        return CORE_NEVER;
    return before_ms == CORE_NEVER ? now_ms : before_ms;
}

/* What its newest values are begins to last, or ends. */
static void conditions(const struct core *core, struct light *light)
{
    const struct venue *venue = core->model.venue;
    const struct venue_settings *settings = &venue->settings;
    double scene = scene_lux(&venue->sensors[light->sensor], light);
    double enough = isnan(scene) ? settings->dark_lux : scene * settings->dim_pct / 100;
    bool measured = lit(light) && light->lux_current;
    int64_t now_ms = core_now_ms(core);
    light->bright_since_ms =
        since(light->bright_since_ms, measured && light->lux > settings->daylight_lux, now_ms);
    light->dark_since_ms = since(light->dark_since_ms, measured && light->lux < enough, now_ms);
}

/* Once said, it stays said for as long as it holds: a pause only delays what has not been said. */
static bool lasts(bool said, int64_t since_ms, int64_t at_ms, int64_t dwell_ms)
{
    return since_ms != CORE_NEVER && (said || at_ms - since_ms >= dwell_ms);
}

static void advance(struct core *core, struct light *light, int64_t at_ms)
{
    int64_t dwell_ms = core->model.venue->settings.light_dwell_ms;
    if (!core->model.sensors[light->sensor].fresh) {
        light->lux_current = false;
        light->bright_since_ms = light->dark_since_ms = CORE_NEVER;
    }
    light->burning_in_daylight =
        lasts(light->burning_in_daylight, light->bright_since_ms, at_ms, dwell_ms);
    light->dark_while_on = lasts(light->dark_while_on, light->dark_since_ms, at_ms, dwell_ms);
}

void lights_advance(struct core *core, int64_t at_ms)
{
    for (uint32_t l = 0; l < core->model.light_count; l++)
        advance(core, &core->model.lights[l], at_ms);
    light_groups_figure(core);
}

void lights_pause(struct core *core, int64_t until_ms)
{
    for (uint32_t l = 0; l < core->model.light_count; l++) {
        struct light *light = &core->model.lights[l];
        if (light->bright_since_ms != CORE_NEVER)
            light->bright_since_ms = until_ms;
        if (light->dark_since_ms != CORE_NEVER)
            light->dark_since_ms = until_ms;
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

static void values_take(struct light *light, const struct result_reading *r, bool retained)
{
    uint8_t before = light->state;
    if (r->state.len)
        light->state = r->state.at[0] == 'd' ? LIGHT_DIM : r->state.len == 2 ? LIGHT_ON : LIGHT_OFF;
    if (light->state != before)
        light->lux_current = false;
    if (!isnan(r->lux)) {
        light->lux = r->lux;
        light->lux_current = !retained;
    }
    if (!isnan(r->power_w))
        light->power_w = r->power_w;
    if (r->fault >= 0)
        light->fault = r->fault;
}

void light_apply(struct core *core, uint32_t s, const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    struct light *light = &core->model.lights[sensor->device];
    enum counter_order order = sensor_order(core, s, m);
    bool said = sensor->last_ts_ms != CORE_NEVER;
    if (m->stored) /* it shines as it was last said to, not as it once did */
        return;
    if (m->retained ? said && order != COUNTER_NEWER : sensor->fresh && order == COUNTER_OLDER)
        return;
    values_take(light, m->reading, m->retained);
    sensor_remember(sensor, m);
    conditions(core, light);
    if (!m->retained)
        sensor_fresh(core, s);
}

/* ---- what is said ---------------------------------------------------------------------------- */

static struct light_shown look(const struct core *core, const struct light *light)
{
    const struct sensor *sensor = &core->model.sensors[light->sensor];
    return (struct light_shown){.lux = light->lux,
                                .power_w = light->power_w,
                                .state = sensor->offline ? -1 : light->state,
                                .fault = light->fault,
                                .known = sensor->fresh,
                                .burning_in_daylight = light->burning_in_daylight,
                                .dark_while_on = light->dark_while_on,
                                .service = sensor->service};
}

static const struct str state_words[] = {{0}, {"on", 2}, {"off", 3}, {"dim", 3}};

void light_complete(const struct light *light, struct result_reading *reading)
{
    if (isnan(reading->lux))
        reading->lux = light->lux;
    if (isnan(reading->power_w))
        reading->power_w = light->power_w;
    if (reading->state.len == 0)
        reading->state = state_words[light->state];
    if (reading->fault < 0)
        reading->fault = light->fault;
}

void light_emit(struct core *core, uint32_t l, int64_t at_ms)
{
    struct light *light = &core->model.lights[l];
    struct light_shown now = look(core, light);
    if (light->shown_once && emit_same(&now, &light->shown, sizeof now) &&
        !emit_again(core, l, EMIT_AGAIN_SLOW_S))
        return;
    light->shown = now;
    light->shown_once = true;
    const struct sensor *sensor = &core->model.sensors[light->sensor];
    const struct venue_sensor *model = &core->model.venue->sensors[light->sensor];
    double scene = scene_lux(model, light);
    struct result_light result;
    result_clear(RECORD_LIGHT, &result);
    result.venue = core->model.venue->id;
    result.zone = core->model.venue->zones[model->zone].id;
    result.light = model->id;
    result.group = model->group;
    result.at = at_ms;
    result.lux = light->lux;
    result.power_w = light->power_w;
    result.state = sensor->offline ? STR_LIT("offline") : state_words[light->state];
    result.fault = light->fault;
    result.known = sensor->fresh;
    result.scene_lux = scene;
    result.scene_percent = scene > 0 ? light->lux * 100 / scene : (double)NAN;
    result.burning_in_daylight = light->burning_in_daylight;
    result.dark_while_on = light->dark_while_on;
    result.service = str_of(sensor_service_text((enum sensor_service)sensor->service));
    result.status = core_status(core);
    emit(core, RECORD_LIGHT, &result);
}

/* ---- zones ----------------------------------------------------------------------------------- */

double light_zone_lux(const struct core *core, uint32_t zone)
{
    uint32_t lights = core->model.zones[zone].lights;
    return lights == CORE_NONE ? (double)NAN : core->model.light_groups[lights].figures.lux;
}

enum light_darkness light_zone_darkness(const struct core *core, uint32_t zone)
{
    uint32_t lights = core->model.zones[zone].lit_by;
    if (lights == CORE_NONE || !core->model.light_groups[lights].figures.measured)
        return LIGHT_DARKNESS_UNKNOWN;
    return core->model.light_groups[lights].dark ? LIGHT_DARK : LIGHT_BRIGHT;
}

bool light_zone_dark(const struct core *core, uint32_t zone)
{
    uint32_t lights = core->model.zones[zone].lit_by;
    return lights != CORE_NONE && core->model.light_groups[lights].dark;
}

enum health_cause light_zone_cause(const struct core *core, uint32_t zone)
{
    uint32_t lights = core->model.zones[zone].lights;
    const struct light_figures none = {0};
    const struct light_figures *f =
        lights == CORE_NONE ? &none : &core->model.light_groups[lights].figures;
    if (f->lights == 0)
        return CAUSE_SERVICE;
    return f->lights == f->unknown ? CAUSE_SENSORS : CAUSE_NONE;
}

double light_zone_failed_percent(const struct core *core, uint32_t zone)
{
    uint32_t lights = core->model.zones[zone].lights;
    if (lights == CORE_NONE)
        return (double)NAN;
    const struct light_figures *f = &core->model.light_groups[lights].figures;
    if (f->should_burn == 0)
        return f->lights > f->unknown ? 0 : (double)NAN;
    return (double)f->failed * 100 / (double)f->should_burn;
}
