#include <assert.h>
#include <math.h>

#include "schemas/venue/internal.h"

enum { TICK_MS = 1000, MINUTE_MS = 60000, RED = VENUE_LEVELS - 1 };

/* Where a metric's numbers come from. */
enum source { FROM_PEOPLE, FROM_PASSAGES, FROM_GATES, FROM_VERIFIERS, FROM_LIGHTS, FROM_INGEST };

static enum source source_of(enum metric metric)
{
    static const uint8_t from[METRIC_COUNT] = {
        [METRIC_OCCUPANCY] = FROM_PEOPLE,         [METRIC_PERCENT_CAPACITY] = FROM_PEOPLE,
        [METRIC_DENSITY] = FROM_PEOPLE,           [METRIC_DENSITY_MEAN_60S] = FROM_PEOPLE,
        [METRIC_IN_PER_MIN] = FROM_PASSAGES,      [METRIC_FLOW_PERCENT] = FROM_PASSAGES,
        [METRIC_GATE_WAIT] = FROM_GATES,          [METRIC_GATE_LOAD] = FROM_GATES,
        [METRIC_REJECT_PERCENT] = FROM_VERIFIERS, [METRIC_LIGHTS_FAILED] = FROM_LIGHTS,
        [METRIC_SUSPECT_SURGE] = FROM_PEOPLE,     [METRIC_CLOSED_OCCUPANCY] = FROM_PEOPLE,
        [METRIC_BROKER_LOST] = FROM_INGEST,       [METRIC_BROKER_DROPPED] = FROM_INGEST,
        [METRIC_RECOUNT_ZONES] = FROM_INGEST,
    };
    assert((unsigned)metric < METRIC_COUNT);
    return (enum source)from[metric];
}

/* The metric's number is that of a count at one moment, which one bad reading can spoil. The others
 * are shares of many events, or a time. */
static bool sampled(enum metric metric)
{
    enum source from = source_of(metric);
    return (from == FROM_PEOPLE || from == FROM_PASSAGES) && metric != METRIC_SUSPECT_SURGE;
}

static void slower(int64_t *pace_ms, int64_t interval_ms)
{
    *pace_ms = interval_ms > *pace_ms ? interval_ms : *pace_ms;
}

static bool holds(const struct venue *v, uint32_t zone, uint32_t inner)
{
    while (inner != VENUE_NO_ZONE && inner != zone)
        inner = v->zones[inner].parent;
    return inner == zone;
}

/* One side of a crowd sensor or gate: the zone there and those around it. Who passes from a zone to
 * `other` does not leave a zone that has both in it. */
static void count_people(struct venue *v, uint32_t zone, uint32_t other, int64_t interval_ms,
                         bool passage)
{
    if (zone == VENUE_NO_ZONE)
        return;
    v->zones[zone].counted = true;
    for (; zone != VENUE_NO_ZONE; zone = v->zones[zone].parent) {
        slower(&v->zones[zone].people_ms, interval_ms);
        if (passage && !holds(v, zone, other))
            slower(&v->zones[zone].passages_ms, interval_ms);
    }
}

/* One side of a vehicle gate. */
static void count_vehicles(struct venue *v, uint32_t zone, int64_t interval_ms)
{
    if (zone == VENUE_NO_ZONE)
        return;
    enum zone_kind kind = v->zones[zone].kind;
    if (kind == ZONE_ROAD || kind == ZONE_CARPARK)
        slower(&v->zones[zone].people_ms, interval_ms);
}

void venue_pace(struct venue *v)
{
    for (uint32_t i = 0; i < v->sensor_count; i++) {
        const struct venue_sensor *s = &v->sensors[i];
        int64_t interval_ms = s->interval_ms ? s->interval_ms : s->silence_ms;
        if (s->service == SERVICE_RETIRED)
            continue;
        if (s->class == SENSOR_LIGHT) {
            slower(&v->zones[s->zone].lights_ms, interval_ms);
            continue;
        }
        bool passage = s->class == SENSOR_GATE || s->kind != COUNTER_LEVEL;
        if (s->class != SENSOR_VEHICLE_GATE) {
            count_people(v, s->zone, s->outside, interval_ms, passage);
            count_people(v, s->outside, s->zone, interval_ms, passage);
        } else {
            count_vehicles(v, s->zone, interval_ms);
            count_vehicles(v, s->outside, interval_ms);
        }
        if (s->class != SENSOR_CROWD) {
            struct venue_zone *zone = &v->zones[venue_gate_zone(s)];
            slower(&zone->gates_ms, interval_ms);
            if (s->verifies)
                slower(&zone->verifies_ms, interval_ms);
        }
    }
}

