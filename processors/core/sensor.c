#include "processors/core/border.h"
#include "processors/core/gate.h"
#include "processors/core/light.h"
#include "processors/core/sensor_private.h"

/* ---- freshness ---------------------------------------------------------------------------- */

/* From a zone that the sensor decides, up through the sums; stops before `until`. */
static void visit_up(struct core *core, uint32_t from, uint32_t until,
                     void (*visit)(struct core *core, uint32_t zone, int arg), int arg)
{
    const struct zone *zones = core->model.zones;
    for (uint32_t z = from; z != until;) {
        visit(core, z, arg);
        if (zones[z].vehicles || zones[z].parent == VENUE_NO_ZONE ||
            zones[zones[z].parent].basis != ZONE_BASIS_SUM)
            return;
        z = zones[z].parent;
    }
}

static bool reaches(const struct core *core, uint32_t from, uint32_t to)
{
    const struct zone *zones = core->model.zones;
    for (uint32_t z = from;;) {
        if (z == to)
            return true;
        if (zones[z].vehicles || zones[z].parent == VENUE_NO_ZONE ||
            zones[zones[z].parent].basis != ZONE_BASIS_SUM)
            return false;
        z = zones[z].parent;
    }
}

/* The first sum on the way up from one that is also on the way up from the other; CORE_NONE. */
static uint32_t meet(const struct core *core, uint32_t a, uint32_t b)
{
    const struct zone *zones = core->model.zones;
    for (uint32_t z = b;;) {
        if (reaches(core, a, z))
            return z;
        if (zones[z].vehicles || zones[z].parent == VENUE_NO_ZONE ||
            zones[zones[z].parent].basis != ZONE_BASIS_SUM)
            return CORE_NONE;
        z = zones[z].parent;
    }
}

static bool decided_by_doors(const struct zone *zone)
{
    return zone->basis == ZONE_BASIS_FLOW || zone->basis == ZONE_BASIS_FUSED;
}

void sensor_zones(struct core *core, uint32_t s,
                  void (*visit)(struct core *core, uint32_t zone, int arg), int arg)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    const struct zone *zones = core->model.zones;
    if (model->class == SENSOR_LIGHT)
        return;
    if (sensor_shows_level(model)) {
        visit_up(core, model->zone, CORE_NONE, visit, arg);
        return;
    }
    uint32_t count;
    const struct crossing *crossing = border_of(&core->model, s, &count);
    uint32_t inside = CORE_NONE, outside = CORE_NONE; /* the zones next to the door */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *side = crossing[i].outer ? &outside : &inside;
        *side = *side == CORE_NONE ? crossing[i].zone : *side;
    }
    bool in = inside != CORE_NONE && decided_by_doors(&zones[inside]);
    if (in)
        visit_up(core, inside, CORE_NONE, visit, arg);
    if (outside == CORE_NONE || !decided_by_doors(&zones[outside]))
        return;
    /* Both sides may meet in one sum, which has the sensor once. */
    uint32_t until = in ? meet(core, inside, outside) : CORE_NONE;
    visit_up(core, outside, until, visit, arg);
}

void sensor_count_fresh(struct core *core, uint32_t zone, int by)
{
    core->model.zones[zone].fresh += (uint32_t)by;
    zone_known_update(core, zone);
}

uint32_t sensor_surge_zone(const struct core *core, uint32_t s)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    bool outer = core->model.sensors[s].surge.outer && model->outside != VENUE_NO_ZONE;
    return outer ? model->outside : model->zone;
}

void sensor_suspect(struct core *core, uint32_t s, int64_t people)
{
    if (people)
        zone_suspect(core, sensor_surge_zone(core, s), people);
}

void sensor_surge_end(struct core *core, uint32_t s, bool counted)
{
    struct surge *surge = &core->model.sensors[s].surge;
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    if (!surge->pending)
        return;
    sensor_suspect(core, s, -surge->people);
    if (!counted && !sensor_shows_level(model) && surge->people > 0)
        zone_doubt(core, sensor_surge_zone(core, s), surge->people);
    *surge = (struct surge){0};
}

void sensor_surges_answer(struct core *core, uint32_t z)
{
    for (uint32_t s = 0; s < core->model.venue->sensor_count; s++) {
        const struct sensor *sensor = &core->model.sensors[s];
        if (!sensor->fresh && core->model.venue->sensors[s].zone == z &&
            sensor_shows_level(&core->model.venue->sensors[s]))
            sensor_surge_end(core, s, true);
    }
}

