/*
 * csv_read: columns in any order, times in every spelling, lines out of order, ids made from any
 * text; and each mistake is found.
 */
#include "tests/quality/csv_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

static bool read_text(const char *text, struct csv_file *file)
{
    char dir[256], path[512];
    snprintf(path, sizeof path, "%s/counts.csv", support_temp_dir(dir, sizeof dir));
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    assert_int_equal(fclose(to), 0);
    bool good = csv_read(path, file);
    support_remove_tree(dir);
    return good;
}

static void test_columns(void **state)
{
    (void)state;
    struct csv_file *file = malloc(sizeof *file);
    assert_non_null(file);
    assert_true(read_text("sensor,out,note,time,in,truth,zone\r\n"
                          "Door 1,2,x,2026-11-23T10:00:10Z,3,,North hall\r\n"
                          "Door 1,,x,2026-11-23T10:00:00,5.0,77,North hall\r\n"
                          "b,1,x,1795428030,,,\r\n"
                          "\r\n"
                          "b,4,x,1795428040000,1,,\r\n",
                          file));
    assert_int_equal(file->rows, 4);
    assert_int_equal(file->sensors, 2);
    assert_int_equal(file->zones, 2);
    assert_string_equal(file->sensor[0].id, "Door-1");
    assert_string_equal(file->zone[0], "North-hall");
    assert_string_equal(file->zone[1], "place");
    const struct csv_row *row = file->row;
    assert_true(row[0].t_ms == INT64_C(1795428000000) && row[1].t_ms == row[0].t_ms + 10000);
    assert_true(row[0].in == 5 && row[0].out == CSV_ABSENT && row[0].truth == 77);
    assert_true(row[1].in == 3 && row[1].out == 2 && row[1].truth == CSV_ABSENT);
    assert_true(row[2].t_ms == row[0].t_ms + 30000 && row[3].t_ms == row[0].t_ms + 40000);
    assert_int_equal(file->sensor[0].gap_ms, 10000);
    csv_free(file);
    free(file);
}

static void test_levels(void **state)
{
    (void)state;
    struct csv_file *file = malloc(sizeof *file);
    assert_non_null(file);
    assert_true(
        read_text("time,sensor,in,occupancy\n1795428000,cam,,12\n1795428000,door,3,\n", file));
    assert_true(file->sensor[0].level && !file->sensor[1].level);
    assert_int_equal(file->row[0].occupancy, 12);
    csv_free(file);
    free(file);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "time,in,out\n1795428000,1,2\n",
        "time,sensor\n1795428000,a\n",
        "time,sensor,in\n",
        "time,sensor,in\nyesterday,a,1\n",
        "time,sensor,in\n1795428000,,1\n",
        "time,sensor,in\n1795428000,a,-1\n",
        "time,sensor,in\n1795428000,a,many\n",
        "time,sensor,in,zone\n1795428000,a,1,x\n1795428001,a,1,y\n",
        "time,sensor,in,occupancy\n1795428000,a,1,\n1795428001,a,,7\n",
    };
    struct csv_file *file = malloc(sizeof *file);
    assert_non_null(file);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(read_text(texts[i], file));
        csv_free(file);
    }
    assert_false(csv_read("/nonexistent/counts.csv", file));
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
