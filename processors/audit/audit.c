#include "processors/audit/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "processors/audit/audit_private.h"
#include "schemas/counters/counters.h"

static const char *const log_names[AUDIT_LOGS] = {"readings", "alerts", "bulk"};

bool audit_stopping(struct audit *a)
{
    if (a->options->stop && *a->options->stop)
        a->report->stopped = true;
    return a->report->stopped;
}

static bool continues(const struct audit_finding *last, const struct audit_fault *fault)
{
    return strcmp(last->where, fault->where) == 0 && strcmp(last->what, fault->what) == 0 &&
           strcmp(last->text, fault->text) == 0 && fault->seq >= last->last_seq;
}

void audit_note_range(struct audit *a, const struct audit_fault *fault, uint64_t last_seq,
                      uint64_t count)
{
    struct audit_report *report = a->report;
    report->findings += count;
    if (report->finding_count == AUDIT_FINDINGS_MAX)
        return;
    struct audit_finding *f = &report->finding[report->finding_count++];
    *f = (struct audit_finding){.where = fault->where,
                                .what = fault->what,
                                .first_seq = fault->seq,
                                .last_seq = last_seq,
                                .first_index = fault->index,
                                .count = count};
    (void)snprintf(f->text, sizeof f->text, "%s", fault->text);
}

void audit_note(struct audit *a, const struct audit_fault *fault)
{
    struct audit_report *report = a->report;
    /* The same fault of several topics takes turns: look back a little. */
    for (uint32_t back = 1; back <= 16 && back <= report->finding_count; back++) {
        struct audit_finding *last = &report->finding[report->finding_count - back];
        if (!continues(last, fault))
            continue;
        last->last_seq = fault->seq;
        last->count++;
        report->findings++;
        return;
    }
    audit_note_range(a, fault, fault->seq, 1);
}

/* How far process says it has come. Taken before anything is read, so that the logs have at least
 * that. */
static bool upper(struct audit *a, struct error *err)
{
    const struct config *config = a->options->config;
    struct counters *counters = NULL;
    struct error ignored = {0};
    uint64_t done = 0;
    if (counters_open_reader(config->state_dir, &counters, &ignored)) {
        a->live = counters_program(counters, PROGRAM_PROCESS).running;
        done = counters_get(counters, COUNTER_PROCESS_INPUT_SEQ);
        counters_close(counters);
    }
    for (int o = 0; o < OUTPUT_COUNT; o++) {
        struct log_reader *reader = NULL;
        struct log_view view;
        struct error why = {0};
        if (!a->live &&
            audit_log_reader(config->state_dir, output_name((enum output)o), &reader, &why) &&
            log_reader_last_seq(reader) &&
            log_reader_seek(reader, log_reader_last_seq(reader), &why) &&
            log_reader_next(reader, &view, &why) == LOG_READ_RECORD &&
            view.body_len >= RESULT_ORIGIN_BYTES) {
            uint64_t input_seq = result_origin_decode(view.body).input_seq;
            done = input_seq > done ? input_seq : done;
        }
        log_reader_close(reader);
    }
    struct log_reader *readings = NULL;
    bool ok = audit_log_reader(config->state_dir, "readings", &readings, err);
    if (!ok && err->code == ERROR_CORRUPT) { /* is named below */
        *err = (struct error){0};
        ok = a->readings_broken = true;
    } else if (ok && !a->live && done > log_reader_last_seq(readings)) {
        done = log_reader_last_seq(readings); /* counters of a copy, or a power cut */
    }
    log_reader_close(readings);
    a->report->upper_seq = done;
    a->report->live = a->live;
    return ok;
}

static bool verify(struct audit *a, struct error *err)
{
    for (int i = 0; i < AUDIT_LOGS; i++) {
        struct audit_log *log = &a->report->log[i];
        char dir[AUDIT_PATH_BYTES];
        struct error why = {0};
        struct log_reader *reader = NULL;
        log->name = log_names[i];
        (void)snprintf(dir, sizeof dir, "%s/%s", a->options->config->state_dir, log->name);
        log->exists = log_verify(dir, NULL, NULL, &log->check, &why);
        if (!log->exists && why.code == ERROR_CORRUPT) {
            char text[ERROR_WHERE_BYTES + 128], cut[AUDIT_WHAT_BYTES];
            log->exists = true;
            (void)error_describe(&why, text, sizeof text);
            (void)snprintf(cut, sizeof cut, "%.*s", (int)sizeof cut - 1, text);
            audit_note(
                a, &(struct audit_fault){
                       .where = log->name, .what = "corrupt", .seq = why.position, .text = cut});
            if (i == 0)
                a->readings_broken = true;
            else
                a->broken[i - 1] = true;
        } else if (!log->exists && (why.code != ERROR_NOT_FOUND || i == 0)) {
            *err = why;
            return false;
        }
        if (log->exists &&
            log_reader_open(&(struct log_reader_options){.dir = dir, .ignore_published = true},
                            &reader, &why))
            log->uuid = *log_reader_uuid(reader);
        log_reader_close(reader);
    }
    return true;
}

bool audit_run(const struct audit_options *options, struct audit_report *ret_report,
               struct error *err)
{
    struct audit a = {.options = options, .report = ret_report};
    *ret_report = (struct audit_report){0};
    ret_report->finding = calloc(AUDIT_FINDINGS_MAX, sizeof *ret_report->finding);
    *err = (struct error){0};
    bool ok = ret_report->finding != NULL || error_set(err, ERROR_NO_MEMORY, 0, "audit");
    ok = ok && upper(&a, err) && verify(&a, err) && audit_results(&a, err) &&
         audit_rerun(&a, err) && (!options->kafka || audit_kafka(&a, err)) &&
         (!options->series || audit_series(&a, err));
    audit_places_free(&a.places);
    if (!ok)
        audit_free(ret_report);
    return ok;
}

void audit_free(struct audit_report *report)
{
    free(report->finding);
    report->finding = NULL;
    report->finding_count = 0;
}
