/* The readings through the core again: every input's results, byte for byte. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "processors/audit/audit_private.h"
#include "processors/process/snapshot.h"
#include "processors/replay/skips.h"
#include "schemas/record/record.h"

enum { SNAPSHOTS_MAX = 16, LATE_S_USUAL = 60 };

struct rerun {
    struct audit *a;
    struct core *core;
    struct core_results results;
    struct audit_walk walk;
    struct skips skips;
    uint64_t base_seq; /* the state has seen everything up to here */
    uint64_t era_seq;  /* where the newest era of a core version began */
    char version[SNAPSHOT_VERSION_BYTES];
    bool other_version; /* the newest era is another core's */
};

/* ---- what the alerts log tells: eras, inputs left out ---- */

static bool learn(struct rerun *r, const struct log_view *view, struct error *err)
{
    struct result_origin origin;
    union result_any any;
    if (view->type != RECORD_SKIPPED && view->type != RECORD_ERA)
        return true;
    if (!result_decode(view->type, view->body, view->body_len, &origin, &any, err))
        return false;
    if (view->type == RECORD_ERA) {
        if (origin.index >= OUTPUTS_OWN_INDEX) {
            r->era_seq = origin.input_seq;
            r->other_version = !str_is(any.era.core_version, r->version);
        }
        return true;
    }
    return skips_add(&r->skips, &any.skipped, err);
}

static bool learn_all(struct rerun *r, struct error *err)
{
    struct log_reader *reader = NULL;
    struct log_view view;
    struct error why = {0};
    bool ok = true;
    if (audit_log_reader(r->a->options->config->state_dir, "alerts", &reader, &why)) {
        while (ok && log_reader_next(reader, &view, &why) == LOG_READ_RECORD)
            ok = learn(r, &view, err);
    }
    log_reader_close(reader);
    skips_sort(&r->skips);
    return ok;
}

/* ---- where to begin ---- */

static bool from_snapshot(struct rerun *r, uint64_t seq, struct error *err)
{
    char dir[AUDIT_PATH_BYTES];
    struct snapshot s = {0};
    struct error why = {0};
    (void)snprintf(dir, sizeof dir, "%s/snapshots", r->a->options->config->state_dir);
    if (!snapshot_load_newest(dir, seq + 1, &s, &why))
        return false;
    bool fits = s.input_seq == seq && !s.era_due && strcmp(s.core_version, r->version) == 0 &&
                s.input_seq >= r->era_seq && s.input_seq <= r->a->report->upper_seq &&
                log_uuid_equal(&s.log, &r->a->report->log[0].uuid);
    fits = fits && core_load(s.state, s.state_len, &r->core, err);
    r->base_seq = s.input_seq;
    snapshot_clear(&s);
    return fits;
}

/* Leaves core NULL, and says why, when nothing serves. */
static bool begin(struct rerun *r, struct log_reader *readings, struct error *err)
{
    struct audit_report *report = r->a->report;
    char dir[AUDIT_PATH_BYTES];
    uint64_t seqs[SNAPSHOTS_MAX];
    if (r->other_version) {
        (void)snprintf(report->rerun_why, sizeof report->rerun_why,
                       "the newest results are of another core version than this program's: audit "
                       "with the program that made them");
        return true;
    }
    if (r->era_seq == 0 && log_reader_first_seq(readings) == 1) {
        r->core = core_new(err);
        if (r->core && r->a->options->config->late_s != LATE_S_USUAL)
            core_late_set(r->core, r->a->options->config->late_s * 1000);
        return r->core != NULL;
    }
    (void)snprintf(dir, sizeof dir, "%s/snapshots", r->a->options->config->state_dir);
    for (uint32_t n = snapshot_list(dir, seqs, SNAPSHOTS_MAX); n-- > 0 && !r->core;)
        (void)from_snapshot(r, seqs[n], err);
    (void)snprintf(report->rerun_why, sizeof report->rerun_why, "%s",
                   r->core ? "the readings before are deleted, or of another era: begun at the "
                             "oldest snapshot"
                           : "the oldest readings are deleted, and there is no snapshot of this "
                             "core version to begin with");
    *err = (struct error){0};
    return true;
}

/* ---- comparing ---- */

static void note(struct rerun *r, enum output o, const char *what,
                 const struct result_origin *place, unsigned type)
{
    char text[AUDIT_WHAT_BYTES];
    (void)snprintf(text, sizeof text, "%s", record_type_name(type));
    audit_note(r->a, &(struct audit_fault){.where = output_name(o),
                                           .what = what,
                                           .seq = place->input_seq,
                                           .index = place->index,
                                           .text = text});
}

/* What stands in a log before this place was not made by any input that was run. */
static bool pass_extra(struct rerun *r, enum output o, const struct result_origin *place,
                       struct error *err)
{
    const struct audit_item *head;
    while ((head = audit_walk_head(&r->walk, o, err)) &&
           audit_origin_before(&head->origin, place)) {
        if (head->origin.input_seq > r->base_seq)
            note(r, o, "unknown", &head->origin, head->view.type);
        audit_walk_drop(&r->walk, o);
    }
    return err->code == ERROR_NONE;
}

