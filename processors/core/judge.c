#include "processors/core/judge.h"

#include <math.h>

#include "processors/core/gate.h"
#include "processors/core/light.h"
#include "processors/core/zone.h"
#include "schemas/base/fetch.h"

/* ---- metrics --------------------------------------------------------------------------------- */

struct measure {
    double value, estimate; /* NaN: none */
    double beyond;          /* alert_input's */
};

static const struct measure nothing = {(double)NAN, (double)NAN, 0};

static struct measure bounded(const struct core *core, uint32_t z, double by)
{
    if (!(by > 0))
        return nothing;
    int64_t judged = zone_judged(core, z);
    return (struct measure){(double)judged / by, (double)core->model.zones[z].occupancy / by,
                            (double)(zone_upper(core, z) - judged) / by};
}

static struct measure plain(double value)
{
    return (struct measure){value, (double)NAN, 0};
}

static struct measure of_occupancy(const struct core *core, uint32_t z)
{
    return bounded(core, z, 1);
}

static struct measure of_percent(const struct core *core, uint32_t z)
{
    return bounded(core, z, (double)core->model.zones[z].capacity / 100);
}

static struct measure of_density(const struct core *core, uint32_t z)
{
    return bounded(core, z, core->model.venue->zones[z].area_m2);
}

static struct measure of_density_mean(const struct core *core, uint32_t z)
{
    double area_m2 = core->model.venue->zones[z].area_m2;
    double mean = window_mean(&core->model.zones[z].window, WINDOW_60S);
    int64_t judged = zone_judged(core, z);
    double bound = (double)(judged - core->model.zones[z].occupancy); /* of now */
    double beyond = (double)(zone_upper(core, z) - judged);
    return area_m2 > 0
               ? (struct measure){(mean + bound) / area_m2, mean / area_m2, beyond / area_m2}
               : nothing;
}

static struct measure of_in_per_min(const struct core *core, uint32_t z)
{
    return plain((double)core->model.zones[z].in.sum);
}

static struct measure of_suspect(const struct core *core, uint32_t z)
{
    return plain((double)core->model.zones[z].suspect);
}

/* The best estimate: an upper bound above 0 is no proof that anybody is there, and a lower one of 0
 * none that nobody is. */
static struct measure of_closed(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    return plain(zone->closed ? (double)zone->occupancy : 0);
}

/* A drill does not play it: its loss is Actual, and told as such. */
static struct measure of_broker(const struct core *core, uint32_t z)
{
    (void)z;
    return plain(core->exercise ? 0 : (double)health_broker_lost_ms(core) / 1000);
}

/* Likewise. A broker that says nothing of it has dropped nothing that anybody knows of. */
static struct measure of_dropped(const struct core *core, uint32_t z)
{
    (void)z;
    return plain(core->exercise ? 0 : (double)drops_recent(&core->drops, core_now_ms(core)));
}

static struct measure of_recount(const struct core *core, uint32_t z)
{
    (void)z;
    return plain(core->model.adrift_count);
}

static struct measure of_flow(const struct core *core, uint32_t z)
{
    return plain(zone_flow_percent(core, z));
}

static struct measure of_gate_wait(const struct core *core, uint32_t z)
{
    double wait = gate_zone_metric(core, z, METRIC_GATE_WAIT);
    double most = core->model.zones[z].gate_worst.wait_most_min;
    return (struct measure){wait, (double)NAN, most - wait};
}

static struct measure of_gate_load(const struct core *core, uint32_t z)
{
    return plain(gate_zone_metric(core, z, METRIC_GATE_LOAD));
}

/* Gates that are known and that nobody asks for entry refuse nobody. */
static struct measure of_rejects(const struct core *core, uint32_t z)
{
    double percent = gate_zone_metric(core, z, METRIC_REJECT_PERCENT);
    bool known = !isnan(gate_zone_metric(core, z, METRIC_GATE_LOAD));
    return plain(isnan(percent) && known ? 0 : percent);
}

