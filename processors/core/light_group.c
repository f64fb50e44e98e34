#include "processors/core/light_group.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/emit.h"
#include "processors/core/sensor.h"

/* ---- which lights belong together ------------------------------------------------------------ */

struct member {
    uint32_t zone, light;
    struct str group;
};

/* All of a zone's: its own group, whatever a file calls "all". */
static bool named(struct str group)
{
    return group.len && !str_equal(group, STR_LIT("all"));
}

static int by_zone_and_group(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    uint32_t shorter = a->group.len < b->group.len ? a->group.len : b->group.len;
    if (a->zone != b->zone)
        return a->zone < b->zone ? -1 : 1;
    int order = shorter ? memcmp(a->group.at, b->group.at, shorter) : 0;
    if (order)
        return order;
    if (a->group.len != b->group.len)
        return a->group.len < b->group.len ? -1 : 1;
    return a->light < b->light ? -1 : 1;
}

static uint32_t group_add(struct model *model, uint32_t zone, struct str name)
{
    model->light_groups[model->light_group_count] =
        (struct light_group){.zone = zone, .name = name, .figures = {.lux = (double)NAN}};
    return model->light_group_count++;
}

/* Sorted, a zone's lights follow each other, and among them those of a group. */
static void members_sort(const struct venue *venue, struct member *members, uint32_t count)
{
    uint32_t light = 0;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        const struct venue_sensor *sensor = &venue->sensors[s];
        if (sensor->class != SENSOR_LIGHT)
            continue;
        members[light] = (struct member){.zone = sensor->zone, .light = light};
        if (named(sensor->group))
            members[light].group = sensor->group;
        light++;
    }
    assert(light == count);
    qsort(members, count, sizeof *members, by_zone_and_group);
}

static void groups_fill(struct model *model, const struct member *members)
{
    for (uint32_t i = 0; i < model->light_count; i++) {
        const struct member *m = &members[i];
        struct light *light = &model->lights[m->light];
        bool first_of_zone = i == 0 || members[i - 1].zone != m->zone;
        if (first_of_zone)
            model->zones[m->zone].lights = group_add(model, m->zone, STR_LIT("all"));
        light->zone_group = model->zones[m->zone].lights;
        light->group = CORE_NONE;
        if (m->group.len)
            light->group = first_of_zone || !str_equal(members[i - 1].group, m->group)
                               ? group_add(model, m->zone, m->group)
                               : model->light_group_count - 1;
    }
}

static void zones_lit(struct model *model)
{
    const struct venue *venue = model->venue;
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        uint32_t by = z;
        while (model->zones[by].lights == CORE_NONE && venue->zones[by].parent != VENUE_NO_ZONE)
            by = venue->zones[by].parent;
        model->zones[z].lit_by = model->zones[by].lights;
    }
}

bool light_groups_make(struct model *model)
{
    struct member *members = calloc((size_t)model->light_count + 1, sizeof *members);
    /* The most there can be: each light alone in its zone, and in a group of its own. */
    model->light_groups = calloc(2 * (size_t)model->light_count + 1, sizeof *model->light_groups);
    bool made = members && model->light_groups;
    if (made) {
        members_sort(model->venue, members, model->light_count);
        for (uint32_t z = 0; z < model->venue->zone_count; z++)
            model->zones[z].lights = CORE_NONE;
        groups_fill(model, members);
        zones_lit(model);
    }
    free(members);
    return made;
}

void light_groups_carry(struct model *model, const struct model *before)
{
    for (uint32_t i = 0; i < model->light_group_count; i++) {
        struct light_group *group = &model->light_groups[i];
        uint32_t o = venue_zone_find(before->venue, model->venue->zones[group->zone].id);
        if (o != VENUE_NO_ZONE && before->zones[o].lights != CORE_NONE)
            group->dark = before->light_groups[before->zones[o].lights].dark;
    }
}

/* ---- figures --------------------------------------------------------------------------------- */

