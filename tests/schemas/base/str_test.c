#include "tests/support/support.h"

#include <stdlib.h>

#include "schemas/base/clock.h"
#include "schemas/base/str.h"

#define SECOND_NS INT64_C(1000000000)

static void ids_follow_the_contract(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        bool valid;
    } cases[] = {
        {"hall-1", true},
        {"H8.1:a_b", true},
        {"0", true},
        {"", false},
        {"-hall", false},
        {".x", false},
        {"a b", false},
        {"h\xc3\xa4ll", false},
        {"a/b", false},
        {"a+b", false},
        {"a#", false},
        {"123456789012345678901234567890123456789012345678", true},
        {"1234567890123456789012345678901234567890123456789", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(id_valid(str_of(cases[i].id)), cases[i].valid);
}

static void utf8_is_told_from_other_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool valid;
    } cases[] = {
        {"plain", true},
        {"\xe5\xb1\x95\xe4\xbc\x9a", true}, /* two ideographs */
        {"\xf0\x9f\x9a\xaa", true},
        {"\xc0\x80", false},         /* overlong */
        {"\xe0\x80\x80", false},     /* overlong */
        {"\xed\xa0\x80", false},     /* surrogate */
        {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xc3", false},             /* cut */
        {"\xff", false},
        {"a\x80", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(utf8_valid((const uint8_t *)cases[i].bytes, strlen(cases[i].bytes)),
                         cases[i].valid);
}

static void times_are_written_and_read(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool valid;
        int64_t ms;
        const char *out;
    } cases[] = {
        {"1970-01-01T00:00:00Z", true, 0, "1970-01-01T00:00:00.000Z"},
        {"2026-11-23T14:30:00.123Z", true, 1795444200123, "2026-11-23T14:30:00.123Z"},
        {"2026-11-23T22:30:00.1234567+08:00", true, 1795444200123, "2026-11-23T14:30:00.123Z"},
        {"2024-02-29T00:00:00Z", true, 1709164800000, "2024-02-29T00:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", true, -1, "1969-12-31T23:59:59.999Z"},
        {"2023-02-29T00:00:00Z", false, 0, NULL},
        {"2026-13-01T00:00:00Z", false, 0, NULL},
        {"2026-11-23T24:00:00Z", false, 0, NULL},
        {"2026-11-23T14:30:00", false, 0, NULL},
        {"2026-11-23T14:30:00.Z", false, 0, NULL},
        {"2026-11-23T14:30:00Zx", false, 0, NULL},
        {"2026-11-23T14:30:00+0800", false, 0, NULL},
        {"2026-11-23", false, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = 42;
        assert_int_equal(time_parse_rfc3339(str_of(cases[i].in), &ms), cases[i].valid);
        assert_int_equal(ms, cases[i].valid ? cases[i].ms : 42);
        if (!cases[i].valid)
            continue;
        char buffer[32];
        struct text out = text_over(buffer, sizeof buffer - 1);
        text_add_time_ms(&out, ms);
        buffer[out.len] = '\0';
        assert_string_equal(buffer, cases[i].out);
    }
}

static void every_day_of_four_centuries_reads_back(void **state)
{
    (void)state;
    for (int64_t day = -150000; day < 150000; day++) {
        char buffer[32];
        struct text out = text_over(buffer, sizeof buffer);
        int64_t ms = day * 86400000 + (day & 0xffff), back = 0;
        text_add_time_ms(&out, ms);
        assert_true(time_parse_rfc3339((struct str){buffer, (uint32_t)out.len}, &back));
        assert_int_equal(back, ms);
    }
}

static void text_never_writes_past_its_end(void **state)
{
    (void)state;
    char buffer[8] = "0123456";
    struct text out = text_over(buffer, 4);
    text_add(&out, "ab");
    assert_false(out.overflow);
    text_add_json(&out, STR_LIT("xyz"));
    assert_true(out.overflow);
    assert_int_equal(out.len, 4);
    assert_memory_equal(buffer, "ab\"x456", 7);
}

static void json_text_and_base64_escape(void **state)
{
    (void)state;
    char buffer[128];
    struct text out = text_over(buffer, sizeof buffer);
    text_add_json(&out, STR_LIT("a\"b\\c\n\x01z"));
    text_add_char(&out, ' ');
    static const char *const plain[] = {"", "f", "fo", "foo", "foob"}; /* RFC 4648 section 10 */
    for (int i = 0; i < 5; i++) {
        text_add_base64(&out, (const uint8_t *)plain[i], strlen(plain[i]));
        text_add_char(&out, ' ');
    }
    text_add_i64(&out, INT64_MIN);
    static const char want[] =
        "\"a\\\"b\\\\c\\u000a\\u0001z\"  Zg== Zm8= Zm9v Zm9vYg== -9223372036854775808";
    assert_int_equal(out.len, sizeof want - 1);
    assert_memory_equal(buffer, want, sizeof want - 1);
}

/* Nothing that a terminal obeys, on one line. */
static void strangers_words_are_plain(void **state)
{
    (void)state;
    char buffer[128];
    struct text out = text_over(buffer, sizeof buffer);
    text_add_plain(
        &out,
        STR_LIT(
            "a\"\\ \x1b[2J\n\x7f\xc2\x9bz\xc2\xa0\u4eba\u202e\ufeff\xef\xbf\xbf\xef\xbf\xbd\xc2"));
    static const char want[] =
        "a\"\\ \\u001b[2J\\u000a\\u007f\\u009bz\xc2\xa0\u4eba\\u202e\\ufeff\\uffff\xef\xbf\xbd\xc2";
    assert_int_equal(out.len, sizeof want - 1);
    assert_memory_equal(buffer, want, sizeof want - 1);
    assert_true(str_plain(STR_LIT("a\"\\ \u4eba\xc2\xa0\xc2")));
    assert_false(str_plain(STR_LIT("a\x7f")));
    out.len = 0;
    text_add_yaml(&out, STR_LIT("a\"\\\x7f\""));
    assert_int_equal(out.len, 15);
    assert_memory_equal(buffer, "\"a\\\"\\\\\\u007f\\\"\"", 15);
}

static void log_time_never_jumps_or_freezes(void **state)
{
    (void)state;
    struct log_clock clock;
    int64_t boot = 5 * SECOND_NS, wall = 1000 * SECOND_NS, last = 0;
    log_clock_start(&clock, 0, boot, wall);
    for (int i = 0; i < 4000; i++) {
        boot += SECOND_NS / 100;
        wall += SECOND_NS / 100;
        if (i == 1000)
            wall += 3600 * SECOND_NS; /* somebody sets the clock forward … */
        if (i == 2000)
            wall -= 7200 * SECOND_NS; /* … and back */
        int64_t now = log_clock_read(&clock, boot, wall);
        if (last) {
            assert_true(now > last);
            assert_true(now - last < SECOND_NS / 50);
        }
        last = now;
    }
    assert_true(log_clock_offset_ns(&clock) < -3590 * SECOND_NS);
    assert_true(log_clock_offset_ns(&clock) > -3601 * SECOND_NS);
}

static void log_time_starts_above_the_last_record(void **state)
{
    (void)state;
    struct log_clock clock;
    log_clock_start(&clock, 2000 * SECOND_NS, SECOND_NS, 1000 * SECOND_NS);
    assert_int_equal(log_clock_read(&clock, SECOND_NS, 1000 * SECOND_NS), 2000 * SECOND_NS);
    assert_true(log_clock_read(&clock, 3 * SECOND_NS, 1002 * SECOND_NS) > 2001 * SECOND_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_follow_the_contract),
        cmocka_unit_test(utf8_is_told_from_other_bytes),
        cmocka_unit_test(times_are_written_and_read),
        cmocka_unit_test(every_day_of_four_centuries_reads_back),
        cmocka_unit_test(text_never_writes_past_its_end),
        cmocka_unit_test(json_text_and_base64_escape),
        cmocka_unit_test(strangers_words_are_plain),
        cmocka_unit_test(log_time_never_jumps_or_freezes),
        cmocka_unit_test(log_time_starts_above_the_last_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
