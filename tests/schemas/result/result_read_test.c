/* A result that goes through JSON comes back as it was. */
#include "schemas/result/result_read.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

enum { BYTES = 16384 };

struct reading {
    struct json_parser *json;
    uint8_t bytes[BYTES + JSON_PADDING_BYTES];
    char scratch[BYTES];
    union result_any any;
    struct error err;
};

static bool read_text(struct reading *r, const char *text, size_t len)
{
    struct json_document document;
    struct text scratch = text_over(r->scratch, sizeof r->scratch);
    memcpy(r->bytes, text, len);
    assert_int_equal(json_parse_document(r->json, r->bytes, len, &document), JSON_OK);
    return result_read(RECORD_ALERT, &document, &scratch, &r->any, &r->err);
}

static struct reading *reading_new(void)
{
    struct reading *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->json = json_parser_new(BYTES);
    assert_non_null(r->json);
    return r;
}

static void reading_free(struct reading *r)
{
    json_parser_free(r->json);
    free(r);
}

static void an_alert_comes_back_as_it_was(void **state)
{
    (void)state;
    char first[BYTES], again[BYTES];
    struct result_alert a;
    struct reading *r = reading_new();
    result_clear(RECORD_ALERT, &a);
    a.id = STR_LIT("v/z/r/1");
    a.n = 7;
    a.level = LEVEL_UNKNOWN;
    a.last_known_level = LEVEL_RED;
    a.value = 0.1 + 0.2;
    a.threshold = 90;
    a.start = INT64_C(1795000000123);
    a.note = STR_LIT("\"一\"\\\n");
    a.page = true;
    a.late = false;
    a.plan = STR_LIT(
        "[{\"step\":1,\"text\":\"停止\\u000a入场\",\"done\":false},{\"by\":null,\"x\":[1.5,{}]}]");
    struct text json = text_over(first, sizeof first), back = text_over(again, sizeof again);
    result_json(RECORD_ALERT, &a, &json);
    assert_true(read_text(r, first, json.len));
    result_json(RECORD_ALERT, &r->any, &back);
    if (json.len != back.len || memcmp(first, again, json.len) != 0)
        fail_msg("%.*s\n%.*s", (int)json.len, first, (int)back.len, again);
    assert_true(r->any.alert.value == a.value);
    assert_int_equal(r->any.alert.until, RESULT_ABSENT);
    reading_free(r);
}

static void what_is_not_of_its_kind_is_refused_and_what_is_new_passed_over(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"{\"id\":\"a\",\"later\":{\"x\":1}}", true},
        {"{\"n\":1}", true},
        {"{\"value\":1}", true},
        {"{\"n\":\"1\"}", false},
        {"{\"n\":1.5}", false},
        {"{\"id\":null}", false},
        {"{\"level\":\"purple\"}", false},
        {"{\"page\":1}", false},
        {"{\"start\":\"yesterday\"}", false},
        {"{\"plan\":\"x\"}", false},
        {"[]", false},
    };
    struct reading *r = reading_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (read_text(r, cases[i].text, strlen(cases[i].text)) != cases[i].good)
            fail_msg("%s", cases[i].text);
    }
    reading_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_comes_back_as_it_was),
        cmocka_unit_test(what_is_not_of_its_kind_is_refused_and_what_is_new_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
