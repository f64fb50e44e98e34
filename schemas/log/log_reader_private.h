/*
 * log_reader_private: the reader's state, shared by log_reader (its place in the log),
 * log_reader_open (opening, what is there) and nobody else.
 */
#ifndef CROWDTIDE_SCHEMAS_LOG_LOG_READER_PRIVATE_H
#define CROWDTIDE_SCHEMAS_LOG_LOG_READER_PRIVATE_H

#include "schemas/log/log_control.h"
#include "schemas/log/log_dir.h"
#include "schemas/log/log_tail.h"

enum { LOG_RELIST_MAX = 64 }; /* looks at a directory that changes under us before giving up */

struct log_reader {
    const struct log_io *io;
    char dir[LOG_PATH_BYTES_MAX];
    bool verify_crc, refuse_void;
    struct log_control control; /* at NULL: offline, the log stands still */
    int control_fd;             /* to notice that the file was replaced */
    bool at_home;               /* control is no copy's */
    bool replaced;              /* by the control page of another log */
    uint8_t boot[LOG_BOOT_ID_BYTES];
    struct log_uuid log, source;
    uint64_t offline_durable;

    struct log_dir list;
    uint64_t generation; /* of the list */
    uint64_t limit; /* records up to here may be read; raised from the control page when reached */

    struct log_image image; /* the mapped segment; bytes NULL: none */
    uint64_t offset;        /* in it, of the next record to look at */
    uint64_t forgotten;     /* bytes at its beginning that left our memory again */
    uint64_t bound;         /* sequences from here on are in a later segment */
    uint64_t walk_seq;      /* the record before offset */
    uint32_t walk_epoch;
    uint64_t ahead_offset; /* looked ahead up to here; at or below offset: not */
    uint64_t ahead_seq;    /* the record before it */
    uint64_t next_seq;     /* the least sequence wanted */
    uint64_t last_seq;     /* last record handed out since the last seek; 0: none */
};

/* Takes the newest published mark and, when the set of segments changed (or `again`), the new list.
 */
bool log_reader_refresh(struct log_reader *reader, bool again, struct error *err);
/* Whether the control page's marks are those of the segments. False offline, and while
 * log_reader_waits. */
bool log_reader_live(const struct log_reader *reader);
/* Lets the mapped segment go. */
void log_reader_unmap(struct log_reader *reader);

#endif
