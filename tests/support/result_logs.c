#include "tests/support/result_logs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "schemas/base/clock.h"

enum { BODY_BYTES = 1 << 21, INPUT_BYTES = 64 };

static struct log_writer *open_log(const char *dir, const char *name, const struct log_uuid *source,
                                   bool manual)
{
    char path[4200];
    struct log_writer *writer = NULL;
    struct log_recovery recovery;
    struct error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    const struct log_writer_options options = {
        .dir = path,
        .segment_bytes = 256 << 10,
        .sync = manual ? LOG_SYNC_MANUAL : LOG_SYNC_TIMER,
        .source = source,
    };
    if (!log_writer_open(&options, &writer, &recovery, &err)) {
        fprintf(stderr, "result_logs: %s: %s\n", path, err.where);
        abort();
    }
    return writer;
}

void result_logs_open(struct result_logs *logs, const char *dir, bool manual)
{
    *logs = (struct result_logs){.manual = manual, .now_ns = clock_wall_ns()};
    (void)mkdir(dir, 0750);
    logs->readings = open_log(dir, "readings", NULL, manual);
    logs->uuid = *log_writer_uuid(logs->readings);
    logs->alerts = open_log(dir, "alerts", &logs->uuid, manual);
    logs->bulk = open_log(dir, "bulk", &logs->uuid, manual);
    logs->inputs = log_writer_last_seq(logs->readings);
}

static void must(bool ok, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "result_logs: %s\n", err->where);
    abort();
}

static void stage(struct result_logs *logs, struct log_writer *writer, unsigned type,
                  struct result_origin *origin, const void *result, uint16_t flags)
{
    static uint8_t body[BODY_BYTES]; /* tests write from one thread */
    struct error err = {0};
    uint32_t len = result_encode(type, origin, result, body, sizeof body);
    const struct log_record record = {.type = (uint16_t)type,
                                      .flags = flags,
                                      .log_ns = logs->now_ns,
                                      .wall_ns = logs->now_ns,
                                      .body = body,
                                      .body_len = len};
    must(len > 0 && log_writer_stage(writer, &record, NULL, &err), &err);
    origin->index++;
}

static void stage_readings(struct result_logs *logs, const struct result_step *step,
                           struct result_origin *origin)
{
    for (uint32_t i = 0; i < step->readings; i++) {
        struct result_reading r;
        char sensor[32];
        result_clear(RECORD_READING, &r);
        (void)snprintf(sensor, sizeof sensor, "cam-%03u", (unsigned)(logs->reading_count % 500));
        r.venue = STR_LIT("expo");
        r.sensor = str_of(sensor);
        r.kind = STR_LIT("crowd_level");
        r.zone = STR_LIT("hall-1");
        r.ts = logs->now_ns / 1000000;
        r.received = r.ts;
        r.seq = (int64_t)++logs->reading_count;
        r.occupancy = (int64_t)(logs->reading_count % 97);
        r.lane = str_of(step->lane);
        r.status = STR_LIT("Actual");
        stage(logs, logs->bulk, RECORD_READING, origin, &r, step->flags);
    }
    for (uint32_t i = 0; i < step->zones; i++) {
        struct result_zone z;
        char zone[32];
        result_clear(RECORD_ZONE, &z);
        (void)snprintf(zone, sizeof zone, "cell-%03u", (unsigned)(logs->zone_count++ % 500));
        z.venue = STR_LIT("expo");
        z.zone = str_of(zone);
        z.kind = STR_LIT("cell");
        z.at = logs->now_ns / 1000000;
        z.occupancy = (int64_t)(logs->zone_count % 97);
        z.density = (double)z.occupancy / 131;
        z.level = LEVEL_NONE;
        z.status = STR_LIT("Actual");
        stage(logs, logs->bulk, RECORD_ZONE, origin, &z, step->flags);
    }
}

static void stage_alerts(struct result_logs *logs, const struct result_step *step,
                         struct result_origin *origin)
{
    for (uint32_t i = 0; i < step->alerts; i++) {
        struct result_alert a;
        char id[64];
        result_clear(RECORD_ALERT, &a);
        (void)snprintf(id, sizeof id, "expo/hall-1/density/%llu",
                       (unsigned long long)logs->alert_count);
        a.id = str_of(id);
        a.n = (int64_t)++logs->alert_count;
        a.venue = STR_LIT("expo");
        a.zone = STR_LIT("hall-1");
        a.rule = STR_LIT("density");
        a.status = STR_LIT("Actual");
        a.state = STR_LIT("active_unacked");
        a.level = LEVEL_RED;
        a.value = 4.7;
        a.at = logs->now_ns / 1000000;
        a.input_seq = (int64_t)origin->input_seq;
        a.input_index = origin->index;
        stage(logs, logs->alerts, RECORD_ALERT, origin, &a, step->flags);
    }
    for (uint32_t i = 0; i < step->heartbeats; i++) {
        struct result_heartbeat h;
        result_clear(RECORD_HEARTBEAT, &h);
        h.instance = STR_LIT("expo");
        h.at = logs->now_ns / 1000000;
        h.connected = 1;
        stage(logs, logs->alerts, RECORD_HEARTBEAT, origin, &h, step->flags);
    }
    for (uint32_t i = 0; i < step->deadletters; i++) {
        static char payload[BODY_BYTES / 2];
        struct result_deadletter d;
        memset(payload, 'A', sizeof payload);
        result_clear(RECORD_DEADLETTER, &d);
        d.venue = STR_LIT("expo");
        d.reason = STR_LIT("malformed");
        d.topic = STR_LIT("crowdtide/expo/crowd/x");
        d.payload_base64 = (struct str){payload, step->payload_bytes};
        stage(logs, logs->alerts, RECORD_DEADLETTER, origin, &d, step->flags);
    }
    for (uint32_t i = 0; i < step->eras; i++) {
        struct result_era e;
        result_clear(RECORD_ERA, &e);
        stage(logs, logs->alerts, RECORD_ERA, origin, &e, step->flags);
    }
}

uint64_t result_logs_step(struct result_logs *logs, const struct result_step *step)
{
    struct error err = {0};
    static const uint8_t body[INPUT_BYTES];
    int64_t now_ns = clock_wall_ns();
    if (now_ns > logs->now_ns)
        logs->now_ns = now_ns;
    const struct log_record input = {.type = RECORD_TICK,
                                     .log_ns = logs->now_ns,
                                     .wall_ns = logs->now_ns,
                                     .body = body,
                                     .body_len = sizeof body};
    if (step->lost_input)
        logs->inputs++;
    else
        must(log_writer_append(logs->readings, &input, &logs->inputs, &err), &err);
    struct result_origin origin = {logs->inputs, log_writer_epoch(logs->readings), 0};
    stage_readings(logs, step, &origin);
    stage_alerts(logs, step, &origin);
    must(log_writer_commit(logs->bulk, &err) && log_writer_commit(logs->alerts, &err), &err);
    return logs->inputs;
}

void result_logs_sync(struct result_logs *logs)
{
    struct error err = {0};
    must(log_writer_sync(logs->readings, &err) && log_writer_sync(logs->alerts, &err) &&
             log_writer_sync(logs->bulk, &err),
         &err);
}

void result_logs_close(struct result_logs *logs)
{
    log_writer_close(logs->readings);
    log_writer_close(logs->alerts);
    log_writer_close(logs->bulk);
    *logs = (struct result_logs){0};
}
