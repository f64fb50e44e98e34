#include "ingest/venue_in_force.h"

#include <assert.h>
#include <stdlib.h>

#include "schemas/base/report.h"

#define PROGRAM "ingest"

static void report_problems(const char *file, const struct problems *problems)
{
    char name[256], text[PROBLEM_BYTES];
    for (uint32_t i = 0; i < problems_listed(problems); i++) {
        const struct problem *problem = &problems->problem[i];
        report_quote(problem_file(problem, file), name, sizeof name);
        report(problem->warning ? REPORT_WARN : REPORT_ERROR, PROGRAM, "venue_problem",
               "file=\"%s\" line=%u column=%u text=\"%s\"", name, problem->line, problem->column,
               report_quote(problem->text, text, sizeof text));
    }
}

static bool append(struct venue_in_force *venue, const struct model *model, struct error *err)
{
    struct record_model record = {.hash = model->hash,
                                  .source = {model->source, model->len},
                                  .path = str_of(venue->config->venue_file)};
    if (!intake_model(venue->intake, &record, err))
        return false;
    venue->at_bytes = intake_bytes(venue->intake);
    report(REPORT_INFO, PROGRAM, "venue_model",
           "venue=" STR_FMT " hash=%016llx zones=%u sensors=%u rules=%u", STR_ARG(model->venue->id),
           (unsigned long long)model->hash, model->venue->zone_count, model->venue->sensor_count,
           model->venue->rule_count);
    return true;
}

int venue_in_force_start(struct venue_in_force *venue)
{
    struct error err = {0}, log_err = {0};
    struct problems *problems = calloc(1, sizeof *problems);
    struct model logged = {0};
    if (!problems)
        return 1;
    bool from_file = model_from_file(venue->config, &venue->model, problems, &err);
    report_problems(venue->config->venue_file, problems);
    free(problems);
    bool in_log =
        venue->last_seq > 0 && model_from_log(venue->log_dir, venue->last_seq, &logged, &log_err);
    if (!from_file) {
        counters_add(venue->counters, COUNTER_INGEST_MODEL_REJECTED, 1);
        report_error(PROGRAM, "venue_refused", &err);
        if (!in_log)
            return 2;
        report(REPORT_ERROR, PROGRAM, "venue_kept",
               "hash=%016llx text=\"going on with the last model of the log\"",
               (unsigned long long)logged.hash);
        venue->model = logged;
        return 0;
    }
    bool same = in_log && logged.hash == venue->model.hash;
    if (in_log)
        venue->before = logged;
    if (!same && !append(venue, &venue->model, &err)) {
        report_error(PROGRAM, "log_failed", &err);
        return 1;
    }
    return 0;
}

bool venue_in_force_read(struct venue_in_force *venue, struct model *ret_next)
{
    struct error why = {0};
    struct model model = {0};
    struct problems *problems = calloc(1, sizeof *problems);
    bool ok = problems ? model_from_file(venue->config, &model, problems, &why)
                       : error_set(&why, ERROR_NO_MEMORY, 0, "venue problems");
    if (problems)
        report_problems(venue->config->venue_file, problems);
    free(problems);
    assert(!ok || model.venue);
    if (ok && !str_equal(model.venue->id, venue->model.venue->id)) {
        ok = error_set(&why, ERROR_MODEL, 0,
                       "the venue's id is now \"" STR_FMT "\": another venue needs another state "
                       "directory and a restart",
                       STR_ARG(model.venue->id));
        model_free(&model);
    }
    if (!ok) {
        counters_add(venue->counters, COUNTER_INGEST_MODEL_REJECTED, 1);
        report_error(PROGRAM, "venue_refused", &why);
        report(REPORT_ERROR, PROGRAM, "venue_kept",
               "hash=%016llx text=\"the old model stays in force\"",
               (unsigned long long)venue->model.hash);
        return false;
    }
    if (model.hash == venue->model.hash) {
        report(REPORT_INFO, PROGRAM, "venue_unchanged", "hash=%016llx",
               (unsigned long long)model.hash);
        model_free(&model);
        return false;
    }
    *ret_next = model;
    return true;
}

bool venue_in_force_take(struct venue_in_force *venue, struct model *next, struct error *err)
{
    if (!append(venue, next, err)) {
        model_free(next);
        return false;
    }
    model_free(&venue->model);
    venue->model = *next;
    return true;
}

bool venue_in_force_repeat(struct venue_in_force *venue, struct error *err)
{
    return intake_bytes(venue->intake) - venue->at_bytes < MODEL_REPEAT_BYTES ||
           append(venue, &venue->model, err);
}

void venue_in_force_free(struct venue_in_force *venue)
{
    if (venue->model.venue)
        model_free(&venue->model);
    if (venue->before.venue)
        model_free(&venue->before);
}
