/*
 * log_tail: where a log ends, found from its segments alone, and whether that end is a torn tail or
 * corruption. Used by recovery, by readers of logs without a writer, and by verify. Reads; changes
 * nothing.
 */
#ifndef CROWDTIDE_SCHEMAS_LOG_LOG_TAIL_H
#define CROWDTIDE_SCHEMAS_LOG_LOG_TAIL_H

#include "schemas/log/log_control.h"
#include "schemas/log/log_dir.h"

struct log_mark { /* a record's place and times; all 0: none */
    uint64_t seq;
    uint32_t epoch;
    int64_t log_ns, wall_ns;
};

struct log_tail {
    uint64_t durable_seq;     /* the highest durable mark that anything claims */
    struct log_mark last;     /* last record of the last whole batch */
    uint64_t next_seq;        /* the least that no record has or had, power cuts aside */
    uint64_t bytes_after;     /* not zero behind `last`: torn, or of a batch never finished */
    struct log_dir_entry end; /* the segment in which the valid records end */
    uint64_t end_offset;      /* there, right behind the last valid one */
    struct log_segment_header newest; /* of the newest readable segment */
    bool torn_by_copying; /* what is behind the end is in vain */
    size_t segments; /* live segments before the first with a torn header; 0: none is readable */
};

/* Of a log copied while it was written: how long before the copy of a segment was begun records may
   have been made that it lacks though it has later ones. They wait for their batch before they are
   written. */
enum { LOG_TORN_BY_COPYING_S = 5 };

/* dir must have live segments. said: what the control page says. CORRUPT: the end is below a durable
   mark; err->position is the sequence. *ret_tail is filled then too.

   A program that copies a segment reads it piece by piece, and may find zeros where a record comes to
   stand a moment later, and behind it records that claim that it was durable. In a copy (the page says
   so) that is no damage but where the copy ends, provided that everything behind was made after the
   copying of that segment began, or LOG_TORN_BY_COPYING_S before. It began when the copy's file was
   made; or, in the newest segment, when the original was written last, which cp -a hands on, so that
   the copy may be copied in turn. Damage of what is older stays damage. */
bool log_tail_scan(const struct log_io *io, const char *path, const struct log_dir *dir,
                   struct log_control_said said, struct log_loaded *loaded,
                   struct log_tail *ret_tail, struct error *err);

/* The last record at or before seq, from the segments' records and headers (all 0 when there is
 * none). */
bool log_tail_find(const struct log_io *io, const char *path, const struct log_dir *dir,
                   uint64_t seq, struct log_loaded *loaded, struct log_mark *ret_mark,
                   struct error *err);

/* A walk over the records of one segment, in order and with CRC. */
struct log_walk {
    const struct log_image *image;
    uint64_t offset; /* of the next record */
    uint64_t bound;  /* sequences from here on are not this segment's */
    struct log_mark prev;
};
void log_walk_start(struct log_walk *walk, const struct log_image *image, uint64_t bound);
bool log_walk_next(struct log_walk *walk, struct log_view *ret_view, bool *ret_last_of_batch);
/* The sequence the next record would have. */
uint64_t log_walk_expected(const struct log_walk *walk);

#endif
