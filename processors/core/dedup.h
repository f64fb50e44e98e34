/*
 * dedup: has this sensor sent this message before, within its last 1,024?
 *
 * Identity: source time and seq. A message with a seq but no time is identified by seq and bytes;
 * since a device that restarts counts from 0 or 1 again, such a seq begins its memory anew. A
 * message without seq is a repeat only when the broker says so (DUP) and the bytes are the same.
 *
 * The usual message is newer than all before it and needs one comparison and one store. Only a
 * disordered one is looked up. Messages are kept in blocks of 64, in one of two ways:
 *  - in step: each is the next seq, at most 65 s after the one before, as sensors do that miss
 *    nothing. 2 bytes a message, and exact: nothing is ever taken for a repeat that is none;
 *  - loose: anything else, 4 bytes a message and the block's span of source time. A disordered
 *    message is taken for a repeat of a different one with a probability of 1.5e-8 for each such
 *    block whose span covers its time (usually one).
 * A block begins in step and is made loose by the first message that does not fit. Both arrays are
 * address space first: pages that no message reached cost nothing.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_DEDUP_H
#define CROWDTIDE_PROCESSORS_CORE_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

#include "schemas/base/str.h"

enum {
    DEDUP_MESSAGES = 1024,
    DEDUP_BLOCK = 64,
    DEDUP_BLOCKS = DEDUP_MESSAGES / DEDUP_BLOCK + 1, /* one more: the oldest is given up whole */
};

struct dedup_step { /* a block in step */
    int64_t ts_first, seq_first;
    uint16_t gap_ms[DEDUP_BLOCK - 1]; /* of message i + 1 behind message i */
};

struct dedup_loose {
    int64_t ts_min, ts_max;
    uint32_t key[DEDUP_BLOCK];
};

struct dedup_memory {              /* of one sensor */
    int64_t newest_ts, newest_seq; /* greatest pair so far; INT64_MIN: none */
    int64_t newest_bare_seq;       /* greatest seq of a message without time */
    uint32_t last_key;             /* of the last message; 0 when it was in step */
    uint32_t loose;                /* bit b: block b is loose */
    uint16_t next;                 /* place of the next message over all blocks */
    bool wrapped;                  /* every block has been filled once */
};

struct dedup { /* of all sensors; block b of sensor s is at [b * sensors + s] */
    struct dedup_step *steps;
    struct dedup_loose *looses;
    uint32_t sensors;
};

struct dedup_message {
    int64_t ts_ms, seq; /* RESULT_ABSENT when the message has none */
    bool dup;           /* the broker's flag */
    struct str bytes;
};

bool dedup_init(struct dedup *d, uint32_t sensors); /* false: out of memory */
void dedup_free(struct dedup *d);
void dedup_memory_init(struct dedup_memory *memory);
/* True for a repeat; otherwise remembers it. */
bool dedup_seen(struct dedup *d, uint32_t sensor, struct dedup_memory *memory,
                const struct dedup_message *message);
/* Its next message will be looked at soon: memory may begin to fetch. Changes nothing. */
void dedup_fetch(const struct dedup *d, uint32_t sensor, const struct dedup_memory *memory);
/* Messages held in a block, and where: what a snapshot keeps. */
uint32_t dedup_block_used(const struct dedup_memory *memory, uint32_t block);
bool dedup_block_loose(const struct dedup_memory *memory, uint32_t block);
struct dedup_step *dedup_step_at(const struct dedup *d, uint32_t sensor, uint32_t block);
struct dedup_loose *dedup_loose_at(const struct dedup *d, uint32_t sensor, uint32_t block);
/* Same sensor in another model: copies what it remembers. */
void dedup_copy(struct dedup *to, uint32_t to_sensor, const struct dedup *from,
                uint32_t from_sensor, const struct dedup_memory *memory);

#endif
