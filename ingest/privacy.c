#include "ingest/privacy.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/payload/payload_redact.h"

#define NS_PER_S 1000000000LL

enum { S_PER_H = 3600 };

struct privacy {
    struct privacy_options options;
    struct payload_redactor *redactor; /* made when the first rules are met */
    struct payload_key key;
    bool has_key;
    int64_t period;                        /* of the key */
    uint8_t hash[RECORD_KEYED_HASH_BYTES]; /* of the message in hand */
    char topic[RECORD_TOPIC_BYTES_MAX];
};

bool privacy_open(const struct privacy_options *options, struct privacy **ret_privacy,
                  struct error *err)
{
    struct privacy *privacy = calloc(1, sizeof *privacy);
    if (!privacy)
        return error_set(err, ERROR_NO_MEMORY, 0, "privacy");
    privacy->options = *options;
    *ret_privacy = privacy;
    return true;
}

void privacy_close(struct privacy *privacy)
{
    if (!privacy)
        return;
    payload_redactor_free(privacy->redactor);
    explicit_bzero(privacy, sizeof *privacy);
    free(privacy);
}

void privacy_clock(struct privacy *privacy, int64_t wall_ns, int32_t utc_offset_s)
{
    int64_t local_s =
        wall_ns / NS_PER_S + (utc_offset_s == RECORD_NO_UTC_OFFSET ? 0 : utc_offset_s);
    int64_t period = payload_period(local_s, (int64_t)privacy->options.rotate_h * S_PER_H);
    if (!privacy->options.secret[0] || (privacy->has_key && period == privacy->period))
        return;
    privacy->has_key = payload_key_derive(str_of(privacy->options.secret), period, &privacy->key);
    privacy->period = period;
}

static enum record_withheld_reason reason_of(enum payload_redact redact)
{
    static const enum record_withheld_reason reasons[] = {
        [REDACT_MALFORMED] = RECORD_WITHHELD_MALFORMED, [REDACT_UTF8] = RECORD_WITHHELD_UTF8,
        [REDACT_OVERSIZED] = RECORD_WITHHELD_OVERSIZED, [REDACT_KEY] = RECORD_WITHHELD_KEY,
        [REDACT_FAILED] = RECORD_WITHHELD_FAILED,
    };
    return reasons[redact];
}

static enum payload_redact redact(struct privacy *privacy, const struct payload_map *map,
                                  struct str payload, struct str *ret)
{
    if (payload.len > privacy->options.max_message_bytes)
        return REDACT_OVERSIZED;
    if (!privacy->redactor)
        privacy->redactor = payload_redactor_new();
    if (!privacy->redactor)
        return REDACT_FAILED;
    return payload_redact(privacy->redactor, map, privacy->has_key ? &privacy->key : NULL, payload,
                          ret);
}

/* The topic without what rules take out of it; what stands before the raw topic, a drill's
 * beginning, stays. */
static enum payload_redact topic_redact(struct privacy *privacy, const struct venue *venue,
                                        const struct payload_map *map, struct str raw,
                                        struct intake_message *message)
{
    struct text out = text_over(privacy->topic, sizeof privacy->topic);
    if (!payload_map_redacts_topic(map))
        return REDACT_DONE;
    text_add_bytes(&out, message->topic.at, (size_t)(raw.at - message->topic.at));
    enum payload_redact done = payload_redact_topic(
        venue->payloads, map, privacy->has_key ? &privacy->key : NULL, raw, &out);
    message->topic = (struct str){privacy->topic, (uint32_t)out.len};
    message->topic_redacted = true;
    return done;
}

enum privacy_taken privacy_take(struct privacy *privacy, const struct venue *venue,
                                struct intake_message *message,
                                struct record_withheld *ret_withheld)
{
    struct str topic, kept = message->payload;
    bool drill;
    if (!venue->payloads || !venue_raw_topic(venue, message->topic, &topic, &drill))
        return PRIVACY_PLAIN;
    const struct payload_map *map = payload_maps_find(venue->payloads, topic);
    if (!map)
        return PRIVACY_PLAIN;
    enum payload_redact done = topic_redact(privacy, venue, map, topic, message);
    bool personal = payload_map_redacts(map) && !payload_map_says(map, message->payload);
    if (!personal && done == REDACT_DONE) /* a last will is no JSON, and the map's own word */
        return message->topic_redacted ? PRIVACY_REDACTED : PRIVACY_PLAIN;
    bool hashed =
        privacy->has_key && payload_keyed_hash(&privacy->key, message->payload, privacy->hash);
    struct str hash = {(const char *)privacy->hash, hashed ? RECORD_KEYED_HASH_BYTES : 0};
    if (done == REDACT_DONE)
        done = redact(privacy, map, message->payload, &kept);
    if (done == REDACT_DONE) {
        message->payload = kept;
        message->personal = true;
        message->keyed_hash = hash;
        return PRIVACY_REDACTED;
    }
    *ret_withheld = (struct record_withheld){
        .topic = message->topic,
        .payload_len = message->payload.len,
        .keyed_hash = hash,
        .reason = reason_of(done),
        .qos = message->qos,
        .bits = (uint8_t)((message->retained ? RECORD_MQTT_RETAIN : 0) |
                          (message->dup ? RECORD_MQTT_DUP : 0) | RECORD_MQTT_PERSONAL),
    };
    return PRIVACY_WITHHELD;
}
