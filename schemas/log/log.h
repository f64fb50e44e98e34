/*
 * log: append-only record logs shared by programs of one machine. One locked writer appends with
 * pwrite; any number of readers in other processes map the segments read-only and follow. The
 * format is in log_format.h.
 *
 * Writing (one thread):
 *     log_writer_open(&options, &writer, &recovery, &err);  seals the old tail, begins an epoch
 *     log_writer_stage(writer, &record, &seq, &err);        any number of times: into memory only
 *     log_writer_commit(writer, &err);                      one pwrite, then all of it is visible
 *     log_writer_close(writer);                             syncs
 *
 * Reading (one thread a reader):
 *     log_reader_open(&options, &reader, &err);
 *     log_reader_seek(reader, first_seq, &err);
 *     while ((got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD) …
 *     if (got == LOG_READ_CAUGHT_UP) log_reader_wait(reader, 100);
 *
 * Sequences start at 1, rise within the log's life and are never reused; after a power cut they
 * skip ahead, so a reader must accept gaps at a change of epoch and only there. A crash of the
 * writer (not of the machine) loses nothing that was committed; a power cut loses at most what
 * followed the last durable mark. A batch, what one commit published, survives whole or not at all.
 *
 * After a boot of the machine, and in a copy of a log, nothing counts as published until the writer
 * has opened the log: before that a reader could hand on records which recovery is about to cut, or
 * which a results log is about to discard (ignore_published reads them all the same).
 *
 * A disk that fails under a mapped page kills the reader (SIGBUS); recovery and log_verify read
 * into memory and report it.
 */
#ifndef CROWDTIDE_SCHEMAS_LOG_LOG_H
#define CROWDTIDE_SCHEMAS_LOG_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/error.h"

enum {
    LOG_BODY_BYTES_MAX = 16 * 1024 * 1024, /* a larger record is refused with ERROR_TOO_LARGE */
    /* A record larger than a segment gets one of its own. Small segments are for tests. */
    LOG_SEGMENT_BYTES_DEFAULT = 64 * 1024 * 1024,
    LOG_SEGMENT_BYTES_MIN = 64 * 1024,
    LOG_WAIT_MS_MAX = 100, /* the longest log_reader_wait sleeps without looking again */
    /* Bytes readable after any body in a view: simdjson reads past the end. */
    LOG_READ_PADDING_BYTES = 64,
    LOG_SYNC_MS_DEFAULT = 50,
    /* Staged bytes above this are written out early, but published only by commit. */
    LOG_STAGE_BYTES_MAX = 4 * 1024 * 1024,
};

struct log_uuid {
    uint8_t bytes[16];
};

enum { LOG_UUID_TEXT_BYTES = 37 };
/* 8-4-4-4-12 lower-case hex with NUL. */
void log_uuid_text(const struct log_uuid *uuid, char out[LOG_UUID_TEXT_BYTES]);
bool log_uuid_equal(const struct log_uuid *a, const struct log_uuid *b);

struct log_record { /* to be written */
    uint16_t type;
    uint16_t flags;
    int64_t log_ns;  /* log time, ns since 1970; the caller's, never below the previous record's */
    int64_t wall_ns; /* the machine's CLOCK_REALTIME then */
    const void *body;
    uint32_t body_len;
};

struct log_view { /* as read; body is borrowed until the next call on the reader */
    uint64_t seq;
    /* In which it was first written. Recovery copies records, but (seq, epoch) names one for ever.
     */
    uint32_t epoch;
    uint16_t type;
    uint16_t flags;
    int64_t log_ns;
    int64_t wall_ns;
    uint64_t durable_seq; /* the log's durable mark when this record was written */
    const uint8_t *body;
    uint32_t body_len;
};

/* ---- writer ---- */

struct log_io;     /* log_io.h: the file operations, so that tests can inject every fault */
struct log_writer; /* opaque */

