/*
 * blame: lays a crash at the door of the input that process was dealing with (poison rule).
 *
 *     blame_install(counters);
 *     blame_begin(counters, view.seq, view.epoch);     before the core sees an input
 *     core_step(…);
 *     blame_end(counters);
 *
 * A handler of the signals by which a program kills itself (invalid access, abort, division by
 * zero, illegal instruction) counts the crash in shared memory and lets the signal go its way.
 * Death by SIGKILL counts for nothing, nor does SIGBUS: a disk that can't be read is not the
 * input's fault.
 */
#ifndef CROWDTIDE_PROCESSORS_PROCESS_BLAME_H
#define CROWDTIDE_PROCESSORS_PROCESS_BLAME_H

#include "schemas/counters/counters.h"

/* After so many crashes on one input it is left out. */
enum { BLAME_CRASHES_MAX = 3 };

/* The calling thread is the one whose crashes count. counters must outlive the next install. */
void blame_install(struct counters *counters);
/* The default actions again. */
void blame_remove(void);

static inline void blame_begin(struct counters *counters, uint64_t seq, uint32_t epoch)
{
    counters_in_progress(counters, seq, epoch);
}

static inline void blame_end(struct counters *counters)
{
    counters_in_progress(counters, 0, 0);
}

#endif
