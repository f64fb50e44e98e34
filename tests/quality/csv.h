/*
 * csv: counts from elsewhere through the core: somebody's doors, a public data set. The venue is made
 * from the file: a hall for each zone named in it, a sensor for each sensor.
 *
 * The first line names the columns, in any order; others are ignored:
 *   time       required: RFC 3339, or the same without offset (taken as UTC), or seconds or ms since 1970
 *   sensor     required: any text; becomes the sensor's id
 *   in, out    passages since the sensor's last line; either may be missing or empty
 *   occupancy  instead of in and out: a level counter's value
 *   zone       where "in" leads and the level counter looks; default `place`
 *   truth      people really in the zone at that time, where somebody knows
 * Lines need not be sorted. A sensor's silence limit is three times the median of its gaps, at least
 * 30 s. Fields have no quotes and no commas in them.
 */
#ifndef CROWDTIDE_TESTS_QUALITY_CSV_H
#define CROWDTIDE_TESTS_QUALITY_CSV_H

#include <stdint.h>
#include <stdio.h>

struct csv_options {
    const char *path;
    int64_t capacity;     /* of each zone; 0: none, then nothing raises alerts */
    const char *settings; /* of the venue file; NULL: defaults */
    FILE *trace;          /* time,zone,truth,estimate,lower,upper,level,known,naive for each line; NULL: none */
};

/* Prints a table by zone on stdout. Returns the exit status; says on stderr what is wrong with the file. */
int csv_run(const struct csv_options *options);

#endif
