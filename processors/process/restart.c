#include "processors/process/restart.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/result/result.h"

enum { ALIVE_RESULTS = 16384 };
static const char program[] = "process";

uint32_t restart_skipped(const struct runner *r, uint64_t seq)
{
    for (uint32_t i = 0; i < r->skip_count && r->skips[i].seq <= seq; i++) {
        if (r->skips[i].seq == seq)
            return r->skips[i].crashes;
    }
    return 0;
}

/* Makes the core from a snapshot; consumes it. */
static bool take_snapshot(struct runner *r, struct snapshot *snapshot, struct error *err)
{
    if (!r->ops->load(snapshot->state, snapshot->state_len, &r->core, err)) {
        if (err->code != ERROR_NO_MEMORY)
            err->position = snapshot->input_seq;
        return false;
    }
    r->at =
        (struct runner_place){snapshot->input_seq, snapshot->input_epoch, snapshot->input_log_ns};
    r->model_hash = snapshot->model_hash;
    r->era_due = snapshot->era_due || strcmp(snapshot->core_version, r->version) != 0;
    r->snapshot_last_seq = snapshot->input_seq;
    r->keep_from[OUTPUT_ALERTS] = snapshot->alerts_seq + 1;
    r->keep_from[OUTPUT_BULK] = snapshot->bulk_seq + 1;
    return true;
}

static bool unusable(const struct error *err)
{
    return err->code == ERROR_CORRUPT || err->code == ERROR_VERSION ||
           err->code == ERROR_MALFORMED || err->code == ERROR_INVALID;
}

/* Moves the readings to the first one at or behind seq. *ret_found: it is that one, or retention
   deleted it, so it was there. */
static bool input_exists(struct runner *r, uint64_t seq, bool *ret_found, struct error *err)
{
    if (!log_reader_seek(r->readings, seq, err)) {
        *ret_found = err->code == ERROR_LOST;
        return err->code == ERROR_LOST;
    }
    struct log_view view;
    enum log_read got = log_reader_next(r->readings, &view, err);
    *ret_found = got == LOG_READ_RECORD && view.seq == seq;
    return got != LOG_READ_ERROR;
}

static bool open_output(const struct runner *r, enum output output, bool offline,
                        struct log_reader **ret, struct error *err);

/* The last result of a log as it stands; 0: none, or it can't be read, which opening it for writing
   will tell. */
static uint64_t output_last_seq(const struct runner *r, enum output output)
{
    struct log_reader *reader = NULL;
    struct error ignored = {0};
    uint64_t last_seq =
        open_output(r, output, true, &reader, &ignored) ? log_reader_last_seq(reader) : 0;
    log_reader_close(reader);
    return last_seq;
}

/* A snapshot is named only after the results logs are synced to its place. Whoever went on from one
   that is ahead of them (they were copied before it, or one was taken away) would leave out what
   lies between. */
static bool results_there(const struct runner *r, const struct snapshot *snapshot,
                          struct error *err)
{
    return (snapshot->alerts_seq <= output_last_seq(r, OUTPUT_ALERTS) &&
            snapshot->bulk_seq <= output_last_seq(r, OUTPUT_BULK)) ||
           error_set(err, ERROR_INVALID, 0,
                     "the snapshot at input %" PRIu64
                     ": the results logs end before it. A copy of the state directory made while "
                     "programs ran?",
                     snapshot->input_seq);
}

/* Also a snapshot that can't be used tells by whose version the results up to it were made. */
static void note_version(struct runner *r, uint64_t seq)
{
    struct snapshot header;
    struct error ignored = {0};
    if (snapshot_peek(r->snapshots_dir, seq, &header, &ignored))
        r->era_due = r->era_due || strcmp(header.core_version, r->version) != 0;
}

