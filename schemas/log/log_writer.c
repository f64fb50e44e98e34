#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "schemas/base/clock.h"
#include "schemas/log/log_writer_private.h"

static const uint64_t stage_bytes =
    LOG_STAGE_BYTES_MAX + LOG_RECORD_HEADER_BYTES + LOG_BODY_BYTES_MAX + LOG_RECORD_ALIGN;

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
}

/* ---- the next segment
 * --------------------------------------------------------------------------------------------- */

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

static bool flush(struct log_writer *w, struct error *err)
{
    if (w->stage_len == 0)
        return true;
    if (!log_io_write_all(w->io, w->fd, w->stage, w->stage_len, w->offset, w->dir, err))
        return false;
    w->offset += w->stage_len;
    atomic_fetch_add(&w->unsynced_bytes, w->stage_len);
    if (w->stage_len > LOG_STAGE_KEEP_BYTES)
        (void)madvise(w->stage + LOG_STAGE_KEEP_BYTES, stage_bytes - LOG_STAGE_KEEP_BYTES,
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

/* Begins a new segment with the sequence next_seq, large enough for a record of record_bytes. */
static bool roll(struct log_writer *w, uint64_t record_bytes, struct error *err)
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
    if (!log_io_path(w->dir, name, path, err) || !next_file(w, bytes, head, path, &fd, err))
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

/* ---- staging and committing
 * --------------------------------------------------------------------------------------- */

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
        if (!flush(w, &why) || (!fits && !roll(w, bytes, &why)))
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

/* ---- opening and closing
 * ------------------------------------------------------------------------------------------ */

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
        (void)munmap(w->stage, stage_bytes);
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
    w->stage = reserve(stage_bytes, PROT_READ | PROT_WRITE);
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

uint32_t log_writer_epoch(const struct log_writer *w)
{
    return w->epoch;
}

const struct log_uuid *log_writer_uuid(const struct log_writer *w)
{
    return &w->log;
}
