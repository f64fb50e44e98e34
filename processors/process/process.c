#include "processors/process/process.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "processors/process/blame.h"
#include "processors/process/keeper.h"
#include "processors/process/restart.h"
#include "schemas/base/clock.h"
#include "schemas/result/result.h"

enum {
    BATCH_RECORDS_MAX = 4096,
    BATCH_BYTES_MAX = 1024 * 1024, /* of readings */
    /* While messages keep coming, process looks this often and not at every single one: a wake-up
       and two appends a message would cost more than the message. */
    PACE_US = 2000,
    WAIT_START_MS = 100,
    COUNTERS_MS = 200,
    RETAIN_MS = 5000,
    SNAPSHOT_WAIT_MS = 2000,
    ERA_BODY_BYTES = 512,
    MMAP_FROM_BYTES = 1024 * 1024, /* a snapshot's bytes go back to the system when freed */
    GAP_BODY_BYTES = 64,
    LATE_S_USUAL = 60, /* the default of process.late_s */
};
static const char program[] = "process";
static const int64_t ms_ns = 1000000;

static void sleep_us(long us)
{
    struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&pause, NULL); /* woken early by a signal: the loop looks again */
}

static bool make_dir(const struct runner *r, const char *name, char *out, size_t cap,
                     struct error *err)
{
    if (snprintf(out, cap, "%s/%s", r->state_dir, name) >= (int)cap)
        return error_set(err, ERROR_INVALID, 0, "state directory path too long");
    if (mkdir(out, 0755) != 0 && errno != EEXIST)
        return error_set(err, ERROR_IO, errno, "%s", out);
    return true;
}

static void count(struct runner *r)
{
    struct core_books books = r->ops->books(r->core);
    struct core_summary summary = r->ops->summary(r->core);
    struct counters *c = r->counters;
    counters_set(c, COUNTER_PROCESS_RECEIVED, books.received);
    counters_set(c, COUNTER_PROCESS_DECODED, books.decoded);
    counters_set(c, COUNTER_PROCESS_DUPLICATE, books.duplicate);
    counters_set(c, COUNTER_PROCESS_QUARANTINED, books.quarantined);
    counters_set(c, COUNTER_PROCESS_IGNORED_RETAINED, books.ignored_retained);
    counters_set(c, COUNTER_PROCESS_UNBOUND_READINGS, books.unbound_readings);
    counters_set(c, COUNTER_PROCESS_NO_READING, books.no_reading);
    counters_set(c, COUNTER_PROCESS_RESULTS, books.results);
    counters_set(c, COUNTER_PROCESS_INPUT_SEQ, r->at.seq);
    counters_set(c, COUNTER_PROCESS_LAG_RECORDS, log_reader_lag(r->readings, r->at.seq));
    counters_set(c, COUNTER_PROCESS_ALERTS_ACTIVE, summary.alerts_active);
    counters_set(c, COUNTER_PROCESS_ZONES_UNKNOWN, summary.zones_unknown);
    counters_set(c, COUNTER_PROCESS_SENSORS_SILENT, summary.sensors_silent);
    counters_set(c, COUNTER_PROCESS_ALERTS_LOG_SEQ,
                 log_writer_last_seq(r->out.writer[OUTPUT_ALERTS]));
    counters_set(c, COUNTER_PROCESS_BULK_LOG_SEQ, log_writer_last_seq(r->out.writer[OUTPUT_BULK]));
    counters_alive(c);
}

static bool commit(struct runner *r, struct error *err)
{
    if (!outputs_commit_all(&r->out, err))
        return false;
    if (r->suspect_skipped) {
        counters_suspect_clear(r->counters);
        r->suspect = (struct counters_suspect){0};
        r->suspect_skipped = false;
    }
    return true;
}

/* The core has a new version: what follows is another era. It begins behind everything that the
   results logs have, right after a snapshot, so that a restart knows on which side it stands. */
static bool begin_era(struct runner *r, struct error *err)
{
    uint8_t body[ERA_BODY_BYTES];
    char hash[17];
    bool snapshotted = false;
    if (!commit(r, err) || !keeper_now(r, r->snapshot_wait_ms, &snapshotted, err))
        return false;
    struct result_era era;
    result_clear(RECORD_ERA, &era);
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, r->model_hash);
    era.core_version = str_of(r->version);
    if (r->model_hash)
        era.model_hash = str_of(hash);
    era.at = r->at.log_ns / ms_ns;
    const struct result_origin origin =
        outputs_own_place(&r->out, OUTPUT_ALERTS, r->at.seq, r->at.epoch);
    const struct log_record record = {
        .type = RECORD_ERA,
        .log_ns = r->at.log_ns,
        .wall_ns = clock_wall_ns(),
        .body = body,
        .body_len = result_encode(RECORD_ERA, &origin, &era, body, sizeof body),
    };
    report(REPORT_INFO, program, "era", "core_version=%s input_seq=%" PRIu64 " snapshot=%d",
           r->version, r->at.seq, snapshotted);
    r->era_due = false;
    runner_settings(r);
    return outputs_stage_own(&r->out, &record, err) && commit(r, err);
}

