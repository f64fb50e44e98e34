#include <errno.h>

#include "schemas/log/log_writer_private.h"

/* Records at or above `from` in a segment about to be deleted: those some reader still wanted. */
static uint64_t count_wanted(struct log_writer *w, const struct log_live *live, uint64_t bound,
                             uint64_t from)
{
    struct log_dir_entry entry = {.first_seq = live->first_seq, .epoch = live->epoch};
    struct log_loaded loaded = {0};
    uint64_t count = 0;
    if (log_loaded_read(&loaded, w->io, w->dir, &entry, NULL)) {
        struct log_walk walk;
        struct log_view view;
        bool last_of_batch;
        log_walk_start(&walk, &loaded.image, bound);
        while (log_walk_next(&walk, &view, &last_of_batch))
            count += view.seq >= from;
    } else {
        count = bound - (from > live->first_seq ? from : live->first_seq);
    }
    log_loaded_free(&loaded);
    return count;
}

/* Takes the oldest segment out of the log; its file goes later. */
static void give_up_oldest(struct log_writer *w)
{
    (void)pthread_mutex_lock(&w->lock);
    struct log_live oldest = w->live[0];
    w->doomed[w->doomed_count++] = oldest;
    w->live_count--;
    for (size_t i = 0; i < w->live_count; i++)
        w->live[i] = w->live[i + 1];
    (void)pthread_mutex_unlock(&w->lock);
    atomic_store(&w->control.writer->first_seq, w->live[0].first_seq);
    uint64_t bytes = atomic_fetch_sub(&w->disk_bytes, oldest.bytes) - oldest.bytes;
    atomic_store(&w->control.writer->log_bytes, bytes);
}

bool log_retain_step(struct log_writer *w, bool *ret_more, struct error *err)
{
    char name[LOG_NAME_BYTES], path[LOG_PATH_BYTES_MAX];
    (void)pthread_mutex_lock(&w->lock);
    bool any = w->doomed_count > 0;
    struct log_live doomed = w->doomed[0];
    (void)pthread_mutex_unlock(&w->lock);
    *ret_more = false;
    if (!any)
        return true;
    log_name_segment(doomed.first_seq, doomed.epoch, name);
    if (!log_io_path(w->dir, name, path, err))
        return false;
    int failed = w->io->unlink(w->io->state, path);
    if (failed && failed != ENOENT)
        return log_io_failed(err, failed, "remove", path);
    /* In order, so that a power cut can't bring back an older segment without the younger ones. */
    if ((failed = w->io->sync_dir(w->io->state, w->dir)))
        return log_io_failed(err, failed, "sync", w->dir);
    (void)pthread_mutex_lock(&w->lock);
    w->doomed_count--;
    for (size_t i = 0; i < w->doomed_count; i++)
        w->doomed[i] = w->doomed[i + 1];
    *ret_more = w->doomed_count > 0;
    (void)pthread_mutex_unlock(&w->lock);
    atomic_fetch_add(&w->control.writer->generation, 1);
    return true;
}

/* With a helper the deleting is its work: it takes milliseconds, which the append path does not
 * have. */
static bool delete_now(struct log_writer *w, struct error *err)
{
    if (w->helper_started) {
        log_control_request_sync(&w->control);
        return true;
    }
    bool more = true;
    while (more) {
        struct error why = {0};
        if (log_retain_step(w, &more, &why))
            continue;
        (void)log_writer_fail(w, &why);
        if (err)
            *err = why;
        return false;
    }
    return true;
}

static bool doomed_full(struct log_writer *w)
{
    (void)pthread_mutex_lock(&w->lock);
    bool full = w->doomed_count == LOG_DOOMED_MAX;
    (void)pthread_mutex_unlock(&w->lock);
    return full;
}

uint64_t log_writer_held_bytes(struct log_writer *w, uint64_t keep_from_seq)
{
    (void)pthread_mutex_lock(&w->lock);
    uint64_t free_bytes = 0, durable_seq = atomic_load(&w->durable_seq);
    for (size_t i = 0; i + 1 < w->live_count; i++) {
        uint64_t bound = w->live[i + 1].first_seq;
        if (bound > keep_from_seq || bound > durable_seq + 1)
            break;
        free_bytes += w->live[i].bytes;
    }
    (void)pthread_mutex_unlock(&w->lock);
    return atomic_load(&w->disk_bytes) - free_bytes;
}

bool log_writer_retain(struct log_writer *w, uint64_t max_bytes, uint64_t keep_from_seq, bool force,
                       uint64_t *ret_lost, struct error *err)
{
    uint64_t lost = 0;
    bool any = false;
    if (!log_writer_usable(w, err))
        return false;
    while (max_bytes && atomic_load(&w->disk_bytes) > max_bytes && w->live_count > 1 &&
           !doomed_full(w)) {
        uint64_t bound = w->live[1].first_seq;
        if (bound > atomic_load(&w->durable_seq) + 1)
            break; /* recovery still needs it */
        if (bound > keep_from_seq) {
            if (!force)
                break;
            lost += count_wanted(w, &w->live[0], bound, keep_from_seq);
        }
        give_up_oldest(w);
        any = true;
    }
    if (any && !delete_now(w, err))
        return false;
    if (ret_lost)
        *ret_lost = lost;
    return true;
}