enum log_sync {
    LOG_SYNC_TIMER,  /* fdatasync by the helper thread every sync_ms, and at once on request */
    LOG_SYNC_EVERY,  /* commit returns only after fdatasync */
    LOG_SYNC_MANUAL, /* only log_writer_sync; no helper thread: for simulation and tests */
};

struct log_writer_options {
    const char *dir;        /* created if missing (its parent must exist) */
    uint64_t segment_bytes; /* a multiple of 4096; 0: LOG_SEGMENT_BYTES_DEFAULT */
    enum log_sync sync;
    uint32_t sync_ms; /* 0: LOG_SYNC_MS_DEFAULT */
    /* Results logs: UUID of the readings log they are made from (NULL: none). A log that names
       another source is refused with ERROR_MISMATCH. */
    const struct log_uuid *source;
    /* Results logs after a power cut: records from here on are void (0: none). */
    uint64_t discard_from_seq;
    const struct log_io *io; /* NULL: the real files */
};

struct log_recovery {           /* what opening found and did, for the caller to log */
    uint32_t epoch;             /* the epoch begun by this open */
    uint64_t last_seq;          /* last record kept; 0 for an empty log */
    uint64_t records_rewritten; /* copied past the last durable mark into the fresh segment */
    uint64_t bytes_cut;         /* torn, or of a batch never finished: given up */
    bool created;               /* there was no log here before */
    /* The machine was down since the last writer, or lost what it had written (an I/O error), so
       records that were published but not durable may be gone. */
    bool power_cut_possible;
    bool unsuitable_fs;  /* network or copy-on-write: durability claims are weaker; warn */
    int64_t last_log_ns; /* log time of the last record kept; 0 when empty */
    int64_t last_wall_ns;
};

/* Opens for writing, creating or recovering. Errors: LOCKED (a second writer), CORRUPT (with
   segment, offset and sequence in `where`, the sequence also in `position`; nothing is changed),
   VERSION, MISMATCH, INVALID (segment_bytes), NO_SPACE, IO. ret_recovery may be NULL. Any thread;
   then one thread at a time. */
bool log_writer_open(const struct log_writer_options *options, struct log_writer **ret_writer,
                     struct log_recovery *ret_recovery, struct error *err);

/* Adds a record to the batch in memory; *ret_seq (may be NULL) is its sequence. Errors: TOO_LARGE
   (nothing staged, the writer stays usable), else as commit. */
bool log_writer_stage(struct log_writer *writer, const struct log_record *record, uint64_t *ret_seq,
                      struct error *err);

/* Writes the staged records and publishes them together. On failure nothing was published and the
   writer is spent: every later call fails with the same error; the program must stop (recovery on
   the next open decides what survived). NO_SPACE: no next segment could be prepared or written.
   IO: also when the helper's fdatasync failed since. */
bool log_writer_commit(struct log_writer *writer, struct error *err);

/* stage + commit. */
bool log_writer_append(struct log_writer *writer, const struct log_record *record,
                       uint64_t *ret_seq, struct error *err);

/* Makes everything committed durable before returning. */
bool log_writer_sync(struct log_writer *writer, struct error *err);

/* Asks the helper to sync now; returns at once. */
void log_writer_request_sync(struct log_writer *writer);

/* Prepares the next segment ahead (the helper thread does it by itself; for LOG_SYNC_MANUAL).
   NO_SPACE leaves the writer usable. */
bool log_writer_prepare(struct log_writer *writer, struct error *err);

/* Any thread. False with the reason once the writer is spent, also by the helper (an fsync error):
   stop. */
bool log_writer_healthy(struct log_writer *writer, struct error *err);

