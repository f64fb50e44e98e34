/* Dead letters: what could not be used, with its bytes and the reason. */
#include "processors/core/emit.h"

/* MQTT topics should be UTF-8; brokers let others through. Every byte that does not fit becomes
 * U+FFFD. */
static void add_utf8(struct text *t, struct str s)
{
    if (utf8_valid((const uint8_t *)s.at, s.len)) {
        text_add_str(t, s);
        return;
    }
    for (uint32_t i = 0; i < s.len;) {
        uint32_t len = s.len - i < 4 ? s.len - i : 4;
        while (len > 0 && !utf8_valid((const uint8_t *)s.at + i, len))
            len--;
        if (len)
            text_add_bytes(t, s.at + i, len);
        else
            text_add(t, "\xef\xbf\xbd");
        i += len ? len : 1;
    }
}

struct emit_letter emit_letter_of(const struct record_mqtt *message)
{
    return (struct emit_letter){.topic = message->topic,
                                .payload = message->payload,
                                .payload_bytes = message->payload.len,
                                .personal = message->bits & RECORD_MQTT_PERSONAL,
                                .keyed_hash = message->keyed_hash};
}

static struct str hash_text(struct str hash, char out[2 * RECORD_KEYED_HASH_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (uint32_t i = 0; i < hash.len; i++) {
        out[2 * i] = digits[(uint8_t)hash.at[i] >> 4];
        out[2 * i + 1] = digits[(uint8_t)hash.at[i] & 15];
    }
    return (struct str){out, 2 * hash.len};
}

void emit_deadletter(struct core *core, const struct emit_letter *letter,
                     const struct refusal *refusal)
{
    struct result_deadletter result;
    struct str kept = letter->personal ? (struct str){0} : letter->payload;
    char hash[2 * RECORD_KEYED_HASH_BYTES];
    struct text t = text_over(core->scratch, EMIT_SCRATCH_BYTES);
    result_clear(RECORD_DEADLETTER, &result);
    if (kept.len > EMIT_PAYLOAD_BYTES_MAX)
        kept.len = EMIT_PAYLOAD_BYTES_MAX;
    add_utf8(&t, letter->topic);
    size_t topic_len = t.len;
    text_add_base64(&t, (const uint8_t *)kept.at, kept.len);
    if (core->model.venue)
        result.venue = core->model.venue->id;
    result.reason = str_of(refusal_reason_text(refusal->reason));
    result.detail = str_of(refusal->detail);
    result.input_seq = (int64_t)core->origin.input_seq;
    result.topic = (struct str){t.at, (uint32_t)topic_len};
    result.payload_base64 = (struct str){t.at + topic_len, (uint32_t)(t.len - topic_len)};
    result.payload_bytes = (int64_t)letter->payload_bytes;
    result.truncated = kept.len < letter->payload_bytes;
    result.at = core_now_ms(core);
    result.payload_hash = hash_text(letter->keyed_hash, hash);
    core->books.quarantined++;
    emit(core, RECORD_DEADLETTER, &result);
}
