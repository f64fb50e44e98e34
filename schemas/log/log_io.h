/*
 * log_io: every operation a log does on files, behind a table, so that tests inject every fault and
 * simulate crashes and power cuts. log_io_files() is the real one. All slots return 0 or an errno
 * and may be called from the writer's thread and its helper at the same time. `state` is the first
 * argument of each.
 */
#ifndef CROWDTIDE_SCHEMAS_LOG_LOG_IO_H
#define CROWDTIDE_SCHEMAS_LOG_LOG_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/error.h"

enum { LOG_PATH_BYTES_MAX = 4096, LOG_BOOT_ID_BYTES = 16 };

struct log_io {
    void *state;
    /* flags as for open(2); O_CLOEXEC is added, the mode is 0644 */
    int (*open)(void *state, const char *path, int flags, int *ret_fd);
    int (*close)(void *state, int fd);
    /* May move fewer bytes than asked. pread: 0 bytes at the end of the file. */
    int (*pread)(void *state, int fd, void *to, size_t n, uint64_t at, size_t *ret_n);
    int (*pwrite)(void *state, int fd, const void *from, size_t n, uint64_t at, size_t *ret_n);
    /* Blocks for the whole file and its length (posix_fallocate). */
    int (*allocate)(void *state, int fd, uint64_t bytes);
    /* Gives blocks back without changing the length; the bytes read as zeros. */
    int (*punch)(void *state, int fd, uint64_t at, uint64_t bytes);
    int (*sync_data)(void *state, int fd);          /* fdatasync */
    int (*sync_dir)(void *state, const char *path); /* fsync of the directory */
    int (*rename)(void *state, const char *from, const char *to);
    int (*unlink)(void *state, const char *path);
    int (*make_dir)(void *state, const char *path); /* 0755 */
    /* Calls each(arg, name) for every entry but "." and "..". */
    int (*list)(void *state, const char *path, void (*each)(void *arg, const char *name),
                void *arg);
    /* What the file takes on the disk; holes take nothing. */
    int (*disk_bytes)(void *state, const char *path, uint64_t *ret_bytes);
    /* When the file was made (INT64_MAX: its file system does not know) and written last, ns since 1970
       by the machine's clock. */
    int (*times)(void *state, const char *path, int64_t *ret_born_ns, int64_t *ret_written_ns);
    /* Exclusive, not waiting (EWOULDBLOCK), released when the descriptor or the process goes. */
    int (*lock)(void *state, int fd);
    int (*map)(void *state, int fd, size_t bytes, bool writable, void **ret_at); /* MAP_SHARED */
    int (*unmap)(void *state, void *at, size_t bytes);
    int (*boot_id)(
        void *state,
        uint8_t out[LOG_BOOT_ID_BYTES]); /* another one after every boot of the machine */
    int (*random)(void *state, void *out, size_t n);
    /* True on file systems whose sync promises less: network ones, and copy-on-write ones, where
     * overwriting may need space. */
    bool (*unsuitable)(void *state, const char *path);
};

const struct log_io *log_io_files(void);

/* As the slots, for whole buffers: continue short transfers and interrupted calls. name is for the
 * error's text. */
bool log_io_write_all(const struct log_io *io, int fd, const void *from, size_t n, uint64_t at,
                      const char *name, struct error *err);
/* *ret_n: bytes read, fewer than n only at the end of the file. */
bool log_io_read_all(const struct log_io *io, int fd, void *to, size_t n, uint64_t at,
                     const char *name, size_t *ret_n, struct error *err);

/* NO_SPACE for a full disk or quota, NOT_FOUND for ENOENT, IO for the rest. Returns false. */
bool log_io_failed(struct error *err, int sys_errno, const char *verb, const char *name);

/* dir/name into out. False (TOO_LARGE) when it does not fit. */
bool log_io_path(const char *dir, const char *name, char out[LOG_PATH_BYTES_MAX],
                 struct error *err);

/* log_cursor_open (log.h) over other file operations. */
struct log_cursor;
bool log_cursor_open_io(const struct log_io *io, const char *dir, const char *name, bool writable,
                        struct log_cursor **ret_cursor, struct error *err);

#endif
