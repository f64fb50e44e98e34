#include "processors/core/counter.h"

#include "schemas/result/result.h"

/* Passages on one channel, and the verdict of that channel alone. */
static enum counter_verdict channel(int64_t old, int64_t now, int64_t wrap,
                                    enum counter_order order, int64_t *ret)
{
    *ret = 0;
    if (now == RESULT_ABSENT || old == RESULT_ABSENT)
        return COUNTER_MOVED;
    if (now >= old) {
        *ret = now - old;
        return COUNTER_MOVED;
    }
    if (wrap > 0 && old < wrap && old >= wrap - wrap / COUNTER_WRAP_PART &&
        now <= wrap / COUNTER_WRAP_PART) {
        *ret = now + wrap - old;
        return COUNTER_WRAPPED;
    }
    /* Without time and seq: a message out of order lies just below, a counter that began anew far
     * below. */
    if (order == COUNTER_ORDER_UNKNOWN && now > old / 2)
        return COUNTER_OLD;
    return COUNTER_RESET;
}

static void remember(int64_t *to, int64_t shown)
{
    if (shown != RESULT_ABSENT)
        *to = shown;
}

static int64_t or_zero(int64_t v)
{
    return v == RESULT_ABSENT ? 0 : v;
}

enum counter_verdict counter_step(struct counter_memory *memory, int64_t wrap,
                                  enum counter_order order, int64_t in, int64_t out,
                                  int64_t *ret_in, int64_t *ret_out)
{
    *ret_in = 0;
    *ret_out = 0;
    if (!memory->known) {
        *memory = (struct counter_memory){.known = true, .in = in, .out = out};
        return COUNTER_BASELINE;
    }
    if (order == COUNTER_OLDER)
        return COUNTER_OLD;
    int64_t moved_in, moved_out;
    enum counter_verdict a = channel(memory->in, in, wrap, order, &moved_in);
    enum counter_verdict b = channel(memory->out, out, wrap, order, &moved_out);
    enum counter_verdict verdict = COUNTER_MOVED;
    if (a == COUNTER_RESET || b == COUNTER_RESET) { /* a device resets both */
        verdict = COUNTER_RESET;
        moved_in = or_zero(in);
        moved_out = or_zero(out);
    } else if (a == COUNTER_OLD || b == COUNTER_OLD) {
        return COUNTER_OLD;
    } else if (a == COUNTER_WRAPPED || b == COUNTER_WRAPPED) {
        verdict = COUNTER_WRAPPED;
    }
    remember(&memory->in, in);
    remember(&memory->out, out);
    if (moved_in > COUNTER_JUMP_MAX || moved_out > COUNTER_JUMP_MAX)
        return COUNTER_JUMP;
    *ret_in = moved_in;
    *ret_out = moved_out;
    return verdict;
}
