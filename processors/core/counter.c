#include "processors/core/counter.h"

enum { DAY_MS = 24 * 3600 * 1000 };

/* What one channel shows beside what it showed before. */
struct channel {
    bool fell, near; /* near: it still shows over half */
    bool wrapped;
    int64_t moved; /* unless it fell */
};

static int64_t day_of(int64_t at_ms, const struct counter_rules *rules)
{
    int64_t local_ms = at_ms + (int64_t)rules->utc_offset_s * 1000;
    return local_ms / DAY_MS - (local_ms % DAY_MS < 0);
}

static bool wraps_at(int64_t end, int64_t near, int64_t old, int64_t now)
{
    return old < end && old >= end - near && now <= near;
}

/* Where the counter has wrapped; 0: it has not. */
static int64_t wrap_find(int64_t wrap, int64_t old, int64_t now)
{
    static const int64_t ends[] = {INT64_C(65536), INT64_C(4294967296)};
    if (wrap)
        return wraps_at(wrap, wrap / COUNTER_WRAP_PART, old, now) ? wrap : 0;
    for (int i = 0; i < 2; i++) {
        if (wraps_at(ends[i], COUNTER_WRAP_NEAR, old, now))
            return ends[i];
    }
    return 0;
}

/* wrap < 0: it can't have wrapped. */
static struct channel look(int64_t old, int64_t now, int64_t wrap, int64_t passed_ms)
{
    struct channel c = {0};
    if (now == RESULT_ABSENT || old == RESULT_ABSENT)
        return c;
    if (now >= old) {
        c.moved = now - old;
        return c;
    }
    int64_t end = wrap < 0 ? 0 : wrap_find(wrap, old, now);
    if (end && (now + end - old - COUNTER_MOST) * 1000 <= passed_ms * COUNTER_MOST_PER_S) {
        c.wrapped = true;
        c.moved = now + end - old;
        return c;
    }
    c.fell = true;
    c.near = now > old / 2;
    return c;
}

static void remember(struct counter_memory *memory, const struct counter_rules *rules,
                     const struct counter_reading *r)
{
    int64_t day = day_of(r->at_ms - COUNTER_MIDNIGHT_MS, rules);
    memory->day = day > memory->day ? (int32_t)day : memory->day;
    memory->at_ms = r->at_ms;
    if (r->in != RESULT_ABSENT)
        memory->in = r->in;
    if (r->out != RESULT_ABSENT)
        memory->out = r->out;
}

/* A daily counter that has not begun the day yet, although it is time. */
static bool midnight_due(const struct counter_memory *memory, const struct counter_rules *rules,
                         const struct counter_reading *r)
{
    return rules->daily && day_of(r->at_ms + COUNTER_MIDNIGHT_MS, rules) > memory->day;
}

/* It shows less. */
static enum counter_verdict fallen(const struct counter_memory *memory,
                                   const struct counter_rules *rules,
                                   const struct counter_reading *r, int64_t passed_ms, bool near)
{
    if (r->order == COUNTER_ORDER_UNKNOWN && near && passed_ms < COUNTER_SETTLE_MS)
        return COUNTER_OLD;
    if (midnight_due(memory, rules, r))
        return COUNTER_NEW_DAY;
    int64_t shown = counter_or_zero(r->in) + counter_or_zero(r->out);
    if (near && shown - COUNTER_FULL > passed_ms * COUNTER_FULL_PER_S / 1000)
        return COUNTER_ROLLED_BACK;
    return COUNTER_RESET;
}

static enum counter_verdict judge(const struct counter_memory *memory,
                                  const struct counter_rules *rules,
                                  const struct counter_reading *r, int64_t *ret_in,
                                  int64_t *ret_out)
{
    /* Believed although its clock was set back: it was silent before. */
    int64_t passed_ms = r->at_ms - memory->at_ms;
    if (passed_ms < 0)
        passed_ms = COUNTER_SETTLE_MS;
    int64_t wrap = midnight_due(memory, rules, r) ? -1 : rules->wrap;
    struct channel in = look(memory->in, r->in, wrap, passed_ms);
    struct channel out = look(memory->out, r->out, wrap, passed_ms);
    if (in.fell || out.fell) /* a device resets both */
        return fallen(memory, rules, r, passed_ms,
                      (!in.fell || in.near) && (!out.fell || out.near));
    if (rules->daily && rules->offset_known && passed_ms >= COUNTER_UNHEARD_MS &&
        day_of(r->at_ms - COUNTER_MIDNIGHT_MS, rules) > memory->day)
        return COUNTER_NEW_DAY;
    *ret_in = in.moved;
    *ret_out = out.moved;
    return in.wrapped || out.wrapped ? COUNTER_WRAPPED : COUNTER_MOVED;
}

enum counter_verdict counter_step(struct counter_memory *memory, const struct counter_rules *rules,
                                  const struct counter_reading *reading, int64_t *ret_in,
                                  int64_t *ret_out)
{
    int64_t in = 0, out = 0;
    *ret_in = 0;
    *ret_out = 0;
    if (!memory->known) {
        *memory = (struct counter_memory){
            .known = true, .day = INT32_MIN, .in = RESULT_ABSENT, .out = RESULT_ABSENT};
        remember(memory, rules, reading);
        return COUNTER_BASELINE;
    }
    if (reading->order == COUNTER_OLDER)
        return COUNTER_OLD;
    enum counter_verdict verdict = judge(memory, rules, reading, &in, &out);
    if (verdict == COUNTER_OLD)
        return verdict;
    remember(memory, rules, reading);
    if (verdict == COUNTER_NEW_DAY)
        memory->day = (int32_t)day_of(reading->at_ms + COUNTER_MIDNIGHT_MS, rules);
    if (verdict == COUNTER_NEW_DAY || verdict == COUNTER_RESET) {
        in = counter_or_zero(reading->in);
        out = counter_or_zero(reading->out);
    }
    if (in > COUNTER_JUMP_MAX || out > COUNTER_JUMP_MAX)
        return COUNTER_JUMP;
    *ret_in = in;
    *ret_out = out;
    return verdict;
}
