#include "tests/support/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { NS_PER_MS = 1000000, PATH_BYTES = 4200, BODY_BYTES = 64 * 1024 };

static void must(bool ok, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "recording: %s\n", err->where);
    abort();
}

void recording_open(struct recording *r, const char *state_dir, int64_t t_ms)
{
    char dir[PATH_BYTES];
    struct error err = {0};
    *r = (struct recording){.t_ms = t_ms};
    (void)mkdir(state_dir, 0755);
    (void)snprintf(dir, sizeof dir, "%s/readings", state_dir);
    const struct log_writer_options options = {
        .dir = dir, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_MANUAL};
    must(log_writer_open(&options, &r->writer, NULL, &err), &err);
}

uint64_t recording_record(struct recording *r, unsigned type, const void *body, uint32_t len)
{
    struct error err = {0};
    uint64_t seq = 0;
    const struct log_record record = {.type = (uint16_t)type,
                                      .flags = r->flags,
                                      .log_ns = r->t_ms * NS_PER_MS,
                                      .wall_ns = r->t_ms * NS_PER_MS,
                                      .body = body,
                                      .body_len = len};
    must(log_writer_append(r->writer, &record, &seq, &err), &err);
    return seq;
}

void recording_model(struct recording *r, const char *venue_yaml)
{
    static uint8_t body[BODY_BYTES];
    struct str source = str_of(venue_yaml);
    const struct record_model model = {
        .hash = str_hash(source), .source = source, .path = STR_LIT("recorded.yaml")};
    (void)recording_record(r, RECORD_MODEL, body, record_model_encode(&model, body, sizeof body));
}

void recording_until(struct recording *r, int64_t t_ms)
{
    struct error err = {0};
    uint8_t body[64];
    for (int64_t t = (r->t_ms / 1000 + 1) * 1000; t <= t_ms; t += 1000) {
        const struct record_tick tick = {
            .connected = true, .messages = r->messages, .utc_offset_s = RECORD_NO_UTC_OFFSET};
        r->t_ms = t;
        (void)recording_record(r, RECORD_TICK, body, record_tick_encode(&tick, body, sizeof body));
        must(log_writer_sync(r->writer, &err), &err);
    }
    r->t_ms = t_ms;
}

void recording_say(struct recording *r, int64_t t_ms, const char *topic, const char *payload)
{
    char whole[256];
    uint8_t body[BODY_BYTES / 16];
    recording_until(r, t_ms);
    (void)snprintf(whole, sizeof whole, "crowdtide/v/%s", topic);
    const struct record_mqtt mqtt = {.topic = str_of(whole), .payload = str_of(payload), .qos = 1};
    r->messages++;
    (void)recording_record(r, RECORD_MQTT, body, record_mqtt_encode(&mqtt, body, sizeof body));
}

void recording_say_every(struct recording *r, int64_t step_ms, int64_t until_ms, const char *topic,
                         const char *payload)
{
    for (int64_t t = r->t_ms; t <= until_ms; t += step_ms)
        recording_say(r, t, topic, payload);
}

void recording_close(struct recording *r)
{
    log_writer_close(r->writer);
    *r = (struct recording){0};
}