/* A model takes force: snapshot first, so that its era begins at an exact point. */
static bool before_model(struct runner *r, const struct log_view *view, struct error *err)
{
    struct record_model model;
    if (!record_model_decode(view->body, view->body_len, &model, err))
        return false;
    if (r->at.seq != 0 && outputs_covered(&r->out, r->at.seq)) {
        if (!commit(r, err) || !keeper_now(r, r->snapshot_wait_ms, NULL, err))
            return false;
    }
    r->model_hash = model.hash;
    return true;
}

/* How often this input crashed process when it is to be left out; 0: it is not. */
static uint32_t poisoned(const struct runner *r, const struct log_view *view)
{
    uint32_t crashes = r->skip_count ? restart_skipped(r, view->seq) : 0;
    if (!crashes && view->seq == r->suspect.seq && r->suspect.crashes >= BLAME_CRASHES_MAX)
        crashes = r->suspect.crashes;
    return crashes;
}

/* For the first time, and not because the log says so. */
static bool left_out_now(const struct runner *r, const struct log_view *view)
{
    return r->suspect_skipped && view->seq == r->suspect.seq && !restart_skipped(r, view->seq);
}

static bool step(struct runner *r, const struct log_view *view, struct error *err)
{
    uint32_t crashes = poisoned(r, view);
    core_results_clear(&r->results);
    blame_begin(r->counters, view->seq, view->epoch);
    bool ok = crashes ? r->ops->skip(r->core, view, crashes, &r->results, err)
                      : r->ops->step(r->core, view, &r->results, err);
    blame_end(r->counters);
    if (ok && r->results.source_age_ms >= 0)
        counters_observe(r->counters, HISTOGRAM_PROCESS_SOURCE, r->results.source_age_ms * ms_ns);
    if (ok && crashes && view->seq == r->suspect.seq)
        r->suspect_skipped = true;
    if (ok && left_out_now(r, view)) {
        counters_add(r->counters, COUNTER_PROCESS_SKIPPED, 1);
        report(REPORT_ERROR, program, "input_skipped", "input_seq=%" PRIu64 " crashes=%" PRIu32,
               view->seq, crashes);
    }
    return ok;
}

/* An input that went well once, and whose results are out, brought process down when it was run
   again. They stay. That it is left out is said where the alerts log ends, before anything else is,
   so that the next re-run leaves it out, too. */
static bool stage_late_skip(struct runner *r, int64_t wall_ns, struct error *err)
{
    const struct result_origin end = r->out.done[OUTPUT_ALERTS];
    for (uint32_t i = 0; i < r->results.count; i++) {
        const struct core_result *result = &r->results.result[i];
        const struct result_origin place =
            outputs_own_place(&r->out, OUTPUT_ALERTS, end.input_seq, end.input_epoch);
        const struct log_record record = {
            .type = result->type,
            .log_ns = r->out.had_log_ns[OUTPUT_ALERTS],
            .wall_ns = wall_ns,
            .body = r->results.bytes + result->offset,
            .body_len = result->len,
        };
        result_origin_encode(&place, r->results.bytes + result->offset);
        if (!outputs_stage_own(&r->out, &record, err))
            return false;
    }
    return outputs_commit(&r->out, OUTPUT_ALERTS, err);
}

static bool stage(struct runner *r, const struct log_view *view, int64_t wall_ns, bool *ret_alert,
                  struct error *err)
{
    if (left_out_now(r, view) && outputs_passed(&r->out, OUTPUT_ALERTS, view->seq))
        return stage_late_skip(r, wall_ns, err);
    return outputs_stage(&r->out, view, wall_ns, &r->results, ret_alert, err);
}

static bool take(struct runner *r, const struct log_view *view, int64_t wall_ns, struct error *err)
{
    bool alert = false;
    if (r->era_due && r->at.seq != 0 && outputs_covered(&r->out, r->at.seq) && !begin_era(r, err))
        return false;
    if (view->type == RECORD_MODEL && !before_model(r, view, err))
        return false;
    if (!step(r, view, err) || !stage(r, view, wall_ns, &alert, err))
        return false;
    r->at = (struct runner_place){view->seq, view->epoch, view->log_ns};
    if (!alert)
        return true;
    /* Alerts wait for nobody: not for the rest of the batch, nor for the timer that makes their
       input durable, which is when they may leave the machine. */
    log_reader_request_sync(r->readings);
    return outputs_commit(&r->out, OUTPUT_ALERTS, err);
}

