/* Sealing: recovery never appends to a file of the past. It begins an epoch with a fresh segment
   that takes over right after the last durable record, holding copies of what followed, and only
   then lets the log go on. */
#include <fcntl.h>
#include <string.h>

#include "schemas/base/clock.h"
#include "schemas/log/log_writer_private.h"

enum { FILE_BLOCK_BYTES = 4096 };

static bool flush(struct log_writer *w, struct error *err)
{
    if (!log_io_write_all(w->io, w->fd, w->stage, w->stage_len, w->offset, LOG_NAME_SEAL_TMP, err))
        return false;
    w->offset += w->stage_len;
    w->stage_len = 0;
    return true;
}

/* Visits the records [cover_from, kept]; writes them, or only adds up their bytes. */
static bool visit(struct log_writer *w, struct log_plan *plan, struct log_loaded *loaded,
                  bool write, uint64_t *ret_bytes, struct error *err)
{
    uint64_t bytes = 0, count = 0, copied_to = plan->cover_from - 1;
    size_t i = log_dir_find(&plan->dir, plan->cover_from);
    for (; plan->kept.seq >= plan->cover_from && i < plan->dir.live_count; i++) {
        if (plan->dir.at[i].first_seq > plan->kept.seq)
            break;
        if (!log_loaded_read(loaded, w->io, w->dir, &plan->dir.at[i], err))
            return false;
        struct log_walk walk;
        struct log_view view;
        bool last_of_batch;
        log_walk_start(&walk, &loaded->image, log_dir_bound(&plan->dir, i));
        while (log_walk_next(&walk, &view, &last_of_batch) && view.seq <= plan->kept.seq) {
            if (view.seq < plan->cover_from)
                continue;
            uint64_t size = log_record_bytes(view.body_len);
            bytes += size;
            count++;
            copied_to = view.seq;
            if (!write)
                continue;
            if (w->stage_len + size > LOG_STAGE_BYTES_MAX && w->stage_len && !flush(w, err))
                return false;
            log_record_encode(&view, w->stage + w->stage_len);
            /* A discard may cut a batch in two: what is kept of it is whole from here on. */
            bool last = last_of_batch || view.seq == plan->kept.seq;
            log_record_finish(w->stage + w->stage_len, last, w->seed);
            w->stage_len += size;
        }
    }
    if (plan->kept.seq >= plan->cover_from && copied_to != plan->kept.seq)
        return error_set(err, ERROR_CORRUPT, 0, "%s: sequences %llu to %llu can't be read again",
                         w->dir, (unsigned long long)copied_to + 1,
                         (unsigned long long)plan->kept.seq);
    plan->rewritten = count;
    *ret_bytes = bytes;
    return !write || flush(w, err);
}

bool log_seal_measure(struct log_writer *w, struct log_plan *plan, struct log_loaded *loaded,
                      struct error *err)
{
    return visit(w, plan, loaded, false, &plan->copy_bytes, err);
}

bool log_seal(struct log_writer *w, struct log_plan *plan, struct log_loaded *loaded,
              struct error *err)
{
    const struct log_io *io = w->io;
    char tmp[LOG_PATH_BYTES_MAX], path[LOG_PATH_BYTES_MAX], name[LOG_NAME_BYTES];
    uint64_t bytes = plan->copy_bytes + LOG_SEGMENT_HEADER_BYTES + LOG_READ_PADDING_BYTES;
    bytes = (bytes + FILE_BLOCK_BYTES - 1) / FILE_BLOCK_BYTES * FILE_BLOCK_BYTES;
    if (bytes < w->segment_bytes)
        bytes = w->segment_bytes;

    log_name_segment(plan->cover_from, w->epoch, name);
    if (!log_io_path(w->dir, LOG_NAME_SEAL_TMP, tmp, err) || !log_io_path(w->dir, name, path, err))
        return false;
    int fd = -1;
    int failed = io->open(io->state, tmp, O_RDWR | O_CREAT | O_TRUNC, &fd);
    if (failed)
        return log_io_failed(err, failed, "create", tmp);
    w->fd = fd;
    failed = io->allocate(io->state, fd, bytes);
    if (failed)
        return log_io_failed(err, failed, "allocate", tmp);

    struct log_segment_header header;
    uint8_t head[LOG_SEGMENT_HEADER_BYTES];
    log_writer_header(w, plan->cover_from, &plan->prev, bytes, &header);
    failed = io->random(io->state, header.segment.bytes, sizeof header.segment.bytes);
    if (failed)
        return log_io_failed(err, failed, "random bytes for", name);
    log_header_encode(&header, head);
    w->seed = log_segment_seed(&header);
    w->offset = LOG_SEGMENT_HEADER_BYTES;
    w->file_bytes = bytes;
    uint64_t unused;
    if (!visit(w, plan, loaded, true, &unused, err) ||
        !log_io_write_all(io, fd, head, sizeof head, 0, tmp, err))
        return false;
    if ((failed = io->sync_data(io->state, fd)))
        return log_io_failed(err, failed, "sync", tmp);
    if ((failed = io->rename(io->state, tmp, path)))
        return log_io_failed(err, failed, "rename", tmp);
    if ((failed = io->sync_dir(io->state, w->dir)))
        return log_io_failed(err, failed, "sync", w->dir);
    return true;
}
