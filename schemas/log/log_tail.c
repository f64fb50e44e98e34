#include "schemas/log/log_tail.h"

#include <string.h>

#include "schemas/base/bytes.h"

void log_walk_start(struct log_walk *walk, const struct log_image *image, uint64_t bound)
{
    const struct log_segment_header *h = &image->header;
    *walk = (struct log_walk){
        .image = image,
        .offset = LOG_SEGMENT_HEADER_BYTES,
        .bound = bound,
        .prev = {h->prev_seq, h->prev_epoch, h->prev_log_ns, h->prev_wall_ns},
    };
}

bool log_walk_next(struct log_walk *walk, struct log_view *ret_view, bool *ret_last_of_batch)
{
    struct log_view view;
    bool last;
    if (!log_record_at(walk->image, walk->offset, true, &view, &last) || view.seq >= walk->bound ||
        !log_record_follows(walk->prev.seq, walk->prev.epoch, view.seq, view.epoch))
        return false;
    walk->offset += log_record_bytes(view.body_len);
    walk->prev = (struct log_mark){view.seq, view.epoch, view.log_ns, view.wall_ns};
    *ret_view = view;
    *ret_last_of_batch = last;
    return true;
}

uint64_t log_walk_expected(const struct log_walk *walk)
{
    const struct log_segment_header *h = &walk->image->header;
    uint64_t next = walk->prev.seq + 1;
    if (next < h->first_seq)
        next = h->first_seq;
    return next > h->kept_seq && next < h->epoch_first_seq ? h->epoch_first_seq : next;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

struct behind {           /* valid records behind the end */
    uint64_t durable_seq; /* the highest mark */
    int64_t wall_ns;      /* the earliest; INT64_MAX: there are none */
};

/* The valid records anywhere behind `from`, where the record `expected` should stand. Only
   sequences that could have come to stand there are worth a CRC: else payloads full of long forged
   records would make recovery slow. */
static struct behind look_behind(const struct log_image *image, uint64_t from, uint64_t expected)
{
    struct behind found = {0, INT64_MAX};
    uint64_t most = max_u64(expected, image->header.epoch_first_seq);
    for (uint64_t at = from; at + LOG_RECORD_ALIGN <= image->len; at += LOG_RECORD_ALIGN) {
        struct log_view view;
        if (bytes_get_u64(image->bytes + at) == 0 ||
            !log_record_at(image, at, false, &view, NULL) ||
            view.seq > most + (at - from) / LOG_RECORD_HEADER_BYTES ||
            !log_record_at(image, at, true, &view, NULL))
            continue;
        found.durable_seq = max_u64(found.durable_seq, view.durable_seq);
        if (view.wall_ns < found.wall_ns)
            found.wall_ns = view.wall_ns;
    }
    return found;
}

/* Bytes from `from` to the last one that is not zero. */
static uint64_t bytes_behind(const struct log_image *image, uint64_t from)
{
    uint64_t end = from;
    for (uint64_t at = from; at + LOG_RECORD_ALIGN <= image->len; at += LOG_RECORD_ALIGN)
        if (bytes_get_u64(image->bytes + at) != 0)
            end = at + LOG_RECORD_ALIGN;
    return end - from;
}

/* The highest durable mark that the segment's header and records claim, wherever they stand. */
static uint64_t segment_durable(const struct log_image *image, uint64_t bound)
{
    struct log_walk walk;
    struct log_view view;
    bool last;
    uint64_t durable = image->header.kept_seq;
    log_walk_start(&walk, image, bound);
    while (log_walk_next(&walk, &view, &last))
        durable = max_u64(durable, view.durable_seq);
    return max_u64(durable, look_behind(image, walk.offset, log_walk_expected(&walk)).durable_seq);
}

static bool corrupt_at(struct error *err, const struct log_dir_entry *entry, uint64_t offset,
                       uint64_t seq, uint64_t durable)
{
    char name[LOG_NAME_BYTES];
    log_dir_name(entry, name);
    error_set(
        err, ERROR_CORRUPT, 0,
        "%s: no valid record at offset %llu for sequence %llu, but all up to %llu was durable",
        name, (unsigned long long)offset, (unsigned long long)seq, (unsigned long long)durable);
    if (err)
        err->position = seq;
    return false;
}

/* What is older than this was there when the copying of segment i began: log_tail.h. INT64_MAX:
   unknown. */
static int64_t copied_from_ns(const struct log_io *io, const char *path, const struct log_dir *dir,
                              size_t i)
{
    char name[LOG_NAME_BYTES], file[LOG_PATH_BYTES_MAX];
    int64_t from_ns = 0, written_ns = 0;
    log_dir_name(&dir->at[i], name);
    if (!log_io_path(path, name, file, NULL) ||
        io->times(io->state, file, &from_ns, &written_ns) != 0)
        return INT64_MAX;
    if (i + 1 == dir->live_count && written_ns < from_ns)
        from_ns = written_ns;
    return from_ns == INT64_MAX ? from_ns : from_ns - LOG_TORN_BY_COPYING_S * INT64_C(1000000000);
}

/* Goes back over the segments until everything before the one reached is durable; gathers marks on
 * the way. In a copy also over those that were being written when they were copied. */
static bool scan_back(const struct log_io *io, const char *path, const struct log_dir *dir,
                      bool copied, struct log_loaded *loaded, struct log_tail *tail,
                      size_t *ret_first, struct error *err)
{
    tail->segments = dir->live_count;
    size_t i = dir->live_count;
    while (i-- > 0) {
        struct error why = {0};
        if (!log_loaded_read(loaded, io, path, &dir->at[i], &why)) {
            if (why.code != ERROR_MALFORMED) {
                if (err)
                    *err = why;
                return false;
            }
            tail->segments = i; /* its header is torn: the log can't reach beyond it */
            continue;
        }
        const struct log_segment_header *header = &loaded->image.header;
        uint64_t durable = segment_durable(&loaded->image, log_dir_bound(dir, i));
        tail->durable_seq = max_u64(tail->durable_seq, durable);
        tail->next_seq = max_u64(tail->next_seq, header->epoch_first_seq);
        if (tail->segments == i + 1)
            tail->newest = *header;
        if (header->first_seq <= tail->durable_seq + 1 &&
            !(copied && i > 0 && header->created_wall_ns >= copied_from_ns(io, path, dir, i - 1)))
            break;
    }
    *ret_first = i == SIZE_MAX ? 0 : i;
    return true;
}

/* Walks segment i; true while the log goes on into the next one. */
static bool scan_segment(const struct log_image *image, const struct log_dir *dir, size_t i,
                         struct log_tail *tail, uint64_t *ret_expected, uint64_t *ret_offset)
{
    struct log_walk walk;
    struct log_view view;
    bool last_of_batch;
    log_walk_start(&walk, image, log_dir_bound(dir, i));
    uint64_t whole = walk.offset;
    while (log_walk_next(&walk, &view, &last_of_batch)) {
        if (!last_of_batch)
            continue;
        whole = walk.offset;
        tail->last = walk.prev;
    }
    *ret_expected = log_walk_expected(&walk);
    *ret_offset = walk.offset;
    if (i + 1 < dir->live_count && *ret_expected >= dir->at[i + 1].first_seq)
        return true;
    tail->bytes_after = bytes_behind(image, whole);
    return false;
}

/* Whether segment i, whose valid records end at offset, is the copy of one that was being written:
   see log_tail.h. */
static bool torn_by_copying(const struct log_io *io, const char *path, const struct log_dir *dir,
                            size_t i, uint64_t offset, uint64_t expected, struct log_loaded *loaded)
{
    const int64_t from_ns = copied_from_ns(io, path, dir, i);
    if (from_ns == INT64_MAX || !log_loaded_read(loaded, io, path, &dir->at[i], NULL) ||
        look_behind(&loaded->image, offset, expected).wall_ns < from_ns)
        return false;
    for (size_t next = i + 1; next < dir->live_count; next++) {
        struct error why = {0};
        if (log_loaded_read(loaded, io, path, &dir->at[next], &why)
                ? loaded->image.header.created_wall_ns < from_ns
                : why.code != ERROR_MALFORMED)
            return false;
    }
    return true;
}

bool log_tail_scan(const struct log_io *io, const char *path, const struct log_dir *dir,
                   struct log_control_said said, struct log_loaded *loaded,
                   struct log_tail *ret_tail, struct error *err)
{
    /* What stood before the oldest segment was deleted by retention, which touches only what is
     * durable. */
    struct log_tail tail = {.durable_seq = max_u64(said.durable_seq, dir->at[0].first_seq - 1)};
    size_t i = 0;
    if (!scan_back(io, path, dir, said.copied, loaded, &tail, &i, err))
        return false;
    /* Recovery syncs the segment it begins an epoch with, so the first one can't be torn. */
    if (tail.segments == 0)
        return corrupt_at(err, &dir->at[0], 0, dir->at[0].first_seq, tail.durable_seq);
    uint64_t expected = 0, offset = 0;
    bool goes_on = true;
    for (size_t first = i; goes_on && i < tail.segments; i++) {
        if (!log_loaded_read(loaded, io, path, &dir->at[i], err))
            return false;
        const struct log_segment_header *header = &loaded->image.header;
        /* A discard may have cut a batch in two: what was kept counts as whole. */
        if (i == first ||
            (header->prev_seq == header->kept_seq && header->kept_seq > tail.last.seq))
            tail.last = (struct log_mark){header->prev_seq, header->prev_epoch, header->prev_log_ns,
                                          header->prev_wall_ns};
        goes_on = scan_segment(&loaded->image, dir, i, &tail, &expected, &offset);
    }
    tail.next_seq = max_u64(tail.next_seq, tail.last.seq + 1);
    tail.end = dir->at[i - 1];
    tail.end_offset = offset;
    uint64_t durable = tail.durable_seq;
    if (expected <= durable && said.copied &&
        torn_by_copying(io, path, dir, i - 1, offset, expected, loaded)) {
        tail.torn_by_copying = true;
        tail.durable_seq = expected - 1;
        tail.segments = i;
    }
    *ret_tail = tail;
    if (expected <= tail.durable_seq)
        return corrupt_at(err, &dir->at[i - 1], offset, expected, durable);
    return true;
}

bool log_tail_find(const struct log_io *io, const char *path, const struct log_dir *dir,
                   uint64_t seq, struct log_loaded *loaded, struct log_mark *ret_mark,
                   struct error *err)
{
    size_t i = log_dir_find(dir, seq);
    bool before_all = i == dir->live_count;
    if (before_all)
        i = 0;
    if (!log_loaded_read(loaded, io, path, &dir->at[i], err))
        return false;
    if (before_all) { /* of what retention deleted, only the last record is remembered */
        const struct log_segment_header *h = &loaded->image.header;
        *ret_mark = h->prev_seq > seq ? (struct log_mark){0}
                                      : (struct log_mark){h->prev_seq, h->prev_epoch,
                                                          h->prev_log_ns, h->prev_wall_ns};
        return true;
    }
    uint64_t bound = log_dir_bound(dir, i);
    struct log_walk walk;
    struct log_view view;
    bool last_of_batch;
    log_walk_start(&walk, &loaded->image, seq + 1 < bound ? seq + 1 : bound);
    while (log_walk_next(&walk, &view, &last_of_batch))
        ;
    *ret_mark = walk.prev;
    return true;
}
