/* Times as text: RFC 3339 both ways, by the proleptic Gregorian calendar, without the C library's
 * time zone state. */
#include "schemas/base/str.h"

enum { MS_PER_DAY = 86400000 };

#define TIME_MS_MIN (-62135596800000) /* 0001-01-01T00:00:00.000Z */
#define TIME_MS_MAX 253402300799999   /* 9999-12-31T23:59:59.999Z */

/* Days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms":
 * days_from_civil). */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

/* The inverse (civil_from_days, same source). */
static void civil_from_days(int64_t days, int64_t *ret_y, int64_t *ret_m, int64_t *ret_d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *ret_d = doy - (153 * mp + 2) / 5 + 1;
    *ret_m = mp + (mp < 10 ? 3 : -9);
    *ret_y = yoe + era * 400 + (*ret_m <= 2);
}

static void put_digits(char *to, int64_t v, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        to[i] = (char)('0' + v % 10);
        v /= 10;
    }
}

void text_add_time_ms(struct text *t, int64_t unix_ms)
{
    unix_ms = unix_ms < TIME_MS_MIN ? TIME_MS_MIN : unix_ms > TIME_MS_MAX ? TIME_MS_MAX : unix_ms;
    int64_t days = unix_ms / MS_PER_DAY;
    int64_t ms = unix_ms % MS_PER_DAY;
    if (ms < 0) {
        ms += MS_PER_DAY;
        days--;
    }
    int64_t y, m, d;
    civil_from_days(days, &y, &m, &d);
    char out[] = "0000-00-00T00:00:00.000Z";
    put_digits(out, y, 4);
    put_digits(out + 5, m, 2);
    put_digits(out + 8, d, 2);
    put_digits(out + 11, ms / 3600000, 2);
    put_digits(out + 14, ms / 60000 % 60, 2);
    put_digits(out + 17, ms / 1000 % 60, 2);
    put_digits(out + 20, ms % 1000, 3);
    text_add_bytes(t, out, sizeof out - 1);
}

/* Two decimal digits; -1 when they are not digits both. */
static inline int32_t two_digits(const char *at)
{
    uint32_t tens = (uint32_t)(uint8_t)at[0] - '0', ones = (uint32_t)(uint8_t)at[1] - '0';
    return tens > 9 || ones > 9 ? -1 : (int32_t)(tens * 10 + ones);
}

static int64_t days_in_month(int64_t y, int64_t m)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return m == 2 && leap ? 29 : days[m - 1];
}

/* The date and time of day without zone, as ms; false when a part is out of range. A leap second
 * (60) counts as the next minute's start. */
static bool parse_civil(const char at[19], int64_t *ret_ms)
{
    int32_t c = two_digits(at), y = two_digits(at + 2), mo = two_digits(at + 5);
    int32_t d = two_digits(at + 8), h = two_digits(at + 11), mi = two_digits(at + 14);
    int32_t sec = two_digits(at + 17), year = c * 100 + y;
    if ((c | y | mo | d | h | mi | sec) < 0 || year < 1 || mo < 1 || mo > 12 || d < 1 ||
        d > days_in_month(year, mo) || h > 23 || mi > 59 || sec > 60 || at[4] != '-' ||
        at[7] != '-' || at[13] != ':' || at[16] != ':')
        return false;
    char sep = at[10];
    if (sep != 'T' && sep != 't' && sep != ' ')
        return false;
    int64_t minutes = (days_from_civil(year, mo, d) * 24 + h) * 60 + mi;
    *ret_ms = minutes * 60000 + sec * 1000;
    return true;
}

bool time_parse_civil(struct str s, bool *ret_offset, int64_t *ret_ms)
{
    int64_t ms;
    if (s.len < 19 || !parse_civil(s.at, &ms))
        return false;
    uint32_t at = 19;
    if (at < s.len && s.at[at] == '.') {
        uint32_t first = ++at;
        int64_t scale = 100;
        for (; at < s.len && s.at[at] >= '0' && s.at[at] <= '9'; at++, scale /= 10)
            ms += (s.at[at] - '0') * scale;
        if (at == first || at - first > 9)
            return false;
    }
    if (at < s.len && (s.at[at] == 'Z' || s.at[at] == 'z')) {
        if (at + 1 != s.len)
            return false;
    } else if (at < s.len) {
        if ((s.at[at] != '+' && s.at[at] != '-') || at + 6 != s.len || s.at[at + 3] != ':')
            return false;
        int32_t h = two_digits(s.at + at + 1), mi = two_digits(s.at + at + 4);
        if (h < 0 || h > 23 || mi < 0 || mi > 59)
            return false;
        int64_t offset_ms = (int64_t)(h * 60 + mi) * 60000;
        ms += s.at[at] == '+' ? -offset_ms : offset_ms;
    }
    *ret_offset = at < s.len;
    *ret_ms = ms;
    return true;
}

bool time_parse_rfc3339(struct str s, int64_t *ret_unix_ms)
{
    bool offset;
    int64_t ms;
    if (!time_parse_civil(s, &offset, &ms) || !offset)
        return false;
    *ret_unix_ms = ms;
    return true;
}

int32_t time_minutes(struct str text)
{
    static const char shape[] = "dd:dd";
    int32_t digit[5] = {0};
    if (text.len != sizeof shape - 1)
        return -1;
    for (uint32_t i = 0; i < text.len; i++) {
        bool is_digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (shape[i] == 'd' ? !is_digit : text.at[i] != shape[i])
            return -1;
        digit[i] = text.at[i] - '0';
    }
    int32_t hours = digit[0] * 10 + digit[1], minutes = digit[3] * 10 + digit[4];
    return minutes < 60 && hours < 24 ? hours * 60 + minutes : -1;
}
