/* What sensors and operators send, made from a script's words. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "processors/replay/script_private.h"
#include "schemas/json/json.h"
#include "schemas/record/record.h"

enum { TOPIC_BYTES = 256, PAYLOAD_BYTES = SCRIPT_LINE_BYTES_MAX * 2 };

/* Members that are texts though they may look like numbers. */
static const char *const text_members[] = {"lane",   "operator", "nonce",  "alert", "zone",
                                           "sensor", "to",       "reason", "text"};

static bool member_is_text(struct str name)
{
    for (size_t i = 0; i < sizeof text_members / sizeof *text_members; i++) {
        if (str_is(name, text_members[i]))
            return true;
    }
    return false;
}

static void member_add(struct text *t, struct str name, const struct script_word *value)
{
    text_add(t, t->len > 1 ? "," : "");
    text_add_json(t, name);
    text_add_char(t, ':');
    if (script_word_bare(value) && !member_is_text(name))
        text_add_str(t, value->text);
    else
        text_add_json(t, value->text);
}

/* FROM..TO of an `every` line: the value at this one of its messages. Whole numbers stay whole. */
static bool ramp_take(const struct script_ramp *ramp, const struct script_word *value, double *ret,
                      bool *ret_whole)
{
    const char *dots = value->quoted ? NULL : memmem(value->text.at, value->text.len, "..", 2);
    double from, to;
    if (!dots)
        return false;
    struct str left = {value->text.at, (uint32_t)(dots - value->text.at)};
    struct str right = {dots + 2, value->text.len - left.len - 2};
    if (!json_number_parse(left, &from) || !json_number_parse(right, &to))
        return false;
    double share = ramp->all ? (double)ramp->done / (double)ramp->all : 1;
    *ret_whole = !memchr(left.at, '.', left.len) && !memchr(right.at, '.', right.len);
    *ret = from + (to - from) * share;
    return true;
}

static void member_add_ramp(struct text *t, struct str name, const struct script_word *value,
                            const struct script_ramp *ramp)
{
    double number;
    bool whole;
    if (!ramp || !ramp_take(ramp, value, &number, &whole)) {
        member_add(t, name, value);
        return;
    }
    text_add(t, t->len > 1 ? "," : "");
    text_add_json(t, name);
    text_add_char(t, ':');
    if (whole)
        text_add_i64(t, llround(number));
    else
        text_add_f64(t, number);
}

static void member_add_ms(struct text *t, const char *name, int64_t ms)
{
    text_add(t, t->len > 1 ? "," : "");
    text_add_json(t, str_of(name));
    text_add_char(t, ':');
    text_add_i64(t, ms);
}

static bool publish(struct script *s, int64_t t_ms, const struct record_mqtt *mqtt)
{
    size_t cap = RECORD_MQTT_FIXED_BYTES + (size_t)mqtt->topic.len + mqtt->payload.len +
                 RECORD_MQTT_PROPERTIES_BYTES_MAX;
    uint8_t *body = script_clock_room(s, cap);
    return body &&
           script_clock_record(s, t_ms, RECORD_MQTT, body, record_mqtt_encode(mqtt, body, cap));
}

/* publish [retained] [dup] [as CONTENT-TYPE] TOPIC PAYLOAD: any bytes of a line */
bool script_message_publish(struct script *s, int64_t t_ms, struct str rest)
{
    struct record_mqtt mqtt = {.qos = 1};
    struct str topic = script_word_first(&rest);
    for (;; topic = script_word_first(&rest)) {
        if (str_is(topic, "retained"))
            mqtt.bits |= RECORD_MQTT_RETAIN;
        else if (str_is(topic, "dup"))
            mqtt.bits |= RECORD_MQTT_DUP;
        else if (str_is(topic, "as"))
            mqtt.content_type = script_word_first(&rest);
        else
            break;
    }
    if (topic.len == 0)
        return script_broken(
            s, "publish [retained] [dup] [as CONTENT-TYPE] TOPIC PAYLOAD is the form");
    mqtt.topic = topic;
    mqtt.payload = rest;
    return publish(s, t_ms, &mqtt);
}

/* ---- sensors --------------------------------------------------------------------------------- */

