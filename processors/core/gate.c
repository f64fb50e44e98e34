#include "processors/core/gate.h"

#include <math.h>
#include <string.h>

#include "processors/core/emit.h"

static int64_t or_zero(int64_t v)
{
    return v == RESULT_ABSENT ? 0 : v;
}

void gate_apply(struct core *core, uint32_t s, const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    struct gate *gate = &core->model.gates[sensor->device];
    const struct result_reading *r = m->reading;
    int64_t in = or_zero(r->in), out = or_zero(r->out), rejects = or_zero(r->rejects);
    if (r->event.len) {
        bool pass = str_equal(r->event, STR_LIT("pass"));
        bool inward = str_equal(r->direction, STR_LIT("in"));
        in = pass && inward;
        out = pass && !inward;
        rejects = !pass;
    }
    if (sensor_order(sensor, m) != COUNTER_OLDER) {
        if (r->lanes_open != RESULT_ABSENT)
            gate->lanes_open = r->lanes_open;
        if (r->state.len)
            gate->state = r->state.at[0] == 'o'   ? GATE_OPEN
                          : r->state.at[0] == 'c' ? GATE_CLOSED
                                                  : GATE_FAULT;
        sensor_remember(sensor, m);
    }
    int64_t second = core_now_ms(core) / WINDOW_BUCKET_MS;
    flow_to(&gate->in, second);
    flow_to(&gate->out, second);
    flow_to(&gate->rejects, second);
    gate->total_in += in;
    gate->total_out += out;
    gate->total_rejects += rejects;
    if (!m->late) {
        flow_add(&gate->in, r->ts / WINDOW_BUCKET_MS, in);
        flow_add(&gate->out, r->ts / WINDOW_BUCKET_MS, out);
        flow_add(&gate->rejects, r->ts / WINDOW_BUCKET_MS, rejects);
    }
    sensor_passages(core, s, in, out, m);
    sensor_fresh(core, s);
}

void gate_advance(struct core *core, uint32_t g, int64_t at_ms)
{
    struct gate *gate = &core->model.gates[g];
    flow_to(&gate->in, at_ms / WINDOW_BUCKET_MS);
    flow_to(&gate->out, at_ms / WINDOW_BUCKET_MS);
    flow_to(&gate->rejects, at_ms / WINDOW_BUCKET_MS);
}

static struct str gate_word(const struct sensor *sensor, const struct gate *gate)
{
    static const struct str words[] = {{0}, {"open", 4}, {"closed", 6}, {"fault", 5}};
    return sensor->offline ? STR_LIT("offline") : words[gate->state];
}

void gate_emit(struct core *core, uint32_t g, int64_t at_ms)
{
    struct gate *gate = &core->model.gates[g];
    const struct sensor *sensor = &core->model.sensors[gate->sensor];
    const struct venue_sensor *model = &core->model.venue->sensors[gate->sensor];
    struct gate_shown now = {.per_min = {gate->in.sum, gate->out.sum},
                             .rejects_per_min = gate->rejects.sum,
                             .total = {gate->total_in, gate->total_out},
                             .rejects = gate->total_rejects,
                             .lanes_open = gate->lanes_open,
                             .state = sensor->offline ? -1 : gate->state,
                             .known = sensor->fresh};
    if (gate->shown_once && memcmp(&now, &gate->shown, sizeof now) == 0)
        return;
    gate->shown = now;
    gate->shown_once = true;
    struct result_gate result;
    result_clear(RECORD_GATE, &result);
    result.venue = core->model.venue->id;
    result.gate = model->id;
    result.zone = core->model.venue->zones[model->zone].id;
    result.at = at_ms;
    result.lanes_open = gate->lanes_open;
    result.state = gate_word(sensor, gate);
    result.vehicle = model->class == SENSOR_VEHICLE_GATE;
    result.known = sensor->fresh;
    result.status = core_status(core);
    for (int out = 0; out < 2; out++) {
        result.direction = out ? STR_LIT("out") : STR_LIT("in");
        result.per_min = now.per_min[out];
        result.total = now.total[out];
        result.rejects_per_min = out ? RESULT_ABSENT : now.rejects_per_min;
        result.rejects_total = out ? RESULT_ABSENT : now.rejects;
        emit(core, RECORD_GATE, &result);
    }
}

double gate_zone_metric(const struct core *core, uint32_t zone, enum metric metric)
{
    (void)core, (void)zone, (void)metric;
    return (double)NAN;
}
