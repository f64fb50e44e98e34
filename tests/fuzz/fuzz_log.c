/*
 * A log's directory as a recipe, byte for byte: segments and records that are well-formed up to
 * what the recipe breaks. Reading and verifying must agree, refusing must change nothing; and where
 * only bytes were damaged, holes left and files cut, what recovery keeps is what could be read.
 */
#include <stdio.h>
#include <string.h>

#include "schemas/base/bytes.h"
#include "schemas/base/crc32c.h"
#include "schemas/log/log_control.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

enum { IMAGE_BYTES = 16384, FILE_BYTES = 65536, SEGMENTS_MAX = 6, RECORDS_MAX = 512 };

static const struct log_uuid uuid = {{1}};

struct recipe {
    const uint8_t *at, *end;
    uint8_t image[IMAGE_BYTES];
    uint32_t used, record; /* where the next record goes, and where the last one began */
    struct log_segment_header header;
    bool open, prep;
    bool crafted; /* no writer makes such numbers: with a checksum that holds, anything may be lost
                   */
    uint32_t segments;
    uint64_t seq;
};

static uint8_t take(struct recipe *r)
{
    return r->at < r->end ? *r->at++ : 0;
}

static uint64_t take_u64(struct recipe *r)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | take(r);
    return v;
}

static void segment_end(struct recipe *r, uint64_t file_bytes)
{
    char name[LOG_NAME_BYTES] = LOG_NAME_PREP;
    if (!r->open)
        return;
    if (!r->prep)
        log_name_segment(r->header.first_seq, r->header.epoch, name);
    scratch_write(name, r->image, r->used < file_bytes ? r->used : file_bytes, file_bytes);
    r->open = false;
}

static void segment_begin(struct recipe *r)
{
    segment_end(r, FILE_BYTES);
    uint8_t bits = take(r);
    int8_t back = (int8_t)take(r);
    struct log_segment_header h = {.log = uuid, .file_bytes = FILE_BYTES};
    bool roll = (bits & 2) && r->segments;
    h.log.bytes[1] = bits & 1 ? take(r) : 0;
    h.segment.bytes[0] = (uint8_t)r->segments;
    h.epoch = r->header.epoch + !roll;
    h.prev_epoch = r->header.epoch;
    h.first_seq = r->seq + 1 - (uint64_t)(int64_t)back;
    h.kept_seq = roll ? r->header.kept_seq : r->seq;
    h.epoch_first_seq = roll ? r->header.epoch_first_seq : r->seq + 1 + (bits & 4 ? take(r) : 0);
    h.prev_seq = bits & 8 ? r->seq - take(r) : h.first_seq - 1;
    r->crafted = r->crafted || back || (bits & (1 | 4 | 8));
    r->seq = h.first_seq - 1;
    r->header = h;
    r->prep = bits & 16;
    r->open = r->segments++ < SEGMENTS_MAX;
    log_header_encode(&h, r->image);
    memset(r->image + LOG_SEGMENT_HEADER_BYTES, 0, IMAGE_BYTES - LOG_SEGMENT_HEADER_BYTES);
    r->used = LOG_SEGMENT_HEADER_BYTES;
    r->record = 0;
}

static void record_add(struct recipe *r)
{
    uint8_t body[256] = {0}, bits = take(r);
    struct log_view view = {.epoch = r->header.epoch, .body = body, .type = 1};
    view.body_len = bits & 1 ? take(r) : 8;
    view.seq = r->seq + 1 + (bits & 2 ? take(r) : 0);
    view.epoch -= bits & 4 ? take(r) : 0;
    uint8_t behind = bits & 8 ? take(r) : 255;
    view.durable_seq = behind < r->seq ? r->seq - behind : 0;
    r->crafted = r->crafted || (bits & (2 | 4));
    body[0] = take(r);
    uint64_t bytes = log_record_bytes(view.body_len);
    if (!r->open || bytes > IMAGE_BYTES - r->used)
        return;
    r->record = r->used;
    log_record_encode(&view, r->image + r->used);
    log_record_finish(r->image + r->used, !(bits & 16), log_segment_seed(&r->header));
    r->used += (uint32_t)bytes;
    r->seq = view.seq;
}

/* Eight bytes of the header, or of the last record, and a checksum that covers them. */
static void field_set(struct recipe *r, bool of_header)
{
    uint32_t at = take(r) % (of_header ? 17 : 6) * 8u;
    uint64_t value = take_u64(r);
    if (!r->open || (!of_header && !r->record))
        return;
    r->crafted = true;
    if (of_header && at >= 16) { /* not the magic: that would only be no header */
        bytes_put_u64(r->image + at, value);
        bytes_put_u32(r->image + 252, crc32c(0, r->image, 252));
    } else if (!of_header) {
        bytes_put_u64(r->image + r->record + at, value);
        uint32_t len = bytes_get_u32(r->image + r->record + 4);
        if ((len & 0x7fffffffu) <= r->used - r->record - LOG_RECORD_HEADER_BYTES)
            log_record_finish(r->image + r->record, len >> 31, log_segment_seed(&r->header));
    }
}

static void control_write(struct recipe *r)
{
    const struct log_io *io = log_io_files();
    struct log_control control;
    struct log_uuid log = uuid;
    uint8_t bits = take(r), boot[LOG_BOOT_ID_BYTES];
    log.bytes[1] = bits & 1 ? take(r) : 0;
    FUZZ_MUST(log_control_create(io, scratch_dir(), &log, &control, NULL));
    atomic_store(&control.writer->durable_seq, bits & 2 ? r->seq - take(r) : 0);
    atomic_store(&control.writer->published_seq, bits & 4 ? take_u64(r) : r->seq);
    atomic_store(&control.writer->epoch, bits & 8 ? take(r) : r->header.epoch);
    if (bits & 16)
        atomic_store(&control.writer->durable_seq, take_u64(r));
    FUZZ_MUST(io->boot_id(io->state, boot) == 0);
    boot[0] ^= bits & 32;
    log_control_set_boot(&control, boot);
    log_control_close(io, &control);
}

