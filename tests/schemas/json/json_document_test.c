/* json_document: the tape as simdjson writes it, walked: kinds, values, places after, and keys told
 * apart by their ends. */
#include "schemas/json/json_document.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/support.h"

enum { DOCUMENT_MAX = 65536, TEXT_MAX = 4096 };

static struct json_document parse(struct json_parser *parser, const char *text)
{
    static uint8_t bytes[DOCUMENT_MAX + JSON_PADDING_BYTES];
    struct json_document d = {0};
    size_t len = strlen(text);
    assert_true(len <= DOCUMENT_MAX);
    memset(bytes, ']', sizeof bytes);
    memcpy(bytes, text, len);
    assert_int_equal(json_parse_document(parser, bytes, len, &d), JSON_OK);
    return d;
}

/* Written again: what the walk sees. */
static void write(const struct json_document *d, uint32_t at, struct text *out)
{
    struct json_field f = {0};
    json_read(d, at, &f);
    switch (f.kind) {
    case JSON_NULL:
        text_add(out, "null");
        return;
    case JSON_BOOL:
        text_add(out, f.boolean ? "true" : "false");
        return;
    case JSON_INT:
        text_add_i64(out, f.integer);
        return;
    case JSON_UINT:
        text_add_u64(out, f.natural);
        return;
    case JSON_REAL:
        text_add_f64(out, f.real);
        return;
    case JSON_STRING:
        text_add_json(out, f.text);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    bool object = f.kind == JSON_OBJECT;
    text_add_char(out, object ? '{' : '[');
    for (uint32_t in = json_first(at), end = json_end(d, at); in != end; in = json_after(d, in)) {
        text_add(out, in == json_first(at) ? "" : ",");
        if (object) {
            text_add_json(out, json_text(d, in++));
            text_add_char(out, ':');
        }
        write(d, in, out);
    }
    text_add_char(out, object ? '}' : ']');
}

static const char *const documents[] = {
    "0",
    "null",
    "\"\"",
    "[]",
    "{}",
    "-9223372036854775808",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "0.1",
    "[1,2.5,true,false,null,\"a\",[],{},[[]],18446744073709551615]",
    "{\"a\":1,\"\":{\"b\":[{}]},\"c\":-0.5,\"d\":{\"e\":{\"f\":[1,[2,[3]]]}},\"g\":\"\\u0001\"}",
    "{\"key of more than sixteen bytes\":\"text of more than sixteen bytes, with \\\"quotes\\\"\"}",
};

static void test_walk_sees_the_document(void **state)
{
    (void)state;
    struct json_parser *parser = json_parser_new(DOCUMENT_MAX);
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        char got[TEXT_MAX];
        struct json_document d = parse(parser, documents[i]);
        struct text out = text_over(got, sizeof got - 1);
        write(&d, JSON_ROOT, &out);
        got[out.len] = '\0';
        assert_string_equal(got, documents[i]);
    }
    json_parser_free(parser);
}

static void test_refused_documents(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum json_status want;
    } cases[] = {
        {"", JSON_MALFORMED},
        {"{} x", JSON_MALFORMED},
        {"[1,]", JSON_MALFORMED},
        {"\"\xff\"", JSON_UTF8},
        {"01", JSON_MALFORMED},
        {"1e999", JSON_MALFORMED},
        {"\"\\ud800\"", JSON_MALFORMED},
    };
    struct json_parser *parser = json_parser_new(DOCUMENT_MAX);
    struct json_document d;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[64 + JSON_PADDING_BYTES] = {0};
        size_t len = strlen(cases[i].text);
        memcpy(bytes, cases[i].text, len);
        assert_int_equal(json_parse_document(parser, bytes, len, &d), cases[i].want);
    }
    uint8_t *large = calloc(1, DOCUMENT_MAX + 1 + JSON_PADDING_BYTES);
    assert_int_equal(json_parse_document(parser, large, DOCUMENT_MAX + 1, &d), JSON_TOO_LARGE);
    free(large);
    json_parser_free(parser);
}

/* Of each length up to 40, keys that differ in one byte anywhere; what stands behind a key does not
 * matter. */
static void test_keys_are_told_apart(void **state)
{
    (void)state;
    enum { LEN_MAX = 40 };
    char one[LEN_MAX + 8], other[LEN_MAX + 8];
    for (uint32_t len = 0; len <= LEN_MAX; len++) {
        memset(one, 'k', sizeof one);
        memset(other, 'k', sizeof other);
        memset(other + len, 'x', sizeof other - len);
        struct str a = {one, len}, b = {other, len};
        assert_true(json_print_equal(json_print(a), a, json_print(b), b));
        assert_true(json_print_hash(json_print(a), a) == json_print_hash(json_print(b), b));
        for (uint32_t i = 0; i < len; i++) {
            other[i] = 'z';
            assert_false(json_print_equal(json_print(a), a, json_print(b), b));
            other[i] = 'k';
        }
        struct str longer = {one, len + 1};
        if (len < LEN_MAX)
            assert_false(json_print_equal(json_print(a), a, json_print(longer), longer));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk_sees_the_document),
        cmocka_unit_test(test_refused_documents),
        cmocka_unit_test(test_keys_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
