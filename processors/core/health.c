#include "processors/core/health.h"

#include "processors/core/drill.h"
#include "processors/core/emit.h"
#include "processors/core/sensor.h"
#include "schemas/base/fetch.h"
#include "schemas/payload/member.h"

enum { LOOK_AHEAD = 2 };

const char *health_state_text(enum health_state state)
{
    static const char *const text[] = {
#define HEALTH_STATE_TEXT(name, text) text,
        HEALTH_STATES(HEALTH_STATE_TEXT)
#undef HEALTH_STATE_TEXT
    };
    return text[state];
}

void health_init(struct health *h)
{
    *h = (struct health){.heard_ms = CORE_NEVER, .offset_ms = {RESULT_ABSENT, RESULT_ABSENT}};
    period_init(&h->period);
}

void health_ears_init(struct health_ears *ears)
{
    *ears = (struct health_ears){
        .lost_ms = CORE_NEVER, .since_ms = CORE_NEVER, .deaf_end_ms = CORE_NEVER};
}

/* ---- hearing --------------------------------------------------------------------------------- */

/* It was deaf from then until now; what was shorter than the grace explains nothing. */
static void deaf_until_now(struct core *core, int64_t from_ms, enum health_cause cause)
{
    struct health_ears *ears = &core->ears;
    int64_t now_ms = core_now_ms(core);
    ears->since_ms = now_ms;
    if (!core->model.venue || now_ms - from_ms < core->model.venue->settings.broker_grace_ms)
        return;
    ears->deaf_end_ms = now_ms;
    ears->deaf_cause = (uint8_t)cause;
}

void health_connection(struct core *core, bool hears, int64_t lost_ms)
{
    struct health_ears *ears = &core->ears;
    int64_t before_ms = ears->lost_ms;
    if (!hears && before_ms == CORE_NEVER) {
        ears->lost_ms = lost_ms;
    } else if (hears && before_ms != CORE_NEVER) {
        ears->lost_ms = CORE_NEVER;
        deaf_until_now(core, before_ms, CAUSE_BROKER);
    }
}

void health_gap(struct core *core, int64_t from_ms)
{
    deaf_until_now(core, from_ms, CAUSE_GAP);
}

int64_t health_broker_lost_ms(const struct core *core)
{
    int64_t lost_ms = core->ears.lost_ms;
    return lost_ms == CORE_NEVER ? 0 : core_now_ms(core) - lost_ms;
}

static bool broker_lost(const struct core *core)
{
    return core->ears.lost_ms != CORE_NEVER &&
           health_broker_lost_ms(core) >= core->model.venue->settings.broker_grace_ms;
}

/* Why what was last heard then, and may be silent for so long, is silent: CAUSE_NONE when it has
 * had its time. */
static enum health_cause excuse(const struct core *core, int64_t heard_ms, int64_t silence_ms)
{
    const struct health_ears *ears = &core->ears;
    if (broker_lost(core))
        return CAUSE_BROKER;
    if (ears->deaf_end_ms == CORE_NEVER || heard_ms >= ears->deaf_end_ms ||
        core_now_ms(core) - ears->deaf_end_ms >= silence_ms)
        return CAUSE_NONE;
    return (enum health_cause)ears->deaf_cause;
}

/* ---- what a message says --------------------------------------------------------------------- */

static void offset_note(struct health *h, int64_t now_ms, int64_t offset_ms)
{
    int64_t half = now_ms / HEALTH_HALF_MS;
    if (half != h->half) {
        h->offset_ms[1] = half == h->half + 1 ? h->offset_ms[0] : RESULT_ABSENT;
        h->offset_ms[0] = RESULT_ABSENT;
        h->half = half;
    }
    if (h->offset_ms[0] == RESULT_ABSENT || offset_ms < h->offset_ms[0])
        h->offset_ms[0] = offset_ms;
}

