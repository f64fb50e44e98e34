/* Where results stand in the audit's books: each place that was added is found again, with its own
 * state, and no other. */
#include "processors/audit/audit_private.h"
#include "tests/support/support.h"

struct place {
    uint64_t input_seq;
    uint32_t index;
};

static void add(struct audit_places *p, struct place at, enum audit_state state)
{
    struct error err = {0};
    assert_true(audit_places_add(p, at.input_seq, at.index, state, &err));
}

/* Inputs in order, with and without results, indices with holes (results of the other log that is
 * walked later or not at all), and sequences that skip far ahead as after a power cut. */
static const struct place added[] = {
    {5, 0},
    {5, 1},
    {5, 2},
    {6, 0},
    {9, 3}, /* 7 and 8 gave nothing; of 9 only the fourth */
    {65546, 0},
    {65546, 1},
    {131084, 0}, /* the furthest of the same run, and the nearest of another */
    {9000000, 0},
    {9000001, 0},
    {UINT64_C(1) << 40, 2}};
enum { ADDED = sizeof added / sizeof added[0] };

static void what_was_added_is_found_and_nothing_else(void **state)
{
    static const struct {
        struct place at;
        bool there;
    } table[] = {
        {{0, 0}, false},
        {{4, 0}, false},
        {{5, 2}, true},
        {{5, 3}, false},
        {{6, 0}, true},
        {{6, 1}, false},
        {{7, 0}, false},
        {{8, 0}, false},
        {{9, 0}, true},
        {{9, 3}, true},
        {{9, 4}, false},
        {{10, 0}, false},
        {{65545, 0}, false},
        {{65546, 1}, true},
        {{65546, 2}, false},
        {{65547, 0}, false},
        {{131083, 0}, false},
        {{131084, 0}, true},
        {{131085, 0}, false},
        {{8999999, 0}, false},
        {{9000001, 0}, true},
        {{9000001, 1}, false},
        {{9000002, 0}, false},
        {{(UINT64_C(1) << 40) - 1, 0}, false},
        {{UINT64_C(1) << 40, 0}, true},
        {{UINT64_C(1) << 40, 2}, true},
        {{UINT64_C(1) << 40, 3}, false},
        {{UINT64_MAX, 0}, false},
    };
    struct audit_places p = {0};
    uint64_t ordinal, before = 0;
    (void)state;
    assert_false(audit_places_find(&p, 5, 0, &ordinal));
    for (int i = 0; i < ADDED; i++)
        add(&p, added[i], AUDIT_EXPECTED);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (audit_places_find(&p, table[i].at.input_seq, table[i].at.index, &ordinal) !=
            table[i].there)
            fail_msg("input %llu index %u", (unsigned long long)table[i].at.input_seq,
                     table[i].at.index);
    for (int i = 0; i < ADDED; i++) { /* each has an ordinal of its own, rising */
        assert_true(audit_places_find(&p, added[i].input_seq, added[i].index, &ordinal));
        assert_true(i == 0 || ordinal > before);
        before = ordinal;
    }
    assert_int_equal(p.run_count, 4);
    audit_places_free(&p);
    assert_false(audit_places_find(&p, 5, 0, &ordinal));
}

/* Four states in a byte: none disturbs its neighbours. A place that only lies between others is
 * none. */
static void states_are_kept_apart(void **state)
{
    static const enum audit_state states[] = {AUDIT_EXPECTED, AUDIT_SEEN, AUDIT_REJECTED,
                                              AUDIT_NONE};
    enum { INPUTS = 1000, PER_INPUT = 3 };
    struct audit_places p = {0};
    uint64_t ordinal;
    (void)state;
    for (uint64_t seq = 1; seq <= INPUTS; seq++)
        for (uint32_t i = 0; i < PER_INPUT; i++)
            add(&p, (struct place){seq, i}, AUDIT_EXPECTED);
    assert_int_equal(p.count, INPUTS * PER_INPUT);
    for (int round = 0; round < 2; round++) {
        for (uint64_t seq = 1; seq <= INPUTS; seq++)
            for (uint32_t i = 0; i < PER_INPUT; i++) {
                assert_true(audit_places_find(&p, seq, i, &ordinal));
                audit_places_set(&p, ordinal, states[(seq * PER_INPUT + i + (uint64_t)round) % 4]);
            }
        for (uint64_t seq = 1; seq <= INPUTS; seq++)
            for (uint32_t i = 0; i < PER_INPUT; i++) {
                assert_true(audit_places_find(&p, seq, i, &ordinal));
                assert_int_equal(audit_places_get(&p, ordinal),
                                 states[(seq * PER_INPUT + i + (uint64_t)round) % 4]);
            }
    }
    audit_places_free(&p);
    add(&p, (struct place){1, 2}, AUDIT_SEEN);
    assert_true(audit_places_find(&p, 1, 1, &ordinal));
    assert_int_equal(audit_places_get(&p, ordinal), AUDIT_NONE);
    audit_places_free(&p);
}

static void too_much_is_refused(void **state)
{
    struct audit_places p = {0};
    struct error err = {0};
    (void)state;
    add(&p, (struct place){1, 0}, AUDIT_SEEN);
    assert_false(audit_places_add(&p, 1, UINT32_MAX, AUDIT_SEEN, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_int_equal(p.count, 1);
    audit_places_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found_and_nothing_else),
        cmocka_unit_test(states_are_kept_apart),
        cmocka_unit_test(too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
