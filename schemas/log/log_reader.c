#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "schemas/log/log_control.h"
#include "schemas/log/log_dir.h"
#include "schemas/log/log_tail.h"

enum {
    RELIST_MAX = 64,        /* looks at a directory that changes under us before giving up */
    FORGET_BYTES = 1 << 20, /* what a reader has passed leaves its memory in such steps */
};

struct log_reader {
    const struct log_io *io;
    char dir[LOG_PATH_BYTES_MAX];
    bool verify_crc;
    struct log_control control; /* at NULL: offline, the log stands still */
    int control_fd;             /* to notice that the file was replaced */
    bool replaced;              /* by the control page of another log */
    uint8_t boot[LOG_BOOT_ID_BYTES];
    struct log_uuid log, source;
    uint64_t offline_durable;

    struct log_dir list;
    uint64_t generation; /* of the list */
    uint64_t limit; /* records up to here may be read; raised from the control page when reached */

    struct log_image image; /* the mapped segment; bytes NULL: none */
    uint64_t offset;        /* in it, of the next record to look at */
    uint64_t forgotten;     /* bytes at its beginning that left our memory again */
    uint64_t bound;         /* sequences from here on are in a later segment */
    uint64_t walk_seq;      /* the record before offset */
    uint32_t walk_epoch;
    uint64_t next_seq; /* the least sequence wanted */
    uint64_t last_seq; /* last record handed out since the last seek; 0: none */
};

/* ---- the place in the log
 * ----------------------------------------------------------------------------------------- */

static void unmap(struct log_reader *r)
{
    if (r->image.bytes)
        (void)r->io->unmap(r->io->state, (void *)(uintptr_t)r->image.bytes, r->image.len);
    r->image = (struct log_image){0};
}

static bool lost(const struct log_reader *r, uint64_t seq, struct error *err)
{
    uint64_t first = r->list.live_count ? r->list.at[0].first_seq : 0;
    error_set(err, ERROR_LOST, 0, "%s: sequence %llu; the oldest kept is %llu", r->dir,
              (unsigned long long)seq, (unsigned long long)first);
    if (err)
        err->position = first;
    return false;
}

static bool corrupt(const struct log_reader *r, struct error *err, const char *what)
{
    char name[LOG_NAME_BYTES];
    log_name_segment(r->image.header.first_seq, r->image.header.epoch, name);
    error_set(err, ERROR_CORRUPT, 0, "%s/%s: offset %llu, sequence %llu: %s", r->dir, name,
              (unsigned long long)r->offset, (unsigned long long)r->next_seq, what);
    if (err)
        err->position = r->next_seq;
    return false;
}

/* Nobody reads backwards in a mapped segment: what lies behind counts as this process's memory for
   nothing. It stays in the page cache, for the readers that come after. */
static void forget(struct log_reader *r)
{
    uint64_t passed = r->offset / FORGET_BYTES * FORGET_BYTES;
    uint8_t *from = (uint8_t *)(uintptr_t)r->image.bytes + r->forgotten;
    (void)madvise(from, passed - r->forgotten, MADV_DONTNEED); /* advice: no harm if refused */
    r->forgotten = passed;
}

/* Takes the newest published mark and, when the set of segments changed (or `again`), the new list.
 */
static bool refresh(struct log_reader *r, bool again, struct error *err)
{
    if (!r->control.at)
        return true;
    if (r->replaced)
        return error_set(err, ERROR_MISMATCH, 0, "%s: another log took its place", r->dir);
    if (!log_control_this_boot(&r->control, r->boot)) {
        r->limit = 0; /* the machine was down: nothing counts until the writer has recovered */
        return true;
    }
    const struct log_control_writer *page = r->control.writer;
    r->limit = atomic_load_explicit(&page->published_seq, memory_order_acquire);
    uint64_t generation = atomic_load_explicit(&page->generation, memory_order_acquire);
    if (generation == r->generation && !again)
        return true;
    if (!log_dir_list(r->io, r->dir, &r->list, err))
        return false;
    r->generation = generation;
    if (!r->image.bytes || r->list.live_count == 0 || r->next_seq < r->list.at[0].first_seq)
        return true; /* deleted by retention, perhaps: what is mapped stays good to its end */
    const struct log_segment_header *h = &r->image.header;
    size_t i = log_dir_find(&r->list, r->next_seq);
    if (r->list.at[i].first_seq == h->first_seq && r->list.at[i].epoch == h->epoch)
        r->bound = log_dir_bound(&r->list, i);
    else
        unmap(r); /* a later one holds next_seq now */
    return true;
}

