/*
 * A cursor's file: two slots, each in a block of its own, written in turn; the valid slot with the
 * higher count holds.
 *
 *     offset bytes  slot (at 0 and at 4096)
 *          0     8  magic "CTCURSOR"
 *          8     4  format version
 *         12     4  result index
 *         16     8  count: rises with every store
 *         24    16  UUID of the log
 *         40     8  sequence
 *         48     4  epoch
 *         52     4  input epoch
 *         56     8  input sequence
 *         64    60  zeros
 *        124     4  CRC32C of bytes 0..123
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/bytes.h"
#include "schemas/base/crc32c.h"
#include "schemas/log/log_format.h"
#include "schemas/log/log_io.h"

#define CURSOR_MAGIC 0x524f535255435443u /* "CTCURSOR" */

enum {
    CURSOR_VERSION = 1,
    SLOT_BYTES = 128,
    SLOT_STRIDE_BYTES = 4096,
    AT_MAGIC = 0,
    AT_VERSION = 8,
    AT_INDEX = 12,
    AT_COUNT = 16,
    AT_LOG = 24,
    AT_SEQ = 40,
    AT_EPOCH = 48,
    AT_INPUT_EPOCH = 52,
    AT_INPUT_SEQ = 56,
    AT_CRC = 124,
};

struct log_cursor {
    const struct log_io *io;
    int fd;
    bool writable;
    uint64_t count; /* of the newest slot */
    struct log_position position;
    char path[LOG_PATH_BYTES_MAX];
};

static void slot_encode(const struct log_position *p, uint64_t count, uint8_t out[SLOT_BYTES])
{
    memset(out, 0, SLOT_BYTES);
    bytes_put_u64(out + AT_MAGIC, CURSOR_MAGIC);
    bytes_put_u32(out + AT_VERSION, CURSOR_VERSION);
    bytes_put_u32(out + AT_INDEX, p->index);
    bytes_put_u64(out + AT_COUNT, count);
    memcpy(out + AT_LOG, p->log.bytes, sizeof p->log.bytes);
    bytes_put_u64(out + AT_SEQ, p->seq);
    bytes_put_u32(out + AT_EPOCH, p->epoch);
    bytes_put_u32(out + AT_INPUT_EPOCH, p->input_epoch);
    bytes_put_u64(out + AT_INPUT_SEQ, p->input_seq);
    bytes_put_u32(out + AT_CRC, crc32c(0, out, AT_CRC));
}

static bool slot_decode(const uint8_t from[SLOT_BYTES], struct log_position *ret,
                        uint64_t *ret_count)
{
    if (bytes_get_u64(from + AT_MAGIC) != CURSOR_MAGIC ||
        bytes_get_u32(from + AT_CRC) != crc32c(0, from, AT_CRC) ||
        bytes_get_u32(from + AT_VERSION) != CURSOR_VERSION)
        return false;
    struct log_position p = {
        .seq = bytes_get_u64(from + AT_SEQ),
        .epoch = bytes_get_u32(from + AT_EPOCH),
        .index = bytes_get_u32(from + AT_INDEX),
        .input_seq = bytes_get_u64(from + AT_INPUT_SEQ),
        .input_epoch = bytes_get_u32(from + AT_INPUT_EPOCH),
    };
    memcpy(p.log.bytes, from + AT_LOG, sizeof p.log.bytes);
    *ret = p;
    *ret_count = bytes_get_u64(from + AT_COUNT);
    return true;
}

static bool slots_read(const struct log_io *io, int fd, const char *path, struct log_position *ret,
                       uint64_t *ret_count, struct error *err)
{
    bool found = false;
    for (uint64_t slot = 0; slot < 2; slot++) {
        uint8_t bytes[SLOT_BYTES] = {0};
        struct log_position position;
        uint64_t count;
        size_t n;
        if (!log_io_read_all(io, fd, bytes, sizeof bytes, slot * SLOT_STRIDE_BYTES, path, &n, err))
            return false;
        if (!slot_decode(bytes, &position, &count) || (found && count < *ret_count))
            continue;
        *ret = position;
        *ret_count = count;
        found = true;
    }
    return found || error_set(err, ERROR_CORRUPT, 0, "%s: neither slot is valid", path);
}

/* Makes the file under another name first, so that nobody ever sees it without a valid slot. */
static bool create(const struct log_io *io, const char *path, struct error *err)
{
    char tmp[LOG_PATH_BYTES_MAX];
    uint8_t bytes[SLOT_STRIDE_BYTES + SLOT_BYTES] = {0};
    const struct log_position zero = {0};
    slot_encode(&zero, 0, bytes);
    slot_encode(&zero, 1, bytes + SLOT_STRIDE_BYTES);
    size_t len = strlen(path);
    if (len + sizeof ".tmp" > sizeof tmp)
        return error_set(err, ERROR_TOO_LARGE, 0, "path %.128s…", path);
    (void)snprintf(tmp, sizeof tmp, "%s.tmp", path);
    int fd = -1;
    int failed = io->open(io->state, tmp, O_RDWR | O_CREAT | O_TRUNC, &fd);
    if (failed)
        return log_io_failed(err, failed, "create", tmp);
    bool ok = log_io_write_all(io, fd, bytes, sizeof bytes, 0, tmp, err);
    if (ok && (failed = io->sync_data(io->state, fd)))
        ok = log_io_failed(err, failed, "sync", tmp);
    (void)io->close(io->state, fd);
    if (ok && (failed = io->rename(io->state, tmp, path)))
        ok = log_io_failed(err, failed, "rename", tmp);
    return ok;
}

