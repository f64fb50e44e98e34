/*
 * naive: what a first attempt would show from the same messages: in less out, as they come, and the
 * last value of each level counter. It knows of no fault. Beside it one sees what the core is worth.
 */
#ifndef CROWDTIDE_TESTS_QUALITY_NAIVE_H
#define CROWDTIDE_TESTS_QUALITY_NAIVE_H

#include "tests/quality/faults.h"

struct naive {
    const struct site *site;
    bool heard[SITE_SENSORS_MAX];
    int64_t last[SITE_SENSORS_MAX][2];
    int64_t doors[SITE_ZONES_MAX], levels[SITE_ZONES_MAX]; /* people, by variant */
};

void naive_init(struct naive *naive, const struct site *site);
void naive_take(struct naive *naive, const struct faults_message *message);

#endif
