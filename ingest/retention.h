/*
 * retention: keeps the readings log within its disk cap and the disk from filling up, and never deletes what a cursor still needs unless the cap forces it.
 *
 * Rules, looked at every RETENTION_S: what every cursor `{state}/cursors/readings.*` has passed is kept up to log.keep_mb; at log.readings_max_mb the oldest goes in any
 * case when log.cap_forces is set (counted as lost, reported), else ingest stops; when the disk is nearly full, everything that no cursor needs goes. As
 * long as no cursor exists, or one can't be read, nobody counts as having read anything: all of it is needed.
 */
#ifndef CROWDTIDE_INGEST_RETENTION_H
#define CROWDTIDE_INGEST_RETENTION_H

#include "ingest/intake.h"
#include "schemas/config/config.h"

enum { RETENTION_S = 10, RETENTION_LOW_SEGMENTS = 4, RETENTION_LOW_BYTES = 64 * 1024 * 1024 };

struct retention { /* caller-owned; one thread */
    const struct config *config;
    struct intake *intake;
    struct counters *counters;
    struct log_writer *writer; /* for its size, first sequence and UUID only */
    const char *cursors_dir;
    int64_t low_told_ns;    /* last report of a nearly full disk */
    int64_t cursor_told_ns; /* last report of a cursor that can't be read */
};

/* Applies the rules once. False: the log is at its cap and may not delete (NO_SPACE), or deleting failed. */
bool retention_apply(struct retention *retention, struct error *err);

#endif
