/* Opening a reader, waiting, and what can be asked of a log. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "schemas/log/log_reader_private.h"

static bool open_control(struct log_reader *r, struct error *err)
{
    struct error why = {0};
    int failed = r->io->boot_id(r->io->state, r->boot);
    if (failed)
        return log_io_failed(err, failed, "read", "boot id");
    bool ok = log_control_open(r->io, r->dir, true, &r->control, &r->control_fd, &why);
    if (!ok && (why.sys_errno == EACCES || why.sys_errno == EROFS || why.sys_errno == EPERM))
        ok = log_control_open(r->io, r->dir, false, &r->control, &r->control_fd, &why);
    if (ok) {
        r->at_home = log_control_at_home(&r->control, r->control_fd, r->boot);
        return true;
    }
    if (why.code == ERROR_MALFORMED) /* what a power cut left of it: the writer makes it anew */
        why.code = ERROR_NOT_FOUND;
    if (err)
        *err = why;
    return false;
}

/* Log and source UUID, from the first segment that can be opened. */
static bool identify(struct log_reader *r, struct error *err)
{
    struct error why = {0};
    for (int tries = 0; tries < LOG_RELIST_MAX; tries++) {
        if (!log_dir_list(r->io, r->dir, &r->list, err))
            return false;
        if (r->list.live_count == 0)
            return error_set(err, ERROR_NOT_FOUND, 0, "%s: no segments", r->dir);
        int fd = -1;
        struct log_segment_header header;
        why = (struct error){0};
        if (log_dir_open(r->io, r->dir, &r->list.at[0], &fd, &header, &why)) {
            (void)r->io->close(r->io->state, fd);
            r->log = header.log;
            r->source = header.source;
            return true;
        }
        if (why.code != ERROR_NOT_FOUND)
            break;
    }
    if (why.code == ERROR_MALFORMED)
        why.code = ERROR_CORRUPT;
    if (err)
        *err = why;
    return false;
}

/* Finds the end of a log that stands still. The page's mark is only shown: between two boots it may
   be newer than the segments. */
static bool find_end(struct log_reader *r, struct error *err)
{
    struct log_loaded loaded = {0};
    struct log_tail tail = {0};
    struct error why = {0};
    struct log_control_said said = log_control_ask(r->io, r->dir, &r->log);
    uint64_t page = said.durable_seq;
    said.durable_seq = 0;
    bool ok = log_tail_scan(r->io, r->dir, &r->list, said, &loaded, &tail, &why);
    log_loaded_free(&loaded);
    if (!ok && why.code != ERROR_CORRUPT) {
        if (err)
            *err = why;
        return false;
    }
    /* Corrupt: everything before the damage can be read, and then log_reader_next says where it is.
     */
    r->limit = ok ? tail.last.seq : UINT64_MAX;
    uint64_t durable = page > tail.durable_seq ? page : tail.durable_seq;
    r->offline_durable = durable < tail.last.seq ? durable : tail.last.seq;
    return true;
}

bool log_reader_open(const struct log_reader_options *options, struct log_reader **ret_reader,
                     struct error *err)
{
    struct log_reader *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERROR_NO_MEMORY, 0, "reader of %s", options->dir);
    r->io = options->io ? options->io : log_io_files();
    r->control_fd = -1;
    r->next_seq = 1;
    r->verify_crc = options->verify_crc || options->ignore_published;
    r->refuse_void = options->refuse_void;
    size_t len = strlen(options->dir);
    if (len + LOG_NAME_BYTES >= sizeof r->dir) {
        error_set(err, ERROR_TOO_LARGE, 0, "path %.128s…", options->dir);
        goto failed;
    }
    memcpy(r->dir, options->dir, len + 1);
    if (!options->ignore_published && !open_control(r, err))
        goto failed;
    if (!identify(r, err))
        goto failed;
    if (options->ignore_published ? !find_end(r, err) : !log_reader_refresh(r, true, err))
        goto failed;
    *ret_reader = r;
    return true;
failed:
    log_reader_close(r);
    return false;
}

void log_reader_close(struct log_reader *r)
{
    if (!r)
        return;
    log_reader_unmap(r);
    log_control_close(r->io, &r->control);
    if (r->control_fd >= 0)
        (void)r->io->close(r->io->state, r->control_fd);
    log_dir_free(&r->list);
    free(r);
}

/* ---- waiting ---- */

void log_reader_follow(struct log_reader *r)
{
    struct stat st;
    if (!r->control.at || (fstat(r->control_fd, &st) == 0 && st.st_nlink > 0))
        return;
    struct log_control control;
    int fd = -1;
    if (!log_control_open(r->io, r->dir, r->control.readers != NULL, &control, &fd, NULL))
        return;
    log_control_close(r->io, &r->control);
    (void)r->io->close(r->io->state, r->control_fd);
    r->control = control;
    r->control_fd = fd;
    r->at_home = log_control_at_home(&r->control, fd, r->boot);
    r->generation = 0;
    r->replaced = memcmp(control.writer->log_uuid, r->log.bytes, sizeof r->log.bytes) != 0;
}

