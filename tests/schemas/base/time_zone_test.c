/* Offsets from UTC: the system's zones around their changes, a rule in every form, files that are
 * none. */
#include "schemas/base/time_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "schemas/base/time_zone_rule.h"
#include "tests/support/support.h"

static int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_true(time_parse_rfc3339(str_of(text), &ms));
    return ms / 1000;
}

static struct time_zone *loaded(const char *name)
{
    static struct time_zone zone;
    struct error err = {0};
    if (!time_zone_load(NULL, str_of(name), &zone, &err))
        fail_msg("%s: %s", name, err.where);
    return &zone;
}

static void each_zone_around_its_changes(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *utc;
        int32_t offset_s;
    } cases[] = {
        {"UTC", "2026-07-01T00:00:00Z", 0},
        {"Asia/Shanghai", "2026-01-01T00:00:00Z", 28800},
        {"Asia/Shanghai", "2026-07-01T00:00:00Z", 28800},
        {"Asia/Shanghai", "1988-07-01T00:00:00Z", 32400}, /* it had summer time once */
        {"Asia/Shanghai", "2100-07-01T00:00:00Z", 28800},
        {"Europe/Berlin", "2026-03-29T00:59:59Z", 3600},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", 7200},
        {"Europe/Berlin", "2026-10-25T00:59:59Z", 7200},
        {"Europe/Berlin", "2026-10-25T01:00:00Z", 3600},
        {"Europe/Berlin", "2040-03-25T00:59:59Z",
         3600}, /* by the rule: after the file's last change */
        {"Europe/Berlin", "2040-03-25T01:00:00Z", 7200},
        {"Europe/Berlin", "2040-10-28T01:00:00Z", 3600},
        {"Europe/Berlin", "1850-01-01T00:00:00Z", 3208},        /* local mean time */
        {"Australia/Lord_Howe", "2050-01-01T00:00:00Z", 39600}, /* southern, half an hour */
        {"Australia/Lord_Howe", "2050-07-01T00:00:00Z", 37800},
        {"Europe/Dublin", "2050-07-01T00:00:00Z", 3600}, /* winter is its "summer" time */
        {"Europe/Dublin", "2050-01-01T00:00:00Z", 0},
        {"America/Nuuk", "2050-07-01T00:00:00Z", -3600}, /* changes on the evening before */
        {"Asia/Kathmandu", "2026-01-01T00:00:00Z", 20700},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t got = time_zone_offset_s(loaded(cases[i].zone), at(cases[i].utc));
        if (got != cases[i].offset_s)
            fail_msg("%s at %s: %d", cases[i].zone, cases[i].utc, got);
    }
}

/* The C library, which a test may give the whole process to, says the same through 160 years. */
static void agrees_with_the_c_library(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "Europe/Berlin", "Europe/Dublin",     "America/New_York", "America/Santiago",
        "Asia/Gaza",     "Africa/Casablanca", "Australia/Sydney", "America/Scoresbysund"};
    for (size_t z = 0; z < sizeof zones / sizeof zones[0]; z++) {
        const struct time_zone *zone = loaded(zones[z]);
        assert_int_equal(setenv("TZ", zones[z], 1), 0);
        tzset();
        for (int64_t t = at("1920-01-01T00:00:00Z"); t < at("2080-01-01T00:00:00Z"); t += 5407) {
            struct tm there;
            time_t now = (time_t)t;
            assert_non_null(localtime_r(&now, &there));
            if (there.tm_gmtoff != time_zone_offset_s(zone, t))
                fail_msg("%s at %lld: %d, not %ld", zones[z], (long long)t,
                         time_zone_offset_s(zone, t), there.tm_gmtoff);
        }
    }
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

