#include "tests/support/support.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/array.h"

static bool all_zero(const char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (at[i])
            return false;
    }
    return true;
}

/* From one byte to some huge pages, and sizes around one. */
static void begins_on_a_line_and_is_zero(void **state)
{
    static const struct {
        size_t count, size, begin;
    } cases[] = {
        {1, 1, ARRAY_LINE_BYTES},
        {3, 100, ARRAY_LINE_BYTES},
        {ARRAY_HUGE_PAGE_BYTES - 1, 1, ARRAY_LINE_BYTES},
        {ARRAY_HUGE_PAGE_BYTES, 1, ARRAY_HUGE_PAGE_BYTES},
        {20001, 256, ARRAY_HUGE_PAGE_BYTES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t bytes = cases[i].count * cases[i].size;
        void *dirty = malloc(bytes); /* what the next one may get again */
        assert_non_null(dirty);
        memset(dirty, 0xff, bytes);
        free(dirty);
        char *at = array_new(cases[i].count, cases[i].size);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % cases[i].begin, 0);
        assert_true(all_zero(at, bytes));
        free(at);
    }
}

static void nothing_is_an_array_too(void **state)
{
    (void)state;
    void *at = array_new(0, 100);
    assert_non_null(at);
    free(at);
}

static void what_no_memory_holds_is_refused(void **state)
{
    (void)state;
    assert_null(array_new(SIZE_MAX / 2, 3));
    assert_null(array_new(SIZE_MAX / 2 + 1, 1));
}

/* Anything may be asked for, also what holds no whole page; what is there stays. */
static void huge_pages_are_only_asked_for(void **state)
{
    (void)state;
    const size_t bytes = 3 * (size_t)ARRAY_HUGE_PAGE_BYTES;
    char *at = calloc(1, bytes);
    assert_non_null(at);
    at[bytes - 1] = 7;
    array_huge(at, bytes);
    array_huge(at + 1, 100);
    array_huge(at, 0);
    assert_int_equal(at[bytes - 1], 7);
    assert_true(all_zero(at, bytes - 1));
    free(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_on_a_line_and_is_zero),
        cmocka_unit_test(nothing_is_an_array_too),
        cmocka_unit_test(what_no_memory_holds_is_refused),
        cmocka_unit_test(huge_pages_are_only_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
