/* clang-format off */
/*
 * Bodies of the readings log's records, little-endian. `…` runs to the end of the body.
 *
 * MQTT          0 u16 topic length   2 u8 qos   3 u8 bits   4 u32 payload length   8 topic …  payload …  properties …
 *               properties are there when bits have RECORD_MQTT_PROPERTIES: each u8 kind, u8 length, bytes, to the end of the body.
 *               A message without any is written as it was before there were properties; who does not know a kind skips it.
 *               kinds: 1 content type, 2 keyed hash.
 * OVERSIZED     0 u16 topic length   2 u8 qos   3 u8 bits   4 u32 head length   8 u64 payload length
 *              16 sha256[32]   48 topic …  head …
 * WITHHELD      0 u16 topic length   2 u8 qos   3 u8 bits   4 u8 reason   5 u8 keyed hash length (0 or 16)   6 zero[2]
 *               8 u64 payload length   16 keyed hash[16]   32 topic …
 * TICK          0 u8 connected   1 u8 probe   2 zero[6]   8 u64 messages   16 i64 wall - log ns   24 i32 UTC offset s
 *              28 u32 probe ms   32 u64 messages dropped by the broker. Older ones end at 24 or at 32, and have zeros at 1 and 28.
 * CONNECTED, DISCONNECTED
 *               0 u8 session present   1 zero[3]   4 i32 reason code   8 detail …
 * SUBSCRIBED    0 i32 reason code   4 zero[4]   8 filter …
 * GAP           0 u64 last sequence   8 i64 from ns
 * MODEL         0 u64 hash   8 u16 path length   10 zero[6]   16 path …  source …
 * COMMAND       0 u8 by   1 zero[3]   4 u32 uid   8 u32 pid   12 zero[4]   16 text …
 *
 * A body may grow at the end of its fixed part only with a new record type.
 */
/* clang-format on */
#include "schemas/record/record.h"

#include "schemas/base/bytes.h"

const char *record_type_name(unsigned type)
{
    switch (type) {
#define RECORD_NAME(number, name, text)                                                            \
    case number:                                                                                   \
        return text;
        RECORD_TYPES(RECORD_NAME)
#undef RECORD_NAME
    default:
        return "unknown";
    }
}

enum {
    OVERSIZED_FIXED_BYTES = 48,
    WITHHELD_FIXED_BYTES = 32,
    TICK_BYTES = 40,
    TICK_BYTES_V2 = 32, /* without what the broker drops */
    TICK_BYTES_V1 = 24, /* without the offset of the venue's time zone either */
    CONNECTION_FIXED_BYTES = 8,
    SUBSCRIBED_FIXED_BYTES = 8,
    GAP_BYTES = 16,
    MODEL_FIXED_BYTES = 16,
};

static bool malformed(struct error *err, const char *what, uint32_t len)
{
    return error_set(err, ERROR_MALFORMED, 0, "%s record of %u bytes", what, len);
}

static struct str tail(const uint8_t *body, uint32_t from, uint32_t to)
{
    return (struct str){(const char *)body + from, to - from};
}

static void put(uint8_t *to, struct str s)
{
    if (s.len)
        memcpy(to, s.at, s.len);
}

enum mqtt_property { PROPERTY_CONTENT_TYPE = 1, PROPERTY_KEYED_HASH = 2 };

static uint32_t property_bytes(struct str value)
{
    return value.len ? 2 + value.len : 0;
}

static uint8_t *property_put(uint8_t *to, enum mqtt_property kind, struct str value)
{
    if (!value.len)
        return to;
    to[0] = (uint8_t)kind;
    to[1] = (uint8_t)value.len;
    put(to + 2, value);
    return to + 2 + value.len;
}

uint32_t record_mqtt_encode(const struct record_mqtt *from, uint8_t *out, size_t cap)
{
    struct str type = from->content_type, hash = from->keyed_hash;
    if (type.len > RECORD_CONTENT_TYPE_BYTES_MAX)
        type.len = RECORD_CONTENT_TYPE_BYTES_MAX;
    uint32_t more = property_bytes(type) + property_bytes(hash);
    size_t len = (size_t)RECORD_MQTT_FIXED_BYTES + from->topic.len + from->payload.len + more;
    if (from->topic.len > RECORD_TOPIC_BYTES_MAX || len > cap || len > UINT32_MAX ||
        (hash.len && hash.len != RECORD_KEYED_HASH_BYTES))
        return 0;
    bytes_put_u16(out, (uint16_t)from->topic.len);
    out[2] = from->qos;
    out[3] = (uint8_t)(more ? from->bits | RECORD_MQTT_PROPERTIES : from->bits);
    bytes_put_u32(out + 4, from->payload.len);
    put(out + RECORD_MQTT_FIXED_BYTES, from->topic);
    put(out + RECORD_MQTT_FIXED_BYTES + from->topic.len, from->payload);
    uint8_t *end = out + len - more;
    end = property_put(end, PROPERTY_CONTENT_TYPE, type);
    (void)property_put(end, PROPERTY_KEYED_HASH, hash);
    return (uint32_t)len;
}

