#include "processors/core/skew.h"

static void begin(struct skew *skew, int64_t now_ms, int64_t offset_ms)
{
    skew->first_ms = skew->least_ms = offset_ms;
    skew->since_ms = now_ms;
    skew->count = 1;
    skew->strays = 0;
}

bool skew_set_back(const struct skew *skew, int64_t now_ms, int64_t source_ms)
{
    int64_t fell_ms = skew->first_ms - skew->least_ms;
    return skew->count >= SKEW_MESSAGES && skew->strays == 0 &&
           fell_ms * SKEW_PACE_PART <= now_ms - skew->since_ms &&
           source_ms + skew->least_ms > now_ms + SKEW_STEADY_MS;
}

void skew_note(struct skew *skew, int64_t now_ms, int64_t offset_ms)
{
    if (skew->count == 0 || offset_ms < skew->first_ms - SKEW_STEADY_MS) {
        begin(skew, now_ms, offset_ms);
        return;
    }
    if (offset_ms > skew->least_ms + SKEW_STEADY_MS) {
        if (++skew->strays >= SKEW_STRAYS)
            begin(skew, now_ms, offset_ms);
        return;
    }
    skew->strays = 0;
    skew->least_ms = offset_ms < skew->least_ms ? offset_ms : skew->least_ms;
    skew->count += skew->count < SKEW_MESSAGES;
    if (skew->count < SKEW_MESSAGES || now_ms - skew->since_ms < SKEW_RUN_MS)
        return;
    skew->offset_ms =
        skew->least_ms >= SKEW_LEAST_MS || skew->least_ms <= -SKEW_LEAST_MS ? skew->least_ms : 0;
}