/* Leaves r->core set, or NULL when there is no usable snapshot. */
static bool load_state(struct runner *r, struct error *err)
{
    uint64_t before = UINT64_MAX;
    for (;;) {
        struct snapshot snapshot = {0};
        if (!snapshot_load_newest(r->snapshots_dir, before, &snapshot, err)) {
            if (err->code == ERROR_NOT_FOUND)
                return true;
            if (!unusable(err))
                return false;
            report_error(program, "snapshot_unusable", err);
            before = err->position;
            note_version(r, before);
            if (err->code == ERROR_CORRUPT)
                snapshot_set_aside(r->snapshots_dir, before);
            continue;
        }
        if (!log_uuid_equal(&snapshot.log, &r->log)) {
            snapshot_clear(&snapshot);
            return error_set(err, ERROR_MISMATCH, 0,
                             "the snapshots in %s belong to another readings log; move alerts, "
                             "bulk, snapshots and cursors away to begin anew",
                             r->snapshots_dir);
        }
        uint64_t seq = snapshot.input_seq;
        bool found = true;
        bool ok = (seq == 0 || input_exists(r, seq, &found, err)) &&
                  (found || error_set(err, ERROR_INVALID, 0,
                                      "the snapshot at input %" PRIu64
                                      ": the readings log does not have it. A copy of the state "
                                      "directory made while programs ran?",
                                      seq)) &&
                  results_there(r, &snapshot, err) && take_snapshot(r, &snapshot, err);
        snapshot_clear(&snapshot);
        if (ok)
            return true;
        if (!unusable(err))
            return false;
        report_error(program, "snapshot_unusable", err);
        note_version(r, seq);
        before = seq;
    }
}

/* Moves to seq or, when retention took it, to the oldest record kept. */
static bool seek_kept(struct log_reader *reader, uint64_t seq, struct error *err)
{
    if (log_reader_seek(reader, seq, err))
        return true;
    return err->code == ERROR_LOST && log_reader_seek(reader, 0, err);
}

static bool open_output(const struct runner *r, enum output output, bool offline,
                        struct log_reader **ret, struct error *err)
{
    char dir[RUNNER_PATH_BYTES + 16];
    (void)snprintf(dir, sizeof dir, "%s/%s", r->state_dir, output_name(output));
    const struct log_reader_options options = {
        .dir = dir,
        .verify_crc = true,
        .ignore_published = offline,
        .io = r->options->reader_io,
    };
    return log_reader_open(&options, ret, err);
}

/* Reads the next result; *ret_more false at the end. */
static bool next_result(struct runner *r, struct log_reader *reader, struct log_view *ret_view,
                        struct result_origin *ret_origin, bool *ret_more, struct error *err)
{
    enum log_read got = log_reader_next(reader, ret_view, err);
    *ret_more = got == LOG_READ_RECORD;
    if (got != LOG_READ_RECORD)
        return got == LOG_READ_CAUGHT_UP;
    if (ret_view->body_len < RESULT_ORIGIN_BYTES)
        return error_set(err, ERROR_CORRUPT, 0, "result %" PRIu64 " is too short", ret_view->seq);
    *ret_origin = result_origin_decode(ret_view->body);
    if (ret_view->seq % ALIVE_RESULTS == 0)
        counters_alive(
            r->counters); /* long logs take long: the supervisor shall not take it amiss */
    return true;
}

/* The first result from from_seq on whose input is not in the readings: walks both logs. */
static bool first_void(struct runner *r, struct log_reader *results, uint64_t from_seq,
                       uint64_t *ret_first, struct error *err)
{
    struct log_view result = {0}, input = {0};
    struct result_origin origin = {0};
    bool more = true, seeked = false;
    if (!seek_kept(results, from_seq, err))
        return false;
    for (;;) {
        if (!next_result(r, results, &result, &origin, &more, err))
            return false;
        if (!more)
            return true;
        if (!seeked && !seek_kept(r->readings, origin.input_seq, err))
            return false;
        seeked = true;
        enum log_read got = LOG_READ_RECORD;
        while (input.seq < origin.input_seq && got == LOG_READ_RECORD)
            got = log_reader_next(r->readings, &input, err);
        if (got == LOG_READ_ERROR)
            return false;
        if (input.seq != origin.input_seq &&
            origin.input_seq >= log_reader_first_seq(r->readings)) {
            *ret_first = result.seq;
            return true;
        }
    }
}

/* Where a results log has to be cut, because a power cut took the inputs of what follows; 0:
   nowhere. Inputs vanish from the end of the readings only, and every start cuts what is void: so
   when the last result's input is there, all are. */
