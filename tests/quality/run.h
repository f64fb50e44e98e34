/*
 * run: one run of the simulation: one truth, one set of faults, three cores beside each other that get
 * what their sensors would have sent: doors only, level counters only, both.
 *
 *     struct run_options options = {.seed = 1, .kinds = FAULTS_ALL, .from_s = …, .until_s = …};
 *     run_day(&site, &options, figures);       adds to figures[SITE_VARIANTS]
 */
#ifndef CROWDTIDE_TESTS_QUALITY_RUN_H
#define CROWDTIDE_TESTS_QUALITY_RUN_H

#include <stdio.h>

#include "tests/quality/faults.h"
#include "tests/quality/score.h"

struct run_options {
    uint64_t seed;
    uint32_t kinds;        /* of faults */
    int32_t until_s;       /* end, since midnight of day 0; errors are taken from 8 h to 18:30 */
    bool sweep;            /* every evening at 21 h somebody walks through and finds every zone empty */
    const char *settings;  /* of the venue file; NULL: defaults */
    FILE *list;            /* what went wrong, a line each; NULL: none */
    const char *label;     /* of those lines */
    FILE *trace;           /* CSV for plot.py, a line per zone, variant and 10 s; NULL: none */
};

extern const int64_t run_epoch_ms; /* midnight of day 0: Monday, 23 November 2026 */

void run_day(const struct site *site, const struct run_options *options,
             struct figures figures[SITE_VARIANTS]);

#endif
