/*
 * random: seeded randomness for the simulation (splitmix64): the same seed gives the same day on
 * every machine. Each thing that needs chance has a state of its own, so that a fault more does not
 * change what everybody else does.
 */
#ifndef CROWDTIDE_TESTS_QUALITY_RANDOM_H
#define CROWDTIDE_TESTS_QUALITY_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A state of its own for thing number `index` of what `seed` stands for. */
static inline uint64_t random_of(uint64_t seed, uint64_t index)
{
    uint64_t state = seed * 0xd1342543de82ef95u + index;
    return random_next(&state);
}

static inline double random_unit(uint64_t *state) /* [0, 1) */
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

static inline double random_between(uint64_t *state, double low, double high)
{
    return low + (high - low) * random_unit(state);
}

static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(((random_next(state) >> 32) * n) >> 32);
}

/* About normal, without libm: the sum of twelve uniform numbers. */
static inline double random_normal(uint64_t *state, double mean, double deviation)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += random_unit(state);
    return mean + deviation * sum;
}

/* Exponential, by the number of halvings (exact to 1 %, without libm). */
static inline double random_exponential(uint64_t *state, double mean)
{
    double halvings = 0, u = random_unit(state);
    while (u < 0.5 && halvings < 40) {
        u *= 2;
        halvings++;
    }
    /* u in [0.5, 1): −ln u by a polynomial around 0.75. */
    double x = u / 0.75 - 1;
    double log = -0.2876820724517809 + x * (1 - x * (0.5 - x * (1.0 / 3 - x * 0.25)));
    return mean * (halvings * 0.6931471805599453 - log);
}

#endif
