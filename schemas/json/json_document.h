/*
 * json_document: walks a parsed document in place: nodes are places on simdjson's tape, read
 * without a call.
 *
 *     struct json_document d;
 *     if (json_parse_document(parser, bytes, len, &d) != JSON_OK) …
 *     for (uint32_t at = json_first(JSON_ROOT), end = json_end(&d, JSON_ROOT); at != end; at =
 * json_after(&d, at + 1)) {     the members of an object struct str key = json_text(&d, at);
 *         json_read(&d, at + 1, &field); the member's value
 *     }
 *     for (uint32_t at = json_first(array), end = json_end(&d, array); at != end; at =
 * json_after(&d, at)) …                  the items of an array
 *
 * The tape, a word a node (two for numbers): its kind in the upper byte; in the lower 32 bits of a
 * list or object the place after its end, of a string the place of its length and bytes among the
 * strings. Place 0 is the document itself, so 0 serves as "no node".
 */
#ifndef CROWDTIDE_SCHEMAS_JSON_JSON_DOCUMENT_H
#define CROWDTIDE_SCHEMAS_JSON_JSON_DOCUMENT_H

#include "schemas/json/json.h"

enum { JSON_ROOT = 1 };

static inline enum json_kind json_kind_at(const struct json_document *d, uint32_t at)
{
    static const uint8_t kinds[128] = {
        ['{'] = JSON_OBJECT, ['['] = JSON_ARRAY, ['"'] = JSON_STRING, ['l'] = JSON_INT,
        ['u'] = JSON_UINT,   ['d'] = JSON_REAL,  ['t'] = JSON_BOOL,   ['f'] = JSON_BOOL,
    }; /* what is none of them is null */
    return (enum json_kind)kinds[d->tape[at] >> 56 & 127];
}

/* The place after a value. */
static inline uint32_t json_after(const struct json_document *d, uint32_t at)
{
    static const uint8_t words[128] = {['l'] = 1, ['u'] = 1, ['d'] = 1}; /* beside the first */
    uint64_t word = d->tape[at];
    uint32_t letter = (uint32_t)(word >> 56);
    if ((letter | 0x20) == '{') /* and [ */
        return (uint32_t)word;
    return at + 1 + words[letter & 127];
}

/* Of an object or array: the place of its first key or item, and the one where there is none any
 * more. */
static inline uint32_t json_first(uint32_t at)
{
    return at + 1;
}
static inline uint32_t json_end(const struct json_document *d, uint32_t at)
{
    return (uint32_t)d->tape[at] - 1;
}

/* A string's or key's bytes; borrowed from the parser. */
static inline struct str json_text(const struct json_document *d, uint32_t at)
{
    const uint8_t *from = d->strings + (uint32_t)d->tape[at];
    struct str s;
    memcpy(&s.len, from, sizeof s.len);
    s.at = (const char *)from + sizeof s.len;
    return s;
}

/* Kind and value; the key is left alone. Whatever stands behind what has no value is read, too: the
 * tape's end does. */
static inline void json_read(const struct json_document *d, uint32_t at, struct json_field *ret)
{
    ret->kind = json_kind_at(d, at);
    if (ret->kind == JSON_STRING)
        ret->text = json_text(d, at);
    else if (ret->kind == JSON_BOOL)
        ret->boolean = d->tape[at] >> 56 == 't';
    else
        memcpy(&ret->natural, &d->tape[at + 1], sizeof ret->natural);
}

/* A key's first and last 8 bytes; of a shorter one what it has, and 0. Up to 16 bytes that is all
 * of it. Bytes behind the key are read (8), and count for nothing. */
struct json_print {
    uint64_t first, last;
};
static inline struct json_print json_print(struct str key)
{
    struct json_print p = {0, 0};
    memcpy(&p.first, key.at, 8);
    if (key.len >= 8)
        memcpy(&p.last, key.at + key.len - 8, 8);
    else
        p.first &= (UINT64_C(1) << (8 * key.len)) - 1;
    return p;
}
static inline uint64_t json_print_hash(struct json_print p, struct str key)
{
    uint64_t h = (p.first ^ (p.last * UINT64_C(0xff51afd7ed558ccd)) ^ key.len) *
                 UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 32);
}
static inline bool json_print_equal(struct json_print p, struct str key, struct json_print q,
                                    struct str other)
{
    return p.first == q.first && p.last == q.last && key.len == other.len &&
           (key.len <= 16 || memcmp(key.at, other.at, key.len) == 0);
}

#endif