static int64_t offset_least(const struct health *h, int64_t now_ms)
{
    int64_t passed = now_ms / HEALTH_HALF_MS - h->half;
    if (passed > 1)
        return RESULT_ABSENT;
    int64_t a = h->offset_ms[0], b = passed == 0 ? h->offset_ms[1] : RESULT_ABSENT;
    return a == RESULT_ABSENT || (b != RESULT_ABSENT && b < a) ? b : a;
}

void health_heard(struct core *core, uint32_t s, const struct sensor_message *m)
{
    struct health *h = &core->model.health[s];
    int64_t now_ms = core_now_ms(core);
    h->heard_ms = now_ms;
    if (m->source_ms != RESULT_ABSENT && !m->stored) {
        offset_note(h, now_ms, now_ms - m->source_ms);
        skew_note(&h->skew, now_ms, now_ms - m->source_ms);
    }
    if (sensor_order(core, s, m) == COUNTER_OLDER)
        h->out_of_order++;
    if (m->late) /* kept back somewhere: says nothing about its period */
        return;
    if (core->ears.lost_ms != CORE_NEVER || h->period.report_ms < core->ears.since_ms)
        period_break(&h->period);
    period_heard(&h->period, now_ms, core->model.venue->sensors[s].silence_ms);
}

int64_t health_silence_ms(const struct model *model, uint32_t s)
{
    const struct venue_sensor *as = &model->venue->sensors[s];
    return as->silence_set ? as->silence_ms
                           : period_silence_ms(&model->health[s].period, as->silence_ms);
}

/* ---- what is said ---------------------------------------------------------------------------- */

enum health_state health_state(const struct core *core, uint32_t s)
{
    const struct sensor *sensor = &core->model.sensors[s];
    if (sensor->fresh)
        return HEALTH_FRESH;
    if (sensor->offline)
        return HEALTH_OFFLINE;
    if (excuse(core, core->model.health[s].heard_ms, health_silence_ms(&core->model, s)) ==
        CAUSE_BROKER)
        return HEALTH_UNREACHED;
    return sensor->heard ? HEALTH_SILENT : HEALTH_UNHEARD;
}

static struct health_shown look(const struct core *core, uint32_t s)
{
    const struct sensor *sensor = &core->model.sensors[s];
    const struct health *h = &core->model.health[s];
    return (struct health_shown){.once = true,
                                 .state = (uint8_t)health_state(core, s),
                                 .service = sensor->service,
                                 .saturated = sensor->saturated,
                                 .period_ms = h->period.said_ms,
                                 .silence_ms = health_silence_ms(&core->model, s),
                                 .offset_ms = offset_least(h, core_now_ms(core)),
                                 .skew_ms = h->skew.offset_ms,
                                 .service_until_ms = sensor->service_until_ms,
                                 .suspect = sensor->surge.people,
                                 .resets = h->resets,
                                 .out_of_order = h->out_of_order};
}

static bool offset_moved(int64_t from_ms, int64_t to_ms)
{
    if (from_ms == RESULT_ABSENT || to_ms == RESULT_ABSENT)
        return from_ms != to_ms;
    return to_ms - from_ms >= HEALTH_OFFSET_MS || from_ms - to_ms >= HEALTH_OFFSET_MS;
}

static bool differs(const struct health_shown *a, const struct health_shown *b)
{
    return a->once != b->once || a->state != b->state || a->service != b->service ||
           a->saturated != b->saturated || a->period_ms != b->period_ms ||
           a->silence_ms != b->silence_ms || offset_moved(a->offset_ms, b->offset_ms) ||
           offset_moved(a->skew_ms, b->skew_ms) || a->service_until_ms != b->service_until_ms ||
           a->suspect != b->suspect || a->resets != b->resets || a->out_of_order != b->out_of_order;
}

