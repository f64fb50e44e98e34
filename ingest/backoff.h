/*
 * backoff: how long to wait before the next connection attempt. Doubles from BACKOFF_FIRST_MS up to a cap, and takes a random
 * half of it, so that many clients do not come back in step after a broker's restart.
 *
 *     struct backoff backoff;
 *     backoff_start(&backoff, reconnect_max_s * 1000, seed);
 *     …attempt failed: wait backoff_next_ms(&backoff)
 *     …a connection held: backoff_reset(&backoff)
 *
 * Pure: the seed decides everything. Caller-owned; one thread.
 */
#ifndef CROWDTIDE_INGEST_BACKOFF_H
#define CROWDTIDE_INGEST_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 200 };

struct backoff {
    uint32_t step_ms; /* the next pause before jitter */
    uint32_t max_ms;
    uint64_t random;
};

/* max_ms below BACKOFF_FIRST_MS counts as BACKOFF_FIRST_MS. */
void backoff_start(struct backoff *backoff, uint32_t max_ms, uint64_t seed);
/* The pause before the next attempt: between half the step and the step. Each call doubles the step up to max_ms. */
uint32_t backoff_next_ms(struct backoff *backoff);
/* The next pause is a short one again. */
void backoff_reset(struct backoff *backoff);

#endif