/* From `at` to the end of the body. */
static bool properties_decode(const uint8_t *body, uint32_t at, uint32_t len,
                              struct record_mqtt *ret)
{
    while (at < len) {
        if (len - at < 2 || (uint32_t)body[at + 1] > len - at - 2)
            return false;
        struct str value = tail(body, at + 2, at + 2 + body[at + 1]);
        if (body[at] == PROPERTY_CONTENT_TYPE)
            ret->content_type = value;
        else if (body[at] == PROPERTY_KEYED_HASH)
            ret->keyed_hash = value;
        if (ret->keyed_hash.len && ret->keyed_hash.len != RECORD_KEYED_HASH_BYTES)
            return false;
        at += 2 + value.len;
    }
    return true;
}

bool record_mqtt_decode(const uint8_t *body, uint32_t len, struct record_mqtt *ret,
                        struct error *err)
{
    if (len < RECORD_MQTT_FIXED_BYTES)
        return malformed(err, "mqtt", len);
    uint32_t topic_len = bytes_get_u16(body);
    uint32_t payload_len = bytes_get_u32(body + 4);
    bool more = body[3] & RECORD_MQTT_PROPERTIES;
    uint64_t end = (uint64_t)RECORD_MQTT_FIXED_BYTES + topic_len + payload_len;
    if (more ? end > len : end != len)
        return malformed(err, "mqtt", len);
    uint32_t payload_at = RECORD_MQTT_FIXED_BYTES + topic_len;
    *ret = (struct record_mqtt){
        .topic = tail(body, RECORD_MQTT_FIXED_BYTES, payload_at),
        .payload = tail(body, payload_at, (uint32_t)end),
        .qos = body[2],
        .bits = (uint8_t)(body[3] & ~RECORD_MQTT_PROPERTIES),
    };
    return !more || properties_decode(body, (uint32_t)end, len, ret) || malformed(err, "mqtt", len);
}

const char *record_withheld_text(enum record_withheld_reason reason)
{
    static const char *const text[] = {
#define RECORD_WITHHELD_TEXT(name, text) text,
        RECORD_WITHHELD_REASONS(RECORD_WITHHELD_TEXT)
#undef RECORD_WITHHELD_TEXT
    };
    return (unsigned)reason < RECORD_WITHHELD_REASON_COUNT ? text[reason] : "unknown";
}

uint32_t record_withheld_encode(const struct record_withheld *from, uint8_t *out, size_t cap)
{
    size_t len = (size_t)WITHHELD_FIXED_BYTES + from->topic.len;
    if (from->topic.len > RECORD_TOPIC_BYTES_MAX || len > cap ||
        (from->keyed_hash.len && from->keyed_hash.len != RECORD_KEYED_HASH_BYTES))
        return 0;
    memset(out, 0, WITHHELD_FIXED_BYTES);
    bytes_put_u16(out, (uint16_t)from->topic.len);
    out[2] = from->qos;
    out[3] = from->bits;
    out[4] = (uint8_t)from->reason;
    out[5] = (uint8_t)from->keyed_hash.len;
    bytes_put_u64(out + 8, from->payload_len);
    put(out + 16, from->keyed_hash);
    put(out + WITHHELD_FIXED_BYTES, from->topic);
    return (uint32_t)len;
}

bool record_withheld_decode(const uint8_t *body, uint32_t len, struct record_withheld *ret,
                            struct error *err)
{
    if (len < WITHHELD_FIXED_BYTES || WITHHELD_FIXED_BYTES + (uint32_t)bytes_get_u16(body) != len ||
        body[4] >= RECORD_WITHHELD_REASON_COUNT || (body[5] && body[5] != RECORD_KEYED_HASH_BYTES))
        return malformed(err, "withheld", len);
    *ret = (struct record_withheld){
        .topic = tail(body, WITHHELD_FIXED_BYTES, len),
        .payload_len = bytes_get_u64(body + 8),
        .keyed_hash = tail(body, 16, 16 + (uint32_t)body[5]),
        .reason = (enum record_withheld_reason)body[4],
        .qos = body[2],
        .bits = body[3],
    };
    return true;
}