static bool compare_one(struct rerun *r, const struct log_view *input, uint32_t index,
                        struct error *err)
{
    const struct core_result *result = &r->results.result[index];
    const struct result_origin place = {input->seq, input->epoch, index};
    enum output o = output_of(result->type);
    if (!pass_extra(r, o, &place, err))
        return false;
    const struct audit_item *head = audit_walk_head(&r->walk, o, err);
    if (err->code != ERROR_NONE)
        return false;
    if (!head || audit_origin_before(&place, &head->origin)) {
        bool deleted = input->seq < r->a->begin_seq[o] && r->a->begin_seq[o] != UINT64_MAX;
        if (!head && audit_is_due(r->a, o, &place))
            r->a->report->results_pending++;
        else if (!deleted && !r->walk.broken[o] && !r->a->broken[o])
            note(r, o, "missing", &place, result->type);
        return true;
    }
    bool same = head->view.type == result->type && head->view.body_len == result->len &&
                head->view.log_ns == input->log_ns &&
                memcmp(head->view.body, r->results.bytes + result->offset, result->len) == 0;
    if (same)
        r->a->report->compared++;
    else
        note(r, o, "differs", &place, result->type);
    audit_walk_drop(&r->walk, o);
    return true;
}

static bool run_one(struct rerun *r, const struct log_view *view, struct error *err)
{
    uint32_t crashes = skips_find(&r->skips, view->seq);
    core_results_clear(&r->results);
    if (!(crashes ? core_skip(r->core, view, crashes, &r->results, err)
                  : core_step(r->core, view, &r->results, err)))
        return false;
    for (uint32_t i = 0; i < r->results.count; i++) {
        if (!compare_one(r, view, i, err))
            return false;
    }
    return true;
}

/* Counts all messages of the readings, and runs those behind the base. */
static bool run_all(struct rerun *r, struct log_reader *readings, struct error *err)
{
    struct audit_report *report = r->a->report;
    struct log_view view;
    struct error why = {0};
    bool ok = true;
    while (ok && !audit_stopping(r->a)) {
        enum log_read got = log_reader_next(readings, &view, &why);
        if (got == LOG_READ_ERROR && why.code == ERROR_LOST &&
            log_reader_seek(readings, why.position, err)) {
            audit_note(r->a, &(struct audit_fault){.where = "readings",
                                                   .what = "lost",
                                                   .seq = why.position,
                                                   .text = "deleted at the cap during the audit"});
            continue;
        }
        if (got != LOG_READ_RECORD) {
            r->a->readings_broken = r->a->readings_broken || got == LOG_READ_ERROR;
            break;
        }
        bool message = view.type == RECORD_MQTT || view.type == RECORD_OVERSIZED ||
                       view.type == RECORD_WITHHELD;
        report->messages += message && view.seq <= report->upper_seq;
        report->pending += message && view.seq > report->upper_seq;
        if (view.seq > report->upper_seq || view.seq <= r->base_seq || !r->core ||
            r->a->readings_broken)
            continue;
        if (!report->rerun_from_seq)
            report->rerun_from_seq = view.seq;
        ok = run_one(r, &view, err);
    }
    /* Results of inputs that the readings don't have. */
    const struct result_origin end = {UINT64_MAX, 0, 0};
    for (int o = 0; ok && r->core && !r->a->readings_broken && !report->stopped && o < OUTPUT_COUNT;
         o++)
        ok = pass_extra(r, (enum output)o, &end, err);
    return ok;
}

/* The core's own sum. */
static void check_books(struct audit *a)
{
    const struct core_books *b = &a->report->books;
    uint64_t sum = b->decoded + b->duplicate + b->quarantined + b->ignored_retained;
    char text[AUDIT_WHAT_BYTES];
    bool whole = a->report->rerun_from_seq && a->report->rerun_why[0] == '\0';
    if (b->received == sum && (!whole || b->received == a->report->messages))
        return;
    (void)snprintf(text, sizeof text,
                   "%" PRIu64 " messages in the readings, %" PRIu64 " received, %" PRIu64
                   " decoded, duplicate, quarantined or ignored",
                   a->report->messages, b->received, sum);
    audit_note(
        a, &(struct audit_fault){
               .where = "readings", .what = "books", .seq = a->report->upper_seq, .text = text});
}

bool audit_rerun(struct audit *a, struct error *err)
{
    struct rerun r = {.a = a};
    struct log_reader *readings = NULL;
    const struct config *config = a->options->config;
    if (config->late_s == LATE_S_USUAL)
        (void)snprintf(r.version, sizeof r.version, "%s", CORE_VERSION);
    else
        (void)snprintf(r.version, sizeof r.version, "%s late %" PRId64, CORE_VERSION,
                       config->late_s);
    bool ok = learn_all(&r, err) && audit_walk_open(a, &r.walk, err) &&
              audit_log_reader(config->state_dir, "readings", &readings, err) &&
              begin(&r, readings, err) && run_all(&r, readings, err);
    if (ok && r.core) {
        a->report->rerun = true;
        a->report->books = core_books(r.core);
        if (!a->report->stopped && !a->readings_broken)
            check_books(a);
    }
    log_reader_close(readings);
    audit_walk_close(&r.walk);
    core_results_free(&r.results);
    core_free(r.core);
    skips_free(&r.skips);
    return ok;
}
