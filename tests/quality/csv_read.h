/* csv_read: the lines of a file of counts; csv.h says what its columns are. */
#ifndef CROWDTIDE_TESTS_QUALITY_CSV_READ_H
#define CROWDTIDE_TESTS_QUALITY_CSV_READ_H

#include <stdbool.h>
#include <stdint.h>

enum { CSV_ID_BYTES = 49, CSV_SENSORS_MAX = 4096, CSV_ZONES_MAX = 1024 };
#define CSV_ABSENT INT64_MIN

struct csv_row {
    int64_t t_ms, in, out, occupancy, truth; /* CSV_ABSENT: not said */
    uint32_t sensor, zone, line;
};

struct csv_sensor {
    char id[CSV_ID_BYTES];
    uint32_t zone;
    bool level;
    int64_t gap_ms; /* median between its lines */
};

struct csv_file {
    struct csv_row *row; /* by time, as in the file where times are equal */
    uint32_t rows;
    struct csv_sensor sensor[CSV_SENSORS_MAX];
    uint32_t sensors;
    char zone[CSV_ZONES_MAX][CSV_ID_BYTES];
    uint32_t zones;
};

/* Says on stderr what is wrong, with the line. The file is big: not for the stack. */
bool csv_read(const char *path, struct csv_file *ret_file);
void csv_free(struct csv_file *file);

#endif
