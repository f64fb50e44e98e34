/* lane, label: names that a gate makes up: found again, never mixed up, and never more than there
 * is room for. */
#include "processors/core/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

static struct lane lane_room[VENUE_GATE_LANES_MAX + 1];
static struct reason reason_room[REASONS_MAX + 1];

static struct lane_passage one_in(int64_t at_s)
{
    return (struct lane_passage){.in = 1, .ts_ms = at_s * 1000, .now_ms = at_s * 1000};
}

#define LONGEST "12345678901234567890123456789012345678901234567"

/* Each name passes once; how many it has counted then. */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *kept;
        int64_t total;
    } cases[] = {
        {"1", "1", 1},
        {"A", "A", 1},
        {"1", "1", 2},
        {"a", "a", 1}, /* as the gate writes it */
        {"12", "12", 1},
        {LONGEST, LONGEST, 1},
        {LONGEST "8", "other", 1}, /* never cut: … */
        {LONGEST "9", "other", 2}, /* … these two are not one lane */
        {"other", "other", 3},
        {"1", "1", 3},
        {"\xe4\xb8\x80", "\xe4\xb8\x80", 1},
    };
    struct lanes lanes = {.lane = lane_room};
    memset(lane_room, 0, sizeof lane_room);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lane_passage p = one_in(1000);
        struct lane *lane = lanes_find(&lanes, str_of(cases[i].name));
        lane_count(lane, &p);
        assert_true(str_equal(label_text(&lane->label), str_of(cases[i].kept)));
        assert_int_equal(lane->total_in, cases[i].total);
    }
    assert_int_equal(lanes.count, 6);
    uint32_t shown = 0;
    while (lanes_at(&lanes, shown))
        shown++;
    assert_int_equal(shown, 7); /* and the others */
}

/* 1,000 lanes: 64 have a place, 936 share one; nobody is lost. */
static void test_many_lanes(void **state)
{
    (void)state;
    struct lanes lanes = {.lane = lane_room};
    memset(lane_room, 0, sizeof lane_room);
    for (int i = 0; i < 1000; i++) {
        char name[16];
        struct lane_passage p = one_in(1000);
        snprintf(name, sizeof name, "L%d", i);
        lane_count(lanes_find(&lanes, str_of(name)), &p);
    }
    assert_int_equal(lanes.count, VENUE_GATE_LANES_MAX);
    assert_int_equal(lanes_at(&lanes, 63)->total_in, 1);
    assert_true(str_equal(label_text(&lanes_at(&lanes, 64)->label), STR_LIT("other")));
    assert_int_equal(lanes_at(&lanes, 64)->total_in, 1000 - VENUE_GATE_LANES_MAX);
    assert_int_equal(lanes_at(&lanes, 64)->in.sum, 1000 - VENUE_GATE_LANES_MAX);
    assert_null(lanes_at(&lanes, 65));
}

static void test_many_reasons(void **state)
{
    (void)state;
    struct reasons reasons = {.reason = reason_room};
    memset(reason_room, 0, sizeof reason_room);
    for (int i = 0; i < 40; i++) {
        char name[16];
        struct lane_passage p = {
            .rejects = 2, .ts_ms = 1000000, .now_ms = 1000000, .late = i == 39};
        snprintf(name, sizeof name, "R%d", i);
        reason_count(reasons_find(&reasons, str_of(name)), &p);
    }
    assert_int_equal(reasons.count, REASONS_MAX);
    assert_int_equal(reasons_at(&reasons, 16)->total, 2 * (40 - REASONS_MAX));
    assert_int_equal(reasons_at(&reasons, 16)->rejects.sum,
                     2 * (39 - REASONS_MAX)); /* one was late */
    assert_null(reasons_at(&reasons, 17));
}

/* Which lanes are open, as their use tells. */
static void test_used(void **state)
{
    (void)state;
    struct lanes lanes = {.lane = lane_room};
    struct lane_passage p = one_in(1000), out = p, refused = p, nobody = p, late = p;
    int64_t oldest_ms;
    memset(lane_room, 0, sizeof lane_room);
    out.in = refused.in = nobody.in = 0;
    out.out = refused.rejects = 1;
    late.late = true;
    lane_count(lanes_find(&lanes, STR_LIT("in")), &p);
    lane_count(lanes_find(&lanes, STR_LIT("out")), &out);
    lane_count(lanes_find(&lanes, STR_LIT("refused")), &refused);
    lane_count(lanes_find(&lanes, STR_LIT("nobody")), &nobody);
    lane_count(lanes_find(&lanes, STR_LIT("late")), &late);
    assert_int_equal(lanes_used(&lanes, 999999, &oldest_ms), 3);
    assert_int_equal(oldest_ms, 1000000);
    assert_int_equal(lanes_used(&lanes, 1000000, &oldest_ms), 0);
    assert_int_equal(oldest_ms, INT64_MAX);
    p = one_in(1060);
    lane_count(lanes_find(&lanes, STR_LIT("in")), &p);
    assert_int_equal(lanes_advance(&lanes, 1061000), 1121); /* the one of 1060 leaves */
    assert_int_equal(lanes_used(&lanes, 1000000, &oldest_ms), 1);
    assert_int_equal(lanes_at(&lanes, 0)->in.sum, 1); /* of the last minute */
    assert_int_equal(lanes_at(&lanes, 0)->total_in, 2);
    assert_int_equal(lanes_at(&lanes, 1)->out.sum, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_many_lanes),
        cmocka_unit_test(test_many_reasons),
        cmocka_unit_test(test_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
