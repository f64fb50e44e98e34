#include "deploy/cli/payload_advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "deploy/cli/payload_draft.h"
#include "deploy/cli/payload_shown.h"

enum {
    TOPIC_BYTES = 256,
    NAME_BYTES = PAYLOAD_NAME_BYTES_MAX + 1,
    ID_BYTES = 48,
    ZONES_NAMED_MAX = 8,
};

struct topic_seen {
    char text[TOPIC_BYTES];
    char map[ID_BYTES];
    char filter[PAYLOAD_GUESS_FILTER_BYTES];
    uint64_t count;
};

struct sensor_seen {
    char device[NAME_BYTES], part[NAME_BYTES];
    char id[ID_BYTES]; /* for the sensor; no other has it */
    bool own;          /* of crowdtide's own topics: the device is the id */
    enum sensor_class class;
    enum counter_kind kind;
    bool kind_known;
    int64_t wrap, saturates_at, silence_ms, interval_ms; /* -1, 0: not said */
    bool optional; /* its map expects that it may be unbound … */
    bool further;  /* … or another part of its device is bound */
    uint64_t count;
};

struct payload_advice {
    const struct venue *venue;
    struct payload_drafts *drafts;
    struct topic_seen topic[SHOWN_TOPICS_MAX];
    uint32_t topics;
    uint64_t topics_more; /* messages of topics beyond the limit */
    struct sensor_seen sensor[SHOWN_SENSORS_MAX];
    uint32_t sensors;
    uint64_t sensors_more;
};

struct payload_advice *payload_advice_new(const struct venue *venue)
{
    struct payload_advice *advice = calloc(1, sizeof *advice);
    if (!advice)
        return NULL;
    advice->venue = venue;
    advice->drafts = payload_drafts_new();
    if (!advice->drafts) {
        free(advice);
        return NULL;
    }
    return advice;
}

void payload_advice_free(struct payload_advice *advice)
{
    if (!advice)
        return;
    payload_drafts_free(advice->drafts);
    free(advice);
}

/* Copies what fits. */
static void copy(char *to, size_t cap, struct str from)
{
    size_t len = from.len < cap - 1 ? from.len : cap - 1;
    if (len)
        memcpy(to, from.at, len);
    to[len] = '\0';
}

/* ---- what is seen -----------------------------------------------------------------------------
 */

/* Not each message of a topic is one that its map makes readings of: the first that is, tells. */
static void guess_keep(struct topic_seen *seen, const struct payload_guess *guess)
{
    if (!guess || seen->map[0])
        return;
    copy(seen->map, sizeof seen->map, payload_map_facts(guess->map)->id);
    memcpy(seen->filter, guess->filter, sizeof seen->filter);
}

void payload_advice_topic(struct payload_advice *advice, struct str topic, struct str payload,
                          const struct payload_guess *guess)
{
    char text[TOPIC_BYTES];
    if (!guess)
        payload_drafts_keep(advice->drafts, topic, payload);
    copy(text, sizeof text, topic);
    if (!utf8_valid((const uint8_t *)text, strlen(text)))
        (void)snprintf(text, sizeof text, "(a topic that is not UTF-8)");
    for (uint32_t i = 0; i < advice->topics; i++) {
        if (strcmp(advice->topic[i].text, text) == 0) {
            advice->topic[i].count++;
            guess_keep(&advice->topic[i], guess);
            return;
        }
    }
    if (advice->topics == SHOWN_TOPICS_MAX) {
        advice->topics_more++;
        return;
    }
    struct topic_seen *seen = &advice->topic[advice->topics++];
    *seen = (struct topic_seen){.count = 1};
    memcpy(seen->text, text, sizeof text);
    guess_keep(seen, guess);
}

