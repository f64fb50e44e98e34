/*
 * log_writer_private: the writer's state, shared by its parts and by nobody else.
 *
 *     part          what                                     thread
 *     log_open      opening and closing                      the caller's
 *     log_recovery  finding the end, sealing (log_seal)      the caller's
 *     log_writer    stage, commit                            the writer's
 *     log_roll      the next segment                         the writer's
 *     log_sync      fdatasync, the durable mark, the helper  helper, or the writer's
 *     log_prepare   the next segment ahead                   helper (MANUAL: the writer's)
 *     log_retain    choosing what to delete                  the writer's
 *                   deleting it                              helper (MANUAL: the writer's)
 *
 * Locks: sync_lock is held during a whole sync (long). `lock` guards the fields under it (short);
 * it may be taken inside sync_lock, never the other way round. The append path takes `lock` once a
 * segment and neither otherwise.
 */
#ifndef CROWDTIDE_SCHEMAS_LOG_LOG_WRITER_PRIVATE_H
#define CROWDTIDE_SCHEMAS_LOG_LOG_WRITER_PRIVATE_H

#include <pthread.h>

#include "schemas/log/log_control.h"
#include "schemas/log/log_dir.h"
#include "schemas/log/log_tail.h"

enum {
    LOG_PREPARE_CHUNK_BYTES =
        512 * 1024, /* zeroed and synced at a time, so that a sync request never waits long */
    LOG_STAGE_KEEP_BYTES = 1024 * 1024, /* memory of the stage kept after a larger batch */
    LOG_PREPARE_RETRY_MS = 1000,        /* after a full disk */
    LOG_STAGE_ROOM_BYTES = LOG_STAGE_BYTES_MAX + LOG_RECORD_HEADER_BYTES + LOG_BODY_BYTES_MAX +
                           LOG_RECORD_ALIGN, /* a full stage and one record more */
    LOG_DOOMED_MAX = 64,                     /* segments waiting to be deleted */
    LOG_PAGE_BYTES = 4096,
};

struct log_live { /* a segment of the log */
    uint64_t first_seq;
    uint64_t bytes;
    uint32_t epoch;
};

struct log_writer {
    /* constant after opening */
    const struct log_io *io;
    char dir[LOG_PATH_BYTES_MAX];
    int lock_fd;
    struct log_control control;
    struct log_uuid log, source;
    uint64_t segment_bytes;
    enum log_sync sync;
    uint32_t sync_ms;
    uint32_t epoch;
    uint64_t kept_seq, epoch_first_seq;
    struct log_skip skips[LOG_SKIPS_KEPT]; /* of earlier epochs */
    void *zeros; /* LOG_PREPARE_CHUNK_BYTES */

    /* writer's thread */
    uint64_t file_bytes, offset; /* of the current segment */
    uint32_t seed;
    uint8_t
        *stage; /* address space for a full stage and one record more; memory only where touched */
    uint64_t stage_len;
    uint64_t open_at; /* the last staged record, not finished yet: where in the stage */
    bool open_record;
    uint64_t next_seq;
    struct log_mark staged; /* the last record staged */

    /* any thread */
    _Atomic uint64_t published_seq, durable_seq;
    _Atomic uint64_t disk_bytes;
    _Atomic uint64_t unsynced_bytes;
    _Atomic bool failed; /* set after `failure`, once */
    _Atomic bool stopping;
    _Atomic bool prepare_wanted;

    pthread_mutex_t sync_lock;
    pthread_mutex_t lock;
    /* under lock */
    struct error failure;
    int fd; /* of the current segment; replaced by the writer's thread only */
    int unsynced[LOG_UNSYNCED_SEGMENTS_MAX]; /* full segments with bytes not synced yet; closed by
                                                the sync */
    size_t unsynced_count;
    bool dir_unsynced;
    int prep_fd;           /* a prepared segment; -1: none */
    struct log_live *live; /* oldest first; the current one is the last */
    size_t live_count, live_cap;
    struct log_live doomed[LOG_DOOMED_MAX]; /* oldest first; to be deleted by the helper */
    size_t doomed_count;

    /* helper, or the writer's thread with LOG_SYNC_MANUAL */
    int prep_tmp_fd;
    uint64_t prep_done;
    int64_t prep_retry_ns;

    pthread_t helper;
    bool helper_started;
};

/* Keeps the first failure; every later call fails with it. Returns false. */
bool log_writer_fail(struct log_writer *writer, const struct error *why);
/* False, with the reason, when the writer is spent. */
bool log_writer_usable(struct log_writer *writer, struct error *err);
/* log_roll.c: adds a live segment at the end. */
bool log_writer_add_live(struct log_writer *writer, struct log_live live, struct error *err);
void log_writer_header(const struct log_writer *writer, uint64_t first_seq,
                       const struct log_mark *prev, uint64_t file_bytes,
                       struct log_segment_header *ret_header);

/* log_roll.c: begins a new segment with next_seq, large enough for a record of record_bytes. */
bool log_writer_roll(struct log_writer *writer, uint64_t record_bytes, struct error *err);

/* log_recovery.c */
bool log_recover(struct log_writer *writer, const struct log_writer_options *options,
                 struct log_recovery *ret_recovery, struct error *err);

/* log_seal.c: what recovery decided */
struct log_plan {
    struct log_dir dir;
    uint64_t cover_from;      /* first sequence of the new segment */
    struct log_mark prev;     /* last record before it */
    struct log_mark kept;     /* last record of the log */
    uint64_t copy_bytes;      /* log_seal_measure: what is to be copied */
    uint64_t rewritten;       /* out: records copied */
    struct log_dir_entry end; /* where the old records end: what is behind takes space in vain */
    uint64_t end_offset;
};
/* Reads what is to be copied and changes nothing. CORRUPT: it isn't there. */
bool log_seal_measure(struct log_writer *writer, struct log_plan *plan, struct log_loaded *loaded,
                      struct error *err);
/* After that: writes the first segment of the writer's epoch, synced and under its name, and leaves it open for
 * appending. */
bool log_seal(struct log_writer *writer, struct log_plan *plan, struct log_loaded *loaded,
              struct error *err);

/* log_sync.c: everything up to target (which was written) becomes durable. Any thread. */
bool log_sync_now(struct log_writer *writer, uint64_t target, struct error *err);
bool log_helper_start(struct log_writer *writer, struct error *err);
void log_helper_stop(struct log_writer *writer);

/* log_retain.c: deletes one segment that log_writer_retain gave up; *ret_more: there is another. */
bool log_retain_step(struct log_writer *writer, bool *ret_more, struct error *err);

/* log_prepare.c: does a piece of the work; *ret_more: there is more of it now. */
bool log_prepare_step(struct log_writer *writer, bool *ret_more, struct error *err);

#endif
