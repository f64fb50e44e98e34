#include "processors/core/model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/announce.h"
#include "processors/core/border.h"
#include "processors/core/drill.h"
#include "processors/core/gate.h"
#include "processors/core/gate_figures.h"
#include "processors/core/judge.h"
#include "processors/core/light.h"
#include "processors/core/light_group.h"
#include "processors/core/sensor.h"

/* All but the venue, which a shadow state only borrows. */
static void state_release(struct model *model)
{
    free(model->zones);
    free(model->sensors);
    free(model->silent_at_ns);
    free(model->health);
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
    return calloc((size_t)count + 1, size); /* none is an array too */
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

static bool level_counter(const struct venue_sensor *sensor)
{
    return sensor->class == SENSOR_CROWD && sensor->kind == COUNTER_LEVEL;
}

static size_t falls_bytes(const struct venue *venue)
{
    return (size_t)venue->settings.chatter_changes * sizeof(int64_t);
}

static bool allocate(struct model *model)
{
    const struct venue *venue = model->venue;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        enum sensor_class class = venue->sensors[s].class;
        model->gate_count += class == SENSOR_GATE || class == SENSOR_VEHICLE_GATE;
        model->light_count += class == SENSOR_LIGHT;
        model->level_count += level_counter(&venue->sensors[s]);
    }
    for (uint32_t z = 0; z < venue->zone_count; z++)
        model->alert_count += alerts_of(venue, z, NULL);
    model->zones = array(venue->zone_count, sizeof *model->zones);
    model->sensors = array(venue->sensor_count, sizeof *model->sensors);
    model->silent_at_ns = array(venue->sensor_count, sizeof *model->silent_at_ns);
    model->health = array(venue->sensor_count, sizeof *model->health);
    model->health_due = array(venue->sensor_count / 64, sizeof *model->health_due);
    model->levels = array(model->level_count, sizeof *model->levels);
    model->gates = array(model->gate_count, sizeof *model->gates);
    model->lights = array(model->light_count, sizeof *model->lights);
    model->alerts = array(model->alert_count, sizeof *model->alerts);
    model->falls_ms = array(model->alert_count, falls_bytes(venue));
    model->figures = array(1, sizeof *model->figures);
    struct window_shape shape = windows_shape(venue);
    return border_find(model) && dedup_init(&model->dedup, venue->sensor_count) &&
           window_store_init(&model->windows, &shape, venue->zone_count) && model->zones &&
           model->sensors && model->silent_at_ns && model->health && model->health_due &&
           model->levels && model->gates && model->lights && model->alerts && model->falls_ms &&
           model->figures && gates_make(model) && light_groups_make(model);
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
        } else if (level_counter(&venue->sensors[s])) {
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

/* Level counters and doors say the same thing only where people can't come in at the side. */
static bool border_counted(const struct venue_zone *zone)
{
    bool closed = zone->kind == ZONE_HALL || zone->kind == ZONE_FORUM || zone->kind == ZONE_VENUE;
    return closed && !zone->uncounted_doors;
}

static void basis_door(struct model *model, const struct crossing *crossing, bool next,
                       const struct venue_sensor *sensor)
{
    struct zone *zone = &model->zones[crossing->zone];
    int64_t slot_ms = debt_slot_ms(sensor->interval_ms);
    if (!next) /* a zone further out: its own doors decide, or it is a sum */
        return;
    zone->slot_ms = slot_ms > zone->slot_ms ? slot_ms : zone->slot_ms;
    if (zone->basis == ZONE_BASIS_NONE)
        zone->basis = ZONE_BASIS_FLOW;
    else if (zone->basis == ZONE_BASIS_LEVEL &&
             border_counted(&model->venue->zones[crossing->zone]))
        zone->basis = ZONE_BASIS_FUSED;
}

/* Levels first: what they and doors make together depends on both. */
static void basis_of_sensors(struct model *model)
{
    const struct venue *venue = model->venue;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        if (level_counter(&venue->sensors[s]))
            model->zones[venue->sensors[s].zone].basis = ZONE_BASIS_LEVEL;
    }
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        uint32_t count;
        const struct crossing *crossing = border_of(model, s, &count);
        for (uint32_t i = 0; i < count; i++) {
            const struct crossing *c = &crossing[i];
            bool next = c->zone == (c->outer ? venue->sensors[s].outside : venue->sensors[s].zone);
            basis_door(model, c, next, &venue->sensors[s]);
        }
    }
}

static bool has_own(const struct zone *zone)
{
    return zone->basis != ZONE_BASIS_NONE && zone->basis != ZONE_BASIS_SUM;
}

