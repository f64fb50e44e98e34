#include "processors/core/zone.h"

#include <math.h>

#include "processors/core/border.h"
#include "processors/core/judge.h"

enum {
    SIGMA_MILLI_PER_PERSON = 1000 / ESTIMATE_SIGMAS, /* of a bound's half width */
    /* How fast the median of a counter's flicker is found. */
    FLICKER_PART = 8,
    FLICKER_STEP_MILLI = 100,
};

static const struct venue_settings *settings_of(const struct core *core)
{
    return &core->model.venue->settings;
}

void zone_advance(struct zone *zone, int64_t to_ms)
{
    window_to(&zone->window, to_ms, zone->occupancy, zone->known);
    flow_to(&zone->in, to_ms / WINDOW_BUCKET_MS);
    flow_to(&zone->out, to_ms / WINDOW_BUCKET_MS);
}

static void touch(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    if (zone->touched == core->step)
        return;
    zone->touched = core->step;
    if (core->touched_count < CORE_TOUCHED_MAX) /* more only by a command, judged at the second */
        core->touched[core->touched_count++] = z;
}

/* ---- what follows from what ------------------------------------------------------------------ */

struct figures {
    int64_t occupancy, sigma_milli;
};

static int64_t people_of(int64_t x_milli)
{
    return x_milli > 0 ? (x_milli + 500) / 1000 : 0;
}

static int64_t level_sigma(const struct core *core, const struct zone *zone)
{
    int64_t sigma =
        estimate_sum_sigma(zone->level_sigma, zone->level_var, settings_of(core)->common_error_pct);
    uint32_t heard = zone->sensors - zone->silent_unheard;
    /* What counters that never spoke would see: as much each as those that did. */
    if (zone->basis == ZONE_BASIS_LEVEL && heard)
        sigma += zone->level_sum * SIGMA_MILLI_PER_PERSON * zone->silent_unheard / heard;
    return sigma;
}

static int64_t inside_sigma(const struct core *core, const struct zone *zone)
{
    return estimate_sum_sigma(zone->inside_sigma, zone->inside_var,
                              settings_of(core)->common_error_pct);
}

/* Its own level counters, or the zones inside it when they leave nothing out; corrected by the last
 * manual count as long as that counts. */
struct witness {
    int64_t x_milli, var;
};

static struct witness level_of(const struct core *core, const struct zone *zone)
{
    const struct zone_anchor *a = &zone->anchor;
    struct witness l = {zone->level_sum * 1000, estimate_var(level_sigma(core, zone))};
    if (zone->covered)
        l = (struct witness){zone->inside * 1000, estimate_var(inside_sigma(core, zone))};
    if (a->at_ms == CORE_NEVER)
        return l;
    double own = (double)l.var * (1 - a->share * a->share);
    l.x_milli -= (int64_t)((double)a->bias_milli * a->share);
    l.var = (int64_t)(own + (double)a->var * a->share * a->share);
    return l;
}

static int64_t flow_sigma(const struct zone *zone)
{
    return estimate_sigma(zone->est.var) + zone->debt.doubt * SIGMA_MILLI_PER_PERSON;
}

static struct figures figures_of(const struct core *core, struct zone *zone)
{
    struct figures f = {0, 0};
    struct witness level;
    struct estimate_fused fused;
    switch ((enum zone_basis)zone->basis) {
    case ZONE_BASIS_NONE:
        break;
    case ZONE_BASIS_LEVEL:
        level = level_of(core, zone);
        f = (struct figures){people_of(level.x_milli), estimate_sigma(level.var)};
        break;
    case ZONE_BASIS_FLOW:
        f = (struct figures){people_of(zone->est.x_milli), flow_sigma(zone)};
        break;
    case ZONE_BASIS_FUSED:
        level = level_of(core, zone);
        fused = estimate_fuse(&zone->est, level.var);
        if (zone->saturated && fused.x_milli < level.x_milli) { /* at least so many */
            fused.var += estimate_var(level.x_milli - fused.x_milli);
            fused.x_milli = level.x_milli;
        }
        zone->conflict = fused.conflict;
        f = (struct figures){people_of(fused.x_milli), estimate_sigma(fused.var)};
        break;
    case ZONE_BASIS_SUM:
        f.occupancy = zone->inside;
        f.sigma_milli = inside_sigma(core, zone);
        /* Doors between two of its zones move errors from one to the other: where only doors decide
           its own border knows better than the sum, until they were counted by hand. */
        if (zone->flow_sum && flow_sigma(zone) < f.sigma_milli)
            f = (struct figures){people_of(zone->est.x_milli), flow_sigma(zone)};
        break;
    }
    return f;
}

