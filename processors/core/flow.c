#include "processors/core/flow.h"

#include <string.h>

_Static_assert(FLOW_BUCKETS > FLOW_SECONDS + 1, "the running second must not overwrite the oldest");

static uint32_t place(int64_t second)
{
    return (uint32_t)((uint64_t)second % FLOW_BUCKETS);
}

void flow_to(struct flow *f, int64_t second)
{
    if (second - f->second > FLOW_SECONDS) {
        memset(f->bucket, 0, sizeof f->bucket);
        f->sum = 0;
        f->second = second;
        return;
    }
    while (f->second < second) {
        f->second++;
        uint32_t leaving = place(f->second - FLOW_SECONDS - 1);
        f->sum -= f->bucket[leaving];
        f->bucket[leaving] = 0;
    }
}

void flow_add(struct flow *f, int64_t second, int64_t n)
{
    if (f->second - second > FLOW_SECONDS)
        return;
    uint32_t *bucket = &f->bucket[place(second < f->second ? second : f->second)];
    int64_t room = (int64_t)UINT32_MAX - *bucket;
    int64_t counted = n < room ? n : room;
    *bucket += (uint32_t)counted;
    f->sum += counted;
}

void flow_derive(struct flow *f)
{
    f->sum = 0;
    for (uint32_t i = 0; i < FLOW_BUCKETS; i++)
        f->sum += f->bucket[i];
}
