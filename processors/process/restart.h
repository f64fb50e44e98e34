/*
 * restart: from what a stop, a kill or a power cut left behind to the next input to be dealt with.
 *
 * 1. The newest snapshot that can be read gives the state; without one the state begins empty at
 *    the oldest reading.
 * 2. A power cut may have taken readings whose results are in the results logs. Those results are
 *    void: they are cut off before anyone can read them (they form the end of each log).
 * 3. The last record of each results log says which results it has; the inputs since the snapshot
 *    are run again and only what is missing is appended.
 * 4. Inputs that were left out earlier (SKIPPED results) are left out again.
 * 5. When the snapshot, or one that this version can't read, comes from another version of the core, a
 *    new era begins where the results logs end.
 */
#ifndef CROWDTIDE_PROCESSORS_PROCESS_RESTART_H
#define CROWDTIDE_PROCESSORS_PROCESS_RESTART_H

#include "processors/process/runner.h"

/* r->readings is open and holds at least one record (after a boot nothing is to be seen in it
   before its writer has recovered it). Fills core, out, at, model_hash, era_due, skips and seeks
   the readings. Reports what it found. On failure the caller unwinds what is set. */
bool restart_run(struct runner *r, struct error *err);

/* The readings right behind r->at were deleted at the disk cap: goes on at the oldest kept, with a
   gap (r->gap_due). Says so. */
bool restart_behind_loss(struct runner *r, struct error *err);

/* From now on this input is left out. TOO_LARGE: RUNNER_SKIPS_MAX are; NO_MEMORY. */
bool restart_skip(struct runner *r, uint64_t seq, uint32_t crashes, struct error *err);

/* How often process crashed on this input before it was left out; 0: it was not. */
uint32_t restart_skipped(const struct runner *r, uint64_t seq);

#endif
