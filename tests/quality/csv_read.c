#include "tests/quality/csv_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/str.h"

enum column { TIME, SENSOR, IN, OUT, OCCUPANCY, ZONE, TRUTH, COLUMNS };
static const char *const names[COLUMNS] = {"time",      "sensor", "in",   "out",
                                           "occupancy", "zone",   "truth"};
enum { FIELDS_MAX = 64, TIME_SECONDS_BELOW = 100000000, MS_PER_S = 1000 };

static bool wrong(const char *path, uint32_t line, const char *what)
{
    fprintf(stderr, "quality: %s:%u: %s\n", path, line, what);
    return false;
}

/* Splits in place; fields[i] is column i's text, empty when there is none. */
static void split(char *line, const int place[FIELDS_MAX], const char *fields[COLUMNS])
{
    line[strcspn(line, "\r\n")] = 0;
    for (int c = 0; c < COLUMNS; c++)
        fields[c] = "";
    for (int i = 0; line && i < FIELDS_MAX; i++) {
        char *field = strsep(&line, ",");
        if (place[i] < COLUMNS)
            fields[place[i]] = field;
    }
}

static bool head_read(char *line, int place[FIELDS_MAX])
{
    bool found[COLUMNS] = {false};
    line[strcspn(line, "\r\n")] = 0;
    for (int i = 0; i < FIELDS_MAX; i++) {
        const char *field = line ? strsep(&line, ",") : "";
        place[i] = COLUMNS;
        for (int c = 0; c < COLUMNS; c++)
            if (strcmp(field, names[c]) == 0 && !found[c]) {
                found[c] = true;
                place[i] = c;
            }
    }
    return found[TIME] && found[SENSOR] && (found[IN] || found[OUT] || found[OCCUPANCY]);
}

static bool time_read(const char *text, int64_t *ret_ms)
{
    char *end, zoned[64];
    long long n = strtoll(text, &end, 10);
    if (*text && !*end) {
        *ret_ms = n > (long long)TIME_SECONDS_BELOW * MS_PER_S ? n : n * MS_PER_S;
        return true;
    }
    snprintf(zoned, sizeof zoned, "%sZ", text);
    return time_parse_rfc3339(str_of(text), ret_ms) || time_parse_rfc3339(str_of(zoned), ret_ms);
}

/* Whole people, 0 or more; 812.0 is whole. Empty: absent. */
static bool people_read(const char *text, int64_t *ret)
{
    char *end;
    *ret = CSV_ABSENT;
    if (!*text)
        return true;
    double v = strtod(text, &end);
    if (*end || !(v >= 0 && v < 1e9))
        return false;
    *ret = (int64_t)(v + 0.5);
    return true;
}

static void id_make(const char *text, char id[CSV_ID_BYTES])
{
    snprintf(id, CSV_ID_BYTES, "%s", text);
    for (char *c = id; *c; c++)
        if (!id_valid((struct str){c, 1}) && (c == id || !strchr("._:-", *c)))
            *c = c == id ? 'x' : '-';
}

static uint32_t zone_of(struct csv_file *file, const char *text)
{
    char id[CSV_ID_BYTES];
    id_make(*text ? text : "place", id);
    for (uint32_t z = 0; z < file->zones; z++)
        if (strcmp(file->zone[z], id) == 0)
            return z;
    if (file->zones == CSV_ZONES_MAX)
        return CSV_ZONES_MAX;
    memcpy(file->zone[file->zones], id, sizeof id);
    return file->zones++;
}

static uint32_t sensor_of(struct csv_file *file, const char *text, uint32_t zone, bool level)
{
    char id[CSV_ID_BYTES];
    id_make(text, id);
    for (uint32_t s = 0; s < file->sensors; s++)
        if (strcmp(file->sensor[s].id, id) == 0)
            return s;
    if (file->sensors == CSV_SENSORS_MAX)
        return CSV_SENSORS_MAX;
    struct csv_sensor *sensor = &file->sensor[file->sensors];
    *sensor = (struct csv_sensor){.zone = zone, .level = level};
    memcpy(sensor->id, id, sizeof id);
    return file->sensors++;
}

