#include "schemas/base/time_zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schemas/base/time_zone_rule.h"
#include "schemas/base/whole_io.h"

#define SYSTEM_DIR "/usr/share/zoneinfo"

/*
 * A TZif file, numbers big-endian:
 *
 *     0   4  "TZif"
 *     4   1  version: '2', '3' or '4' ('\0': version 1, refused)
 *     5  15  unused
 *    20   4  isutcnt   ┐
 *    24   4  isstdcnt  │ counts of the block that follows
 *    28   4  leapcnt   │
 *    32   4  timecnt   │
 *    36   4  typecnt   │
 *    40   4  charcnt   ┘
 *    44      the block: timecnt times (4 bytes each), timecnt type indices (1), typecnt types (6:
 * offset 4, is summer 1, name 1), charcnt, leapcnt × (4 + 4), isstdcnt, isutcnt
 *
 * then once more header and block with times of 8 bytes, which is the one that counts, then the
 * footer: '\n', the rule for the time after the last change (POSIX TZ, may be empty), '\n'.
 */
enum {
    HEADER_BYTES = 44,
    TYPE_BYTES = 6,
    TYPES_MAX = 256,
    OFFSET_S_MIN = -89999, /* RFC 8536, section 3.2 */
    OFFSET_S_MAX = 93599,
};

struct block {
    uint32_t leaps, times, types;
    size_t len; /* of the whole block */
};

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t be64(const uint8_t *at)
{
    return (int64_t)((uint64_t)be32(at) << 32 | be32(at + 4));
}

static bool malformed(struct error *err, size_t position, const char *what)
{
    (void)error_set(err, ERROR_MALFORMED, 0, "time zone file, byte %zu: %s", position, what);
    if (err)
        err->position = position;
    return false;
}

/* The header at `at`, and that its block lies within the file. */
static bool block_at(const uint8_t *bytes, size_t len, size_t at, size_t time_bytes,
                     struct block *ret, struct error *err)
{
    const uint8_t *head = bytes + at;
    if (len - at < HEADER_BYTES || memcmp(head, "TZif", 4) != 0)
        return malformed(err, at, "no TZif header");
    if (head[4] < '2' || head[4] > '9')
        return error_set(err, ERROR_VERSION, 0, "time zone file of version 1");
    size_t chars = be32(head + 40), marks = (size_t)be32(head + 20) + be32(head + 24);
    ret->leaps = be32(head + 28);
    ret->times = be32(head + 32);
    ret->types = be32(head + 36);
    /* Five counts of 32 bits and small factors: no overflow in 64. */
    ret->len = ret->times * (time_bytes + 1) + (size_t)ret->types * TYPE_BYTES + chars +
               ret->leaps * (time_bytes + 4) + marks;
    if (ret->len > len - at - HEADER_BYTES)
        return malformed(err, at, "the file ends early");
    return true;
}

static bool take_block(const uint8_t *bytes, size_t at, const struct block *block,
                       struct time_zone *zone, struct error *err)
{
    const uint8_t *times = bytes + at, *index = times + block->times * 8u,
                  *types = index + block->times;
    int32_t offset[TYPES_MAX];
    if (block->leaps)
        return malformed(err, at, "it has leap seconds");
    if (block->types == 0 || block->types > TYPES_MAX)
        return malformed(err, at, "no local time types, or too many");
    if (block->times > TIME_ZONE_CHANGES_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "time zone file of %u changes, at most %d",
                         block->times, TIME_ZONE_CHANGES_MAX);
    for (uint32_t i = 0; i < block->types; i++) {
        offset[i] = (int32_t)be32(types + (size_t)i * TYPE_BYTES);
        if (offset[i] < OFFSET_S_MIN || offset[i] > OFFSET_S_MAX)
            return malformed(err, at, "an offset of more than a day");
    }
    zone->count = block->times;
    zone->offset_s[0] = offset[0];
    for (uint32_t i = 0; i < block->times; i++) {
        if (index[i] >= block->types)
            return malformed(err, at, "a change to no type");
        zone->at_s[i] = be64(times + (size_t)i * 8);
        if (i && zone->at_s[i] <= zone->at_s[i - 1])
            return malformed(err, at, "changes that do not rise");
        zone->offset_s[i + 1] = offset[index[i]];
    }
    return true;
}

