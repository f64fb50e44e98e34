#include "processors/core/flow.h"

#include <string.h>

_Static_assert(FLOW_BUCKETS > FLOW_SECONDS + 1, "the running second must not overwrite the oldest");

static uint32_t place(int64_t second)
{
    return (uint32_t)((uint64_t)second % FLOW_BUCKETS);
}

void flow_to(struct flow *f, int64_t second)
{
    if (f->filled == 0 || second - f->second > FLOW_SECONDS) {
        if (f->filled)
            memset(f->bucket, 0, sizeof f->bucket);
        f->filled = 0;
        f->sum = 0;
        f->second = second > f->second ? second : f->second;
        return;
    }
    while (f->second < second) {
        f->second++;
        uint32_t leaving = place(f->second - FLOW_SECONDS - 1);
        if (!(f->filled >> leaving & 1u))
            continue;
        f->sum -= f->bucket[leaving];
        f->bucket[leaving] = 0;
        f->filled &= ~(UINT64_C(1) << leaving);
    }
}

void flow_add(struct flow *f, int64_t second, int64_t n)
{
    if (n == 0 || f->second - second > FLOW_SECONDS)
        return;
    uint32_t at = place(second < f->second ? second : f->second);
    int64_t room = (int64_t)UINT32_MAX - f->bucket[at];
    int64_t counted = n < room ? n : room;
    f->bucket[at] += (uint32_t)counted;
    f->sum += counted;
    f->filled |= UINT64_C(1) << at;
}

int64_t flow_next(const struct flow *f)
{
    if (f->filled == 0)
        return INT64_MAX;
    int64_t first = f->second - FLOW_SECONDS;
    uint32_t by = place(first);
    uint64_t from_first = f->filled >> by | f->filled << (FLOW_BUCKETS - by) % FLOW_BUCKETS;
    return first + __builtin_ctzll(from_first) + FLOW_SECONDS + 1;
}

void flow_derive(struct flow *f)
{
    f->sum = 0;
    f->filled = 0;
    for (uint32_t i = 0; i < FLOW_BUCKETS; i++) {
        f->sum += f->bucket[i];
        f->filled |= (uint64_t)(f->bucket[i] != 0) << i;
    }
}
