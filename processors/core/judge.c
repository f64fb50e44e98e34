#include "processors/core/judge.h"

#include <math.h>

#include "processors/core/emit.h"
#include "processors/core/gate.h"
#include "processors/core/light.h"
#include "processors/core/zone.h"

static double metric_value(const struct core *core, uint32_t z, enum metric metric)
{
    const struct zone *zone = &core->model.zones[z];
    const struct venue_zone *model = &core->model.venue->zones[z];
    switch (metric) {
    case METRIC_OCCUPANCY:
        return (double)zone_upper(zone);
    case METRIC_PERCENT_CAPACITY:
        return zone->capacity > 0 ? (double)zone_upper(zone) * 100 / (double)zone->capacity : NAN;
    case METRIC_DENSITY:
        return model->area_m2 > 0 ? (double)zone_upper(zone) / model->area_m2 : NAN;
    case METRIC_DENSITY_MEAN_60S:
        return model->area_m2 > 0 ? window_mean(&zone->window, WINDOW_60S) / model->area_m2 : NAN;
    case METRIC_IN_PER_MIN:
        return (double)zone->in.sum;
    case METRIC_FLOW_PERCENT:
        return zone_flow_percent(core, z);
    case METRIC_GATE_WAIT:
    case METRIC_GATE_LOAD:
    case METRIC_REJECT_PERCENT:
        return gate_zone_metric(core, z, metric);
    case METRIC_LIGHTS_FAILED:
        return light_zone_failed_percent(core, z);
    case METRIC_SUSPECT_SURGE:
        return (double)zone->suspect;
    case METRIC_CLOSED_OCCUPANCY:
    case METRIC_BROKER_LOST:
    case METRIC_COUNT:
        break;
    }
    return NAN;
}

/* No single reading gives these: each second adds them up anew, and that is a sample. */
static bool by_second(enum metric metric)
{
    return metric == METRIC_GATE_WAIT || metric == METRIC_GATE_LOAD ||
           metric == METRIC_REJECT_PERCENT || metric == METRIC_LIGHTS_FAILED;
}

static void alert_known(struct core *core, struct alert *a, bool known)
{
    const struct venue *venue = core->model.venue;
    const struct venue_rule *rule = &venue->rules[a->rule];
    struct alert_changes changes = {0};
    if (known)
        a->value = metric_value(core, a->zone, rule->metric);
    alert_fire(a, rule, known ? ALERT_ON_FOUND : ALERT_ON_LOST, &changes);
    emit_alert(core, a, &changes, core->now_ns);
}

void judge_known(struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    for (uint32_t i = 0; i < zone->alert_count; i++)
        alert_known(core, &core->model.alerts[zone->alert_first + i], zone->known);
}

void judge_wake(struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    for (uint32_t i = 0; zone->known && i < zone->alert_count; i++) {
        struct alert *a = &core->model.alerts[zone->alert_first + i];
        if (a->state == ALERT_UNKNOWN)
            alert_known(core, a, true);
    }
}

void judge_zone(struct core *core, uint32_t z, int64_t now_ns, int64_t ts_ms, bool sample)
{
    const struct zone *zone = &core->model.zones[z];
    const struct venue *venue = core->model.venue;
    if (!zone->known)
        return;
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        struct alert *a = &core->model.alerts[zone->alert_first + i];
        const struct venue_rule *rule = &venue->rules[a->rule];
        struct alert_input in = {.now_ns = now_ns,
                                 .ts_ms = ts_ms,
                                 .value = metric_value(core, z, rule->metric),
                                 .sample = sample || by_second(rule->metric)};
        if (isnan(in.value)) /* nothing measured yet */
            continue;
        struct alert_changes changes;
        changes.count = 0;
        alert_evaluate(a, rule, &in, &changes);
        if (changes.count)
            emit_alert(core, a, &changes, now_ns);
    }
}

int judge_level(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    int level = LEVEL_NONE;
    if (!zone->known)
        return LEVEL_UNKNOWN;
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        int of_rule = alert_level(&core->model.alerts[zone->alert_first + i]);
        level = of_rule > level ? of_rule : level;
    }
    return level;
}