/* An id of the contract out of what the device is called. */
static void id_make(const struct sensor_seen *seen, char out[ID_BYTES])
{
    struct text text = text_over(out, ID_BYTES - 1);
    const char *const parts[] = {seen->device, seen->part};
    for (int p = 0; p < 2; p++) {
        if (p && seen->part[0])
            text_add_char(&text, '-');
        for (const char *c = parts[p]; *c; c++) {
            bool plain =
                (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
            text_add_char(&text, plain || (text.len && strchr("._:-", *c)) ? *c
                                 : text.len                                ? '-'
                                                                           : 'x');
        }
    }
    out[text.len] = '\0';
}

static bool id_taken(const struct payload_advice *advice, const struct sensor_seen *of)
{
    bool taken = venue_sensor_find(advice->venue, str_of(of->id)) != UINT32_MAX;
    for (const struct sensor_seen *seen = advice->sensor; seen < of && !taken; seen++)
        taken = strcmp(seen->id, of->id) == 0;
    return taken;
}

/* Names that differ only in what an id can't hold (all those in Chinese) are told apart by number.
 */
static void id_choose(const struct payload_advice *advice, struct sensor_seen *seen)
{
    enum { NUMBER_BYTES = 6 };
    char made[ID_BYTES];
    id_make(seen, made);
    memcpy(seen->id, made, sizeof made);
    for (unsigned n = 2; id_taken(advice, seen); n++)
        (void)snprintf(seen->id, ID_BYTES, "%.*s-%u", ID_BYTES - 1 - NUMBER_BYTES, made, n);
}

/* Its place among those seen; a new one is empty but for its names. NULL: there is no room. */
static struct sensor_seen *sensor_at(struct payload_advice *advice, struct str device,
                                     struct str part)
{
    for (uint32_t i = 0; i < advice->sensors; i++) {
        struct sensor_seen *seen = &advice->sensor[i];
        if (str_is(device, seen->device) && str_is(part, seen->part)) {
            seen->count++;
            return seen;
        }
    }
    if (advice->sensors == SHOWN_SENSORS_MAX || device.len >= NAME_BYTES ||
        part.len >= NAME_BYTES) {
        advice->sensors_more++;
        return NULL;
    }
    struct sensor_seen *seen = &advice->sensor[advice->sensors++];
    *seen = (struct sensor_seen){.count = 1, .wrap = -1};
    copy(seen->device, sizeof seen->device, device);
    copy(seen->part, sizeof seen->part, part);
    id_choose(advice, seen);
    return seen;
}

void payload_advice_unbound(struct payload_advice *advice, const struct payload_map *map,
                            const struct payload_reading *reading)
{
    struct sensor_seen *seen = sensor_at(advice, reading->device, reading->part);
    const struct payload_binding *binding = payload_map_binding(map, reading->entry);
    if (!seen)
        return;
    seen->class = reading->class;
    seen->kind = reading->kind;
    seen->kind_known = true;
    seen->optional = reading->unbound_ignore;
    seen->further = venue_device_first(advice->venue, reading->device) != UINT32_MAX;
    if (!binding)
        return;
    seen->wrap = binding->wrap;
    seen->saturates_at = binding->saturates_at;
    seen->silence_ms = binding->silence_ms;
    seen->interval_ms = binding->interval_ms;
}

void payload_advice_own(struct payload_advice *advice, enum topic_class class, struct str sensor,
                        struct str payload)
{
    static const enum sensor_class classes[] = {[TOPIC_CROWD] = SENSOR_CROWD,
                                                [TOPIC_GATE] = SENSOR_GATE,
                                                [TOPIC_LIGHT] = SENSOR_LIGHT,
                                                [TOPIC_STATUS] = SENSOR_CROWD};
    static const char occupancy[] = "\"occupancy\"";
    if (!id_valid(sensor) || class == TOPIC_STATUS)
        return; /* its measurements will say more */
    struct sensor_seen *seen = sensor_at(advice, sensor, (struct str){0});
    if (!seen)
        return;
    seen->own = true;
    seen->class = classes[class];
    bool level = payload.len && memmem(payload.at, payload.len, occupancy, sizeof occupancy - 1);
    seen->kind = level ? COUNTER_LEVEL : COUNTER_DELTA;
    seen->kind_known = level;
}

/* ---- what to paste ----------------------------------------------------------------------------
 */

/* As a YAML scalar inside {}: quoted when it has to be. */
static void scalar_add(struct text *out, const char *text)
{
    bool plain = text[0] != '\0' && strcasecmp(text, "null") != 0;
    for (const char *c = text; *c; c++)
        plain = plain && ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                          (*c >= 'A' && *c <= 'Z') || strchr("._-", *c));
    if (plain) {
        text_add(out, text);
        return;
    }
    char literal[2 * NAME_BYTES]; /* ${ would be taken from the environment */
    struct text copied = text_over(literal, sizeof literal);
    for (const char *c = text; *c; c++) {
        text_add(&copied, c[0] == '$' && c[1] == '{' ? "$" : "");
        text_add_char(&copied, *c);
    }
    text_add_yaml(out, (struct str){literal, (uint32_t)copied.len});
}

static void pair_add(struct text *out, const char *key, const char *value)
{
    text_add(out, ", ");
    text_add(out, key);
    text_add(out, ": ");
    scalar_add(out, value);
}

static void number_add(struct text *out, const char *key, int64_t value)
{
    text_add(out, ", ");
    text_add(out, key);
    text_add(out, ": ");
    text_add_i64(out, value);
}

/* What may well tell of people who are counted already is a comment: pasted as it is, it must not
 * count them twice. */