static void count_in(struct light_figures *f, const struct light *light,
                     const struct sensor *sensor)
{
    bool broken = sensor->offline || (sensor->fresh && light->fault > 0);
    bool burns = sensor->fresh && (light->state == LIGHT_ON || light->state == LIGHT_DIM);
    f->lights++;
    f->faults += broken;
    f->unknown += !sensor->fresh && !sensor->offline;
    f->on += burns;
    f->off += sensor->fresh && light->state == LIGHT_OFF;
    f->burning_in_daylight += light->burning_in_daylight;
    f->dark_while_on += light->dark_while_on;
    /* A broken one should burn unless it was switched off; a silent one is not known to. */
    f->should_burn += burns || (broken && light->state != LIGHT_OFF);
    f->failed += light->dark_while_on || (broken && light->state != LIGHT_OFF);
    if (!sensor->fresh)
        return;
    if (!isnan(light->power_w))
        f->power_w = isnan(f->power_w) ? light->power_w : f->power_w + light->power_w;
    if (isnan(light->lux))
        return;
    f->lux = f->measured++ ? f->lux + light->lux : light->lux; /* the sum, until all are in */
    f->lux_min = !(f->lux_min <= light->lux) ? light->lux : f->lux_min;
}

static void finish(struct light_group *group, double dark_lux)
{
    struct light_figures *f = &group->figures;
    if (f->measured)
        f->lux /= (double)f->measured;
    double limit = group->dark ? dark_lux * LIGHT_DARK_CLEAR_PERCENT / 100 : dark_lux;
    if (f->measured)
        group->dark = f->lux < limit;
    else if (f->lights == 0)
        group->dark = false;
    /* Silent lamps of a dark zone have lost their power, perhaps: nothing says that it is bright.
     */
}

void light_groups_figure(struct core *core)
{
    struct model *model = &core->model;
    for (uint32_t i = 0; i < model->light_group_count; i++)
        model->light_groups[i].figures = (struct light_figures){
            .power_w = (double)NAN, .lux = (double)NAN, .lux_min = (double)NAN};
    for (uint32_t l = 0; l < model->light_count; l++) {
        const struct light *light = &model->lights[l];
        const struct sensor *sensor = &model->sensors[light->sensor];
        if (!sensor_serves(sensor))
            continue;
        count_in(&model->light_groups[light->zone_group].figures, light, sensor);
        if (light->group != CORE_NONE)
            count_in(&model->light_groups[light->group].figures, light, sensor);
    }
    for (uint32_t i = 0; i < model->light_group_count; i++)
        finish(&model->light_groups[i], model->venue->settings.dark_lux);
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void emit_group(struct core *core, struct light_group *group, int64_t at_ms)
{
    const struct light_figures *f = &group->figures;
    uint32_t place = (uint32_t)(group - core->model.light_groups);
    if (group->shown_once
            ? emit_same(f, &group->shown, sizeof *f) && !emit_again(core, place, EMIT_AGAIN_S)
            : f->lights == 0)
        return;
    group->shown = *f;
    group->shown_once = true;
    struct result_light_group result;
    result_clear(RECORD_LIGHT_GROUP, &result);
    result.venue = core->model.venue->id;
    result.zone = core->model.venue->zones[group->zone].id;
    result.group = group->name;
    result.at = at_ms;
    result.lights = f->lights;
    result.on = f->on;
    result.off = f->off;
    result.faults = f->faults;
    result.unknown = f->unknown;
    result.burning_in_daylight = f->burning_in_daylight;
    result.dark_while_on = f->dark_while_on;
    result.power_w = f->power_w;
    result.lux = f->lux;
    result.lux_min = f->lux_min;
    result.status = core_status(core);
    emit(core, RECORD_LIGHT_GROUP, &result);
}

void light_groups_emit(struct core *core, int64_t at_ms)
{
    for (uint32_t i = 0; i < core->model.light_group_count; i++)
        emit_group(core, &core->model.light_groups[i], at_ms);
}
