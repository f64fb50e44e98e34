/*
 * keeper: when the state is snapshotted, and what the disk has to keep for it.
 *
 *     keeper_begin(r, &err);      between batches: takes the state as it is now
 *     keeper_poll(r, &err);       often: has it written, beside the main loop, once all three logs
 * are durable up to it keeper_now(r, ms, &err);    both at once, waiting: before a new model, at
 * the end keeper_retain(r, &err);     now and then: deletes what nobody needs any more
 *
 * The cursor `readings.process` holds the readings from the older of the two snapshots on, so that
 * it can serve when the newer one can't be read.
 */
#ifndef CROWDTIDE_PROCESSORS_PROCESS_KEEPER_H
#define CROWDTIDE_PROCESSORS_PROCESS_KEEPER_H

#include "processors/process/runner.h"

/* The pins for the snapshots that are there. After restart_run. */
bool keeper_open(struct runner *r, struct error *err);

/* Everything up to r->at is committed. Nothing happens while the results logs are still ahead of
   the re-run, while one waits, or when nothing happened since the last. */
bool keeper_begin(struct runner *r, struct error *err);
/* A full disk is reported and tried again at the next snapshot. */
bool keeper_poll(struct runner *r, struct error *err);
/* *ret_done (may be NULL): there is a snapshot of r->at now. */
bool keeper_now(struct runner *r, uint32_t timeout_ms, bool *ret_done, struct error *err);

/* Retention deleted readings that a restart from the newest snapshot would want: time for another.
 */
bool keeper_overtaken(const struct runner *r);

bool keeper_retain(struct runner *r, struct error *err);

/* Waits for a snapshot that is being written. Safe when keeper_open was not called. */
void keeper_close(struct runner *r);

#endif
