#include "tests/support/json_cases.h"

#include <stdlib.h>

#include "tests/support/support.h"

enum { DOCUMENT_BYTES_MAX = 300000 };

struct row {
    const char *name, *text;
    size_t len;
    enum json_status status;
    uint32_t byte;
    const char *why;
    uint32_t times;       /* not 0: behind text (before its last brace) so many of the … */
    const char *again[3]; /* … first, one of the second, so many of the third */
};

#define TEXT(text) text, sizeof(text) - 1
#define TAKEN JSON_OK, 0, NULL
#define BAD(byte, why) JSON_MALFORMED, byte, why
#define X(value) TEXT("{\"occupancy\":812,\"x\":" value "}") /* the value begins at byte 22 */

static const struct row rows[] = {
    {.name = "plain", X("1"), TAKEN},
    {.name = "white space around", TEXT(" \t\r\n{\"occupancy\" : 812 } \n"), TAKEN},
    {.name = "escaped NUL in a string", X("\"\\u0000\""), TAKEN},
    {.name = "escaped NUL in a name", TEXT("{\"occupancy\":812,\"\\u0000\":1}"), TAKEN},
    {.name = "DEL in a string", X("\"\x7f\""), TAKEN},
    {.name = "surrogate pair", X("\"\\ud83d\\ude00\""), TAKEN},
    {.name = "U+10FFFF", X("\"\xf4\x8f\xbf\xbf\""), TAKEN},
    {.name = "a noncharacter", X("\"\xef\xbf\xbf\""), TAKEN},
    {.name = "BOM inside a string", X("\"\xef\xbb\xbf\""), TAKEN},
    {.name = "minus zero", X("-0"), TAKEN},
    {.name = "minus zero people", TEXT("{\"occupancy\":-0}"), TAKEN},
    {.name = "smaller than any double", X("1e-999"), TAKEN},
    {.name = "zero with any exponent", X("0e999999999999"), TAKEN},
    {.name = "greatest uint64", X("18446744073709551615"), TAKEN},
    {.name = "least int64", X("-9223372036854775808"), TAKEN},
    {.name = "greatest double", X("1.7976931348623157e308"), TAKEN},
    {.name = "a name twice where nobody reads", X("{\"a\":1,\"a\":2}"), TAKEN},
    {.name = "ten deep", X(""), TAKEN, .times = 9, .again = {"[", "", "]"}},
    {.name = "64 deep", X(""), TAKEN, .times = 63, .again = {"[", "0", "]"}},
    {.name = "400 digits behind the point", X("0."), TAKEN, .times = 400, .again = {"3", "", ""}},

    {.name = "nothing", TEXT(""), BAD(1, "it ends where a value should be")},
    {.name = "only white space", TEXT(" \n\t"), BAD(4, "it ends where a value should be")},
    {.name = "trailing brace", TEXT("{}}"), BAD(3, "something behind the end")},
    {.name = "trailing document",
     TEXT("{\"occupancy\":1}{\"occupancy\":1}"),
     BAD(16, "something behind the end")},
    {.name = "trailing word", TEXT("{\"occupancy\":1} x"), BAD(17, "something behind the end")},
    {.name = "trailing NUL", TEXT("{\"occupancy\":1}\0"), BAD(16, "something behind the end")},
    {.name = "NUL first", TEXT("\0{}"), BAD(1, "no value")},
    {.name = "NUL between", TEXT("{\"occupancy\":\0 1}"), BAD(14, "no value")},
    {.name = "NUL in a string", X("\"a\0b\""), BAD(24, "a control character in a string")},
    {.name = "line feed in a string", X("\"\n\""), BAD(23, "a control character in a string")},
    {.name = "tab in a string", X("\"\t\""), BAD(23, "a control character in a string")},
    {.name = "U+001F in a name", TEXT("{\"\x1f\":1}"), BAD(3, "a control character in a string")},
    {.name = "byte order mark", TEXT("\xef\xbb\xbf{\"occupancy\":1}"), BAD(1, "a byte order mark")},
    {.name = "comment", TEXT("{\"occupancy\":1/*c*/}"), BAD(15, "neither a comma nor")},
    {.name = "comment to the end of the line",
     TEXT("{\"occupancy\":1}//c"),
     BAD(16, "something behind the end")},
    {.name = "single quotes", TEXT("{'occupancy':1}"), BAD(2, "no name in double quotes")},
    {.name = "single quotes of a value", X("'a'"), BAD(22, "no value")},
    {.name = "bare name", TEXT("{occupancy:1}"), BAD(2, "no name in double quotes")},
    {.name = "trailing comma", TEXT("{\"occupancy\":1,}"), BAD(16, "no name in double quotes")},
    {.name = "trailing comma of a list", X("[1,]"), BAD(25, "no value")},
    {.name = "leading comma", TEXT("{,\"occupancy\":1}"), BAD(2, "no name in double quotes")},
    {.name = "no comma", TEXT("{\"occupancy\":1 \"x\":2}"), BAD(16, "neither a comma nor")},
    {.name = "no colon", TEXT("{\"occupancy\" 1}"), BAD(14, "no colon behind a name")},
    {.name = "list closed as an object", X("[1}"), BAD(24, "neither a comma nor")},
    {.name = "cut in an object", TEXT("{\"occupancy\":1"), BAD(15, "it ends before all")},
    {.name = "cut behind a comma", TEXT("{\"occupancy\":1,"), BAD(16, "it ends in an object")},
    {.name = "cut in a string", X("\"abc"), BAD(22, "a string without its end")},
    {.name = "cut in an escape", TEXT("{\"a\":\"\\"), BAD(7, "an escape that JSON has not")},
    {.name = "cut in a word", X("tru"), BAD(22, "no value")},
    {.name = "NaN", X("NaN"), BAD(22, "no value")},
    {.name = "Infinity", X("Infinity"), BAD(22, "no value")},
    {.name = "-Infinity", X("-Infinity"), BAD(23, "a number without digits")},
    {.name = "True", X("True"), BAD(22, "no value")},
    {.name = "1e999", X("1e999"), BAD(22, "beyond what a double holds")},
    {.name = "-1e999", X("-1e999"), BAD(22, "beyond what a double holds")},
    {.name = "an exponent without end",
     X("1e"),
     BAD(22, "beyond what a double holds"),
     .times = 400,
     .again = {"9", "", ""}},
    {.name = "2^64", X("18446744073709551616"), BAD(22, "a whole number beyond 64 bits")},
    {.name = "-2^63 - 1", X("-9223372036854775809"), BAD(22, "a whole number beyond 64 bits")},
    {.name = "400 digits",
     X("1"),
     BAD(22, "a whole number beyond 64 bits"),
     .times = 400,
     .again = {"7", "", ""}},
    {.name = "leading zero", X("01"), BAD(22, "a number that begins with 0")},
    {.name = "plus", X("+1"), BAD(22, "no value")},
    {.name = "no digit before the point", X(".5"), BAD(22, "no value")},
    {.name = "no digit behind the point", X("1.}"), BAD(24, "a point without digits")},
    {.name = "no digit in the exponent", X("1e+"), BAD(25, "an exponent without digits")},
    {.name = "hexadecimal", X("0x10"), BAD(23, "neither a comma nor")},
    {.name = "lone high surrogate", X("\"\\ud83d\""), BAD(23, "half a surrogate pair")},
    {.name = "lone low surrogate", X("\"\\ude00\""), BAD(23, "half a surrogate pair")},
    {.name = "two high surrogates", X("\"\\ud83d\\ud83d\""), BAD(23, "half a surrogate pair")},
    {.name = "surrogates the wrong way round",
     X("\"\\ude00\\ud83d\""),
     BAD(23, "half a surrogate pair")},
    {.name = "an escape of C", X("\"\\x41\""), BAD(23, "an escape that JSON has not")},
    {.name = "three hexadecimal digits", X("\"\\u123\""), BAD(28, "four hexadecimal digits")},
    {.name = "65 deep", X(""), BAD(85, "nested too deep"), .times = 64, .again = {"[", "0", "]"}},
    {.name = "100,000 deep",
     X(""),
     BAD(85, "nested too deep"),
     .times = 99999,
     .again = {"[", "", "]"}},
    {.name = "100,000 deep and never closed",
     TEXT("{\"x\":"),
     BAD(69, "nested too deep"),
     .times = 100000,
     .again = {"[", "", ""}},

    {.name = "stray continuation byte", X("\"\x80\""), JSON_UTF8, 23, "not UTF-8"},
    {.name = "overlong slash", X("\"\xc0\xaf\""), JSON_UTF8, 23, "not UTF-8"},
    {.name = "overlong NUL", X("\"\xe0\x80\x80\""), JSON_UTF8, 23, "not UTF-8"},
    {.name = "encoded surrogate", X("\"\xed\xa0\x80\""), JSON_UTF8, 23, "not UTF-8"},
    {.name = "encoded surrogate pair",
     X("\"\xed\xa0\xbd\xed\xb8\x80\""),
     JSON_UTF8,
     23,
     "not UTF-8"},
    {.name = "above U+10FFFF", X("\"\xf4\x90\x80\x80\""), JSON_UTF8, 23, "not UTF-8"},
    {.name = "cut sequence", X("\"\xe4\xb8\""), JSON_UTF8, 23, "not UTF-8"},
    {.name = "Latin-1 name", TEXT("{\"caf\xe9\":1}"), JSON_UTF8, 6, "not UTF-8"},
    {.name = "bad behind a mistake of syntax", TEXT("{'\xff"), JSON_UTF8, 3, "not UTF-8"},
    {.name = "UTF-16", TEXT("\xff\xfe{\0}\0"), JSON_UTF8, 1, "not UTF-8"},

    {.name = "list", TEXT("[1]"), JSON_NOT_OBJECT, 0, NULL},
    {.name = "number", TEXT("812"), JSON_NOT_OBJECT, 0, NULL},
    {.name = "string", TEXT("\"812\""), JSON_NOT_OBJECT, 0, NULL},
    {.name = "null", TEXT("null"), JSON_NOT_OBJECT, 0, NULL},
    {.name = "a name twice",
     TEXT("{\"occupancy\":1,\"occupancy\":2}"),
     JSON_DUPLICATE_KEY,
     0,
     NULL},
    {.name = "a name twice, the same value",
     TEXT("{\"occupancy\":1,\"x\":0,\"occupancy\":1}"),
     JSON_DUPLICATE_KEY,
     0,
     NULL},
    {.name = "a name twice, once escaped",
     TEXT("{\"occupancy\":1,\"\\u006fccupancy\":2}"),
     JSON_DUPLICATE_KEY,
     0,
     NULL},
    {.name = "the empty name twice",
     TEXT("{\"occupancy\":1,\"\":1,\"\":2}"),
     JSON_DUPLICATE_KEY,
     0,
     NULL},
};

uint32_t json_case_count(void)
{
    return sizeof rows / sizeof rows[0];
}

/* What is repeated goes before the last byte, if that closes the object. */
struct json_case json_case_at(uint32_t i)
{
    const struct row *row = &rows[i];
    char *bytes = malloc(DOCUMENT_BYTES_MAX + JSON_PADDING_BYTES);
    assert_non_null(bytes);
    struct text t = text_over(bytes, DOCUMENT_BYTES_MAX);
    bool inside = row->times && row->text[row->len - 1] == '}';
    text_add_bytes(&t, row->text, row->len - inside);
    for (uint32_t k = 0; k < row->times; k++)
        text_add(&t, row->again[0]);
    if (row->times)
        text_add(&t, row->again[1]);
    for (uint32_t k = 0; k < row->times; k++)
        text_add(&t, row->again[2]);
    text_add(&t, inside ? "}" : "");
    assert_false(t.overflow);
    memset(bytes + t.len, '}', JSON_PADDING_BYTES);
    return (struct json_case){
        row->name, {bytes, (uint32_t)t.len}, row->status, row->byte, row->why};
}

void json_case_free(struct json_case *c)
{
    free((char *)(uintptr_t)c->document.at);
    *c = (struct json_case){0};
}
