/* JSON documents: simdjson and our own scan, which says where the mistake is, must be of one mind.
 */
#include <string.h>

#include "schemas/json/json.h"
#include "schemas/json/json_fault.h"
#include "tests/fuzz/fuzz.h"

enum { DOCUMENT_BYTES_MAX = 65536, FIELDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_parser *parser;
    static uint8_t bytes[DOCUMENT_BYTES_MAX + JSON_PADDING_BYTES];
    struct json_field fields[FIELDS_MAX];
    size_t count = 0;
    struct json_fault fault = {0};
    if (size > DOCUMENT_BYTES_MAX)
        return 0;
    parser = parser ? parser : json_parser_new(DOCUMENT_BYTES_MAX);
    FUZZ_MUST(parser);
    if (size)
        memcpy(bytes, data, size);
    memset(bytes + size, '"', JSON_PADDING_BYTES); /* it must not matter */
    enum json_status status = json_parse_flat(parser, bytes, size, fields, FIELDS_MAX, &count);
    bool found = json_fault_find(data, size, &fault);
    FUZZ_MUST(found == (status == JSON_MALFORMED || status == JSON_UTF8));
    FUZZ_MUST(!found || (fault.at <= size && fault.why[0]));
    FUZZ_MUST((status == JSON_UTF8) == (found && strcmp(fault.why, "not UTF-8") == 0));
    for (size_t i = 0; i < count; i++) {
        FUZZ_MUST(utf8_valid((const uint8_t *)fields[i].key.at, fields[i].key.len));
        FUZZ_MUST(fields[i].kind != JSON_STRING ||
                  utf8_valid((const uint8_t *)fields[i].text.at, fields[i].text.len));
    }
    return 0;
}