static void inside_add(struct zone *around, const struct figures *f, int sign)
{
    around->inside += sign * f->occupancy;
    around->inside_sigma += sign * f->sigma_milli;
    around->inside_var += sign * estimate_var(f->sigma_milli);
}

/* People of a road or car park are vehicles: they are in no sum. */
static struct zone *around_of(const struct core *core, const struct zone *zone)
{
    if (zone->vehicles || zone->parent == VENUE_NO_ZONE || zone->basis == ZONE_BASIS_NONE)
        return NULL;
    return &core->model.zones[zone->parent];
}

/* What the zone rests on has changed: so do its figures, and those of the zones that sum it. */
static void settle(struct core *core, uint32_t z, const struct zone_time *when)
{
    for (;;) {
        struct zone *zone = &core->model.zones[z];
        struct figures before = {zone->occupancy, zone->sigma_milli};
        struct figures after = figures_of(core, zone);
        struct zone *around = around_of(core, zone);
        zone_advance(zone, when->at_ms);
        history_to(&zone->history, core_now_ms(core), zone->occupancy, zone->known);
        zone->occupancy = after.occupancy;
        zone->sigma_milli = after.sigma_milli;
        if (zone->known)
            window_note(&zone->window, zone->occupancy);
        if (when->data_ms > zone->data_ms)
            zone->data_ms = when->data_ms;
        touch(core, z);
        if (!around)
            return;
        inside_add(around, &before, -1);
        inside_add(around, &after, 1);
        z = zone->parent;
        if (around->basis != ZONE_BASIS_SUM && !around->covered) {
            touch(core, z); /* it can't hold fewer than the zones inside it */
            return;
        }
    }
}

static struct zone_time now_of(const struct core *core)
{
    return (struct zone_time){.at_ms = core_now_ms(core), .data_ms = CORE_NEVER};
}

/* The past was another one, here and in the zones that sum it. */
static void past_shift(struct core *core, uint32_t z, const struct history_span *span)
{
    if (span->people == 0 || span->from_ms >= span->to_ms)
        return;
    for (;;) {
        struct zone *zone = &core->model.zones[z];
        history_to(&zone->history, core_now_ms(core), zone->occupancy, zone->known);
        history_shift(&zone->history, span->from_ms, span->to_ms, span->people);
        const struct zone *around = around_of(core, zone);
        if (!around || around->basis != ZONE_BASIS_SUM)
            return;
        z = zone->parent;
    }
}

/* ---- level counters -------------------------------------------------------------------------- */

static int64_t sensor_sigma(const struct core *core, uint32_t s, bool fresh)
{
    const struct sensor *sensor = &core->model.sensors[s];
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    if (!sensor->has_value)
        return 0;
    double pct = model->error_pct == model->error_pct ? model->error_pct
                                                      : settings_of(core)->level_error_pct;
    int64_t sigma = model->error * SIGMA_MILLI_PER_PERSON;
    if (model->error < 0) { /* not stated in people: a share, at least so many, and its flicker */
        int64_t least =
            pct > 0 ? settings_of(core)->level_error_people * SIGMA_MILLI_PER_PERSON : 0;
        sigma = (int64_t)((double)sensor->value * pct * 10 / ESTIMATE_SIGMAS);
        sigma = sigma > least ? sigma : least;
        sigma = estimate_sigma(estimate_var(sigma) + estimate_var(sensor->flicker_milli));
    }
    int64_t blind = sensor->value * CORE_BLIND_SIGMA_PERMILLE;
    return (sensor->saturated || !fresh) && blind > sigma ? blind : sigma;
}

