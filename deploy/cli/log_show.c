#include <stdio.h>
#include <string.h>

#include "deploy/cli/log_commands.h"
#include "schemas/base/report.h"
#include "schemas/record/record.h"
#include "schemas/result/result.h"

enum {
    SHOW_FIXED_BYTES = 4096, /* everything but what comes from the body */
    SHOW_HUMAN_BYTES = 200,  /* of a payload */
    NS_PER_MS = 1000000,
};

size_t log_show_bytes(const struct log_view *view)
{
    /* At worst every byte of the body is escaped as \u00xx in one place and encoded in another. */
    return SHOW_FIXED_BYTES + (size_t)view->body_len * 8;
}

/* ---- JSON ---- */

static void member(struct text *out, const char *name)
{
    if (out->len && out->at[out->len - 1] != '{')
        text_add_char(out, ',');
    text_add_char(out, '"');
    text_add(out, name);
    text_add(out, "\":");
}

static void add_u64(struct text *out, const char *name, uint64_t value)
{
    member(out, name);
    text_add_u64(out, value);
}

static void add_i64(struct text *out, const char *name, int64_t value)
{
    member(out, name);
    text_add_i64(out, value);
}

static void add_bool(struct text *out, const char *name, bool value)
{
    member(out, name);
    text_add(out, value ? "true" : "false");
}

static void add_base64(struct text *out, const char *name, struct str bytes)
{
    member(out, name);
    text_add_char(out, '"');
    text_add_base64(out, (const uint8_t *)bytes.at, bytes.len);
    text_add_char(out, '"');
}

/* Text from outside: as it is when it is UTF-8, else under `name`_base64. */
static void add_text(struct text *out, const char *name, struct str value)
{
    if (utf8_valid((const uint8_t *)value.at, value.len)) {
        member(out, name);
        text_add_json(out, value);
        return;
    }
    char other[64];
    (void)snprintf(other, sizeof other, "%s_base64", name);
    member(out, name);
    text_add(out, "null");
    add_base64(out, other, value);
}

static void add_hex(struct text *out, const char *name, const uint8_t *bytes, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    member(out, name);
    text_add_char(out, '"');
    for (size_t i = 0; i < len; i++) {
        text_add_char(out, hex[bytes[i] >> 4]);
        text_add_char(out, hex[bytes[i] & 15]);
    }
    text_add_char(out, '"');
}

static void add_mqtt_bits(struct text *out, unsigned qos, unsigned bits)
{
    add_u64(out, "qos", qos);
    add_bool(out, "retain", bits & RECORD_MQTT_RETAIN);
    add_bool(out, "dup", bits & RECORD_MQTT_DUP);
}

/* What of a personal message is kept beside its topic. */
static void add_personal(struct text *out, struct str keyed_hash)
{
    add_bool(out, "personal", true);
    if (keyed_hash.len)
        add_hex(out, "payload_hash", (const uint8_t *)keyed_hash.at, keyed_hash.len);
}

static bool withheld_json(const struct log_view *view, struct text *out)
{
    struct record_withheld withheld;
    if (!record_withheld_decode(view->body, view->body_len, &withheld, NULL))
        return false;
    add_text(out, "topic", withheld.topic);
    add_mqtt_bits(out, withheld.qos, withheld.bits);
    add_u64(out, "payload_bytes", withheld.payload_len);
    add_text(out, "reason", str_of(record_withheld_text(withheld.reason)));
    add_personal(out, withheld.keyed_hash);
    return true;
}

static bool mqtt_json(const struct log_view *view, struct text *out)
{
    struct record_mqtt mqtt;
    struct record_oversized big;
    if (view->type == RECORD_WITHHELD)
        return withheld_json(view, out);
    if (view->type == RECORD_MQTT) {
        if (!record_mqtt_decode(view->body, view->body_len, &mqtt, NULL))
            return false;
        add_text(out, "topic", mqtt.topic);
        add_mqtt_bits(out, mqtt.qos, mqtt.bits);
        add_base64(out, "payload_base64", mqtt.payload);
        if (mqtt.content_type.len)
            add_text(out, "content_type", mqtt.content_type);
        if (mqtt.bits & RECORD_MQTT_PERSONAL)
            add_personal(out, mqtt.keyed_hash);
        return true;
    }
    if (!record_oversized_decode(view->body, view->body_len, &big, NULL))
        return false;
    add_text(out, "topic", big.topic);
    add_mqtt_bits(out, big.qos, big.bits);
    add_base64(out, "payload_base64", big.head);
    add_u64(out, "payload_bytes", big.payload_len);
    add_hex(out, "sha256", big.sha256, sizeof big.sha256);
    add_bool(out, "truncated", true);
    return true;
}

static bool connection_json(const struct log_view *view, struct text *out)
{
    struct record_connection connection;
    struct record_subscribed subscribed;
    if (view->type == RECORD_SUBSCRIBED) {
        if (!record_subscribed_decode(view->body, view->body_len, &subscribed, NULL))
            return false;
        add_text(out, "filter", subscribed.filter);
        add_i64(out, "reason_code", subscribed.reason_code);
        return true;
    }
    if (!record_connection_decode(view->body, view->body_len, &connection, NULL))
        return false;
    add_bool(out, "session_present", connection.session_present);
    add_i64(out, "reason_code", connection.reason_code);
    add_text(out, "detail", connection.detail);
    return true;
}