static const char *row_read(struct csv_file *file, const char *const fields[COLUMNS],
                            struct csv_row *row)
{
    if (!time_read(fields[TIME], &row->t_ms))
        return "time: not RFC 3339 and not a number";
    if (!*fields[SENSOR])
        return "sensor: empty";
    if (!people_read(fields[IN], &row->in) || !people_read(fields[OUT], &row->out) ||
        !people_read(fields[OCCUPANCY], &row->occupancy) ||
        !people_read(fields[TRUTH], &row->truth))
        return "in, out, occupancy or truth: not a number from 0";
    row->zone = zone_of(file, fields[ZONE]);
    if (row->zone == CSV_ZONES_MAX)
        return "too many zones";
    row->sensor = sensor_of(file, fields[SENSOR], row->zone, row->occupancy != CSV_ABSENT);
    if (row->sensor == CSV_SENSORS_MAX)
        return "too many sensors";
    if (file->sensor[row->sensor].zone != row->zone)
        return "this sensor was in another zone before";
    if (file->sensor[row->sensor].level != (row->occupancy != CSV_ABSENT) &&
        (row->in != CSV_ABSENT || row->out != CSV_ABSENT || row->occupancy != CSV_ABSENT))
        return "this sensor was of the other kind before";
    return NULL;
}

static int by_time(const void *a, const void *b)
{
    const struct csv_row *x = a, *y = b;
    if (x->t_ms != y->t_ms)
        return x->t_ms < y->t_ms ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void gaps_find(struct csv_file *file)
{
    int64_t *gap = malloc(((size_t)file->rows + 1) * sizeof *gap);
    if (!gap)
        abort();
    for (uint32_t s = 0; s < file->sensors; s++) {
        uint32_t count = 0;
        int64_t before = CSV_ABSENT;
        for (uint32_t i = 0; i < file->rows; i++) {
            if (file->row[i].sensor != s)
                continue;
            if (before != CSV_ABSENT)
                gap[count++] = file->row[i].t_ms - before;
            before = file->row[i].t_ms;
        }
        qsort(gap, count, sizeof *gap, by_size);
        file->sensor[s].gap_ms = count ? gap[count / 2] : 0;
    }
    free(gap);
}

static bool rows_read(FILE *from, const char *path, struct csv_file *file)
{
    char *line = NULL;
    size_t cap = 0;
    int place[FIELDS_MAX];
    const char *fields[COLUMNS], *why = NULL;
    uint32_t number = 1, rows_cap = 0;
    if (getline(&line, &cap, from) < 0 || !head_read(line, place))
        why = "columns time, sensor and in, out or occupancy are expected";
    while (!why && getline(&line, &cap, from) >= 0) {
        number++;
        if (line[strspn(line, " \r\n")] == 0)
            continue;
        if (file->rows == rows_cap) {
            rows_cap = rows_cap ? rows_cap * 2 : 1024;
            file->row = realloc(file->row, rows_cap * sizeof *file->row);
            if (!file->row)
                abort();
        }
        split(line, place, fields);
        file->row[file->rows] = (struct csv_row){.line = number};
        why = row_read(file, fields, &file->row[file->rows++]);
    }
    free(line);
    if (!why && file->rows == 0)
        why = "no lines";
    return !why || wrong(path, number, why);
}

bool csv_read(const char *path, struct csv_file *file)
{
    memset(file, 0, sizeof *file);
    FILE *from = fopen(path, "r");
    if (!from)
        return wrong(path, 0, "can't be read");
    bool good = rows_read(from, path, file);
    (void)fclose(from); /* only read */
    if (!good)
        return false;
    qsort(file->row, file->rows, sizeof *file->row, by_time);
    gaps_find(file);
    return true;
}

void csv_free(struct csv_file *file)
{
    free(file->row);
}
