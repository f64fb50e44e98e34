#include "processors/replay/replay.h"

#include <stdlib.h>

#include "processors/process/snapshot.h"
#include "processors/replay/replay_out.h"
#include "processors/replay/skips.h"
#include "schemas/base/problems.h"
#include "schemas/record/record.h"
#include "schemas/venue/venue.h"

enum { NS_PER_MS = 1000000, GAP_BODY_BYTES = 64, STOP_LOOK_RECORDS = 4096, SNAPSHOTS_MAX = 16 };

struct replay {
    const struct replay_options *options;
    struct replay_report *report;
    struct log_reader *readings;
    struct core *core[DIFFERENCE_RUNS]; /* BEFORE: NULL with against_results */
    struct core_results results;
    struct replay_out *out;
    struct skips skips;
    uint8_t *model; /* body of the MODEL record of the other venue, with padding; NULL: none */
    uint32_t model_len;
    struct venue *venue;
    uint64_t model_hash; /* of the log's model in force */
    uint64_t last_seq;   /* to be run: what was there at the start */
    uint64_t said_seq;   /* the last input of which there is a result */
    uint64_t base_seq;   /* of the snapshot; 0: none */
    bool modelled, gap_due;
    bool is_wrong; /* the log stands still and is damaged … */
    struct error wrong;
    struct log_view at; /* the last record run; without its body */
};

static bool in_bounds_until(const struct replay *r, int64_t log_ns)
{
    return r->options->until_ms == INT64_MAX || log_ns / NS_PER_MS <= r->options->until_ms;
}

/* ---- what was said then ---------------------------------------------------------------------- */

static bool said_take(struct replay *r, const struct log_view *view, struct error *err)
{
    struct result_origin origin;
    union result_any result;
    bool alert = view->type == RECORD_ALERT && r->options->against_results;
    if (!alert && view->type != RECORD_SKIPPED)
        return true;
    if (!result_decode(view->type, view->body, view->body_len, &origin, &result, err))
        return false;
    if (view->type == RECORD_SKIPPED)
        return skips_add(&r->skips, &result.skipped, err);
    if (!in_bounds_until(r, view->log_ns) || origin.input_seq > r->last_seq)
        return true;
    r->report->run[DIFFERENCE_BEFORE].alerts++;
    return difference_alert(r->report->difference, DIFFERENCE_BEFORE, &result.alert, err);
}

/* Once through the alerts log. */
static bool said_read(struct replay *r, struct error *err)
{
    struct log_reader *reader = NULL;
    struct log_view view;
    struct log_uuid source;
    const char *dir = r->options->alerts_dir;
    enum log_read got = LOG_READ_CAUGHT_UP;
    const struct log_reader_options options = {.dir = dir,
                                               .ignore_published = !log_writer_present(dir)};
    if (!log_reader_open(&options, &reader, err))
        return err->code == ERROR_NOT_FOUND && !r->options->against_results; /* process never ran */
    bool ok = true;
    if (!log_reader_source(reader, &source) || !log_uuid_equal(&source, &r->report->log))
        ok = error_set(err, ERROR_MISMATCH, 0, "%s was made from another readings log", dir);
    while (ok && (got = log_reader_next(reader, &view, err)) == LOG_READ_RECORD) {
        ok = said_take(r, &view, err);
        if (view.body_len >= RESULT_ORIGIN_BYTES)
            r->said_seq = result_origin_decode(view.body).input_seq;
    }
    log_reader_close(reader);
    skips_sort(&r->skips);
    if (r->options->against_results && r->said_seq < r->last_seq)
        r->last_seq = r->said_seq;
    return ok && got == LOG_READ_CAUGHT_UP;
}

/* ---- models ---------------------------------------------------------------------------------- */

static bool other_prepare(struct replay *r, struct error *err)
{
    if (r->options->venue.len == 0)
        return true;
    struct problems *problems = calloc(1, sizeof *problems);
    struct str source = r->options->venue;
    const struct record_model model = {
        .hash = str_hash(source), .source = source, .path = str_of(r->options->venue_path)};
    size_t cap = (size_t)source.len + model.path.len + 64;
    r->model = calloc(1, cap + LOG_READ_PADDING_BYTES);
    if (!problems || !r->model) {
        free(problems);
        return error_set(err, ERROR_NO_MEMORY, 0, "%s", r->options->venue_path);
    }
    bool ok = venue_parse(source, &r->venue, problems);
    if (!ok)
        (void)error_set(err, ERROR_MODEL, 0, "%s: %s", r->options->venue_path,
                        problems->problem[0].text);
    free(problems);
    r->model_len = ok ? record_model_encode(&model, r->model, cap) : 0;
    return ok;
}