static bool map_segment(struct log_reader *r, size_t i, struct error *err)
{
    int fd = -1;
    struct log_segment_header header;
    if (!log_dir_open(r->io, r->dir, &r->list.at[i], &fd, &header, err))
        return false;
    struct stat st;
    void *at = NULL;
    int failed = fstat(fd, &st) == 0 ? 0 : errno;
    size_t len = failed ? 0 : (size_t)st.st_size;
    if (!failed)
        failed = r->io->map(r->io->state, fd, len, false, &at);
    (void)r->io->close(r->io->state, fd);
    if (failed)
        return log_io_failed(err, failed, "map a segment of", r->dir);
    unmap(r);
    r->image = (struct log_image){
        .bytes = at, .len = len, .seed = log_segment_seed(&header), .header = header};
    r->offset = LOG_SEGMENT_HEADER_BYTES;
    r->forgotten = 0;
    r->bound = log_dir_bound(&r->list, i);
    r->walk_seq = header.prev_seq;
    r->walk_epoch = header.prev_epoch;
    /* Not so when we read beyond it: then an I/O error or a discard made void what we read. */
    if (r->last_seq && r->last_seq < header.prev_seq)
        return corrupt(r, err, "records are missing before this segment");
    return true;
}

/* Maps the segment that holds next_seq, or would hold it. */
static bool place(struct log_reader *r, struct error *err)
{
    struct error why = {0};
    for (int tries = 0; tries < RELIST_MAX; tries++) {
        if (tries > 0 && !log_dir_list(r->io, r->dir, &r->list, err))
            return false;
        size_t i = log_dir_find(&r->list, r->next_seq);
        if (i == r->list.live_count) {
            if (r->next_seq > 1 || i == 0)
                return lost(r, r->next_seq, err);
            i = 0;
        }
        why = (struct error){0};
        if (map_segment(r, i, &why))
            return true;
        /* Deleted, renamed or half-made since the list was made? Then another look helps. */
        if (why.code != ERROR_NOT_FOUND && why.code != ERROR_MALFORMED)
            break;
    }
    if (why.code == ERROR_MALFORMED || why.code == ERROR_NOT_FOUND)
        why.code = ERROR_CORRUPT;
    if (err)
        *err = why;
    return false;
}

/* The sequence that would follow in the mapped segment. */
static uint64_t expected(const struct log_reader *r)
{
    struct log_walk walk = {.image = &r->image, .prev = {.seq = r->walk_seq}};
    return log_walk_expected(&walk);
}

enum log_read log_reader_next(struct log_reader *r, struct log_view *ret_view, struct error *err)
{
    bool looked_again = false;
    for (;;) {
        if (r->next_seq > r->limit) {
            if (!refresh(r, false, err))
                return LOG_READ_ERROR;
            if (r->next_seq > r->limit)
                return LOG_READ_CAUGHT_UP;
        }
        if (!r->image.bytes && !place(r, err))
            return LOG_READ_ERROR;
        if (r->offset - r->forgotten >= 2 * (uint64_t)FORGET_BYTES)
            forget(r);
        struct log_view view;
        if (log_record_at(&r->image, r->offset, r->verify_crc, &view, NULL) &&
            view.seq < r->bound &&
            log_record_follows(r->walk_seq, r->walk_epoch, view.seq, view.epoch)) {
            if (view.seq > r->limit)
                return LOG_READ_CAUGHT_UP;
            r->offset += log_record_bytes(view.body_len);
            r->walk_seq = view.seq;
            r->walk_epoch = view.epoch;
            if (view.seq < r->next_seq)
                continue;
            r->next_seq = view.seq + 1;
            r->last_seq = view.seq;
            *ret_view = view;
            return LOG_READ_RECORD;
        }
        uint64_t follows = expected(r);
        if (follows >= r->bound) { /* the end of this segment */
            if (r->next_seq < r->bound)
                r->next_seq = r->bound;
            unmap(r);
        } else if (follows >
                   r->limit) { /* what is published stood before this segment, and is deleted */
            r->next_seq = follows;
        } else if (looked_again) {
            (void)corrupt(r, err, "no valid record");
            return LOG_READ_ERROR;
        } else { /* a newer segment may hold it: our list is older than the published mark */
            looked_again = true;
            if (!refresh(r, true, err))
                return LOG_READ_ERROR;
        }
    }
}

bool log_reader_seek(struct log_reader *r, uint64_t seq, struct error *err)
{
    if (seq == 0)
        seq = 1;
    if (!refresh(r, true, err))
        return false;
    if (seq > 1 && r->list.live_count && seq < r->list.at[0].first_seq)
        return lost(r, seq, err);
    unmap(r);
    r->next_seq = seq;
    r->last_seq = 0;
    return true;
}

