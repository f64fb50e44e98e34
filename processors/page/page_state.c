#include "processors/page/page_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/bytes.h"
#include "schemas/base/crc32c.h"
#include "schemas/base/whole_io.h"

enum {
    HEAD_BYTES = 80,
    ENTRY_HEAD_BYTES = 8,
    AT_CRC = 8,
    AT_COUNT = 12,
    AT_LOG = 16,
    AT_SEQ = 32,
    AT_EPOCH = 40,
    AT_INDEX = 44,
    AT_INPUT_SEQ = 48,
    AT_INPUT_EPOCH = 56,
    AT_PARTITIONS = 60,
    AT_READINGS = 64,
    PATH_BYTES = 4300,
    KNOWN_FIRST = 16,
};

static const char magic[8] = "CTPAGES1";

/* ---- alerts -----------------------------------------------------------------------------------
 */

static struct page_alert *from_body(const uint8_t *body, uint32_t len, struct error *err)
{
    struct page_alert *copy = malloc(sizeof *copy + len);
    struct result_origin origin;
    union result_any any;
    if (!copy) {
        error_set(err, ERROR_NO_MEMORY, 0, "alert");
        return NULL;
    }
    copy->len = len;
    memcpy(copy->body, body, len);
    if (!result_decode(RECORD_ALERT, copy->body, len, &origin, &any, err)) {
        free(copy);
        return NULL;
    }
    copy->alert = any.alert;
    return copy;
}

struct page_alert *page_alert_copy(const struct result_alert *alert)
{
    const struct result_origin origin = {0};
    uint8_t *body = malloc(PAGE_ALERT_BYTES_MAX);
    struct page_alert *copy = NULL;
    uint32_t len =
        body ? result_encode(RECORD_ALERT, &origin, alert, body, PAGE_ALERT_BYTES_MAX) : 0;
    if (len)
        copy = from_body(body, len, NULL);
    free(body);
    return copy;
}

/* ---- the table --------------------------------------------------------------------------------
 */

struct page_state *page_state_new(void)
{
    return calloc(1, sizeof(struct page_state));
}

void page_state_free(struct page_state *state)
{
    if (!state)
        return;
    for (uint32_t i = 0; i < state->known_count; i++)
        free(state->known[i].now);
    free(state->known);
    free(state);
}

struct page_known *page_state_find(const struct page_state *state, struct str id)
{
    for (uint32_t i = 0; i < state->known_count; i++) {
        if (str_equal(state->known[i].now->alert.id, id))
            return &state->known[i];
    }
    return NULL;
}

static bool room(struct page_state *state, struct error *err)
{
    if (state->known_count < state->known_cap)
        return true;
    if (state->known_count >= PAGE_KNOWN_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "over %d open alerts", PAGE_KNOWN_MAX);
    uint32_t cap = state->known_cap ? state->known_cap * 2 : KNOWN_FIRST;
    struct page_known *known = realloc(state->known, cap * sizeof *known);
    if (!known)
        return error_set(err, ERROR_NO_MEMORY, 0, "open alerts");
    state->known = known;
    state->known_cap = cap;
    return true;
}

bool page_state_put(struct page_state *state, const struct result_alert *alert, uint32_t flags,
                    int said_level, struct error *err)
{
    struct page_alert *copy = page_alert_copy(alert); /* first: alert may lie in what it replaces */
    if (!copy)
        return error_set(err, ERROR_NO_MEMORY, 0, "alert " STR_FMT, STR_ARG(alert->id));
    struct page_known *known = page_state_find(state, copy->alert.id);
    if (!known) {
        if (!room(state, err)) {
            free(copy);
            return false;
        }
        known = &state->known[state->known_count++];
        known->now = NULL;
    }
    free(known->now);
    known->now = copy;
    known->flags = flags;
    known->said_level = (int8_t)said_level;
    return true;
}

void page_state_drop(struct page_state *state, struct str id)
{
    struct page_known *known = page_state_find(state, id);
    if (!known)
        return;
    free(known->now);
    memmove(known, known + 1,
            (size_t)(state->known + --state->known_count - known) * sizeof *known);
}

/* ---- the file ---------------------------------------------------------------------------------
 */

static size_t file_bytes(const struct page_state *state)
{
    size_t bytes = HEAD_BYTES + 8 * (size_t)state->position.partitions;
    for (uint32_t i = 0; i < state->known_count; i++)
        bytes += ENTRY_HEAD_BYTES + state->known[i].now->len;
    return bytes;
}

static void encode(const struct page_state *state, uint8_t *out, size_t bytes)
{
    const struct page_position *p = &state->position;
    memset(out, 0, HEAD_BYTES);
    memcpy(out, magic, sizeof magic);
    bytes_put_u32(out + AT_COUNT, state->known_count);
    memcpy(out + AT_LOG, p->log.log.bytes, sizeof p->log.log.bytes);
    bytes_put_u64(out + AT_SEQ, p->log.seq);
    bytes_put_u32(out + AT_EPOCH, p->log.epoch);
    bytes_put_u32(out + AT_INDEX, p->log.index);
    bytes_put_u64(out + AT_INPUT_SEQ, p->log.input_seq);
    bytes_put_u32(out + AT_INPUT_EPOCH, p->log.input_epoch);
    bytes_put_u32(out + AT_PARTITIONS, p->partitions);
    memcpy(out + AT_READINGS, p->readings.bytes, sizeof p->readings.bytes);
    uint8_t *at = out + HEAD_BYTES;
    for (uint32_t i = 0; i < p->partitions; i++, at += 8)
        bytes_put_u64(at, (uint64_t)p->offset[i]);
    for (uint32_t i = 0; i < state->known_count; i++) {
        const struct page_known *known = &state->known[i];
        bytes_put_u32(at, (known->flags & 0xffffff) | (uint32_t)(uint8_t)known->said_level << 24);
        bytes_put_u32(at + 4, known->now->len);
        memcpy(at + ENTRY_HEAD_BYTES, known->now->body, known->now->len);
        at += ENTRY_HEAD_BYTES + known->now->len;
    }
    bytes_put_u32(out + AT_CRC, crc32c(0, out + AT_COUNT, bytes - AT_COUNT));
}

