/*
 * export: the figures as CSV, for plot.py: figures.csv has a line for each fault, variant and group;
 * delays.csv the share of episodes found by each delay.
 */
#ifndef CROWDTIDE_TESTS_QUALITY_EXPORT_H
#define CROWDTIDE_TESTS_QUALITY_EXPORT_H

#include <stdbool.h>

#include "tests/quality/table.h"

/* False when a file can't be written. */
bool export_write(const char *dir, const struct table_row *rows, uint32_t count, uint32_t seeds);

#endif
