/*
 * table: figures as Markdown tables for people and, with the same numbers, one line of figures each
 * for plot.py.
 */
#ifndef CROWDTIDE_TESTS_QUALITY_TABLE_H
#define CROWDTIDE_TESTS_QUALITY_TABLE_H

#include <stdio.h>

#include "tests/quality/score.h"

struct table_row {
    const char *name;
    uint32_t kinds;
    struct figures *figures; /* [seeds][SITE_VARIANTS] */
};

/* The figures of one variant over all seeds, into sum. */
void table_sum(const struct table_row *row, uint32_t seeds, int variant, struct figures *sum);
void table_print(FILE *to, const struct table_row *rows, uint32_t count, uint32_t seeds);

#endif
