#include "schemas/json/json_fault.h"

struct scan {
    const uint8_t *bytes;
    size_t at, len;
    uint64_t objects; /* a bit for each open list or object: object */
    uint32_t depth;
    struct json_fault *fault;
};
_Static_assert(JSON_DEPTH_MAX <= 64, "one bit a level");

static bool fail(struct scan *s, size_t at, const char *why)
{
    *s->fault = (struct json_fault){at, why};
    return false;
}

/* The byte at hand; 0 at the end, where a NUL byte would be wrong, too. */
static uint8_t peek(const struct scan *s)
{
    return s->at < s->len ? s->bytes[s->at] : 0;
}

static void space_skip(struct scan *s)
{
    while (s->at < s->len && memchr(" \t\r\n", s->bytes[s->at], 4))
        s->at++;
}

/* The four digits behind \u; false when they are not there. */
static bool hex4(struct scan *s, uint32_t *ret)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++, s->at++) {
        uint8_t c = peek(s), low = c | 0x20;
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint32_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            v = v << 4 | (uint32_t)(low - 'a' + 10);
        else
            return fail(s, s->at, "\\u is not followed by four hexadecimal digits");
    }
    *ret = v;
    return true;
}

static bool escape(struct scan *s)
{
    size_t began = s->at++;
    uint32_t v = 0, low = 0;
    uint8_t c = peek(s);
    if (c != 'u') {
        if (!c || !memchr("\"\\/bfnrt", c, 8))
            return fail(s, began, "an escape that JSON has not");
        s->at++;
        return true;
    }
    s->at++;
    if (!hex4(s, &v))
        return false;
    if (v >= 0xdc00 && v <= 0xdfff)
        return fail(s, began, "half a surrogate pair");
    if (v < 0xd800 || v > 0xdbff)
        return true;
    if (s->len - s->at < 2 || s->bytes[s->at] != '\\' || s->bytes[s->at + 1] != 'u')
        return fail(s, began, "half a surrogate pair");
    s->at += 2;
    return hex4(s, &low) &&
           ((low >= 0xdc00 && low <= 0xdfff) || fail(s, began, "half a surrogate pair"));
}

static bool string(struct scan *s)
{
    size_t began = s->at++;
    while (s->at < s->len) {
        uint8_t c = s->bytes[s->at];
        if (c == '"') {
            s->at++;
            return true;
        }
        if (c < 0x20)
            return fail(s, s->at, "a control character in a string");
        if (c != '\\')
            s->at++;
        else if (!escape(s))
            return false;
    }
    return fail(s, began, "a string without its end");
}

static size_t digits_skip(struct scan *s)
{
    size_t began = s->at;
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at - began;
}

/* Whether the decimal number is larger than it is small: what does not fit into a double is then
 * too large, not nothing. */
static bool is_large(const uint8_t *text, size_t len)
{
    int64_t exponent = 0, written = 0;
    bool point = false, begun = false, minus = false;
    size_t i = text[0] == '-';
    for (; i < len && (text[i] | 0x20) != 'e'; i++) {
        point = point || text[i] == '.';
        begun = begun || (text[i] >= '1' && text[i] <= '9');
        if (text[i] != '.')
            exponent += begun ? !point : -(int64_t)point;
    }
    for (i++; i < len; i++) {
        minus = minus || text[i] == '-';
        if (text[i] >= '0' && written < INT64_MAX / 16)
            written = written * 10 + text[i] - '0';
    }
    return exponent + (minus ? -written : written) > 0;
}

static bool number_fits(struct scan *s, size_t began, bool whole)
{
    struct str text = {(const char *)s->bytes + began, (uint32_t)(s->at - began)};
    bool minus = text.at[0] == '-';
    uint64_t v = 0;
    double real;
    if (!whole)
        return json_number_parse(text, &real) || !is_large(s->bytes + began, text.len) ||
               fail(s, began, "a number beyond what a double holds");
    for (uint32_t i = minus; i < text.len; i++)
        if (__builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(text.at[i] - '0'), &v))
            return fail(s, began, "a whole number beyond 64 bits");
    return !minus || v <= (uint64_t)INT64_MAX + 1 ||
           fail(s, began, "a whole number beyond 64 bits");
}