void sensor_fresh_set(struct core *core, uint32_t s, bool fresh)
{
    struct sensor *sensor = &core->model.sensors[s];
    if (!fresh)
        core->model.silent_at_ns[s] = INT64_MAX;
    if (sensor->fresh == fresh)
        return;
    sensor->fresh = fresh;
    health_changed(core, s);
    if (sensor_serves(sensor)) {
        if (fresh)
            sensor_missed_back(core, s);
        else
            sensor_missed_begin(core, s);
    }
    /* A level counter that jumped and died may have been right: its suspicion stays, until it
     * speaks again, is taken out of service, or somebody counts. */
    if (!fresh && !sensor_shows_level(&core->model.venue->sensors[s]))
        sensor_surge_end(core, s, false);
    if (sensor->has_value)
        zone_level_refresh(core, s);
    if (sensor_serves(sensor))
        sensor_zones(core, s, sensor_count_fresh, fresh ? 1 : -1);
}

void sensor_fresh(struct core *core, uint32_t s)
{
    if (core->stored)
        return;
    core->model.sensors[s].heard = true;
    core->model.silent_at_ns[s] = core->now_ns + health_silence_ms(&core->model, s) * CORE_MS_NS;
    sensor_fresh_set(core, s, true);
}

void sensors_silence(struct core *core, int64_t at_ns)
{
    const int64_t *silent_at_ns = core->model.silent_at_ns;
    uint32_t count = core->model.venue ? core->model.venue->sensor_count : 0;
    for (uint32_t s = 0; s < count; s++) {
        if (silent_at_ns[s] <= at_ns)
            sensor_fresh_set(core, s, false);
    }
}

/* ---- order -------------------------------------------------------------------------------- */

enum counter_order sensor_order(const struct core *core, uint32_t s, const struct sensor_message *m)
{
    const struct sensor *sensor = &core->model.sensors[s];
    int64_t last_ms = sensor->last_source_ms;
    if (m->source_ms != RESULT_ABSENT && last_ms != RESULT_ABSENT && m->source_ms != last_ms) {
        if (m->source_ms > last_ms)
            return COUNTER_NEWER;
        bool set_back =
            !m->stored && skew_set_back(&core->model.health[s].skew, core_now_ms(core), last_ms);
        return set_back ? COUNTER_ORDER_UNKNOWN : COUNTER_OLDER;
    }
    int64_t seq = m->reading->seq;
    if (seq != RESULT_ABSENT && sensor->last_seq != RESULT_ABSENT && seq != sensor->last_seq) {
        if (seq > sensor->last_seq)
            return COUNTER_NEWER;
        /* Far back is not out of order: the device counts its messages anew. */
        return sensor->last_seq - seq < DEDUP_MESSAGES ? COUNTER_OLDER : COUNTER_ORDER_UNKNOWN;
    }
    return COUNTER_ORDER_UNKNOWN;
}

void sensor_remember(struct sensor *sensor, const struct sensor_message *m)
{
    sensor->last_ts_ms = m->reading->ts;
    sensor->last_source_ms = m->source_ms;
    sensor->last_seq = m->reading->seq;
}

/* ---- what each class does ------------------------------------------------------------------ */

struct zone_time sensor_when(const struct core *core, const struct sensor_message *m)
{
    return (struct zone_time){.at_ms = m->reading->ts,
                              .data_ms = m->retained ? m->reading->ts : core_now_ms(core),
                              .live = !m->retained,
                              .rates = !m->late};
}

int64_t sensor_since_ms(const struct core *core, uint32_t s)
{
    int64_t last_ms = core->model.sensors[s].last_ts_ms;
    return last_ms == CORE_NEVER ? core->model.venue->sensors[s].silence_ms
                                 : core_now_ms(core) - last_ms;
}

void sensor_count_unheard(struct core *core, uint32_t zone, int by)
{
    core->model.zones[zone].silent_unheard += (uint32_t)by;
}

/* Whether a level may be believed at once: it is plausible, or a second message or what else is
 * known of the zone agrees. */
