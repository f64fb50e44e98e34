/* Durability: fdatasync of what was written, then the mark. One helper thread a writer does it on a
 * timer and on request. */
#include <time.h>

#include "schemas/base/clock.h"
#include "schemas/log/log_writer_private.h"

enum { HELPER_IDLE_MS = 100 };

struct batch {                                /* what one sync has to do */
    int files[LOG_UNSYNCED_SEGMENTS_MAX + 1]; /* full segments, then the current one */
    size_t full;
    bool dir;
    uint64_t bytes;
};

static bool sync_files(struct log_writer *w, const struct batch *batch, struct error *err)
{
    const struct log_io *io = w->io;
    for (size_t i = 0; i <= batch->full; i++) {
        int failed = io->sync_data(io->state, batch->files[i]);
        if (failed)
            return log_io_failed(err, failed, "sync a segment of", w->dir);
    }
    int failed = batch->dir ? io->sync_dir(io->state, w->dir) : 0;
    return !failed || log_io_failed(err, failed, "sync", w->dir);
}

bool log_sync_now(struct log_writer *w, uint64_t target, struct error *err)
{
    struct batch batch;
    struct error why = {0};
    bool ok = false;
    (void)pthread_mutex_lock(&w->sync_lock);
    if (!log_writer_usable(w, err))
        goto done;
    /* What `target` covers was written before, to these files or to files synced already. */
    bool moves = target > atomic_load(&w->durable_seq);
    batch.bytes = atomic_load(&w->unsynced_bytes);
    (void)pthread_mutex_lock(&w->lock);
    batch.full = w->unsynced_count;
    if (!moves && batch.full < LOG_UNSYNCED_SEGMENTS_MAX) {
        (void)pthread_mutex_unlock(&w->lock);
        ok = true;
        goto done;
    }
    for (size_t i = 0; i < batch.full; i++)
        batch.files[i] = w->unsynced[i];
    batch.files[batch.full] = w->fd;
    batch.dir = w->dir_unsynced;
    w->dir_unsynced = false;
    (void)pthread_mutex_unlock(&w->lock);

    if (!sync_files(w, &batch, &why)) {
        why.code = ERROR_IO; /* also for ENOSPC: after a failed sync nothing may be tried again */
        (void)log_writer_fail(w, &why);
        if (err)
            *err = why;
        goto done;
    }
    (void)pthread_mutex_lock(&w->lock);
    w->unsynced_count -= batch.full;
    for (size_t i = 0; i < w->unsynced_count; i++)
        w->unsynced[i] = w->unsynced[i + batch.full];
    (void)pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < batch.full; i++)
        (void)w->io->close(w->io->state, batch.files[i]);
    atomic_fetch_sub(&w->unsynced_bytes, batch.bytes);
    if (moves) {
        atomic_store(&w->durable_seq, target);
        atomic_store(&w->control.writer->durable_seq, target);
    }
    ok = true;
done:
    (void)pthread_mutex_unlock(&w->sync_lock);
    return ok;
}

static void *helper_main(void *arg)
{
    struct log_writer *w = arg;
    const int64_t ms = 1000000;
    int64_t due = clock_boot_ns() + w->sync_ms * ms;
    bool more = false;
    while (!atomic_load(&w->stopping)) {
        int64_t now = clock_boot_ns();
        int64_t wait = w->sync == LOG_SYNC_TIMER ? due - now : HELPER_IDLE_MS * ms;
        bool asked = log_control_await_request(&w->control, more ? 0 : wait);
        if (w->sync == LOG_SYNC_TIMER && (asked || clock_boot_ns() >= due)) {
            if (!log_sync_now(w, atomic_load(&w->published_seq), NULL))
                break;
            due = clock_boot_ns() + w->sync_ms * ms;
        }
        struct error why = {0};
        bool more_deletes, more_zeros;
        if (!log_retain_step(w, &more_deletes, &why) || !log_prepare_step(w, &more_zeros, &why)) {
            (void)log_writer_fail(w, &why);
            break;
        }
        more = more_deletes || more_zeros;
    }
    return NULL;
}

bool log_helper_start(struct log_writer *w, struct error *err)
{
    int failed = pthread_create(&w->helper, NULL, helper_main, w);
    if (failed)
        return error_set(err, ERROR_NO_MEMORY, failed, "helper thread of %s", w->dir);
    w->helper_started = true;
    return true;
}

void log_helper_stop(struct log_writer *w)
{
    if (!w->helper_started)
        return;
    atomic_store(&w->stopping, true);
    log_control_request_sync(&w->control);
    (void)pthread_join(w->helper, NULL);
    w->helper_started = false;
}
