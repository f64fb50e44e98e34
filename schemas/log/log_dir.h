/*
 * log_dir: which segments a log's directory holds and which of them are the log (log_format.h says
 * the rule).
 *
 *     struct log_dir dir = {0};
 *     log_dir_list(io, path, &dir, &err);
 *     size_t i = log_dir_find(&dir, seq);        the segment that holds seq, if i < dir.live_count
 *     log_dir_free(&dir);
 */
#ifndef CROWDTIDE_SCHEMAS_LOG_LOG_DIR_H
#define CROWDTIDE_SCHEMAS_LOG_LOG_DIR_H

#include "schemas/log/log_format.h"
#include "schemas/log/log_io.h"

struct log_dir_entry {
    uint64_t first_seq;
    uint32_t epoch;
    bool prep; /* still named next.prep, but with a valid header */
};

struct log_dir {
    struct log_dir_entry *at; /* the live ones by first sequence, then the superseded ones */
    size_t count, live_count, cap;
    uint32_t epoch_max; /* of all; 0 when there are none */
    bool leftovers;     /* *.tmp or a next.prep without header */
};

/* Replaces what *dir held. NOT_FOUND: no directory. On failure *dir is as before. */
bool log_dir_list(const struct log_io *io, const char *path, struct log_dir *dir,
                  struct error *err);
void log_dir_free(struct log_dir *dir);

/* Index of the live segment with the greatest first_seq <= seq; live_count when all begin later. */
size_t log_dir_find(const struct log_dir *dir, uint64_t seq);

/* First sequence not in live segment i: where the next one begins; UINT64_MAX for the last. */
uint64_t log_dir_bound(const struct log_dir *dir, size_t i);

void log_dir_name(const struct log_dir_entry *entry, char out[LOG_NAME_BYTES]);

/* Opens a segment for reading and checks its header against the entry. MALFORMED: header torn or
 * not the entry's. */
bool log_dir_open(const struct log_io *io, const char *path, const struct log_dir_entry *entry,
                  int *ret_fd, struct log_segment_header *ret_header, struct error *err);

/* A segment read whole into memory: I/O errors are values here, not SIGBUS. One buffer is reused
 * for all. */
struct log_loaded {
    struct log_image image; /* bytes NULL: none loaded */
    struct log_dir_entry entry;
    uint8_t *buffer;
    uint64_t cap;
};
bool log_loaded_read(struct log_loaded *loaded, const struct log_io *io, const char *path,
                     const struct log_dir_entry *entry, struct error *err);
void log_loaded_free(struct log_loaded *loaded);

#endif
