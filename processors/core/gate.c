#include "processors/core/gate.h"

#include <math.h>
#include <stdlib.h>

#include "processors/core/gate_figures.h"
#include "schemas/base/fetch.h"

/* ---- which gates belong to a zone ------------------------------------------------------------ */

static bool is_gate(const struct venue_sensor *sensor)
{
    return sensor->class == SENSOR_GATE || sensor->class == SENSOR_VEHICLE_GATE;
}

static uint32_t queue_of(struct model *model, uint32_t zone)
{
    if (zone == VENUE_NO_ZONE)
        return CORE_NONE;
    if (model->zones[zone].queue == CORE_NONE) {
        model->queues[model->queue_count].zone = zone;
        model->zones[zone].queue = model->queue_count++;
    }
    return model->zones[zone].queue;
}

/* In two passes over the sensors: how many gates each zone has, and which. */
static void zones_find(struct model *model)
{
    const struct venue *venue = model->venue;
    uint32_t first = 0, gate = 0;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        if (is_gate(&venue->sensors[s]))
            model->zones[venue_gate_zone(&venue->sensors[s])].gate_count++;
    }
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        struct zone *zone = &model->zones[z];
        zone->queue = CORE_NONE;
        zone->gate_first = first;
        first += zone->gate_count;
        zone->gate_count = 0;
    }
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        if (!is_gate(&venue->sensors[s]))
            continue;
        uint32_t z = venue_gate_zone(&venue->sensors[s]);
        struct zone *zone = &model->zones[z];
        model->zone_gates[zone->gate_first + zone->gate_count++] = gate;
        model->gates[gate].zone = z;
        model->gates[gate++].queue = queue_of(model, venue->sensors[s].queue);
    }
}

bool gates_make(struct model *model)
{
    size_t gates = (size_t)model->gate_count;
    model->lanes = calloc(gates * (VENUE_GATE_LANES_MAX + 1) + 1, sizeof *model->lanes);
    model->reasons = calloc(gates * (REASONS_MAX + 1) + 1, sizeof *model->reasons);
    model->queues = calloc(gates + 1, sizeof *model->queues);
    model->zone_gates = calloc(gates + 1, sizeof *model->zone_gates);
    if (!model->lanes || !model->reasons || !model->queues || !model->zone_gates)
        return false;
    for (size_t g = 0; g < gates; g++) {
        model->gates[g].lanes.lane = &model->lanes[g * (VENUE_GATE_LANES_MAX + 1)];
        model->gates[g].reasons.reason = &model->reasons[g * (REASONS_MAX + 1)];
    }
    zones_find(model);
    return true;
}

/* ---- what comes next ------------------------------------------------------------------------- */

void gate_fetch(const struct gate *gate)
{
    fetch(gate, offsetof(struct gate, tally) + offsetof(struct tally, served_in));
    fetch(&gate->tally.served, 3 * sizeof gate->tally.served);
    fetch(&gate->in, offsetof(struct flow, bucket));
    fetch(&gate->out, offsetof(struct flow, bucket));
    fetch(&gate->rejects, offsetof(struct flow, bucket));
}

void gate_parts_fetch(const struct gate *gate)
{
    for (uint32_t i = 0; i < gate->lanes.count; i++) {
        const struct lane *lane = &gate->lanes.lane[i];
        fetch(lane, offsetof(struct lane, in.bucket));
        fetch(&lane->out, offsetof(struct flow, bucket));
    }
}

/* Two before its turn the gate, one before it what that leads to: lanes only when they are due. */
void gates_fetch(const struct model *model, uint32_t g, int64_t second)
{
    if (g + 2 < model->gate_count)
        gate_fetch(&model->gates[g + 2]);
    if (g + 1 >= model->gate_count)
        return;
    const struct gate *next = &model->gates[g + 1];
    fetch(&model->sensors[next->sensor], ARRAY_LINE_BYTES);
    fetch(&model->venue->sensors[next->sensor].lanes, sizeof model->venue->sensors->lanes);
    if (next->next_s <= second || next->parts_moved)
        gate_parts_fetch(next);
}

/* ---- from the model before ------------------------------------------------------------------- */

void gate_init(const struct core *core, struct gate *gate, uint32_t sensor)
{
    const struct venue_settings *settings = &core->model.venue->settings;
    gate->sensor = sensor;
    gate->lanes_open = RESULT_ABSENT;
    gate->figures = gate_figures_none();
    gate->wait_judged_s = gate->wait_most_s = (double)NAN;
    gate->base_per_min = gate_lane_rate(core, sensor);
    lane_rate_begin(&gate->rate, gate->base_per_min);
    tally_begin(&gate->tally, settings->gate_window_ms, core_now_ms(core));
}