struct message { /* of a sensor, in the making */
    const char *root;
    const char *word; /* of the topic */
    unsigned bits;
    struct text payload;
};

static const char *topic_word(enum sensor_class class)
{
    switch (class) {
    case SENSOR_CROWD:
        return "crowd";
    case SENSOR_LIGHT:
        return "light";
    case SENSOR_GATE:
    case SENSOR_VEHICLE_GATE:
        break;
    }
    return "gate";
}

/* A word that stands alone. */
static bool flag_take(struct message *m, struct str word)
{
    if (str_is(word, "retained")) {
        m->bits |= RECORD_MQTT_RETAIN;
    } else if (str_is(word, "dup")) {
        m->bits |= RECORD_MQTT_DUP;
    } else if (str_is(word, "drill")) {
        m->root = "drill";
    } else if (str_is(word, "online") || str_is(word, "offline")) {
        m->word = "status";
        m->payload.len = 0;
        text_add_str(&m->payload, word);
    } else {
        return false;
    }
    return true;
}

/* The message of one sensor; words.word[0] named it. */
static bool sensor_send(struct script *s, int64_t t_ms, const struct script_words *words,
                        const struct venue_sensor *sensor, const struct script_ramp *ramp)
{
    char topic[TOPIC_BYTES], payload[PAYLOAD_BYTES];
    struct message m = {.root = "crowdtide",
                        .word = topic_word(sensor->class),
                        .payload = text_over(payload, sizeof payload)};
    text_add_char(&m.payload, '{');
    for (uint32_t i = 1; i < words->count; i++) {
        const struct script_word *word = &words->word[i];
        int64_t ts_ms;
        if (!word->quoted && flag_take(&m, word->text))
            continue;
        if (++i == words->count)
            return script_broken(s, "a value is expected after \"" STR_FMT "\"",
                                 STR_ARG(word->text));
        if (str_is(word->text, "ts") && script_clock_parse(s, words->word[i].text, &ts_ms))
            member_add_ms(&m.payload, "ts", ts_ms);
        else
            member_add_ramp(&m.payload, word->text, &words->word[i], ramp);
    }
    if (m.payload.at[0] == '{')
        text_add_char(&m.payload, '}');
    int n = snprintf(topic, sizeof topic, "%s/" STR_FMT "/%s/" STR_FMT, m.root,
                     STR_ARG(s->venue->id), m.word, STR_ARG(sensor->id));
    if (m.payload.overflow || n < 0 || (size_t)n >= sizeof topic)
        return script_broken(s, "the message is too long");
    const struct record_mqtt mqtt = {.topic = str_of(topic),
                                     .payload = {payload, (uint32_t)m.payload.len},
                                     .qos = 1,
                                     .bits = (uint8_t)m.bits};
    return publish(s, t_ms, &mqtt);
}

static bool begins_with(struct str s, struct str with)
{
    return s.len >= with.len && memcmp(s.at, with.at, with.len) == 0;
}

/* ID member value …; words: retained, dup, drill, online, offline. ID*: every sensor whose id
 * begins so. */
bool script_message_repeated(struct script *s, int64_t t_ms, struct str rest,
                             const struct script_ramp *ramp)
{
    struct script_words words;
    if (!script_words_need(s, rest, &words))
        return false;
    if (words.count < 2)
        return script_broken(s, "sensor ID member value … is the form");
    struct str id = words.word[0].text;
    bool many = id.len && id.at[id.len - 1] == '*', any = false;
    struct str begin = {id.at, id.len - many};
    for (uint32_t i = 0; many && i < s->venue->sensor_count; i++) {
        const struct venue_sensor *sensor = &s->venue->sensors[i];
        if (!begins_with(sensor->id, begin))
            continue;
        if (!sensor_send(s, t_ms, &words, sensor, ramp))
            return false;
        any = true;
    }
    uint32_t at = many ? UINT32_MAX : venue_sensor_find(s->venue, id);
    if (at != UINT32_MAX)
        return sensor_send(s, t_ms, &words, &s->venue->sensors[at], ramp);
    return any || script_broken(s, "the venue has no sensor \"" STR_FMT "\"", STR_ARG(id));
}