static bool find_void(struct runner *r, enum output output, uint64_t from_seq, uint64_t *ret_first,
                      struct error *err)
{
    struct log_reader *results = NULL;
    *ret_first = 0;
    if (!open_output(r, output, true, &results, err))
        return err->code == ERROR_NOT_FOUND;
    struct log_view view = {0};
    struct result_origin origin = {0}, last = {0};
    bool more = true, found = true;
    bool ok = seek_kept(results, from_seq, err);
    while (ok && more) {
        ok = next_result(r, results, &view, &origin, &more, err);
        if (ok && more)
            last = origin;
    }
    if (ok && last.input_seq != 0)
        ok = input_exists(r, last.input_seq, &found, err);
    if (ok && !found)
        ok = first_void(r, results, from_seq, ret_first, err);
    log_reader_close(results);
    return ok;
}

/* Keeps them rising: what was left out late stands in the log behind inputs with higher sequences.
 */
bool restart_skip(struct runner *r, uint64_t seq, uint32_t crashes, struct error *err)
{
    if (restart_skipped(r, seq))
        return true;
    if (r->skip_count == RUNNER_SKIPS_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "more than %d inputs left out", RUNNER_SKIPS_MAX);
    if ((r->skip_count & (r->skip_count - 1)) == 0) {
        size_t cap = r->skip_count ? (size_t)r->skip_count * 2 : 1;
        struct runner_skip *grown = realloc(r->skips, cap * sizeof *grown);
        if (!grown)
            return error_set(err, ERROR_NO_MEMORY, 0, "inputs left out");
        r->skips = grown;
    }
    uint32_t at = r->skip_count++;
    for (; at > 0 && r->skips[at - 1].seq > seq; at--)
        r->skips[at] = r->skips[at - 1];
    r->skips[at] = (struct runner_skip){.seq = seq, .crashes = crashes};
    return true;
}

/* What the re-run has to know of a result of the alerts log. */
static bool learn(struct runner *r, const struct log_view *view, struct error *err)
{
    struct result_origin origin;
    union result_any any;
    if (view->type != RECORD_SKIPPED && view->type != RECORD_ERA)
        return true;
    if (!result_decode(view->type, view->body, view->body_len, &origin, &any, err))
        return false;
    if (view->type == RECORD_SKIPPED)
        return restart_skip(r, (uint64_t)any.skipped.input_seq, (uint32_t)any.skipped.crashes, err);
    if (origin.index >= OUTPUTS_OWN_INDEX && str_is(any.era.core_version, r->version))
        r->era_due = false; /* said before the last stop */
    return true;
}

/* Reads a results log from from_seq on: its last result's place, and what there is to learn. */
static bool scan_output(struct runner *r, enum output output, uint64_t from_seq, struct error *err)
{
    struct log_reader *results = NULL;
    if (!open_output(r, output, false, &results, err))
        return false;
    uint64_t last_seq = log_reader_last_seq(results);
    if (output == OUTPUT_BULK || from_seq > last_seq)
        from_seq = last_seq; /* its last record says all */
    struct log_view view = {0};
    struct result_origin origin = {0};
    bool more = last_seq != 0;
    bool ok = !more || seek_kept(results, from_seq, err);
    while (ok && more) {
        ok = next_result(r, results, &view, &origin, &more, err);
        if (!ok || !more)
            break;
        r->out.done[output] = origin;
        ok = output == OUTPUT_BULK || learn(r, &view, err);
    }
    log_reader_close(results);
    return ok;
}

static void report_recovery(enum output output, const struct log_recovery *recovery, uint64_t cut)
{
    if (recovery->unsuitable_fs)
        report(REPORT_WARN, program, "unsuitable_file_system",
               "log=%s text=\"network or copy-on-write: what survives a power cut is uncertain\"",
               output_name(output));
    if (cut)
        report(REPORT_WARN, program, "results_void",
               "log=%s from_seq=%" PRIu64 " text=\"a power cut took the readings they came from\"",
               output_name(output), cut);
    report(REPORT_INFO, program, "log_open",
           "log=%s epoch=%" PRIu32 " last_seq=%" PRIu64 " rewritten=%" PRIu64 " bytes_cut=%" PRIu64,
           output_name(output), recovery->epoch, recovery->last_seq, recovery->records_rewritten,
           recovery->bytes_cut);
}