static void level_sums(struct zone *zone, const struct sensor *sensor, int sign)
{
    zone->level_sum += sensor->has_value ? sign * sensor->value : 0;
    zone->level_sigma += sign * sensor->sigma_milli;
    zone->level_var += sign * estimate_var(sensor->sigma_milli);
}

static void saturated_set(struct core *core, uint32_t z, int by)
{
    for (; by; z = core->model.zones[z].parent) {
        struct zone *zone = &core->model.zones[z];
        const struct zone *around = around_of(core, zone);
        zone->saturated += (uint32_t)by;
        if (!around || around->basis != ZONE_BASIS_SUM)
            return;
    }
}

/* All level counters of a fused zone have spoken since the last time: they are one observation. */
static void level_observe(struct core *core, struct zone *zone, struct sensor *sensor)
{
    if (sensor->level_round != zone->level_round) {
        sensor->level_round = zone->level_round;
        zone->level_spoken++;
    }
    if (zone->level_spoken < zone->level_count)
        return;
    zone->level_round++;
    zone->level_spoken = 0;
    struct witness own = level_of(core, zone);
    if (zone->saturated && own.x_milli <= zone->est.x_milli)
        return; /* at least so many: nothing new */
    estimate_level(&zone->est, &(struct estimate_level){.z_milli = own.x_milli,
                                                        .var = own.var,
                                                        .now_ms = core_now_ms(core)});
}

/* The median of what its messages differ by, one from the next: noise, and people who moved between
 * them. One jump counts no more than any other difference. */
static void flicker_note(const struct core *core, struct sensor *sensor, int64_t value)
{
    int64_t by = sensor->has_value ? (value - sensor->value) * 1000 : 0;
    int64_t step = sensor->flicker_milli / FLICKER_PART + FLICKER_STEP_MILLI;
    if (!(settings_of(core)->level_error_pct > 0)) /* its numbers are taken as exact */
        return;
    by = by < 0 ? -by : by;
    if (by > sensor->flicker_milli)
        sensor->flicker_milli += step;
    else if (by < sensor->flicker_milli)
        sensor->flicker_milli -= step < sensor->flicker_milli ? step : sensor->flicker_milli;
}

void zone_level(struct core *core, uint32_t s, int64_t value, const struct zone_time *when)
{
    struct sensor *sensor = &core->model.sensors[s];
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    struct zone *zone = &core->model.zones[model->zone];
    struct history_span span =
        history_level(&core->model.levels[sensor->device], when->at_ms, value, core_now_ms(core));
    bool saturated = model->saturates_at > 0 && value >= model->saturates_at;
    level_sums(zone, sensor, -1);
    flicker_note(core, sensor, value);
    saturated_set(core, model->zone, (int)saturated - (int)sensor->saturated);
    sensor->has_value = true;
    sensor->value = value;
    sensor->saturated = saturated;
    sensor->sigma_milli = sensor_sigma(core, s, sensor->fresh || when->live);
    level_sums(zone, sensor, 1);
    if (zone->basis == ZONE_BASIS_FUSED)
        level_observe(core, zone, sensor);
    settle(core, model->zone, when);
    if (zone->basis == ZONE_BASIS_LEVEL)
        past_shift(core, model->zone, &span);
}

void zone_level_late(struct core *core, uint32_t s, int64_t value, int64_t ts_ms)
{
    struct sensor *sensor = &core->model.sensors[s];
    uint32_t z = core->model.venue->sensors[s].zone;
    struct history_span span =
        history_level(&core->model.levels[sensor->device], ts_ms, value, core_now_ms(core));
    if (core->model.zones[z].basis == ZONE_BASIS_LEVEL)
        past_shift(core, z, &span);
}