/* Own sensors decide; else the children. Vehicles stay out of sums of people. */
static void basis_find(struct model *model)
{
    const struct venue *venue = model->venue;
    assert(model->zones);
    basis_of_sensors(model);
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        const struct zone *zone = &model->zones[z];
        if (zone->vehicles || !has_own(zone))
            continue;
        for (uint32_t p = zone->parent; p != VENUE_NO_ZONE; p = model->zones[p].parent) {
            if (model->zones[p].basis == ZONE_BASIS_NONE)
                model->zones[p].basis = ZONE_BASIS_SUM;
        }
    }
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        struct zone *zone = &model->zones[z];
        if (zone->basis == ZONE_BASIS_FLOW && venue->zones[z].cells_cover &&
            border_counted(&venue->zones[z])) {
            zone->basis = ZONE_BASIS_FUSED;
            zone->covered = true;
        }
        zone->flow_sum = zone->basis == ZONE_BASIS_SUM;
        zone->leaky =
            has_own(zone) && zone->basis != ZONE_BASIS_LEVEL && venue->zones[z].uncounted_doors;
    }
}

/* What the zones that are summed are like, so is the sum. */
static void sums_describe(struct model *model)
{
    for (uint32_t z = 0; z < model->venue->zone_count; z++) {
        const struct zone *zone = &model->zones[z];
        bool level = zone->basis == ZONE_BASIS_LEVEL || zone->basis == ZONE_BASIS_FUSED;
        if (zone->vehicles || !has_own(zone))
            continue;
        for (uint32_t p = zone->parent;
             p != VENUE_NO_ZONE && model->zones[p].basis == ZONE_BASIS_SUM;
             p = model->zones[p].parent) {
            model->zones[p].flow_sum = model->zones[p].flow_sum && !level;
            model->zones[p].leaky = model->zones[p].leaky || zone->leaky;
        }
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
        if (level_counter(&venue->sensors[s]) && !sensor->has_value)
            sensor_zones(core, s, count_unheard_quietly, 1);
    }
    for (uint32_t g = 0; g < model->gate_count; g++)
        gate_derive(&model->gates[g]);
    sensors_service_derive(core);
    zones_derive(core);
    figures_derive(model->figures, &venue->settings);
}

/* ---- from the model before ------------------------------------------------------------------- */

static bool same_sensor(const struct venue_sensor *a, const struct venue_sensor *b)
{
    return a->class == b->class && a->kind == b->kind;
}

/* What a door has counted wrong in a zone stays wrong. */
static void drifts_carry(struct model *model, uint32_t s, const struct model *old, uint32_t o)
{
    uint32_t count, old_count;
    struct crossing *to = border_of(model, s, &count);
    const struct crossing *from = border_of(old, o, &old_count);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < old_count; k++) {
            if (str_equal(model->venue->zones[to[i].zone].id, old->venue->zones[from[k].zone].id))
                to[i].drift = from[k].drift;
        }
    }
}

static void sensors_carry(struct core *core, const struct model *old)
{
    struct model *model = &core->model;
    for (uint32_t s = 0; s < model->venue->sensor_count; s++) {
        const struct venue_sensor *mine = &model->venue->sensors[s];
        uint32_t o = venue_sensor_find(old->venue, mine->id);
        if (o == UINT32_MAX || !same_sensor(mine, &old->venue->sensors[o]))
            continue;
        struct sensor *sensor = &model->sensors[s];
        uint32_t device = sensor->device;
        *sensor = old->sensors[o];
        sensor->device = device;
        model->health[s] = old->health[o];
        sensor->level_round = 0; /* none of this model */
        drifts_carry(model, s, old, o);
        if (level_counter(mine))
            model->levels[device] = old->levels[old->sensors[o].device];
        /* The new limit counts from the last message. */
        if (old->silent_at_ns[o] != INT64_MAX)
            model->silent_at_ns[s] =
                old->silent_at_ns[o] +
                (health_silence_ms(model, s) - health_silence_ms(old, o)) * CORE_MS_NS;
        dedup_copy(&model->dedup, s, &old->dedup, o, &sensor->memory);
        sensor_service_carry(core, s, old->venue->sensors[o].service);
        if (mine->class == SENSOR_LIGHT) {
            light_carry(&model->lights[device], &old->lights[old->sensors[o].device]);
        } else if (mine->class != SENSOR_CROWD) {
            gate_carry(&model->gates[device], &old->gates[old->sensors[o].device]);
        }
    }
}

