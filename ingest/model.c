#include "ingest/model.h"

#include <stdlib.h>

#include "schemas/log/log.h"
#include "schemas/record/record.h"

enum { SEARCH_FIRST_RECORDS = 65536 };

bool model_from_file(const struct config *config, struct model *ret_model,
                     struct problems *problems, struct error *err)
{
    struct model model = {0};
    size_t len = 0;
    if (!config_read_venue(config, &model.source, &len, err))
        return false;
    model.len = (uint32_t)len; /* config_read_venue refuses more than VENUE_SOURCE_BYTES_MAX */
    if (!venue_parse((struct str){model.source, model.len}, &model.venue, problems)) {
        free(model.source);
        return error_set(err, ERROR_MODEL, 0, "%s has %u problems", config->venue_file,
                         problems->count - problems->warnings);
    }
    model.hash = model.venue->hash;
    venue_warn_unattended(model.venue, problems);
    if (!config_privacy_fits(config, model.venue, problems)) {
        model_free(&model);
        return error_set(err, ERROR_MODEL, 0, "%s wants a key for what it hashes",
                         config->venue_file);
    }
    *ret_model = model;
    return true;
}

void model_free(struct model *model)
{
    venue_free(model->venue);
    free(model->source);
    *model = (struct model){0};
}

/* Copies the newest MODEL record's source with from <= seq < to into *model. False: an error of the
 * log. */
static bool search(struct log_reader *reader, uint64_t from, uint64_t to, struct model *model,
                   uint64_t *bytes, struct error *err)
{
    struct log_view view;
    if (!log_reader_seek(reader, from, err))
        return false;
    for (;;) {
        enum log_read got = log_reader_next(reader, &view, err);
        if (got == LOG_READ_ERROR)
            return false;
        if (got == LOG_READ_CAUGHT_UP || view.seq >= to)
            return true;
        *bytes += view.body_len;
        if (view.type != RECORD_MODEL)
            continue;
        struct record_model record;
        if (!record_model_decode(view.body, view.body_len, &record, err))
            return false;
        char *copy = malloc(record.source.len + 1u);
        if (!copy)
            return error_set(err, ERROR_NO_MEMORY, 0, "venue model of %u bytes", record.source.len);
        memcpy(copy, record.source.at, record.source.len);
        copy[record.source.len] = '\0';
        free(model->source);
        *model = (struct model){.source = copy, .len = record.source.len, .hash = record.hash};
    }
}

bool model_from_log(const char *dir, uint64_t last_seq, struct model *ret_model, struct error *err)
{
    struct log_reader *reader = NULL;
    struct model model = {0};
    if (!log_reader_open(&(struct log_reader_options){.dir = dir}, &reader, err))
        return false;
    uint64_t first = log_reader_first_seq(reader), to = last_seq + 1, bytes = 0;
    uint64_t window = SEARCH_FIRST_RECORDS;
    bool ok = true;
    while (ok && !model.source && first && to > first && bytes <= 2 * MODEL_REPEAT_BYTES) {
        uint64_t from = to - first > window ? to - window : first;
        ok = search(reader, from, to, &model, &bytes, err);
        to = from;
        window *= 2;
    }
    log_reader_close(reader);
    struct problems problems = {0};
    if (ok && (!model.source ||
               !venue_parse((struct str){model.source, model.len}, &model.venue, &problems)))
        ok = error_set(err, ERROR_NOT_FOUND, 0, "venue model in %s", dir);
    if (!ok) {
        free(model.source);
        return false;
    }
    *ret_model = model;
    return true;
}
