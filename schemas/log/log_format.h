/*
 * log_format: the bytes of a log's files. All numbers are little-endian. Nothing here touches a
 * file.
 *
 * A log is a directory:
 *     FIRST-EPOCH.seg  segments: first sequence (16 hex digits) and epoch (8 hex digits)
 *     next.prep        the next segment, allocated and zeroed ahead; it counts as a segment as
 *                      soon as it has a valid header
 *     control          memory shared by writer and readers (log_control.h); recovery can do
 *                      without
 *     lock             locked by the writer as long as it lives, released by any kind of death
 *     *.tmp            unfinished; removed by the next open
 *
 * A segment is a header, records one after another at multiples of 8, and zeros to the end.
 *
 *     offset bytes  segment header
 *          0     8  magic "CTLOGSEG"
 *          8     4  format version
 *         12     4  bytes of this header
 *         16    16  UUID of the log
 *         32    16  UUID of this segment (1)
 *         48    16  UUID of the source log (results logs; zeros: none)
 *         64     8  bytes of the file
 *         72     4  epoch: rises with every open for writing
 *         76     4  epoch of the record at offset 104
 *         80     8  first sequence: from here on the log is in this segment (2)
 *         88     8  kept sequence: the last record when this epoch began; all was durable then
 *         96     8  first sequence appended in this epoch: kept + 1, or further (3)
 *        104     8  sequence of the last record before the first sequence; 0: none
 *        112     8  its log time
 *        120     8  its wall time
 *        128     8  wall time when this segment was made
 *        136   112  of up to 7 earlier epochs, the latest first: kept sequence and first sequence
 *                   appended, 8 bytes each; only of those that skipped sequences between (4); zeros
 *                   behind them
 *        248     4  zeros
 *        252     4  CRC32C of bytes 0 to 251
 *
 * (1) Random, and it never leaves the machine. The CRC of every record begins with it, so that no
 *     stale block and no payload made to look like a record ever validates.
 * (2) Whatever segments of lower epochs say.
 * (3) After a power cut, by LOG_SEQ_SKIP, so that no sequence that readers may have seen is used
 *     again; after a discard, by what was discarded; of a copied log, by a random multiple of the
 *     skip, and its epoch rises by more than one, because the log it was copied from goes on, too.
 * (4) So that whoever finds records deleted can tell how many there were. A log whose segments have
 *     seen more epochs than these that skipped passes for one that had more records than it had.
 *
 *     offset bytes  record
 *          0     4  CRC32C, begun with the segment's UUID, of byte 4 to the end of the body
 *          4     4  bits 0 to 30: bytes of the body; bit 31: the last record of its batch (5)
 *          8     8  sequence
 *         16     8  log time, ns since 1970
 *         24     8  wall time, ns since 1970
 *         32     8  durable mark when this was written: all up to this sequence was synced
 *         40     4  epoch in which this was first appended; a copy keeps it
 *         44     2  type
 *         46     2  flags
 *         48     n  body, then zeros to the next multiple of 8
 *
 * (5) A batch counts whole or not at all.
 *
 * A header is valid when its CRC holds, its sequences and epochs are at most LOG_SEQ_MAX and
 * LOG_EPOCH_MAX, and the earlier ones are below the later ones: of the record before, and kept.
 *
 * A record is valid when its CRC holds, its epoch is from 1 to the segment's, its end leaves
 * LOG_READ_PADDING_BYTES in the file, and its sequence is at most LOG_SEQ_MAX and follows that of
 * the record before, or is higher and so is its epoch.
 *
 * Segments sorted by first sequence: one is superseded when another with a higher epoch begins at
 * or before it. What remains is the log; each segment ends where the next begins. The first record
 * that is not valid ends the log, at sequence s. If any valid record or header behind it, or the
 * control page, says that s was durable, the log is corrupt; if not, a power cut tore its tail. Nor is
 * it corrupt where copying tore it: log_tail.h.
 */
#ifndef CROWDTIDE_SCHEMAS_LOG_LOG_FORMAT_H
#define CROWDTIDE_SCHEMAS_LOG_LOG_FORMAT_H

#include "schemas/log/log.h"

