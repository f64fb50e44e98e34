#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "schemas/log/log_writer_private.h"

/* What the control page said, before recovery changes it. */
struct past {
    bool known; /* there is one, and it is this log's */
    /* The page came from elsewhere, and so did the log, which goes on there by itself, over power
       cuts of its own perhaps: how much further than it our sequences and epochs begin. */
    bool copied;
    uint16_t further;
    bool same_boot; /* so every page written is still there: at most the program died */
    uint64_t published_seq, durable_seq;
    uint32_t epoch;
};

static bool read_first_header(struct log_writer *w, const struct log_dir *dir,
                              struct log_segment_header *ret, struct error *err)
{
    int fd = -1;
    struct error why = {0};
    if (log_dir_open(w->io, w->dir, &dir->at[0], &fd, ret, &why)) {
        (void)w->io->close(w->io->state, fd);
        return true;
    }
    /* The first segment was synced before anything was appended. */
    return error_set(err, why.code == ERROR_MALFORMED ? ERROR_CORRUPT : why.code, why.sys_errno,
                     "%s", why.where);
}

static bool open_control(struct log_writer *w, bool log_exists,
                         const uint8_t boot[LOG_BOOT_ID_BYTES], struct past *past,
                         struct error *err)
{
    struct error why = {0};
    int fd = -1;
    if (!log_control_open(w->io, w->dir, true, &w->control, &fd, &why)) {
        if (why.code == ERROR_NOT_FOUND || why.code == ERROR_MALFORMED)
            return true;
        if (err)
            *err = why;
        return false;
    }
    /* The marks of a copied page are not those of the segments beside it; and the log it was copied
       from may have given out sequences since. As after a power cut without a page. */
    bool ours = log_control_at_home(&w->control, fd, boot);
    if (ours)
        log_control_set_home(&w->control, fd);
    (void)w->io->close(w->io->state, fd);
    const struct log_control_writer *page = w->control.writer;
    struct past found = {
        .known = true,
        .same_boot = log_control_this_boot(&w->control, boot),
        .published_seq = atomic_load(&page->published_seq),
        .durable_seq = atomic_load(&page->durable_seq),
        .epoch = atomic_load(&page->epoch),
    };
    if (!log_exists && found.durable_seq > 0)
        return error_set(err, ERROR_CORRUPT, 0,
                         "%s: no segments, but sequence %llu was durable; to begin a new log, "
                         "remove the control file",
                         w->dir, (unsigned long long)found.durable_seq);
    bool same_log = log_exists && memcmp(page->log_uuid, w->log.bytes, sizeof w->log.bytes) == 0;
    if (same_log && ours) {
        *past = found;
        return true;
    }
    log_control_close(w->io, &w->control);
    past->copied = same_log;
    int failed = same_log ? w->io->random(w->io->state, &past->further, sizeof past->further) : 0;
    return !failed || log_io_failed(err, failed, "random bytes for", w->dir);
}

/* A log that exists: finds its end and decides where the new epoch takes over. */
static bool plan_existing(struct log_writer *w, const struct log_writer_options *options,
                          const struct past *past, struct log_loaded *loaded, struct log_plan *plan,
                          struct log_recovery *got, struct error *err)
{
    struct log_tail tail;
    const struct log_control_said said = {past->known ? past->durable_seq : 0, past->copied};
    if (!log_tail_scan(w->io, w->dir, &plan->dir, said, loaded, &tail, err))
        return false;
    if (!log_uuid_equal(&tail.newest.log, &w->log))
        return error_set(err, ERROR_CORRUPT, 0, "%s: holds segments of two logs", w->dir);
    plan->kept = tail.last;
    if (options->discard_from_seq && options->discard_from_seq <= tail.last.seq &&
        !log_tail_find(w->io, w->dir, &plan->dir, options->discard_from_seq - 1, loaded,
                       &plan->kept, err))
        return false;
    uint64_t durable = tail.durable_seq < plan->kept.seq ? tail.durable_seq : plan->kept.seq;
    plan->cover_from = durable + 1;
    if (!log_tail_find(w->io, w->dir, &plan->dir, durable, loaded, &plan->prev, err))
        return false;
    /* Published records that are gone though the machine kept running: an I/O error lost them. As
     * after a power cut. */
    bool lost = past->same_boot && past->published_seq > tail.last.seq;
    got->power_cut_possible = !past->same_boot || lost;
    got->bytes_cut = tail.bytes_after;
    plan->end = tail.end;
    plan->end_offset = tail.end_offset;
    w->kept_seq = plan->kept.seq;
    log_header_skips(&tail.newest, w->skips);
    uint64_t skip = got->power_cut_possible ? LOG_SEQ_SKIP : 0;
    if (past->copied)
        skip *= UINT64_C(2) + past->further;
    w->epoch_first_seq = tail.next_seq + skip;
    return true;
}

