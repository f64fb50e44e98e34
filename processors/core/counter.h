/*
 * counter: what a counter that only rises (since midnight, since ever) says about passages since its
 * last message. When it shows less than before, several things may have happened:
 *
 *   reordering  The message is older than the last one, by the source's time or number. Without
 *               both: it shows a little less (over half), and the last one came less than
 *               COUNTER_SETTLE_MS ago; what shows less for longer than that is no latecomer.
 *   wrap        From just under the end of its range to just over 0: from the last to the first
 *               eighth when the venue file says where it wraps; within COUNTER_WRAP_NEAR of 2^16 or
 *               2^32 when it does not say. Only as far as so many people can have passed since.
 *   new day     A daily counter around local midnight, give or take COUNTER_MIDNIGHT_MS for clocks
 *               that differ: it begins anew however much it shows already.
 *   rollback    It shows a little less, but more than can have passed since the last message: a
 *               device that found an older number in its memory. It says nothing about passages.
 *   reset       Else: it counted from 0 again, and what it shows has passed since.
 *
 * A daily counter that was not heard for COUNTER_UNHEARD_MS or more around midnight has begun anew
 * even when it shows no less than before. What passed between its last message and midnight, as
 * before a reset, a rollback or in the missing part of a wrap, nobody knows: it is not counted.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_COUNTER_H
#define CROWDTIDE_PROCESSORS_CORE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "schemas/result/result.h"

enum {
    COUNTER_WRAP_PART = 8,
    COUNTER_WRAP_NEAR = 1024,
    COUNTER_JUMP_MAX = 100000, /* more passages than this between two messages are no passages */
    COUNTER_SETTLE_MS = 60 * 1000,
    COUNTER_MIDNIGHT_MS = 15 * 60 * 1000,
    COUNTER_UNHEARD_MS = 30 * 60 * 1000,
    /* More than this can't have passed a sensor: 15 m of door at 82 people/m/min … */
    COUNTER_MOST = 100,
    COUNTER_MOST_PER_S = 20,
    /* … and this is what a door of 2 m makes when it is full. */
    COUNTER_FULL = 10,
    COUNTER_FULL_PER_S = 3,
};

enum counter_verdict {
    COUNTER_BASELINE, /* the first message: nothing to compare with */
    COUNTER_MOVED,
    COUNTER_WRAPPED,
    COUNTER_NEW_DAY, /* counted from 0 again, as it should */
    COUNTER_RESET,   /* counted from 0 again: what it shows has passed since */
    COUNTER_ROLLED_BACK,
    COUNTER_OLD,  /* out of order: says nothing new */
    COUNTER_JUMP, /* over COUNTER_JUMP_MAX: taken as the new baseline, nothing moved */
};

enum counter_order {
    COUNTER_ORDER_UNKNOWN,
    COUNTER_NEWER,
    COUNTER_OLDER
}; /* by time or seq of the source */

struct counter_rules {
    int64_t wrap; /* 65536, 4294967296; 0: the venue file does not say */
    bool daily;
    bool offset_known;    /* false: local midnight is taken for that of UTC, where it shows less */
    int32_t utc_offset_s; /* of the venue's time zone; 0 when not known */
};

struct counter_reading {
    int64_t in, out; /* as shown; RESULT_ABSENT when the message lacks one */
    int64_t at_ms;   /* source time, clamped; that of receipt without one */
    enum counter_order order;
};

struct counter_memory {
    bool known;
    int32_t day;     /* local day that it counts for, since 1970 */
    int64_t at_ms;   /* of the message that said so */
    int64_t in, out; /* last shown; RESULT_ABSENT when the sensor has never sent that one */
};

/* What a message without the member adds to a sum: nothing. */
static inline int64_t counter_or_zero(int64_t shown)
{
    return shown == RESULT_ABSENT ? 0 : shown;
}

/* *ret_in and *ret_out: passages, 0 unless MOVED, WRAPPED, NEW_DAY or RESET. */
enum counter_verdict counter_step(struct counter_memory *memory, const struct counter_rules *rules,
                                  const struct counter_reading *reading, int64_t *ret_in,
                                  int64_t *ret_out);

#endif
