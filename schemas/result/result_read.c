#include "schemas/result/result_read.h"

static void copy_value(const struct json_document *d, uint32_t at, struct text *out);

static void copy_list(const struct json_document *d, uint32_t at, bool object, struct text *out)
{
    char before = object ? '{' : '[';
    for (uint32_t item = json_first(at), end = json_end(d, at); item != end;) {
        text_add_char(out, before);
        before = ',';
        if (object) {
            text_add_json(out, json_text(d, item++));
            text_add_char(out, ':');
        }
        copy_value(d, item, out);
        item = json_after(d, item);
    }
    if (before != ',')
        text_add_char(out, before);
    text_add_char(out, object ? '}' : ']');
}

/* The parser bounds the depth: JSON_DEPTH_MAX. */
static void copy_value(const struct json_document *d, uint32_t at, struct text *out)
{
    struct json_field value = {0};
    json_read(d, at, &value);
    switch (value.kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        copy_list(d, at, value.kind == JSON_OBJECT, out);
        break;
    case JSON_STRING:
        text_add_json(out, value.text);
        break;
    case JSON_INT:
        text_add_i64(out, value.integer);
        break;
    case JSON_UINT:
        text_add_u64(out, value.natural);
        break;
    case JSON_REAL:
        text_add_f64(out, value.real);
        break;
    case JSON_BOOL:
        text_add(out, value.boolean ? "true" : "false");
        break;
    case JSON_NULL:
        text_add(out, "null");
        break;
    }
}

static const struct result_field *field_of(const struct result_type *t, struct str name)
{
    for (uint32_t i = 0; i < t->field_count; i++) {
        if (t->fields[i].name_len == name.len && memcmp(t->fields[i].name, name.at, name.len) == 0)
            return &t->fields[i];
    }
    return NULL;
}

/* Puts the value at `at` into its place; false when it is of another kind. */
static bool put(const struct json_document *d, uint32_t at, const struct result_field *field,
                struct text *scratch, char *into)
{
    struct json_field value = {0};
    enum level level;
    int64_t number;
    double real;
    json_read(d, at, &value);
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
        memcpy(into, &value.text, sizeof value.text);
        return value.kind == JSON_STRING;
    case RESULT_JSON: {
        struct str copy = {scratch->at + scratch->len, 0};
        const size_t before = scratch->len;
        copy_value(d, at, scratch);
        copy.len = (uint32_t)(scratch->len - before);
        memcpy(into, &copy, sizeof copy);
        return value.kind == JSON_OBJECT || value.kind == JSON_ARRAY;
    }
    case RESULT_INT:
        memcpy(into, &value.integer, sizeof value.integer);
        return value.kind == JSON_INT;
    case RESULT_TIME:
        if (value.kind != JSON_STRING || !time_parse_rfc3339(value.text, &number))
            return false;
        memcpy(into, &number, sizeof number);
        return true;
    case RESULT_REAL:
        real = value.kind == JSON_INT    ? (double)value.integer
               : value.kind == JSON_UINT ? (double)value.natural
                                         : value.real;
        memcpy(into, &real, sizeof real);
        return value.kind == JSON_INT || value.kind == JSON_UINT || value.kind == JSON_REAL;
    case RESULT_BOOL:
        *into = (char)(value.kind == JSON_BOOL && value.boolean);
        return value.kind == JSON_BOOL;
    case RESULT_LEVEL:
        if (value.kind != JSON_STRING || !level_parse(value.text, &level))
            return false;
        *into = (char)level;
        return true;
    }
    return false;
}

bool result_read(unsigned type, const struct json_document *d, struct text *scratch,
                 union result_any *ret, struct error *err)
{
    const struct result_type *t = result_type_of(type);
    union result_any any;
    if (!t || json_kind_at(d, JSON_ROOT) != JSON_OBJECT)
        return error_set(err, ERROR_MALFORMED, 0, "no JSON object");
    result_clear(type, &any);
    for (uint32_t at = json_first(JSON_ROOT), end = json_end(d, JSON_ROOT); at != end;
         at = json_after(d, at + 1)) {
        const struct str name = json_text(d, at);
        const struct result_field *field = field_of(t, name);
        if (field && !put(d, at + 1, field, scratch, (char *)&any + field->offset))
            return error_set(err, ERROR_MALFORMED, 0, "\"" STR_FMT "\" is of another kind",
                             STR_ARG(name));
    }
    if (scratch->overflow)
        return error_set(err, ERROR_TOO_LARGE, 0, "a result with too much JSON in it");
    *ret = any;
    return true;
}
