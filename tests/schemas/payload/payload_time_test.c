/* payload_time: what devices write, and what it is in ms since 1970. Received 2026-01-01T12:00:00Z
 * at a venue in +08:00. */
#include "schemas/payload/payload_time.h"

#include "tests/support/support.h"

#define RECEIVED INT64_C(1767268800000)
#define NONE                                                                                       \
    {                                                                                              \
        .kind = PAYLOAD_ZONE_NONE                                                                  \
    }
#define VENUE                                                                                      \
    {                                                                                              \
        .kind = PAYLOAD_ZONE_VENUE                                                                 \
    }
#define FIXED(s)                                                                                   \
    {                                                                                              \
        .kind = PAYLOAD_ZONE_FIXED, .offset_s = s                                                  \
    }
#define INT(v)                                                                                     \
    {                                                                                              \
        .kind = JSON_INT, .integer = v                                                             \
    }
#define REAL(v)                                                                                    \
    {                                                                                              \
        .kind = JSON_REAL, .real = v                                                               \
    }
#define TEXT(v)                                                                                    \
    {                                                                                              \
        .kind = JSON_STRING, .text = { v, sizeof v - 1 }                                           \
    }
#define NO(text) 0, text

static const struct {
    struct json_field field;
    enum payload_time_format format;
    struct payload_zone zone;
    double add;
    int64_t want;
    const char *reason;
} times[] = {
    {INT(1767268800), PAYLOAD_EPOCH_S, NONE, 0, RECEIVED, NULL},
    {REAL(1767268800.123), PAYLOAD_EPOCH_S, NONE, 0, RECEIVED + 123, NULL},
    {INT(1767268790), PAYLOAD_EPOCH_S, NONE, 10, RECEIVED, NULL},
    {INT(-1), PAYLOAD_EPOCH_S, NONE, 0, NO("not a time since 1970")},
    {INT(INT64_MAX), PAYLOAD_EPOCH_S, NONE, 0, NO("not a time since 1970")},
    {{.kind = JSON_UINT, .natural = UINT64_MAX},
     PAYLOAD_EPOCH_MS,
     NONE,
     0,
     NO("not a time since 1970")},
    {TEXT("1767268800"), PAYLOAD_EPOCH_S, NONE, 0, NO("not seconds since 1970")},
    {{.kind = JSON_BOOL}, PAYLOAD_EPOCH_MS, NONE, 0, NO("not milliseconds since 1970")},
    {INT(RECEIVED), PAYLOAD_EPOCH_MS, NONE, 0, RECEIVED, NULL},
    {REAL(1767268800000.9), PAYLOAD_EPOCH_MS, NONE, 0, RECEIVED, NULL},
    {INT(RECEIVED * 1000 + 999), PAYLOAD_EPOCH_US, NONE, 0, RECEIVED, NULL},
    {TEXT("2026-01-01T12:00:00Z"), PAYLOAD_RFC3339, NONE, 0, RECEIVED, NULL},
    {TEXT("2026-01-01T20:00:00.5+08:00"), PAYLOAD_RFC3339, FIXED(3600), 0, RECEIVED + 500, NULL},
    {TEXT("2026-01-01T20:00:00"), PAYLOAD_RFC3339, NONE, 0,
     NO("has no offset, and the map names no zone")},
    {TEXT("2026-01-01T20:00:00"), PAYLOAD_RFC3339, VENUE, 0, RECEIVED, NULL},
    {TEXT("2026-02-30T20:00:00Z"), PAYLOAD_RFC3339, NONE, 0,
     NO("not an RFC 3339 time with offset")},
    {TEXT("1969-12-31T23:59:59Z"), PAYLOAD_RFC3339, NONE, 0, NO("not a time since 1970")},
    {INT(1), PAYLOAD_RFC3339, NONE, 0, NO("not an RFC 3339 time with offset")},
    {TEXT("2026-01-01T20:00:00"), PAYLOAD_LOCAL, VENUE, 0, RECEIVED, NULL},
    {TEXT("2026-01-01 12:00:00.250"), PAYLOAD_LOCAL, FIXED(0), 0, RECEIVED + 250, NULL},
    {TEXT("2026-01-01T12:00:00Z"), PAYLOAD_LOCAL, VENUE, 0, RECEIVED, NULL},
    {TEXT("2026/01/01 20:00:00"), PAYLOAD_LOCAL, VENUE, 0, RECEIVED, NULL},
    {TEXT("2026/01-01 20:00:00"), PAYLOAD_LOCAL, VENUE, 0,
     NO("not a local time such as 2026-01-31T23:59:59")},
    {TEXT("2026-01-01T20:00"), PAYLOAD_LOCAL, VENUE, 0,
     NO("not a local time such as 2026-01-31T23:59:59")},
    {TEXT("1970-01-01T01:00:00"), PAYLOAD_LOCAL, VENUE, 0, 0, NULL},
    {TEXT("1969-12-31T23:59:59"), PAYLOAD_LOCAL, VENUE, 0, NO("not a time since 1970")},
    {TEXT("20260101200000"), PAYLOAD_COMPACT, VENUE, 0, RECEIVED, NULL},
    {INT(20260101200000), PAYLOAD_COMPACT, FIXED(28800), 0, RECEIVED, NULL},
    {TEXT("2026010120000"), PAYLOAD_COMPACT, VENUE, 0, NO("not a time such as 20260131235959")},
    {TEXT("20261301200000"), PAYLOAD_COMPACT, VENUE, 0, NO("not a time such as 20260131235959")},
    {TEXT("2026010120000x"), PAYLOAD_COMPACT, VENUE, 0, NO("not a time such as 20260131235959")},
    {INT(0), PAYLOAD_SENML, NONE, 0, RECEIVED, NULL},
    {INT(-60), PAYLOAD_SENML, NONE, 0, RECEIVED - 60000, NULL},
    {REAL(1.5), PAYLOAD_SENML, NONE, 1767268800, RECEIVED + 1500, NULL},
    {INT(268435455), PAYLOAD_SENML, NONE, 0, RECEIVED + INT64_C(268435455000), NULL},
    {INT(268435456), PAYLOAD_SENML, NONE, 0, INT64_C(268435456000), NULL},
    {REAL(-1e300), PAYLOAD_SENML, NONE, 0, NO("not a time since 1970")},
};

