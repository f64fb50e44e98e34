/*
 * venue_in_force: the venue model that ingest goes by, and its MODEL records in the log: at the start, when the file changed, and again after every
 * MODEL_REPEAT_BYTES (model.h says why).
 *
 *     struct venue_in_force venue = {.config = …, .counters = …, .intake = …, .log_dir = …, .last_seq = …};
 *     code = venue_in_force_start(&venue);           0: venue.model is there
 *     on SIGHUP:    venue_in_force_read(&venue, &next) && venue_in_force_take(&venue, &next, &err)
 *     each second:  venue_in_force_repeat(&venue, &err)
 *     venue_in_force_free(&venue);
 *
 * Reports what it does on stderr: it is a part of the program, not a library. One thread.
 */
#ifndef CROWDTIDE_INGEST_VENUE_IN_FORCE_H
#define CROWDTIDE_INGEST_VENUE_IN_FORCE_H

#include "ingest/intake.h"
#include "ingest/model.h"

struct venue_in_force { /* caller-owned */
    const struct config *config;
    struct counters *counters;
    struct intake *intake;
    const char *log_dir;
    uint64_t last_seq; /* of the log as it was opened */

    struct model model;
    struct model before; /* the log's when it was opened, where the file's is in force; venue NULL: none */
    uint64_t at_bytes; /* intake_bytes when its record was written */
};

/* The file's model, or, when the file is refused, the one in the log: readings are taken in any case. Returns the exit code, 0 to go on. */
int venue_in_force_start(struct venue_in_force *venue);

/* Reads the file again. True: it is another model, and the caller's until it is taken. A refused file, one of another venue and one that is as before are reported. */
bool venue_in_force_read(struct venue_in_force *venue, struct model *ret_next);
/* Brings it into force, with its record. False: the log takes nothing more. Whoever else reads venue->model must be locked out; reading takes long, this does not. */
bool venue_in_force_take(struct venue_in_force *venue, struct model *next, struct error *err);

/* Writes the record again when it is due. False: as above. */
bool venue_in_force_repeat(struct venue_in_force *venue, struct error *err);

void venue_in_force_free(struct venue_in_force *venue);

#endif