/* Passages count on from what was known, whatever it rested on; levels and sums are made anew. */
static void estimate_carry(struct zone *zone, const struct zone *before)
{
    if (zone->basis == before->basis) {
        zone->est = before->est;
        zone->anchor = before->anchor;
        zone->debt = zone->basis == ZONE_BASIS_FLOW ? before->debt : zone->debt;
    } else {
        zone->est = estimate_begin(before->occupancy * 1000, before->sigma_milli);
    }
}

static void zones_carry(struct core *core, const struct model *old)
{
    struct model *model = &core->model;
    for (uint32_t z = 0; z < model->venue->zone_count; z++) {
        uint32_t o = venue_zone_find(old->venue, model->venue->zones[z].id);
        if (o == VENUE_NO_ZONE)
            continue;
        struct zone *zone = &model->zones[z];
        const struct zone *before = &old->zones[o];
        if (zone->basis == ZONE_BASIS_NONE) /* a last word: what was shown of it holds no more */
            zone->shown_once = before->basis != ZONE_BASIS_NONE && before->shown_once;
        (void)window_copy(&zone->window, &before->window); /* other buckets: they begin anew */
        zone->in = before->in;
        zone->out = before->out;
        zone->history = before->history;
        estimate_carry(zone, before);
        if (model->venue->zones[z].capacity == old->venue->zones[o].capacity)
            zone->capacity = before->capacity; /* a command's, unless the file has a new one */
        if (model->venue->zones[z].closed == old->venue->zones[o].closed)
            zone->closed = before->closed;
        zone->evacuation = before->evacuation;
        zone->data_ms = before->data_ms;
        zone->known = before->known;
        zone->played = before->played;
        zone->gate_worst = before->gate_worst;
    }
}

static uint32_t rule_find(const struct venue *venue, struct str id)
{
    for (uint32_t r = 0; r < venue->rule_count; r++) {
        if (str_equal(venue->rules[r].id, id))
            return r;
    }
    return CORE_NONE;
}

/* Steps stay done by whom they were done, under the place that the new file gives him. */
static void care_carry(struct alert_care *care, const struct venue *before,
                       const struct venue *after)
{
    uint16_t *by = &care->done_by[0][0];
    for (size_t i = 0; i < sizeof care->done_by / sizeof *by; i++) {
        uint32_t now = by[i] < before->operator_count
                           ? venue_operator_find(after, before->operators[by[i]].id)
                           : UINT32_MAX;
        by[i] = now < after->operator_count ? (uint16_t)now : (uint16_t)ALERT_NOBODY;
    }
}

/* Rings of another length begin anew. */
static void falls_carry(const struct model *before, const struct alert *from, struct model *after,
                        struct alert *to)
{
    size_t bytes = falls_bytes(after->venue);
    if (falls_bytes(before->venue) != bytes) {
        to->chatter = 0;
        return;
    }
    memcpy((char *)after->falls_ms + to->at * bytes, (char *)before->falls_ms + from->at * bytes,
           bytes);
}

/* Open alerts whose zone or rule is gone are resolved here, with the old model still in force:
 * nobody could do it later. */
static void alerts_carry(struct core *core, const struct model *before, struct model *after)
{
    for (uint32_t i = 0; i < before->alert_count; i++) {
        const struct alert *a = &before->alerts[i];
        uint32_t z = venue_zone_find(after->venue, before->venue->zones[a->zone].id);
        uint32_t r = rule_find(after->venue, before->venue->rules[a->rule].id);
        struct alert *to = NULL;
        for (uint32_t k = 0; z != VENUE_NO_ZONE && k < after->zones[z].alert_count; k++) {
            if (after->alerts[after->zones[z].alert_first + k].rule == r)
                to = &after->alerts[after->zones[z].alert_first + k];
        }
        if (to) {
            alert_carry(to, a);
            care_carry(&to->care, before->venue, after->venue);
            falls_carry(before, a, after, to);
            continue;
        }
        struct alert gone = *a;
        struct alert_terms terms = alert_terms_of(&before->venue->rules[a->rule], core->now_ns);
        struct alert_changes changes = {0};
        alert_fire(&gone, &terms, ALERT_ON_RETIRE, &changes);
        announce(core, &gone, &changes, core->now_ns, NULL);
    }
    *after->figures = *before->figures;
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
    sums_describe(&core->model);
    if (before) {
        sensors_carry(core, before);
        zones_carry(core, before);
        light_groups_carry(&core->model, before);
        struct model after = core->model;
        core->model = *before; /* what ends here ends under the old names */
        alerts_carry(core, before, &after);
        core->model = after;
    }
    if (core->exercise)
        played_derive(core);
    model_derive(core);
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
    if (!after.source || !allocate(&after) || (core->drill.running && !allocate(&shadow))) {
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