/* Makes the log's own name durable before anything in it is. Also when the directory was there:
   whoever made it may have died before this. Once there is a segment, this was done. */
static bool sync_parent(struct log_writer *w, struct error *err)
{
    char parent[LOG_PATH_BYTES_MAX];
    if (!log_io_path(w->dir, "..", parent, err))
        return false;
    int failed = w->io->sync_dir(w->io->state, parent);
    return !failed || log_io_failed(err, failed, "sync", parent);
}

static bool identify(struct log_writer *w, const struct log_writer_options *options,
                     const struct log_dir *dir, struct error *err)
{
    if (dir->live_count == 0) {
        int failed = w->io->random(w->io->state, w->log.bytes, sizeof w->log.bytes);
        if (failed)
            return log_io_failed(err, failed, "random bytes for", w->dir);
        w->log.bytes[6] = (uint8_t)((w->log.bytes[6] & 0x0f) | 0x40); /* RFC 4122: version 4 */
        w->log.bytes[8] = (uint8_t)((w->log.bytes[8] & 0x3f) | 0x80);
        if (options->source)
            w->source = *options->source;
        return true;
    }
    struct log_segment_header header;
    if (!read_first_header(w, dir, &header, err))
        return false;
    if (options->source && !log_uuid_equal(options->source, &header.source)) {
        char has[LOG_UUID_TEXT_BYTES], wanted[LOG_UUID_TEXT_BYTES];
        log_uuid_text(&header.source, has);
        log_uuid_text(options->source, wanted);
        return error_set(err, ERROR_MISMATCH, 0, "%s: made from log %s, not from %s", w->dir, has,
                         wanted);
    }
    w->log = header.log;
    w->source = header.source;
    return true;
}

static bool remove_file(struct log_writer *w, const char *name, struct error *err)
{
    char path[LOG_PATH_BYTES_MAX];
    if (!log_io_path(w->dir, name, path, err))
        return false;
    int failed = w->io->unlink(w->io->state, path);
    return !failed || failed == ENOENT || log_io_failed(err, failed, "remove", path);
}

static bool remove_leftovers(struct log_writer *w, const struct log_dir *dir, struct error *err)
{
    static const char *const names[] = {LOG_NAME_PREP_TMP, LOG_NAME_SEAL_TMP, LOG_NAME_CONTROL_TMP};
    if (!dir->leftovers)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!remove_file(w, names[i], err))
            return false;
    for (size_t i = 0; i < dir->count; i++)
        if (dir->at[i].prep)
            return true;
    return remove_file(w, LOG_NAME_PREP, err);
}

/* Gives back what was allocated behind the last record of a segment that is not written any more;
   otherwise every restart would cost a whole segment. Its length stays, because readers have it
   mapped. A file system that can't do it keeps the space. */
static void punch_behind(struct log_writer *w, const struct log_plan *plan, const char *path)
{
    uint64_t from = (plan->end_offset + LOG_READ_PADDING_BYTES + LOG_PAGE_BYTES - 1) /
                    LOG_PAGE_BYTES * LOG_PAGE_BYTES;
    struct log_segment_header header;
    int fd = -1;
    if (!log_dir_open(w->io, w->dir, &plan->end, &fd, &header, NULL))
        return;
    (void)w->io->close(w->io->state, fd);
    if (from >= header.file_bytes || w->io->open(w->io->state, path, O_RDWR, &fd) != 0)
        return;
    (void)w->io->punch(w->io->state, fd, from, header.file_bytes - from);
    (void)w->io->close(w->io->state, fd);
}

/* Lists again, deletes what the new segment superseded, and takes stock of the rest. */
static bool settle(struct log_writer *w, struct log_plan *plan, struct error *err)
{
    struct log_dir *dir = &plan->dir;
    if (!log_dir_list(w->io, w->dir, dir, err))
        return false;
    for (size_t i = dir->live_count; i < dir->count; i++) {
        char name[LOG_NAME_BYTES];
        log_dir_name(&dir->at[i], name);
        if (!remove_file(w, name, err))
            return false;
    }
    for (size_t i = 0; i < dir->live_count; i++) {
        char name[LOG_NAME_BYTES], path[LOG_PATH_BYTES_MAX];
        struct log_live live = {.first_seq = dir->at[i].first_seq, .epoch = dir->at[i].epoch};
        log_dir_name(&dir->at[i], name);
        if (!log_io_path(w->dir, name, path, err))
            return false;
        if (plan->end_offset && dir->at[i].first_seq == plan->end.first_seq &&
            dir->at[i].epoch == plan->end.epoch)
            punch_behind(w, plan, path);
        int failed = w->io->disk_bytes(w->io->state, path, &live.bytes);
        if (failed)
            return log_io_failed(err, failed, "stat", path);
        if (!log_writer_add_live(w, live, err))
            return false;
    }
    return true;
}