enum {
    LOG_FORMAT_VERSION = 1,
    LOG_SEGMENT_HEADER_BYTES = 256,
    LOG_RECORD_HEADER_BYTES = 48,
    LOG_RECORD_ALIGN = 8,
    LOG_NAME_BYTES = 32,    /* of any file in a log's directory, with NUL */
    LOG_SEQ_SKIP = 1 << 20, /* sequences skipped after a power cut, so that none is reused */
    LOG_SKIPS_KEPT = 7,
    LOG_UNSYNCED_RECORDS_MAX = (1 << 20) - 1, /* more than this undurable: commit syncs by itself */
    LOG_UNSYNCED_BYTES_MAX = 256 * 1024 * 1024,
    LOG_UNSYNCED_SEGMENTS_MAX = 64,
};
/* Sequences and epochs rise from 1 to these, which takes for ever; whatever is above was not
   written by a log. */
#define LOG_SEQ_MAX (UINT64_C(1) << 62)
#define LOG_EPOCH_MAX (UINT32_C(1) << 31)
_Static_assert(LOG_UNSYNCED_RECORDS_MAX < LOG_SEQ_SKIP,
               "a power cut must not lose more than is skipped");

struct log_skip { /* no record that counts has a sequence in between; both 0: none */
    uint64_t kept_seq, first_seq;
};

struct log_segment_header {
    struct log_uuid log, segment, source;
    uint64_t file_bytes;
    uint32_t epoch, prev_epoch;
    uint64_t first_seq, kept_seq, epoch_first_seq;
    uint64_t prev_seq;
    int64_t prev_log_ns, prev_wall_ns;
    int64_t created_wall_ns;
    struct log_skip skips[LOG_SKIPS_KEPT]; /* of earlier epochs, the latest first */
};

void log_header_encode(const struct log_segment_header *from,
                       uint8_t out[LOG_SEGMENT_HEADER_BYTES]);
/* MALFORMED: not a header (never written, or torn). VERSION: a header of another version. */
bool log_header_decode(const uint8_t from[LOG_SEGMENT_HEADER_BYTES], struct log_segment_header *ret,
                       struct error *err);

/* How many of the sequences [first_seq, next_seq) no record that counts ever had, as far as the
   segment knows: none of a later epoch's. */
uint64_t log_header_unused(const struct log_segment_header *header, uint64_t first_seq,
                           uint64_t next_seq);
/* The skips that a segment of the next epoch remembers. */
void log_header_skips(const struct log_segment_header *header, struct log_skip ret[LOG_SKIPS_KEPT]);

/* What the CRCs of a segment's records begin with. */
uint32_t log_segment_seed(const struct log_segment_header *header);

/* Bytes a record takes in the file. */
static inline uint64_t log_record_bytes(uint32_t body_len)
{
    uint64_t whole = (uint64_t)LOG_RECORD_HEADER_BYTES + body_len;
    return (whole + LOG_RECORD_ALIGN - 1) & ~(uint64_t)(LOG_RECORD_ALIGN - 1);
}

/* Writes header, body and zero padding (log_record_bytes of them) at out; the CRC is left to
   log_record_finish. body may be at out + LOG_RECORD_HEADER_BYTES already. */
void log_record_encode(const struct log_view *from, uint8_t *out);
/* Sets the last-of-batch bit and the CRC. */
void log_record_finish(uint8_t *record, bool last_of_batch, uint32_t seed);

/* A segment's bytes, mapped or read. */
struct log_image {
    const uint8_t *bytes;
    uint64_t len;
    uint32_t seed;
    struct log_segment_header header;
};

/* Looks at the bytes at `offset` (a multiple of 8). True when a valid record is there, but for its
   place in the order of sequences. Never reads outside the image. ret_last_of_batch may be NULL. */
bool log_record_at(const struct log_image *image, uint64_t offset, bool check_crc,
                   struct log_view *ret_view, bool *ret_last_of_batch);

/* Whether a record may follow the record (prev_seq, prev_epoch); both 0 when nothing precedes it.
 */
static inline bool log_record_follows(uint64_t prev_seq, uint32_t prev_epoch, uint64_t seq,
                                      uint32_t epoch)
{
    return seq == prev_seq + 1 ? epoch >= prev_epoch : seq > prev_seq && epoch > prev_epoch;
}

/* File names. log_name_parse: false for anything that is not a segment's name. */
void log_name_segment(uint64_t first_seq, uint32_t epoch, char out[LOG_NAME_BYTES]);
bool log_name_parse(const char *name, uint64_t *ret_first_seq, uint32_t *ret_epoch);
#define LOG_NAME_PREP "next.prep"
#define LOG_NAME_PREP_TMP "prep.tmp"
#define LOG_NAME_SEAL_TMP "seal.tmp"
#define LOG_NAME_CONTROL "control"
#define LOG_NAME_CONTROL_TMP "control.tmp"
#define LOG_NAME_LOCK "lock"

#endif
