#include "processors/core/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/announce.h"
#include "processors/core/basis.h"
#include "processors/core/border.h"
#include "processors/core/drill.h"
#include "processors/core/gate.h"
#include "processors/core/gate_figures.h"
#include "processors/core/judge.h"
#include "processors/core/light.h"
#include "processors/core/light_group.h"
#include "processors/core/model_carry.h"
#include "processors/core/sensor.h"
#include "schemas/base/array.h"
#include "schemas/payload/payload_decode.h"

/* All but the venue, which a shadow state only borrows. */
static void state_release(struct model *model)
{
    free(model->zones);
    free(model->sensors);
    free(model->silent_at_ns);
    free(model->health);
    free(model->missed);
    free(model->health_due);
    dedup_free(&model->dedup);
    window_store_free(&model->windows);
    free(model->crossings);
    free(model->crossing_first);
    free(model->levels);
    free(model->gates);
    free(model->lanes);
    free(model->reasons);
    free(model->queues);
    free(model->zone_gates);
    free(model->lights);
    free(model->light_groups);
    free(model->alerts);
    free(model->falls_ms);
    free(model->batch.changes);
    free(model->batch.alert);
    free(model->figures);
    *model = (struct model){
        .venue = model->venue, .source = model->source, .source_len = model->source_len};
}

void model_release(struct model *model)
{
    state_release(model);
    venue_free(model->venue);
    free(model->source);
    *model = (struct model){0};
}

static void *array(uint32_t count, size_t size)
{
    return array_new((size_t)count + 1, size); /* none is an array too */
}

static void alert_begin(const struct venue *venue, struct alert *a, uint32_t zone, uint32_t rule)
{
    alert_init(a, zone, rule);
    for (uint32_t i = VENUE_LEVELS; i-- > 0;) {
        a->need[i] = venue_rule_samples(venue, &venue->rules[rule], zone, i);
        if (!isnan(venue->rules[rule].enter[i]))
            a->least = venue->rules[rule].enter[i];
    }
}

static uint32_t alerts_of(const struct venue *venue, uint32_t zone, struct alert *to)
{
    uint32_t count = 0;
    for (uint32_t r = 0; r < venue->rule_count; r++) {
        if (!venue_rule_applies(venue, &venue->rules[r], zone))
            continue;
        if (to)
            alert_begin(venue, &to[count], zone, r);
        count++;
    }
    return count;
}

static struct window_shape windows_shape(const struct venue *venue)
{
    return window_shape(venue->settings.bucket_ms, venue->settings.long_bucket_ms);
}

static bool allocate(struct model *model)
{
    const struct venue *venue = model->venue;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        enum sensor_class class = venue->sensors[s].class;
        model->gate_count += class == SENSOR_GATE || class == SENSOR_VEHICLE_GATE;
        model->light_count += class == SENSOR_LIGHT;
        model->level_count += sensor_shows_level(&venue->sensors[s]);
    }
    for (uint32_t z = 0; z < venue->zone_count; z++)
        model->alert_count += alerts_of(venue, z, NULL);
    model->zones = array(venue->zone_count, sizeof *model->zones);
    model->sensors = array(venue->sensor_count, sizeof *model->sensors);
    model->silent_at_ns = array(venue->sensor_count, sizeof *model->silent_at_ns);
    model->health = array(venue->sensor_count, sizeof *model->health);
    model->missed = array(venue->sensor_count, sizeof *model->missed);
    model->health_due = array(venue->sensor_count / 64, sizeof *model->health_due);
    model->levels = array(model->level_count, sizeof *model->levels);
    model->gates = array(model->gate_count, sizeof *model->gates);
    model->lights = array(model->light_count, sizeof *model->lights);
    model->alerts = array(model->alert_count, sizeof *model->alerts);
    model->falls_ms = array(model->alert_count, announce_falls_bytes(venue));
    model->batch.changes = array(venue->rule_count, sizeof *model->batch.changes);
    model->batch.alert = array(venue->rule_count, sizeof *model->batch.alert);
    model->figures = array(1, sizeof *model->figures);
    struct window_shape shape = windows_shape(venue);
    return border_find(model) && dedup_init(&model->dedup, venue->sensor_count) &&
           window_store_init(&model->windows, &shape, venue->zone_count) && model->zones &&
           model->sensors && model->silent_at_ns && model->health && model->missed &&
           model->health_due && model->levels && model->gates && model->lights && model->alerts &&
           model->falls_ms && model->batch.changes && model->batch.alert && model->figures &&
           gates_make(model) && light_groups_make(model);
}

