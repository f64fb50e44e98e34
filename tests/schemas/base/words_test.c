/* suggest against a plain recursive definition of the distance; arena and problems at their limits.
 */
#include "schemas/base/suggest.h"

#include <stdio.h>
#include <stdlib.h>

#include "schemas/base/arena.h"
#include "schemas/base/problems.h"
#include "tests/support/support.h"

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The definition itself, slow. */
static uint32_t plain_distance(struct str a, struct str b)
{
    if (a.len == 0 || b.len == 0)
        return a.len + b.len;
    struct str a1 = {a.at, a.len - 1}, b1 = {b.at, b.len - 1};
    uint32_t d = plain_distance(a1, b1) + (a.at[a.len - 1] != b.at[b.len - 1]);
    d = least(d, least(plain_distance(a1, b), plain_distance(a, b1)) + 1);
    if (a.len > 1 && b.len > 1 && a.at[a.len - 1] == b.at[b.len - 2] &&
        a.at[a.len - 2] == b.at[b.len - 1])
        d = least(d,
                  plain_distance((struct str){a.at, a.len - 2}, (struct str){b.at, b.len - 2}) + 1);
    return d;
}

static void distance_is_what_it_says(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int i = 0; i < 4000; i++) {
        char a[6], b[6];
        struct str sa = {a, 0}, sb = {b, 0};
        random = random * 6364136223846793005u + 1442695040888963407u;
        sa.len = (uint32_t)(random >> 33) % 6;
        sb.len = (uint32_t)(random >> 40) % 6;
        for (uint32_t k = 0; k < 6; k++) {
            a[k] = (char)('a' + (random >> (2 * k)) % 3);
            b[k] = (char)('a' + (random >> (2 * k + 13)) % 3);
        }
        uint32_t plain = plain_distance(sa, sb);
        for (uint32_t limit = 0; limit < 4; limit++)
            assert_int_equal(suggest_distance(sa, sb, limit), least(plain, limit + 1));
    }
}

static void words_that_are_near(void **state)
{
    (void)state;
    static const char *const words[] = {"capacity", "kind", "id", "area_m2"};
    assert_string_equal(suggest_word(STR_LIT("capcity"), words, 4), "capacity");
    assert_string_equal(suggest_word(STR_LIT("capactiy"), words, 4), "capacity");
    assert_string_equal(suggest_word(STR_LIT("knid"), words, 4), "kind");
    assert_null(suggest_word(STR_LIT("xx"), words, 4)); /* two letters are too few to guess from */
    assert_null(suggest_word(STR_LIT("polygon"), words, 4));
    assert_null(suggest_word((struct str){0}, words, 4));
    char long_word[100];
    memset(long_word, 'x', sizeof long_word);
    assert_null(suggest_word((struct str){long_word, sizeof long_word}, words, 4));
}

static void arena_keeps_its_limit(void **state)
{
    (void)state;
    struct arena *arena = arena_new(100000);
    assert_non_null(arena);
    unsigned char *a = arena_alloc(arena, 70000, 1);
    assert_non_null(a);
    assert_true(a[0] == 0 && a[69999] == 0);
    assert_null(arena_alloc(arena, 30001, 1));
    assert_null(arena_alloc(arena, SIZE_MAX / 2, 3));
    assert_non_null(arena_alloc(arena, 0, 8));
    double *b = arena_alloc(arena, 3, sizeof *b);
    assert_int_equal((uintptr_t)b % _Alignof(max_align_t), 0);
    struct str copy = arena_copy(arena, STR_LIT("text"));
    assert_string_equal(copy.at, "text");
    char big[30000] = {0};
    assert_null(arena_copy(arena, (struct str){big, sizeof big}).at);
    arena_free(arena);
    arena_free(NULL);
}

static void problems_beyond_the_list_are_counted(void **state)
{
    (void)state;
    struct problems problems = {0}, more = {0};
    for (uint32_t i = 0; i < PROBLEMS_MAX - 1; i++)
        problems_warn(&problems, PROBLEMS_MAX - i, 1, "w%u", i);
    assert_false(problems_refuse(&problems));
    problems_add(&more, 7, 2, "%0400d", 1); /* cut */
    problems_add(&more, 7, 1, "last");
    problems_append(&problems, &more);
    assert_int_equal(problems.count, PROBLEMS_MAX + 1);
    assert_int_equal(problems.warnings, PROBLEMS_MAX - 1);
    assert_int_equal(problems_listed(&problems), PROBLEMS_MAX);
    assert_true(problems_refuse(&problems));
    problems_sort(&problems);
    for (uint32_t i = 1; i < PROBLEMS_MAX; i++)
        assert_true(problems.problem[i - 1].line <= problems.problem[i].line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_is_what_it_says),
        cmocka_unit_test(words_that_are_near),
        cmocka_unit_test(arena_keeps_its_limit),
        cmocka_unit_test(problems_beyond_the_list_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
