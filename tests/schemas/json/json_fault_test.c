/* json_fault: what the parser refuses has a place and a reason, what it takes has none; and the
 * documents of json_cases as the parser sees them. */
#include "schemas/json/json_fault.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/json/json.h"
#include "tests/support/json_cases.h"
#include "tests/support/support.h"

enum { FIELDS_MAX = 8, DOCUMENT_MAX = 524288, CUTS_MAX = 300 };

static int setup(void **state)
{
    *state = json_parser_new(DOCUMENT_MAX);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    json_parser_free(*state);
    return 0;
}

static enum json_status parse(struct json_parser *parser, struct str document)
{
    struct json_field fields[FIELDS_MAX];
    size_t count;
    return json_parse_flat(parser, (const uint8_t *)document.at, document.len, fields, FIELDS_MAX,
                           &count);
}

static void decided_as_the_rfc_says(void **state)
{
    for (uint32_t i = 0; i < json_case_count(); i++) {
        struct json_case c = json_case_at(i);
        struct json_fault fault = {0};
        enum json_status got = parse(*state, c.document);
        bool found = json_fault_find((const uint8_t *)c.document.at, c.document.len, &fault);
        if (got != c.status || found != (c.byte > 0))
            fail_msg("%s: %s, fault %d", c.name, json_status_text(got), found);
        if (found && (fault.at + 1 != c.byte || !strstr(fault.why, c.why)))
            fail_msg("%s: byte %zu: %s", c.name, fault.at + 1, fault.why);
        json_case_free(&c);
    }
}

/* Cut anywhere, both judge alike; the bytes behind are not looked at. */
static void cut_anywhere_both_agree(void **state)
{
    for (uint32_t i = 0; i < json_case_count(); i++) {
        struct json_case c = json_case_at(i);
        uint32_t len = c.document.len < CUTS_MAX ? c.document.len : CUTS_MAX;
        for (uint32_t n = 0; n < len; n++) {
            struct json_fault fault;
            /* Exactly as long as it is for the one, with padding for the other. */
            uint8_t *exact = malloc(n ? n : 1);
            assert_non_null(exact);
            memcpy(exact, c.document.at, n);
            enum json_status got = parse(*state, (struct str){c.document.at, n});
            bool refused = got == JSON_MALFORMED || got == JSON_UTF8;
            if (json_fault_find(exact, n, &fault) != refused)
                fail_msg("%s, cut at %u: %s", c.name, n, json_status_text(got));
            free(exact);
        }
        json_case_free(&c);
    }
}

static void told_with_bytes_from_one(void **state)
{
    (void)state;
    static const struct {
        const char *document, *told;
        enum json_status status;
    } rows[] = {
        {"{\"a\":x}", " at byte 6: no value", JSON_MALFORMED},
        {"{\"a\":\"\xff\"}", " at byte 7", JSON_UTF8},
        {"{}", "", JSON_MALFORMED},
        {"[x", "", JSON_NOT_OBJECT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char words[100];
        struct text t = text_over(words, sizeof words);
        json_fault_add(&t, rows[i].status, (const uint8_t *)rows[i].document,
                       strlen(rows[i].document));
        assert_true(str_is((struct str){words, (uint32_t)t.len}, rows[i].told));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(decided_as_the_rfc_says, setup, teardown),
        cmocka_unit_test_setup_teardown(cut_anywhere_both_agree, setup, teardown),
        cmocka_unit_test(told_with_bytes_from_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