void zone_level_refresh(struct core *core, uint32_t s)
{
    struct sensor *sensor = &core->model.sensors[s];
    uint32_t z = core->model.venue->sensors[s].zone;
    int64_t sigma = sensor_sigma(core, s, sensor->fresh);
    struct zone_time now = now_of(core);
    if (sigma == sensor->sigma_milli)
        return;
    level_sums(&core->model.zones[z], sensor, -1);
    sensor->sigma_milli = sigma;
    level_sums(&core->model.zones[z], sensor, 1);
    settle(core, z, &now);
}

void zone_level_forget(struct core *core, uint32_t s)
{
    struct sensor *sensor = &core->model.sensors[s];
    uint32_t z = core->model.venue->sensors[s].zone;
    struct zone_time now = now_of(core);
    level_sums(&core->model.zones[z], sensor, -1);
    saturated_set(core, z, -(int)sensor->saturated);
    sensor->has_value = sensor->saturated = false;
    sensor->value = sensor->sigma_milli = sensor->flicker_milli = 0;
    core->model.levels[sensor->device].count = 0;
    settle(core, z, &now);
}

void zone_cover(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = now_of(core);
    if (!zone->covered || zone->inside_unknown > 0)
        return;
    struct witness own = level_of(core, zone);
    estimate_level(&zone->est, &(struct estimate_level){.z_milli = own.x_milli,
                                                        .var = own.var,
                                                        .now_ms = core_now_ms(core)});
    settle(core, z, &now);
}

/* ---- passages -------------------------------------------------------------------------------- */

static void flow_take(const struct core *core, struct zone *zone, int64_t in, int64_t out)
{
    struct debt_passage passage = {.now_ms = core_now_ms(core),
                                   .slot_ms = zone->slot_ms,
                                   .held = zone->fresh < zone->sensors,
                                   .in = in,
                                   .out = out};
    int64_t err; /* stays in the debt's doubt */
    zone->est.x_milli = debt_take(&zone->debt, zone->est.x_milli / 1000, &passage, &err) * 1000;
}

/* What was late, levels have seen already. */
static void fused_take(struct zone *zone, int64_t net, const struct zone_time *when)
{
    zone->est.x_milli += net * 1000;
    if (!when->rates && zone->est.level_ms != ESTIMATE_NEVER)
        zone->est.off_milli -= net * 1000;
}

static void cross(struct core *core, struct crossing *crossing, int64_t in, int64_t out,
                  double error_pct, const struct zone_time *when)
{
    struct zone *zone = &core->model.zones[crossing->zone];
    int64_t before = zone->occupancy;
    zone_advance(zone, when->at_ms);
    history_to(&zone->history, core_now_ms(core), zone->occupancy, zone->known);
    history_count(&zone->history, when->at_ms, in, out);
    if (when->rates) {
        flow_add(&zone->in, when->at_ms / WINDOW_BUCKET_MS, in);
        flow_add(&zone->out, when->at_ms / WINDOW_BUCKET_MS, out);
    }
    touch(core, crossing->zone);
    if (zone->basis == ZONE_BASIS_LEVEL || zone->basis == ZONE_BASIS_NONE)
        return;
    estimate_passage(&zone->est, &crossing->drift, in + out, error_pct);
    if (zone->basis == ZONE_BASIS_FUSED)
        fused_take(zone, in - out, when);
    else
        flow_take(core, zone, in, out);
    settle(core, crossing->zone, when);
    if (zone->basis != ZONE_BASIS_SUM)
        past_shift(core, crossing->zone,
                   &(struct history_span){.from_ms = when->at_ms,
                                          .to_ms = core_now_ms(core),
                                          .people = zone->occupancy - before});
}

