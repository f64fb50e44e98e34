/* Staging and committing: the append path. */
#include <sys/mman.h>

#include "schemas/log/log_writer_private.h"

bool log_writer_fail(struct log_writer *w, const struct error *why)
{
    (void)pthread_mutex_lock(&w->lock);
    if (!atomic_load(&w->failed)) {
        w->failure = *why;
        atomic_store(&w->failed, true);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return false;
}

bool log_writer_usable(struct log_writer *w, struct error *err)
{
    if (!atomic_load_explicit(&w->failed, memory_order_acquire))
        return true;
    if (err)
        *err = w->failure; /* written once, before `failed` */
    return false;
}

bool log_writer_healthy(struct log_writer *writer, struct error *err)
{
    return log_writer_usable(writer, err);
}

static bool flush(struct log_writer *w, struct error *err)
{
    if (w->stage_len == 0)
        return true;
    if (!log_io_write_all(w->io, w->fd, w->stage, w->stage_len, w->offset, w->dir, err))
        return false;
    w->offset += w->stage_len;
    atomic_fetch_add(&w->unsynced_bytes, w->stage_len);
    if (w->stage_len > LOG_STAGE_KEEP_BYTES)
        (void)madvise(w->stage + LOG_STAGE_KEEP_BYTES, LOG_STAGE_ROOM_BYTES - LOG_STAGE_KEEP_BYTES,
                      MADV_DONTNEED);
    w->stage_len = 0;
    if (w->offset > w->file_bytes / 4 && w->helper_started &&
        !atomic_load_explicit(&w->prepare_wanted, memory_order_relaxed)) {
        (void)pthread_mutex_lock(&w->lock);
        bool have = w->prep_fd >= 0;
        (void)pthread_mutex_unlock(&w->lock);
        if (!have) {
            atomic_store(&w->prepare_wanted, true);
            log_control_request_sync(&w->control);
        }
    }
    return true;
}

static void finish_open(struct log_writer *w, bool last_of_batch)
{
    if (w->open_record)
        log_record_finish(w->stage + w->open_at, last_of_batch, w->seed);
    w->open_record = false;
}

bool log_writer_stage(struct log_writer *w, const struct log_record *record, uint64_t *ret_seq,
                      struct error *err)
{
    if (!log_writer_usable(w, err))
        return false;
    if (record->body_len > LOG_BODY_BYTES_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "%s: a record of %u bytes; the most is %d",
                         w->dir, record->body_len, LOG_BODY_BYTES_MAX);
    struct error why = {0};
    uint64_t bytes = log_record_bytes(record->body_len);
    finish_open(w, false);
    bool fits = w->offset + w->stage_len + bytes + LOG_READ_PADDING_BYTES <= w->file_bytes;
    if (!fits || w->stage_len + bytes > LOG_STAGE_BYTES_MAX) {
        if (!flush(w, &why) || (!fits && !log_writer_roll(w, bytes, &why)))
            goto failed;
    }
    struct log_view view = {
        .seq = w->next_seq,
        .epoch = w->epoch,
        .type = record->type,
        .flags = record->flags,
        .log_ns = record->log_ns,
        .wall_ns = record->wall_ns,
        .durable_seq = atomic_load_explicit(&w->durable_seq, memory_order_relaxed),
        .body = record->body,
        .body_len = record->body_len,
    };
    log_record_encode(&view, w->stage + w->stage_len);
    w->open_at = w->stage_len;
    w->open_record = true;
    w->stage_len += bytes;
    w->staged = (struct log_mark){view.seq, view.epoch, view.log_ns, view.wall_ns};
    w->next_seq++;
    if (ret_seq)
        *ret_seq = view.seq;
    return true;
failed:
    (void)log_writer_fail(w, &why);
    if (err)
        *err = why;
    return false;
}

/* Whether committing up to the last staged record would leave more undurable than recovery allows
 * for. */
static bool too_much_unsynced(const struct log_writer *w)
{
    uint64_t durable = atomic_load_explicit(&w->durable_seq, memory_order_relaxed);
    uint64_t from = durable < w->epoch_first_seq ? w->epoch_first_seq - 1 : durable;
    return w->staged.seq - from > LOG_UNSYNCED_RECORDS_MAX ||
           atomic_load_explicit(&w->unsynced_bytes, memory_order_relaxed) > LOG_UNSYNCED_BYTES_MAX;
}

bool log_writer_commit(struct log_writer *w, struct error *err)
{
    if (!log_writer_usable(w, err))
        return false;
    if (!w->open_record)
        return true;
    struct error why = {0};
    finish_open(w, true);
    if (!flush(w, &why) || ((w->sync == LOG_SYNC_EVERY || too_much_unsynced(w)) &&
                            !log_sync_now(w, w->staged.seq, &why))) {
        (void)log_writer_fail(w, &why);
        if (err)
            *err = why;
        return false;
    }
    atomic_store_explicit(&w->published_seq, w->staged.seq, memory_order_release);
    log_control_publish(&w->control, w->staged.seq);
    return true;
}

bool log_writer_append(struct log_writer *w, const struct log_record *record, uint64_t *ret_seq,
                       struct error *err)
{
    uint64_t seq = 0;
    if (!log_writer_stage(w, record, &seq, err) || !log_writer_commit(w, err))
        return false;
    if (ret_seq)
        *ret_seq = seq;
    return true;
}

bool log_writer_sync(struct log_writer *w, struct error *err)
{
    return log_sync_now(w, atomic_load(&w->published_seq), err);
}

void log_writer_request_sync(struct log_writer *w)
{
    log_control_request_sync(&w->control);
}
