/*
 * snapshot_thread: writes one snapshot beside the main loop, because a sync of megabytes may take
 * longer than an alert may wait.
 *
 *     snapshot_thread_start(&thread, dir, &snapshot);    snapshot stays untouched until finish
 *     if (snapshot_thread_done(&thread)) …
 *     snapshot_thread_finish(&thread, &err);             waits if it has to; what snapshot_write said
 *
 * All calls from one thread. The helper touches the files and its own struct, nothing else.
 */
#ifndef CROWDTIDE_PROCESSORS_PROCESS_SNAPSHOT_THREAD_H
#define CROWDTIDE_PROCESSORS_PROCESS_SNAPSHOT_THREAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "processors/process/snapshot.h"

struct snapshot_thread { /* zeroed: idle */
    bool busy;           /* started and not yet finished */
    bool inlined;        /* no thread could be had: written by the caller's */
    pthread_t thread;
    _Atomic bool done;
    const char *dir;
    const struct snapshot *snapshot;
    bool ok; /* with err: what snapshot_write said; valid once done */
    struct error err;
};

void snapshot_thread_start(struct snapshot_thread *t, const char *dir,
                           const struct snapshot *snapshot);
bool snapshot_thread_done(const struct snapshot_thread *t);
bool snapshot_thread_finish(struct snapshot_thread *t, struct error *err);

#endif