static bool other_json(const struct log_view *view, struct text *out)
{
    struct record_tick tick;
    struct record_gap gap;
    struct record_model model;
    struct record_command command;
    switch (view->type) {
    case RECORD_TICK:
        if (!record_tick_decode(view->body, view->body_len, &tick, NULL))
            return false;
        add_bool(out, "connected", tick.connected);
        add_u64(out, "messages", tick.messages);
        add_i64(out, "clock_offset_ns", tick.clock_offset_ns);
        if (tick.utc_offset_s != RECORD_NO_UTC_OFFSET)
            add_i64(out, "utc_offset_s", tick.utc_offset_s);
        if (tick.broker_dropped != RECORD_NO_COUNT)
            add_u64(out, "broker_dropped", tick.broker_dropped);
        if (tick.probe != RECORD_PROBE_NONE) {
            add_bool(out, "probe_refused", tick.probe == RECORD_PROBE_REFUSED);
            if (tick.probe_ms != RECORD_NO_PROBE)
                add_u64(out, "probe_ms", tick.probe_ms);
        }
        return true;
    case RECORD_GAP:
        if (!record_gap_decode(view->body, view->body_len, &gap, NULL))
            return false;
        add_u64(out, "last_seq", gap.last_seq);
        add_i64(out, "from_ns", gap.from_ns);
        return true;
    case RECORD_MODEL: {
        if (!record_model_decode(view->body, view->body_len, &model, NULL))
            return false;
        char hash[20];
        (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)model.hash);
        add_text(out, "hash", str_of(hash));
        add_text(out, "path", model.path);
        add_text(out, "source", model.source);
        return true;
    }
    case RECORD_COMMAND:
        if (!record_command_decode(view->body, view->body_len, &command, NULL))
            return false;
        add_u64(out, "uid", command.uid);
        add_u64(out, "pid", command.pid);
        add_text(out, "command", command.text);
        return true;
    default:
        return false;
    }
}

static bool result_members(const struct log_view *view, struct text *out)
{
    struct result_origin origin;
    union result_any any;
    if (!result_decode(view->type, view->body, view->body_len, &origin, &any, NULL))
        return false;
    member(out, "origin");
    text_add_char(out, '{');
    add_u64(out, "input_seq", origin.input_seq);
    add_u64(out, "input_epoch", origin.input_epoch);
    add_u64(out, "index", origin.index);
    text_add_char(out, '}');
    member(out, "result");
    result_json(view->type, &any, out);
    return true;
}

static bool body_json(const struct log_view *view, struct text *out)
{
    switch (view->type) {
    case RECORD_MQTT:
    case RECORD_OVERSIZED:
    case RECORD_WITHHELD:
        return mqtt_json(view, out);
    case RECORD_CONNECTED:
    case RECORD_DISCONNECTED:
    case RECORD_SUBSCRIBED:
        return connection_json(view, out);
    default:
        return result_type_of(view->type) ? result_members(view, out) : other_json(view, out);
    }
}

void log_show_json(const struct log_view *view, struct text *out)
{
    text_add_char(out, '{');
    add_u64(out, "seq", view->seq);
    member(out, "type");
    text_add_json(out, str_of(record_type_name(view->type)));
    add_i64(out, "log_ns", view->log_ns);
    add_i64(out, "wall_ns", view->wall_ns);
    size_t before = out->len;
    if (!body_json(view, out)) { /* a type of a later version: its bytes */
        out->len = before;
        add_u64(out, "type_number", view->type);
        add_base64(out, "body_base64", (struct str){(const char *)view->body, view->body_len});
    }
    if (view->flags)
        add_u64(out, "flags", view->flags);
    text_add_char(out, '}');
}

/* ---- for people ---- */

static void add_cut(struct text *out, struct str bytes)
{
    char plain[SHOW_HUMAN_BYTES + 1], safe[SHOW_HUMAN_BYTES * 4];
    uint32_t len = bytes.len < SHOW_HUMAN_BYTES ? bytes.len : SHOW_HUMAN_BYTES;
    for (uint32_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        plain[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    plain[len] = '\0';
    if (utf8_valid((const uint8_t *)plain, len))
        text_add_bytes(out, plain, len);
    else
        text_add(out, report_quote(plain, safe, sizeof safe));
    if (len < bytes.len)
        text_add(out, "…");
}

void log_show_human(const struct log_view *view, struct text *out)
{
    struct record_mqtt mqtt;
    text_add_u64(out, view->seq);
    text_add_char(out, ' ');
    text_add_time_ms(out, view->log_ns / NS_PER_MS);
    text_add_char(out, ' ');
    text_add(out, record_type_name(view->type));
    if (view->type == RECORD_MQTT && record_mqtt_decode(view->body, view->body_len, &mqtt, NULL)) {
        text_add_char(out, ' ');
        add_cut(out, mqtt.topic);
        text_add(out, mqtt.bits & RECORD_MQTT_RETAIN ? " (retained)" : "");
        text_add(out, mqtt.bits & RECORD_MQTT_DUP ? " (dup)" : "");
        text_add_char(out, ' ');
        add_cut(out, mqtt.payload);
        return;
    }
    if (view->type == RECORD_MODEL) { /* a whole file */
        text_add_char(out, ' ');
        text_add_u64(out, view->body_len);
        text_add(out, " bytes");
        return;
    }
    text_add(out, " {");
    size_t before = out->len;
    if (!body_json(view, out)) {
        out->len = before;
        add_u64(out, "bytes", view->body_len);
    }
    text_add_char(out, '}');
}