/* The log's own model: readings say which venue they are of, so the other must be the same one. */
static bool model_look(struct replay *r, const struct log_view *view, struct error *err)
{
    struct record_model model;
    struct problems problems = {0};
    struct venue *venue = NULL;
    if (!record_model_decode(view->body, view->body_len, &model, err))
        return false;
    uint64_t hash = str_hash(model.source);
    if (r->modelled && hash == r->model_hash)
        return true;
    r->modelled = true;
    r->model_hash = hash;
    r->report->models++;
    if (!venue_parse(model.source, &venue, &problems))
        return error_set(err, ERROR_CORRUPT, 0, "venue model at sequence %llu: %s",
                         (unsigned long long)view->seq, problems.problem[0].text);
    bool same = !r->venue || str_equal(venue->id, r->venue->id);
    if (!same)
        (void)error_set(err, ERROR_MODEL, 0,
                        "%s is of venue \"" STR_FMT "\", the log of \"" STR_FMT "\"",
                        r->options->venue_path, STR_ARG(r->venue->id), STR_ARG(venue->id));
    venue_free(venue);
    return same;
}

/* ---- running --------------------------------------------------------------------------------- */

static bool alerts_take(struct replay *r, enum difference_run run, struct error *err)
{
    for (uint32_t i = 0; i < r->results.count; i++) {
        const struct core_result *result = &r->results.result[i];
        struct result_origin origin;
        union result_any any;
        if (result->type != RECORD_ALERT)
            continue;
        if (!result_decode(result->type, r->results.bytes + result->offset, result->len, &origin,
                           &any, err) ||
            !difference_alert(r->report->difference, run, &any.alert, err))
            return false;
        r->report->run[run].alerts++;
    }
    return true;
}

static bool step(struct replay *r, enum difference_run run, const struct log_view *view,
                 uint32_t crashes, struct error *err)
{
    if (!r->core[run])
        return true;
    core_results_clear(&r->results);
    if (!(crashes ? core_skip(r->core[run], view, crashes, &r->results, err)
                  : core_step(r->core[run], view, &r->results, err)))
        return false;
    if (run == DIFFERENCE_OTHER && r->out && !replay_out_add(r->out, view, &r->results, err))
        return false;
    return alerts_take(r, run, err);
}

static bool both(struct replay *r, const struct log_view *view, struct error *err)
{
    struct replay_report *report = r->report;
    uint32_t crashes = skips_find(&r->skips, view->seq);
    struct log_view other = *view;
    if (view->type == RECORD_MODEL && !model_look(r, view, err))
        return false;
    if (view->type == RECORD_MODEL && r->model) {
        other.body = r->model;
        other.body_len = r->model_len;
    }
    if (!step(r, DIFFERENCE_BEFORE, view, crashes, err) ||
        !step(r, DIFFERENCE_OTHER, &other, crashes, err))
        return false;
    report->records++;
    report->messages += view->type == RECORD_MQTT || view->type == RECORD_OVERSIZED ||
                        view->type == RECORD_WITHHELD;
    report->left_out += crashes > 0;
    report->first_ms = report->records == 1 ? view->log_ns / NS_PER_MS : report->first_ms;
    report->last_ms = view->log_ns / NS_PER_MS;
    r->at = *view;
    r->at.body = NULL;
    return true;
}

/* Records were deleted behind the last one run: the cores hear of a gap, as process would have it.
 */
static bool gap(struct replay *r, const struct log_view *next, struct error *err)
{
    uint8_t body[GAP_BODY_BYTES + LOG_READ_PADDING_BYTES] = {0};
    const struct record_gap record = {.last_seq = r->at.seq, .from_ns = r->at.log_ns};
    struct log_view view = *next;
    view.seq = next->seq - 1;
    view.type = RECORD_GAP;
    view.body = body;
    view.body_len = record_gap_encode(&record, body, GAP_BODY_BYTES);
    r->gap_due = false;
    r->report->gaps++;
    return step(r, DIFFERENCE_BEFORE, &view, 0, err) && step(r, DIFFERENCE_OTHER, &view, 0, err);
}

static bool stop_asked(const struct replay *r)
{
    return r->options->stop && r->report->records % STOP_LOOK_RECORDS == 0 && *r->options->stop;
}

/* The next record to run. *ret_end: there is none, for the reasons that the report tells. */
static bool next(struct replay *r, struct log_view *ret, bool *ret_end, struct error *err)
{
    struct replay_report *report = r->report;
    struct error why = {0};
    *ret_end = false;
    for (;;) {
        enum log_read got = log_reader_next(r->readings, ret, &why);
        if (got == LOG_READ_ERROR && why.code == ERROR_LOST) {
            if (!log_reader_seek(r->readings, why.position, err))
                return false;
            r->gap_due = r->modelled;
            continue;
        }
        if (got == LOG_READ_ERROR || (got == LOG_READ_CAUGHT_UP && r->is_wrong)) {
            report->damaged = true;
            report->damage = got == LOG_READ_ERROR ? why : r->wrong;
        }
        *ret_end =
            got != LOG_READ_RECORD || ret->seq > r->last_seq || !in_bounds_until(r, ret->log_ns);
        if (*ret_end || r->modelled || ret->type == RECORD_MODEL)
            return true;
        report->unmodelled++;
    }
}

