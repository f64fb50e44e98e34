#include "processors/core/message.h"

#include <string.h>

#include "processors/core/drill.h"
#include "processors/core/emit.h"
#include "processors/core/judge.h"
#include "processors/core/reading.h"
#include "processors/core/sensor.h"

static void refuse(struct core *core, const struct record_mqtt *message,
                   const struct refusal *refusal)
{
    struct emit_letter letter = {.topic = message->topic,
                                 .payload = message->payload,
                                 .payload_bytes = message->payload.len};
    emit_deadletter(core, &letter, refusal);
}

static bool class_fits(enum sensor_class sensor, enum topic_class topic)
{
    switch (topic) {
    case TOPIC_CROWD:
        return sensor == SENSOR_CROWD;
    case TOPIC_GATE:
        return sensor == SENSOR_GATE || sensor == SENSOR_VEHICLE_GATE;
    case TOPIC_LIGHT:
        return sensor == SENSOR_LIGHT;
    case TOPIC_STATUS:
        return true;
    }
    return false;
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
    if (!class_fits(venue->sensors[s].class, topic->class)) {
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

/* When it was, by our clock. */
static void date(const struct core *core, uint32_t s, struct result_reading *reading,
                 struct sensor_message *m)
{
    int64_t source_ms = m->source_ms;
    if (source_ms != RESULT_ABSENT)
        source_ms += core->model.health[s].skew.offset_ms;
    reading->ts = time_clamped(source_ms, core_now_ms(core));
    m->late = core_now_ms(core) - reading->ts > core->late_ms;
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
    core->books.decoded++;
    emit(core, RECORD_READING, reading);
}

/* What a message that was understood does to the state it is meant for. */
static void apply(struct core *core, const struct record_mqtt *message, uint32_t s,
                  struct result_reading *reading, struct sensor_message *m)
{
    struct refusal refusal;
    date(core, s, reading, m);
    reading->status = core_status(core);
    struct dedup_message identity = {.ts_ms = m->source_ms,
                                     .seq = reading->seq,
                                     .dup = message->bits & RECORD_MQTT_DUP,
                                     .bytes = message->payload};
    if (dedup_seen(&core->model.dedup, s, &core->model.sensors[s].memory, &identity)) {
        core->books.duplicate++;
        return;
    }
    if (core->exercise)
        drill_sensor(core, s);
    core->late = m->late;
    if (!sensor_apply(core, s, m, &refusal)) {
        refuse(core, message, &refusal);
        return;
    }
    const struct surge *surge = &core->model.sensors[s].surge;
    if (surge->pending && surge->at_ms == core_now_ms(core))
        reading->suspect = true;
    if (core->exercise)
        drill_touched(core);
    say(core, s, reading);
    ahead_said(core);
    alerts_touched(core, m);
}

void message_take(struct core *core, const struct record_mqtt *message)
{
    struct refusal refusal;
    struct topic topic;
    uint32_t s = UINT32_MAX;
    core->books.received++;
    if (!sender_find(core, message->topic, &topic, &s, &refusal)) {
        refuse(core, message, &refusal);
        return;
    }
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    bool status = topic.class == TOPIC_STATUS;
    struct result_reading reading = core->reading_clear;
    if (!reading_parse(core->json, topic.class, model, message->payload, &reading, &refusal)) {
        refuse(core, message, &refusal);
        return;
    }
    ahead_parsed(core);
    struct sensor_message m = {.reading = &reading,
                               .source_ms = reading.ts,
                               .status = status,
                               .retained = message->bits & RECORD_MQTT_RETAIN};
    /* What is left on the broker from an earlier drill is nobody's mistake, either. */
    if (m.retained &&
        (!sensor_retained_allowed(model, status) || (topic.drill && !drill_running(core)))) {
        core->books.ignored_retained++;
        return;
    }
    if (!topic.drill) {
        apply(core, message, s, &reading, &m);
        return;
    }
    if (!drill_admit(core, !status, &refusal)) {
        refuse(core, message, &refusal);
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
