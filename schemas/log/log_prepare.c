/* The next segment, ahead: allocated, zeroed and synced, so that an append meets neither a full
 * disk nor a first touch of an extent. */
#include <errno.h>
#include <fcntl.h>

#include "schemas/base/clock.h"
#include "schemas/log/log_writer_private.h"

static bool wanted(struct log_writer *w)
{
    if (!atomic_load(&w->prepare_wanted))
        return false;
    (void)pthread_mutex_lock(&w->lock);
    bool have = w->prep_fd >= 0;
    (void)pthread_mutex_unlock(&w->lock);
    return !have;
}

/* A full disk now may not be full when the segment is needed: give the space back and try again
 * later. */
static bool give_up_for_now(struct log_writer *w, int failed, struct error *err)
{
    char tmp[LOG_PATH_BYTES_MAX];
    if (w->prep_tmp_fd >= 0)
        (void)w->io->close(w->io->state, w->prep_tmp_fd);
    w->prep_tmp_fd = -1;
    if (log_io_path(w->dir, LOG_NAME_PREP_TMP, tmp, NULL))
        (void)w->io->unlink(w->io->state, tmp);
    w->prep_retry_ns = clock_boot_ns() + (int64_t)LOG_PREPARE_RETRY_MS * 1000000;
    return log_io_failed(err, failed, "prepare the next segment of", w->dir);
}

static int begin(struct log_writer *w, const char *tmp)
{
    const struct log_io *io = w->io;
    int fd = -1;
    int failed = io->open(io->state, tmp, O_RDWR | O_CREAT | O_TRUNC, &fd);
    if (failed)
        return failed;
    w->prep_tmp_fd = fd;
    w->prep_done = 0;
    return io->allocate(io->state, fd, w->segment_bytes);
}

static int zero_chunk(struct log_writer *w)
{
    const struct log_io *io = w->io;
    uint64_t left = w->segment_bytes - w->prep_done;
    size_t n = left < LOG_PREPARE_CHUNK_BYTES ? (size_t)left : LOG_PREPARE_CHUNK_BYTES;
    struct error why = {0};
    if (!log_io_write_all(io, w->prep_tmp_fd, w->zeros, n, w->prep_done, LOG_NAME_PREP_TMP, &why))
        return why.sys_errno;
    w->prep_done += n;
    return io->sync_data(io->state, w->prep_tmp_fd);
}

static int finish(struct log_writer *w, const char *tmp)
{
    char path[LOG_PATH_BYTES_MAX];
    if (!log_io_path(w->dir, LOG_NAME_PREP, path, NULL))
        return ENAMETOOLONG;
    int failed = w->io->rename(w->io->state, tmp, path);
    if (failed)
        return failed;
    (void)pthread_mutex_lock(&w->lock);
    w->prep_fd = w->prep_tmp_fd;
    (void)pthread_mutex_unlock(&w->lock);
    w->prep_tmp_fd = -1;
    atomic_store(&w->prepare_wanted, false);
    uint64_t bytes = atomic_fetch_add(&w->disk_bytes, w->segment_bytes) + w->segment_bytes;
    atomic_store(&w->control.writer->log_bytes, bytes);
    return 0;
}

bool log_prepare_step(struct log_writer *w, bool *ret_more, struct error *err)
{
    *ret_more = false;
    if (!wanted(w) || clock_boot_ns() < w->prep_retry_ns)
        return true;
    char tmp[LOG_PATH_BYTES_MAX];
    if (!log_io_path(w->dir, LOG_NAME_PREP_TMP, tmp, err))
        return false;
    int failed = 0;
    if (w->prep_tmp_fd < 0)
        failed = begin(w, tmp);
    else if (w->prep_done < w->segment_bytes)
        failed = zero_chunk(w);
    else
        failed = finish(w, tmp);
    if (!failed) {
        *ret_more = w->prep_tmp_fd >= 0;
        return true;
    }
    struct error why = {0};
    (void)give_up_for_now(w, failed, &why);
    if (why.code == ERROR_NO_SPACE && w->helper_started)
        return true;
    if (err)
        *err = why;
    return false;
}

bool log_writer_prepare(struct log_writer *w, struct error *err)
{
    if (!log_writer_usable(w, err))
        return false;
    atomic_store(&w->prepare_wanted, true);
    if (w->helper_started) {
        log_control_request_sync(&w->control);
        return true;
    }
    w->prep_retry_ns = 0;
    bool more = true;
    while (more) {
        struct error why = {0};
        if (log_prepare_step(w, &more, &why))
            continue;
        if (why.code != ERROR_NO_SPACE)
            (void)log_writer_fail(w, &why);
        if (err)
            *err = why;
        return false;
    }
    return true;
}