uint64_t log_writer_last_seq(const struct log_writer *writer);    /* last committed; 0: none */
uint64_t log_writer_durable_seq(const struct log_writer *writer); /* any thread */
uint64_t log_writer_first_seq(const struct log_writer *writer);   /* oldest kept; any thread */
uint64_t log_writer_bytes(const struct log_writer *writer); /* on disk, with the prepared segment */
/* Of those bytes, what log_writer_retain would not delete without force. Any thread. */
uint64_t log_writer_held_bytes(struct log_writer *writer, uint64_t keep_from_seq);
uint32_t log_writer_epoch(const struct log_writer *writer);
const struct log_uuid *log_writer_uuid(const struct log_writer *writer);

/* Deletes the oldest segments while the log is over max_bytes, never one that holds keep_from_seq
   (the least sequence a cursor or pin still wants) or a later one, unless force: then the cap wins,
   and *ret_lost (may be NULL) counts the records deleted that were still wanted. The segment being
   written and what is not durable are never deleted. max_bytes 0: delete nothing. The helper does
   the work after the return. */
bool log_writer_retain(struct log_writer *writer, uint64_t max_bytes, uint64_t keep_from_seq,
                       bool force, uint64_t *ret_lost, struct error *err);

/* Commits nothing that was only staged; syncs (who must know that it worked calls log_writer_sync
   first); unlocks; frees. NULL is allowed. */
void log_writer_close(struct log_writer *writer);

/* Whether a writer has the log open, in whatever process. False when it can't be looked at. */
bool log_writer_present(const char *dir);

/* ---- reader ---- */

struct log_reader; /* opaque */

enum log_read { LOG_READ_RECORD, LOG_READ_CAUGHT_UP, LOG_READ_ERROR };

struct log_reader_options {
    const char *dir;
    /* Check every record's CRC; a mismatch is ERROR_CORRUPT. Off: trust this boot's page cache. */
    bool verify_crc;
    /* End with an error (IO) when records that were handed out turn out to be void: an I/O error
       took them from the log while the machine ran on, and its writer has recovered without them.
       What was made of them has to be undone. Off: pass over it. */
    bool refuse_void;
    /* Offline (no control page, or a copied directory): read to the last whole batch, with CRC. */
    bool ignore_published;
    const struct log_io *io; /* NULL: the real files */
};

/* NOT_FOUND: no log there yet, or not one whose control page is whole before its writer has opened
 * it after a power cut (retry later), VERSION, CORRUPT (its first segment), IO. */
bool log_reader_open(const struct log_reader_options *options, struct log_reader **ret_reader,
                     struct error *err);

/* The next record read will be the first with sequence >= seq. 0 or 1: the oldest kept. LOST
   (position = first kept sequence): seq was deleted by retention; nothing moved. A seq above the
   last published one waits there. */
bool log_reader_seek(struct log_reader *reader, uint64_t seq, struct error *err);

/* LOG_READ_RECORD fills *ret_view. LOG_READ_CAUGHT_UP: nothing published beyond here.
   LOG_READ_ERROR fills *err: CORRUPT, LOST, MISMATCH (another log took its place), IO. */
enum log_read log_reader_next(struct log_reader *reader, struct log_view *ret_view,
                              struct error *err);

/* The record behind the last one handed out; called again, the one behind that: as far as the
   mapped segment and what is published reach, else false. It will come by log_reader_next too. For
   hints: it is not verified (its body lies within the mapping, but may be anything), and it is
   borrowed until the next call of log_reader_next. */
bool log_reader_ahead(struct log_reader *reader, struct log_view *ret_view);

/* True until the log's writer has opened it in this boot of the machine, and it, not the log that it
   is a copy of: nothing counts before, so there is nothing to be read. *err says so (UNOPENED).
   Never offline. */
bool log_reader_waits(const struct log_reader *reader, struct error *err);

/* Sleeps until something new is published, at most min(timeout_ms, LOG_WAIT_MS_MAX). May return
   early. */
void log_reader_wait(struct log_reader *reader, uint32_t timeout_ms);

/* The control page may have been made anew (it was lost or torn, or the log is a copy): follows it.
   Part of log_reader_wait; for readers that wait for other things. */
