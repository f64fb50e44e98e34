/* clang-format off */
/*
 * Bodies of the readings log's records, little-endian. `…` runs to the end of the body.
 *
 * MQTT          0 u16 topic length   2 u8 qos   3 u8 bits   4 u32 payload length   8 topic …  payload …
 * OVERSIZED     0 u16 topic length   2 u8 qos   3 u8 bits   4 u32 head length   8 u64 payload length
 *              16 sha256[32]   48 topic …  head …
 * TICK          0 u8 connected   1 zero[7]   8 u64 messages   16 i64 wall - log ns
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
    TICK_BYTES = 32,
    TICK_BYTES_V1 = 24, /* without the offset of the venue's time zone */
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

uint32_t record_mqtt_encode(const struct record_mqtt *from, uint8_t *out, size_t cap)
{
    size_t len = (size_t)RECORD_MQTT_FIXED_BYTES + from->topic.len + from->payload.len;
    if (from->topic.len > RECORD_TOPIC_BYTES_MAX || len > cap || len > UINT32_MAX)
        return 0;
    bytes_put_u16(out, (uint16_t)from->topic.len);
    out[2] = from->qos;
    out[3] = from->bits;
    bytes_put_u32(out + 4, from->payload.len);
    put(out + RECORD_MQTT_FIXED_BYTES, from->topic);
    put(out + RECORD_MQTT_FIXED_BYTES + from->topic.len, from->payload);
    return (uint32_t)len;
}

bool record_mqtt_decode(const uint8_t *body, uint32_t len, struct record_mqtt *ret,
                        struct error *err)
{
    if (len < RECORD_MQTT_FIXED_BYTES)
        return malformed(err, "mqtt", len);
    uint32_t topic_len = bytes_get_u16(body);
    uint32_t payload_len = bytes_get_u32(body + 4);
    if ((uint64_t)RECORD_MQTT_FIXED_BYTES + topic_len + payload_len != len)
        return malformed(err, "mqtt", len);
    uint32_t payload_at = RECORD_MQTT_FIXED_BYTES + topic_len;
    *ret = (struct record_mqtt){
        .topic = tail(body, RECORD_MQTT_FIXED_BYTES, payload_at),
        .payload = tail(body, payload_at, len),
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
    bytes_put_u64(out + 8, from->messages);
    bytes_put_u64(out + 16, (uint64_t)from->clock_offset_ns);
    bytes_put_u32(out + 24, (uint32_t)from->utc_offset_s);
    return TICK_BYTES;
}

bool record_tick_decode(const uint8_t *body, uint32_t len, struct record_tick *ret,
                        struct error *err)
{
    if (len != TICK_BYTES && len != TICK_BYTES_V1)
        return malformed(err, "tick", len);
    *ret = (struct record_tick){
        .connected = body[0] != 0,
        .messages = bytes_get_u64(body + 8),
        .clock_offset_ns = (int64_t)bytes_get_u64(body + 16),
        .utc_offset_s =
            len == TICK_BYTES ? (int32_t)bytes_get_u32(body + 24) : RECORD_NO_UTC_OFFSET,
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
