/* Counters of passages: what a message says went through, counted or suspect. */
#include "processors/core/sensor_private.h"

struct passages {
    int64_t in, out;
};

static void passages_count(struct core *core, uint32_t s, int64_t in, int64_t out,
                           const struct sensor_message *m)
{
    struct zone_time when = sensor_when(core, m);
    sensor_missed_told(core, s, in, out, m->late);
    zone_passage(core, s, in, out, &when);
}

/* Counted when plausible; else suspect, until the next message. */
void sensor_passages(struct core *core, uint32_t s, int64_t in, int64_t out,
                     const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    sensor_surge_end(core, s, false);
    if (surge_plausible(in + out, sensor_since_ms(core, s), &core->model.venue->settings)) {
        passages_count(core, s, in, out, m);
        return;
    }
    bool outer = out > in && core->model.venue->sensors[s].outside != VENUE_NO_ZONE;
    int64_t gained = outer ? out - in : in - out;
    sensor->surge = (struct surge){.pending = true,
                                   .at_ms = core_now_ms(core),
                                   .in = in,
                                   .out = out,
                                   .people = gained > 0 ? gained : 0,
                                   .outer = outer};
    sensor_suspect(core, s, sensor->surge.people);
}

/* A message held against a counter's memory, by what the venue and the clock say of it. */
static enum counter_verdict step(const struct core *core, uint32_t s, struct counter_memory *memory,
                                 const struct counter_reading *reading, struct passages *ret)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    bool offset_known = core->utc_offset_s != RECORD_NO_UTC_OFFSET;
    struct counter_rules rules = {.wrap = model->wrap,
                                  .daily = model->kind == COUNTER_DAILY,
                                  .offset_known = offset_known,
                                  .utc_offset_s = offset_known ? core->utc_offset_s : 0};
    return counter_step(memory, &rules, reading, &ret->in, &ret->out);
}

static bool goes_on(enum counter_verdict verdict)
{
    return verdict == COUNTER_MOVED || verdict == COUNTER_WRAPPED;
}

/* A counter that jumped shows the jump in all that follows: it agrees with itself. So the passages
 * are counted, but where people have left by them the bound holds that they have not. */
static void jump_doubt(struct core *core, uint32_t s, int64_t net)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    if (net < 0)
        zone_doubt(core, model->zone, -net);
    else if (model->outside != VENUE_NO_ZONE)
        zone_doubt(core, model->outside, net);
}

/* A counter that goes on from where it jumped (or fell) to has counted; one that goes on from where
 * it was before has not. */
static void surge_resolve(struct core *core, uint32_t s, const struct counter_reading *reading,
                          const struct sensor_message *m)
{
    struct sensor *sensor = &core->model.sensors[s];
    struct surge was = sensor->surge;
    struct counter_memory before = was.before, after = sensor->counter;
    const struct venue_settings *limits = &core->model.venue->settings;
    struct passages passed;
    if (!was.pending)
        return;
    if (goes_on(step(core, s, &after, reading, &passed)) &&
        surge_plausible(passed.in + passed.out, sensor_since_ms(core, s), limits)) {
        sensor_surge_end(core, s, true);
        if (was.in || was.out)
            passages_count(core, s, was.in, was.out, m);
        jump_doubt(core, s, was.in - was.out);
    } else if (goes_on(step(core, s, &before, reading, &passed))) {
        sensor_surge_end(core, s, true); /* what was not counted is not in doubt: it is back */
        sensor->counter = was.before;
        jump_doubt(core, s, was.value);
    }
}

/* One garbled message makes a counter fall or leap far; the next one then goes on from before.
 * Without this it would count all that the counter has ever shown. */
static void restart_suspend(struct core *core, uint32_t s, const struct counter_memory *before,
                            const struct passages *counted)
{
    core->model.sensors[s].surge = (struct surge){.pending = true,
                                                  .at_ms = core_now_ms(core),
                                                  .value = counted->in - counted->out,
                                                  .before = *before};
}

bool sensor_counter_apply(struct core *core, uint32_t s, const struct sensor_message *m,
                          struct refusal *refusal)
{
    struct sensor *sensor = &core->model.sensors[s];
    bool delta = core->model.venue->sensors[s].kind == COUNTER_DELTA;
    struct passages passed = {counter_or_zero(m->reading->in), counter_or_zero(m->reading->out)};
    struct counter_memory before = {0};
    bool restart = false;
    enum counter_verdict verdict = COUNTER_MOVED;
    enum counter_order order = sensor_order(core, s, m);
    if (!delta) {
        /* A silent counter that speaks again is believed whatever its clock says, as with levels.
         */
        if (order == COUNTER_OLDER && !sensor->fresh && !m->stored)
            order = COUNTER_ORDER_UNKNOWN;
        struct counter_reading reading = {
            .in = m->reading->in, .out = m->reading->out, .at_ms = m->reading->ts, .order = order};
        surge_resolve(core, s, &reading, m);
        before = sensor->counter;
        verdict = step(core, s, &sensor->counter, &reading, &passed);
        restart = verdict == COUNTER_RESET || verdict == COUNTER_ROLLED_BACK;
        core->model.health[s].resets += restart;
        if (verdict == COUNTER_JUMP) {
            sensor_surge_end(core, s, false);
            restart_suspend(core, s, &before, &passed);
            return refusal_set(
                refusal, REFUSAL_OUT_OF_RANGE,
                "in, out: more passages since the last message than people can make; "
                "taken as a new start");
        }
    }
    sensor_passages(core, s, passed.in, passed.out, m);
    if (!delta && verdict != COUNTER_OLD && !sensor->surge.pending)
        sensor_missed_total(core, s, !goes_on(verdict));
    if (sensor->surge.pending)
        sensor->surge.before = before;
    else if (restart)
        restart_suspend(core, s, &before, &passed);
    if (order != COUNTER_OLDER)
        sensor_remember(sensor, m);
    /* A total that is older than the last said nothing. Was the clock set back, so are all that
     * follow, until that is found out (skew.h) or the counter has fallen silent. */
    if (order != COUNTER_OLDER || delta)
        sensor_fresh(core, s);
    return true;
}
