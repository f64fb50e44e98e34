#include "processors/process/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/bytes.h"
#include "schemas/base/crc32c.h"
#include "schemas/base/whole_io.h"

/*
 * The file, little-endian:
 *
 *   0    8  magic "CTSNAP\0" and the format's version in the last byte
 *   8    4  CRC32C of everything from byte 12 on
 *   12   4  flags: bit 0 era_due
 *   16  16  UUID of the readings log
 *   32   8  input_seq
 *   40   8  input_log_ns
 *   48   4  input_epoch
 *   52   4  zero
 *   56   8  alerts_seq
 *   64   8  bulk_seq
 *   72   8  model_hash
 *   80  16  core_version, NUL-padded
 *   96   8  length of the state
 *   104     the state, to the end of the file
 *
 * Valid: magic and version known, length as the file's size says, CRC right, core_version ended by
 * a NUL.
 */
enum {
    AT_MAGIC = 0,
    AT_CRC = 8,
    AT_FLAGS = 12,
    AT_LOG = 16,
    AT_SEQ = 32,
    AT_LOG_NS = 40,
    AT_EPOCH = 48,
    AT_ALERTS = 56,
    AT_BULK = 64,
    AT_MODEL = 72,
    AT_CORE = 80,
    AT_LEN = 96,
    HEADER_BYTES = 104,
    FLAG_ERA_DUE = 1,
    LIST_MAX = 64,
    PATH_BYTES = 4200,
};
static const uint8_t magic_v1[8] = {'C', 'T', 'S', 'N', 'A', 'P', 0, 1};

void snapshot_clear(struct snapshot *snapshot)
{
    free(snapshot->state);
    memset(snapshot, 0, sizeof *snapshot);
}

static bool file_path(const char *dir, uint64_t seq, const char *suffix, char out[PATH_BYTES])
{
    int n = snprintf(out, PATH_BYTES, "%s/%" PRIu64 ".%s", dir, seq, suffix);
    return n > 0 && n < PATH_BYTES;
}

static void header_encode(const struct snapshot *s, uint8_t out[HEADER_BYTES])
{
    memset(out, 0, HEADER_BYTES);
    memcpy(out + AT_MAGIC, magic_v1, sizeof magic_v1);
    bytes_put_u32(out + AT_FLAGS, s->era_due ? FLAG_ERA_DUE : 0);
    memcpy(out + AT_LOG, s->log.bytes, sizeof s->log.bytes);
    bytes_put_u64(out + AT_SEQ, s->input_seq);
    bytes_put_u64(out + AT_LOG_NS, (uint64_t)s->input_log_ns);
    bytes_put_u32(out + AT_EPOCH, s->input_epoch);
    bytes_put_u64(out + AT_ALERTS, s->alerts_seq);
    bytes_put_u64(out + AT_BULK, s->bulk_seq);
    bytes_put_u64(out + AT_MODEL, s->model_hash);
    memcpy(out + AT_CORE, s->core_version, SNAPSHOT_VERSION_BYTES);
    bytes_put_u64(out + AT_LEN, s->state_len);
    uint32_t crc = crc32c(0, out + AT_FLAGS, HEADER_BYTES - AT_FLAGS);
    bytes_put_u32(out + AT_CRC, crc32c(crc, s->state, s->state_len));
}

static void header_decode(const uint8_t from[HEADER_BYTES], struct snapshot *s)
{
    memset(s, 0, sizeof *s);
    s->era_due = (bytes_get_u32(from + AT_FLAGS) & FLAG_ERA_DUE) != 0;
    memcpy(s->log.bytes, from + AT_LOG, sizeof s->log.bytes);
    s->input_seq = bytes_get_u64(from + AT_SEQ);
    s->input_log_ns = (int64_t)bytes_get_u64(from + AT_LOG_NS);
    s->input_epoch = bytes_get_u32(from + AT_EPOCH);
    s->alerts_seq = bytes_get_u64(from + AT_ALERTS);
    s->bulk_seq = bytes_get_u64(from + AT_BULK);
    s->model_hash = bytes_get_u64(from + AT_MODEL);
    memcpy(s->core_version, from + AT_CORE, SNAPSHOT_VERSION_BYTES);
    s->state_len = (size_t)bytes_get_u64(from + AT_LEN);
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? 1 : x > y ? -1 : 0;
}

uint32_t snapshot_list(const char *dir, uint64_t *ret_seqs, uint32_t max)
{
    uint64_t seqs[LIST_MAX];
    uint32_t count = 0;
    DIR *d = opendir(dir);
    if (!d)
        return 0;
    struct dirent *entry;
    while ((entry = readdir(d)) && count < LIST_MAX) {
        char *end;
        errno = 0;
        uint64_t seq = strtoull(entry->d_name, &end, 10);
        if (end != entry->d_name && errno == 0 && strcmp(end, ".snap") == 0)
            seqs[count++] = seq;
    }
    closedir(d);
    qsort(seqs, count, sizeof seqs[0], newest_first);
    count = count < max ? count : max;
    memcpy(ret_seqs, seqs, count * sizeof seqs[0]);
    return count;
}

/* Deletes all but the newest SNAPSHOTS_KEPT up to seq. What lies above seq belongs to a state that
   was given up. */
static void prune(const char *dir, uint64_t seq)
{
    uint64_t seqs[LIST_MAX];
    uint32_t count = snapshot_list(dir, seqs, LIST_MAX), kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        char path[PATH_BYTES];
        if (seqs[i] <= seq && kept++ < SNAPSHOTS_KEPT)
            continue;
        if (file_path(dir, seqs[i], "snap", path))
            (void)unlink(path); /* a leftover costs space, nothing else */
    }
}

