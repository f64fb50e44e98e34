/*
 * json: a validating JSON reader over libsimdjson's DOM parser, and shortest round-trip numbers, behind one extern "C" file (json.cpp).
 * RFC 8259 strictly: trailing garbage, bad UTF-8, lone surrogates, over-large numbers and duplicate keys of the top object are refused.
 *
 *     struct json_parser *parser = json_parser_new(JSON_DOCUMENT_BYTES_MAX);
 *     switch (json_parse_flat(parser, bytes, len, fields, FIELDS_MAX, &count)) …
 *
 * One parser per thread; it allocates at creation (grows to the largest document allowed, never beyond).
 */
#ifndef CROWDTIDE_SCHEMAS_JSON_JSON_H
#define CROWDTIDE_SCHEMAS_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/str.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JSON_PADDING_BYTES = 64 }; /* readable bytes needed after a document (their values do not matter) */
enum { JSON_DEPTH_MAX = 64 };     /* lists and objects that hold something, in one another; deeper is malformed: no payload needs it, and it keeps the parser's memory fixed */

enum json_status { JSON_OK, JSON_MALFORMED, JSON_UTF8, JSON_DUPLICATE_KEY, JSON_NOT_OBJECT, JSON_TOO_MANY_FIELDS, JSON_TOO_LARGE, JSON_NO_MEMORY };
/* Version of simdjson, "3.0.1". */
const char *json_library_version(void);

const char *json_status_text(enum json_status status);

enum json_kind { JSON_NULL, JSON_BOOL, JSON_INT, JSON_UINT, JSON_REAL, JSON_STRING, JSON_OBJECT, JSON_ARRAY };

struct json_field { /* key and text borrow from the parser until its next call; OBJECT and ARRAY carry no value */
    struct str key;
    enum json_kind kind;
    union {
        bool boolean;
        int64_t integer;   /* JSON_INT: fits in int64 */
        uint64_t natural;  /* JSON_UINT: above INT64_MAX */
        double real;
        struct str text;
    };
};

struct json_parser;
struct json_parser *json_parser_new(size_t document_bytes_max); /* NULL: out of memory */
void json_parser_free(struct json_parser *parser);              /* NULL is allowed */

/* Parses one object and lists its members. bytes[len … len + JSON_PADDING_BYTES) must be readable. On anything but JSON_OK *ret_count is the number
   of fields seen so far. */
enum json_status json_parse_flat(struct json_parser *parser, const uint8_t *bytes, size_t len,
                                 struct json_field *fields, size_t fields_max, size_t *ret_count);

/* A document as simdjson's tape (its doc/tape.md; json.cpp pins the version): what json_document.h walks. The parser's, until its next call. */
struct json_document {
    const uint64_t *tape;
    const uint8_t *strings; /* bytes after the last string may be read up to 16 */
};
/* Parses any value. bytes[len … len + JSON_PADDING_BYTES) must be readable. Duplicate keys are the walker's to find. */
enum json_status json_parse_document(struct json_parser *parser, const uint8_t *bytes, size_t len,
                                     struct json_document *ret_document);

/* Shortest text that reads back to the same double ("0.1", "1e21", "5"), no locale. v finite. Returns the length, at most 32; not NUL-terminated. */
enum { JSON_NUMBER_BYTES_MAX = 32 };
size_t json_number_format(double v, char out[JSON_NUMBER_BYTES_MAX]);
/* Locale-free parse of a whole decimal number. False when it is not one or is not finite. */
bool json_number_parse(struct str s, double *ret);

#ifdef __cplusplus
}
#endif

#endif
