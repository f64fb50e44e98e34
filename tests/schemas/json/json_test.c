/* json: the conformance table (what RFC 8259 and json.h refuse), borrowed values, and a seeded loop
 * over damaged documents. */
#include "schemas/json/json.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

enum { FIELDS_MAX = 8, DOCUMENT_MAX = 4096 };

struct fixture {
    struct json_parser *parser;
    uint8_t bytes[DOCUMENT_MAX + JSON_PADDING_BYTES];
    struct json_field fields[FIELDS_MAX];
    size_t count;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->parser = json_parser_new(DOCUMENT_MAX);
    *state = f;
    return f->parser ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    json_parser_free(f->parser);
    free(f);
    return 0;
}

static enum json_status parse(struct fixture *f, const char *bytes, size_t len)
{
    assert_true(len <= DOCUMENT_MAX);
    memset(f->bytes, '}',
           sizeof f->bytes); /* the padding must not matter: make it look like more JSON */
    memcpy(f->bytes, bytes, len);
    return json_parse_flat(f->parser, f->bytes, len, f->fields, FIELDS_MAX, &f->count);
}

#define DOC(text) text, sizeof(text) - 1

static const struct conformance {
    const char *name;
    const char *bytes;
    size_t len;
    enum json_status want;
} conformance[] = {
    {"empty object", DOC("{}"), JSON_OK},
    {"white space around", DOC(" \t\r\n{ \"a\" : 1 } \n"), JSON_OK},
    {"nested values", DOC("{\"a\":{\"b\":[1,2,{}]},\"c\":[]}"), JSON_OK},
    {"a key twice in a nested object is the nested object's affair",
     DOC("{\"a\":{\"b\":1,\"b\":2}}"), JSON_OK},
    {"escaped NUL", DOC("{\"a\":\"\\u0000\"}"), JSON_OK},
    {"escaped surrogate pair", DOC("{\"a\":\"\\ud83d\\ude00\"}"), JSON_OK},
    {"eight members", DOC("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1}"),
     JSON_OK},
    {"greatest uint64", DOC("{\"a\":18446744073709551615}"), JSON_OK},
    {"least int64", DOC("{\"a\":-9223372036854775808}"), JSON_OK},
    {"tiny real", DOC("{\"a\":1e-999}"), JSON_OK},
    {"U+10FFFF", DOC("{\"a\":\"\xf4\x8f\xbf\xbf\"}"), JSON_OK},

    {"nothing", DOC(""), JSON_MALFORMED},
    {"only white space", DOC("  \n"), JSON_MALFORMED},
    {"trailing brace", DOC("{}}"), JSON_MALFORMED},
    {"trailing object", DOC("{\"a\":1}{\"a\":1}"), JSON_MALFORMED},
    {"trailing word", DOC("{\"a\":1} x"), JSON_MALFORMED},
    {"trailing NUL", DOC("{\"a\":1}\0"), JSON_MALFORMED},
    {"NUL inside", DOC("{\"a\":\0 1}"), JSON_MALFORMED},
    {"raw NUL in a string", DOC("{\"a\":\"\0\"}"), JSON_MALFORMED},
    {"raw newline in a string", DOC("{\"a\":\"\n\"}"), JSON_MALFORMED},
    {"NUL first", DOC("\0{}"), JSON_MALFORMED},
    {"cut object", DOC("{\"a\":1"), JSON_MALFORMED},
    {"cut string", DOC("{\"a\":\"b"), JSON_MALFORMED},
    {"cut number", DOC("{\"a\":-"), JSON_MALFORMED},
    {"cut literal", DOC("{\"a\":tru}"), JSON_MALFORMED},
    {"trailing comma", DOC("{\"a\":1,}"), JSON_MALFORMED},
    {"leading comma", DOC("{,\"a\":1}"), JSON_MALFORMED},
    {"missing colon", DOC("{\"a\" 1}"), JSON_MALFORMED},
    {"missing comma", DOC("{\"a\":1 \"b\":2}"), JSON_MALFORMED},
    {"bare key", DOC("{a:1}"), JSON_MALFORMED},
    {"single quotes", DOC("{'a':1}"), JSON_MALFORMED},
    {"number as key", DOC("{1:1}"), JSON_MALFORMED},
    {"comment", DOC("{\"a\":1/*c*/}"), JSON_MALFORMED},
    {"NaN", DOC("{\"a\":NaN}"), JSON_MALFORMED},
    {"Infinity", DOC("{\"a\":Infinity}"), JSON_MALFORMED},
    {"-Infinity", DOC("{\"a\":-Infinity}"), JSON_MALFORMED},
    {"1e999", DOC("{\"a\":1e999}"), JSON_MALFORMED},
    {"-1e999", DOC("{\"a\":-1e999}"), JSON_MALFORMED},
    {"leading zero", DOC("{\"a\":01}"), JSON_MALFORMED},
    {"leading plus", DOC("{\"a\":+1}"), JSON_MALFORMED},
    {"bare point", DOC("{\"a\":.5}"), JSON_MALFORMED},
    {"point without digits", DOC("{\"a\":1.}"), JSON_MALFORMED},
    {"exponent without digits", DOC("{\"a\":1e}"), JSON_MALFORMED},
    {"hexadecimal", DOC("{\"a\":0x10}"), JSON_MALFORMED},
    {"uint64 + 1", DOC("{\"a\":18446744073709551616}"), JSON_MALFORMED},
    {"int64 - 1", DOC("{\"a\":-9223372036854775809}"), JSON_MALFORMED},
    {"huge integer", DOC("{\"a\":123456789012345678901234567890}"), JSON_MALFORMED},
    {"lone high surrogate", DOC("{\"a\":\"\\ud83d\"}"), JSON_MALFORMED},
    {"lone low surrogate", DOC("{\"a\":\"\\ude00\"}"), JSON_MALFORMED},
    {"high surrogate before a letter", DOC("{\"a\":\"\\ud83dx\"}"), JSON_MALFORMED},
    {"two high surrogates", DOC("{\"a\":\"\\ud83d\\ud83d\"}"), JSON_MALFORMED},
    {"bad escape", DOC("{\"a\":\"\\x41\"}"), JSON_MALFORMED},
    {"short unicode escape", DOC("{\"a\":\"\\u12\"}"), JSON_MALFORMED},
    {"byte order mark", DOC("\xef\xbb\xbf{}"), JSON_MALFORMED},

    {"stray continuation byte", DOC("{\"a\":\"\x80\"}"), JSON_UTF8},
    {"cut sequence", DOC("{\"a\":\"\xe4\xb8\"}"), JSON_UTF8},
    {"overlong slash", DOC("{\"a\":\"\xc0\xaf\"}"), JSON_UTF8},
    {"encoded surrogate", DOC("{\"a\":\"\xed\xa0\x80\"}"), JSON_UTF8},
    {"above U+10FFFF", DOC("{\"a\":\"\xf4\x90\x80\x80\"}"), JSON_UTF8},
    {"Latin-1 key", DOC("{\"caf\xe9\":1}"), JSON_UTF8},
    {"bad UTF-8 and bad syntax: the encoding is named", DOC("{\"a\":\"\xff\""), JSON_UTF8},
    {"UTF-16", DOC("\xff\xfe{\0}\0"), JSON_UTF8},

    {"array", DOC("[1]"), JSON_NOT_OBJECT},
    {"number", DOC("812"), JSON_NOT_OBJECT},
    {"string", DOC("\"812\""), JSON_NOT_OBJECT},
    {"null", DOC("null"), JSON_NOT_OBJECT},

    {"a key twice", DOC("{\"occupancy\":1,\"occupancy\":2}"), JSON_DUPLICATE_KEY},
    {"a key twice, same value", DOC("{\"a\":1,\"b\":0,\"a\":1}"), JSON_DUPLICATE_KEY},
    {"a key twice, once escaped", DOC("{\"in\":1,\"\\u0069n\":2}"), JSON_DUPLICATE_KEY},
    {"the empty key twice", DOC("{\"\":1,\"\":2}"), JSON_DUPLICATE_KEY},
    {"nine members",
     DOC("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1}"),
     JSON_TOO_MANY_FIELDS},
};