void zone_passage(struct core *core, uint32_t s, int64_t in, int64_t out,
                  const struct zone_time *when)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    uint32_t count;
    struct crossing *crossing = border_of(&core->model, s, &count);
    double pct = model->error_pct == model->error_pct ? model->error_pct
                                                      : settings_of(core)->passage_error_pct;
    /* The side that loses people goes first: a zone that holds both must not see them twice, not
     * even for a moment. */
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            struct crossing *c = &crossing[i];
            bool loses = c->outer ? in >= out : in < out;
            if (loses == (pass == 0))
                cross(core, c, c->outer ? out : in, c->outer ? in : out, pct, when);
        }
    }
}

/* ---- what is not sure ------------------------------------------------------------------------ */

static void suspect_add(struct core *core, uint32_t z, int64_t people)
{
    for (; people; z = core->model.zones[z].parent) {
        struct zone *zone = &core->model.zones[z];
        const struct zone *around = around_of(core, zone);
        zone->suspect += people;
        if (!around || around->basis != ZONE_BASIS_SUM)
            return;
    }
}

void zone_suspect(struct core *core, uint32_t z, int64_t people)
{
    suspect_add(core, z, people);
    for (; people && z != VENUE_NO_ZONE; z = core->model.zones[z].parent)
        touch(core, z);
}

bool zone_allows(const struct core *core, uint32_t z, int64_t people)
{
    const struct zone *zone = &core->model.zones[z];
    if (zone->basis != ZONE_BASIS_FUSED)
        return false;
    struct witness level = level_of(core, zone);
    double off = (double)(people * 1000 - zone->est.x_milli);
    double var = (double)zone->est.var + (double)level.var;
    return off * off / 1000 <= ESTIMATE_GATE * ESTIMATE_GATE * var;
}

void zone_doubt(struct core *core, uint32_t z, int64_t people)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = now_of(core);
    if (people <= 0 || (zone->basis != ZONE_BASIS_FLOW && zone->basis != ZONE_BASIS_FUSED))
        return; /* levels correct it, sums take it from those they sum */
    estimate_doubt(&zone->est, people * SIGMA_MILLI_PER_PERSON);
    for (struct zone *around = around_of(core, zone); around && around->basis == ZONE_BASIS_SUM;
         around = around_of(core, around))
        estimate_doubt(&around->est, people * SIGMA_MILLI_PER_PERSON);
    settle(core, z, &now);
}

static void anchor_own(struct core *core, struct zone *zone, int64_t people, int64_t bound)
{
    int64_t sigma = bound * SIGMA_MILLI_PER_PERSON;
    int64_t shown = zone->covered ? zone->inside : zone->level_sum;
    if (zone->basis == ZONE_BASIS_LEVEL || zone->basis == ZONE_BASIS_FUSED)
        zone->anchor = (struct zone_anchor){.bias_milli = (shown - people) * 1000,
                                            .var = estimate_var(sigma),
                                            .at_ms = core_now_ms(core),
                                            .share = 1};
    zone->debt = (struct debt){.slot_from_ms = zone->debt.slot_from_ms};
    estimate_anchor(&zone->est, people * 1000, sigma);
}

/* Its share of the people counted in the zone around it: as it is filled, else by capacity, else
 * all alike. */
struct share {
    uint32_t around;
    int64_t people, weights, left;
    bool by_capacity;
};

static int64_t weight_of(const struct zone *zone, const struct share *share)
{
    if (zone->vehicles || zone->basis == ZONE_BASIS_NONE)
        return 0;
    return !share->by_capacity ? zone->occupancy : zone->capacity > 0 ? zone->capacity : 1;
}

