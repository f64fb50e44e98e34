/* Opening and closing a log for writing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "schemas/log/log_writer_private.h"

static bool take_lock(struct log_writer *w, struct error *err)
{
    const struct log_io *io = w->io;
    char path[LOG_PATH_BYTES_MAX];
    int failed = io->make_dir(io->state, w->dir);
    if (failed && failed != EEXIST)
        return log_io_failed(err, failed, "create", w->dir);
    if (!log_io_path(w->dir, LOG_NAME_LOCK, path, err))
        return false;
    failed = io->open(io->state, path, O_RDWR | O_CREAT, &w->lock_fd);
    if (failed)
        return log_io_failed(err, failed, "open", path);
    failed = io->lock(io->state, w->lock_fd);
    if (failed == EWOULDBLOCK)
        return error_set(err, ERROR_LOCKED, 0, "%s: another program writes this log", w->dir);
    return !failed || log_io_failed(err, failed, "lock", path);
}

static void writer_free(struct log_writer *w)
{
    const struct log_io *io = w->io;
    for (size_t i = 0; i < w->unsynced_count; i++)
        (void)io->close(io->state, w->unsynced[i]);
    const int fds[] = {w->fd, w->prep_fd, w->prep_tmp_fd, w->lock_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            (void)io->close(io->state, fds[i]);
    log_control_close(io, &w->control);
    if (w->stage)
        (void)munmap(w->stage, LOG_STAGE_ROOM_BYTES);
    if (w->zeros)
        (void)munmap(w->zeros, LOG_PREPARE_CHUNK_BYTES);
    (void)pthread_mutex_destroy(&w->lock);
    (void)pthread_mutex_destroy(&w->sync_lock);
    free(w->live);
    free(w);
}

static void *reserve(uint64_t bytes, int prot)
{
    void *at = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static struct log_writer *writer_new(const struct log_writer_options *options, struct error *err)
{
    struct log_writer *w = calloc(1, sizeof *w);
    if (!w) {
        error_set(err, ERROR_NO_MEMORY, 0, "writer of %s", options->dir);
        return NULL;
    }
    w->io = options->io ? options->io : log_io_files();
    w->fd = w->prep_fd = w->prep_tmp_fd = w->lock_fd = -1;
    w->segment_bytes = options->segment_bytes ? options->segment_bytes : LOG_SEGMENT_BYTES_DEFAULT;
    w->sync = options->sync;
    w->sync_ms = options->sync_ms ? options->sync_ms : LOG_SYNC_MS_DEFAULT;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_mutex_init(&w->sync_lock, NULL);
    size_t len = strlen(options->dir);
    w->stage = reserve(LOG_STAGE_ROOM_BYTES, PROT_READ | PROT_WRITE);
    w->zeros = reserve(LOG_PREPARE_CHUNK_BYTES, PROT_READ);
    if (!w->stage || !w->zeros || len + LOG_NAME_BYTES >= sizeof w->dir) {
        error_set(err, ERROR_NO_MEMORY, 0, "writer of %.128s", options->dir);
        writer_free(w);
        return NULL;
    }
    memcpy(w->dir, options->dir, len + 1);
    return w;
}

bool log_writer_open(const struct log_writer_options *options, struct log_writer **ret_writer,
                     struct log_recovery *ret_recovery, struct error *err)
{
    if (options->segment_bytes &&
        (options->segment_bytes < LOG_SEGMENT_BYTES_MIN || options->segment_bytes % 4096))
        return error_set(err, ERROR_INVALID, 0, "%s: segments of %llu bytes", options->dir,
                         (unsigned long long)options->segment_bytes);
    struct log_writer *w = writer_new(options, err);
    if (!w)
        return false;
    struct log_recovery recovery;
    if (!take_lock(w, err) || !log_recover(w, options, &recovery, err) ||
        (w->sync != LOG_SYNC_MANUAL && !log_helper_start(w, err))) {
        writer_free(w);
        return false;
    }
    if (ret_recovery)
        *ret_recovery = recovery;
    *ret_writer = w;
    return true;
}

void log_writer_close(struct log_writer *w)
{
    if (!w)
        return;
    log_helper_stop(w);
    (void)log_writer_sync(w, NULL);
    bool more = log_writer_usable(w, NULL);
    while (more && log_retain_step(w, &more, NULL))
        ;
    writer_free(w);
}

uint64_t log_writer_last_seq(const struct log_writer *w)
{
    return atomic_load_explicit(&w->published_seq, memory_order_acquire);
}

uint64_t log_writer_durable_seq(const struct log_writer *w)
{
    return atomic_load_explicit(&w->durable_seq, memory_order_acquire);
}

uint64_t log_writer_bytes(const struct log_writer *w)
{
    return atomic_load_explicit(&w->disk_bytes, memory_order_acquire);
}

uint64_t log_writer_first_seq(const struct log_writer *w)
{
    return atomic_load(&w->control.writer->first_seq);
}

uint32_t log_writer_epoch(const struct log_writer *w)
{
    return w->epoch;
}

const struct log_uuid *log_writer_uuid(const struct log_writer *w)
{
    return &w->log;
}