/* Lights that are heard and need not burn have not failed. */
static struct measure of_lights(const struct core *core, uint32_t z)
{
    double percent = light_zone_failed_percent(core, z);
    return plain(isnan(percent) && !isnan(light_zone_lux(core, z)) ? 0 : percent);
}

enum {
    COUNTED = 1, /* rests on the zone's counters: lost with them. Others: lost when they are NaN */
    DARKENS = 2, /* raises earlier in the dark */
    VOUCHED = 4, /* a count by hand tells it: how many are there, not how they move */
    LIT = 8,     /* rests on the zone's lights; what is neither counted nor lit, on its gates */
};

static const struct metric_way {
    struct measure (*of)(const struct core *core, uint32_t zone);
    unsigned bits;
} ways[METRIC_COUNT] = {
    [METRIC_OCCUPANCY] = {of_occupancy, COUNTED | VOUCHED},
    [METRIC_PERCENT_CAPACITY] = {of_percent, COUNTED | VOUCHED},
    [METRIC_DENSITY] = {of_density, COUNTED | DARKENS | VOUCHED},
    [METRIC_DENSITY_MEAN_60S] = {of_density_mean, COUNTED | DARKENS | VOUCHED},
    [METRIC_IN_PER_MIN] = {of_in_per_min, COUNTED},
    [METRIC_FLOW_PERCENT] = {of_flow, COUNTED},
    [METRIC_GATE_WAIT] = {of_gate_wait, 0},
    [METRIC_GATE_LOAD] = {of_gate_load, 0},
    [METRIC_REJECT_PERCENT] = {of_rejects, 0},
    [METRIC_LIGHTS_FAILED] = {of_lights, LIT},
    [METRIC_SUSPECT_SURGE] = {of_suspect, COUNTED | VOUCHED},
    [METRIC_CLOSED_OCCUPANCY] = {of_closed, COUNTED | VOUCHED},
    [METRIC_BROKER_LOST] = {of_broker, 0},
    [METRIC_BROKER_DROPPED] = {of_dropped, 0},
    [METRIC_RECOUNT_ZONES] = {of_recount, 0},
};

/* ---- terms ----------------------------------------------------------------------------------- */

/* What reaches a level's threshold counts as the next level that the rule has. */
static void enter_shift(const struct venue_rule *rule, double to[VENUE_LEVELS])
{
    double below = (double)NAN;
    for (int i = 0; i < VENUE_LEVELS; i++) {
        to[i] = isnan(rule->enter[i]) || isnan(below) ? rule->enter[i] : below;
        below = isnan(rule->enter[i]) ? below : rule->enter[i];
    }
}

static struct alert_terms terms_of(const struct core *core, struct alert *a, int64_t now_ns,
                                   double shifted[VENUE_LEVELS])
{
    const struct venue *venue = core->model.venue;
    const struct venue_rule *rule = &venue->rules[a->rule];
    struct alert_terms terms = alert_terms_of(rule, now_ns);
    a->dark = ways[rule->metric].bits & DARKENS && venue->settings.dark_crowded &&
              light_zone_dark(core, a->zone);
    if (a->dark) {
        enter_shift(rule, shifted);
        terms.enter = shifted;
    }
    return terms;
}

/* ---- data lost ------------------------------------------------------------------------------- */

static const struct metric_way *way_of(const struct core *core, const struct alert *a)
{
    return &ways[core->model.venue->rules[a->rule].metric];
}

/* Of a rule that is not judged by what is counted in the zone. */
static enum health_cause devices_cause(const struct core *core, const struct alert *a)
{
    return way_of(core, a)->bits & LIT ? light_zone_cause(core, a->zone)
                                       : gate_zone_cause(core, a->zone);
}

