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

static bool delete_oldest(struct log_writer *w, struct error *err)
{
    char name[LOG_NAME_BYTES], path[LOG_PATH_BYTES_MAX];
    struct log_live oldest = w->live[0];
    log_name_segment(oldest.first_seq, oldest.epoch, name);
    if (!log_io_path(w->dir, name, path, err))
        return false;
    (void)pthread_mutex_lock(&w->lock);
    w->live_count--;
    for (size_t i = 0; i < w->live_count; i++)
        w->live[i] = w->live[i + 1];
    (void)pthread_mutex_unlock(&w->lock);
    atomic_store(&w->control.writer->first_seq, w->live[0].first_seq);
    int failed = w->io->unlink(w->io->state, path);
    if (failed && failed != ENOENT)
        return log_io_failed(err, failed, "remove", path);
    /* In order, so that a power cut can't bring back an older segment without the younger ones. */
    if ((failed = w->io->sync_dir(w->io->state, w->dir)))
        return log_io_failed(err, failed, "sync", w->dir);
    uint64_t bytes = atomic_fetch_sub(&w->disk_bytes, oldest.bytes) - oldest.bytes;
    atomic_store(&w->control.writer->log_bytes, bytes);
    atomic_fetch_add(&w->control.writer->generation, 1);
    return true;
}

bool log_writer_retain(struct log_writer *w, uint64_t max_bytes, uint64_t keep_from_seq, bool force,
                       uint64_t *ret_lost, struct error *err)
{
    uint64_t lost = 0;
    if (!log_writer_usable(w, err))
        return false;
    while (max_bytes && atomic_load(&w->disk_bytes) > max_bytes && w->live_count > 1) {
        uint64_t bound = w->live[1].first_seq;
        if (bound > atomic_load(&w->durable_seq) + 1)
            break; /* recovery still needs it */
        if (bound > keep_from_seq) {
            if (!force)
                break;
            lost += count_wanted(w, &w->live[0], bound, keep_from_seq);
        }
        struct error why = {0};
        if (!delete_oldest(w, &why)) {
            (void)log_writer_fail(w, &why);
            if (err)
                *err = why;
            return false;
        }
    }
    if (ret_lost)
        *ret_lost = lost;
    return true;
}