uint32_t record_oversized_encode(const struct record_oversized *from, uint8_t *out, size_t cap)
{
    size_t len = (size_t)OVERSIZED_FIXED_BYTES + from->topic.len + from->head.len;
    if (from->topic.len > RECORD_TOPIC_BYTES_MAX || from->head.len > RECORD_HEAD_BYTES_MAX ||
        len > cap)
        return 0;
    bytes_put_u16(out, (uint16_t)from->topic.len);
    out[2] = from->qos;
    out[3] = from->bits;
    bytes_put_u32(out + 4, from->head.len);
    bytes_put_u64(out + 8, from->payload_len);
    memcpy(out + 16, from->sha256, sizeof from->sha256);
    put(out + OVERSIZED_FIXED_BYTES, from->topic);
    put(out + OVERSIZED_FIXED_BYTES + from->topic.len, from->head);
    return (uint32_t)len;
}

bool record_oversized_decode(const uint8_t *body, uint32_t len, struct record_oversized *ret,
                             struct error *err)
{
    if (len < OVERSIZED_FIXED_BYTES)
        return malformed(err, "oversized", len);
    uint32_t topic_len = bytes_get_u16(body);
    uint32_t head_len = bytes_get_u32(body + 4);
    if ((uint64_t)OVERSIZED_FIXED_BYTES + topic_len + head_len != len)
        return malformed(err, "oversized", len);
    uint32_t head_at = OVERSIZED_FIXED_BYTES + topic_len;
    *ret = (struct record_oversized){
        .topic = tail(body, OVERSIZED_FIXED_BYTES, head_at),
        .head = tail(body, head_at, len),
        .payload_len = bytes_get_u64(body + 8),
        .qos = body[2],
        .bits = body[3],
    };
    memcpy(ret->sha256, body + 16, sizeof ret->sha256);
    return true;
}

uint32_t record_tick_encode(const struct record_tick *from, uint8_t *out, size_t cap)
{
    if (cap < TICK_BYTES)
        return 0;
    memset(out, 0, TICK_BYTES);
    out[0] = from->connected;
    out[1] = from->probe;
    bytes_put_u64(out + 8, from->messages);
    bytes_put_u64(out + 16, (uint64_t)from->clock_offset_ns);
    bytes_put_u32(out + 24, (uint32_t)from->utc_offset_s);
    bytes_put_u32(out + 28, from->probe ? from->probe_ms : 0);
    bytes_put_u64(out + 32, from->broker_dropped);
    return TICK_BYTES;
}

bool record_tick_decode(const uint8_t *body, uint32_t len, struct record_tick *ret,
                        struct error *err)
{
    if ((len != TICK_BYTES && len != TICK_BYTES_V2 && len != TICK_BYTES_V1) ||
        body[1] >= RECORD_PROBE_COUNT || (body[1] && len != TICK_BYTES))
        return malformed(err, "tick", len);
    *ret = (struct record_tick){
        .connected = body[0] != 0,
        .probe = body[1], /* 0 of older writers */
        .messages = bytes_get_u64(body + 8),
        .clock_offset_ns = (int64_t)bytes_get_u64(body + 16),
        .utc_offset_s =
            len >= TICK_BYTES_V2 ? (int32_t)bytes_get_u32(body + 24) : RECORD_NO_UTC_OFFSET,
        .probe_ms = body[1] ? bytes_get_u32(body + 28) : RECORD_NO_PROBE,
        .broker_dropped = len >= TICK_BYTES ? bytes_get_u64(body + 32) : RECORD_NO_COUNT,
    };
    return true;
}

uint32_t record_connection_encode(const struct record_connection *from, uint8_t *out, size_t cap)
{
    size_t len = (size_t)CONNECTION_FIXED_BYTES + from->detail.len;
    if (len > cap)
        return 0;
    memset(out, 0, CONNECTION_FIXED_BYTES);
    out[0] = from->session_present;
    bytes_put_u32(out + 4, (uint32_t)from->reason_code);
    put(out + CONNECTION_FIXED_BYTES, from->detail);
    return (uint32_t)len;
}

bool record_connection_decode(const uint8_t *body, uint32_t len, struct record_connection *ret,
                              struct error *err)
{
    if (len < CONNECTION_FIXED_BYTES)
        return malformed(err, "connection", len);
    *ret = (struct record_connection){
        .session_present = body[0] != 0,
        .reason_code = (int32_t)bytes_get_u32(body + 4),
        .detail = tail(body, CONNECTION_FIXED_BYTES, len),
    };
    return true;
}

