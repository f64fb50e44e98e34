/*
 * estimate: how many people are in one zone, and how sure that is, from two witnesses: the doors'
 * count (carried on with every passage) and the level counters' (shown again and again).
 *
 *     estimate_passage(&e, &drift, 3, pct);    3 people were counted at a door: the caller moves x
 *     estimate_level(&e, &level);              the level counters show so many
 *     estimate_anchor(&e, people, sigma);      somebody has counted
 *     estimate_age(&e, pct);                   a minute went by
 *     estimate_fuse(&e, &level)                people and variance from both
 *
 * A Kalman filter would take each message of a camera for a new independent witness, and each
 * door's next error for independent of its last. Both are wrong: a camera that shows 3 % too many
 * shows them all day, a door that misses every 20th goes on missing. Measured on simulated days,
 * the scalar filter (and one with the camera's bias as a second state) is sure of itself and wrong:
 * 25 to 73 % of the truth inside its 95 % bound. So here the two are kept apart and are weighed
 * against each other once, at the moment of asking, by their variances (the filter's own formula
 * for two witnesses):
 *
 *     people = x + g · off, g = var / (var + level's), variance = var · level's / (var + level's)
 *
 *  - a door's error is a share of the passages it has counted, the same for all of them: its
 * standard deviation grows with the passages, not with their root. Doors err independently;
 *  - off, what the level counters show beside the doors, is smoothed: their noise goes, while the
 * doors carry the movement. It never lags behind what is shown by more than the noise in their
 * bound;
 *  - the doors' count begins anew from the level when that is far better (an empty hall: a share of
 *    little is little). It has the level's error from then on, and is not taken for a second
 * opinion of it: the variance is never below origin_var and the level's, whichever is less;
 *  - two witnesses that differ by more than their bounds explain are both less sure than they say:
 * the variance grows with the square of the difference, as in metrology (R. T. Birge, The
 * Calculation of Errors by the Method of Least Squares, 1932);
 *  - two that differ by more than ESTIMATE_GATE standard deviations: one of them is wrong in
 *    a way no bound foresaw. The level, which does not accumulate what it missed, is shown, and the
 *    bound covers both, until a count by hand (or more passages) explains it;
 *  - what a door may have missed (missed.h) is as if it had the half width of the bound: missed
 * people of one door add up, doors miss people independently of each other.
 *
 * x in thousandths of a person, variances in thousandths of a person², all integers: rounded after
 * each step in a fixed order, so the same on every machine and after every restart.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_ESTIMATE_H
#define CROWDTIDE_PROCESSORS_CORE_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#define ESTIMATE_NEVER INT64_MIN
#define ESTIMATE_SIGMAS 2         /* half width of a bound: 95 % of a normal error */
#define ESTIMATE_NOISE_SHARE 0.25 /* of a level's variance: chance, new in each message */
#define ESTIMATE_GATE 3.0
/* So many times less variance: the doors' count begins anew from it. */
#define ESTIMATE_BETTER 9.0

/* Everything stays within these, and sums of a venue's within int64. */
#define ESTIMATE_VAR_MAX INT64_C(1000000000000000000) /* thirty million people, squared */
#define ESTIMATE_X_MAX_MILLI INT64_C(100000000000000)

enum {
    ESTIMATE_SMOOTH_MS = 60000,
    ESTIMATE_STALE_MS = 300000, /* a level of so long ago is no witness of now */
};

struct estimate {
    int64_t x_milli;    /* by the doors */
    int64_t var;        /* of that */
    int64_t origin_var; /* the part of it that came from the level counters */
    int64_t off_milli;  /* level counters less doors, smoothed */
    int64_t level_ms;   /* log time of the last level; ESTIMATE_NEVER: none, or stale */
    bool begun;         /* it is known where the doors' count began */
    uint32_t era;       /* counts where it began anew */
};

struct estimate_drift { /* of one door in one zone; all zero at first */
    int64_t sigma_milli;
    uint32_t era;
};

/* What one door may have missed in one zone since the era began; all zero at first. */
struct estimate_missed {
    int64_t milli[2];  /* people inward, outward, as the door counts */
    int64_t silent_ms; /* of the absence whose account is open */
    uint32_t era;
};

struct estimate_level {
    int64_t z_milli; /* shown by all level counters together */
    int64_t var;     /* of that */
    int64_t now_ms;  /* log time, never falling */
};

struct estimate_fused {
    int64_t x_milli, var;
    bool conflict; /* beyond the gate */
};

struct estimate estimate_begin(int64_t x_milli, int64_t sigma_milli);

/* The variance that counting so many people at a door adds. error_pct: half width of the door's
 * bound, of the passages it has counted. */
void estimate_passage(struct estimate *e, struct estimate_drift *drift, int64_t passages,
                      double error_pct);
/* The level counters have spoken, all of them. */
void estimate_level(struct estimate *e, const struct estimate_level *level);
/* What is believed. level_var: of the level counters now. */
struct estimate_fused estimate_fuse(const struct estimate *e, int64_t level_var);
void estimate_anchor(struct estimate *e, int64_t x_milli, int64_t sigma_milli);
/* One minute: people whom no door saw. pct_per_hour: standard deviation that an hour adds, of x. */
void estimate_age(struct estimate *e, double pct_per_hour);
/* The level is stale: the doors go on from what was believed. */
void estimate_level_lost(struct estimate *e, int64_t level_var);
/* So many more may have been missed (below 0: fewer, after all). */
void estimate_missed(struct estimate *e, struct estimate_missed *missed, const int64_t by_milli[2]);
/* The variance without what the door may have missed. */
void estimate_missed_leave(struct estimate *e, const struct estimate_missed *missed);
/* So much less sure of the doors than before. */
void estimate_doubt(struct estimate *e, int64_t sigma_milli);

/* Standard deviation of a variance, rounded up; and back. */
int64_t estimate_sigma(int64_t var);
int64_t estimate_var(int64_t sigma_milli);
/* A part's variance in a sum of them. Beyond a bound of ± 375,000 people it grows no more. */
int64_t estimate_part_var(int64_t sigma_milli);
/* Of a sum: sum_sigma and sum_var (estimate_part_var) over its parts; common_pct of their errors go
 * the same way. */
int64_t estimate_sum_sigma(int64_t sum_sigma_milli, int64_t sum_var, double common_pct);

#endif
