/*
 * result_read: a result back from the JSON that result_json wrote, for who has it from Kafka.
 *
 *     struct json_document d;
 *     if (json_parse_document(parser, bytes, len, &d) == JSON_OK)
 *         result_read(RECORD_ALERT, &d, &scratch, &any, &err);
 *
 * Members that the type has not are passed over: a newer writer has more. A time comes back to the
 * millisecond, a REAL exactly.
 */
#ifndef CROWDTIDE_SCHEMAS_RESULT_RESULT_READ_H
#define CROWDTIDE_SCHEMAS_RESULT_RESULT_READ_H

#include "schemas/json/json_document.h"
#include "schemas/result/result.h"

/* TEXT borrows from the parser, JSON from scratch, to which it is written anew. MALFORMED: no
   object, or a member of another kind; TOO_LARGE: scratch is full. */
bool result_read(unsigned type, const struct json_document *document, struct text *scratch,
                 union result_any *ret, struct error *err);

#endif