static bool open_outputs(struct runner *r, struct error *err)
{
    struct outputs_options options = {
        .state_dir = r->state_dir,
        .source = &r->log,
        .segment_bytes = r->segment_bytes,
        .sync_ms = (uint32_t)r->config->log_sync_ms,
        .io = r->options->io,
    };
    struct log_recovery recovery[OUTPUT_COUNT];
    for (int o = 0; o < OUTPUT_COUNT; o++) {
        if (!find_void(r, (enum output)o, r->keep_from[o], &options.discard_from_seq[o], err))
            return false;
    }
    if (!outputs_open(&r->out, &options, recovery, err)) {
        if (err->code == ERROR_MISMATCH)
            error_set(err, ERROR_MISMATCH, 0,
                      "the results in %s come from another readings log; move alerts, bulk, "
                      "snapshots and cursors away to begin anew",
                      r->state_dir);
        return false;
    }
    for (int o = 0; o < OUTPUT_COUNT; o++) {
        report_recovery((enum output)o, &recovery[o], options.discard_from_seq[o]);
        if (!scan_output(r, (enum output)o, r->keep_from[o], err))
            return false;
    }
    return true;
}

/* One log has results of inputs that the other lacks, and another version made them. */
static bool avoid_places(struct runner *r, struct error *err)
{
    const struct result_origin *done = r->out.done;
    const enum output behind =
        done[OUTPUT_ALERTS].input_seq < done[OUTPUT_BULK].input_seq ? OUTPUT_ALERTS : OUTPUT_BULK;
    struct log_reader *reader = NULL;
    if (done[OUTPUT_ALERTS].input_seq == done[OUTPUT_BULK].input_seq)
        return true;
    if (!open_output(r, (enum output) !behind, false, &reader, err) ||
        !seek_kept(reader, r->keep_from[!behind], err)) {
        log_reader_close(reader);
        return false;
    }
    outputs_avoid(&r->out, behind, reader);
    return true;
}

bool restart_behind_loss(struct runner *r, struct error *err)
{
    if (!log_reader_seek(r->readings, 0, err))
        return false;
    report(REPORT_ERROR, program, "readings_lost",
           "from_seq=%" PRIu64 " next_seq=%" PRIu64
           " text=\"deleted at the disk cap before process saw them\"",
           r->at.seq + 1, log_reader_first_seq(r->readings));
    r->gap_due = true;
    return true;
}

bool restart_run(struct runner *r, struct error *err)
{
    if (!load_state(r, err))
        return false;
    if (!r->core) {
        r->core = r->ops->make(err);
        if (!r->core)
            return false;
        r->at = (struct runner_place){0};
        if (r->era_due)
            report(REPORT_WARN, program, "state_begins_anew",
                   "text=\"no snapshot is of a version that this program reads: the readings kept "
                   "are run again; "
                   "whom they do not tell of count by hand (crowdtide command anchor)\"");
    }
    if (!open_outputs(r, err) || (r->era_due && !avoid_places(r, err)))
        return false;
    /* Else the settings before hold until its era begins. A state made anew has none of before. */
    if (!r->era_due || r->at.seq == 0)
        runner_settings(r);
    r->suspect = counters_suspect(r->counters);
    if (!log_reader_seek(r->readings, r->at.seq + 1, err) &&
        (err->code != ERROR_LOST || !restart_behind_loss(r, err)))
        return false;
    report(REPORT_INFO, program, "restarted",
           "snapshot_seq=%" PRIu64 " alerts_at=%" PRIu64 " bulk_at=%" PRIu64
           " readings_last=%" PRIu64 " skips=%" PRIu32,
           r->at.seq, r->out.done[OUTPUT_ALERTS].input_seq, r->out.done[OUTPUT_BULK].input_seq,
           log_reader_last_seq(r->readings), r->skip_count);
    return true;
}
