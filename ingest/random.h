/*
 * random: a small seeded generator (splitmix64): the same seed gives the same sequence on every machine. For jitter and simulation,
 * never for secrets.
 */
#ifndef CROWDTIDE_INGEST_RANDOM_H
#define CROWDTIDE_INGEST_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 … n-1; n must not be 0. The bias of the multiply-shift is below n / 2^32. */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(((random_next(state) >> 32) * n) >> 32);
}

/* [0, 1) */
static inline double random_unit(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

#endif