static void anchor_inside(struct core *core, uint32_t around, int64_t people, int64_t bound)
{
    const uint32_t count = core->model.venue->zone_count;
    struct zone *zones = core->model.zones;
    struct share share = {.around = around,
                          .people = people,
                          .left = people,
                          .by_capacity = zones[around].inside == 0};
    uint32_t last = CORE_NONE;
    for (uint32_t z = 0; z < count; z++) {
        int64_t weight = zones[z].parent == around ? weight_of(&zones[z], &share) : 0;
        share.weights += weight;
        last = weight > 0 ? z : last;
    }
    for (uint32_t z = 0; z < count; z++) {
        if (zones[z].parent != around || zones[z].vehicles || zones[z].basis == ZONE_BASIS_NONE)
            continue;
        int64_t weight = weight_of(&zones[z], &share);
        int64_t part = share.weights ? people * weight / share.weights : 0;
        part = z == last ? share.left : part;
        share.left -= part;
        zone_anchor(core, z, part, bound);
    }
}

/* Recursion ends at zones with sensors of their own: at most VENUE_DEPTH_MAX deep. */
void zone_anchor(struct core *core, uint32_t z, int64_t people, int64_t bound)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = now_of(core);
    now.data_ms = core_now_ms(core);
    if (zone->basis == ZONE_BASIS_NONE)
        return;
    if (zone->basis == ZONE_BASIS_SUM)
        anchor_inside(core, z, people, bound);
    anchor_own(core, zone, people, bound);
    settle(core, z, &now);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void anchor_age(const struct core *core, struct zone_anchor *a)
{
    if (a->at_ms == CORE_NEVER)
        return;
    a->share =
        1 - (double)(core_now_ms(core) - a->at_ms) / (2 * (double)settings_of(core)->level_bias_ms);
    if (!(a->share > 0))
        *a = (struct zone_anchor){.at_ms = CORE_NEVER};
}

void zone_minute(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = now_of(core);
    if (zone->basis == ZONE_BASIS_NONE)
        return;
    anchor_age(core, &zone->anchor);
    estimate_age(&zone->est, settings_of(core)->drift_pct_per_hour);
    if (zone->est.level_ms != ESTIMATE_NEVER &&
        core_now_ms(core) - zone->est.level_ms > ESTIMATE_STALE_MS)
        estimate_level_lost(&zone->est, level_of(core, zone).var);
    settle(core, z, &now);
}

void zone_known_update(struct core *core, uint32_t z)
{
    struct zone *zone = &core->model.zones[z];
    bool known = zone->fresh > 0 &&
                 (double)zone->fresh * 100 >= (double)zone->sensors * settings_of(core)->quorum_pct;
    if (known == zone->known)
        return;
    zone_advance(zone, core_now_ms(core));
    history_to(&zone->history, core_now_ms(core), zone->occupancy, zone->known);
    zone->known = known;
    struct zone *around = around_of(core, zone);
    if (around)
        around->inside_unknown += known ? UINT32_MAX : 1; /* less one, or one more */
    if (known)
        window_note(&zone->window, zone->occupancy);
    judge_known(core, z);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void derive_level_sums(struct core *core)
{
    const struct venue *venue = core->model.venue;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        struct sensor *sensor = &core->model.sensors[s];
        if (venue->sensors[s].class != SENSOR_CROWD || venue->sensors[s].kind != COUNTER_LEVEL)
            continue;
        sensor->sigma_milli = sensor_sigma(core, s, sensor->fresh);
        level_sums(&core->model.zones[venue->sensors[s].zone], sensor, 1);
        core->model.zones[venue->sensors[s].zone].level_count += sensor->service == SERVICE_IN;
        saturated_set(core, venue->sensors[s].zone, sensor->saturated);
    }
}

static void derive_suspects(struct core *core)
{
    for (uint32_t s = 0; s < core->model.venue->sensor_count; s++)
        suspect_add(core, core->model.venue->sensors[s].zone, core->model.sensors[s].surge.people);
}