/* The rest of the alerts, from `at`. */
static bool decode_known(struct page_state *state, uint32_t count, const uint8_t *at,
                         const uint8_t *end, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (end - at < ENTRY_HEAD_BYTES)
            return error_set(err, ERROR_CORRUPT, 0, "cut short");
        uint32_t len = bytes_get_u32(at + 4);
        if (len > (size_t)(end - at) - ENTRY_HEAD_BYTES)
            return error_set(err, ERROR_CORRUPT, 0, "cut short");
        if (!room(state, err))
            return false;
        struct page_alert *now = from_body(at + ENTRY_HEAD_BYTES, len, err);
        if (!now)
            return false;
        state->known[state->known_count++] =
            (struct page_known){.flags = bytes_get_u32(at) & 0xffffff,
                                .said_level = (int8_t)(uint8_t)(bytes_get_u32(at) >> 24),
                                .now = now};
        at += ENTRY_HEAD_BYTES + len;
    }
    return true;
}

static bool decode(struct page_state *state, const uint8_t *in, size_t bytes, struct error *err)
{
    struct page_position *p = &state->position;
    if (bytes < HEAD_BYTES || memcmp(in, magic, sizeof magic) != 0 ||
        bytes_get_u32(in + AT_CRC) != crc32c(0, in + AT_COUNT, bytes - AT_COUNT))
        return error_set(err, ERROR_CORRUPT, 0, "not a pager's state");
    memcpy(p->log.log.bytes, in + AT_LOG, sizeof p->log.log.bytes);
    p->log.seq = bytes_get_u64(in + AT_SEQ);
    p->log.epoch = bytes_get_u32(in + AT_EPOCH);
    p->log.index = bytes_get_u32(in + AT_INDEX);
    p->log.input_seq = bytes_get_u64(in + AT_INPUT_SEQ);
    p->log.input_epoch = bytes_get_u32(in + AT_INPUT_EPOCH);
    p->partitions = bytes_get_u32(in + AT_PARTITIONS);
    memcpy(p->readings.bytes, in + AT_READINGS, sizeof p->readings.bytes);
    if (p->partitions > PAGE_PARTITIONS_MAX || bytes < HEAD_BYTES + 8 * (size_t)p->partitions)
        return error_set(err, ERROR_CORRUPT, 0, "cut short");
    const uint8_t *at = in + HEAD_BYTES;
    for (uint32_t i = 0; i < p->partitions; i++, at += 8)
        p->offset[i] = (int64_t)bytes_get_u64(at);
    return decode_known(state, bytes_get_u32(in + AT_COUNT), at, in + bytes, err);
}

bool page_state_load(const char *path, struct page_state **ret, struct error *err)
{
    struct stat st;
    struct error why = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, errno, "%s", path);
    struct page_state *state = page_state_new();
    uint8_t *bytes = NULL;
    bool ok = state && fstat(fd, &st) == 0;
    if (ok) {
        bytes = malloc((size_t)st.st_size + 1);
        ok = bytes && whole_read(fd, bytes, (size_t)st.st_size);
    }
    if (!ok)
        error_set(err, ERROR_IO, errno, "%s", path);
    if (ok && !decode(state, bytes, (size_t)st.st_size, &why))
        ok = error_set(err, why.code, 0, "%s: %s", path, why.where);
    (void)close(fd);
    free(bytes);
    if (!ok) {
        page_state_free(state);
        return false;
    }
    *ret = state;
    return true;
}

static bool sync_directory(const char *path)
{
    char dir[PATH_BYTES];
    (void)snprintf(dir, sizeof dir, "%s", path);
    char *slash = strrchr(dir, '/');
    if (!slash)
        return true;
    *slash = '\0';
    return whole_sync_dir(dir);
}

bool page_state_store(const struct page_state *state, const char *path, struct error *err)
{
    char fresh[PATH_BYTES];
    size_t len = file_bytes(state);
    uint8_t *bytes = malloc(len);
    if (!bytes)
        return error_set(err, ERROR_NO_MEMORY, 0, "%s", path);
    encode(state, bytes, len);
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    (void)snprintf(fresh, sizeof fresh, "%.*s.%s.new", (int)(name - path), path, name);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    bool ok = fd >= 0 && whole_write(fd, bytes, len) && fdatasync(fd) == 0;
    int sys_errno = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        sys_errno = errno;
    }
    if (ok && (rename(fresh, path) != 0 || !sync_directory(path))) {
        ok = false;
        sys_errno = errno;
    }
    free(bytes);
    return ok ||
           error_set(err, sys_errno == ENOSPC ? ERROR_NO_SPACE : ERROR_IO, sys_errno, "%s", path);
}
