#include "processors/process/keeper.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "schemas/base/clock.h"

enum {
    KEEPER_POLL_MS = 2,
    KEEPER_RESERVE_SEGMENTS = 4, /* free space below this is short: both logs prepare one ahead */
};
static const uint64_t mib = UINT64_C(1) << 20;
static const char program[] = "process";

static void sleep_ms(uint32_t ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL); /* woken early: the caller looks again */
}

/* What must stay for the older of two snapshots; with fewer than two, everything. */
static bool move_pins(struct runner *r, struct error *err)
{
    uint64_t seqs[SNAPSHOTS_KEPT];
    struct snapshot older;
    struct log_position position = {.log = r->log};
    r->keep_from[OUTPUT_ALERTS] = r->keep_from[OUTPUT_BULK] = 1;
    if (snapshot_list(r->snapshots_dir, seqs, SNAPSHOTS_KEPT) == SNAPSHOTS_KEPT &&
        snapshot_peek(r->snapshots_dir, seqs[SNAPSHOTS_KEPT - 1], &older, NULL)) {
        position.seq = older.input_seq;
        position.epoch = older.input_epoch;
        r->keep_from[OUTPUT_ALERTS] = older.alerts_seq + 1;
        r->keep_from[OUTPUT_BULK] = older.bulk_seq + 1;
    }
    return log_cursor_store(r->pin, &position, true, err);
}

bool keeper_open(struct runner *r, struct error *err)
{
    return log_cursor_open(r->cursors_dir, "readings.process", true, &r->pin, err) &&
           move_pins(r, err);
}

bool keeper_begin(struct runner *r, struct error *err)
{
    if (r->waiting.state || r->at.seq == r->snapshot_last_seq ||
        !outputs_covered(&r->out, r->at.seq))
        return true;
    struct snapshot s = {
        .log = r->log,
        .input_seq = r->at.seq,
        .input_epoch = r->at.epoch,
        .input_log_ns = r->at.log_ns,
        .alerts_seq = log_writer_last_seq(r->out.writer[OUTPUT_ALERTS]),
        .bulk_seq = log_writer_last_seq(r->out.writer[OUTPUT_BULK]),
        .model_hash = r->model_hash,
        .era_due = r->era_due,
    };
    (void)snprintf(s.core_version, sizeof s.core_version, "%s", r->version);
    if (!r->ops->save(r->core, &s.state, &s.state_len, err))
        return false;
    r->waiting = s;
    log_reader_request_sync(r->readings);
    return true;
}

bool keeper_overtaken(const struct runner *r)
{
    return log_reader_first_seq(r->readings) > r->snapshot_last_seq + 1;
}

static bool durable(const struct runner *r)
{
    return log_reader_durable_seq(r->readings) >= r->waiting.input_seq &&
           log_writer_durable_seq(r->out.writer[OUTPUT_ALERTS]) >= r->waiting.alerts_seq &&
           log_writer_durable_seq(r->out.writer[OUTPUT_BULK]) >= r->waiting.bulk_seq;
}

/* The snapshot has its name, or the disk is full. */
static bool written(struct runner *r, struct error *err)
{
    bool ok = snapshot_thread_finish(&r->writing, err);
    uint64_t seq = r->waiting.input_seq;
    snapshot_clear(&r->waiting);
    if (!ok && err->code == ERROR_NO_SPACE) {
        report_error(program, "snapshot_failed", err);
        return true;
    }
    if (!ok)
        return false;
    r->snapshot_last_seq = seq;
    counters_add(r->counters, COUNTER_PROCESS_SNAPSHOTS, 1);
    if (r->suspect.seq != 0 && r->suspect.seq <= seq) { /* it went well in the end */
        counters_suspect_clear(r->counters);
        r->suspect = (struct counters_suspect){0};
    }
    return move_pins(r, err);
}

bool keeper_poll(struct runner *r, struct error *err)
{
    if (r->writing.busy)
        return !snapshot_thread_done(&r->writing) || written(r, err);
    if (r->waiting.state && durable(r))
        snapshot_thread_start(&r->writing, r->snapshots_dir, &r->waiting);
    return true;
}

