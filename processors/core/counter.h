/*
 * counter: what a counter that only rises (since midnight, since ever) says about passages since
 * its last message. Tells apart a wrap (near 2^16, 2^32: the venue file says which), a reset and a
 * message out of order.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_COUNTER_H
#define CROWDTIDE_PROCESSORS_CORE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    COUNTER_WRAP_PART = 8,     /* wraps from the last to the first eighth of its range */
    COUNTER_JUMP_MAX = 100000, /* more passages than this between two messages are no passages */
};

enum counter_verdict {
    COUNTER_BASELINE, /* the first message: nothing to compare with */
    COUNTER_MOVED,
    COUNTER_WRAPPED,
    COUNTER_RESET, /* counted from 0 again: what it shows has passed since */
    COUNTER_OLD,   /* out of order: says nothing new */
    COUNTER_JUMP,  /* over COUNTER_JUMP_MAX: taken as the new baseline, nothing moved */
};

enum counter_order {
    COUNTER_ORDER_UNKNOWN,
    COUNTER_NEWER,
    COUNTER_OLDER
}; /* by time or seq of the source */

struct counter_memory {
    bool known;
    int64_t in, out; /* last shown; RESULT_ABSENT when the sensor has never sent that one */
};

/* in, out: as shown, RESULT_ABSENT when the message lacks one. wrap: 0 when it does not. *ret_in
 * and *ret_out: passages, 0 unless MOVED, WRAPPED or RESET. */
enum counter_verdict counter_step(struct counter_memory *memory, int64_t wrap,
                                  enum counter_order order, int64_t in, int64_t out,
                                  int64_t *ret_in, int64_t *ret_out);

#endif