bool snapshot_write(const char *dir, const struct snapshot *snapshot, struct error *err)
{
    char temporary[PATH_BYTES], path[PATH_BYTES];
    uint8_t header[HEADER_BYTES];
    if (snprintf(temporary, sizeof temporary, "%s/new.tmp", dir) >= (int)sizeof temporary ||
        !file_path(dir, snapshot->input_seq, "snap", path))
        return error_set(err, ERROR_INVALID, 0, "snapshot directory path too long");
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set(err, errno == ENOSPC ? ERROR_NO_SPACE : ERROR_IO, errno, "%s", temporary);
    header_encode(snapshot, header);
    bool ok = whole_write(fd, header, sizeof header) &&
              whole_write(fd, snapshot->state, snapshot->state_len) && fsync(fd) == 0;
    int saved = errno;
    close(fd);
    if (!ok) {
        (void)unlink(temporary);
        bool full = saved == ENOSPC || saved == EDQUOT;
        return error_set(err, full ? ERROR_NO_SPACE : ERROR_IO, saved, "%s", temporary);
    }
    if (rename(temporary, path) != 0 || !whole_sync_dir(dir))
        return error_set(err, ERROR_IO, errno, "%s", path);
    prune(dir, snapshot->input_seq);
    return true;
}

static bool corrupt(struct error *err, uint64_t seq, const char *path, const char *what)
{
    error_set(err, ERROR_CORRUPT, 0, "%s: %s", path, what);
    if (err)
        err->position = seq;
    return false;
}

/* Reads and checks the header; *ret_crc is what the file claims. */
static bool read_header(int fd, const char *path, uint64_t seq, struct snapshot *ret,
                        uint32_t *ret_crc, uint32_t *ret_begun, struct error *err)
{
    uint8_t header[HEADER_BYTES];
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_set(err, ERROR_IO, errno, "%s", path);
    if (st.st_size < HEADER_BYTES || !whole_read(fd, header, sizeof header))
        return corrupt(err, seq, path, "cut short");
    if (memcmp(header, magic_v1, sizeof magic_v1 - 1) != 0)
        return corrupt(err, seq, path, "not a snapshot");
    if (header[7] != magic_v1[7]) {
        error_set(err, ERROR_VERSION, 0, "%s: format %u", path, header[7]);
        if (err)
            err->position = seq;
        return false;
    }
    struct snapshot s;
    header_decode(header, &s);
    if (s.state_len != (uint64_t)st.st_size - HEADER_BYTES ||
        s.state_len > SNAPSHOT_STATE_BYTES_MAX)
        return corrupt(err, seq, path, "length and size disagree");
    if (s.core_version[SNAPSHOT_VERSION_BYTES - 1] != '\0' || s.input_seq != seq)
        return corrupt(err, seq, path, "header and name disagree");
    *ret_crc = bytes_get_u32(header + AT_CRC);
    *ret_begun = crc32c(0, header + AT_FLAGS, HEADER_BYTES - AT_FLAGS);
    *ret = s;
    return true;
}

static int open_file(const char *dir, uint64_t seq, char path[PATH_BYTES], struct error *err)
{
    if (!file_path(dir, seq, "snap", path)) {
        error_set(err, ERROR_INVALID, 0, "snapshot directory path too long");
        return -1;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, errno, "%s", path);
    return fd;
}

bool snapshot_peek(const char *dir, uint64_t seq, struct snapshot *ret_header, struct error *err)
{
    char path[PATH_BYTES];
    uint32_t crc, begun;
    struct snapshot s;
    int fd = open_file(dir, seq, path, err);
    if (fd < 0)
        return false;
    bool ok = read_header(fd, path, seq, &s, &crc, &begun, err);
    close(fd);
    if (ok) {
        s.state_len = 0;
        *ret_header = s;
    }
    return ok;
}

static bool load(const char *dir, uint64_t seq, struct snapshot *ret, struct error *err)
{
    char path[PATH_BYTES];
    uint32_t crc = 0, begun = 0;
    struct snapshot s = {0};
    int fd = open_file(dir, seq, path, err);
    if (fd < 0)
        return false;
    bool ok = read_header(fd, path, seq, &s, &crc, &begun, err);
    if (!ok)
        goto done;
    s.state = malloc(s.state_len ? s.state_len : 1);
    if (!s.state) {
        ok = error_set(err, ERROR_NO_MEMORY, 0, "%s", path);
        goto done;
    }
    if (!whole_read(fd, s.state, s.state_len))
        ok = corrupt(err, seq, path, "can't be read to its end");
    else if (crc32c(begun, s.state, s.state_len) != crc)
        ok = corrupt(err, seq, path, "checksum wrong");
done:
    close(fd);
    if (ok)
        *ret = s;
    else
        snapshot_clear(&s);
    return ok;
}

bool snapshot_load_newest(const char *dir, uint64_t before_seq, struct snapshot *ret_snapshot,
                          struct error *err)
{
    uint64_t seqs[LIST_MAX];
    uint32_t count = snapshot_list(dir, seqs, LIST_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (seqs[i] < before_seq || before_seq == UINT64_MAX)
            return load(dir, seqs[i], ret_snapshot, err);
    }
    return error_set(err, ERROR_NOT_FOUND, 0, "no snapshot in %s", dir);
}

void snapshot_set_aside(const char *dir, uint64_t seq)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    if (file_path(dir, seq, "snap", from) && file_path(dir, seq, "corrupt", to))
        (void)rename(from, to); /* it stays in the way then: found corrupt again, nothing worse */
}
