#include "processors/core/second.h"

#include "processors/core/drill.h"
#include "processors/core/emit.h"
#include "processors/core/gate.h"
#include "processors/core/judge.h"
#include "processors/core/light.h"
#include "processors/core/light_group.h"
#include "processors/core/sensor.h"

/* Nothing dwells, clears or is averaged across a pause. */
static void pause_pass(struct core *core, int64_t until_ns)
{
    struct model *model = &core->model;
    int64_t until_ms = until_ns / CORE_MS_NS;
    for (uint32_t z = 0; z < model->venue->zone_count; z++) {
        struct zone *zone = &model->zones[z];
        window_to(&zone->window, until_ms, 0, false);
        history_to(&zone->history, until_ms, zone->occupancy, false);
    }
    for (uint32_t i = 0; i < model->alert_count; i++)
        alert_gap(&model->alerts[i]);
    gates_pause(core);
    lights_pause(core, until_ms);
}

/* A handover of the venue's shifts lies in (from_s, to_s], by its local time. */
static bool handover(const struct core *core, int64_t from_s, int64_t to_s)
{
    const struct venue *venue = core->model.venue;
    const int64_t day_s = INT64_C(24) * 3600;
    int64_t offset_s = core->utc_offset_s == RECORD_NO_UTC_OFFSET ? 0 : core->utc_offset_s;
    for (uint32_t i = 0; i < venue->shift_count; i++) {
        int64_t shift_s = (int64_t)venue->shift_min[i] * 60 - offset_s;
        if ((from_s - shift_s + day_s) / day_s != (to_s - shift_s + day_s) / day_s)
            return true;
    }
    return false;
}

static void boundary(struct core *core, int64_t at_ns)
{
    struct model *model = &core->model;
    int64_t at_ms = at_ns / CORE_MS_NS, before_ms = core->second_before * 1000;
    for (uint32_t z = 0; z < model->venue->zone_count; z++) {
        struct zone *zone = &model->zones[z];
        zone_advance(zone, at_ms);
        history_to(&zone->history, at_ms, zone->occupancy, zone->known);
        if (at_ms / CORE_COVER_MS != before_ms / CORE_COVER_MS)
            zone_cover(core, z);
        if (at_ms / HISTORY_MINUTE_MS != before_ms / HISTORY_MINUTE_MS)
            zone_minute(core, z);
    }
    if (at_ms / HISTORY_MINUTE_MS != before_ms / HISTORY_MINUTE_MS)
        sensors_missed(core);
    sensors_service(core);
    zones_sweep(core, core->second_before, core->second);
    bool shift = handover(core, core->second_before, core->second);
    sensors_silence(core, at_ns);
    gates_advance(core, at_ms);
    lights_advance(core, at_ms);
    for (uint32_t z = 0; z < model->venue->zone_count; z++) {
        judge_zone(core, z, at_ns, at_ms, false);
        judge_time(core, z, at_ns, shift);
        if (!drill_shows_zone(core, z))
            continue;
        emit_zone(core, z, at_ms);
        if (at_ms / CORE_HISTORY_MS != before_ms / CORE_HISTORY_MS)
            emit_history(core, z);
    }
    for (uint32_t g = 0; g < model->gate_count; g++) {
        gates_fetch(model, g, at_ms / WINDOW_BUCKET_MS);
        if (drill_shows_sensor(core, model->gates[g].sensor))
            gate_emit(core, g, at_ms);
    }
    for (uint32_t l = 0; l < model->light_count; l++) {
        if (drill_shows_sensor(core, model->lights[l].sensor))
            light_emit(core, l, at_ms);
    }
    light_groups_emit(core, at_ms);
    health_second(core, at_ms);
    figures_emit(core, at_ms);
}

/* Time passes for the real state, then for a drill's. */
static void pass(struct core *core, void (*over)(struct core *core, int64_t at_ns), int64_t at_ns)
{
    over(core, at_ns);
    if (!drill_running(core))
        return;
    drill_enter(core);
    over(core, at_ns);
    drill_leave(core);
}

void second_advance(struct core *core, int64_t log_ns, bool gap)
{
    int64_t second = log_ns / CORE_SECOND_NS;
    int64_t before_ns = core->now_ns;
    bool first = !core->started;
    core->second_before = core->second;
    if (first) {
        core->started = true;
        core->second = second;
        core->now_ns = log_ns;
    }
    if (log_ns < before_ns && !first)
        log_ns = before_ns; /* log time never falls; a log that says so is read as standing still */
    gap = gap || log_ns - before_ns > (int64_t)CORE_PAUSE_MS_MAX * CORE_MS_NS;
    if (!core->model.venue || first) {
        core->second = second > core->second ? second : core->second;
        core->now_ns = log_ns;
        return;
    }
    if (gap) {
        pass(core, pause_pass, log_ns);
        core->now_ns = log_ns;
        health_gap(core, before_ns / CORE_MS_NS);
    }
    if (second > core->second) {
        core->second = second;
        core->now_ns = second * CORE_SECOND_NS > before_ns ? second * CORE_SECOND_NS : before_ns;
        path_second(core);
        drill_expire(core);
        pass(core, boundary, second * CORE_SECOND_NS);
    }
    core->now_ns = log_ns;
}