/* again: also when it stands as last said. */
static void say(struct core *core, uint32_t s, int64_t at_ms, bool again)
{
    const struct venue *venue = core->model.venue;
    struct health *h = &core->model.health[s];
    struct result_sensor result;
    struct health_shown now = look(core, s);
    if (!drill_shows_sensor(core, s) || (!again && !differs(&h->shown, &now)))
        return;
    h->shown = now;
    result_clear(RECORD_SENSOR, &result);
    result.venue = venue->id;
    result.sensor = venue->sensors[s].id;
    result.zone = venue->zones[venue->sensors[s].zone].id;
    result.at = at_ms;
    result.kind = reading_kind(venue->sensors[s].class, venue->sensors[s].kind);
    result.health = str_of(health_state_text((enum health_state)now.state));
    result.service = str_of(sensor_service_text((enum sensor_service)now.service));
    if (now.service_until_ms != CORE_NEVER)
        result.service_until = now.service_until_ms;
    if (h->heard_ms != CORE_NEVER)
        result.heard_at = h->heard_ms;
    result.silence_ms = now.silence_ms;
    if (now.period_ms)
        result.period_ms = now.period_ms;
    result.clock_offset_ms = now.offset_ms;
    if (now.skew_ms)
        result.clock_correction_ms = now.skew_ms;
    result.suspect = now.suspect;
    result.saturated = now.saturated;
    result.resets = now.resets;
    result.out_of_order = now.out_of_order;
    result.status = core_status(core);
    emit(core, RECORD_SENSOR, &result);
}

/* Of so many sensors no cache holds what `look` reads. */
static void look_fetch(const struct model *model, uint32_t s)
{
    if (s >= model->venue->sensor_count)
        return;
    const struct sensor *sensor = &model->sensors[s];
    const struct venue_sensor *as = &model->venue->sensors[s];
    fetch(&model->health[s], sizeof *model->health);
    fetch(sensor, offsetof(struct sensor, surge.at_ms));
    fetch(&sensor->service_until_ms, sizeof sensor->service_until_ms);
    fetch(&as->silence_ms, sizeof as->silence_ms);
    fetch(&as->silence_set, sizeof as->silence_set);
}

void health_changed(struct core *core, uint32_t s)
{
    core->model.health_due[s / 64] |= UINT64_C(1) << s % 64;
}

void health_second(struct core *core, int64_t at_ms)
{
    struct model *model = &core->model;
    uint32_t count = model->venue->sensor_count;
    bool lost = broker_lost(core);
    if (lost != model->health_lost_said) {
        for (uint32_t s = 0; s < count; s++)
            health_changed(core, s);
        model->health_lost_said = lost;
    }
    for (uint32_t s = (uint32_t)(at_ms / 1000 % HEALTH_LOOK_S); s < count; s += HEALTH_LOOK_S) {
        look_fetch(model, s + LOOK_AHEAD * HEALTH_LOOK_S);
        say(core, s, at_ms, emit_again(core, s, EMIT_AGAIN_SLOW_S));
    }
    for (uint32_t word = 0; word <= count / 64; word++) {
        for (uint64_t due = model->health_due[word]; due; due &= due - 1)
            say(core, word * 64 + (uint32_t)__builtin_ctzll(due), at_ms, false);
        model->health_due[word] = 0;
    }
}

/* ---- zones ----------------------------------------------------------------------------------- */

enum health_cause health_excuse(const struct core *core, int64_t silence_ms)
{
    return excuse(core, CORE_NEVER, silence_ms);
}

enum health_cause health_cause_of(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    if (zone->known)
        return zone->adrift ? CAUSE_RECOUNT : CAUSE_NONE;
    if (zone->sensors == 0)
        return CAUSE_SERVICE;
    enum health_cause cause = excuse(core, CORE_NEVER, zone->silence_ms);
    if (cause != CAUSE_NONE)
        return cause;
    return zone->fresh ? CAUSE_QUORUM : CAUSE_SENSORS;
}

const char *health_cause_text(enum health_cause cause)
{
    static const char *const text[] = {
#define HEALTH_CAUSE_TEXT(name, text) text,
        HEALTH_CAUSES(HEALTH_CAUSE_TEXT)
#undef HEALTH_CAUSE_TEXT
    };
    return text[cause];
}

struct str health_cause(const struct core *core, uint32_t z)
{
    return str_of(health_cause_text(health_cause_of(core, z)));
}
