#include "deploy/cli/payload_shown.h"

#include <stdlib.h>
#include <string.h>

#include "deploy/cli/payload_advice.h"
#include "deploy/cli/payload_catalog.h"
#include "processors/core/reading.h"
#include "processors/core/sensor.h"
#include "processors/core/topic.h"
#include "schemas/payload/member.h"
#include "schemas/payload/payload_redact.h"

enum { IGNORED_SHOWN_MAX = 24, NAME_SHOWN_BYTES_MAX = 80 };

struct payload_shown {
    const struct venue *venue;
    struct payload_decoder *decoder;
    struct json_parser *json;
    struct payload_catalog *catalog;
    struct payload_advice *advice;
    const struct payload_maps *alone;
};

bool payload_shown_new(const struct venue *venue, const char *payload_dir,
                       struct payload_shown **ret, struct error *err)
{
    struct payload_shown *shown = calloc(1, sizeof *shown);
    if (!shown)
        return error_set(err, ERROR_NO_MEMORY, 0, "payloads");
    shown->venue = venue;
    shown->decoder = payload_decoder_new();
    shown->json = json_parser_new(READING_DOCUMENT_BYTES_MAX);
    shown->advice = payload_advice_new(venue);
    bool ok = shown->decoder && shown->json && shown->advice;
    if (!ok)
        (void)error_set(err, ERROR_NO_MEMORY, 0, "payloads");
    if (!ok || !payload_catalog_open(payload_dir, &shown->catalog, err)) {
        payload_shown_free(shown);
        return false;
    }
    *ret = shown;
    return true;
}

void payload_shown_free(struct payload_shown *shown)
{
    if (!shown)
        return;
    payload_decoder_free(shown->decoder);
    json_parser_free(shown->json);
    payload_catalog_close(shown->catalog);
    payload_advice_free(shown->advice);
    free(shown);
}

