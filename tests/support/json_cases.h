/*
 * json_cases: documents that strangers send, each decided as RFC 8259 says, with json.h's limits. Each is a reading of a level counter that is taken, or is refused with a reason
 * and, where it is no JSON, the byte at which it goes wrong.
 *
 *     for (uint32_t i = 0; i < json_case_count(); i++) {
 *         struct json_case c = json_case_at(i);
 *         … c.document …
 *         json_case_free(&c);
 *     }
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_JSON_CASES_H
#define CROWDTIDE_TESTS_SUPPORT_JSON_CASES_H

#include "schemas/json/json.h"

struct json_case {
    const char *name;
    struct str document;   /* JSON_PADDING_BYTES readable behind it, that look like more of it */
    enum json_status status;
    uint32_t byte;         /* from 1; 0: a document, but not one that is wanted */
    const char *why;       /* how the fault is told; NULL: likewise */
};

uint32_t json_case_count(void);
struct json_case json_case_at(uint32_t i);
void json_case_free(struct json_case *c);

#endif