bool script_message_sensor(struct script *s, int64_t t_ms, struct str rest)
{
    return script_message_repeated(s, t_ms, rest, NULL);
}

/* ---- operators ------------------------------------------------------------------------------- */

static bool number_take(struct script *s, const struct script_word *word, uint32_t *ret)
{
    char text[16], *end;
    if (word->text.len == 0 || word->text.len >= sizeof text || word->text.at[0] == '-')
        return script_broken(s, "a number is expected, not \"" STR_FMT "\"", STR_ARG(word->text));
    memcpy(text, word->text.at, word->text.len);
    text[word->text.len] = '\0';
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || value > UINT32_MAX)
        return script_broken(s, "a number is expected, not \"%s\"", text);
    *ret = (uint32_t)value;
    return true;
}

struct order { /* a command in the making */
    struct record_command record;
    bool nonce, issued, uid;
    struct text json;
};

/* One member with its value, from words[*at]. */
static bool order_member(struct script *s, const struct script_words *words, uint32_t *at,
                         struct order *order)
{
    const struct script_word *name = &words->word[*at], *value = &words->word[*at + 1];
    int64_t ms;
    bool last = *at + 1 == words->count;
    if (str_is(name->text, "drill") &&
        (last || (!str_is(value->text, "true") && !str_is(value->text, "false")))) {
        text_add(&order->json, ",\"drill\":true"); /* alone, as with a sensor */
        *at += 1;
        return true;
    }
    if (last)
        return script_broken(s, "a value is expected after \"" STR_FMT "\"", STR_ARG(name->text));
    *at += 2;
    if (str_is(name->text, "uid")) {
        order->uid = true;
        return number_take(s, value, &order->record.uid);
    }
    order->nonce = order->nonce || str_is(name->text, "nonce");
    order->issued = order->issued || str_is(name->text, "issued");
    if (str_is(name->text, "operator") && !order->uid) {
        uint32_t who = venue_operator_find(s->venue, value->text);
        order->record.uid = who == UINT32_MAX ? 0 : s->venue->operators[who].uid;
    }
    if (str_is(name->text, "issued") && script_clock_parse(s, value->text, &ms))
        member_add_ms(&order->json, "issued", ms);
    else
        member_add(&order->json, name->text, value);
    return true;
}

static bool order_send(struct script *s, int64_t t_ms, struct order *order)
{
    size_t cap = RECORD_COMMAND_FIXED_BYTES + (size_t)order->record.text.len + 64;
    uint8_t *body = script_clock_room(s, cap);
    return body && script_clock_record(s, t_ms, RECORD_COMMAND, body,
                                       record_command_encode(&order->record, body, cap));
}

/* command NAME member value …, or command {JSON as it is} */
bool script_message_command(struct script *s, int64_t t_ms, struct str rest)
{
    struct order order = {.record = {.by = RECORD_COMMAND_LOCAL, .pid = 1}};
    struct script_words words;
    char json[PAYLOAD_BYTES], nonce[32];
    if (rest.len && rest.at[0] == '{') {
        order.record.text = rest;
        return order_send(s, t_ms, &order);
    }
    if (!script_words_need(s, rest, &words))
        return false;
    if (words.count == 0)
        return script_broken(s, "command NAME operator ID member value … is the form");
    order.json = text_over(json, sizeof json);
    text_add(&order.json, "{");
    member_add(&order.json, STR_LIT("command"), &words.word[0]);
    for (uint32_t at = 1; at < words.count;) {
        if (!order_member(s, &words, &at, &order))
            return false;
    }
    if (!order.nonce) { /* another each time */
        (void)snprintf(nonce, sizeof nonce, "script-%08u", (unsigned)s->clock.seq);
        member_add(&order.json, STR_LIT("nonce"),
                   &(struct script_word){.text = str_of(nonce), .quoted = true});
    }
    if (!order.issued)
        member_add_ms(&order.json, "issued", t_ms);
    text_add_char(&order.json, '}');
    if (order.json.overflow)
        return script_broken(s, "the command is too long");
    order.record.text = (struct str){json, (uint32_t)order.json.len};
    return order_send(s, t_ms, &order);
}