void payload_shown_map(struct payload_shown *shown, const struct payload_maps *alone)
{
    shown->alone = alone;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void refused_line(struct text *out, const struct refusal *refusal)
{
    text_add(out, "  refused  ");
    text_add(out, refusal_reason_text(refusal->reason));
    text_add(out, ": ");
    text_add_plain(out, str_of(refusal->detail));
    text_add_char(out, '\n');
}

static void map_line(struct text *out, const struct payload_map *map)
{
    const struct payload_facts *facts = payload_map_facts(map);
    text_add(out, "  map      ");
    text_add_str(out, facts->id);
    if (facts->title.len) {
        text_add(out, ": ");
        text_add_str(out, facts->title);
    }
    text_add_char(out, '\n');
}

static void kind_add(struct text *out, enum sensor_class class, enum counter_kind kind)
{
    text_add(out, sensor_class_text(class));
    if (class == SENSOR_CROWD) {
        text_add_char(out, ' ');
        text_add(out, counter_kind_text(kind));
    }
}

static void place_add(struct text *out, const struct venue *venue, const struct venue_sensor *s,
                      bool retained)
{
    text_add(out, "  -> sensor ");
    text_add_str(out, s->id);
    text_add(out, ", zone ");
    text_add_str(out, venue->zones[s->zone].id);
    if (s->service != SERVICE_IN) {
        text_add(out, ", ");
        text_add(out, sensor_service_text(s->service));
        text_add(out, ": it does not count");
    }
    if (retained && !sensor_retained_allowed(s, false))
        text_add(out, ", retained: what has passed before does not count");
}

struct ignored {
    struct text *out;
    uint32_t count;
};

static void ignored_found(void *context, struct str pointer)
{
    struct ignored *ignored = context;
    if (ignored->count < IGNORED_SHOWN_MAX) {
        text_add(ignored->out, ignored->count ? " " : "  ignored  ");
        text_add_plain(ignored->out, pointer);
    }
    ignored->count++;
}

static void ignored_line(struct payload_shown *shown, const struct payload_map *map,
                         struct text *out)
{
    struct ignored ignored = {.out = out};
    payload_ignored(shown->decoder, map, ignored_found, &ignored);
    if (ignored.count > IGNORED_SHOWN_MAX) {
        text_add(out, " and ");
        text_add_u64(out, ignored.count - IGNORED_SHOWN_MAX);
        text_add(out, " more");
    }
    if (ignored.count)
        text_add_char(out, '\n');
}

/* ---- crowdtide's own topics ------------------------------------------------------------------ */

static enum shown_fate own_reading(struct payload_shown *shown, const struct topic *topic,
                                   const struct venue_sensor *sensor,
                                   const struct payload_message *message, struct text *out)
{
    struct refusal refusal;
    struct payload_reading reading = {
        .device = sensor->id, .class = sensor->class, .kind = sensor->kind};
    result_clear(RECORD_READING, &reading.values);
    if (!reading_parse(shown->json, topic->class, sensor, message->payload, &reading.values,
                       &refusal)) {
        refused_line(out, &refusal);
        return SHOWN_REFUSED;
    }
    text_add(out, "  reading  ");
    payload_reading_text(&reading, out);
    place_add(out, shown->venue, sensor, message->retained && topic->class != TOPIC_STATUS);
    text_add_char(out, '\n');
    return SHOWN_COUNTS;
}

static enum shown_fate own_message(struct payload_shown *shown,
                                   const struct payload_message *message, struct text *out)
{
    struct refusal refusal;
    struct topic topic;
    if (!topic_parse(message->topic, shown->venue->id, &topic, &refusal)) {
        refused_line(out, &refusal);
        return SHOWN_REFUSED;
    }
    text_add(out, topic.drill ? "  map      crowdtide's own payloads, for a drill\n"
                              : "  map      crowdtide's own payloads\n");
    uint32_t s = venue_sensor_find(shown->venue, topic.sensor);
    if (s == UINT32_MAX) {
        text_add(out, "  refused  unknown_sensor: the venue has no sensor of this name\n");
        payload_advice_own(shown->advice, topic.class, topic.sensor, message->payload);
        return SHOWN_UNBOUND;
    }
    const struct venue_sensor *sensor = &shown->venue->sensors[s];
    if (topic_fits(sensor->class, topic.class))
        return own_reading(shown, &topic, sensor, message, out);
    struct text t = refusal_begin(&refusal, REFUSAL_WRONG_TYPE);
    text_add(&t, "topic says ");
    text_add(&t, topic_class_text(topic.class));
    text_add(&t, ", the venue says ");
    text_add(&t, sensor_class_text(sensor->class));
    (void)refusal_end(&t);
    refused_line(out, &refusal);
    return SHOWN_REFUSED;
}

/* ---- payload maps ---------------------------------------------------------------------------- */

static enum shown_fate worse(enum shown_fate a, enum shown_fate b)
{
    return a > b ? a : b;
}

/* As process counts it: an unbound part of a device that is known otherwise is no mistake. */
static enum shown_fate unbound_reading(struct payload_shown *shown, const struct payload_map *map,
                                       const struct payload_reading *reading, struct text *out)
{
    bool known = venue_device_first(shown->venue, reading->device) != UINT32_MAX;
    text_add(out, reading->unbound_ignore ? "  -> no sensor; the map expects that\n"
                  : known                 ? "  -> no sensor; other parts of the device have one\n"
                                          : "  -> no sensor is bound to it\n");
    payload_advice_unbound(shown->advice, map, reading);
    return reading->unbound_ignore || known ? SHOWN_COUNTS : SHOWN_UNBOUND;
}

static enum shown_fate mapped_reading(struct payload_shown *shown, const struct payload_map *map,
                                      const struct payload_reading *reading, bool retained,
                                      struct text *out)
{
    uint32_t s = venue_device_find(shown->venue, reading->device, reading->part);
    text_add(out, "  reading  ");
    payload_reading_text(reading, out);
    if (s == UINT32_MAX && !reading->unnamed)
        return unbound_reading(shown, map, reading, out);
    if (reading->refused) {
        text_add_char(out, '\n');
        return SHOWN_REFUSED;
    }
    const struct venue_sensor *sensor = &shown->venue->sensors[s];
    place_add(out, shown->venue, sensor, retained);
    if (sensor->class == reading->class &&
        (reading->class != SENSOR_CROWD || sensor->kind == reading->kind)) {
        text_add_char(out, '\n');
        return SHOWN_COUNTS;
    }
    text_add(out, "\n  refused  wrong_type: the map says ");
    kind_add(out, reading->class, reading->kind);
    text_add(out, ", the venue file ");
    kind_add(out, sensor->class, sensor->kind);
    text_add_char(out, '\n');
    return SHOWN_REFUSED;
}

static enum shown_fate status_shown(struct payload_shown *shown,
                                    const struct payload_outcome *outcome, struct text *out)
{
    uint32_t count = 0;
    for (uint32_t s = venue_device_first(shown->venue, outcome->device); s != UINT32_MAX;
         s = shown->venue->devices[s].next)
        count++;
    text_add(out, "  status   device ");
    text_add_plain(out, outcome->device);
    text_add(out, outcome->online ? " is online: " : " is offline: ");
    text_add_u64(out, count);
    text_add(out, count == 1 ? " sensor of the venue\n" : " sensors of the venue\n");
    return SHOWN_COUNTS;
}

static enum shown_fate mapped_message(struct payload_shown *shown, const struct payload_maps *maps,
                                      const struct payload_map *map,
                                      const struct payload_message *message, struct text *out)
{
    struct payload_outcome outcome;
    enum shown_fate fate = SHOWN_COUNTS;
    map_line(out, map);
    payload_decode(shown->decoder, maps, map, message, &outcome);
    switch (outcome.kind) {
    case PAYLOAD_REFUSED:
        refused_line(out, &outcome.refusal);
        return SHOWN_REFUSED;
    case PAYLOAD_NOTHING:
        text_add(out, "  nothing  understood, and says nothing that counts\n");
        break;
    case PAYLOAD_STATUS:
        fate = status_shown(shown, &outcome, out);
        break;
    case PAYLOAD_READINGS:
        for (uint32_t i = 0; i < outcome.count; i++)
            fate = worse(fate,
                         mapped_reading(shown, map, &outcome.reading[i], message->retained, out));
        break;
    }
    ignored_line(shown, map, out);
    return fate;
}

/* No map of the venue reads it: is there one among those that come with the program? */
static enum shown_fate unknown_message(struct payload_shown *shown,
                                       const struct payload_message *message, struct text *out)
{
    struct payload_guess guess;
    struct payload_outcome outcome;
    if (payload_maps_widened(shown->venue->payloads, message->topic))
        text_add(out, "  nothing  no payload map of the venue reads it: it comes because what is "
                      "subscribed is wider than the filters\n");
    else
        text_add(out, "  refused  unknown_topic: no payload map of the venue reads it\n");
    if (!payload_catalog_guess(shown->catalog, shown->decoder, message, &guess)) {
        text_add(out, "  no map that comes with crowdtide makes a reading of it either\n");
        payload_advice_topic(shown->advice, message->topic, message->payload, NULL);
        return SHOWN_UNKNOWN;
    }
    text_add(out, "  the map that comes with crowdtide and fits:\n");
    map_line(out, guess.map);
    payload_decode(shown->decoder, guess.maps, guess.map, message, &outcome);
    if (outcome.kind == PAYLOAD_STATUS)
        (void)status_shown(shown, &outcome, out);
    bool personal = payload_map_redacts(guess.map) || payload_map_redacts_topic(guess.map);
    if (personal)
        text_add(out, "  its readings are personal: they are shown when the venue names the map\n");
    for (uint32_t i = 0; outcome.kind == PAYLOAD_READINGS && i < outcome.count; i++) {
        if (!personal) {
            text_add(out, "  reading  ");
            payload_reading_text(&outcome.reading[i], out);
            text_add_char(out, '\n');
        }
        payload_advice_unbound(shown->advice, guess.map, &outcome.reading[i]);
    }
    payload_advice_topic(shown->advice, message->topic, message->payload, &guess);
    return SHOWN_UNKNOWN;
}

enum shown_fate payload_shown_message(struct payload_shown *shown,
                                      const struct payload_message *message, struct text *out)
{
    struct payload_message raw = *message;
    bool drill = false;
    if (shown->alone)
        return mapped_message(shown, shown->alone, payload_maps_at(shown->alone, 0), message, out);
    if (!venue_raw_topic(shown->venue, message->topic, &raw.topic, &drill))
        return own_message(shown, message, out);
    const struct payload_map *map = payload_maps_find(shown->venue->payloads, raw.topic);
    if (drill)
        text_add(out, "  for a drill\n");
    return map ? mapped_message(shown, shown->venue->payloads, map, &raw, out)
               : unknown_message(shown, &raw, out);
}

void payload_shown_advice(const struct payload_shown *shown, const char *venue_file,
                          struct text *out)
{
    payload_advice_write(shown->advice, venue_file, out);
}

void payload_shown_json(struct str topic, bool retained, int64_t at_ms, enum shown_fate fate,
                        struct str lines, struct text *out)
{
    static const char *const words[] = {"counts", "unbound", "refused", "unknown"};
    bool utf8 = utf8_valid((const uint8_t *)topic.at, topic.len);
    text_add(out, "{\"at\":\"");
    text_add_time_ms(out, at_ms);
    text_add(out, "\",\"topic\":");
    text_add_json(out, utf8 ? topic : STR_LIT("(not UTF-8)"));
    text_add(out, ",\"retain\":");
    text_add(out, retained ? "true" : "false");
    text_add(out, ",\"fate\":\"");
    text_add(out, words[fate]);
    text_add(out, "\",\"lines\":[");
    for (uint32_t from = 0, i = 0; i < lines.len; i++) {
        if (lines.at[i] != '\n')
            continue;
        text_add(out, from ? "," : "");
        text_add_json(out, (struct str){lines.at + from, i - from});
        from = i + 1;
    }
    text_add(out, "]}\n");
}