/* Why nothing is known of what the alert is judged by. */
static enum health_cause cause_of(const struct core *core, const struct alert *a)
{
    const struct venue_zone *zone = &core->model.venue->zones[a->zone];
    unsigned bits = way_of(core, a)->bits;
    if (bits & COUNTED)
        return health_cause_of(core, a->zone);
    enum health_cause cause = devices_cause(core, a);
    if (cause != CAUSE_SENSORS)
        return cause == CAUSE_NONE ? CAUSE_UNTOLD : cause;
    enum health_cause excuse = health_excuse(core, bits & LIT ? zone->lights_ms : zone->gates_ms);
    return excuse == CAUSE_NONE ? CAUSE_SENSORS : excuse;
}

static void lose(struct core *core, struct alert *a, const struct alert_terms *terms,
                 enum health_cause cause, struct alert_changes *changes)
{
    a->cause = (uint8_t)cause;
    a->hushed = announce_hushes(core, cause);
    alert_fire(a, terms, ALERT_ON_LOST, changes);
}

/* Open, and still unknown: for another cause, perhaps. When it was the broker that explained it and
 * the broker is back, people have been told of the one only, not of the data. */
static void look_why(struct core *core, struct alert *a, const struct alert_terms *terms,
                     struct alert_changes *changes)
{
    enum health_cause cause = cause_of(core, a);
    if (a->state != ALERT_UNKNOWN || cause == CAUSE_NONE || cause == a->cause)
        return;
    if (a->hushed) {
        lose(core, a, terms, cause, changes);
        return;
    }
    a->cause = (uint8_t)cause;
    alert_fire(a, terms, ALERT_ON_CAUSE, changes);
}

/* ---- feeding --------------------------------------------------------------------------------- */

/* One alert by what is now. Adds what changed. */
static void feed(struct core *core, struct alert *a, const struct alert_input *in, int64_t now_ns,
                 struct alert_changes *changes)
{
    double shifted[VENUE_LEVELS];
    struct alert_terms terms = terms_of(core, a, now_ns, shifted);
    alert_evaluate(a, &terms, in, changes);
}

static void known_fire(struct core *core, struct alert *a, bool known, int64_t now_ns,
                       struct alert_changes *changes)
{
    struct alert_terms terms = alert_terms_of(&core->model.venue->rules[a->rule], now_ns);
    if (!known) {
        lose(core, a, &terms, cause_of(core, a), changes);
        return;
    }
    struct measure m = way_of(core, a)->of(core, a->zone);
    if (!isnan(m.value)) { /* else as last measured: a mean has nothing to be of yet */
        a->value = m.value;
        a->estimate = m.estimate;
    }
    alert_fire(a, &terms, ALERT_ON_FOUND, changes);
}

void judge_known(struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        struct alert *a = &core->model.alerts[zone->alert_first + i];
        if (!(way_of(core, a)->bits & COUNTED))
            continue;
        known_fire(core, a, zone->known, core->now_ns, announce_room(core));
        announce_keep(core, i);
    }
    announce_kept(core, z, core->now_ns, NULL);
    announce_settle(core, z, core->now_ns);
}

void judge_wake(struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    for (uint32_t i = 0; zone->known && i < zone->alert_count; i++) {
        struct alert *a = &core->model.alerts[zone->alert_first + i];
        if (a->state != ALERT_UNKNOWN || !(way_of(core, a)->bits & COUNTED))
            continue;
        known_fire(core, a, true, core->now_ns, announce_room(core));
        announce_keep(core, i);
    }
    announce_kept(core, z, core->now_ns, NULL);
    announce_settle(core, z, core->now_ns);
}

void judge_fetch(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    for (uint32_t i = 0; i < zone->alert_count; i++)
        fetch(&core->model.alerts[zone->alert_first + i], ARRAY_LINE_BYTES);
}

