/*
 * json_fault: where and why a document is not JSON that json.h takes, for the person who has to mend it. RFC 8259 with json.h's limits: nesting of JSON_DEPTH_MAX, whole
 * numbers of 64 bits, reals of a double's range. For documents already refused: byte by byte, no memory.
 *
 *     struct json_fault fault;
 *     if (json_fault_find(bytes, len, &fault)) …"not JSON at byte 12: a comma, and no member behind it"
 */
#ifndef CROWDTIDE_SCHEMAS_JSON_JSON_FAULT_H
#define CROWDTIDE_SCHEMAS_JSON_JSON_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/json/json.h"

struct json_fault {
    size_t at;       /* bytes before it */
    const char *why; /* constant text */
};

/* False when there is none: any value, whatever its keys. */
bool json_fault_find(const uint8_t *bytes, size_t len, struct json_fault *ret_fault);

/* For a document that was refused with this status: adds " at byte 13: why" to its text, bytes counted from 1 as people do; nothing where the status is no matter of bytes. */
void json_fault_add(struct text *out, enum json_status status, const uint8_t *bytes, size_t len);

#endif
