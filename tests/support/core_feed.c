#include "tests/support/core_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NS_PER_MS = 1000000 };

static void broken(const char *what, const struct error *err)
{
    fprintf(stderr, "core_feed: %s: %s\n", what, err->where);
    abort();
}

static uint8_t *body_room(struct core_feed *feed, size_t len)
{
    size_t need = len + LOG_READ_PADDING_BYTES;
    if (need > feed->body_cap) {
        free(feed->body);
        feed->body = malloc(need);
        feed->body_cap = need;
        if (!feed->body)
            abort();
    }
    return feed->body;
}

static void hash_results(struct core_feed *feed)
{
    for (uint32_t i = 0; i < feed->results.count; i++) {
        const struct core_result *r = &feed->results.result[i];
        struct str body = {(const char *)feed->results.bytes + r->offset, r->len};
        feed->hash = (feed->hash ^ str_hash(body) ^ r->type) * 0x100000001b3u;
        feed->result_count++;
        if (feed->seen) {
            union result_any any;
            core_feed_result(feed, i, &any);
            feed->seen(feed->arg, r->type, &any);
        }
    }
}

void core_feed_record(struct core_feed *feed, int64_t t_ms, unsigned type, const void *body,
                      uint32_t len)
{
    struct error err = {0};
    struct log_view view = {.seq = ++feed->seq,
                            .epoch = 1,
                            .type = (uint16_t)type,
                            .log_ns = t_ms * NS_PER_MS,
                            .wall_ns = t_ms * NS_PER_MS,
                            .body = body,
                            .body_len = len};
    core_results_clear(&feed->results);
    if (!core_step(feed->core, &view, &feed->results, &err))
        broken("core_step", &err);
    feed->t_ms = t_ms;
    if (!feed->unhashed)
        hash_results(feed);
}

void core_feed_model(struct core_feed *feed, int64_t t_ms, const char *venue_yaml)
{
    struct str source = str_of(venue_yaml);
    struct record_model model = {
        .hash = str_hash(source), .source = source, .path = STR_LIT("test.yaml")};
    uint8_t *body = body_room(feed, source.len + 256);
    uint32_t len = record_model_encode(&model, body, source.len + 256);
    core_feed_record(feed, t_ms, RECORD_MODEL, body, len);
}

void core_feed_init(struct core_feed *feed, const char *venue_yaml, int64_t t_ms)
{
    struct error err = {0};
    *feed =
        (struct core_feed){.core = core_new(&err), .hash = 1, .utc_offset_s = RECORD_NO_UTC_OFFSET};
    if (!feed->core)
        broken("core_new", &err);
    core_feed_model(feed, t_ms, venue_yaml);
}

void core_feed_free(struct core_feed *feed)
{
    core_free(feed->core);
    core_results_free(&feed->results);
    free(feed->body);
}

void core_feed_bytes(struct core_feed *feed, int64_t t_ms, struct str topic, struct str payload,
                     unsigned bits)
{
    struct record_mqtt mqtt = {.topic = topic, .payload = payload, .qos = 1, .bits = (uint8_t)bits};
    size_t cap = RECORD_MQTT_FIXED_BYTES + (size_t)topic.len + payload.len + 64;
    uint8_t *body = body_room(feed, cap);
    uint32_t len = record_mqtt_encode(&mqtt, body, cap);
    core_feed_record(feed, t_ms, RECORD_MQTT, body, len);
}

void core_feed_publish(struct core_feed *feed, int64_t t_ms, const char *topic, const char *payload,
                       unsigned bits)
{
    core_feed_bytes(feed, t_ms, str_of(topic), str_of(payload), bits);
}

void core_feed_tick(struct core_feed *feed, int64_t t_ms)
{
    struct record_tick tick = {.connected = !feed->broker_lost,
                               .messages = feed->seq,
                               .clock_offset_ns = feed->clock_offset_ns,
                               .utc_offset_s = feed->utc_offset_s,
                               .probe = feed->probe,
                               .probe_ms = feed->probe_ms};
    uint8_t body[64 + LOG_READ_PADDING_BYTES];
    uint32_t len = record_tick_encode(&tick, body, 64);
    core_feed_record(feed, t_ms, RECORD_TICK, body, len);
}

void core_feed_gap(struct core_feed *feed, int64_t t_ms)
{
    struct record_gap gap = {.last_seq = feed->seq, .from_ns = feed->t_ms * NS_PER_MS};
    uint8_t body[64 + LOG_READ_PADDING_BYTES];
    uint32_t len = record_gap_encode(&gap, body, 64);
    core_feed_record(feed, t_ms, RECORD_GAP, body, len);
}

void core_feed_command(struct core_feed *feed, int64_t t_ms, uint32_t uid, struct str text)
{
    struct record_command command = {
        .by = RECORD_COMMAND_LOCAL, .uid = uid, .pid = 1, .text = text};
    size_t cap = RECORD_COMMAND_FIXED_BYTES + (size_t)text.len + 64;
    uint8_t *body = body_room(feed, cap);
    core_feed_record(feed, t_ms, RECORD_COMMAND, body, record_command_encode(&command, body, cap));
}

void core_feed_until(struct core_feed *feed, int64_t t_ms)
{
    for (int64_t t = (feed->t_ms / 1000 + 1) * 1000; t <= t_ms; t += 1000)
        core_feed_tick(feed, t);
}

void core_feed_result(const struct core_feed *feed, uint32_t i, union result_any *ret)
{
    const struct core_result *r = &feed->results.result[i];
    struct result_origin origin;
    struct error err = {0};
    if (!result_decode(r->type, feed->results.bytes + r->offset, r->len, &origin, ret, &err))
        broken("result_decode", &err);
    if (origin.index != i || origin.input_seq != feed->seq)
        broken("origin", &err);
}

bool core_feed_last(const struct core_feed *feed, unsigned type, union result_any *ret)
{
    for (uint32_t i = feed->results.count; i > 0; i--) {
        if (feed->results.result[i - 1].type == type) {
            core_feed_result(feed, i - 1, ret);
            return true;
        }
    }
    return false;
}