static void sensors_init(struct core *core)
{
    struct model *model = &core->model;
    const struct venue *venue = model->venue;
    uint32_t gates = 0, lights = 0, levels = 0;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        struct sensor *sensor = &model->sensors[s];
        *sensor = (struct sensor){.device = CORE_NONE,
                                  .service = (uint8_t)venue->sensors[s].service,
                                  .service_until_ms = CORE_NEVER,
                                  .last_ts_ms = CORE_NEVER,
                                  .last_source_ms = RESULT_ABSENT,
                                  .last_seq = RESULT_ABSENT};
        dedup_memory_init(&sensor->memory);
        model->silent_at_ns[s] = INT64_MAX;
        health_init(&model->health[s]);
        health_changed(core, s);
        enum sensor_class class = venue->sensors[s].class;
        if (class == SENSOR_GATE || class == SENSOR_VEHICLE_GATE) {
            sensor->device = gates;
            gate_init(core, &model->gates[gates++], s);
        } else if (class == SENSOR_LIGHT) {
            sensor->device = lights;
            light_init(&model->lights[lights++], s);
        } else if (sensor_shows_level(&venue->sensors[s])) {
            sensor->device = levels++;
        }
    }
}

static void alerts_init(struct core *core)
{
    struct model *model = &core->model;
    size_t falls = model->alert_count * (size_t)model->venue->settings.chatter_changes;
    for (uint32_t i = 0; i < model->alert_count; i++)
        model->alerts[i].at = i;
    for (size_t i = 0; i < falls; i++)
        model->falls_ms[i] = CORE_NEVER;
    figures_start(model->figures, core->second);
}

static void zones_init(struct core *core)
{
    struct model *model = &core->model;
    const struct venue *venue = model->venue;
    uint32_t alerts = 0;
    struct window_shape shape = windows_shape(venue);
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        struct zone *zone = &model->zones[z];
        zone->parent = venue->zones[z].parent;
        zone->vehicles = border_holds_vehicles(venue->zones[z].kind);
        zone->capacity = venue->zones[z].capacity;
        zone->closed = venue->zones[z].closed;
        zone->data_ms = CORE_NEVER;
        zone->gate_worst = gate_worst_none();
        zone->slot_ms = debt_slot_ms(0);
        zone->est = estimate_begin(0, 0);
        zone->anchor.at_ms = CORE_NEVER;
        zone->level_round = 1;
        history_start(&zone->history, core->second * WINDOW_BUCKET_MS);
        zone->alert_first = alerts;
        zone->alert_count = alerts_of(venue, z, &model->alerts[alerts]);
        alerts += zone->alert_count;
        window_bind(&zone->window, &shape, &model->windows, z);
        window_start(&zone->window, core->second * WINDOW_BUCKET_MS);
        zone->in.second = core->second;
        zone->out.second = core->second;
        for (uint32_t p = zone->parent; p != VENUE_NO_ZONE; p = venue->zones[p].parent)
            zone->depth++;
    }
}

static void count_sensor(struct core *core, uint32_t zone, int by)
{
    core->model.zones[zone].sensors += (uint32_t)by;
}

static void silence_note(struct core *core, uint32_t zone, int silence_ms)
{
    struct zone *z = &core->model.zones[zone];
    z->silence_ms = silence_ms > z->silence_ms ? silence_ms : z->silence_ms;
}

static void count_fresh_quietly(struct core *core, uint32_t zone, int by)
{
    core->model.zones[zone].fresh += (uint32_t)by;
}

static void count_unheard_quietly(struct core *core, uint32_t zone, int by)
{
    core->model.zones[zone].silent_unheard += (uint32_t)by;
}

