#include "ingest/backoff.h"

#include "ingest/random.h"

void backoff_start(struct backoff *backoff, uint32_t max_ms, uint64_t seed)
{
    *backoff = (struct backoff){
        .step_ms = BACKOFF_FIRST_MS,
        .max_ms = max_ms < BACKOFF_FIRST_MS ? BACKOFF_FIRST_MS : max_ms,
        .random = seed,
    };
}

uint32_t backoff_next_ms(struct backoff *backoff)
{
    uint32_t half_ms = backoff->step_ms / 2;
    uint32_t pause_ms = half_ms + random_below(&backoff->random, backoff->step_ms - half_ms + 1);
    backoff->step_ms =
        backoff->step_ms > backoff->max_ms / 2 ? backoff->max_ms : backoff->step_ms * 2;
    return pause_ms;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->step_ms = BACKOFF_FIRST_MS;
}
