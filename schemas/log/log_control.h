/*
 * log_control: the small shared memory by which a log's writer and its readers talk: what is
 * published, what is durable, who waits. A file of two pages, mapped by all; the first is written
 * by the writer alone, the second by readers. Losing it costs nothing but speed: recovery finds
 * all it needs in the segments.
 *
 * Publication: the writer stores published_seq, raises `publications` from n to n + 1, fence, and
 * wakes all if `waiting_at` is n.
 *
 * Waiting: the reader reads n from `publications`, raises `waiting_at` to n, fence, looks again,
 * and sleeps while `publications` is n. Nobody ever takes `waiting_at` back, so no reader can undo
 * another's wish; one killed asleep costs one wake in vain.
 */
#ifndef CROWDTIDE_SCHEMAS_LOG_LOG_CONTROL_H
#define CROWDTIDE_SCHEMAS_LOG_LOG_CONTROL_H

#include <stdatomic.h>

#include "schemas/log/log_format.h"
#include "schemas/log/log_io.h"

enum { LOG_CONTROL_PAGE_BYTES = 4096, LOG_CONTROL_BYTES = 2 * LOG_CONTROL_PAGE_BYTES };

struct log_control_writer { /* first page */
    uint64_t magic;
    uint32_t version;
    uint32_t bytes;
    uint8_t log_uuid[16];
    _Atomic uint64_t boot[2]; /* boot id; stored last by recovery, which clears it first when it is
                                 to void what was published: until it is this boot's, nothing here
                                 counts as published */
    _Atomic uint32_t epoch;
    uint32_t unused;
    _Atomic uint64_t generation; /* raised whenever the set of segments changes, before anything in
                                    a new one is published */
    _Atomic uint64_t first_seq;  /* of the oldest segment */
    _Atomic uint64_t log_bytes;
    _Atomic uint64_t home[2]; /* device and inode of the file this is: a copy is another file, and
                                 its marks are not those of the segments beside it; 0: unknown */
    uint8_t gap[16];
    _Atomic uint64_t published_seq;
    _Atomic uint64_t durable_seq;
    _Atomic uint32_t publications; /* futex */
};

struct log_control_readers { /* second page */
    _Atomic uint32_t waiting_at;
    uint8_t gap[60];
    _Atomic uint32_t sync_requested; /* futex; the writer's helper sleeps on it */
};

struct log_control {
    struct log_control_writer *writer;
    struct log_control_readers *readers; /* NULL: no permission to write; then waiting is polling */
    void *at;
};

_Static_assert(offsetof(struct log_control_writer, log_uuid) == 16,
               "layout is shared between programs");
_Static_assert(offsetof(struct log_control_writer, boot) == 32,
               "layout is shared between programs");
_Static_assert(offsetof(struct log_control_writer, home) == 80,
               "layout is shared between programs");
_Static_assert(offsetof(struct log_control_writer, published_seq) == 112,
               "layout is shared between programs");
_Static_assert(offsetof(struct log_control_readers, sync_requested) == 64,
               "layout is shared between programs");
_Static_assert(sizeof(_Atomic uint64_t) == 8 && sizeof(_Atomic uint32_t) == 4,
               "plain lock-free atomics");

/* Maps an existing control file. NOT_FOUND, MALFORMED (not one), VERSION, IO. ret_fd may be NULL;
 * else the caller closes it. */
bool log_control_open(const struct log_io *io, const char *dir, bool writable,
                      struct log_control *ret_control, int *ret_fd, struct error *err);
/* Makes a control file for `log` with nothing published and no boot id, in place of any other, and
 * maps it. */
bool log_control_create(const struct log_io *io, const char *dir, const struct log_uuid *log,
                        struct log_control *ret_control, struct error *err);
/* False when the file is the copy of one. fd: as log_control_open gave it; boot: this one's. After
   another boot a device may have another number. */
bool log_control_at_home(const struct log_control *control, int fd,
                         const uint8_t boot[LOG_BOOT_ID_BYTES]);
struct log_control_said { /* all zero: no page, or another log's */
    uint64_t durable_seq; /* 0 when it is a copy's: then the mark is not that of the segments */
    bool copied;
};
/* What the page says of `log`, without keeping it. */
struct log_control_said log_control_ask(const struct log_io *io, const char *dir,
                                        const struct log_uuid *log);
/* The page belongs to this file from now on. */
void log_control_set_home(const struct log_control *control, int fd);
void log_control_close(const struct log_io *io, struct log_control *control);

bool log_control_this_boot(const struct log_control *control,
                           const uint8_t boot[LOG_BOOT_ID_BYTES]);
void log_control_set_boot(const struct log_control *control, const uint8_t boot[LOG_BOOT_ID_BYTES]);

/* Writer: makes everything up to seq visible and wakes those who wait. */
void log_control_publish(const struct log_control *control, uint64_t seq);
/* Reader: sleeps until published_seq differs from seen, at most timeout_ms. */
void log_control_wait(const struct log_control *control, uint64_t seen, uint32_t timeout_ms);
/* Reader or writer: asks the helper to sync now. */
void log_control_request_sync(const struct log_control *control);
/* Helper: sleeps until asked, at most timeout_ns. True when asked; the request is then taken. */
bool log_control_await_request(const struct log_control *control, int64_t timeout_ns);

#endif