static void test_conformance(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof conformance / sizeof conformance[0]; i++) {
        const struct conformance *c = &conformance[i];
        enum json_status got = parse(f, c->bytes, c->len);
        if (got != c->want)
            print_error("%s: %s, not %s\n", c->name, json_status_text(got),
                        json_status_text(c->want));
        assert_int_equal(got, c->want);
    }
}

static void test_depth(void **state)
{
    struct fixture *f = *state;
    char bomb[DOCUMENT_MAX];
    for (size_t depth = 1; depth < 2000; depth++) {
        struct text t = text_over(bomb, sizeof bomb);
        text_add(&t, "{\"a\":");
        for (size_t i = 0; i < depth; i++)
            text_add_char(&t, '[');
        for (size_t i = 0; i < depth; i++)
            text_add_char(&t, ']');
        text_add_char(&t, '}');
        assert_false(t.overflow);
        enum json_status want = depth <= JSON_DEPTH_MAX ? JSON_OK : JSON_MALFORMED;
        assert_int_equal(parse(f, t.at, t.len), want);
        assert_int_equal(parse(f, t.at, t.len - depth / 2 - 1), JSON_MALFORMED);
    }
    memset(bomb, '[', sizeof bomb);
    assert_int_equal(parse(f, bomb, sizeof bomb), JSON_MALFORMED);
}