/* A position is as durable as the names that lead to it. Also when they were there before: whoever
   made them may have died before this. */
static bool sync_names(const struct log_io *io, const char *dir, struct error *err)
{
    char parent[LOG_PATH_BYTES_MAX];
    if (!log_io_path(dir, "..", parent, err))
        return false;
    int failed = io->sync_dir(io->state, dir);
    if (!failed)
        failed = io->sync_dir(io->state, parent);
    return !failed || log_io_failed(err, failed, "sync", dir);
}

bool log_cursor_open_io(const struct log_io *io, const char *dir, const char *name, bool writable,
                        struct log_cursor **ret_cursor, struct error *err)
{
    struct log_cursor *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(err, ERROR_NO_MEMORY, 0, "cursor %s", name);
    c->io = io;
    c->fd = -1;
    c->writable = writable;
    if (!log_io_path(dir, name, c->path, err))
        goto failed;
    int flags = writable ? O_RDWR : O_RDONLY;
    int failed = io->open(io->state, c->path, flags, &c->fd);
    if (failed == ENOENT && writable) {
        int made = io->make_dir(io->state, dir);
        if (made && made != EEXIST) {
            log_io_failed(err, made, "create", dir);
            goto failed;
        }
        if (!create(io, c->path, err))
            goto failed;
        failed = io->open(io->state, c->path, flags, &c->fd);
    }
    if (failed) {
        log_io_failed(err, failed, "open", c->path);
        goto failed;
    }
    failed = writable ? io->lock(io->state, c->fd) : 0;
    if (failed == EWOULDBLOCK) {
        error_set(err, ERROR_LOCKED, 0, "%s: in use by another program", c->path);
        goto failed;
    }
    if (failed) {
        log_io_failed(err, failed, "lock", c->path);
        goto failed;
    }
    if ((writable && !sync_names(io, dir, err)) ||
        !slots_read(io, c->fd, c->path, &c->position, &c->count, err))
        goto failed;
    *ret_cursor = c;
    return true;
failed:
    log_cursor_close(c);
    return false;
}

bool log_cursor_open(const char *dir, const char *name, bool writable,
                     struct log_cursor **ret_cursor, struct error *err)
{
    return log_cursor_open_io(log_io_files(), dir, name, writable, ret_cursor, err);
}

struct log_position log_cursor_load(const struct log_cursor *c)
{
    struct log_position position = c->position;
    uint64_t count;
    if (!c->writable) /* somebody else moves it */
        (void)slots_read(c->io, c->fd, c->path, &position, &count, NULL);
    return position;
}

bool log_cursor_store(struct log_cursor *c, const struct log_position *position, bool durable,
                      struct error *err)
{
    if (!c->writable)
        return error_set(err, ERROR_INVALID, 0, "%s: opened for reading", c->path);
    uint8_t bytes[SLOT_BYTES];
    uint64_t count = c->count + 1;
    slot_encode(position, count, bytes);
    if (!log_io_write_all(c->io, c->fd, bytes, sizeof bytes, (count & 1) * SLOT_STRIDE_BYTES,
                          c->path, err))
        return false;
    c->count = count;
    c->position = *position;
    int failed = durable ? c->io->sync_data(c->io->state, c->fd) : 0;
    return !failed || log_io_failed(err, failed, "sync", c->path);
}

void log_cursor_close(struct log_cursor *c)
{
    if (!c)
        return;
    if (c->fd >= 0)
        (void)c->io->close(c->io->state, c->fd);
    free(c);
}

static bool position_read(const char *dir, const char *name, struct log_position *ret,
                          struct error *err)
{
    const struct log_io *io = log_io_files();
    char path[LOG_PATH_BYTES_MAX];
    uint64_t count;
    int fd = -1;
    if (!log_io_path(dir, name, path, err))
        return false;
    int failed = io->open(io->state, path, O_RDONLY, &fd);
    if (failed)
        return log_io_failed(err, failed, "open", path);
    bool ok = slots_read(io, fd, path, ret, &count, err);
    (void)io->close(io->state, fd);
    return ok;
}

struct least {
    const char *dir, *prefix;
    const struct log_uuid *log;
    uint64_t seq;
    bool failed;
    struct error *err;
};

static void on_cursor(void *arg, const char *name)
{
    static const struct log_uuid unused = {{0}};
    struct least *least = arg;
    size_t len = strlen(name);
    if (least->failed || strncmp(name, least->prefix, strlen(least->prefix)) != 0 ||
        (len > 4 && strcmp(name + len - 4, ".tmp") == 0))
        return;
    struct log_position p = {0};
    if (!position_read(least->dir, name, &p, least->err)) {
        least->failed = true;
        return;
    }
    uint64_t seq = log_uuid_equal(&p.log, &unused) ? 0 : p.seq;
    if ((seq == 0 || log_uuid_equal(&p.log, least->log)) && seq < least->seq)
        least->seq = seq;
}

bool log_cursor_least(const char *dir, const char *prefix, const struct log_uuid *log,
                      uint64_t *ret_seq, struct error *err)
{
    struct least least = {dir, prefix, log, UINT64_MAX, false, err};
    const struct log_io *io = log_io_files();
    int failed = io->list(io->state, dir, on_cursor, &least);
    if (failed && failed != ENOENT)
        return log_io_failed(err, failed, "list", dir);
    if (least.failed)
        return false;
    *ret_seq = least.seq;
    return true;
}