void log_reader_wait(struct log_reader *r, uint32_t timeout_ms)
{
    if (timeout_ms > LOG_WAIT_MS_MAX)
        timeout_ms = LOG_WAIT_MS_MAX;
    if (log_reader_live(r)) {
        log_reader_follow(r);
        log_control_wait(&r->control, r->limit, timeout_ms);
        return;
    }
    struct timespec ts = {.tv_nsec = (long)timeout_ms * 1000000};
    (void)nanosleep(&ts, NULL);
    log_reader_follow(r);
}

void log_reader_request_sync(struct log_reader *r)
{
    if (r->control.at)
        log_control_request_sync(&r->control);
}

/* ---- what is there ---- */

bool log_reader_live(const struct log_reader *r)
{
    return r->control.at && r->at_home && log_control_this_boot(&r->control, r->boot);
}

bool log_reader_waits(const struct log_reader *r, struct error *err)
{
    if (!r->control.at || log_reader_live(r))
        return false;
    error_set(err, ERROR_UNOPENED, 0, "%s: %s", r->dir,
              r->at_home ? "its writer has not opened it since the machine's start"
                         : "a copy, which its writer has not opened yet");
    return true;
}

uint64_t log_reader_begin_seq(const struct log_reader *r)
{
    if (log_reader_live(r))
        return atomic_load_explicit(&r->control.writer->first_seq, memory_order_acquire);
    return r->list.live_count ? r->list.at[0].first_seq : 0;
}

uint64_t log_reader_first_seq(struct log_reader *r)
{
    uint64_t first = log_reader_begin_seq(r);
    return first <= log_reader_last_seq(r) ? first : 0;
}

uint64_t log_reader_last_seq(const struct log_reader *r)
{
    if (!r->control.at)
        return r->limit;
    return log_reader_live(r)
               ? atomic_load_explicit(&r->control.writer->published_seq, memory_order_acquire)
               : 0;
}

uint64_t log_reader_unused(const struct log_reader *r, uint64_t first_seq, uint64_t next_seq)
{
    struct log_dir list = {0}; /* ours may be older, and must not change under what is mapped */
    struct log_segment_header header;
    uint64_t unused = 0;
    int fd = -1;
    if (!log_dir_list(r->io, r->dir, &list, NULL))
        return 0;
    size_t i = log_dir_find(&list, next_seq);
    if (i == list.live_count)
        i = 0;
    if (list.live_count && log_dir_open(r->io, r->dir, &list.at[i], &fd, &header, NULL)) {
        (void)r->io->close(r->io->state, fd);
        unused = log_header_unused(&header, first_seq, next_seq);
    }
    log_dir_free(&list);
    return unused;
}

uint64_t log_reader_lag(const struct log_reader *r, uint64_t after_seq)
{
    uint64_t last = log_reader_last_seq(r);
    uint64_t lag = last > after_seq ? last - after_seq : 0;
    return lag < LOG_SEQ_SKIP ? lag : lag - log_reader_unused(r, after_seq + 1, last + 1);
}

uint64_t log_reader_durable_seq(const struct log_reader *r)
{
    if (!r->control.at)
        return r->offline_durable;
    return log_reader_live(r)
               ? atomic_load_explicit(&r->control.writer->durable_seq, memory_order_acquire)
               : 0;
}

uint32_t log_reader_epoch(const struct log_reader *r)
{
    if (!r->control.at)
        return r->list.epoch_max;
    return atomic_load_explicit(&r->control.writer->epoch, memory_order_acquire);
}

uint64_t log_reader_bytes(const struct log_reader *r)
{
    if (r->control.at)
        return atomic_load_explicit(&r->control.writer->log_bytes, memory_order_acquire);
    uint64_t sum = 0;
    for (size_t i = 0; i < r->list.live_count; i++) {
        char name[LOG_NAME_BYTES], path[LOG_PATH_BYTES_MAX];
        uint64_t bytes = 0;
        log_dir_name(&r->list.at[i], name);
        if (log_io_path(r->dir, name, path, NULL) &&
            r->io->disk_bytes(r->io->state, path, &bytes) == 0)
            sum += bytes;
    }
    return sum;
}

uint32_t log_reader_segments(const struct log_reader *r)
{
    return (uint32_t)r->list.live_count;
}

const struct log_uuid *log_reader_uuid(const struct log_reader *r)
{
    return &r->log;
}

bool log_reader_source(const struct log_reader *r, struct log_uuid *ret_source)
{
    static const struct log_uuid none = {{0}};
    if (log_uuid_equal(&r->source, &none))
        return false;
    *ret_source = r->source;
    return true;
}

bool log_writer_present(const char *dir)
{
    char path[LOG_PATH_BYTES_MAX];
    if (!log_io_path(dir, LOG_NAME_LOCK, path, NULL))
        return false;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool held = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    (void)close(fd);
    return held;
}
