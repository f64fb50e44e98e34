#include "schemas/base/str.h"

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool id_valid(struct str s)
{
    if (s.len == 0 || s.len > ID_BYTES_MAX || !is_alnum(s.at[0]))
        return false;
    for (uint32_t i = 1; i < s.len; i++) {
        char c = s.at[i];
        if (!is_alnum(c) && c != '.' && c != '_' && c != ':' && c != '-')
            return false;
    }
    return true;
}

/* The length of the well-formed sequence at b (RFC 3629, table of section 4), 0 when there is none.
 */
static size_t utf8_sequence(const uint8_t *b, size_t len)
{
    if (b[0] < 0x80)
        return 1;
    size_t n = b[0] >= 0xc2 && b[0] <= 0xdf   ? 2
               : b[0] >= 0xe0 && b[0] <= 0xef ? 3
               : b[0] >= 0xf0 && b[0] <= 0xf4 ? 4
                                              : 0;
    if (n == 0 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
        (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
        return 0;
    return n;
}

bool utf8_valid(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint64_t eight = 0x80;
        if (len - i >= sizeof eight)
            memcpy(&eight, bytes + i, sizeof eight);
        else if (len >= sizeof eight) /* the end with some of what is known to be good before it */
            memcpy(&eight, bytes + len - sizeof eight, sizeof eight);
        if (!(eight & UINT64_C(0x8080808080808080))) { /* ASCII, as nearly all is */
            i += sizeof eight;
            continue;
        }
        size_t n = utf8_sequence(bytes + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

struct str utf8_cut(struct str text, uint32_t bytes_max)
{
    if (text.len > bytes_max) {
        text.len = bytes_max;
        while (text.len && ((unsigned char)text.at[text.len] & 0xc0) == 0x80)
            text.len--;
    }
    return text;
}

void text_add_u64(struct text *t, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    text_add_bytes(t, digits + at, sizeof digits - at);
}

void text_add_i64(struct text *t, int64_t v)
{
    if (v < 0)
        text_add_char(t, '-');
    text_add_u64(t, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void text_add_json(struct text *t, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    text_add_char(t, '"');
    uint32_t plain = 0;
    for (uint32_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        text_add_bytes(t, s.at + plain, i - plain);
        plain = i + 1;
        text_add_char(t, '\\');
        if (c == '"' || c == '\\') {
            text_add_char(t, (char)c);
        } else {
            const char escape[] = {'u', '0', '0', hex[c >> 4], hex[c & 15]};
            text_add_bytes(t, escape, sizeof escape);
        }
    }
    if (plain < s.len)
        text_add_bytes(t, s.at + plain, s.len - plain);
    text_add_char(t, '"');
}

/* The length of what a terminal or a YAML reader would take for more than a character: controls,
 * other ends of lines, marks of direction and of byte order, what is no character. 0: it is none.
 */
static uint32_t obeyed(struct str s, uint32_t *ret_code)
{
    const unsigned char *c = (const unsigned char *)s.at;
    *ret_code = c[0];
    if (c[0] < 0x20 || c[0] == 0x7f)
        return 1;
    if (c[0] == 0xc2 && s.len > 1 && c[1] < 0xa0) {
        *ret_code = c[1];
        return 2;
    }
    if ((c[0] & 0xf0) != 0xe0 || s.len < 3)
        return 0;
    uint32_t code = (c[0] & 15u) << 12 | (c[1] & 63u) << 6 | (c[2] & 63u);
    *ret_code = code;
    return (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
                   code == 0xfeff || code >= 0xfffe
               ? 3
               : 0;
}

bool str_plain(struct str s)
{
    uint32_t code, i = 0;
    while (i < s.len && !obeyed((struct str){s.at + i, s.len - i}, &code))
        i++;
    return i == s.len;
}

void text_add_plain(struct text *t, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    for (uint32_t i = 0; i < s.len;) {
        uint32_t code, len = obeyed((struct str){s.at + i, s.len - i}, &code);
        if (len) {
            const char escape[] = {
                '\\',          'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15],
                hex[code & 15]};
            text_add_bytes(t, escape, sizeof escape);
        } else {
            text_add_char(t, s.at[i]);
        }
        i += len ? len : 1;
    }
}

void text_add_yaml(struct text *t, struct str s)
{
    text_add_char(t, '"');
    uint32_t from = 0;
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.at[i] != '"' && s.at[i] != '\\')
            continue;
        text_add_plain(t, (struct str){s.at + from, i - from});
        text_add_char(t, '\\');
        text_add_char(t, s.at[i]);
        from = i + 1;
    }
    text_add_plain(t, (struct str){s.at + from, s.len - from});
    text_add_char(t, '"');
}

void text_add_base64(struct text *t, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        uint32_t v = (uint32_t)bytes[i] << 16;
        if (have > 1)
            v |= (uint32_t)bytes[i + 1] << 8;
        if (have > 2)
            v |= bytes[i + 2];
        const char quad[] = {digits[v >> 18], digits[v >> 12 & 63],
                             have > 1 ? digits[v >> 6 & 63] : '=', have > 2 ? digits[v & 63] : '='};
        text_add_bytes(t, quad, sizeof quad);
    }
}
