#include "schemas/log/log_format.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "schemas/base/bytes.h"
#include "schemas/base/crc32c.h"

#define SEGMENT_MAGIC 0x474553474f4c5443u /* "CTLOGSEG" */
#define LAST_OF_BATCH 0x80000000u

enum { /* offsets in the segment header */
       AT_MAGIC = 0,
       AT_VERSION = 8,
       AT_HEADER_BYTES = 12,
       AT_LOG = 16,
       AT_SEGMENT = 32,
       AT_SOURCE = 48,
       AT_FILE_BYTES = 64,
       AT_EPOCH = 72,
       AT_PREV_EPOCH = 76,
       AT_FIRST_SEQ = 80,
       AT_KEPT_SEQ = 88,
       AT_EPOCH_FIRST_SEQ = 96,
       AT_PREV_SEQ = 104,
       AT_PREV_LOG_NS = 112,
       AT_PREV_WALL_NS = 120,
       AT_CREATED_WALL_NS = 128,
       AT_SKIPS = 136,
       AT_HEADER_CRC = 252,
       SKIP_BYTES = 16,
};

enum { /* offsets in a record */
       AT_CRC = 0,
       AT_LEN = 4,
       AT_SEQ = 8,
       AT_LOG_NS = 16,
       AT_WALL_NS = 24,
       AT_DURABLE = 32,
       AT_REC_EPOCH = 40,
       AT_TYPE = 44,
       AT_FLAGS = 46,
};

_Static_assert(AT_SKIPS + LOG_SKIPS_KEPT * SKIP_BYTES <= AT_HEADER_CRC, "the skips have room");
_Static_assert(AT_HEADER_CRC + 4 == LOG_SEGMENT_HEADER_BYTES, "the header ends with its CRC");
_Static_assert(AT_FLAGS + 2 == LOG_RECORD_HEADER_BYTES, "the body follows the flags");
_Static_assert(LOG_SEGMENT_HEADER_BYTES % LOG_RECORD_ALIGN == 0, "records start aligned");

void log_uuid_text(const struct log_uuid *uuid, char out[LOG_UUID_TEXT_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    char *to = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = hex[uuid->bytes[i] >> 4];
        *to++ = hex[uuid->bytes[i] & 15];
    }
    *to = '\0';
}

