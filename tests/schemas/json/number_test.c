/* number: shortest text, the same double back, no locale. */
#include "schemas/json/json.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

static void test_shortest(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *want;
    } cases[] = {
        {0, "0"},
        {5, "5"},
        {-1, "-1"},
        {0.1, "0.1"},
        {0.30000000000000004, "0.30000000000000004"},
        {1.54, "1.54"},
        {0.0001, "1e-4"},
        {1e21, "1e21"},
        /* Digits alone only while they fit into 64 bits. */
        {9223372036854774784.0, "9223372036854774784"},
        {9223372036854775808.0, "9.223372036854776e18"},
        {-9223372036854775808.0, "-9.223372036854776e18"},
        {1574122159601463853056.0, "1.5741221596014639e21"},
        {1e-7, "1e-7"},
        {1.5e300, "1.5e300"},
        {DBL_MAX, "1.7976931348623157e308"},
        {DBL_TRUE_MIN, "5e-324"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {-0.0, "-0"},
        {9007199254740993.0, "9007199254740992"},
        {123456, "123456"},
        {0.5, "0.5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[JSON_NUMBER_BYTES_MAX + 1];
        out[json_number_format(cases[i].v, out)] = '\0';
        assert_string_equal(out, cases[i].want);
    }
}

/* A comma locale must change nothing; where the machine has none, the case says nothing and passes.
 */
static void test_round_trip(void **state)
{
    (void)state;
    const char *locale = setlocale(LC_ALL, "de_DE.UTF-8");
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double v;
        memcpy(&v, &x, sizeof v);
        if (!isfinite(v))
            continue;
        char out[JSON_NUMBER_BYTES_MAX];
        struct str s = {out, (uint32_t)json_number_format(v, out)};
        assert_true(s.len <= JSON_NUMBER_BYTES_MAX);
        double back = 0;
        assert_true(json_number_parse(s, &back));
        assert_memory_equal(&v, &back, sizeof v);
    }
    if (locale)
        (void)setlocale(LC_ALL, "C");
}

static void test_parse(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0", "-0", "12", "1e3", "1E+3", "-0.25", "3.141592653589793"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double v = NAN;
        assert_true(json_number_parse(str_of(good[i]), &v));
        assert_true(v == strtod(good[i], NULL));
    }
    static const char *const bad[] = {"",    " 1",   "1 ",       "+1",    "1,5",    "nan",
                                      "inf", "-inf", "infinity", "1e999", "-1e999", "0x10",
                                      "1e",  "-",    "e5",       "1.5.2", "12a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double v = 42;
        if (json_number_parse(str_of(bad[i]), &v))
            print_error("taken for a number: '%s'\n", bad[i]);
        assert_true(v == 42);
    }
}

static void test_text(void **state)
{
    (void)state;
    char buffer[4];
    struct text t = text_over(buffer, sizeof buffer);
    text_add_f64(&t, 2.5);
    assert_false(t.overflow);
    assert_int_equal(t.len, 3);
    text_add_f64(&t, 10);
    assert_true(t.overflow);
    assert_memory_equal(buffer, "2.51", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shortest),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