static void test_too_large(void **state)
{
    struct fixture *f = *state;
    memset(f->bytes, ' ', sizeof f->bytes);
    f->bytes[0] = '{';
    f->bytes[DOCUMENT_MAX - 1] = '}';
    assert_int_equal(
        json_parse_flat(f->parser, f->bytes, DOCUMENT_MAX, f->fields, FIELDS_MAX, &f->count),
        JSON_OK);
    assert_int_equal(
        json_parse_flat(f->parser, f->bytes, DOCUMENT_MAX + 1, f->fields, FIELDS_MAX, &f->count),
        JSON_TOO_LARGE);
}

static const struct json_field *field(const struct fixture *f, const char *key)
{
    for (size_t i = 0; i < f->count; i++) {
        if (str_is(f->fields[i].key, key))
            return &f->fields[i];
    }
    fail_msg("no member %s", key);
    return NULL;
}

static void test_values(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        parse(f, DOC("{\"n\":null,\"b\":true,\"i\":-812,\"u\":9223372036854775808,"
                     "\"r\":0.1,\"s\":\"\\u5357\xe5\xb9\xbf\\u573a\",\"o\":{},\"a\":[]}")),
        JSON_OK);
    assert_int_equal(f->count, 8);
    assert_int_equal(field(f, "n")->kind, JSON_NULL);
    assert_int_equal(field(f, "b")->kind, JSON_BOOL);
    assert_true(field(f, "b")->boolean);
    assert_int_equal(field(f, "i")->kind, JSON_INT);
    assert_int_equal(field(f, "i")->integer, -812);
    assert_int_equal(field(f, "u")->kind, JSON_UINT);
    assert_true(field(f, "u")->natural == UINT64_C(9223372036854775808));
    assert_int_equal(field(f, "r")->kind, JSON_REAL);
    assert_true(field(f, "r")->real == 0.1);
    assert_int_equal(field(f, "s")->kind, JSON_STRING);
    assert_true(str_is(field(f, "s")->text, "\xe5\x8d\x97\xe5\xb9\xbf\xe5\x9c\xba"));
    assert_int_equal(field(f, "o")->kind, JSON_OBJECT);
    assert_int_equal(field(f, "a")->kind, JSON_ARRAY);
}

/* The members before the one refused are listed: a dead letter can say how far it got. */
static void test_count_at_refusal(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, DOC("{\"a\":1,\"b\":2,\"a\":3}")), JSON_DUPLICATE_KEY);
    assert_int_equal(f->count, 2);
}

/* Damaged documents: never a crash, never a read past the padding (the sanitizers watch), and the
 * parser recovers. */
static void test_damage(void **state)
{
    struct fixture *f = *state;
    static const char good[] = "{\"ts\":1763892000123,\"seq\":42,\"occupancy\":812,\"lux\":11.25,"
                               "\"state\":\"on\",\"note\":\"\xe5\xb1\x95\\n\"}";
    uint64_t x = 20261123;
    for (int round = 0; round < 20000; round++) {
        size_t len = sizeof good - 1;
        uint8_t *copy =
            malloc(len + JSON_PADDING_BYTES); /* exact, so that ASan sees one byte too many */
        memcpy(copy, good, len);
        memset(copy + len, 0, JSON_PADDING_BYTES);
        int hits = 1 + round % 4;
        for (int i = 0; i < hits; i++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            copy[(x >> 33) % len] = (uint8_t)(x >> 24);
        }
        x = x * 6364136223846793005u + 1442695040888963407u;
        if (round % 3 == 0)
            len = (x >> 33) % (len + 1);
        enum json_status got =
            json_parse_flat(f->parser, copy, len, f->fields, FIELDS_MAX, &f->count);
        assert_true(got <= JSON_NO_MEMORY);
        assert_true(f->count <= FIELDS_MAX);
        free(copy);
    }
    assert_int_equal(parse(f, good, sizeof good - 1), JSON_OK);
    assert_int_equal(f->count, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_conformance, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_count_at_refusal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
