/* Bodies of results: what is decoded is written again as the same, and shown as one JSON object and
 * one line. The first byte chooses the type. */
#include <string.h>

#include "schemas/json/json.h"
#include "schemas/result/result.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_BYTES = 65536, TYPES = 128, MEMBERS_MAX = 256 };

/* Members that are JSON as they stand are their writer's business. */
static bool holds_json(const struct result_type *type, const union result_any *of)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        struct str s;
        if (type->fields[i].kind != RESULT_JSON)
            continue;
        memcpy(&s, (const char *)of + type->fields[i].offset, sizeof s);
        if (s.len)
            return true;
    }
    return false;
}

static void must_show(const struct result_type *type, const union result_any *any, uint64_t seq)
{
    static struct json_parser *parser;
    static char shown[8 * OUT_BYTES + JSON_PADDING_BYTES];
    struct json_field fields[MEMBERS_MAX];
    size_t count = 0;
    parser = parser ? parser : json_parser_new(sizeof shown);
    FUZZ_MUST(parser);
    struct text out = text_over(shown, sizeof shown - JSON_PADDING_BYTES);
    result_json(type->type, any, &out);
    FUZZ_MUST(!out.overflow);
    FUZZ_MUST(holds_json(type, any) || json_parse_flat(parser, (const uint8_t *)shown, out.len,
                                                       fields, MEMBERS_MAX, &count) == JSON_OK);
    out = text_over(shown, sizeof shown - JSON_PADDING_BYTES);
    result_line(type->type, any, seq, &out);
    FUZZ_MUST(!out.overflow);
    for (size_t i = 0; i < out.len; i++)
        FUZZ_MUST(((unsigned char)shown[i] >= 0x20 && shown[i] != 0x7f) ||
                  (shown[i] == '\n' && i + 1 == out.len));
    out = text_over(shown, sizeof shown - JSON_PADDING_BYTES);
    result_key(type->type, any, &out);
    FUZZ_MUST(!out.overflow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t once[OUT_BYTES], twice[OUT_BYTES];
    union result_any any, again;
    struct result_origin origin, same;
    struct error err = {0};
    if (size < 1 || size > OUT_BYTES / 2)
        return 0;
    const struct result_type *type = result_type_of(data[0] % TYPES);
    if (!type || !result_decode(type->type, data + 1, (uint32_t)size - 1, &origin, &any, &err))
        return 0;
    must_show(type, &any, origin.input_seq);
    uint32_t len = result_encode(type->type, &origin, &any, once, sizeof once);
    FUZZ_MUST(len > 0 && result_decode(type->type, once, len, &same, &again, &err));
    FUZZ_MUST(result_encode(type->type, &same, &again, twice, sizeof twice) == len);
    FUZZ_MUST(memcmp(once, twice, len) == 0);
    FUZZ_MUST(result_is_exercise(type->type, &any) == result_is_exercise(type->type, &again));
    return 0;
}
