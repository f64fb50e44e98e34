#include "processors/core/message.h"

#include <string.h>

#include "processors/core/drill.h"
#include "processors/core/emit.h"
#include "processors/core/gate.h"
#include "processors/core/judge.h"
#include "processors/core/light.h"
#include "processors/core/message_private.h"
#include "processors/core/reading.h"

void message_refuse(struct core *core, const struct record_mqtt *message,
                    const struct refusal *refusal)
{
    struct emit_letter letter = emit_letter_of(message);
    emit_deadletter(core, &letter, refusal);
}

/* Who speaks: topic and sensor. */
static bool sender_find(const struct core *core, struct str topic_text, struct topic *topic,
                        uint32_t *ret_sensor, struct refusal *refusal)
{
    const struct venue *venue = core->model.venue;
    if (!venue)
        return refusal_set(refusal, REFUSAL_UNKNOWN_SENSOR, "no venue model is in force yet");
    if (!topic_parse(topic_text, venue->id, topic, refusal))
        return false;
    uint32_t s = venue_sensor_find(venue, topic->sensor);
    if (s == UINT32_MAX)
        return refusal_set(refusal, REFUSAL_UNKNOWN_SENSOR, "the venue has no sensor of this name");
    if (!topic_fits(venue->sensors[s].class, topic->class)) {
        struct text t = refusal_begin(refusal, REFUSAL_WRONG_TYPE);
        text_add(&t, "topic says ");
        text_add(&t, topic_class_text(topic->class));
        text_add(&t, ", the venue says ");
        text_add(&t, sensor_class_text(venue->sensors[s].class));
        return refusal_end(&t);
    }
    *ret_sensor = s;
    return true;
}

/* The source's time where it is one, never in the future; else the time of receipt. */
static int64_t time_clamped(int64_t source_ms, int64_t now_ms)
{
    if (source_ms == RESULT_ABSENT || now_ms - source_ms > CORE_BACKFILL_MS_MAX ||
        source_ms > now_ms)
        return now_ms;
    return source_ms;
}

void message_date(const struct core *core, uint32_t s, struct result_reading *reading,
                  struct sensor_message *m)
{
    int64_t now_ms = core_now_ms(core), source_ms = m->source_ms;
    if (source_ms != RESULT_ABSENT && source_ms <= now_ms && now_ms - source_ms <= core->late_ms) {
        /* in time as it is: a clock that was ahead, and is set right, must not seem to be behind */
        int64_t corrected_ms = source_ms + core->model.health[s].skew.offset_ms;
        source_ms = now_ms - corrected_ms > core->late_ms ? source_ms : corrected_ms;
    } else if (source_ms != RESULT_ABSENT) {
        source_ms += core->model.health[s].skew.offset_ms;
    }
    reading->ts = time_clamped(source_ms, now_ms);
    m->late = m->stored || core_now_ms(core) - reading->ts > core->late_ms;
    reading->late = m->late;
}

static void alerts_touched(struct core *core, const struct sensor_message *m)
{
    /* Late data page now, never backdated. */
    int64_t ts_ms = m->late ? core_now_ms(core) : m->reading->ts;
    for (uint32_t i = 0; i < core->touched_count; i++)
        judge_zone(core, core->touched[i], core->now_ns, ts_ms, !m->retained);
}

static void say(struct core *core, uint32_t s, struct result_reading *reading)
{
    const struct venue *venue = core->model.venue;
    reading->venue = venue->id;
    reading->sensor = venue->sensors[s].id;
    reading->kind = reading_kind(venue->sensors[s].class, venue->sensors[s].kind);
    reading->zone = venue->zones[venue->sensors[s].zone].id;
    reading->received = core_now_ms(core);
    if (!sensor_serves(&core->model.sensors[s]))
        reading->service =
            str_of(sensor_service_text((enum sensor_service)core->model.sensors[s].service));
    emit(core, RECORD_READING, reading);
}

/* What it lacks is as it was last said; it was applied without, since it is no news. */
static void complete(const struct core *core, uint32_t s, struct result_reading *reading)
{
    const struct sensor *sensor = &core->model.sensors[s];
    switch (core->model.venue->sensors[s].class) {
    case SENSOR_CROWD: /* a level has one member only, and what has passed is not said twice */
        if (sensor->counter.known && reading->in == RESULT_ABSENT)
            reading->in = sensor->counter.in;
        if (sensor->counter.known && reading->out == RESULT_ABSENT)
            reading->out = sensor->counter.out;
        break;
    case SENSOR_GATE:
    case SENSOR_VEHICLE_GATE:
        gate_complete(&core->model.gates[sensor->device], reading);
        break;
    case SENSOR_LIGHT:
        light_complete(&core->model.lights[sensor->device], reading);
        break;
    }
}

