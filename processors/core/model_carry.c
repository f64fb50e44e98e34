#include "processors/core/model_carry.h"

#include <string.h>

#include "processors/core/announce.h"
#include "processors/core/border.h"
#include "processors/core/gate.h"
#include "processors/core/light.h"
#include "processors/core/light_group.h"
#include "processors/core/sensor.h"

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
            if (str_equal(model->venue->zones[to[i].zone].id, old->venue->zones[from[k].zone].id)) {
                to[i].drift = from[k].drift;
                to[i].missed = from[k].missed;
            }
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
        model->missed[s] = old->missed[o];
        sensor->level_round = 0; /* none of this model */
        drifts_carry(model, s, old, o);
        if (sensor_shows_level(mine))
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
        zone->debt = before->debt;
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
        zone->unswept = before->unswept;
        zone->adrift = before->adrift && zone->basis != ZONE_BASIS_NONE; /* which no count ends */
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
    size_t bytes = announce_falls_bytes(after->venue);
    if (announce_falls_bytes(before->venue) != bytes) {
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
        if (z != VENUE_NO_ZONE) /* what its page spoke for is settled with the new model */
            after->zones[z].page_over |= before->zones[a->zone].page_over;
    }
    *after->figures = *before->figures;
}

void model_carry(struct core *core, const struct model *before)
{
    sensors_carry(core, before);
    zones_carry(core, before);
    light_groups_carry(&core->model, before);
    struct model after = core->model;
    core->model = *before; /* what ends here ends under the old names */
    alerts_carry(core, before, &after);
    core->model = after;
}
