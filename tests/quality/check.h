/*
 * check: what must hold whatever the tuning: a morning without faults and one with all of them, the
 * same every time. Part of the quick tests.
 */
#ifndef CROWDTIDE_TESTS_QUALITY_CHECK_H
#define CROWDTIDE_TESTS_QUALITY_CHECK_H

#include <stdbool.h>

#include "tests/quality/site.h"

/* Prints each figure beside its limit; false when one is beyond it. */
bool check_floors(const struct site *site);

#endif