void zones_derive(struct core *core)
{
    struct zone *zones = core->model.zones;
    const uint32_t count = core->model.venue->zone_count;
    for (uint32_t z = 0; z < count; z++) {
        zones[z].level_sum = zones[z].level_sigma = zones[z].level_var = 0;
        zones[z].inside = zones[z].inside_sigma = zones[z].inside_var = 0;
        zones[z].level_count = zones[z].saturated = 0;
        zones[z].suspect = zones[z].inside_unknown = 0;
    }
    derive_level_sums(core);
    derive_suspects(core);
    for (int depth = VENUE_DEPTH_MAX + 1; depth >= 0; depth--) { /* sums after what they sum */
        for (uint32_t z = 0; z < count; z++) {
            struct zone *zone = &zones[z], *around = around_of(core, zone);
            if (zone->depth != depth)
                continue;
            struct figures f = figures_of(core, zone);
            zone->occupancy = f.occupancy;
            zone->sigma_milli = f.sigma_milli;
            if (around)
                inside_add(around, &f, 1);
            if (around && !zone->known)
                around->inside_unknown++;
            if (around && around->basis == ZONE_BASIS_SUM && zone->data_ms > around->data_ms)
                around->data_ms = zone->data_ms;
        }
    }
}

/* ---- what is shown --------------------------------------------------------------------------- */

int64_t zone_err(const struct zone *zone)
{
    return (zone->sigma_milli * ESTIMATE_SIGMAS + 999) / 1000;
}

int64_t zone_upper(const struct zone *zone)
{
    int64_t upper = zone->occupancy + zone_err(zone) + zone->suspect;
    /* Doors alone say no more of the zones inside than of this one. */
    return upper > zone->inside || zone->flow_sum ? upper : zone->inside;
}

int64_t zone_lower(const struct zone *zone)
{
    int64_t lower = zone->occupancy - zone_err(zone);
    return lower > 0 ? lower : 0;
}

bool zone_lower_bound(const struct zone *zone)
{
    return zone->leaky || zone->saturated > 0;
}

bool zone_recount(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    return zone->conflict ||
           (zone->capacity > 0 &&
            (double)zone_err(zone) * 100 > (double)zone->capacity * settings_of(core)->recount_pct);
}

struct str zone_basis_text(enum zone_basis basis)
{
    static const struct str text[] = {[ZONE_BASIS_NONE] = {0},
                                      [ZONE_BASIS_LEVEL] = {"level", 5},
                                      [ZONE_BASIS_FLOW] = {"flow", 4},
                                      [ZONE_BASIS_FUSED] = {"fused", 5},
                                      [ZONE_BASIS_SUM] = {"sum", 3}};
    return text[basis];
}

struct str zone_los(enum zone_kind kind, double density)
{
    /* Upper bounds of A to E, people/m²: Fruin's walkways, queues, stairs. */
    static const double walkway[] = {0.31, 0.43, 0.72, 1.08, 2.17};
    static const double queue[] = {0.83, 1.08, 1.54, 3.57, 5.26};
    static const double stairs[] = {0.54, 0.72, 1.08, 1.54, 2.70};
    static const char letters[] = "ABCDEF";
    const double *bounds = walkway;
    if (kind == ZONE_ROAD || kind == ZONE_CARPARK)
        return (struct str){0};
    if (kind == ZONE_QUEUE)
        bounds = queue;
    else if (kind == ZONE_STAIRS)
        bounds = stairs;
    int i = 0;
    while (i < 5 && density > bounds[i])
        i++;
    return (struct str){&letters[i], 1};
}

double zone_flow_percent(const struct core *core, uint32_t z)
{
    const struct venue_zone *model = &core->model.venue->zones[z];
    const struct zone *zone = &core->model.zones[z];
    if (!(model->width_m > 0) || zone->vehicles)
        return (double)NAN;
    double most_per_m = model->kind == ZONE_STAIRS ? ZONE_STAIRS_PER_M_MIN : ZONE_LEVEL_PER_M_MIN;
    return (double)(zone->in.sum + zone->out.sum) * 100 / (model->width_m * most_per_m);
}
