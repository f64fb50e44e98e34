/*
 * model: the venue in force, from the venue file or from the log. The file is read at start and on request; a file with mistakes is refused and the
 * model before it stays in force.
 *
 *     model_from_file(&config, &model, &problems, &err)     read and checked
 *     model_from_log(dir, last_seq, &model, &err)           the newest MODEL record
 *     model_free(&model)
 *
 * The log gets a MODEL record when the hash differs from its newest one, and again after every MODEL_REPEAT_BYTES, so that what retention keeps always begins soon
 * before a model and finding the newest one at start never reads more than about twice that. Readers take a repeated model as no change.
 */
#ifndef CROWDTIDE_INGEST_MODEL_H
#define CROWDTIDE_INGEST_MODEL_H

#include "schemas/base/problems.h"
#include "schemas/config/config.h"
#include "schemas/venue/venue.h"

#define MODEL_REPEAT_BYTES (256ULL * 1024 * 1024)

struct model {
    char *source; /* owned; the YAML with environment variables replaced */
    uint32_t len;
    uint64_t hash;
    struct venue *venue; /* owned */
};

/* False: the file can't be read (*err is filled) or has problems that refuse it (listed; err->code is MODEL). */
bool model_from_file(const struct config *config, struct model *ret_model,
                     struct problems *problems, struct error *err);

/* The newest MODEL record of the log in dir up to last_seq. NOT_FOUND: none in what was searched, or one that this version refuses. Other errors are the log's. */
bool model_from_log(const char *dir, uint64_t last_seq, struct model *ret_model, struct error *err);

void model_free(struct model *model);

#endif
