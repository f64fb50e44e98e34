/* The offset in ticks: changes of the clocks, other zones, and a tz database that comes and goes.
 */
#include "ingest/local_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/record/record.h"
#include "tests/support/support.h"

static int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_true(time_parse_rfc3339(str_of(text), &ms));
    return ms * 1000000;
}

static void the_clocks_change_with_the_tick(void **state)
{
    (void)state;
    static struct local_time local;
    static const struct {
        const char *zone, *utc;
        int32_t offset_s;
    } ticks[] = {
        {"Europe/Berlin", "2026-03-29T00:59:59Z", 3600},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", 7200},
        {"Europe/Berlin", "2026-10-25T00:59:59.999Z", 7200},
        {"Europe/Berlin", "2026-10-25T01:00:00Z", 3600},
        {"Asia/Shanghai", "2026-10-25T01:00:01Z", 28800}, /* another venue file */
        {"Mars/Base", "2026-10-25T01:00:02Z", RECORD_NO_UTC_OFFSET},
        {"", "2026-10-25T01:00:03Z", RECORD_NO_UTC_OFFSET},
        {"Asia/Shanghai", "2026-10-25T01:00:04Z", 28800},
    };
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++)
        assert_int_equal(local_time_offset_s(&local, str_of(ticks[i].zone), at(ticks[i].utc)),
                         ticks[i].offset_s);
}

static int link_zone(const char *dir, const char *zone, const char *name)
{
    char from[300], to[300];
    (void)snprintf(from, sizeof from, "/usr/share/zoneinfo/%s", zone);
    (void)snprintf(to, sizeof to, "%s/%s", dir, name);
    (void)unlink(to);
    return zone[0] ? symlink(from, to) : 0;
}

static void the_database_comes_changes_and_goes(void **state)
{
    (void)state;
    static struct local_time local;
    static const struct {
        const char *links_to; /* "": removed; NULL: left alone */
        const char *utc;
        int32_t offset_s;
    } ticks[] = {
        {"", "2026-01-01T00:00:00Z", RECORD_NO_UTC_OFFSET},
        {"Asia/Shanghai", "2026-01-01T00:59:59Z", RECORD_NO_UTC_OFFSET}, /* looked at hourly */
        {NULL, "2026-01-01T01:00:00Z", 28800},
        {"Asia/Tokyo", "2026-01-01T01:30:00Z", 28800},
        {NULL, "2026-01-01T02:00:00Z", 32400},
        {"", "2026-01-01T03:00:00Z", 32400}, /* gone: the last one stays */
    };
    char dir[100];
    support_temp_dir(dir, sizeof dir);
    local.dir = dir;
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++) {
        if (ticks[i].links_to)
            assert_int_equal(link_zone(dir, ticks[i].links_to, "Here"), 0);
        assert_int_equal(local_time_offset_s(&local, STR_LIT("Here"), at(ticks[i].utc)),
                         ticks[i].offset_s);
    }
    support_remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clocks_change_with_the_tick),
        cmocka_unit_test(the_database_comes_changes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
