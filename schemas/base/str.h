/*
 * str: a borrowed run of bytes (not NUL-terminated), and text: a bounded builder over a caller's
 * buffer.
 *
 *     char line[256];
 *     struct text out = text_over(line, sizeof line);
 *     text_add(&out, "zone ");
 *     text_add_str(&out, zone);
 *     if (out.overflow) …            // nothing was written past the end; the content is cut
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_STR_H
#define CROWDTIDE_SCHEMAS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes; `at` may be NULL when len is 0. The owner is named where a str is handed out. */
struct str {
    const char *at;
    uint32_t len;
};

#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).len ? (s).at : ""
#define STR_LIT(literal) ((struct str){(literal), sizeof(literal) - 1})

static inline struct str str_of(const char *text)
{
    struct str s = {text,
                    text ? (uint32_t)strlen(text) : 0}; /* no compound literal: C++ includes this */
    return s;
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
    return str_equal(a, str_of(text));
}

/* 64-bit hash, the same on every machine and build (FNV-1a folded by a multiply-shift); not for
   untrusted key flooding outside bounded tables. */
static inline uint64_t str_hash(struct str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < s.len; i++)
        h = (h ^ (uint8_t)s.at[i]) * 0x100000001b3u;
    return h ^ (h >> 29);
}

/* Ids: [A-Za-z0-9][A-Za-z0-9._:-]{0,47}. */
enum { ID_BYTES_MAX = 48 };
bool id_valid(struct str s);

/* Well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF); NUL bytes allowed.
 */
bool utf8_valid(const uint8_t *bytes, size_t len);
/* Nothing but ASCII, which is valid UTF-8 too: for short texts, without a call. False says nothing
 * of texts under 8 bytes. */
static inline bool ascii_short(const char *bytes, size_t len)
{
    uint64_t seen = 0, eight;
    if (len < sizeof eight)
        return false;
    for (size_t i = 0; i < len - sizeof eight; i += sizeof eight) {
        memcpy(&eight, bytes + i, sizeof eight);
        seen |= eight;
    }
    memcpy(&eight, bytes + len - sizeof eight, sizeof eight);
    return !((seen | eight) & UINT64_C(0x8080808080808080));
}

/* The text, or its beginning of at most bytes_max bytes, never cut inside a character. */
struct str utf8_cut(struct str text, uint32_t bytes_max);

struct text {
    char *at;
    size_t len;
    size_t cap;
    bool overflow;
};

static inline struct text text_over(char *buffer, size_t cap)
{
    struct text t = {buffer, 0, cap, false};
    return t;
}

static inline void text_add_bytes(struct text *t, const void *from, size_t n)
{
    if (n > t->cap - t->len) {
        t->overflow = true;
        n = t->cap - t->len;
    }
    if (n)
        memcpy(t->at + t->len, from, n);
    t->len += n;
}

static inline void text_add_char(struct text *t, char c)
{
    text_add_bytes(t, &c, 1);
}

static inline void text_add_str(struct text *t, struct str s)
{
    text_add_bytes(t, s.at, s.len);
}

static inline void text_add(struct text *t, const char *s)
{
    text_add_bytes(t, s, strlen(s));
}

void text_add_i64(struct text *t, int64_t v);
void text_add_u64(struct text *t, uint64_t v);
/* Shortest text that reads back to the same double, independent of locale. v must be finite. (In
 * json/number.cpp.) */
void text_add_f64(struct text *t, double v);
/* A JSON string with its quotes; control characters, quote and backslash escaped. s must be valid
 * UTF-8. */
void text_add_json(struct text *t, struct str s);
/* What a stranger wrote, for a person's terminal: control characters, marks of direction and the
 * like as \u001b, on one line, and nothing that a terminal obeys. At most 6 bytes for one. */
void text_add_plain(struct text *t, struct str s);
bool str_plain(struct str s); /* there is nothing in it that this would show otherwise */
/* In double quotes, as YAML reads it; plain likewise. */
void text_add_yaml(struct text *t, struct str s);
/* RFC 3339 UTC with milliseconds: 2026-11-23T09:30:00.123Z. Years 0001 to 9999; others are clamped.
 */
void text_add_time_ms(struct text *t, int64_t unix_ms);
/* Standard base64 with padding. */
void text_add_base64(struct text *t, const uint8_t *bytes, size_t len);

/* Parses RFC 3339 with offset ("Z" or ±hh:mm, any fraction up to 9 digits) into milliseconds since
   1970. Returns false, leaving *ret_unix_ms alone, when the text is not such a time. */
bool time_parse_rfc3339(struct str s, int64_t *ret_unix_ms);
/* The same, but the offset may be lacking: *ret_offset is then false, and *ret_ms what it would be
 * in UTC. */
bool time_parse_civil(struct str s, bool *ret_offset, int64_t *ret_ms);
/* "07:30" as minutes after midnight; -1: not such a time of day. */
int32_t time_minutes(struct str text);

#ifdef __cplusplus
}
#endif

#endif