enum message_fate message_reading(struct core *core, uint32_t s,
                                  const struct dedup_message *identity,
                                  struct result_reading *reading, const struct sensor_message *m,
                                  struct refusal *refusal)
{
    reading->status = core_status(core);
    if (dedup_seen(&core->model.dedup, s, &core->model.sensors[s].memory, identity))
        return MESSAGE_DUPLICATE;
    if (core->exercise)
        drill_sensor(core, s);
    core->late = m->late;
    core->stored = m->stored;
    if (!sensor_apply(core, s, m, refusal))
        return MESSAGE_REFUSED;
    const struct surge *surge = &core->model.sensors[s].surge;
    if (surge->pending && surge->at_ms == core_now_ms(core))
        reading->suspect = true;
    if (core->exercise)
        drill_touched(core);
    if (m->partial)
        complete(core, s, reading);
    say(core, s, reading);
    ahead_said(core);
    if (m->source_ms != RESULT_ABSENT && !m->late && !m->retained)
        core->results->source_age_ms = core_now_ms(core) - reading->ts;
    if (!m->stored) /* what was kept back repairs history: nobody is called by it */
        alerts_touched(core, m);
    return MESSAGE_COUNTED;
}

static void apply(struct core *core, const struct record_mqtt *message, uint32_t s,
                  struct result_reading *reading, struct sensor_message *m)
{
    struct refusal refusal;
    message_date(core, s, reading, m);
    const struct dedup_message identity = {.ts_ms = m->source_ms,
                                           .seq = reading->seq,
                                           .dup = message->bits & RECORD_MQTT_DUP,
                                           .bytes = message->payload};
    switch (message_reading(core, s, &identity, reading, m, &refusal)) {
    case MESSAGE_COUNTED:
        core->books.decoded++;
        return;
    case MESSAGE_DUPLICATE:
        core->books.duplicate++;
        return;
    case MESSAGE_REFUSED:
        message_refuse(core, message, &refusal);
        return;
    }
}

void message_take(struct core *core, const struct record_mqtt *message)
{
    struct refusal refusal;
    struct topic topic;
    uint32_t s = UINT32_MAX;
    core->books.received++;
    if (!sender_find(core, message->topic, &topic, &s, &refusal)) {
        if (refusal.reason != REFUSAL_UNKNOWN_TOPIC || !message_mapped(core, message))
            message_refuse(core, message, &refusal);
        return;
    }
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    bool status = topic.class == TOPIC_STATUS;
    struct result_reading reading = core->reading_clear;
    if (!reading_parse(core->json, topic.class, model, message->payload, &reading, &refusal)) {
        message_refuse(core, message, &refusal);
        return;
    }
    ahead_parsed(core);
    struct sensor_message m = {.reading = &reading,
                               .source_ms = reading.ts,
                               .status = status,
                               .retained = message->bits & RECORD_MQTT_RETAIN};
    if (m.retained && message_retained_ignored(core, s, status, topic.drill)) {
        core->books.ignored_retained++;
        return;
    }
    if (!topic.drill) {
        apply(core, message, s, &reading, &m);
        return;
    }
    if (!drill_admit(core, !status, &refusal)) {
        message_refuse(core, message, &refusal);
        return;
    }
    drill_enter(core);
    apply(core, message, s, &reading, &m);
    drill_leave(core);
}

void message_oversized(struct core *core, const struct record_oversized *message)
{
    static const char digits[] = "0123456789abcdef";
    struct refusal refusal;
    struct emit_letter letter = {
        .topic = message->topic, .payload = message->head, .payload_bytes = message->payload_len};
    struct text t = refusal_begin(&refusal, REFUSAL_OVERSIZED);
    text_add(&t, "payload over the limit; SHA-256 ");
    for (size_t i = 0; i < sizeof message->sha256; i++) {
        text_add_char(&t, digits[message->sha256[i] >> 4]);
        text_add_char(&t, digits[message->sha256[i] & 15]);
    }
    (void)refusal_end(&t);
    core->books.received++;
    emit_deadletter(core, &letter, &refusal);
}

void message_withheld(struct core *core, const struct record_withheld *message)
{
    static const enum refusal_reason reasons[] = {
        [RECORD_WITHHELD_MALFORMED] = REFUSAL_MALFORMED, [RECORD_WITHHELD_UTF8] = REFUSAL_UTF8,
        [RECORD_WITHHELD_OVERSIZED] = REFUSAL_OVERSIZED, [RECORD_WITHHELD_KEY] = REFUSAL_REJECTED,
        [RECORD_WITHHELD_FAILED] = REFUSAL_REJECTED,
    };
    struct refusal refusal;
    struct emit_letter letter = {.topic = message->topic,
                                 .personal = true,
                                 .keyed_hash = message->keyed_hash,
                                 .payload_bytes = message->payload_len};
    struct text t = refusal_begin(&refusal, reasons[message->reason]);
    text_add(&t, "personal data, nothing of which was kept: ");
    text_add(&t, record_withheld_text(message->reason));
    (void)refusal_end(&t);
    core->books.received++;
    emit_deadletter(core, &letter, &refusal);
}