static void test_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int64_t got = 0;
        const char *reason = NULL;
        bool ok = payload_time_read(&times[i].field, times[i].format, times[i].zone, RECEIVED,
                                    8 * 3600, times[i].add, &got, &reason);
        if (ok != !times[i].reason || got != times[i].want ||
            (!ok && strcmp(reason, times[i].reason) != 0))
            fail_msg("case %zu: %lld %s", i, (long long)got, ok ? "" : reason);
    }
}

static const struct {
    const char *text;
    bool ok;
    int32_t offset_s;
} zones[] = {
    {"UTC", true, 0},        {"+08:00", true, 28800}, {"-03:30", true, -12600},
    {"+14:00", true, 50400}, {"+14:01", false, 0},    {"+08:60", false, 0},
    {"08:00", false, 0},     {"+8:00", false, 0},     {"+0800", false, 0},
    {"utc", false, 0},       {"", false, 0},          {"+0a:00", false, 0},
};

static void test_zones(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct payload_zone zone = {0};
        assert_int_equal(payload_zone_parse(str_of(zones[i].text), &zone), zones[i].ok);
        assert_int_equal(zone.offset_s, zones[i].offset_s);
        assert_int_equal(zone.kind, zones[i].ok ? PAYLOAD_ZONE_FIXED : PAYLOAD_ZONE_NONE);
    }
    struct payload_zone venue;
    assert_true(payload_zone_parse(STR_LIT("venue"), &venue));
    assert_int_equal(venue.kind, PAYLOAD_ZONE_VENUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
