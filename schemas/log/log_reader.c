/* A reader's place in the log: the mapped segment, the next record, the way from segment to
 * segment. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "schemas/log/log_reader_private.h"

enum { FORGET_BYTES = 1 << 20 }; /* what a reader has passed leaves its memory in such steps */

void log_reader_unmap(struct log_reader *r)
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

bool log_reader_refresh(struct log_reader *r, bool again, struct error *err)
{
    if (!r->control.at)
        return true;
    if (r->replaced)
        return error_set(err, ERROR_MISMATCH, 0, "%s: another log took its place", r->dir);
    if (!log_reader_live(r)) {
        r->limit = 0; /* nothing counts until the writer has recovered */
        return true;
    }
    const struct log_control_writer *page = r->control.writer;
    r->limit = atomic_load_explicit(&page->published_seq, memory_order_acquire);
    uint64_t generation = atomic_load_explicit(&page->generation, memory_order_acquire);
    if (generation == r->generation && !again)
        return true;
    uint32_t epoch = r->list.epoch_max;
    if (!log_dir_list(r->io, r->dir, &r->list, err))
        return false;
    r->generation = generation;
    if (!r->image.bytes || r->list.live_count == 0)
        return true;
    if (r->next_seq < r->list.at[0].first_seq) {
        /* Deleted by retention. What is mapped stays good to its end, unless a recovery may have
           put that end before what we see. */
        if (r->list.epoch_max != epoch)
            log_reader_unmap(r);
        return true;
    }
    const struct log_segment_header *h = &r->image.header;
    size_t i = log_dir_find(&r->list, r->next_seq);
    if (r->list.at[i].first_seq == h->first_seq && r->list.at[i].epoch == h->epoch)
        r->bound = log_dir_bound(&r->list, i);
    else
        log_reader_unmap(r); /* a later one holds next_seq now */
    return true;
}

static bool map_segment(struct log_reader *r, size_t i, struct error *err)
{
    int fd = -1;
    struct log_segment_header header;
    if (!log_dir_open(r->io, r->dir, &r->list.at[i], &fd, &header, err))
        return false;
    if (!log_uuid_equal(&header.log, &r->log)) {
        (void)r->io->close(r->io->state, fd);
        return error_set(err, ERROR_MISMATCH, 0, "%s: another log took its place", r->dir);
    }
    struct stat st;
    void *at = NULL;
    int failed = fstat(fd, &st) == 0 ? 0 : errno;
    size_t len = failed ? 0 : (size_t)st.st_size;
    if (!failed)
        failed = r->io->map(r->io->state, fd, len, false, &at);
    (void)r->io->close(r->io->state, fd);
    if (failed)
        return log_io_failed(err, failed, "map a segment of", r->dir);
    log_reader_unmap(r);
    r->image = (struct log_image){
        .bytes = at, .len = len, .seed = log_segment_seed(&header), .header = header};
    r->offset = LOG_SEGMENT_HEADER_BYTES;
    r->ahead_offset = 0;
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
    for (int tries = 0; tries < LOG_RELIST_MAX; tries++) {
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

/* No record of ours stands at the offset: the way goes on in another segment, or nothing is kept
   between here and what is published, or our list is older than the published mark. False when it
   was not: something is wrong. */
static bool find_way_on(struct log_reader *r, bool *looked_again, struct error *err)
{
    uint64_t follows = expected(r);
    if (follows >= r->bound) { /* the end of this segment */
        if (r->next_seq < r->bound)
            r->next_seq = r->bound;
        log_reader_unmap(r);
        return true;
    }
    if (follows > r->limit) { /* what is published stood before this segment, and is deleted */
        r->next_seq = follows;
        log_reader_unmap(r); /* empty: a larger one may yet replace it */
        return true;
    }
    if (!*looked_again) { /* a newer segment may hold it */
        *looked_again = true;
        return log_reader_refresh(r, true, err);
    }
    /* Our segment was the newest we knew; it and those behind it may be deleted by now. */
    if (r->list.live_count && follows < r->list.at[0].first_seq)
        return lost(r, follows, err);
    return corrupt(r, err, "no valid record");
}

/* The last record that was handed out does not stand before this one. */
static enum log_read refuse(const struct log_reader *r, uint64_t seq, uint64_t before,
                            struct error *err)
{
    error_set(
        err, ERROR_IO, 0,
        "%s: sequence %llu was read, and is void: an I/O error took it. %llu comes after %llu",
        r->dir, (unsigned long long)r->last_seq, (unsigned long long)seq,
        (unsigned long long)before);
    return LOG_READ_ERROR;
}

enum log_read log_reader_next(struct log_reader *r, struct log_view *ret_view, struct error *err)
{
    bool looked_again = false;
    for (;;) {
        if (r->next_seq > r->limit) {
            if (!log_reader_refresh(r, false, err))
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
            if (view.seq > r->limit) { /* what stood between was published once, and is void now */
                if (looked_again)
                    return LOG_READ_CAUGHT_UP;
                looked_again = true;
                if (!log_reader_refresh(r, false, err))
                    return LOG_READ_ERROR;
                continue;
            }
            uint64_t before = r->walk_seq;
            r->offset += log_record_bytes(view.body_len);
            r->walk_seq = view.seq;
            r->walk_epoch = view.epoch;
            if (view.seq < r->next_seq)
                continue;
            if (r->refuse_void && r->last_seq && before != r->last_seq)
                return refuse(r, view.seq, before, err);
            r->next_seq = view.seq + 1;
            r->last_seq = view.seq;
            *ret_view = view;
            return LOG_READ_RECORD;
        }
        if (!find_way_on(r, &looked_again, err))
            return LOG_READ_ERROR;
    }
}

bool log_reader_ahead(struct log_reader *r, struct log_view *ret_view)
{
    struct log_view view;
    if (!r->image.bytes)
        return false;
    if (r->ahead_offset <= r->offset) {
        r->ahead_offset = r->offset;
        r->ahead_seq = r->walk_seq;
    }
    /* What is not published may be half written. */
    if (r->ahead_seq >= r->limit ||
        !log_record_at(&r->image, r->ahead_offset, false, &view, NULL) ||
        view.seq <= r->ahead_seq || view.seq > r->limit || view.seq >= r->bound)
        return false;
    r->ahead_offset += log_record_bytes(view.body_len);
    r->ahead_seq = view.seq;
    *ret_view = view;
    return true;
}

bool log_reader_seek(struct log_reader *r, uint64_t seq, struct error *err)
{
    if (seq == 0)
        seq = 1;
    if (!log_reader_refresh(r, true, err))
        return false;
    if (seq > 1 && r->list.live_count && seq < r->list.at[0].first_seq)
        return lost(r, seq, err);
    log_reader_unmap(r);
    r->next_seq = seq;
    r->last_seq = 0;
    return true;
}