static bool level_believed(const struct core *core, uint32_t s, int64_t value)
{
    const struct sensor *sensor = &core->model.sensors[s];
    const struct venue_settings *limits = &core->model.venue->settings;
    uint32_t z = core->model.venue->sensors[s].zone;
    const struct zone *zone = &core->model.zones[z];
    int64_t by = value - sensor->value;
    if (!sensor->has_value || !sensor->fresh ||
        surge_plausible(by < 0 ? -by : by, sensor_since_ms(core, s), limits))
        return true;
    if (sensor->surge.pending) {
        int64_t between = value - sensor->surge.value;
        if (surge_plausible(between < 0 ? -between : between,
                            core_now_ms(core) - sensor->surge.at_ms, limits))
            return true;
    }
    /* A counter that is blinded or begins anew shows nothing, or little. A lesser fall frightens
     * nobody into thinking that a place is empty, and no level falls on one message. */
    if (by < 0 && value >= sensor->value / 2)
        return true;
    return (by > 0 && zone->suspect > sensor->surge.people) ||
           zone_allows(core, z, zone->level_sum + by);
}

static void level_suspend(struct core *core, uint32_t s, int64_t value)
{
    struct sensor *sensor = &core->model.sensors[s];
    sensor_surge_end(core, s, false);
    sensor->surge = (struct surge){.pending = true,
                                   .at_ms = core_now_ms(core),
                                   .value = value,
                                   .people = value > sensor->value ? value - sensor->value : 0};
    sensor_suspect(core, s, sensor->surge.people);
}

/* A live value older than the last one repairs history only; but a sensor that has gone silent is
   believed again whatever its clock says, as is one whose clock was set back (skew.h), or that
   would hide it. */
static void level_apply(struct core *core, uint32_t s, const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    enum counter_order order = sensor_order(core, s, m);
    int64_t value = m->reading->occupancy;
    if (m->stored) { /* whatever it follows: how many there are now it does not say */
        zone_level_late(core, s, value, m->reading->ts);
        return;
    }
    if (m->retained && sensor->has_value && order != COUNTER_NEWER)
        return;
    if (!m->retained && sensor->fresh && order == COUNTER_OLDER) {
        zone_level_late(core, s, value, m->reading->ts);
        return;
    }
    bool believed = m->retained || level_believed(core, s, value);
    sensor_remember(sensor, m);
    if (believed) {
        struct zone_time when = sensor_when(core, m);
        if (!sensor->has_value)
            sensor_zones(core, s, sensor_count_unheard, -1);
        sensor_surge_end(core, s, true);
        zone_level(core, s, value, &when);
    } else {
        level_suspend(core, s, value);
    }
    if (!m->retained)
        sensor_fresh(core, s);
}

/* The last will says that a sensor is gone: no need to wait for its silence. That it is back only
   its data say; gates and lights may have nothing to report for long, so for them the word alone is
   a sign of life. */
static void status_apply(struct core *core, uint32_t s, const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    bool offline = str_equal(m->reading->state, STR_LIT("offline"));
    if (m->retained && sensor->heard && sensor->fresh)
        return; /* a copy from before what has been heard since */
    if (offline != sensor->offline)
        health_changed(core, s);
    sensor->offline = offline;
    if (offline)
        sensor_fresh_set(core, s, false);
    else if (!m->retained && core->model.venue->sensors[s].class != SENSOR_CROWD)
        sensor_fresh(core, s);
}

bool sensor_retained_allowed(const struct venue_sensor *model, bool status)
{
    return status || model->class == SENSOR_LIGHT || sensor_shows_level(model);
}

/* Out of service it is only heard. */
static void aside_apply(struct core *core, uint32_t s, const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    if (m->retained)
        return;
    if (sensor_order(core, s, m) != COUNTER_OLDER || !sensor->fresh)
        sensor_remember(sensor, m);
    sensor_fresh(core, s);
}

bool sensor_apply(struct core *core, uint32_t s, const struct sensor_message *m,
                  struct refusal *refusal)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    if (m->status) {
        status_apply(core, s, m);
        return true;
    }
    if (!m->retained && !m->stored) {
        core->model.sensors[s].offline = false;
        health_heard(core, s, m);
    }
    if (!sensor_serves(&core->model.sensors[s]) && model->class != SENSOR_LIGHT) {
        aside_apply(core, s, m);
        return true;
    }
    switch (model->class) {
    case SENSOR_CROWD:
        if (model->kind != COUNTER_LEVEL)
            return sensor_counter_apply(core, s, m, refusal);
        level_apply(core, s, m);
        break;
    case SENSOR_GATE:
    case SENSOR_VEHICLE_GATE:
        gate_apply(core, s, m);
        break;
    case SENSOR_LIGHT:
        light_apply(core, s, m);
        break;
    }
    return true;
}