uint32_t venue_gate_zone(const struct venue_sensor *gate)
{
    return gate->queue != VENUE_NO_ZONE ? gate->queue : gate->zone;
}

/* The slowest of the sensors that the rule's metric of the zone comes from; 0: none. */
static int64_t pace_ms(const struct venue_rule *rule, const struct venue_zone *zone)
{
    switch (source_of(rule->metric)) {
    case FROM_PEOPLE:
        return zone->people_ms;
    case FROM_PASSAGES:
        return zone->passages_ms;
    case FROM_GATES:
        return zone->gates_ms;
    case FROM_VERIFIERS:
        return zone->verifies_ms;
    case FROM_LIGHTS:
        return zone->lights_ms;
    case FROM_INGEST:
        return zone->kind == ZONE_VENUE ? TICK_MS : 0;
    }
    return 0;
}

bool venue_rule_applies(const struct venue *venue, const struct venue_rule *rule, uint32_t zone_at)
{
    const struct venue_zone *zone = &venue->zones[zone_at];
    if (!venue_rule_matches(venue, rule, zone_at))
        return false;
    switch (rule->metric) {
    case METRIC_OCCUPANCY: /* may be wanted before there is a sensor: unknown, not green */
        return true;
    case METRIC_PERCENT_CAPACITY:
        return zone->capacity > 0;
    case METRIC_DENSITY:
    case METRIC_DENSITY_MEAN_60S:
        return zone->area_m2 > 0;
    case METRIC_FLOW_PERCENT:
        return zone->width_m > 0 && zone->passages_ms > 0;
    case METRIC_SUSPECT_SURGE:
        return zone->counted;
    case METRIC_CLOSED_OCCUPANCY: /* of people: vehicles may stay */
        return zone->people_ms > 0 && zone->kind != ZONE_ROAD && zone->kind != ZONE_CARPARK;
    case METRIC_IN_PER_MIN:
    case METRIC_GATE_WAIT:
    case METRIC_GATE_LOAD:
    case METRIC_REJECT_PERCENT:
    case METRIC_LIGHTS_FAILED:
    case METRIC_BROKER_LOST:
    case METRIC_BROKER_DROPPED:
    case METRIC_RECOUNT_ZONES:
        return pace_ms(rule, zone) > 0;
    case METRIC_COUNT:
        break;
    }
    return false;
}

uint32_t venue_rule_samples(const struct venue *venue, const struct venue_rule *rule, uint32_t zone,
                            uint32_t level)
{
    if (!sampled(rule->metric))
        return 0;
    bool late = pace_ms(rule, &venue->zones[zone]) > rule->dwell_ms[level];
    return level == RED && late ? 1 : rule->min_samples;
}

static int64_t detection_ms(const struct venue *venue, const struct venue_rule *rule, uint32_t zone,
                            uint32_t level)
{
    int64_t pace = pace_ms(rule, &venue->zones[zone]);
    uint32_t samples = venue_rule_samples(venue, rule, zone, level);
    int64_t more_ms = samples > 1 ? (int64_t)(samples - 1) * pace : 0;
    int64_t dwell_ms = rule->dwell_ms[level];
    return pace == 0 ? -1 : pace + (more_ms > dwell_ms ? more_ms : dwell_ms) + TICK_MS;
}

int64_t venue_rule_detection_ms(const struct venue *venue, const struct venue_rule *rule,
                                uint32_t level)
{
    int64_t slowest = -1;
    if (level >= VENUE_LEVELS || isnan(rule->enter[level]))
        return -1;
    for (uint32_t i = 0; i < venue->zone_count; i++) {
        if (!venue_rule_applies(venue, rule, i))
            continue;
        int64_t here = detection_ms(venue, rule, i, level);
        slowest = here > slowest ? here : slowest;
    }
    return slowest;
}

int64_t venue_rule_window_ms(const struct venue *venue, const struct venue_rule *rule)
{
    switch (rule->metric) {
    case METRIC_DENSITY_MEAN_60S:
    case METRIC_IN_PER_MIN:
    case METRIC_FLOW_PERCENT:
        return MINUTE_MS;
    case METRIC_GATE_LOAD:
    case METRIC_REJECT_PERCENT:
        return venue->settings.gate_window_ms;
    default:
        return 0;
    }
}