uint32_t record_subscribed_encode(const struct record_subscribed *from, uint8_t *out, size_t cap)
{
    size_t len = (size_t)SUBSCRIBED_FIXED_BYTES + from->filter.len;
    if (len > cap)
        return 0;
    bytes_put_u32(out, (uint32_t)from->reason_code);
    bytes_put_u32(out + 4, 0);
    put(out + SUBSCRIBED_FIXED_BYTES, from->filter);
    return (uint32_t)len;
}

bool record_subscribed_decode(const uint8_t *body, uint32_t len, struct record_subscribed *ret,
                              struct error *err)
{
    if (len < SUBSCRIBED_FIXED_BYTES)
        return malformed(err, "subscribed", len);
    *ret = (struct record_subscribed){
        .reason_code = (int32_t)bytes_get_u32(body),
        .filter = tail(body, SUBSCRIBED_FIXED_BYTES, len),
    };
    return true;
}

uint32_t record_gap_encode(const struct record_gap *from, uint8_t *out, size_t cap)
{
    if (cap < GAP_BYTES)
        return 0;
    bytes_put_u64(out, from->last_seq);
    bytes_put_u64(out + 8, (uint64_t)from->from_ns);
    return GAP_BYTES;
}

bool record_gap_decode(const uint8_t *body, uint32_t len, struct record_gap *ret, struct error *err)
{
    if (len != GAP_BYTES)
        return malformed(err, "gap", len);
    *ret = (struct record_gap){.last_seq = bytes_get_u64(body),
                               .from_ns = (int64_t)bytes_get_u64(body + 8)};
    return true;
}

uint32_t record_command_encode(const struct record_command *from, uint8_t *out, size_t cap)
{
    size_t len = (size_t)RECORD_COMMAND_FIXED_BYTES + from->text.len;
    if (len > cap || len > UINT32_MAX)
        return 0;
    memset(out, 0, RECORD_COMMAND_FIXED_BYTES);
    out[0] = from->by;
    bytes_put_u32(out + 4, from->uid);
    bytes_put_u32(out + 8, from->pid);
    put(out + RECORD_COMMAND_FIXED_BYTES, from->text);
    return (uint32_t)len;
}

bool record_command_decode(const uint8_t *body, uint32_t len, struct record_command *ret,
                           struct error *err)
{
    if (len < RECORD_COMMAND_FIXED_BYTES)
        return malformed(err, "command", len);
    *ret = (struct record_command){.by = body[0],
                                   .uid = bytes_get_u32(body + 4),
                                   .pid = bytes_get_u32(body + 8),
                                   .text = tail(body, RECORD_COMMAND_FIXED_BYTES, len)};
    return true;
}

uint32_t record_model_encode(const struct record_model *from, uint8_t *out, size_t cap)
{
    size_t len = (size_t)MODEL_FIXED_BYTES + from->path.len + from->source.len;
    if (from->path.len > UINT16_MAX || len > cap || len > UINT32_MAX)
        return 0;
    memset(out, 0, MODEL_FIXED_BYTES);
    bytes_put_u64(out, from->hash);
    bytes_put_u16(out + 8, (uint16_t)from->path.len);
    put(out + MODEL_FIXED_BYTES, from->path);
    put(out + MODEL_FIXED_BYTES + from->path.len, from->source);
    return (uint32_t)len;
}

bool record_model_decode(const uint8_t *body, uint32_t len, struct record_model *ret,
                         struct error *err)
{
    if (len < MODEL_FIXED_BYTES || MODEL_FIXED_BYTES + (uint32_t)bytes_get_u16(body + 8) > len)
        return malformed(err, "model", len);
    uint32_t source_at = MODEL_FIXED_BYTES + (uint32_t)bytes_get_u16(body + 8);
    *ret = (struct record_model){
        .hash = bytes_get_u64(body),
        .path = tail(body, MODEL_FIXED_BYTES, source_at),
        .source = tail(body, source_at, len),
    };
    return true;
}

void result_origin_encode(const struct result_origin *from, uint8_t out[RESULT_ORIGIN_BYTES])
{
    bytes_put_u64(out, from->input_seq);
    bytes_put_u32(out + 8, from->input_epoch);
    bytes_put_u32(out + 12, from->index);
}

struct result_origin result_origin_decode(const uint8_t from[RESULT_ORIGIN_BYTES])
{
    return (struct result_origin){
        .input_seq = bytes_get_u64(from),
        .input_epoch = bytes_get_u32(from + 8),
        .index = bytes_get_u32(from + 12),
    };
}