/* ---- opening
 * ------------------------------------------------------------------------------------------------------
 */

static bool open_control(struct log_reader *r, struct error *err)
{
    struct error why = {0};
    int failed = r->io->boot_id(r->io->state, r->boot);
    if (failed)
        return log_io_failed(err, failed, "read", "boot id");
    if (log_control_open(r->io, r->dir, true, &r->control, &r->control_fd, &why))
        return true;
    if (why.sys_errno == EACCES || why.sys_errno == EROFS || why.sys_errno == EPERM)
        return log_control_open(r->io, r->dir, false, &r->control, &r->control_fd, err);
    if (err)
        *err = why;
    return false;
}

/* Log and source UUID, from the first segment that can be opened. */
static bool identify(struct log_reader *r, struct error *err)
{
    struct error why = {0};
    for (int tries = 0; tries < RELIST_MAX; tries++) {
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

/* Finds the end of a log that stands still. */
static bool find_end(struct log_reader *r, struct error *err)
{
    struct log_loaded loaded = {0};
    struct log_tail tail = {0};
    struct error why = {0};
    bool ok = log_tail_scan(r->io, r->dir, &r->list, 0, &loaded, &tail, &why);
    log_loaded_free(&loaded);
    if (!ok && why.code != ERROR_CORRUPT) {
        if (err)
            *err = why;
        return false;
    }
    /* Corrupt: everything before the damage can be read, and then log_reader_next says where it is.
     */
    r->limit = ok ? tail.last.seq : UINT64_MAX;
    r->offline_durable = tail.durable_seq < tail.last.seq ? tail.durable_seq : tail.last.seq;
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
    if (options->ignore_published ? !find_end(r, err) : !refresh(r, true, err))
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
    unmap(r);
    log_control_close(r->io, &r->control);
    if (r->control_fd >= 0)
        (void)r->io->close(r->io->state, r->control_fd);
    log_dir_free(&r->list);
    free(r);
}

/* ---- waiting
 * ------------------------------------------------------------------------------------------------------
 */

/* The control file was deleted or made anew: follow the name. */
static void follow_control(struct log_reader *r)
{
    struct stat st;
    if (fstat(r->control_fd, &st) == 0 && st.st_nlink > 0)
        return;
    struct log_control control;
    int fd = -1;
    if (!log_control_open(r->io, r->dir, r->control.readers != NULL, &control, &fd, NULL))
        return;
    log_control_close(r->io, &r->control);
    (void)r->io->close(r->io->state, r->control_fd);
    r->control = control;
    r->control_fd = fd;
    r->generation = 0;
    r->replaced = memcmp(control.writer->log_uuid, r->log.bytes, sizeof r->log.bytes) != 0;
}

void log_reader_wait(struct log_reader *r, uint32_t timeout_ms)
{
    if (timeout_ms > LOG_WAIT_MS_MAX)
        timeout_ms = LOG_WAIT_MS_MAX;
    if (r->control.at && log_control_this_boot(&r->control, r->boot)) {
        follow_control(r);
        log_control_wait(&r->control, r->limit, timeout_ms);
        return;
    }
    struct timespec ts = {.tv_nsec = (long)timeout_ms * 1000000};
    (void)nanosleep(&ts, NULL);
    if (r->control.at)
        follow_control(r);
}

void log_reader_request_sync(struct log_reader *r)
{
    if (r->control.at)
        log_control_request_sync(&r->control);
}

/* ---- what is there
 * ------------------------------------------------------------------------------------------------
 */

static bool live(const struct log_reader *r)
{
    return r->control.at && log_control_this_boot(&r->control, r->boot);
}

uint64_t log_reader_first_seq(struct log_reader *r)
{
    uint64_t last = log_reader_last_seq(r);
    uint64_t first = r->list.live_count ? r->list.at[0].first_seq : 0;
    if (live(r))
        first = atomic_load_explicit(&r->control.writer->first_seq, memory_order_acquire);
    return first <= last ? first : 0;
}

uint64_t log_reader_last_seq(const struct log_reader *r)
{
    if (!r->control.at)
        return r->limit;
    return live(r) ? atomic_load_explicit(&r->control.writer->published_seq, memory_order_acquire)
                   : 0;
}

uint64_t log_reader_durable_seq(const struct log_reader *r)
{
    if (!r->control.at)
        return r->offline_durable;
    return live(r) ? atomic_load_explicit(&r->control.writer->durable_seq, memory_order_acquire)
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