bool keeper_now(struct runner *r, uint32_t timeout_ms, bool *ret_done, struct error *err)
{
    int64_t until_ns = clock_boot_ns() + (int64_t)timeout_ms * 1000000;
    bool tried = false;
    for (;;) {
        if (r->waiting.state && !r->writing.busy && r->waiting.input_seq != r->at.seq)
            snapshot_clear(&r->waiting); /* overtaken */
        if (!r->waiting.state) {
            if (tried)
                break;
            if (!keeper_begin(r, err))
                return false;
            tried = true;
            if (!r->waiting.state) /* there is one already, or there can't be one now */
                break;
            for (int o = 0; o < OUTPUT_COUNT; o++) {
                if (!log_writer_sync(r->out.writer[o], err))
                    return false;
            }
        }
        if (!keeper_poll(r, err))
            return false;
        if (clock_boot_ns() >= until_ns && !r->writing.busy)
            break;
        counters_alive(r->counters);
        if (r->waiting.state)
            sleep_ms(KEEPER_POLL_MS);
    }
    if (ret_done)
        *ret_done = r->snapshot_last_seq == r->at.seq;
    return true;
}

void keeper_close(struct runner *r)
{
    struct error err;
    if (r->writing.busy)
        (void)snapshot_thread_finish(&r->writing, &err); /* whole, or not there: both will do */
    snapshot_clear(&r->waiting);
    if (r->pin)
        log_cursor_close(r->pin);
    r->pin = NULL;
}

/* A publisher that run starts, but that has not come as far as making its cursor, needs everything.
 */