void log_reader_follow(struct log_reader *reader);

uint64_t log_reader_first_seq(struct log_reader *reader);      /* oldest kept; 0 when empty */
/* What retention took ends before this. Also of a log that is empty, or while log_reader_waits. */
uint64_t log_reader_begin_seq(const struct log_reader *reader);
uint64_t log_reader_last_seq(const struct log_reader *reader); /* last published; 0 when empty */
/* Everything up to here survives a power cut. */
uint64_t log_reader_durable_seq(const struct log_reader *reader);
/* How many of the sequences [first_seq, next_seq) no record has that a reader could have missed,
   because a power cut skipped them. What is not known (more than 7 such cuts ago) is not among
   them. Looks into the directory. */
uint64_t log_reader_unused(const struct log_reader *reader, uint64_t first_seq, uint64_t next_seq);
/* Published records behind after_seq. */
uint64_t log_reader_lag(const struct log_reader *reader, uint64_t after_seq);
uint32_t log_reader_epoch(const struct log_reader *reader); /* of the current writer */
uint64_t log_reader_bytes(const struct log_reader *reader); /* of the log on disk */
/* As of the last look at the directory. */
uint32_t log_reader_segments(const struct log_reader *reader);
const struct log_uuid *log_reader_uuid(const struct log_reader *reader);
/* The readings log a results log is made from; false when it names none. */
bool log_reader_source(const struct log_reader *reader, struct log_uuid *ret_source);

/* Asks the writer's helper to fdatasync now; returns at once. */
void log_reader_request_sync(struct log_reader *reader);

/* NULL is allowed. */
void log_reader_close(struct log_reader *reader);

/* ---- cursors ---- */

/* A durable cursor: one small file `{dir}/{name}` with two checksummed slots written in turn, so
   that a crash or power cut leaves the newer or the older position, never none. Retention keeps
   everything from the least cursor of a log on. */
struct log_cursor;

/* Names an input from the first day as {log UUID, epoch → sequence, result index}. */
struct log_position {
    struct log_uuid log;
    uint64_t seq;       /* last sequence of that log fully dealt with; 0: none */
    uint32_t epoch;     /* of that record */
    uint32_t index;     /* result index within the input; 0 where it has no meaning */
    uint64_t input_seq; /* results logs: the input the record at seq came from; else 0 */
    uint32_t input_epoch;
};

/* Creates the file (position all zero) and its directory when missing and writable. LOCKED when
   another process has it open for writing; CORRUPT when neither slot is valid. */
bool log_cursor_open(const char *dir, const char *name, bool writable,
                     struct log_cursor **ret_cursor, struct error *err);
/* The last stored position; a cursor opened for reading looks into the file each time. */
struct log_position log_cursor_load(const struct log_cursor *cursor);
/* durable: fdatasync before returning. Otherwise it survives kill -9 only. */
bool log_cursor_store(struct log_cursor *cursor, const struct log_position *position, bool durable,
                      struct error *err);
void log_cursor_close(struct log_cursor *cursor);

/* The least seq among all cursor files `{dir}/{prefix}*` that belong to `log` (unused ones with a
   zero UUID count as 0 and pin everything); UINT64_MAX when there are none. */
bool log_cursor_least(const char *dir, const char *prefix, const struct log_uuid *log,
                      uint64_t *ret_seq, struct error *err);

/* ---- whole-log checks ---- */

struct log_check {
    uint64_t records, bytes, segments;
    uint64_t first_seq, last_seq;
    uint32_t epochs;
    uint64_t torn_bytes; /* after the last whole batch; 0 while a writer is at work */
};
/* Reads everything with CRC and order checks; a writer may be at work. CORRUPT names segment,
   offset and sequence. progress counts segments and may be NULL. */
bool log_verify(const char *dir, void (*progress)(void *arg, uint64_t done, uint64_t all),
                void *arg, struct log_check *ret_check, struct error *err);

#endif
