#include "processors/core/gate_figures.h"

#include <math.h>

#include "processors/core/gate.h"

struct gate_figures gate_figures_none(void)
{
    const double none = (double)NAN;
    return (struct gate_figures){.arrivals_per_min = none,
                                 .service_per_min = none,
                                 .load = none,
                                 .queue = none,
                                 .wait_s = none,
                                 .reject_percent = none,
                                 .lanes_open = RESULT_ABSENT,
                                 .basis = GATE_QUEUE_NONE};
}

double gate_lane_rate(const struct core *core, uint32_t s)
{
    const struct venue *venue = core->model.venue;
    const struct venue_sensor *sensor = &venue->sensors[s];
    if (!isnan(sensor->lane_rate_per_min))
        return sensor->lane_rate_per_min;
    return sensor->class == SENSOR_VEHICLE_GATE ? venue->settings.vehicle_lane_rate_per_min
                                                : venue->settings.lane_rate_per_min;
}

/* ---- each gate by itself --------------------------------------------------------------------- */

static int64_t lanes_open(const struct core *core, const struct gate *gate)
{
    if (gate->state == GATE_CLOSED)
        return 0;
    if (gate->lanes_open != RESULT_ABSENT)
        return gate->lanes_open;
    int64_t used = gate->lanes_used;
    int64_t lanes = core->model.venue->sensors[gate->sensor].lanes;
    if (used)
        return used;
    return lanes ? lanes : RESULT_ABSENT;
}

/* Nothing could ever count its queue. One whose counters are silent is another matter. */
static bool queue_uncounted(const struct model *model, const struct gate *gate)
{
    return gate->queue == CORE_NONE ||
           model->zones[model->queues[gate->queue].zone].basis == ZONE_BASIS_NONE;
}