static void follow(struct recipe *r)
{
    segment_begin(r);
    while (r->at < r->end) {
        uint32_t at;
        switch (take(r) % 9) {
        case 0:
            segment_begin(r);
            break;
        case 1:
            field_set(r, true);
            break;
        case 2:
            field_set(r, false);
            break;
        case 3: /* a hole */
            at = r->used + take(r) * 8u;
            r->used = at < IMAGE_BYTES ? at : r->used;
            break;
        case 4: /* a byte, whatever covers it */
            at = (uint32_t)take(r) << 8 | take(r);
            r->image[at % r->used] = take(r);
            break;
        case 5: /* a file cut short, or as long as any */
            segment_end(r, take_u64(r) % (2 * FILE_BYTES));
            break;
        case 6:
            control_write(r);
            break;
        default:
            record_add(r);
        }
    }
    segment_end(r, FILE_BYTES);
}

/* ---- what is promised ---- */

struct seen {
    uint32_t count;
    bool whole; /* read to its end */
    uint64_t last_seq;
    struct mark {
        uint64_t seq;
        uint32_t epoch, crc;
    } mark[RECORDS_MAX];
};

static void look(struct seen *seen)
{
    struct log_reader_options options = {.dir = scratch_dir(), .ignore_published = true};
    struct log_reader *reader = NULL;
    struct log_view view;
    struct error err = {0};
    enum log_read got = LOG_READ_ERROR;
    memset(seen, 0, sizeof *seen);
    if (log_reader_open(&options, &reader, &err)) {
        while ((got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD) {
            FUZZ_MUST(view.seq > seen->last_seq && seen->count < RECORDS_MAX);
            seen->mark[seen->count++] =
                (struct mark){view.seq, view.epoch, crc32c(0, view.body, view.body_len)};
            seen->last_seq = view.seq;
        }
        log_reader_close(reader);
    }
    FUZZ_MUST(got == LOG_READ_CAUGHT_UP || (err.code != ERROR_NONE && err.where[0]));
    seen->whole = got == LOG_READ_CAUGHT_UP;
}

/* As a program beside the writer would: nothing is promised of a page that lies. */
static void look_live(void)
{
    struct log_reader_options options = {.dir = scratch_dir(), .verify_crc = true};
    struct log_reader *reader = NULL;
    struct log_view view, ahead;
    uint64_t last = 0;
    if (!log_reader_open(&options, &reader, NULL))
        return;
    while (log_reader_next(reader, &view, NULL) == LOG_READ_RECORD) {
        FUZZ_MUST(view.seq > last);
        last = view.seq;
        while (log_reader_ahead(reader, &ahead))
            FUZZ_MUST(ahead.seq > last);
    }
    log_reader_close(reader);
}

static void must_agree(const struct seen *seen)
{
    struct log_check check;
    struct error err = {0};
    if (log_verify(scratch_dir(), NULL, NULL, &check, &err)) {
        FUZZ_MUST(seen->whole && check.records == seen->count);
        FUZZ_MUST(seen->count == 0 || check.last_seq == seen->last_seq);
    } else {
        FUZZ_MUST(err.code != ERROR_NONE && err.where[0]);
    }
}

/* Opens for writing, appends one record and closes; false when refused. */
static bool recover(struct log_recovery *recovery, uint64_t *ret_seq)
{
    struct log_writer_options options = {
        .dir = scratch_dir(), .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_MANUAL};
    struct log_writer *writer = NULL;
    struct error err = {0};
    uint64_t before = scratch_hash(LOG_NAME_LOCK);
    if (!log_writer_open(&options, &writer, recovery, &err)) {
        FUZZ_MUST(err.code != ERROR_NONE && err.where[0]);
        FUZZ_MUST(scratch_hash(LOG_NAME_LOCK) == before);
        return false;
    }
    struct log_record record = {.type = 2, .body = "new", .body_len = 3};
    record.log_ns = recovery->last_log_ns;
    bool ok = log_writer_append(writer, &record, ret_seq, &err);
    FUZZ_MUST(ok && *ret_seq > recovery->last_seq);
    log_writer_close(writer);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct seen before, after;
    static struct recipe r;
    struct log_recovery recovery;
    uint64_t seq = 0;
    memset(&r, 0, sizeof r);
    r.at = data;
    r.end = data + size;
    scratch_empty();
    follow(&r);
    look(&before);
    look_live();
    must_agree(&before);
    if (!recover(&recovery, &seq))
        return 0;
    look(&after);
    if (r.crafted)
        return 0;
    FUZZ_MUST(after.count >= before.count);
    FUZZ_MUST(memcmp(before.mark, after.mark, before.count * sizeof before.mark[0]) == 0);
    if (!before.whole && !recovery.created) /* damage far back: recovery looks at the tail only */
        return 0;
    must_agree(&after);
    /* Of what retention deleted, recovery remembers the last record. */
    FUZZ_MUST(recovery.last_seq == before.last_seq || before.count == 0);
    FUZZ_MUST(after.whole && after.count == before.count + 1 && after.last_seq == seq);
    bool again = recover(&recovery, &seq);
    FUZZ_MUST(again ? recovery.last_seq == after.last_seq : after.last_seq > LOG_SEQ_MAX / 2);
    return 0;
}
