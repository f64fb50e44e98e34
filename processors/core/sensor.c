#include "processors/core/sensor.h"

#include "processors/core/gate.h"
#include "processors/core/light.h"

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

void sensor_zones(struct core *core, uint32_t s,
                  void (*visit)(struct core *core, uint32_t zone, int arg), int arg)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    const struct zone *zones = core->model.zones;
    if (model->class == SENSOR_LIGHT)
        return;
    if (model->class == SENSOR_CROWD && model->kind == COUNTER_LEVEL) {
        visit_up(core, model->zone, CORE_NONE, visit, arg);
        return;
    }
    bool inside, outside;
    zone_sides(core, model, &inside, &outside);
    inside = inside && zones[model->zone].basis == ZONE_BASIS_FLOW;
    outside = outside && zones[model->outside].basis == ZONE_BASIS_FLOW;
    if (inside)
        visit_up(core, model->zone, CORE_NONE, visit, arg);
    if (!outside)
        return;
    /* Both sides may meet in one sum, which has the sensor once. */
    uint32_t until = inside ? zone_common(core, model->zone, model->outside) : CORE_NONE;
    if (until != CORE_NONE && !reaches(core, model->zone, until))
        until = CORE_NONE;
    visit_up(core, model->outside, until, visit, arg);
}

static void count_fresh(struct core *core, uint32_t zone, int by)
{
    core->model.zones[zone].fresh += (uint32_t)by;
    zone_known_update(core, zone);
}

int64_t sensor_err_milli(const struct sensor *sensor)
{
    if (!sensor->has_value)
        return 0;
    bool blind = sensor->saturated || !sensor->fresh;
    return sensor->value * (blind ? CORE_ERR_BLIND_PERMILLE : CORE_ERR_LEVEL_PERMILLE);
}

/* A level counter that fell silent still counts with its last value, but its error is now that
 * value. */
static void err_update(struct core *core, uint32_t s)
{
    struct sensor *sensor = &core->model.sensors[s];
    int64_t err_milli = sensor_err_milli(sensor);
    int64_t by = err_milli - sensor->err_milli;
    sensor->err_milli = err_milli;
    for (uint32_t z = core->model.venue->sensors[s].zone; by;) {
        struct zone *zone = &core->model.zones[z];
        zone->err_milli += by;
        if (zone->vehicles || zone->parent == VENUE_NO_ZONE ||
            core->model.zones[zone->parent].basis != ZONE_BASIS_SUM)
            return;
        z = zone->parent;
    }
}

static void fresh_set(struct core *core, uint32_t s, bool fresh)
{
    struct sensor *sensor = &core->model.sensors[s];
    if (!fresh)
        core->model.silent_at_ns[s] = INT64_MAX;
    if (sensor->fresh == fresh)
        return;
    sensor->fresh = fresh;
    health_changed(core, s);
    if (sensor->has_value)
        err_update(core, s);
    sensor_zones(core, s, count_fresh, fresh ? 1 : -1);
}

void sensor_fresh(struct core *core, uint32_t s)
{
    core->model.sensors[s].heard = true;
    core->model.silent_at_ns[s] = core->now_ns + health_silence_ms(&core->model, s) * CORE_MS_NS;
    fresh_set(core, s, true);
}

void sensors_silence(struct core *core, int64_t at_ns)
{
    const int64_t *silent_at_ns = core->model.silent_at_ns;
    uint32_t count = core->model.venue ? core->model.venue->sensor_count : 0;
    for (uint32_t s = 0; s < count; s++) {
        if (silent_at_ns[s] <= at_ns)
            fresh_set(core, s, false);
    }
}

/* ---- order -------------------------------------------------------------------------------- */

