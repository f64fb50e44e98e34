#include "schemas/log/log_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct listing {
    struct log_dir dir;
    bool has_prep, no_memory;
};

static bool dir_add(struct log_dir *dir, struct log_dir_entry entry)
{
    if (dir->count == dir->cap) {
        size_t cap = dir->cap ? dir->cap * 2 : 16;
        struct log_dir_entry *at = realloc(dir->at, cap * sizeof *at);
        if (!at)
            return false;
        dir->at = at;
        dir->cap = cap;
    }
    dir->at[dir->count++] = entry;
    return true;
}

static void on_name(void *arg, const char *name)
{
    struct listing *listing = arg;
    struct log_dir_entry entry = {0};
    size_t len = strlen(name);
    if (log_name_parse(name, &entry.first_seq, &entry.epoch)) {
        if (!dir_add(&listing->dir, entry))
            listing->no_memory = true;
    } else if (strcmp(name, LOG_NAME_PREP) == 0) {
        listing->has_prep = true;
    } else if (len > 4 && strcmp(name + len - 4, ".tmp") == 0) {
        listing->dir.leftovers = true;
    }
}

static int by_first_seq(const void *a, const void *b)
{
    const struct log_dir_entry *x = a, *y = b;
    if (x->first_seq != y->first_seq)
        return x->first_seq < y->first_seq ? -1 : 1;
    if (x->epoch != y->epoch)
        return x->epoch < y->epoch ? -1 : 1;
    return (int)x->prep - (int)y->prep; /* the same segment under both names: the final one first */
}

/* Moves the superseded segments behind the live ones. */
static void dir_settle(struct log_dir *dir)
{
    if (dir->count == 0)
        return;
    qsort(dir->at, dir->count, sizeof *dir->at, by_first_seq);
    dir->epoch_max = 0;
    size_t live = 0;
    for (size_t i = 0; i < dir->count; i++) {
        struct log_dir_entry entry = dir->at[i];
        if (entry.epoch > dir->epoch_max)
            dir->epoch_max = entry.epoch;
        /* Sorted by first_seq: whoever supersedes this one stands before it, or at the same
         * first_seq behind it. */
        bool superseded = live > 0 && dir->at[live - 1].epoch > entry.epoch;
        if (!superseded && live > 0 && dir->at[live - 1].first_seq == entry.first_seq) {
            struct log_dir_entry loser = dir->at[live - 1];
            if (loser.epoch == entry.epoch) { /* one file, two names: keep the final name */
                superseded = true;
            } else {
                dir->at[live - 1] = entry;
                dir->at[i] = loser;
                continue;
            }
        }
        if (superseded)
            continue;
        dir->at[i] = dir->at[live];
        dir->at[live++] = entry;
    }
    dir->live_count = live;
}

/* next.prep counts as soon as it has a header: a power cut may have kept its records but not its
 * new name. */
static bool add_prep(const struct log_io *io, const char *path, struct listing *listing,
                     struct error *err)
{
    char name[LOG_PATH_BYTES_MAX];
    uint8_t head[LOG_SEGMENT_HEADER_BYTES];
    struct log_segment_header header;
    size_t n = 0;
    int fd = -1;
    if (!log_io_path(path, LOG_NAME_PREP, name, err))
        return false;
    int failed = io->open(io->state, name, O_RDONLY, &fd);
    if (failed == ENOENT)
        return true; /* renamed meanwhile */
    if (failed)
        return log_io_failed(err, failed, "open", name);
    bool ok = log_io_read_all(io, fd, head, sizeof head, 0, name, &n, err);
    (void)io->close(io->state, fd);
    if (!ok)
        return false;
    if (n == sizeof head && log_header_decode(head, &header, NULL)) {
        struct log_dir_entry entry = {header.first_seq, header.epoch, true};
        if (!dir_add(&listing->dir, entry))
            listing->no_memory = true;
    } else {
        listing->dir.leftovers = true;
    }
    return true;
}

bool log_dir_list(const struct log_io *io, const char *path, struct log_dir *dir, struct error *err)
{
    struct listing listing = {0};
    int failed = io->list(io->state, path, on_name, &listing);
    if (failed) {
        free(listing.dir.at);
        return log_io_failed(err, failed, "list", path);
    }
    if (listing.has_prep && !add_prep(io, path, &listing, err)) {
        free(listing.dir.at);
        return false;
    }
    if (listing.no_memory) {
        free(listing.dir.at);
        return error_set(err, ERROR_NO_MEMORY, 0, "list %s", path);
    }
    dir_settle(&listing.dir);
    free(dir->at);
    *dir = listing.dir;
    return true;
}