/* Readings were deleted unseen. The core hears of them as of a gap: nothing dwells across it, and
   who fell silent in it is unknown. The gap stands for the last record before `next`, whose
   sequence nobody else will ever have, so that its results have a place of their own. A snapshot
   right before it lets a restart find the same gap from the same state. */
static bool take_gap(struct runner *r, const struct log_view *next, int64_t wall_ns,
                     struct error *err)
{
    uint8_t body[GAP_BODY_BYTES + LOG_READ_PADDING_BYTES] = {0};
    const struct record_gap gap = {.last_seq = r->at.seq, .from_ns = r->at.log_ns};
    const struct log_view view = {
        .seq = next->seq - 1,
        .epoch = next->epoch,
        .type = RECORD_GAP,
        .flags = (uint16_t)(next->flags & RECORD_FLAG_REPLAYED),
        .log_ns = next->log_ns,
        .wall_ns = next->wall_ns,
        .durable_seq = next->durable_seq,
        .body = body,
        .body_len = record_gap_encode(&gap, body, GAP_BODY_BYTES),
    };
    r->gap_due = false;
    if (outputs_covered(&r->out, r->at.seq) &&
        (!commit(r, err) || !keeper_now(r, r->snapshot_wait_ms, NULL, err)))
        return false;
    return take(r, &view, wall_ns, err);
}

/* The core hears which records come next: it fetches what they need. */
static void look_ahead(struct runner *r)
{
    struct log_view view;
    while (r->ops->ahead && r->ahead < RUNNER_AHEAD && log_reader_ahead(r->readings, &view)) {
        r->ops->ahead(r->core, &view);
        r->ahead++;
    }
    r->ahead -= r->ahead > 0; /* the one that is taken now */
}

/* *ret_records: how many were dealt with; *ret_caught_up: there was nothing more. */
static bool batch(struct runner *r, uint32_t *ret_records, bool *ret_caught_up, struct error *err)
{
    int64_t wall_ns = clock_wall_ns();
    uint32_t records = 0;
    uint64_t bytes = 0;
    int64_t oldest_wall_ns = 0;
    *ret_caught_up = false;
    while (records < BATCH_RECORDS_MAX && bytes < BATCH_BYTES_MAX) {
        struct log_view view;
        look_ahead(r);
        enum log_read got = log_reader_next(r->readings, &view, err);
        if (got == LOG_READ_CAUGHT_UP) {
            r->ahead = 0;
            *ret_caught_up = true;
            break;
        }
        if (got == LOG_READ_ERROR) {
            if (err->code != ERROR_LOST || !restart_behind_loss(r, err))
                return false;
            continue;
        }
        if (r->gap_due && !take_gap(r, &view, wall_ns, err))
            return false;
        if (!take(r, &view, wall_ns, err))
            return false;
        if (!oldest_wall_ns)
            oldest_wall_ns = view.wall_ns;
        records++;
        bytes += view.body_len;
    }
    *ret_records = records;
    if (!commit(r, err))
        return false;
    if (records)
        counters_observe(r->counters, HISTOGRAM_PROCESS_RESULT, clock_wall_ns() - oldest_wall_ns);
    return true;
}

static bool due(int64_t *at_ns, int64_t now_ns, int64_t every_ms)
{
    if (now_ns < *at_ns)
        return false;
    *at_ns = now_ns + every_ms * ms_ns;
    return true;
}

static bool housekeeping(struct runner *r, struct error *err)
{
    int64_t now_ns = clock_boot_ns();
    if (due(&r->counters_due_boot_ns, now_ns, COUNTERS_MS))
        count(r);
    bool snapshot = due(&r->snapshot_due_boot_ns, now_ns, r->config->snapshot_s * 1000);
    bool retain = due(&r->retain_due_boot_ns, now_ns, RETAIN_MS);
    if ((snapshot || (retain && keeper_overtaken(r))) && !keeper_begin(r, err))
        return false;
    if (!keeper_poll(r, err))
        return false;
    return !retain || keeper_retain(r, err);
}

static bool loop(struct runner *r, struct error *err)
{
    r->snapshot_due_boot_ns = clock_boot_ns() + r->config->snapshot_s * 1000 * ms_ns;
    while (!runner_stopped(r)) {
        uint32_t records = 0;
        bool caught_up = false;
        if (!batch(r, &records, &caught_up, err) || !housekeeping(r, err))
            return false;
        if (!caught_up)
            continue;
        if (r->era_due && r->at.seq != 0 && outputs_covered(&r->out, r->at.seq) &&
            !begin_era(r, err))
            return false;
        if (r->options->until_caught_up)
            break;
        if (records)
            sleep_us(PACE_US);
        else
            log_reader_wait(r->readings, LOG_WAIT_MS_MAX);
    }
    bool snapshotted = false;
    bool ok = commit(r, err) && keeper_now(r, r->snapshot_wait_ms, &snapshotted, err);
    count(r);
    report(REPORT_INFO, program, "stopped", "input_seq=%" PRIu64 " snapshot=%d", r->at.seq,
           snapshotted);
    return ok;
}