static void each_rule(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *utc;
        int32_t offset_s; /* -1: refused */
    } cases[] = {
        {"CST-8", "2026-07-01T00:00:00Z", 28800},
        {"<+0545>-5:45", "2026-07-01T00:00:00Z", 20700},
        {"ABC1:02:03", "2026-07-01T00:00:00Z", -3723},
        {"AAA0BBB,J60/0,J61/0", "2024-03-01T00:00:00Z", 3600}, /* J60 is 1 March in every year */
        {"AAA0BBB,J60/0,J61/0", "2024-02-29T12:00:00Z", 0},
        {"AAA0BBB,J59/0,J60/0", "2024-02-28T00:00:00Z", 3600},
        {"AAA0BBB,59/0,60/1", "2024-02-29T12:00:00Z", 3600}, /* counted with 29 February, from 0 */
        {"AAA0BBB,59/0,60/1", "2023-03-01T00:00:00Z", 3600},
        {"AAA0BBB,59/0,60/1", "2023-02-28T23:59:59Z", 0},
        {"AAA3BBB4,0/0,J365/23", "2026-01-01T03:00:00Z", -14400}, /* summer all the year */
        {"AAA3BBB4,0/0,J365/23", "2026-12-31T23:59:59Z", -14400},
        {"AAA3BBB4,0/0,J365/23", "2026-07-01T00:00:00Z", -14400},
        {"AAA0BBB,M2.5.0,M3.1.0", "2032-02-29T02:00:00Z", 3600}, /* the last Sunday is the 29th */
        {"AAA0BBB,M2.5.0,M3.1.0", "2032-02-29T01:59:59Z", 0},
        {"AAA0BBB,M1.1.4/-24,M2.1.0", "2025-12-31T12:00:00Z",
         0}, /* a year's rules hold in that year */
        {"", "2026-07-01T00:00:00Z", -1},
        {"AB-1", "2026-07-01T00:00:00Z", -1},
        {"CET", "2026-07-01T00:00:00Z", -1},
        {"CET-25", "2026-07-01T00:00:00Z", -1},
        {"CET-1:60", "2026-07-01T00:00:00Z", -1},
        {"CET-1CEST", "2026-07-01T00:00:00Z", -1},
        {"CET-1CEST,M3.5.0", "2026-07-01T00:00:00Z", -1},
        {"CET-1CEST,M3.5.0,M13.5.0", "2026-07-01T00:00:00Z", -1},
        {"CET-1CEST,M3.6.0,M10.5.0", "2026-07-01T00:00:00Z", -1},
        {"CET-1CEST,M3.5.7,M10.5.0", "2026-07-01T00:00:00Z", -1},
        {"CET-1CEST,J0,J5", "2026-07-01T00:00:00Z", -1},
        {"CET-1CEST,M3.5.0/168,M10.5.0", "2026-07-01T00:00:00Z", -1},
        {"CET-1CEST,M3.5.0,M10.5.0/3 ", "2026-07-01T00:00:00Z", -1},
        {"<CET-1", "2026-07-01T00:00:00Z", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct time_zone zone = {0};
        bool ok = time_zone_rule_parse(str_of(cases[i].rule), &zone);
        int32_t got = ok ? time_zone_offset_s(&zone, at(cases[i].utc)) : -1;
        if (got != cases[i].offset_s)
            fail_msg("%s at %s: %d", cases[i].rule, cases[i].utc, got);
    }
}

