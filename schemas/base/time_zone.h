/*
 * time_zone: the offset of a place's clocks from UTC at any moment, from the system's tz database. Reads the files of RFC 8536 (TZif, version 2 or
 * later) itself: the C library knows one zone a process only, and setting it disturbs every other thread.
 *
 *     struct time_zone *zone = malloc(sizeof *zone);
 *     if (time_zone_load(NULL, STR_LIT("Europe/Berlin"), zone, &err))
 *         offset_s = time_zone_offset_s(zone, unix_s);            3600 in winter, 7200 in summer
 *
 * "UTC" is known without a file. Files with leap seconds ("right/…") are refused: log time has none.
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_TIME_ZONE_H
#define CROWDTIDE_SCHEMAS_BASE_TIME_ZONE_H

#include "schemas/base/error.h"
#include "schemas/base/str.h"

enum {
    TIME_ZONE_CHANGES_MAX = 1024, /* the richest zone of today's database has 242 */
    TIME_ZONE_FILE_BYTES_MAX = 65536,
    TIME_ZONE_NAME_BYTES_MAX = 64,
};

struct time_zone_day { /* a day of any year, and seconds after its midnight (of either sign) */
    enum { TIME_ZONE_WEEKDAY, TIME_ZONE_JULIAN, TIME_ZONE_ORDINAL } form;
    int32_t month, week, day; /* WEEKDAY: 1..12, 1..5 (5: the last), 0 Sunday..6; JULIAN: day 1..365 without 29 February; ORDINAL: 0..365 */
    int32_t time_s;
};

struct time_zone { /* caller-owned, 12 KiB; the members are private */
    uint32_t count;
    int64_t at_s[TIME_ZONE_CHANGES_MAX];         /* rising */
    int32_t offset_s[TIME_ZONE_CHANGES_MAX + 1]; /* [i]: before at_s[i]; [count]: after the last, unless there is a rule */
    bool rule, summer;                           /* what holds after the last change; summer: with these two days a year */
    int32_t standard_s, summer_s;
    struct time_zone_day begins, ends;
};

/* dir NULL: where the system keeps them. NOT_FOUND: no such zone, or the name is none; VERSION, MALFORMED, TOO_LARGE: the file is not usable; IO. */
bool time_zone_load(const char *dir, struct str name, struct time_zone *ret_zone, struct error *err);

/* The same from a file's bytes. */
bool time_zone_parse(const uint8_t *bytes, size_t len, struct time_zone *ret_zone, struct error *err);

/* Local time less UTC, in seconds. */
int32_t time_zone_offset_s(const struct time_zone *zone, int64_t unix_s);

#endif
