/*
 * snapshot: the whole state of process at one position of the readings log, in one file
 * `{dir}/{seq}.snap`. Two are kept: when the newest can't be read, the older one serves.
 *
 *     snapshot_write(dir, &snapshot, &err);                 temporary file, sync, rename, sync
 *     snapshot_load_newest(dir, before_seq, &snapshot, &err);
 *     snapshot_clear(&snapshot);
 *
 * The caller makes the three logs durable up to the snapshot's positions first: a state must never
 * survive inputs that it has seen. One thread at a time.
 */
#ifndef CROWDTIDE_PROCESSORS_PROCESS_SNAPSHOT_H
#define CROWDTIDE_PROCESSORS_PROCESS_SNAPSHOT_H

#include "schemas/base/error.h"
#include "schemas/log/log.h"

enum {
    SNAPSHOT_VERSION_BYTES = 16, /* of the core's version, NUL included */
    SNAPSHOT_STATE_BYTES_MAX = 1024 * 1024 * 1024,
    SNAPSHOTS_KEPT = 2,
};

struct snapshot {
    struct log_uuid log;  /* the readings log */
    uint64_t input_seq;   /* the state has seen everything up to this input */
    uint32_t input_epoch; /* of that input */
    int64_t input_log_ns; /* its log time */
    uint64_t alerts_seq;  /* last record of the alerts log that came from those inputs */
    uint64_t bulk_seq;    /* and of the bulk log */
    uint64_t model_hash;  /* of the venue model in force; 0: none */
    bool era_due;         /* an ERA result belongs right behind this snapshot */
    char core_version[SNAPSHOT_VERSION_BYTES];
    uint8_t *state; /* core_save's bytes; malloc'ed, owned */
    size_t state_len;
};

/* Frees the state and zeroes the struct. */
void snapshot_clear(struct snapshot *snapshot);

/* Writes and names the file, then deletes all but the newest SNAPSHOTS_KEPT up to it. Errors:
   NO_SPACE (nothing changed: the older snapshots still serve), IO. */
bool snapshot_write(const char *dir, const struct snapshot *snapshot, struct error *err);

/* Loads the newest one with input_seq < before_seq (UINT64_MAX: any). NOT_FOUND: there is none.
   CORRUPT or VERSION: that one can't be used, err->position is its seq; ask again with it as
   before_seq. IO, NO_MEMORY. */
bool snapshot_load_newest(const char *dir, uint64_t before_seq, struct snapshot *ret_snapshot,
                          struct error *err);

/* Takes a file that can't be used out of the way, as {seq}.corrupt. */
void snapshot_set_aside(const char *dir, uint64_t seq);

/* The sequences there are by name, newest first, at most max; returns how many. */
uint32_t snapshot_list(const char *dir, uint64_t *ret_seqs, uint32_t max);

/* The header of one file, without its state: what retention has to keep for it. */
bool snapshot_peek(const char *dir, uint64_t seq, struct snapshot *ret_header, struct error *err);

#endif
