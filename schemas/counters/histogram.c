#include "schemas/counters/counters.h"

static const struct histogram_info histograms[HISTOGRAM_COUNT] = {
#define HISTOGRAM_INFO(program, name, help)                                                        \
    {#name, help, PROGRAM_##program, COUNTER_##program##_##name##_LE_0},
    HISTOGRAMS(HISTOGRAM_INFO)
#undef HISTOGRAM_INFO
};

#define HISTOGRAM_ROWS_FOLLOW(program, name, help)                                                 \
    _Static_assert(COUNTER_##program##_##name##_SUM_US - COUNTER_##program##_##name##_LE_0 ==      \
                       HISTOGRAM_BOUNDS + 1,                                                       \
                   "a bucket for each bound, one over them all, then the sum");
HISTOGRAMS(HISTOGRAM_ROWS_FOLLOW)
#undef HISTOGRAM_ROWS_FOLLOW

const struct histogram_info *histogram_info_of(enum histogram histogram)
{
    return (unsigned)histogram < HISTOGRAM_COUNT ? &histograms[histogram] : NULL;
}

bool counter_in_histogram(enum counter counter)
{
    for (int h = 0; h < HISTOGRAM_COUNT; h++) {
        if (counter >= histograms[h].first && counter <= histograms[h].first + HISTOGRAM_BOUNDS + 1)
            return true;
    }
    return false;
}

void counters_observe(struct counters *counters, enum histogram histogram, int64_t duration_ns)
{
    static const int64_t bounds_ms[HISTOGRAM_BOUNDS] = HISTOGRAM_BOUNDS_MS;
    const int64_t us = duration_ns > 0 ? duration_ns / 1000 : 0;
    uint32_t bucket = 0;
    while (bucket < HISTOGRAM_BOUNDS && us > bounds_ms[bucket] * 1000)
        bucket++;
    enum counter first = histograms[histogram].first;
    counters_add(counters, (enum counter)(first + bucket), 1);
    counters_add(counters, (enum counter)(first + HISTOGRAM_BOUNDS + 1), (uint64_t)us);
}