static bool number(struct scan *s)
{
    size_t began = s->at;
    bool whole = true;
    s->at += peek(s) == '-';
    size_t first = s->at, digits = digits_skip(s);
    if (digits == 0)
        return fail(s, s->at, "a number without digits");
    if (digits > 1 && s->bytes[first] == '0')
        return fail(s, first, "a number that begins with 0");
    if (peek(s) == '.') {
        whole = false;
        s->at++;
        if (digits_skip(s) == 0)
            return fail(s, s->at, "a point without digits behind it");
    }
    if ((peek(s) | 0x20) == 'e') {
        whole = false;
        s->at++;
        s->at += peek(s) == '+' || peek(s) == '-';
        if (digits_skip(s) == 0)
            return fail(s, s->at, "an exponent without digits");
    }
    return number_fits(s, began, whole);
}

static bool word(struct scan *s)
{
    static const struct str words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (s->len - s->at >= words[i].len &&
            memcmp(s->bytes + s->at, words[i].at, words[i].len) == 0) {
            s->at += words[i].len;
            return true;
        }
    }
    if (s->at >= s->len)
        return fail(s, s->at, "it ends where a value should be");
    if (s->len - s->at >= 3 && memcmp(s->bytes + s->at, "\xef\xbb\xbf", 3) == 0)
        return fail(s, s->at, "a byte order mark");
    return fail(s, s->at, "no value");
}

/* Of an object: the name and its colon. */
static bool name(struct scan *s)
{
    space_skip(s);
    if (peek(s) != '"')
        return fail(s, s->at, s->at < s->len ? "no name in double quotes" : "it ends in an object");
    if (!string(s))
        return false;
    space_skip(s);
    if (peek(s) != ':')
        return fail(s, s->at, "no colon behind a name");
    s->at++;
    return true;
}

/* Passes over a list or object without anything in it, or opens one. */
static bool container_open(struct scan *s, bool object, bool *ret_empty)
{
    size_t began = s->at++;
    space_skip(s);
    *ret_empty = peek(s) == (object ? '}' : ']');
    if (*ret_empty) {
        s->at++;
        return true;
    }
    if (s->depth == JSON_DEPTH_MAX)
        return fail(s, began, "nested too deep");
    s->objects = s->objects << 1 | object;
    s->depth++;
    return !object || name(s);
}

/* Behind a value: closes what ends here, up to where another value follows; *ret_done: none does.
 */
static bool container_close(struct scan *s, bool *ret_done)
{
    for (; s->depth > 0; s->depth--, s->objects >>= 1, s->at++) {
        bool object = s->objects & 1;
        space_skip(s);
        uint8_t c = peek(s);
        if (c == (object ? '}' : ']'))
            continue;
        if (c != ',')
            return fail(s, s->at,
                        s->at == s->len ? "it ends before all that is open is closed"
                                        : "neither a comma nor the end of what is open");
        s->at++;
        return !object || name(s);
    }
    *ret_done = true;
    return true;
}

/* Whoever sends another encoding must hear of that, not of the syntax it happens to break. */
static bool utf8_scan(struct scan *s)
{
    for (size_t at = 0, n; at < s->len; at += n) {
        for (n = 1; n <= 4 && !(n <= s->len - at && utf8_valid(s->bytes + at, n)); n++)
            ;
        if (n > 4)
            return fail(s, at, "not UTF-8");
    }
    return true;
}

bool json_fault_find(const uint8_t *bytes, size_t len, struct json_fault *ret_fault)
{
    struct scan s = {.bytes = bytes, .len = len, .fault = ret_fault};
    if (!utf8_scan(&s))
        return true;
    for (bool done = false; !done;) {
        space_skip(&s);
        uint8_t c = peek(&s);
        bool empty = true;
        bool ok = c == '{' || c == '['                 ? container_open(&s, c == '{', &empty)
                  : c == '"'                           ? string(&s)
                  : c == '-' || (c >= '0' && c <= '9') ? number(&s)
                                                       : word(&s);
        if (!ok || (empty && !container_close(&s, &done)))
            return true;
    }
    space_skip(&s);
    if (s.at < s.len)
        (void)fail(&s, s.at, "something behind the end");
    return s.at < s.len;
}

void json_fault_add(struct text *out, enum json_status status, const uint8_t *bytes, size_t len)
{
    struct json_fault fault;
    if ((status != JSON_MALFORMED && status != JSON_UTF8) || !json_fault_find(bytes, len, &fault))
        return;
    text_add(out, " at byte ");
    text_add_u64(out, fault.at + 1);
    text_add(out, status == JSON_UTF8 ? "" : ": "); /* the status has said it */
    text_add(out, status == JSON_UTF8 ? "" : fault.why);
}
