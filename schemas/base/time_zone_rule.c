#include "schemas/base/time_zone_rule.h"

enum {
    DAY_S = 86400,
    HOUR_S = 3600,
    RULE_TIME_S = 2 * HOUR_S, /* when none is written */
    OFFSET_HOURS_MAX = 24,
    RULE_TIME_HOURS_MAX = 167, /* RFC 8536, section 3.3.1 */
    NAME_LETTERS_MIN = 3,
};

struct cursor {
    const char *at, *end;
};

/* ---- reading -------------------------------------------------------------------------------- */

static bool take(struct cursor *c, char want)
{
    bool there = c->at < c->end && *c->at == want;
    c->at += there;
    return there;
}

static bool number(struct cursor *c, int32_t least, int32_t most, int32_t *ret)
{
    const char *from = c->at;
    int32_t value = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9' && c->at - from < 3; c->at++)
        value = value * 10 + (*c->at - '0');
    *ret = value;
    return c->at > from && value >= least && value <= most;
}

/* Letters, or anything between < and >. */
static bool name(struct cursor *c)
{
    bool quoted = take(c, '<');
    const char *from = c->at;
    for (; c->at < c->end; c->at++) {
        bool letter = (*c->at >= 'A' && *c->at <= 'Z') || (*c->at >= 'a' && *c->at <= 'z');
        if (quoted ? *c->at == '>' : !letter)
            break;
    }
    bool enough = c->at - from >= NAME_LETTERS_MIN;
    return enough && (!quoted || take(c, '>'));
}

/* [+-]h[:mm[:ss]] */
static bool clock_time(struct cursor *c, int32_t hours_max, int32_t *ret_s)
{
    int32_t hours, minutes = 0, seconds = 0;
    bool minus = take(c, '-');
    if (!minus)
        (void)take(c, '+');
    if (!number(c, 0, hours_max, &hours))
        return false;
    if (take(c, ':')) {
        if (!number(c, 0, 59, &minutes) || (take(c, ':') && !number(c, 0, 59, &seconds)))
            return false;
    }
    int32_t s = hours * HOUR_S + minutes * 60 + seconds;
    *ret_s = minus ? -s : s;
    return true;
}

static bool day(struct cursor *c, struct time_zone_day *ret)
{
    bool ok;
    *ret = (struct time_zone_day){.time_s = RULE_TIME_S};
    if (take(c, 'M')) {
        ret->form = TIME_ZONE_WEEKDAY;
        ok = number(c, 1, 12, &ret->month) && take(c, '.') && number(c, 1, 5, &ret->week) &&
             take(c, '.') && number(c, 0, 6, &ret->day);
    } else if (take(c, 'J')) {
        ret->form = TIME_ZONE_JULIAN;
        ok = number(c, 1, 365, &ret->day);
    } else {
        ret->form = TIME_ZONE_ORDINAL;
        ok = number(c, 0, 365, &ret->day);
    }
    return ok && (!take(c, '/') || clock_time(c, RULE_TIME_HOURS_MAX, &ret->time_s));
}

bool time_zone_rule_parse(struct str text, struct time_zone *zone)
{
    struct cursor c = {text.at, text.at + text.len};
    int32_t west_s;
    if (!name(&c) || !clock_time(&c, OFFSET_HOURS_MAX, &west_s))
        return false;
    zone->rule = true;
    zone->summer = false;
    zone->standard_s = -west_s;
    if (c.at == c.end)
        return true;
    zone->summer = true;
    zone->summer_s = zone->standard_s + HOUR_S;
    if (!name(&c))
        return false;
    if (c.at < c.end && *c.at != ',') {
        if (!clock_time(&c, OFFSET_HOURS_MAX, &west_s))
            return false;
        zone->summer_s = -west_s;
    }
    return take(&c, ',') && day(&c, &zone->begins) && take(&c, ',') && day(&c, &zone->ends) &&
           c.at == c.end;
}

/* ---- the calendar: days count from 1970-01-01 ------------------------------------------------ */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t first_day(int64_t year)
{
    int64_t before = year - 1;
    return 365 * (year - 1970) + floor_div(before, 4) - floor_div(before, 100) +
           floor_div(before, 400) - 477; /* leap days before 1970 */
}

static int64_t year_of(int64_t days)
{
    int64_t year = 1970 + floor_div(days * 400, 146097); /* days in 400 years; one off at most */
    while (first_day(year) > days)
        year--;
    while (first_day(year + 1) <= days)
        year++;
    return year;
}

/* Seconds since 1970 of the day's moment in the year, as a clock with that offset shows it. */
static int64_t moment(const struct time_zone_day *rule, int64_t year, int32_t offset_s)
{
    static const int16_t before_month[] = {0,   31,  59,  90,  120, 151, 181,
                                           212, 243, 273, 304, 334, 365};
    int64_t days = first_day(year);
    int32_t leap_day = leap(year);
    if (rule->form == TIME_ZONE_ORDINAL) {
        days += rule->day;
    } else if (rule->form == TIME_ZONE_JULIAN) {
        days += rule->day - 1 + (leap_day && rule->day >= 60); /* 60: 1 March */
    } else {
        int32_t m = rule->month;
        int64_t first = days + before_month[m - 1] + (leap_day && m > 2);
        int64_t length = before_month[m] - before_month[m - 1] + (leap_day && m == 2);
        int64_t weekday = (first % 7 + 7 + 4) % 7; /* 1970-01-01 was a Thursday */
        int64_t at = (rule->day - weekday + 7) % 7 + (int64_t)(rule->week - 1) * 7;
        days = first + (at >= length ? at - 7 : at);
    }
    return days * DAY_S + rule->time_s - offset_s;
}

int32_t time_zone_rule_offset_s(const struct time_zone *zone, int64_t unix_s)
{
    if (!zone->summer)
        return zone->standard_s;
    int64_t year = year_of(floor_div(unix_s + zone->standard_s, DAY_S));
    int64_t begins_s = moment(&zone->begins, year, zone->standard_s);
    int64_t ends_s = moment(&zone->ends, year, zone->summer_s);
    bool summer = begins_s < ends_s ? unix_s >= begins_s && unix_s < ends_s
                                    : unix_s >= begins_s || unix_s < ends_s;
    return summer ? zone->summer_s : zone->standard_s;
}
