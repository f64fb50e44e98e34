/* The next segment: the one prepared ahead, or a new file when there is none or the record is too
 * large for it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/clock.h"
#include "schemas/log/log_writer_private.h"

bool log_writer_add_live(struct log_writer *w, struct log_live live, struct error *err)
{
    (void)pthread_mutex_lock(&w->lock);
    bool ok = true;
    if (w->live_count == w->live_cap) {
        size_t cap = w->live_cap ? w->live_cap * 2 : 64;
        struct log_live *at = realloc(w->live, cap * sizeof *at);
        ok = at != NULL;
        if (ok) {
            w->live = at;
            w->live_cap = cap;
        }
    }
    if (ok)
        w->live[w->live_count++] = live;
    (void)pthread_mutex_unlock(&w->lock);
    if (!ok)
        return error_set(err, ERROR_NO_MEMORY, 0, "segments of %s", w->dir);
    atomic_fetch_add(&w->disk_bytes, live.bytes);
    return true;
}

void log_writer_header(const struct log_writer *w, uint64_t first_seq, const struct log_mark *prev,
                       uint64_t file_bytes, struct log_segment_header *ret_header)
{
    *ret_header = (struct log_segment_header){
        .log = w->log,
        .source = w->source,
        .file_bytes = file_bytes,
        .epoch = w->epoch,
        .prev_epoch = prev->epoch,
        .first_seq = first_seq,
        .kept_seq = w->kept_seq,
        .epoch_first_seq = w->epoch_first_seq,
        .prev_seq = prev->seq,
        .prev_log_ns = prev->log_ns,
        .prev_wall_ns = prev->wall_ns,
        .created_wall_ns = clock_wall_ns(),
    };
    memcpy(ret_header->skips, w->skips, sizeof w->skips);
}

/* Opens a file of `bytes` for the segment: the prepared one under its final name, or a new one. */
static bool next_file(struct log_writer *w, uint64_t bytes, const uint8_t *head, const char *path,
                      int *ret_fd, struct error *err)
{
    const struct log_io *io = w->io;
    char prep[LOG_PATH_BYTES_MAX];
    int fd = -1, failed = 0;
    if (bytes == w->segment_bytes) {
        (void)pthread_mutex_lock(&w->lock);
        fd = w->prep_fd;
        w->prep_fd = -1;
        (void)pthread_mutex_unlock(&w->lock);
    }
    bool prepared = fd >= 0;
    if (!prepared) {
        failed = io->open(io->state, path, O_RDWR | O_CREAT | O_TRUNC, &fd);
        if (!failed)
            failed = io->allocate(io->state, fd, bytes);
    }
    bool ok = !failed || log_io_failed(err, failed, "allocate", path);
    ok = ok && log_io_write_all(io, fd, head, LOG_SEGMENT_HEADER_BYTES, 0, path, err);
    if (ok && prepared) {
        ok = log_io_path(w->dir, LOG_NAME_PREP, prep, err);
        failed = ok ? io->rename(io->state, prep, path) : 0;
        ok = ok && (!failed || log_io_failed(err, failed, "rename", prep));
    }
    if (!ok) {
        if (fd >= 0)
            (void)io->close(io->state, fd);
        if (!prepared)
            (void)io->unlink(io->state, path);
        return false;
    }
    if (prepared)
        atomic_fetch_sub(&w->disk_bytes, bytes); /* counted again as a live segment */
    *ret_fd = fd;
    return true;
}

/* Puts a larger segment in the place of the current one, which is empty and has the same name: the
   one that recovery made, whose first record does not fit. Synced before it has the name, because
   recovery relies on the first segment of an epoch. */
static bool replace_file(struct log_writer *w, uint64_t bytes, const uint8_t *head,
                         const char *path, int *ret_fd, struct error *err)
{
    const struct log_io *io = w->io;
    char tmp[LOG_PATH_BYTES_MAX];
    int fd = -1;
    if (!log_io_path(w->dir, LOG_NAME_SEAL_TMP, tmp, err))
        return false;
    int failed = io->open(io->state, tmp, O_RDWR | O_CREAT | O_TRUNC, &fd);
    if (failed)
        return log_io_failed(err, failed, "create", tmp);
    failed = io->allocate(io->state, fd, bytes);
    bool ok = !failed || log_io_failed(err, failed, "allocate", tmp);
    ok = ok && log_io_write_all(io, fd, head, LOG_SEGMENT_HEADER_BYTES, 0, tmp, err);
    failed = ok ? io->sync_data(io->state, fd) : 0;
    ok = ok && (!failed || log_io_failed(err, failed, "sync", tmp));
    failed = ok ? io->rename(io->state, tmp, path) : 0;
    ok = ok && (!failed || log_io_failed(err, failed, "rename", tmp));
    if (!ok) {
        (void)io->close(io->state, fd);
        return false;
    }
    /* The writer's thread alone changes `live`. */
    (void)pthread_mutex_lock(&w->lock);
    struct log_live gone = w->live[--w->live_count];
    (void)pthread_mutex_unlock(&w->lock);
    atomic_fetch_sub(&w->disk_bytes, gone.bytes);
    *ret_fd = fd;
    return true;
}

bool log_writer_roll(struct log_writer *w, uint64_t record_bytes, struct error *err)
{
    uint64_t need = LOG_SEGMENT_HEADER_BYTES + record_bytes + LOG_READ_PADDING_BYTES;
    uint64_t bytes = need <= w->segment_bytes ? w->segment_bytes : (need + 4095) / 4096 * 4096;
    (void)pthread_mutex_lock(&w->lock);
    bool full = w->unsynced_count == LOG_UNSYNCED_SEGMENTS_MAX;
    (void)pthread_mutex_unlock(&w->lock);
    /* The mark stops at the last whole batch, whatever this sync covers. */
    if (full && !log_sync_now(w, atomic_load(&w->published_seq), err))
        return false;

    struct log_segment_header header;
    uint8_t head[LOG_SEGMENT_HEADER_BYTES];
    char name[LOG_NAME_BYTES], path[LOG_PATH_BYTES_MAX];
    log_writer_header(w, w->next_seq, &w->staged, bytes, &header);
    int failed = w->io->random(w->io->state, header.segment.bytes, sizeof header.segment.bytes);
    if (failed)
        return log_io_failed(err, failed, "random bytes for", w->dir);
    log_header_encode(&header, head);
    log_name_segment(w->next_seq, w->epoch, name);
    int fd = -1;
    bool same_name = w->live[w->live_count - 1].first_seq == w->next_seq;
    if (!log_io_path(w->dir, name, path, err) ||
        !(same_name ? replace_file : next_file)(w, bytes, head, path, &fd, err))
        return false;
    (void)pthread_mutex_lock(&w->lock);
    w->unsynced[w->unsynced_count++] = w->fd;
    w->fd = fd;
    w->dir_unsynced = true;
    (void)pthread_mutex_unlock(&w->lock);
    w->seed = log_segment_seed(&header);
    w->offset = LOG_SEGMENT_HEADER_BYTES;
    w->file_bytes = bytes;
    struct log_live live = {.first_seq = w->next_seq, .epoch = w->epoch, .bytes = bytes};
    if (!log_writer_add_live(w, live, err))
        return false;
    atomic_store(&w->control.writer->log_bytes, atomic_load(&w->disk_bytes));
    atomic_fetch_add(&w->control.writer->generation, 1);
    return true;
}
