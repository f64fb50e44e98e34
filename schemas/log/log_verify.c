#include <stdlib.h>
#include <string.h>

#include "schemas/log/log_control.h"
#include "schemas/log/log_dir.h"
#include "schemas/log/log_tail.h"

enum { LIVE_TRIES_MAX = 5 }; /* of reading a tail that is being written meanwhile */

struct verify {
    const struct log_io *io;
    const char *path;
    struct log_dir dir;
    struct log_loaded loaded;
    struct log_tail tail;
    struct log_check check;
    struct log_mark prev; /* last record of the segment before */
    bool begun;
    bool whole; /* the batch of `prev` ends with it */
};

/* What the control page says of the log whose first segment this is. */
static struct log_control_said page_said(const struct verify *v)
{
    struct log_segment_header header;
    int fd = -1;
    if (!log_dir_open(v->io, v->path, &v->dir.at[0], &fd, &header, NULL))
        return (struct log_control_said){0};
    (void)v->io->close(v->io->state, fd);
    return log_control_ask(v->io, v->path, &header.log);
}

static bool find_tail(struct verify *v, struct error *err)
{
    for (int tries = 1;; tries++) {
        struct error why = {0};
        v->loaded.image.bytes = NULL;
        if (!log_dir_list(v->io, v->path, &v->dir, err))
            return false;
        if (v->dir.live_count == 0)
            return error_set(err, ERROR_NOT_FOUND, 0, "%s: no segments", v->path);
        /* The mark is taken first: what it covers was on disk before we look. */
        struct log_control_said said = page_said(v);
        if (log_tail_scan(v->io, v->path, &v->dir, said, &v->loaded, &v->tail, &why))
            return true;
        if (tries == LIVE_TRIES_MAX || !log_writer_present(v->path)) {
            if (err)
                *err = why;
            return false;
        }
    }
}

static bool broken(const struct verify *v, size_t i, uint64_t offset, uint64_t seq,
                   const char *what, struct error *err)
{
    char name[LOG_NAME_BYTES];
    log_dir_name(&v->dir.at[i], name);
    error_set(err, ERROR_CORRUPT, 0, "%s/%s: offset %llu, sequence %llu: %s", v->path, name,
              (unsigned long long)offset, (unsigned long long)seq, what);
    if (err)
        err->position = seq;
    return false;
}

static bool check_segment(struct verify *v, size_t i, struct error *err)
{
    struct error why = {0};
    if (!log_loaded_read(&v->loaded, v->io, v->path, &v->dir.at[i], &why)) {
        if (why.code == ERROR_NOT_FOUND && !v->begun)
            return true; /* retention was faster */
        if (why.code == ERROR_MALFORMED)
            return broken(v, i, 0, v->dir.at[i].first_seq, why.where, err);
        if (err)
            *err = why;
        return false;
    }
    const struct log_segment_header *header = &v->loaded.image.header;
    if (!log_uuid_equal(&header->log, &v->tail.newest.log))
        return broken(v, i, 0, header->first_seq, "this segment is another log's", err);
    if (v->begun && header->prev_seq != v->prev.seq)
        return broken(v, i, 0, header->first_seq, "records are missing before this segment", err);
    /* The epoch that began here kept that record: where it discarded the rest of a batch, too. */
    v->whole = v->whole || header->kept_seq == v->prev.seq;
    struct log_walk walk;
    struct log_view view;
    bool last_of_batch;
    uint64_t bound = log_dir_bound(&v->dir, i);
    if (bound > v->tail.last.seq + 1)
        bound = v->tail.last.seq + 1;
    log_walk_start(&walk, &v->loaded.image, bound);
    while (log_walk_next(&walk, &view, &last_of_batch)) {
        if (v->check.records++ == 0)
            v->check.first_seq = view.seq;
        v->check.last_seq = view.seq;
        v->check.epochs += v->prev.epoch != view.epoch || v->check.records == 1;
        v->prev.epoch = view.epoch;
        v->whole = last_of_batch;
        v->check.bytes += log_record_bytes(view.body_len);
    }
    if (i + 1 < v->tail.segments && log_walk_expected(&walk) < log_dir_bound(&v->dir, i) &&
        walk.prev.seq < v->tail.last.seq)
        return broken(v, i, walk.offset, log_walk_expected(&walk), "no valid record", err);
    v->prev = walk.prev;
    v->begun = true;
    v->check.segments++;
    v->check.bytes += LOG_SEGMENT_HEADER_BYTES;
    return true;
}

bool log_verify(const char *dir, void (*progress)(void *arg, uint64_t done, uint64_t all),
                void *arg, struct log_check *ret_check, struct error *err)
{
    struct verify v = {.io = log_io_files(), .path = dir};
    bool ok = find_tail(&v, err);
    for (size_t i = 0; ok && i < v.tail.segments; i++) {
        ok = check_segment(&v, i, err);
        if (ok && progress)
            progress(arg, i + 1, v.tail.segments);
    }
    /* The mark of a writer that is well never stands within a batch. */
    if (ok && v.check.records && !v.whole)
        ok =
            broken(&v, v.tail.segments - 1, v.tail.end_offset, v.check.last_seq,
                   "the last batch has no end, but the control page says that it was durable", err);
    if (ok) {
        v.check.torn_bytes = log_writer_present(dir) ? 0 : v.tail.bytes_after;
        *ret_check = v.check;
    }
    log_loaded_free(&v.loaded);
    log_dir_free(&v.dir);
    return ok;
}
