#include "processors/core/drill.h"

#include <assert.h>
#include <string.h>

#include "processors/core/announce.h"
#include "processors/core/model.h"
#include "processors/core/sensor.h"

static void swap(void *a, void *b, void *space, size_t len)
{
    memcpy(space, a, len);
    memcpy(a, b, len);
    memcpy(b, space, len);
}

static void change_sides(struct core *core)
{
    struct model model;
    uint32_t touched[CORE_TOUCHED_MAX];
    uint32_t count = core->touched_count;
    swap(&core->model, &core->drill.aside, &model, sizeof model);
    swap(core->touched, core->drill.touched, touched, sizeof touched);
    core->touched_count = core->drill.touched_count;
    core->drill.touched_count = count;
}

void drill_enter(struct core *core)
{
    assert(core->drill.running && !core->exercise);
    core->drill.touched_count = 0;
    change_sides(core);
    core->exercise = true;
}

void drill_leave(struct core *core)
{
    assert(core->exercise);
    change_sides(core);
    core->exercise = false;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static bool begin(struct core *core, bool announced, struct str by)
{
    struct drill *drill = &core->drill;
    if (!model_shadow(core)) {
        core->no_memory = true;
        return false;
    }
    drill->announced = announced;
    drill->until_ms = core_now_ms(core) + core->model.venue->settings.drill_max_ms;
    drill->by_len = by.len < DRILL_BY_BYTES ? by.len : DRILL_BY_BYTES;
    if (drill->by_len)
        memcpy(drill->by, by.at, drill->by_len);
    return true;
}

/* Nobody could resolve them later. Neither rule nor zone is gone, as RETIRE has it: the drill is
 * over. */
static void alerts_end(struct core *core)
{
    struct model *model = &core->model;
    for (uint32_t i = 0; i < model->alert_count; i++) {
        struct alert *a = &model->alerts[i];
        struct alert_terms terms = alert_terms_of(&model->venue->rules[a->rule], core->now_ns);
        struct alert_changes changes = {0};
        alert_fire(a, &terms, ALERT_ON_RETIRE, &changes);
        for (uint32_t c = 0; c < changes.count; c++)
            changes.change[c].state = ALERT_RESOLVED;
        announce(core, a, &changes, core->now_ns, NULL);
    }
}

static void end(struct core *core)
{
    drill_enter(core);
    core->drill.ending = true;
    alerts_end(core);
    figures_emit(core, core_now_ms(core)); /* nothing is open any more */
    core->drill.ending = false;
    drill_leave(core);
    model_shadow_release(core);
}

bool drill_start(struct core *core, struct str by, struct refusal *refusal)
{
    if (!core->model.venue)
        return refusal_set(refusal, REFUSAL_REJECTED, "no venue model is in force yet");
    if (core->drill.running && core->drill.announced)
        return refusal_set(refusal, REFUSAL_REJECTED, "a drill is running already");
    if (core->drill.running)
        end(core);
    return begin(core, true, by) || refusal_set(refusal, REFUSAL_REJECTED, "no memory for a drill");
}

bool drill_stop(struct core *core, struct refusal *refusal)
{
    if (!core->drill.running)
        return refusal_set(refusal, REFUSAL_REJECTED, "no drill is running");
    end(core);
    return true;
}

void drill_expire(struct core *core)
{
    if (core->drill.running && core_now_ms(core) >= core->drill.until_ms)
        end(core);
}

void drill_rules_changed(struct core *core)
{
    if (core->drill.running && !core->drill.announced &&
        core->model.venue->settings.drill_needs_start)
        end(core);
}

bool drill_admit(struct core *core, bool opens, struct refusal *refusal)
{
    if (core->drill.running)
        return true;
    if (!opens || core->model.venue->settings.drill_needs_start)
        return refusal_set(refusal, REFUSAL_REJECTED, "no drill is running");
    return begin(core, false, (struct str){0}) ||
           refusal_set(refusal, REFUSAL_REJECTED, "no memory for a drill");
}

/* ---- what is played -------------------------------------------------------------------------- */

void drill_sensor(struct core *core, uint32_t s)
{
    struct sensor *sensor = &core->model.sensors[s];
    assert(core->exercise);
    if (sensor->played)
        return;
    sensor->played = true;
    sensor_service_set(core, s, SERVICE_IN, CORE_NEVER);
}

void drill_touched(struct core *core)
{
    assert(core->exercise);
    for (uint32_t i = 0; i < core->touched_count; i++)
        core->model.zones[core->touched[i]].played = true;
}

void drill_zone(struct core *core, uint32_t zone)
{
    assert(core->exercise);
    core->model.zones[zone].played = true;
}