static bool all(struct replay *r, struct error *err)
{
    for (;;) {
        struct log_view view;
        bool end;
        r->report->stopped = stop_asked(r);
        if (r->report->stopped)
            return true;
        if (!next(r, &view, &end, err))
            return false;
        if (end)
            break;
        if ((r->gap_due && !gap(r, &view, err)) || !both(r, &view, err))
            return false;
    }
    if (r->report->records)
        return true;
    if (!r->report->damaged)
        return error_set(err, ERROR_NOT_FOUND, 0,
                         "%s: no venue model among its %llu records in time, so nothing to run",
                         r->options->readings_dir, (unsigned long long)r->report->unmodelled);
    if (err)
        *err = r->report->damage;
    return false;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static bool cores_open(struct replay *r, struct error *err)
{
    for (int run = 0; run < DIFFERENCE_RUNS; run++) {
        if (run == DIFFERENCE_BEFORE && r->options->against_results)
            continue;
        r->core[run] = core_new(err);
        if (!r->core[run])
            return false;
        if (r->options->late_ms)
            core_late_set(r->core[run], r->options->late_ms);
    }
    return true;
}

/* The state as the oldest snapshot that this program reads has it. None is no mistake. */
static void snapshot_take(struct replay *r)
{
    const char *dir = r->options->snapshots_dir;
    uint64_t seqs[SNAPSHOTS_MAX];
    if (!dir || r->options->venue.len || !r->options->against_results ||
        log_reader_first_seq(r->readings) <= 1)
        return;
    for (uint32_t n = snapshot_list(dir, seqs, SNAPSHOTS_MAX); n-- > 0 && !r->base_seq;) {
        struct snapshot s = {0};
        struct core *core = NULL;
        struct error why = {0};
        if (!snapshot_load_newest(dir, seqs[n] + 1, &s, &why))
            continue;
        if (s.input_seq <= r->last_seq && log_uuid_equal(&s.log, &r->report->log) &&
            core_load(s.state, s.state_len, &core, &why)) {
            core_free(r->core[DIFFERENCE_OTHER]);
            r->core[DIFFERENCE_OTHER] = core;
            r->base_seq = r->report->snapshot_seq = s.input_seq;
            r->modelled = s.model_hash != 0;
            r->model_hash = s.model_hash;
        }
        snapshot_clear(&s);
    }
}

/* The reader takes what it can't read at the end for a batch never finished. Whether it is that, or
   data that were safe once, shows here. */
static void look_over(struct replay *r, const char *dir)
{
    struct log_check check = {0};
    if (log_verify(dir, NULL, NULL, &check, &r->wrong))
        r->report->torn_bytes = check.torn_bytes;
    r->is_wrong = r->wrong.code == ERROR_CORRUPT;
}

static bool open_all(struct replay *r, struct error *err)
{
    const char *dir = r->options->readings_dir;
    bool live = log_writer_present(dir);
    const struct log_reader_options options = {
        .dir = dir, .verify_crc = true, .ignore_published = !live};
    if (!live)
        look_over(r, dir);
    r->report->difference = difference_new(err);
    if (!r->report->difference || !other_prepare(r, err) ||
        !log_reader_open(&options, &r->readings, err))
        return false;
    r->report->log = *log_reader_uuid(r->readings);
    r->last_seq = log_reader_last_seq(r->readings);
    if (r->options->alerts_dir && !said_read(r, err))
        return false;
    if (!cores_open(r, err))
        return false;
    snapshot_take(r);
    return log_reader_seek(r->readings, r->base_seq ? r->base_seq + 1 : 0, err) &&
           (!r->options->out_dir ||
            replay_out_open(r->options->out_dir, &r->report->log, &r->out, err));
}

static void close_all(struct replay *r)
{
    for (int run = 0; run < DIFFERENCE_RUNS; run++) {
        if (r->core[run])
            r->report->run[run].books = core_books(r->core[run]);
        core_free(r->core[run]);
    }
    core_results_free(&r->results);
    log_reader_close(r->readings);
    venue_free(r->venue);
    free(r->model);
    skips_free(&r->skips);
}

bool replay_run(const struct replay_options *options, struct replay_report *ret_report,
                struct error *err)
{
    struct replay r = {.options = options, .report = ret_report};
    *ret_report = (struct replay_report){.first_ms = RESULT_ABSENT, .last_ms = RESULT_ABSENT};
    bool ok = open_all(&r, err) && all(&r, err);
    ok = replay_out_close(r.out, ok ? err : NULL) && ok;
    close_all(&r);
    /* The alerts log may reach further back than the readings do. */
    int64_t from_ms =
        options->from_ms > ret_report->first_ms ? options->from_ms : ret_report->first_ms;
    ok = ok && difference_compare(ret_report->difference, from_ms, options->until_ms,
                                  &ret_report->table, err);
    if (!ok)
        replay_free(ret_report);
    return ok;
}

void replay_free(struct replay_report *report)
{
    difference_free(report->difference);
    report->difference = NULL;
    report->table = (struct difference_table){0};
}