void log_dir_free(struct log_dir *dir)
{
    free(dir->at);
    *dir = (struct log_dir){0};
}

size_t log_dir_find(const struct log_dir *dir, uint64_t seq)
{
    size_t low = 0, high = dir->live_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (dir->at[mid].first_seq <= seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? low - 1 : dir->live_count;
}

uint64_t log_dir_bound(const struct log_dir *dir, size_t i)
{
    return i + 1 < dir->live_count ? dir->at[i + 1].first_seq : UINT64_MAX;
}

void log_dir_name(const struct log_dir_entry *entry, char out[LOG_NAME_BYTES])
{
    if (entry->prep)
        memcpy(out, LOG_NAME_PREP, sizeof LOG_NAME_PREP);
    else
        log_name_segment(entry->first_seq, entry->epoch, out);
}

bool log_dir_open(const struct log_io *io, const char *path, const struct log_dir_entry *entry,
                  int *ret_fd, struct log_segment_header *ret_header, struct error *err)
{
    char name[LOG_NAME_BYTES], full[LOG_PATH_BYTES_MAX];
    log_dir_name(entry, name);
    if (!log_io_path(path, name, full, err))
        return false;
    int fd = -1;
    int failed = io->open(io->state, full, O_RDONLY, &fd);
    if (failed)
        return log_io_failed(err, failed, "open", name);
    uint8_t head[LOG_SEGMENT_HEADER_BYTES];
    struct log_segment_header header;
    size_t n = 0;
    if (!log_io_read_all(io, fd, head, sizeof head, 0, name, &n, err))
        goto failed;
    if (n < sizeof head) {
        error_set(err, ERROR_MALFORMED, 0, "%s: shorter than its header", name);
        goto failed;
    }
    struct error why = {0};
    if (!log_header_decode(head, &header, &why)) {
        error_set(err, why.code, 0, "%s: %s", name, why.where);
        goto failed;
    }
    if (header.first_seq != entry->first_seq || header.epoch != entry->epoch) {
        error_set(err, ERROR_MALFORMED, 0, "%s: its header belongs to another segment", name);
        goto failed;
    }
    *ret_fd = fd;
    *ret_header = header;
    return true;
failed:
    (void)io->close(io->state, fd);
    return false;
}

bool log_loaded_read(struct log_loaded *loaded, const struct log_io *io, const char *path,
                     const struct log_dir_entry *entry, struct error *err)
{
    if (loaded->image.bytes && loaded->entry.first_seq == entry->first_seq &&
        loaded->entry.epoch == entry->epoch)
        return true;
    loaded->image.bytes = NULL;
    int fd = -1;
    struct log_segment_header header = {0};
    char name[LOG_NAME_BYTES];
    log_dir_name(entry, name);
    if (!log_dir_open(io, path, entry, &fd, &header, err))
        return false;
    bool ok = false;
    if (header.file_bytes > loaded->cap) {
        uint8_t *buffer = mmap(NULL, header.file_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (buffer == MAP_FAILED) {
            error_set(err, ERROR_NO_MEMORY, 0, "%s: %llu bytes", name,
                      (unsigned long long)header.file_bytes);
            goto done;
        }
        if (loaded->buffer)
            (void)munmap(loaded->buffer, loaded->cap);
        loaded->buffer = buffer;
        loaded->cap = header.file_bytes;
    }
    size_t n = 0;
    if (!log_io_read_all(io, fd, loaded->buffer, header.file_bytes, 0, name, &n, err))
        goto done;
    loaded->entry = *entry;
    loaded->image = (struct log_image){
        .bytes = loaded->buffer, .len = n, .seed = log_segment_seed(&header), .header = header};
    ok = true;
done:
    (void)io->close(io->state, fd);
    return ok;
}

void log_loaded_free(struct log_loaded *loaded)
{
    if (loaded->buffer)
        (void)munmap(loaded->buffer, loaded->cap);
    *loaded = (struct log_loaded){0};
}