bool log_uuid_equal(const struct log_uuid *a, const struct log_uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void log_header_encode(const struct log_segment_header *from, uint8_t out[LOG_SEGMENT_HEADER_BYTES])
{
    memset(out, 0, LOG_SEGMENT_HEADER_BYTES);
    bytes_put_u64(out + AT_MAGIC, SEGMENT_MAGIC);
    bytes_put_u32(out + AT_VERSION, LOG_FORMAT_VERSION);
    bytes_put_u32(out + AT_HEADER_BYTES, LOG_SEGMENT_HEADER_BYTES);
    memcpy(out + AT_LOG, from->log.bytes, 16);
    memcpy(out + AT_SEGMENT, from->segment.bytes, 16);
    memcpy(out + AT_SOURCE, from->source.bytes, 16);
    bytes_put_u64(out + AT_FILE_BYTES, from->file_bytes);
    bytes_put_u32(out + AT_EPOCH, from->epoch);
    bytes_put_u32(out + AT_PREV_EPOCH, from->prev_epoch);
    bytes_put_u64(out + AT_FIRST_SEQ, from->first_seq);
    bytes_put_u64(out + AT_KEPT_SEQ, from->kept_seq);
    bytes_put_u64(out + AT_EPOCH_FIRST_SEQ, from->epoch_first_seq);
    bytes_put_u64(out + AT_PREV_SEQ, from->prev_seq);
    bytes_put_u64(out + AT_PREV_LOG_NS, (uint64_t)from->prev_log_ns);
    bytes_put_u64(out + AT_PREV_WALL_NS, (uint64_t)from->prev_wall_ns);
    bytes_put_u64(out + AT_CREATED_WALL_NS, (uint64_t)from->created_wall_ns);
    for (size_t i = 0; i < LOG_SKIPS_KEPT; i++) {
        bytes_put_u64(out + AT_SKIPS + i * SKIP_BYTES, from->skips[i].kept_seq);
        bytes_put_u64(out + AT_SKIPS + i * SKIP_BYTES + 8, from->skips[i].first_seq);
    }
    bytes_put_u32(out + AT_HEADER_CRC, crc32c(0, out, AT_HEADER_CRC));
}

bool log_header_decode(const uint8_t from[LOG_SEGMENT_HEADER_BYTES], struct log_segment_header *ret,
                       struct error *err)
{
    if (bytes_get_u64(from + AT_MAGIC) != SEGMENT_MAGIC ||
        bytes_get_u32(from + AT_HEADER_CRC) != crc32c(0, from, AT_HEADER_CRC))
        return error_set(err, ERROR_MALFORMED, 0, "segment header");
    uint32_t version = bytes_get_u32(from + AT_VERSION);
    if (version != LOG_FORMAT_VERSION ||
        bytes_get_u32(from + AT_HEADER_BYTES) != LOG_SEGMENT_HEADER_BYTES)
        return error_set(
            err, ERROR_VERSION, 0,
            "segment of format %u, this program reads %d: go on with the program that wrote it",
            version, LOG_FORMAT_VERSION);
    struct log_segment_header got = {
        .file_bytes = bytes_get_u64(from + AT_FILE_BYTES),
        .epoch = bytes_get_u32(from + AT_EPOCH),
        .prev_epoch = bytes_get_u32(from + AT_PREV_EPOCH),
        .first_seq = bytes_get_u64(from + AT_FIRST_SEQ),
        .kept_seq = bytes_get_u64(from + AT_KEPT_SEQ),
        .epoch_first_seq = bytes_get_u64(from + AT_EPOCH_FIRST_SEQ),
        .prev_seq = bytes_get_u64(from + AT_PREV_SEQ),
        .prev_log_ns = (int64_t)bytes_get_u64(from + AT_PREV_LOG_NS),
        .prev_wall_ns = (int64_t)bytes_get_u64(from + AT_PREV_WALL_NS),
        .created_wall_ns = (int64_t)bytes_get_u64(from + AT_CREATED_WALL_NS),
    };
    memcpy(got.log.bytes, from + AT_LOG, 16);
    memcpy(got.segment.bytes, from + AT_SEGMENT, 16);
    memcpy(got.source.bytes, from + AT_SOURCE, 16);
    if (got.epoch == 0 || got.epoch > LOG_EPOCH_MAX || got.prev_epoch > got.epoch ||
        got.first_seq > LOG_SEQ_MAX || got.epoch_first_seq > LOG_SEQ_MAX ||
        got.kept_seq >= got.epoch_first_seq || got.prev_seq >= got.first_seq)
        return error_set(err, ERROR_MALFORMED, 0, "segment header: sequences or epochs");
    for (size_t i = 0; i < LOG_SKIPS_KEPT; i++) {
        got.skips[i] = (struct log_skip){bytes_get_u64(from + AT_SKIPS + i * SKIP_BYTES),
                                         bytes_get_u64(from + AT_SKIPS + i * SKIP_BYTES + 8)};
        if (got.skips[i].first_seq > LOG_SEQ_MAX ||
            (got.skips[i].kept_seq && got.skips[i].kept_seq >= got.skips[i].first_seq))
            return error_set(err, ERROR_MALFORMED, 0, "segment header: skips");
    }
    *ret = got;
    return true;
}

/* Those of the skip in [first_seq, *next_seq), which then ends before it. */
static uint64_t skipped(const struct log_skip *skip, uint64_t first_seq, uint64_t *next_seq)
{
    uint64_t from = skip->kept_seq + 1 > first_seq ? skip->kept_seq + 1 : first_seq;
    uint64_t to = skip->first_seq < *next_seq ? skip->first_seq : *next_seq;
    if (skip->kept_seq + 1 < *next_seq && skip->first_seq)
        *next_seq = skip->kept_seq + 1;
    return to > from ? to - from : 0;
}

uint64_t log_header_unused(const struct log_segment_header *header, uint64_t first_seq,
                           uint64_t next_seq)
{
    const struct log_skip own = {header->kept_seq, header->epoch_first_seq};
    uint64_t unused = skipped(&own, first_seq, &next_seq);
    for (size_t i = 0; i < LOG_SKIPS_KEPT; i++)
        unused += skipped(&header->skips[i], first_seq, &next_seq);
    return unused;
}

void log_header_skips(const struct log_segment_header *header, struct log_skip ret[LOG_SKIPS_KEPT])
{
    const bool own = header->epoch_first_seq > header->kept_seq + 1;
    if (own)
        ret[0] = (struct log_skip){header->kept_seq, header->epoch_first_seq};
    memcpy(ret + own, header->skips, (LOG_SKIPS_KEPT - own) * sizeof *ret);
}

uint32_t log_segment_seed(const struct log_segment_header *header)
{
    return crc32c(0, header->segment.bytes, sizeof header->segment.bytes);
}

void log_record_encode(const struct log_view *from, uint8_t *out)
{
    assert(from->body_len <= LOG_BODY_BYTES_MAX);
    uint64_t end = (uint64_t)LOG_RECORD_HEADER_BYTES + from->body_len;
    bytes_put_u32(out + AT_CRC, 0);
    bytes_put_u32(out + AT_LEN, from->body_len);
    bytes_put_u64(out + AT_SEQ, from->seq);
    bytes_put_u64(out + AT_LOG_NS, (uint64_t)from->log_ns);
    bytes_put_u64(out + AT_WALL_NS, (uint64_t)from->wall_ns);
    bytes_put_u64(out + AT_DURABLE, from->durable_seq);
    bytes_put_u32(out + AT_REC_EPOCH, from->epoch);
    bytes_put_u16(out + AT_TYPE, from->type);
    bytes_put_u16(out + AT_FLAGS, from->flags);
    if (from->body_len && from->body != out + LOG_RECORD_HEADER_BYTES)
        memcpy(out + LOG_RECORD_HEADER_BYTES, from->body, from->body_len);
    memset(out + end, 0, log_record_bytes(from->body_len) - end);
}

void log_record_finish(uint8_t *record, bool last_of_batch, uint32_t seed)
{
    uint32_t len = bytes_get_u32(record + AT_LEN) & ~LAST_OF_BATCH;
    bytes_put_u32(record + AT_LEN, len | (last_of_batch ? LAST_OF_BATCH : 0));
    bytes_put_u32(record + AT_CRC,
                  crc32c(seed, record + AT_LEN, LOG_RECORD_HEADER_BYTES - AT_LEN + (size_t)len));
}

bool log_record_at(const struct log_image *image, uint64_t offset, bool check_crc,
                   struct log_view *ret_view, bool *ret_last_of_batch)
{
    const uint64_t fixed = LOG_RECORD_HEADER_BYTES + LOG_READ_PADDING_BYTES;
    if (offset > image->len || image->len - offset < fixed)
        return false;
    const uint8_t *at = image->bytes + offset;
    uint32_t len_bits = bytes_get_u32(at + AT_LEN);
    uint32_t len = len_bits & ~LAST_OF_BATCH;
    if (len > LOG_BODY_BYTES_MAX || image->len - offset - fixed < len)
        return false;
    struct log_view view = {
        .seq = bytes_get_u64(at + AT_SEQ),
        .epoch = bytes_get_u32(at + AT_REC_EPOCH),
        .type = bytes_get_u16(at + AT_TYPE),
        .flags = bytes_get_u16(at + AT_FLAGS),
        .log_ns = (int64_t)bytes_get_u64(at + AT_LOG_NS),
        .wall_ns = (int64_t)bytes_get_u64(at + AT_WALL_NS),
        .durable_seq = bytes_get_u64(at + AT_DURABLE),
        .body = at + LOG_RECORD_HEADER_BYTES,
        .body_len = len,
    };
    if (view.epoch == 0 || view.epoch > image->header.epoch || view.seq < image->header.first_seq ||
        view.seq > LOG_SEQ_MAX)
        return false;
    if (check_crc &&
        bytes_get_u32(at + AT_CRC) !=
            crc32c(image->seed, at + AT_LEN, LOG_RECORD_HEADER_BYTES - AT_LEN + (size_t)len))
        return false;
    *ret_view = view;
    if (ret_last_of_batch)
        *ret_last_of_batch = len_bits & LAST_OF_BATCH;
    return true;
}

void log_name_segment(uint64_t first_seq, uint32_t epoch, char out[LOG_NAME_BYTES])
{
    int n = snprintf(out, LOG_NAME_BYTES, "%016llx-%08x.seg", (unsigned long long)first_seq, epoch);
    assert(n > 0 && n < LOG_NAME_BYTES);
}

bool log_name_parse(const char *name, uint64_t *ret_first_seq, uint32_t *ret_epoch)
{
    uint64_t parts[2] = {0, 0};
    const int digits[2] = {16, 8};
    const char *at = name;
    for (int part = 0; part < 2; part++) {
        for (int i = 0; i < digits[part]; i++, at++) {
            if (*at >= '0' && *at <= '9')
                parts[part] = parts[part] << 4 | (uint64_t)(*at - '0');
            else if (*at >= 'a' && *at <= 'f')
                parts[part] = parts[part] << 4 | (uint64_t)(*at - 'a' + 10);
            else
                return false;
        }
        if (part == 0 && *at++ != '-')
            return false;
    }
    if (strcmp(at, ".seg") != 0)
        return false;
    *ret_first_seq = parts[0];
    *ret_epoch = (uint32_t)parts[1];
    return true;
}
