/*
 * page_state: what one target knows, and how far the alerts were dealt with when it learnt that:
 * one file, replaced as a whole, so that after a crash the two can't disagree.
 *
 *     page_state_load(path, &state, &err);              NOT_FOUND: the target's first use
 *     page_state_put(state, &alert, 0, alert.level, &err);  the target was told of it
 *     page_state_drop(state, alert.id);                 … of its end
 *     state->position = …;
 *     page_state_store(state, path, &err);              durable
 *     page_state_free(state);
 *
 * Why not read the open alerts again from the log, from a place that is pinned: what a target was
 * told follows from the log only with the roster that was in force then, with what it refused, and
 * with what a digest had told it; and a pin for a day's alert would hold the log for that day. This
 * is no second truth about alerts, only about what was said of them: the alerts themselves are
 * copies of the log's records, as they were said.
 *
 * The file, little-endian:
 *
 *     offset bytes
 *          0     8  magic "CTPAGES1"
 *          8     4  CRC32C of everything behind
 *         12     4  alerts
 *         16    16  UUID of the alerts log
 *         32     8  sequence in it      40  4  epoch      44  4  index
 *         48     8  input sequence      56  4  input epoch
 *         60     4  Kafka partitions
 *         64    16  UUID of the readings log that the alerts are made from
 *         80     8  for each partition: offset of the next record, -1: from its beginning
 *          …        for each alert: flags (3), level said last (1), length (4), result body
 *                   (schemas/result)
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_STATE_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_STATE_H

#include "schemas/log/log.h"
#include "schemas/result/result.h"

enum {
    PAGE_PARTITIONS_MAX = 1000, /* as many as the setting kafka.partitions allows */
    PAGE_KNOWN_MAX = 65536,     /* alerts that a target knows at once */
    PAGE_ALERT_BYTES_MAX = 256 * 1024,
};

struct page_position {
    struct log_position log;
    struct log_uuid readings;
    uint64_t lost; /* records before it that its source could not give since it was opened; not stored */
    uint32_t partitions; /* 0: of a log */
    int64_t offset[PAGE_PARTITIONS_MAX];
};

/* Nothing has been dealt with yet. */
static inline bool page_position_none(const struct page_position *position)
{
    for (uint32_t i = 0; i < position->partitions; i++)
        if (position->offset[i] >= 0)
            return false;
    return position->log.seq == 0;
}

/* An alert with its bytes. */
struct page_alert {
    struct result_alert alert; /* borrows from body */
    uint32_t len;
    uint8_t body[];
};
/* NULL: no memory, or over PAGE_ALERT_BYTES_MAX. */
struct page_alert *page_alert_copy(const struct result_alert *alert);

enum {                           /* flags of a known alert */
       PAGE_KNOWN_BY_DIGEST = 1, /* the target heard of it in a digest only */
       PAGE_KNOWN_DIGEST = 2,    /* it is such a digest, open while one of those is */
       PAGE_KNOWN_OWED = 4,      /* as it is here it is yet to be said, without ringing */
};

struct page_known {
    uint32_t flags;
    int8_t said_level; /* the last that was said; LEVEL_ABSENT: none */
    struct page_alert *now;
};

struct page_state {
    struct page_position position;
    struct page_known *known;
    uint32_t known_count, known_cap;
};

/* NULL: no memory. */
struct page_state *page_state_new(void);
void page_state_free(struct page_state *state); /* NULL is allowed */

/* NOT_FOUND, CORRUPT, NO_MEMORY, IO. */
bool page_state_load(const char *path, struct page_state **ret, struct error *err);
/* Durable when it returns true; otherwise what was there before is there still. Written beside it
   first, as .{name}.new: no target's id begins with a dot. */
bool page_state_store(const struct page_state *state, const char *path, struct error *err);

/* NULL: not known. Until the next put or drop. */
struct page_known *page_state_find(const struct page_state *state, struct str id);
/* Adds it or takes the place of what was known of it. NO_MEMORY, TOO_LARGE. */
bool page_state_put(struct page_state *state, const struct result_alert *alert, uint32_t flags,
                    int said_level, struct error *err);
void page_state_drop(struct page_state *state, struct str id);

#endif
