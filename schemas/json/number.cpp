/* Numbers as text without a locale: the C library's printf and strtod obey LC_NUMERIC,
 * std::to_chars and from_chars do not. */
#include <charconv>
#include <cmath>

#include "schemas/json/json.h"

/* to_chars writes exponents as C does, "1e+21" and "1e-07"; the plus sign and leading zeros go. */
static size_t exponent_shorten(char *text, size_t len)
{
    size_t from = 0;
    while (from < len && text[from] != 'e')
        from++;
    if (from == len)
        return len;
    size_t to = ++from;
    if (text[from] == '-')
        text[to++] = text[from++];
    else if (text[from] == '+')
        from++;
    while (from + 1 < len && text[from] == '0')
        from++;
    while (from < len)
        text[to++] = text[from++];
    return to;
}

/* From here on with an exponent: readers, ours too, take digits alone for a whole number of 64
 * bits. */
static constexpr double WHOLE_MAX = 9223372036854774784.0;

extern "C" size_t json_number_format(double v, char out[JSON_NUMBER_BYTES_MAX])
{
    bool whole = std::fabs(v) > WHOLE_MAX;
    std::to_chars_result end =
        whole ? std::to_chars(out, out + JSON_NUMBER_BYTES_MAX, v, std::chars_format::scientific)
              : std::to_chars(out, out + JSON_NUMBER_BYTES_MAX, v);
    return exponent_shorten(out, static_cast<size_t>(end.ptr - out));
}

extern "C" bool json_number_parse(struct str s, double *ret)
{
    double v = 0;
    if (s.len == 0)
        return false;
    std::from_chars_result end = std::from_chars(s.at, s.at + s.len, v);
    if (end.ec != std::errc() || end.ptr != s.at + s.len || !std::isfinite(v))
        return false;
    *ret = v;
    return true;
}

extern "C" void text_add_f64(struct text *t, double v)
{
    char digits[JSON_NUMBER_BYTES_MAX];
    text_add_bytes(t, digits, json_number_format(v, digits));
}