static void announce(struct log_writer *w, const uint8_t boot[LOG_BOOT_ID_BYTES])
{
    struct log_control_writer *page = w->control.writer;
    atomic_store(&page->epoch, w->epoch);
    atomic_store(&page->first_seq, w->live[0].first_seq);
    atomic_store(&page->log_bytes, atomic_load(&w->disk_bytes));
    atomic_fetch_add(&page->generation, 1);
    atomic_store(&page->durable_seq, w->kept_seq);
    log_control_publish(&w->control, w->kept_seq);
    log_control_set_boot(&w->control, boot);
}

bool log_recover(struct log_writer *w, const struct log_writer_options *options,
                 struct log_recovery *ret_recovery, struct error *err)
{
    struct log_recovery got = {0};
    struct log_plan plan = {.cover_from = 1};
    struct log_loaded loaded = {0};
    struct past past = {0};
    uint8_t boot[LOG_BOOT_ID_BYTES];
    bool ok = false;

    int failed = w->io->boot_id(w->io->state, boot);
    if (failed) {
        log_io_failed(err, failed, "read", "boot id");
        goto done;
    }
    if (!log_dir_list(w->io, w->dir, &plan.dir, err) || !identify(w, options, &plan.dir, err))
        goto done;
    got.created = plan.dir.live_count == 0;
    if (got.created && !sync_parent(w, err))
        goto done;
    if (!open_control(w, !got.created, boot, &past, err))
        goto done;
    w->epoch_first_seq = 1;
    if (!got.created && !plan_existing(w, options, &past, &loaded, &plan, &got, err))
        goto done;
    if (!log_seal_measure(w, &plan, &loaded, err))
        goto done;
    uint32_t epoch = plan.dir.epoch_max > past.epoch ? plan.dir.epoch_max : past.epoch;
    if (epoch >= LOG_EPOCH_MAX - past.further || w->epoch_first_seq >= LOG_SEQ_MAX) {
        error_set(err, ERROR_CORRUPT, 0, "%s: epoch %u, sequence %llu: no log comes so far", w->dir,
                  epoch, (unsigned long long)w->epoch_first_seq);
        goto done;
    }
    w->epoch = epoch + 1 + past.further;

    /* From here on things change. When records that were published are about to be void, nothing
       counts as published until that is done; and should we die before, the next one takes it for a
       power cut and gives none of their sequences to others. */
    if (past.known && past.published_seq > w->kept_seq)
        log_control_set_boot(&w->control, (const uint8_t[LOG_BOOT_ID_BYTES]){0});
    if (!remove_leftovers(w, &plan.dir, err))
        goto done;
    if (!past.known && !past.copied &&
        !log_control_create(w->io, w->dir, &w->log, &w->control, err))
        goto done;
    if (got.created) /* in a log begun in this boot nothing can be lost to a power cut before it */
        log_control_set_boot(&w->control, boot);
    if (!log_seal(w, &plan, &loaded, err))
        goto done;
    /* Until then the copied page says that this is a copy, should we die. */
    if (past.copied && !log_control_create(w->io, w->dir, &w->log, &w->control, err))
        goto done;
    if (!settle(w, &plan, err))
        goto done;
    w->staged = plan.kept;
    w->next_seq = w->epoch_first_seq;
    atomic_store(&w->published_seq, w->kept_seq);
    atomic_store(&w->durable_seq, w->kept_seq);
    announce(w, boot);
    got.epoch = w->epoch;
    got.last_seq = plan.kept.seq;
    got.last_log_ns = plan.kept.log_ns;
    got.last_wall_ns = plan.kept.wall_ns;
    got.records_rewritten = plan.rewritten;
    got.unsuitable_fs = w->io->unsuitable(w->io->state, w->dir);
    *ret_recovery = got;
    ok = true;
done:
    log_loaded_free(&loaded);
    log_dir_free(&plan.dir);
    return ok;
}
