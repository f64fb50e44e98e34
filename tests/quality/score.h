/*
 * score: the truth beside what the core said: errors, bounds, alerts. One score for one core over one
 * run; several are added up.
 *
 *     struct score *score = score_new(&site, SITE_FUSED, seconds);
 *     score_result(score, type, &result);               everything the core says
 *     score_second(score, people, naive, counts);       once a second, after the tick
 *     score_end(score, &figures);                       what it comes to; figures_add adds runs up
 *
 * Alerts. The truth is at a level when it has been at or above its threshold for the level's dwell and
 * 10 s more; such an episode ends when the truth is below the clear margin. It is due from the end of
 * the dwell on; it is missed when the zone's level never got there before the episode ended. A zone
 * that is unknown counts with its last level, since it keeps escalating. An alert of yellow or above is
 * false when the truth was nowhere near: not at its threshold within 5 min before or after. It is
 * `early` instead when the truth stood inside the stated bound: levels are raised on the upper end.
 */
#ifndef CROWDTIDE_TESTS_QUALITY_SCORE_H
#define CROWDTIDE_TESTS_QUALITY_SCORE_H

#include <stdio.h>

#include "schemas/result/result.h"
#include "tests/quality/site.h"

enum {
    SCORE_PEOPLE_BINS = 8192, /* of errors, one person wide; the last takes all that is more */
    SCORE_DELAY_BINS = 3600,  /* of delays, one second wide */
    SCORE_NEAR_S = 300,
    SCORE_LATE_S = 30, /* what score_list calls late */
};

/* Errors of an estimate against the truth, in people. */
struct score_errors {
    double samples, sum, squares;
    uint32_t bin[SCORE_PEOPLE_BINS];
};

struct figures_group {
    struct score_errors core, naive;
    double seconds, known, inside, half_width; /* sums over zone-seconds */
};

struct figures_level {
    uint32_t episodes, missed;
    uint32_t unknown, missed_unknown;   /* of them: the zone was unknown when they were due */
    uint32_t in_time;                   /* there when due */
    double lead_s;                      /* sum, of those in time: since when, at most an hour */
    uint32_t delay[SCORE_DELAY_BINS];   /* of the others: seconds in which the zone was known */
};

struct figures {
    struct figures_group group[SITE_GROUPS];
    struct figures_level level[SITE_LEVELS];
    double zone_days; /* of zones that are judged */
    uint32_t alerts, early, false_; /* yellow and above */
    double early_at;                /* sum, of those early: truth by threshold */
    double red_s, calm_s, calm_unknown_s, calm_naive_s; /* zone-seconds of true red; less than red shown */
    double negative;                                    /* results below zero: there must be none */
};

struct score_seen { /* the newest result of a zone */
    bool any, known, open; /* open: there may be more than upper */
    int64_t occupancy, lower, upper;
};

struct score; /* opaque */

struct score *score_new(const struct site *site, enum site_variant variant, uint32_t seconds);
void score_free(struct score *score);
void score_result(struct score *score, unsigned type, const union result_any *result);
/* people: the truth by zone; naive: what it shows, NULL: nothing; counts: whether errors are taken. */
void score_second(struct score *score, const int32_t *people, const int64_t *naive, bool counts);
/* Every episode found late or missed, and every early or false alert, a line each, is written there. */
void score_list(struct score *score, FILE *to, const char *label);
/* Adds to figures. */
void score_end(struct score *score, double days, struct figures *figures);
const struct score_seen *score_seen(const struct score *score, int zone);
int score_level(const struct score *score, int zone); /* −1: unknown */

void figures_add(struct figures *to, const struct figures *from);
double errors_mean(const struct score_errors *errors);
double errors_rms(const struct score_errors *errors);
double errors_percentile(const struct score_errors *errors, double percent);
/* Delays of all levels from `lowest` (0: blue), those in time as 0; −1: no episode was found. */
double figures_delay(const struct figures *figures, int lowest, double percent);

#endif
