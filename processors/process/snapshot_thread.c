#include "processors/process/snapshot_thread.h"

#include <assert.h>
#include <signal.h>

static void *write_it(void *arg)
{
    struct snapshot_thread *t = arg;
    t->ok = snapshot_write(t->dir, t->snapshot, &t->err);
    atomic_store_explicit(&t->done, true, memory_order_release);
    return NULL;
}

void snapshot_thread_start(struct snapshot_thread *t, const char *dir,
                           const struct snapshot *snapshot)
{
    assert(!t->busy);
    sigset_t all, before;
    t->busy = true;
    t->dir = dir;
    t->snapshot = snapshot;
    t->err = (struct error){0};
    atomic_store_explicit(&t->done, false, memory_order_relaxed);
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    t->inlined = pthread_create(&t->thread, NULL, write_it, t) != 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (t->inlined)
        (void)write_it(t);
}

bool snapshot_thread_done(const struct snapshot_thread *t)
{
    return atomic_load_explicit(&t->done, memory_order_acquire);
}

bool snapshot_thread_finish(struct snapshot_thread *t, struct error *err)
{
    assert(t->busy);
    if (!t->inlined)
        (void)pthread_join(t->thread, NULL); /* fails only for what is no thread of ours */
    t->busy = false;
    if (!t->ok && err)
        *err = t->err;
    return t->ok;
}