/* Opens the readings log; waits for its first record, because after a boot nothing is to be seen in
   it before ingest has recovered it. *ret_ready false: stopped before that. */
static bool await_readings(struct runner *r, bool *ret_ready, struct error *err)
{
    char dir[RUNNER_PATH_BYTES + 16];
    (void)snprintf(dir, sizeof dir, "%s/readings", r->state_dir);
    const struct log_reader_options options = {
        .dir = dir, .verify_crc = true, .refuse_void = true, .io = r->options->reader_io};
    bool said = false;
    *ret_ready = false;
    while (!runner_stopped(r)) {
        counters_alive(r->counters);
        if (!r->readings && !log_reader_open(&options, &r->readings, err)) {
            if (err->code != ERROR_NOT_FOUND)
                return false;
        }
        if (r->readings && log_reader_last_seq(r->readings) != 0) {
            r->log = *log_reader_uuid(r->readings);
            *ret_ready = true;
            return true;
        }
        if (!said && r->readings && log_reader_waits(r->readings, err))
            report(REPORT_INFO, program, "waiting", "for=\"%s\"", err->where);
        else if (!said)
            report(REPORT_INFO, program, "waiting", "for=\"the first record of %s\"", dir);
        said = true;
        if (r->options->until_caught_up)
            return true;
        if (r->readings)
            log_reader_wait(r->readings, WAIT_START_MS);
        else
            sleep_us(WAIT_START_MS * 1000L);
    }
    return true;
}

static bool open_all(struct runner *r, bool *ret_ready, struct error *err)
{
    if (snprintf(r->state_dir, sizeof r->state_dir, "%s", r->config->state_dir) >=
        (int)sizeof r->state_dir)
        return error_set(err, ERROR_INVALID, 0, "state directory path too long");
    if (!counters_open(r->state_dir, PROGRAM_PROCESS, &r->counters, err) ||
        !make_dir(r, "snapshots", r->snapshots_dir, sizeof r->snapshots_dir, err) ||
        !make_dir(r, "cursors", r->cursors_dir, sizeof r->cursors_dir, err))
        return false;
    blame_install(r->counters);
    return await_readings(r, ret_ready, err) &&
           (!*ret_ready || (restart_run(r, err) && keeper_open(r, err)));
}

static void close_all(struct runner *r)
{
    keeper_close(r);
    outputs_close(&r->out);
    log_reader_close(r->readings);
    if (r->core)
        r->ops->free(r->core);
    core_results_free(&r->results);
    free(r->skips);
    blame_remove();
    counters_close(r->counters);
}

/* A setting that shapes results makes another era like another version does. */
static void version_of(const struct process_options *options, char out[SNAPSHOT_VERSION_BYTES])
{
    if (!options->core->late_set || options->config->late_s == LATE_S_USUAL)
        (void)snprintf(out, SNAPSHOT_VERSION_BYTES, "%s", options->core->version);
    else
        (void)snprintf(out, SNAPSHOT_VERSION_BYTES, "%s late %" PRId64, options->core->version,
                       options->config->late_s);
}

int process_run(const struct process_options *options)
{
    struct runner *r = calloc(1, sizeof *r);
    struct error err = {0};
    bool ready = false;
    if (!r) {
        error_set(&err, ERROR_NO_MEMORY, 0, "start");
        report_error(program, "stopped", &err);
        return 1;
    }
    /* glibc raises its own threshold when the first snapshot is freed, and would keep the memory of
       every later one in the heap. */
    (void)mallopt(M_MMAP_THRESHOLD, MMAP_FROM_BYTES);
    r->options = options;
    r->config = options->config;
    r->ops = options->core;
    r->snapshot_wait_ms = options->snapshot_wait_ms ? options->snapshot_wait_ms : SNAPSHOT_WAIT_MS;
    version_of(options, r->version);
    r->segment_bytes = options->segment_bytes ? options->segment_bytes
                                              : (uint64_t)r->config->log_segment_mb * 1024 * 1024;
    bool ok = open_all(r, &ready, &err) && (!ready || loop(r, &err));
    if (!ok)
        report_error(program, "stopped", &err);
    close_all(r);
    free(r);
    return ok ? 0 : 1;
}