void judge_zone(struct core *core, uint32_t z, int64_t now_ns, int64_t ts_ms, bool sample)
{
    const struct zone *zone = &core->model.zones[z];
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        struct alert *a = &core->model.alerts[zone->alert_first + i];
        const struct metric_way *way = way_of(core, a);
        bool counted = way->bits & COUNTED;
        /* No single reading gives what is not counted: each second adds it up anew. */
        if (counted ? !zone->known : sample)
            continue;
        struct measure m = way->of(core, z);
        bool known = !isnan(m.value);
        bool turns = !counted && known == (a->state == ALERT_UNKNOWN);
        if (!known && !turns) /* nothing measured yet, or lost */
            continue;
        if (known && alert_calm(a, m.value, m.estimate)) /* dark or not: the lowest stays */
            continue;
        struct alert_changes *changes = announce_room(core);
        struct alert_input in = {.ts_ms = ts_ms,
                                 .value = m.value,
                                 .estimate = m.estimate,
                                 .beyond = m.beyond,
                                 .sample = sample || !counted};
        if (turns)
            known_fire(core, a, known, now_ns, changes);
        if (known)
            feed(core, a, &in, now_ns, changes);
        announce_keep(core, i);
    }
    if (announce_kept(core, z, now_ns, NULL))
        announce_settle(core, z, now_ns);
}

void judge_time(struct core *core, uint32_t z, int64_t at_ns, bool handover)
{
    const struct zone *zone = &core->model.zones[z];
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        struct alert *a = &core->model.alerts[zone->alert_first + i];
        if (!alert_open(a))
            continue;
        struct alert_terms terms = alert_terms_of(&core->model.venue->rules[a->rule], at_ns);
        struct alert_changes *changes = announce_room(core);
        look_why(core, a, &terms, changes);
        alert_time(a, &terms, changes);
        if (handover)
            alert_fire(a, &terms, ALERT_ON_HANDOVER, changes);
        announce_keep(core, i);
    }
    if (announce_kept(core, z, at_ns, NULL))
        announce_settle(core, z, at_ns);
}

void judge_vouch(struct core *core, uint32_t z, const struct announce_about *about)
{
    const struct zone *zone = &core->model.zones[z];
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        struct alert *a = &core->model.alerts[zone->alert_first + i];
        const struct metric_way *way = way_of(core, a);
        struct measure m = way->of(core, z);
        if (isnan(m.value) && way->bits & DARKENS) /* a mean of times without data */
            m = of_density(core, z);
        if (!(way->bits & VOUCHED) || isnan(m.value))
            continue;
        struct alert_terms terms = alert_terms_of(&core->model.venue->rules[a->rule], core->now_ns);
        struct alert_input in = {.ts_ms = core_now_ms(core),
                                 .value = m.value,
                                 .estimate = m.estimate,
                                 .beyond = m.beyond,
                                 .at_once = true};
        struct alert_changes *changes = announce_room(core);
        a->value = m.value;
        a->estimate = m.estimate;
        alert_fire(a, &terms, ALERT_ON_VOUCH, changes);
        feed(core, a, &in, core->now_ns, changes);
        announce_keep(core, i);
    }
    announce_kept(core, z, core->now_ns, about);
    announce_settle(core, z, core->now_ns);
}

/* ---- the zone's level ------------------------------------------------------------------------ */

/* The alert has lost its data, and there is something in service that should give them. (In a
 * drill, what it plays.) */
static bool blind(const struct core *core, const struct alert *a)
{
    const struct zone *zone = &core->model.zones[a->zone];
    if (a->state != ALERT_UNKNOWN)
        return false;
    if (way_of(core, a)->bits & COUNTED)
        return zone->basis != ZONE_BASIS_NONE && !zone->known;
    return devices_cause(core, a) == CAUSE_SENSORS;
}

struct judge_view judge_view(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    struct judge_view view = {.level = LEVEL_NONE};
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        const struct alert *a = &core->model.alerts[zone->alert_first + i];
        int of_rule = alert_level(a);
        view.level = of_rule > view.level ? of_rule : view.level;
        view.unknown += blind(core, a);
    }
    if (!zone->known || (view.level == LEVEL_NONE && view.unknown) ||
        (view.level < LEVEL_YELLOW && zone->adrift))
        view.level = LEVEL_UNKNOWN;
    return view;
}