void gate_carry(struct gate *to, const struct gate *from)
{
    struct gate fresh = *to;
    lanes_carry(&fresh.lanes, &from->lanes);
    reasons_carry(&fresh.reasons, &from->reasons);
    *to = *from;
    to->sensor = fresh.sensor;
    to->zone = fresh.zone;
    to->queue = fresh.queue;
    to->lanes = fresh.lanes;
    to->reasons = fresh.reasons;
    to->base_per_min = fresh.base_per_min;
    to->shown_once = false;
    to->next_s = 0;
    /* What was measured by other settings says nothing under these. */
    if (from->base_per_min < fresh.base_per_min || from->base_per_min > fresh.base_per_min)
        to->rate = fresh.rate;
    if (to->tally.width_ms != fresh.tally.width_ms)
        to->tally = fresh.tally;
}

void gate_derive(struct gate *gate)
{
    struct lane *lane;
    struct reason *reason;
    gate->next_s = 0;
    flow_derive(&gate->in);
    flow_derive(&gate->out);
    flow_derive(&gate->rejects);
    tally_derive(&gate->tally);
    for (uint32_t i = 0; (lane = lanes_at(&gate->lanes, i)); i++) {
        flow_derive(&lane->in);
        flow_derive(&lane->out);
    }
    for (uint32_t i = 0; (reason = reasons_at(&gate->reasons, i)); i++)
        flow_derive(&reason->rejects);
}

/* ---- messages -------------------------------------------------------------------------------- */

static struct lane_passage passage_of(const struct core *core, const struct sensor_message *m)
{
    const struct result_reading *r = m->reading;
    struct lane_passage p = {.in = counter_or_zero(r->in),
                             .out = counter_or_zero(r->out),
                             .rejects = counter_or_zero(r->rejects),
                             .ts_ms = r->ts,
                             .now_ms = core_now_ms(core),
                             .late = m->late};
    if (r->event.len) {
        bool pass = str_equal(r->event, STR_LIT("pass"));
        bool inward = str_equal(r->direction, STR_LIT("in"));
        p.in = pass && inward;
        p.out = pass && !inward;
        p.rejects = !pass;
    }
    return p;
}

static void flow_count(struct flow *flow, const struct lane_passage *p, int64_t n)
{
    flow_to(flow, p->now_ms / WINDOW_BUCKET_MS);
    if (!p->late)
        flow_add(flow, p->ts_ms / WINDOW_BUCKET_MS, n);
}

static void passage_count(struct gate *gate, const struct result_reading *r,
                          const struct lane_passage *p)
{
    gate->next_s = 0;
    gate->total_in += p->in;
    gate->total_out += p->out;
    gate->total_rejects += p->rejects;
    flow_count(&gate->in, p, p->in);
    flow_count(&gate->out, p, p->out);
    flow_count(&gate->rejects, p, p->rejects);
    if (r->lane.len)
        lane_count(lanes_find(&gate->lanes, r->lane), p);
    if (r->reason.len && p->rejects)
        reason_count(reasons_find(&gate->reasons, r->reason), p);
}

/* Arrivals and service, which a closed gate has none of. */
static void served_count(struct gate *gate, const struct result_reading *r,
                         const struct lane_passage *p)
{
    bool report = !r->event.len && (r->in != RESULT_ABSENT || r->out != RESULT_ABSENT ||
                                    r->rejects != RESULT_ABSENT);
    if (p->late || (!r->event.len && !report))
        return;
    if (gate->reports != report)
        tally_break(&gate->tally);
    gate->reports = report;
    tally_to(&gate->tally, p->now_ms);
    if (gate->state == GATE_CLOSED)
        return;
    if (report) {
        tally_report(&gate->tally, p->ts_ms, p->in, p->rejects);
    } else {
        tally_begun(&gate->tally, p->ts_ms);
        tally_add(&gate->tally, p->ts_ms, p->in, p->rejects);
    }
    lane_rate_served(&gate->rate, gate->base_per_min, p->ts_ms, p->in + p->rejects);
}

static void state_take(struct gate *gate, const struct result_reading *r)
{
    if (r->lanes_open != RESULT_ABSENT)
        gate->lanes_open = r->lanes_open;
    if (r->state.len)
        gate->state = r->state.at[0] == 'o'   ? GATE_OPEN
                      : r->state.at[0] == 'c' ? GATE_CLOSED
                                              : GATE_FAULT;
}

void gate_apply(struct core *core, uint32_t s, const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    struct gate *gate = &core->model.gates[sensor->device];
    struct lane_passage p = passage_of(core, m);
    passage_count(gate, m->reading, &p);
    served_count(gate, m->reading, &p);
    sensor_passages(core, s, p.in, p.out, m);
    if (sensor_order(core, s, m) != COUNTER_OLDER) {
        state_take(gate, m->reading);
        sensor_remember(sensor, m);
    }
    sensor_fresh(core, s);
}

void gate_complete(const struct gate *gate, struct result_reading *reading)
{
    static const struct str words[] = {
        [GATE_OPEN] = {"open", 4}, [GATE_CLOSED] = {"closed", 6}, [GATE_FAULT] = {"fault", 5}};
    if (reading->lanes_open == RESULT_ABSENT)
        reading->lanes_open = gate->lanes_open;
    if (reading->state.len == 0)
        reading->state = words[gate->state];
}