void model_derive(struct core *core)
{
    struct model *model = &core->model;
    const struct venue *venue = model->venue;
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        struct zone *zone = &model->zones[z];
        zone->sensors = zone->fresh = zone->silent_unheard = 0;
        zone->silence_ms = 0;
        window_derive(&zone->window);
        flow_derive(&zone->in);
        flow_derive(&zone->out);
    }
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        const struct sensor *sensor = &model->sensors[s];
        sensor_zones(core, s, silence_note, (int)venue->sensors[s].silence_ms);
        if (!sensor_serves(sensor))
            continue;
        sensor_zones(core, s, count_sensor, 1);
        if (sensor->fresh)
            sensor_zones(core, s, count_fresh_quietly, 1);
        if (sensor_shows_level(&venue->sensors[s]) && !sensor->has_value)
            sensor_zones(core, s, count_unheard_quietly, 1);
    }
    for (uint32_t g = 0; g < model->gate_count; g++)
        gate_derive(&model->gates[g]);
    sensors_service_derive(core);
    zones_derive(core);
    model->adrift_count = 0;
    for (uint32_t z = 0; z < venue->zone_count; z++)
        model->adrift_count += model->zones[z].adrift;
    figures_derive(model->figures, &venue->settings);
}

/* A drill's: sensors that are not played are out of service, sums of what is played are shown. */
static void played_derive(struct core *core)
{
    struct model *model = &core->model;
    for (uint32_t s = 0; s < model->venue->sensor_count; s++) {
        if (!model->sensors[s].played)
            model->sensors[s].service = SERVICE_RETIRED;
    }
    for (uint32_t z = 0; z < model->venue->zone_count; z++) {
        const struct zone *zone = &model->zones[z];
        while (zone->played && !zone->vehicles && zone->parent != VENUE_NO_ZONE &&
               model->zones[zone->parent].basis == ZONE_BASIS_SUM) {
            model->zones[zone->parent].played = true;
            zone = &model->zones[zone->parent];
        }
    }
}

/* core->model is allocated over its venue: fills it from nothing, and from the state before (NULL:
 * none) by id. */
static void state_begin(struct core *core, const struct model *before)
{
    sensors_init(core);
    zones_init(core);
    alerts_init(core);
    basis_find(&core->model);
    if (before)
        model_carry(core, before);
    if (core->exercise)
        played_derive(core);
    model_derive(core);
    zones_data_sum(core);
    for (uint32_t z = 0; z < core->model.venue->zone_count; z++) {
        zone_known_update(core, z);
        judge_wake(core, z);
    }
}

/* As the day has it, but nobody has played anything yet. */
static void shadow_begin(struct core *core)
{
    struct model *model = &core->model;
    const struct model *real = &core->drill.aside;
    state_begin(core, NULL);
    for (uint32_t z = 0; z < model->venue->zone_count; z++) {
        model->zones[z].capacity = real->zones[z].capacity;
        model->zones[z].closed = real->zones[z].closed;
    }
}

bool model_shadow(struct core *core)
{
    struct model *shadow = &core->drill.aside;
    *shadow = (struct model){.venue = core->model.venue};
    if (!allocate(shadow)) {
        model_shadow_release(core);
        return false;
    }
    core->drill.running = true;
    drill_enter(core);
    shadow_begin(core);
    drill_leave(core);
    return true;
}

void model_shadow_release(struct core *core)
{
    state_release(&core->drill.aside);
    core->drill = (struct drill){0};
}

bool model_take(struct core *core, struct venue *venue, struct str source, struct error *err)
{
    struct model before = core->model, shadow_before = core->drill.aside;
    struct model after = {.venue = venue}, shadow = {.venue = venue};
    after.source = malloc(source.len + 1);
    if (venue->payloads && !core->decoder)
        core->decoder = payload_decoder_new();
    if (!after.source || (venue->payloads && !core->decoder) || !allocate(&after) ||
        (core->drill.running && !allocate(&shadow))) {
        state_release(&shadow);
        after.venue = NULL;
        model_release(&after);
        return error_set(err, ERROR_NO_MEMORY, 0, "state of %u sensors", venue->sensor_count);
    }
    memcpy(after.source, source.at, source.len);
    after.source_len = source.len;
    core->model = after;
    state_begin(core, before.venue ? &before : NULL);
    if (core->drill.running) {
        core->drill.aside = shadow;
        drill_enter(core);
        state_begin(core, &shadow_before);
        drill_leave(core);
        state_release(&shadow_before);
    }
    model_release(&before);
    return true;
}