enum counter_order sensor_order(const struct sensor *sensor, const struct sensor_message *m)
{
    if (m->source_ms != RESULT_ABSENT && sensor->last_source_ms != RESULT_ABSENT &&
        m->source_ms != sensor->last_source_ms)
        return m->source_ms > sensor->last_source_ms ? COUNTER_NEWER : COUNTER_OLDER;
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

static struct zone_time when_of(const struct core *core, const struct sensor_message *m)
{
    return (struct zone_time){.at_ms = m->reading->ts,
                              .data_ms = m->retained ? m->reading->ts : core_now_ms(core),
                              .rates = !m->late};
}

static void count_unheard(struct core *core, uint32_t zone, int by)
{
    core->model.zones[zone].silent_unheard += (uint32_t)by;
}

/* A live value older than the last one repairs history only; but a sensor that has gone silent is
   believed again whatever its clock says, or a clock set back would hide it. */
static void level_apply(struct core *core, uint32_t s, const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    enum counter_order order = sensor_order(sensor, m);
    if (m->retained ? sensor->has_value && order != COUNTER_NEWER
                    : sensor->fresh && order == COUNTER_OLDER)
        return;
    int64_t value = m->reading->occupancy;
    int64_t by = value - (sensor->has_value ? sensor->value : 0);
    if (!sensor->has_value) {
        sensor->has_value = true;
        sensor_zones(core, s, count_unheard, -1);
    }
    sensor->value = value;
    sensor->saturated = model->saturates_at > 0 && value >= model->saturates_at;
    sensor_remember(sensor, m);
    int64_t err_by = sensor_err_milli(sensor) - sensor->err_milli;
    sensor->err_milli += err_by;
    struct zone_time when = when_of(core, m);
    zone_change(core, model->zone, by, err_by, &when);
    if (!m->retained)
        sensor_fresh(core, s);
}

void sensor_passages(struct core *core, uint32_t s, int64_t in, int64_t out,
                     const struct sensor_message *m)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    struct zone_time when = when_of(core, m);
    if (model->class == SENSOR_VEHICLE_GATE)
        zone_vehicles(core, model->zone, model->outside, in, out, &when);
    else
        zone_passage(core, model->zone, model->outside, in, out, &when);
}

static int64_t or_zero(int64_t v)
{
    return v == RESULT_ABSENT ? 0 : v;
}

static bool counter_apply(struct core *core, uint32_t s, const struct sensor_message *m,
                          struct refusal *refusal)
{
    struct sensor *sensor = &core->model.sensors[s];
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    int64_t in = or_zero(m->reading->in), out = or_zero(m->reading->out);
    enum counter_order order = sensor_order(sensor, m);
    if (model->kind != COUNTER_DELTA) {
        /* A silent counter that speaks again is believed whatever its clock says, as with levels.
         */
        if (order == COUNTER_OLDER && !sensor->fresh)
            order = COUNTER_ORDER_UNKNOWN;
        enum counter_verdict verdict = counter_step(&sensor->counter, model->wrap, order,
                                                    m->reading->in, m->reading->out, &in, &out);
        if (verdict == COUNTER_JUMP)
            return refusal_set(
                refusal, REFUSAL_OUT_OF_RANGE,
                "in, out: more passages since the last message than people can make; "
                "taken as a new start");
    }
    if (order != COUNTER_OLDER)
        sensor_remember(sensor, m);
    sensor_passages(core, s, in, out, m);
    /* A total that is older than the last said nothing. Was the clock set back, so are all that
     * follow: then the counter must fall silent, to be believed again. */
    if (order != COUNTER_OLDER || model->kind == COUNTER_DELTA)
        sensor_fresh(core, s);
    return true;
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
        fresh_set(core, s, false);
    else if (!m->retained && core->model.venue->sensors[s].class != SENSOR_CROWD)
        sensor_fresh(core, s);
}

bool sensor_retained_allowed(const struct venue_sensor *model, bool status)
{
    return status || model->class == SENSOR_LIGHT ||
           (model->class == SENSOR_CROWD && model->kind == COUNTER_LEVEL);
}

bool sensor_apply(struct core *core, uint32_t s, const struct sensor_message *m,
                  struct refusal *refusal)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    if (m->status) {
        status_apply(core, s, m);
        return true;
    }
    if (!m->retained) {
        core->model.sensors[s].offline = false;
        health_heard(core, s, m);
    }
    switch (model->class) {
    case SENSOR_CROWD:
        if (model->kind != COUNTER_LEVEL)
            return counter_apply(core, s, m, refusal);
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

void sensor_service_set(struct core *core, uint32_t s, enum sensor_service service,
                        int64_t until_ms)
{
    struct sensor *sensor = &core->model.sensors[s];
    sensor->service = (uint8_t)service;
    sensor->service_until_ms = until_ms;
}
