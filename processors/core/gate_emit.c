/* gate: its results: one a direction, one a lane and direction, one a reason. */
#include <math.h>

#include "processors/core/emit.h"
#include "processors/core/gate.h"

static struct str gate_word(const struct sensor *sensor, const struct gate *gate)
{
    static const struct str words[] = {{0}, {"open", 4}, {"closed", 6}, {"fault", 5}};
    return sensor->offline ? STR_LIT("offline") : words[gate->state];
}

static struct str direction_word(int out)
{
    return out ? STR_LIT("out") : STR_LIT("in");
}

/* ---- lanes and reasons ----------------------------------------------------------------------- */

static void lane_emit(struct core *core, struct str gate, struct lane *lane, int64_t at_ms)
{
    struct lane_shown now = {.per_min = {lane->in.sum, lane->out.sum},
                             .total = {lane->total_in, lane->total_out},
                             .rejects = lane->total_rejects};
    if (lane->shown_once && emit_same(&now, &lane->shown, sizeof now))
        return;
    lane->shown = now;
    lane->shown_once = true;
    struct result_lane result;
    result_clear(RECORD_LANE, &result);
    result.venue = core->model.venue->id;
    result.gate = gate;
    result.lane = label_text(&lane->label);
    result.at = at_ms;
    result.status = core_status(core);
    for (int out = 0; out < 2; out++) {
        result.direction = direction_word(out);
        result.per_min = now.per_min[out];
        result.total = now.total[out];
        result.rejects_total = out ? RESULT_ABSENT : now.rejects;
        emit(core, RECORD_LANE, &result);
    }
}

static void reason_emit(struct core *core, struct str gate, struct reason *reason, int64_t at_ms)
{
    struct reason_shown now = {.per_min = reason->rejects.sum, .total = reason->total};
    if (reason->shown_once && emit_same(&now, &reason->shown, sizeof now))
        return;
    reason->shown = now;
    reason->shown_once = true;
    struct result_reject result;
    result_clear(RECORD_REJECT, &result);
    result.venue = core->model.venue->id;
    result.gate = gate;
    result.reason = label_text(&reason->label);
    result.at = at_ms;
    result.per_min = now.per_min;
    result.total = now.total;
    result.status = core_status(core);
    emit(core, RECORD_REJECT, &result);
}

/* ---- the gate -------------------------------------------------------------------------------- */

static struct gate_shown look(const struct core *core, const struct gate *gate)
{
    const struct sensor *sensor = &core->model.sensors[gate->sensor];
    int64_t lanes = core->model.venue->sensors[gate->sensor].lanes;
    return (struct gate_shown){.per_min = {gate->in.sum, gate->out.sum},
                               .rejects_per_min = gate->rejects.sum,
                               .total = {gate->total_in, gate->total_out},
                               .rejects = gate->total_rejects,
                               .state = sensor->offline ? -1 : gate->state,
                               .known = sensor->fresh,
                               .service = sensor->service,
                               .lanes = lanes               ? lanes
                                        : gate->lanes.count ? gate->lanes.count
                                                            : RESULT_ABSENT,
                               .figures = gate->figures};
}

/* What holds for those who want to come in. */
static void inward(struct result_gate *result, const struct gate_shown *now)
{
    static const struct str basis[] = {{0}, {"counted", 7}, {"estimated", 9}};
    const struct gate_figures *f = &now->figures;
    result->rejects_per_min = now->rejects_per_min;
    result->rejects_total = now->rejects;
    result->arrivals_per_min = f->arrivals_per_min;
    result->service_per_min = f->service_per_min;
    result->load = f->load;
    result->queue = isnan(f->queue) ? RESULT_ABSENT : (int64_t)(f->queue + 0.5);
    result->wait_s = f->wait_s;
    result->queue_basis = basis[f->basis];
    result->reject_percent = f->reject_percent;
}

static void directions_emit(struct core *core, const struct gate *gate, int64_t at_ms)
{
    const struct gate_shown *now = &gate->shown;
    const struct sensor *sensor = &core->model.sensors[gate->sensor];
    const struct venue_sensor *model = &core->model.venue->sensors[gate->sensor];
    for (int out = 0; out < 2; out++) {
        struct result_gate result;
        result_clear(RECORD_GATE, &result);
        result.venue = core->model.venue->id;
        result.gate = model->id;
        result.direction = direction_word(out);
        result.zone = core->model.venue->zones[model->zone].id;
        result.at = at_ms;
        result.per_min = now->per_min[out];
        result.total = now->total[out];
        result.lanes = now->lanes;
        result.lanes_open = now->figures.lanes_open;
        result.state = gate_word(sensor, gate);
        result.vehicle = model->class == SENSOR_VEHICLE_GATE;
        result.known = sensor->fresh;
        if (gate->state != GATE_UNSAID)
            result.fault = gate->state == GATE_FAULT;
        result.service = str_of(sensor_service_text((enum sensor_service)sensor->service));
        result.status = core_status(core);
        if (!out)
            inward(&result, now);
        emit(core, RECORD_GATE, &result);
    }
}

void gate_emit(struct core *core, uint32_t g, int64_t at_ms)
{
    struct gate *gate = &core->model.gates[g];
    struct gate_shown now = look(core, gate);
    struct str id = core->model.venue->sensors[gate->sensor].id;
    struct lane *lane;
    struct reason *reason;
    if (!gate->shown_once || !emit_same(&now, &gate->shown, sizeof now) ||
        emit_again(core, g, EMIT_AGAIN_S)) {
        gate->shown = now;
        gate->shown_once = true;
        directions_emit(core, gate, at_ms);
    }
    if (!gate->parts_moved)
        return;
    gate->parts_moved = false;
    for (uint32_t i = 0; (lane = lanes_at(&gate->lanes, i)); i++)
        lane_emit(core, id, lane, at_ms);
    for (uint32_t i = 0; (reason = reasons_at(&gate->reasons, i)); i++)
        reason_emit(core, id, reason, at_ms);
}
