#include "schemas/config/address.h"

#include <stdio.h>

#include "schemas/yaml/tree.h"

bool address_word(const char *words, struct str word)
{
    for (const char *at = words; *at;) {
        const char *end = strchrnul(at, '|');
        if (str_equal((struct str){at, (uint32_t)(end - at)}, word))
            return true;
        at = *end ? end + 1 : end;
    }
    return false;
}

static bool host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* host, host:port, [v6] or [v6]:port. */
static bool authority_valid(struct str s)
{
    uint32_t at = 0;
    if (s.len && s.at[0] == '[') {
        const char *end = memchr(s.at, ']', s.len);
        if (!end || end - s.at < 3)
            return false;
        at = (uint32_t)(end - s.at) + 1;
    } else {
        while (at < s.len && host_char(s.at[at]))
            at++;
        if (at == 0)
            return false;
    }
    if (at == s.len)
        return true;
    int64_t port = 0;
    return s.at[at] == ':' && tree_parse_int((struct str){s.at + at + 1, s.len - at - 1}, &port) &&
           port >= 1 && port <= 65535;
}

bool address_valid(const char *schemes, struct str text, char *reason, size_t cap)
{
    const char *mark = memmem(text.at, text.len, "://", 3);
    struct str scheme = {text.at, mark ? (uint32_t)(mark - text.at) : 0};
    if (!mark || !address_word(schemes, scheme)) {
        (void)snprintf(reason, cap, "an address that begins with one of %s:// is expected",
                       schemes);
        return false;
    }
    struct str rest = {mark + 3, text.len - scheme.len - 3};
    const char *slash = memchr(rest.at, '/', rest.len);
    struct str authority = {rest.at, slash ? (uint32_t)(slash - rest.at) : rest.len};
    if (memchr(authority.at, '@', authority.len)) {
        (void)snprintf(reason, cap,
                       "user and password don't belong into the address; there are settings");
        return false;
    }
    if (text.len > ADDRESS_BYTES_MAX || !authority_valid(authority)) {
        (void)snprintf(reason, cap, "host or host:port is expected after ://");
        return false;
    }
    return true;
}