static void sensor_write(const struct sensor_seen *seen, struct text *out)
{
    text_add(out, seen->optional || seen->further ? "  # - {id: " : "  - {id: ");
    scalar_add(out, seen->own ? seen->device : seen->id);
    pair_add(out, "class", sensor_class_text(seen->class));
    if (seen->class == SENSOR_CROWD)
        pair_add(out, "counter", counter_kind_text(seen->kind));
    text_add(out, ", zone: ZONE");
    if (!seen->own && strcmp(seen->id, seen->device) != 0)
        pair_add(out, "device", seen->device);
    if (seen->part[0])
        pair_add(out, "part", seen->part);
    bool running = seen->kind == COUNTER_TOTAL || seen->kind == COUNTER_DAILY;
    if (seen->class == SENSOR_CROWD && running && seen->wrap >= 0)
        number_add(out, "wrap", seen->wrap);
    if (seen->class == SENSOR_CROWD && seen->kind == COUNTER_LEVEL && seen->saturates_at)
        number_add(out, "saturates_at", seen->saturates_at);
    if (seen->silence_ms)
        number_add(out, "silence_s", seen->silence_ms / 1000);
    if (seen->interval_ms)
        number_add(out, "interval_s", seen->interval_ms / 1000);
    text_add_char(out, '}');
    if (seen->own && seen->class == SENSOR_CROWD && !seen->kind_known)
        text_add(out, "   # counter: delta (since the last message), daily or total?");
    else if (seen->own && seen->class == SENSOR_GATE)
        text_add(out, "   # vehicle_gate, when vehicles pass it");
    else if (seen->optional)
        text_add(out, "   # if wanted: never beside a part that tells of the same people");
    else if (seen->further)
        text_add(out, "   # if wanted: other parts of the device have a sensor");
    text_add_char(out, '\n');
}

static void zones_name(const struct venue *venue, struct text *out)
{
    text_add(out,
             "# ZONE: where the sensor looks; of in/out counters and gates the zone that \"in\" "
             "leads into (outside: the other\n# side, when that is a zone, too). Zones of the "
             "venue: ");
    uint32_t named = 0;
    for (uint32_t z = 1; z < venue->zone_count; z++) {
        if (venue->zones[z].parent != 0)
            continue; /* those within others are many, and found in the file */
        if (named++ == ZONES_NAMED_MAX) {
            text_add(out, " …");
            break;
        }
        text_add(out, named > 1 ? ", " : "");
        text_add_str(out, venue->zones[z].id);
    }
    text_add_char(out, '\n');
}

/* A map once, with every filter that it needs. */
static void maps_write(const struct payload_advice *advice, struct text *out)
{
    bool begun = false;
    for (uint32_t i = 0; i < advice->topics; i++) {
        const struct topic_seen *seen = &advice->topic[i];
        bool before = seen->map[0] == '\0';
        for (uint32_t j = 0; j < i; j++)
            before = before || strcmp(advice->topic[j].map, seen->map) == 0;
        if (before)
            continue;
        text_add(out, begun ? "" : "payloads:\n");
        begun = true;
        text_add(out, "  - {map: ");
        text_add(out, seen->map);
        bool any = false;
        for (uint32_t j = i; j < advice->topics; j++) {
            bool again =
                strcmp(advice->topic[j].map, seen->map) != 0 || !advice->topic[j].filter[0];
            for (uint32_t k = i; k < j; k++)
                again = again || strcmp(advice->topic[k].filter, advice->topic[j].filter) == 0;
            if (again)
                continue;
            text_add(out, any ? ", " : ", topics: [");
            text_add_yaml(out, str_of(advice->topic[j].filter));
            any = true;
        }
        text_add(out, any ? "]}\n" : "}\n");
    }
}

static void unread_write(const struct payload_advice *advice, const char *venue_file,
                         struct text *out)
{
    bool begun = false;
    for (uint32_t i = 0; i < advice->topics; i++) {
        const struct topic_seen *seen = &advice->topic[i];
        if (seen->map[0])
            continue;
        text_add(out, begun ? ""
                            : "Topics that no payload map reads, neither of the venue nor of "
                              "those that come with crowdtide:\n");
        begun = true;
        text_add(out, "  ");
        text_add_u64(out, seen->count);
        text_add(out, seen->count == 1 ? " message   " : " messages  ");
        text_add_plain(out, str_of(seen->text));
        text_add_char(out, '\n');
    }
    if (!begun)
        return;
    text_add(out, "A map of one's own is a page of YAML: deploy/payloads/README.md. Or have the "
                  "device publish crowdtide's own payloads.\n\n");
    payload_drafts_write(advice->drafts, venue_file, out);
}

void payload_advice_write(const struct payload_advice *advice, const char *venue_file,
                          struct text *out)
{
    bool maps = false;
    for (uint32_t i = 0; i < advice->topics; i++)
        maps = maps || advice->topic[i].map[0];
    unread_write(advice, venue_file, out);
    if (!maps && advice->sensors == 0)
        return;
    text_add(out, "To have the rest counted, put this into ");
    text_add(out, venue_file);
    text_add(out,
             " (each part below its key), then `crowdtide check`, and SIGHUP to crowdtide:\n\n");
    maps_write(advice, out);
    if (advice->sensors) {
        text_add(out, "sensors:\n");
        for (uint32_t i = 0; i < advice->sensors; i++)
            sensor_write(&advice->sensor[i], out);
        zones_name(advice->venue, out);
    }
    if (advice->sensors_more || advice->topics_more)
        text_add(out, "# and more than fits here: bind these first\n");
}