static void names_that_are_none(void **state)
{
    (void)state;
    static struct time_zone zone;
    static const char *const names[] = {
        "",     "/etc/passwd", "../zoneinfo/UTC", "Europe/../UTC",  "Europe/", "Europe//Berlin",
        "Mars", "Europe",      "Europe/Berlin ",  "Europe/Berlinn", ".hidden", "-1",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct error err = {0};
        if (time_zone_load(NULL, str_of(names[i]), &zone, &err) || err.code != ERROR_NOT_FOUND)
            fail_msg("%s: %s", names[i], err.where);
    }
    struct error err = {0};
    assert_false(time_zone_load("/nowhere", STR_LIT("Europe/Berlin"), &zone, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(time_zone_load("/nowhere", STR_LIT("UTC"), &zone, &err));
}

/* A whole file of one zone, its last change in 1980; then each way to spoil it. */
struct file {
    uint8_t bytes[512];
    size_t len;
};

static void add(struct file *file, const void *bytes, size_t n)
{
    memcpy(file->bytes + file->len, bytes, n);
    file->len += n;
}

static void header(struct file *file, uint8_t leaps, uint8_t times, uint8_t types)
{
    const uint8_t head[44] = {
        'T', 'Z', 'i', 'f', '2', [31] = leaps, [35] = times, [39] = types, [43] = 4};
    add(file, head, sizeof head);
}

static struct file whole(const char *footer, uint8_t leaps)
{
    struct file file = {0};
    header(&file, 0, 0, 1); /* what version 1 readers see */
    add(&file, "\0\0\0\0\0\0LMT", 10);
    header(&file, leaps, 2, 2);
    add(&file, "\0\0\0\0\0\0\0\0\0\0\0\0\x12\xce\xa6\0", 16); /* 1970-01-01, 1980-01-01 */
    add(&file, "\1\0", 2);
    add(&file, "\0\0\x0e\x10\0\0\0\0\x1c\x20\1\0LMT", 16); /* 3600, 7200 */
    for (int i = 0; i < leaps; i++)
        add(&file, "\0\0\0\0\0\0\0\0\0\0\0\1", 12);
    add(&file, footer, strlen(footer));
    return file;
}

static void each_file(void **state)
{
    (void)state;
    static struct time_zone zone;
    struct error err = {0};
    struct file file = whole("\nCET-1CEST,M3.5.0,M10.5.0/3\n", 0);
    assert_true(time_zone_parse(file.bytes, file.len, &zone, &err));
    assert_int_equal(time_zone_offset_s(&zone, -1), 3600);
    assert_int_equal(time_zone_offset_s(&zone, 0), 7200);
    assert_int_equal(time_zone_offset_s(&zone, at("1979-12-31T23:59:59Z")), 7200);
    assert_int_equal(time_zone_offset_s(&zone, at("1990-07-01T00:00:00Z")), 7200);
    assert_int_equal(time_zone_offset_s(&zone, at("1990-01-01T00:00:00Z")), 3600);
    file = whole("\n\n", 0); /* no rule: the last change holds for ever */
    assert_true(time_zone_parse(file.bytes, file.len, &zone, &err));
    assert_int_equal(time_zone_offset_s(&zone, at("2400-07-01T00:00:00Z")), 3600);
    file = whole("\nCET-1CEST\n", 0);
    assert_false(time_zone_parse(file.bytes, file.len, &zone, &err));
    for (size_t cut = 0; cut < file.len - 1; cut++) { /* no part of a file is a file */
        struct file part = whole("\n\n", 0);
        if (cut < part.len)
            assert_false(time_zone_parse(part.bytes, cut, &zone, &err));
    }
    file = whole("\n\n", 1);
    assert_false(time_zone_parse(file.bytes, file.len, &zone, &err));
    static const struct {
        size_t byte;
        uint8_t value;
        enum error_code code;
    } spoilt[] = {
        {0, 'X', ERROR_MALFORMED}, {4, 0, ERROR_VERSION},       {54, 'X', ERROR_MALFORMED},
        {85, 1, ERROR_MALFORMED},  {93, 0, ERROR_MALFORMED},    {88, 4, ERROR_MALFORMED},
        {114, 2, ERROR_MALFORMED}, {98, 0x7f, ERROR_MALFORMED}, {116, 0x10, ERROR_MALFORMED},
    };
    for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        file = whole("\nCET-1\n", 0);
        file.bytes[spoilt[i].byte] = spoilt[i].value;
        err = (struct error){0};
        if (time_zone_parse(file.bytes, file.len, &zone, &err) || err.code != spoilt[i].code)
            fail_msg("byte %zu: %s", spoilt[i].byte, err.where);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_zone_around_its_changes),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(each_rule),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(each_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
