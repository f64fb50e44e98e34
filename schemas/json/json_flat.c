/* json_parse_flat: one object's members as a list. */
#include "schemas/json/json_document.h"

/* Quadratic in the number of members, which fields_max bounds; flat payloads have a handful. */
static bool key_seen(const struct json_field *fields, size_t count, struct str key)
{
    struct json_print print = json_print(key);
    for (size_t i = 0; i < count; i++)
        if (json_print_equal(json_print(fields[i].key), fields[i].key, print, key))
            return true;
    return false;
}

enum json_status json_parse_flat(struct json_parser *parser, const uint8_t *bytes, size_t len,
                                 struct json_field *fields, size_t fields_max, size_t *ret_count)
{
    struct json_document d;
    size_t count = 0;
    *ret_count = 0;
    enum json_status status = json_parse_document(parser, bytes, len, &d);
    if (status != JSON_OK)
        return status;
    if (json_kind_at(&d, JSON_ROOT) != JSON_OBJECT)
        return JSON_NOT_OBJECT;
    for (uint32_t at = json_first(JSON_ROOT), end = json_end(&d, JSON_ROOT); at != end;
         at = json_after(&d, at + 1)) {
        struct str key = json_text(&d, at);
        if (count == fields_max)
            status = JSON_TOO_MANY_FIELDS;
        else if (key_seen(fields, count, key))
            status = JSON_DUPLICATE_KEY;
        if (status != JSON_OK)
            break;
        fields[count].key = key;
        json_read(&d, at + 1, &fields[count++]);
    }
    *ret_count = count;
    return status;
}