/* The zone where people wait for it, when they are counted there now; NULL else. */
static const struct zone *queue_zone(const struct core *core, const struct gate *gate)
{
    if (gate->queue == CORE_NONE)
        return NULL;
    const struct zone *zone = &core->model.zones[core->model.queues[gate->queue].zone];
    return zone->known && zone->data_ms != CORE_NEVER ? zone : NULL;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Rates, and which lanes are in use: they change when somebody passes, and a good while after. */
static void counts_pass(struct gate *gate, int64_t at_ms)
{
    int64_t second = at_ms / WINDOW_BUCKET_MS, window_ms = tally_window_ms(&gate->tally), oldest_ms;
    if (second < gate->next_s)
        return;
    flow_to(&gate->in, second);
    flow_to(&gate->out, second);
    flow_to(&gate->rejects, second);
    int64_t next = sooner(flow_next(&gate->in), flow_next(&gate->out));
    next = sooner(next, flow_next(&gate->rejects));
    next = sooner(next, lanes_advance(&gate->lanes, at_ms));
    next = sooner(next, reasons_advance(&gate->reasons, at_ms));
    gate->lanes_used = lanes_used(&gate->lanes, at_ms - window_ms, &oldest_ms);
    if (gate->lanes_used)
        next = sooner(next, (oldest_ms + window_ms) / WINDOW_BUCKET_MS);
    gate->next_s = next;
    gate->parts_moved = true;
}

static void time_pass(struct core *core, struct gate *gate, bool serves, int64_t at_ms)
{
    const struct zone *queue = queue_zone(core, gate);
    counts_pass(gate, at_ms);
    if (queue)
        tally_waiting(&gate->tally, queue->occupancy);
    tally_to(&gate->tally, at_ms);
    if (!serves) {
        tally_break(&gate->tally);
        lane_rate_break(&gate->rate);
    } else if (!gate->reports) {
        tally_cover(&gate->tally, at_ms);
    }
}

static void gate_advance(struct core *core, struct gate *gate, int64_t at_ms)
{
    const struct sensor *sensor = &core->model.sensors[gate->sensor];
    struct gate_figures *f = &gate->figures;
    bool known = sensor->fresh && sensor_serves(sensor);
    bool serves = known && gate->state != GATE_CLOSED;
    time_pass(core, gate, serves, at_ms);
    *f = gate_figures_none();
    gate->wait_judged_s = gate->wait_most_s = (double)NAN;
    f->lanes_open = lanes_open(core, gate);
    if (serves && f->lanes_open != RESULT_ABSENT)
        f->service_per_min = (double)f->lanes_open * gate->rate.per_min;
    if (gate->queue == CORE_NONE || !known)
        return;
    struct gate_queue *queue = &core->model.queues[gate->queue];
    queue->gates++;
    queue->service_per_min += isnan(f->service_per_min) ? 0 : f->service_per_min;
}

/* ---- arrivals, queue, wait ------------------------------------------------------------------- */

static double load_of(double arrivals, double service)
{
    return arrivals < service * GATE_LOAD_MAX ? arrivals / service : GATE_LOAD_MAX;
}

static double served_per_min(const struct tally *t)
{
    if (t->covered_ms <= 0 || t->covered_ms * GATE_COVERED_PART < tally_window_ms(t))
        return (double)NAN;
    return (double)(t->served + t->rejects) * 60000 / (double)t->covered_ms;
}

/* Part of its queue's people that wait for this gate. */
static double share_of(const struct gate_queue *queue, const struct gate_figures *f)
{
    if (queue->service_per_min > 0)
        return f->service_per_min > 0 ? f->service_per_min / queue->service_per_min : 0;
    return 1 / (double)queue->gates;
}

static void figure_counted(struct core *core, struct gate *gate, const struct zone *zone)
{
    struct gate_figures *f = &gate->figures;
    const struct gate_queue *queue = &core->model.queues[gate->queue];
    double share = share_of(queue, f), growth = 0;
    f->queue = (double)zone->occupancy * share;
    f->basis = GATE_QUEUE_COUNTED;
    if (f->service_per_min > 0) {
        if (tally_growth(&gate->tally, &growth))
            f->arrivals_per_min += growth * share;
        if (f->arrivals_per_min < 0)
            f->arrivals_per_min = 0;
        if (!isnan(f->arrivals_per_min))
            f->load = load_of(f->arrivals_per_min, f->service_per_min);
        f->wait_s = f->queue * 60 / f->service_per_min;
        const double each_s = share * 60 / f->service_per_min;
        gate->wait_judged_s = (double)zone_judged(core, queue->zone) * each_s;
        gate->wait_most_s = (double)zone_upper(core, queue->zone) * each_s;
    } else if (!(queue->service_per_min > 0) && zone->occupancy > GATE_WAITING_MAX) {
        f->load = GATE_LOAD_MAX;
    }
}

static void figure_estimated(struct gate *gate)
{
    struct gate_figures *f = &gate->figures;
    if (!(f->service_per_min > 0) || isnan(f->arrivals_per_min))
        return;
    f->load = load_of(f->arrivals_per_min, f->service_per_min);
    if (f->load * 100 >= GATE_SATURATED_PERCENT)
        return;
    f->queue = f->load * f->load / (1 - f->load);
    f->wait_s = f->queue * 60 / f->service_per_min;
    gate->wait_judged_s = gate->wait_most_s = f->wait_s;
    f->basis = GATE_QUEUE_ESTIMATED;
}

static double wait_for_rules(const struct gate *gate, bool closed, double wait_s)
{
    if (closed)
        return gate->figures.load >= GATE_LOAD_MAX ? GATE_WAIT_MIN_MAX : 0;
    return wait_s / 60;
}

static double worse(double a, double b)
{
    return b > a || isnan(a) ? b : a;
}

struct gate_worst gate_worst_none(void)
{
    const double none = (double)NAN;
    return (struct gate_worst){
        .wait_min = none, .load = none, .reject_percent = none, .wait_most_min = none};
}

/* What the rules of its zone see of it. */
static void worst_add(struct model *model, const struct gate *gate)
{
    struct gate_worst *worst = &model->zones[gate->zone].gate_worst;
    const struct sensor *sensor = &model->sensors[gate->sensor];
    const struct gate_figures *f = &gate->figures;
    bool told = f->basis == GATE_QUEUE_COUNTED || queue_uncounted(model, gate);
    bool closed = told && f->lanes_open == 0;
    if (!sensor->fresh || !sensor_serves(sensor))
        return;
    worst->wait_min = worse(worst->wait_min, wait_for_rules(gate, closed, gate->wait_judged_s));
    worst->wait_most_min =
        worse(worst->wait_most_min, wait_for_rules(gate, closed, gate->wait_most_s));
    worst->load = worse(worst->load, closed && isnan(f->load) ? 0 : f->load);
    worst->reject_percent =
        worse(worst->reject_percent, isnan(f->reject_percent) ? 0 : f->reject_percent);
}

static void gate_figure(struct core *core, struct gate *gate)
{
    const struct sensor *sensor = &core->model.sensors[gate->sensor];
    struct gate_figures *f = &gate->figures;
    const struct tally *t = &gate->tally;
    bool waiting = false;
    if (sensor->fresh && sensor_serves(sensor)) {
        const struct zone *zone = queue_zone(core, gate);
        if (!isnan(f->service_per_min))
            f->arrivals_per_min = served_per_min(t);
        if (zone)
            figure_counted(core, gate, zone);
        else if (queue_uncounted(&core->model, gate))
            figure_estimated(gate);
        waiting = zone && f->lanes_open != RESULT_ABSENT && f->queue >= (double)f->lanes_open;
        if (t->served + t->rejects >= GATE_ASKED_MIN)
            f->reject_percent = (double)t->rejects * 100 / (double)(t->served + t->rejects);
    }
    lane_rate_second(&gate->rate, f->lanes_open == RESULT_ABSENT ? 0 : f->lanes_open, waiting);
    worst_add(&core->model, gate);
}

/* ---- for rules ------------------------------------------------------------------------------- */

double gate_zone_metric(const struct core *core, uint32_t zone, enum metric metric)
{
    const struct gate_worst *worst = &core->model.zones[zone].gate_worst;
    return metric == METRIC_GATE_WAIT   ? worst->wait_min
           : metric == METRIC_GATE_LOAD ? worst->load
                                        : worst->reject_percent;
}

enum health_cause gate_zone_cause(const struct core *core, uint32_t z)
{
    const struct model *model = &core->model;
    const struct zone *zone = &model->zones[z];
    enum health_cause cause = CAUSE_SERVICE;
    for (uint32_t i = 0; i < zone->gate_count; i++) {
        const struct gate *gate = &model->gates[model->zone_gates[zone->gate_first + i]];
        const struct sensor *sensor = &model->sensors[gate->sensor];
        if (!sensor_serves(sensor))
            continue;
        if (sensor->fresh)
            return CAUSE_NONE;
        cause = CAUSE_SENSORS;
    }
    return cause;
}

/* ---- time ------------------------------------------------------------------------------------ */

void gates_advance(struct core *core, int64_t at_ms)
{
    struct model *model = &core->model;
    for (uint32_t q = 0; q < model->queue_count; q++) {
        model->queues[q].gates = 0;
        model->queues[q].service_per_min = 0;
    }
    for (uint32_t z = 0; model->gate_count && z < model->venue->zone_count; z++) {
        if (model->zones[z].gate_count)
            model->zones[z].gate_worst = gate_worst_none();
    }
    for (uint32_t g = 0; g < model->gate_count; g++) {
        gates_fetch(model, g, at_ms / WINDOW_BUCKET_MS);
        gate_advance(core, &model->gates[g], at_ms);
        if (model->gates[g].queue == CORE_NONE)
            gate_figure(core, &model->gates[g]);
    }
    /* Gates of one queue share it: first all of them, then what each has of it. */
    for (uint32_t g = 0; model->queue_count && g < model->gate_count; g++) {
        if (model->gates[g].queue != CORE_NONE)
            gate_figure(core, &model->gates[g]);
    }
}

void gates_pause(struct core *core)
{
    for (uint32_t g = 0; g < core->model.gate_count; g++) {
        tally_break(&core->model.gates[g].tally);
        lane_rate_break(&core->model.gates[g].rate);
    }
}