static bool awaited(const struct runner *r, enum output output, bool enabled, const char *sink)
{
    char path[RUNNER_PATH_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/%s.%s", r->cursors_dir, output_name(output), sink);
    return enabled && access(path, F_OK) != 0;
}

/* The cap is about to take what such a publisher needs. Its cursor is made for it, so that it will
   know from where on all was meant for it. Where that fails (the disk is full, or the publisher is
   just coming) what is taken is told by process alone. */
static void begin_awaited(const struct runner *r, enum output output, bool enabled,
                          const char *sink)
{
    static const struct log_uuid unused = {{0}};
    char name[32];
    struct log_cursor *cursor = NULL;
    struct log_writer *log = r->out.writer[output];
    if (!awaited(r, output, enabled, sink))
        return;
    (void)snprintf(name, sizeof name, "%s.%s", output_name(output), sink);
    if (!log_cursor_open(r->cursors_dir, name, true, &cursor, NULL))
        return;
    struct log_position at = log_cursor_load(cursor);
    if (log_uuid_equal(&at.log, &unused)) {
        at.log = *log_writer_uuid(log);
        at.seq = log_writer_first_seq(log) - 1;
        (void)log_cursor_store(cursor, &at, true, NULL);
    }
    log_cursor_close(cursor);
}

/* The first sequence of a results log that somebody still needs. */
static bool needed_from(struct runner *r, enum output output, uint64_t *ret, struct error *err)
{
    char prefix[16];
    uint64_t least = 0;
    (void)snprintf(prefix, sizeof prefix, "%s.", output_name(output));
    if (!log_cursor_least(r->cursors_dir, prefix, log_writer_uuid(r->out.writer[output]), &least,
                          err))
        return false;
    uint64_t from = least == UINT64_MAX ? least : least + 1;
    if (awaited(r, output, r->config->kafka_enabled, "kafka") ||
        awaited(r, output, r->config->series_enabled, "series"))
        from = 1;
    *ret = from < r->keep_from[output] ? from : r->keep_from[output];
    return true;
}

static bool trim(struct runner *r, enum output output, uint64_t max_bytes, bool force,
                 struct error *err)
{
    uint64_t from = 0, lost = 0, first = log_writer_first_seq(r->out.writer[output]);
    if (!needed_from(r, output, &from, err))
        return false;
    if (force && log_writer_bytes(r->out.writer[output]) > max_bytes) {
        begin_awaited(r, output, r->config->kafka_enabled, "kafka");
        begin_awaited(r, output, r->config->series_enabled, "series");
    }
    if (!log_writer_retain(r->out.writer[output], max_bytes, from, force, &lost, err))
        return false;
    if (lost) {
        counters_add(r->counters, COUNTER_PROCESS_LOG_LOST, lost);
        report(REPORT_ERROR, program, "results_lost",
               "log=%s records=%" PRIu64 " first_seq=%" PRIu64 " last_seq=%" PRIu64
               " text=\"deleted at the disk cap before every cursor passed them\"",
               output_name(output), lost, first > from ? first : from,
               log_writer_first_seq(r->out.writer[output]) - 1);
    }
    return true;
}

static bool space_short(const struct runner *r)
{
    struct statvfs fs;
    return statvfs(r->state_dir, &fs) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize < KEEPER_RESERVE_SEGMENTS * r->segment_bytes;
}

/* What the cap is for, before it takes anything. */
static bool show_held(struct runner *r, enum output output, uint64_t cap, struct error *err)
{
    static const struct {
        enum counter held, cap;
    } gauges[OUTPUT_COUNT] = {
        [OUTPUT_ALERTS] = {COUNTER_PROCESS_ALERTS_HELD_BYTES, COUNTER_PROCESS_ALERTS_CAP_BYTES},
        [OUTPUT_BULK] = {COUNTER_PROCESS_BULK_HELD_BYTES, COUNTER_PROCESS_BULK_CAP_BYTES},
    };
    uint64_t from = 0;
    if (!needed_from(r, output, &from, err))
        return false;
    counters_set(r->counters, gauges[output].held,
                 log_writer_held_bytes(r->out.writer[output], from));
    counters_set(r->counters, gauges[output].cap, cap);
    return true;
}

static bool under_cap(struct runner *r, enum output output, uint64_t cap, struct error *err)
{
    if (!show_held(r, output, cap, err))
        return false;
    if (!trim(r, output, cap, r->config->log_cap_forces, err))
        return false;
    if (r->config->log_cap_forces || log_writer_bytes(r->out.writer[output]) <= cap)
        return true;
    return error_set(err, ERROR_NO_SPACE, 0,
                     "the %s log is at its cap of %" PRIu64
                     " MiB, a cursor still needs all of it and log.cap_forces is off",
                     output_name(output), cap / mib);
}

bool keeper_retain(struct runner *r, struct error *err)
{
    const uint64_t keep = (uint64_t)r->config->log_keep_mb * mib;
    const uint64_t cap[OUTPUT_COUNT] = {
        [OUTPUT_ALERTS] = (uint64_t)r->config->log_alerts_max_mb * mib,
        [OUTPUT_BULK] = (uint64_t)r->config->log_bulk_max_mb * mib,
    };
    /* max_bytes 0 would mean "delete nothing". */
    for (int o = 0; o < OUTPUT_COUNT; o++) {
        if (!trim(r, (enum output)o, keep ? keep : 1, false, err) ||
            !under_cap(r, (enum output)o, cap[o], err))
            return false;
    }
    /* The disk is nearly full, whoever filled it: what every cursor has passed goes first, bulk
       first; then, if a cap may force, bulk that was still wanted. Alerts are never forced out. */
    if (space_short(r) && !trim(r, OUTPUT_BULK, 1, false, err))
        return false;
    if (space_short(r) && !trim(r, OUTPUT_ALERTS, 1, false, err))
        return false;
    if (space_short(r) && r->config->log_cap_forces &&
        log_writer_bytes(r->out.writer[OUTPUT_BULK]) > KEEPER_RESERVE_SEGMENTS * r->segment_bytes)
        return trim(r, OUTPUT_BULK, KEEPER_RESERVE_SEGMENTS * r->segment_bytes, true, err);
    return true;
}