bool time_zone_parse(const uint8_t *bytes, size_t len, struct time_zone *ret_zone,
                     struct error *err)
{
    struct block old, block;
    if (len > TIME_ZONE_FILE_BYTES_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "time zone file of %zu bytes", len);
    if (!block_at(bytes, len, 0, 4, &old, err))
        return false;
    size_t at = HEADER_BYTES + old.len;
    if (!block_at(bytes, len, at, 8, &block, err))
        return false;
    at += HEADER_BYTES;
    size_t footer = at + block.len;
    if (len - footer < 2 || bytes[footer] != '\n' || bytes[len - 1] != '\n')
        return malformed(err, footer, "no footer");
    struct time_zone *zone = calloc(1, sizeof *zone);
    if (!zone)
        return error_set(err, ERROR_NO_MEMORY, 0, "time zone");
    struct str rule = {(const char *)bytes + footer + 1, (uint32_t)(len - footer - 2)};
    bool ok = take_block(bytes, at, &block, zone, err);
    if (ok && rule.len && !time_zone_rule_parse(rule, zone))
        ok = malformed(err, footer, "its rule is not one");
    if (ok)
        *ret_zone = *zone;
    free(zone);
    return ok;
}

/* Letters, digits, _ + - in parts between slashes: nothing that leads out of the directory. */
static bool name_valid(struct str name)
{
    bool begins = true;
    if (name.len == 0 || name.len > TIME_ZONE_NAME_BYTES_MAX)
        return false;
    for (uint32_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool other = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
        if (!letter && (begins || !(other || c == '/')))
            return false;
        begins = c == '/';
    }
    return !begins;
}

bool time_zone_load(const char *dir, struct str name, struct time_zone *ret_zone, struct error *err)
{
    char path[4096];
    static const struct time_zone utc = {.rule = true};
    if (str_is(name, "UTC")) {
        *ret_zone = utc;
        return true;
    }
    int n = name_valid(name)
                ? snprintf(path, sizeof path, "%s/" STR_FMT, dir ? dir : SYSTEM_DIR, STR_ARG(name))
                : -1;
    if (n < 0 || (size_t)n >= sizeof path)
        return error_set(err, ERROR_NOT_FOUND, 0, "\"" STR_FMT "\" is no name of a time zone",
                         STR_ARG(name));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, errno == ENOENT || errno == ENOTDIR ? ERROR_NOT_FOUND : ERROR_IO,
                         errno, "%s", path);
    bool ok = false;
    const size_t cap = TIME_ZONE_FILE_BYTES_MAX + 1;
    uint8_t *bytes = malloc(cap);
    ssize_t got = bytes ? whole_read_head(fd, bytes, cap) : -1;
    if (!bytes)
        (void)error_set(err, ERROR_NO_MEMORY, 0, "%s", path);
    else if (got < 0)
        (void)error_set(err, errno == EISDIR ? ERROR_NOT_FOUND : ERROR_IO, errno, "%s", path);
    else
        ok = time_zone_parse(bytes, (size_t)got, ret_zone, err);
    free(bytes);
    close(fd);
    return ok;
}

int32_t time_zone_offset_s(const struct time_zone *zone, int64_t unix_s)
{
    uint32_t low = 0, high = zone->count; /* the number of changes up to unix_s */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->at_s[middle] <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low == zone->count && zone->rule ? time_zone_rule_offset_s(zone, unix_s)
                                            : zone->offset_s[low];
}
