/* validity: whether the last heartbeat still holds, by clocks that are right and wrong. */
#include "tests/support/support.h"

#include <string.h>

#include "processors/watch/validity.h"

#define NOW INT64_C(1795000000000)

struct judged {
    int64_t at_ms, offset_ms,
        until_ms; /* from NOW on; until 0 with no offset and no path: not said */
    const char *path;
    enum validity_fault fault;
    const char *words;
};

static const struct judged cases[] = {
    {-1000, 0, 8000, "whole", VALIDITY_NONE, ""},
    {-10000, 0, 0, "whole", VALIDITY_NONE, ""},
    {-10000, 0, -1, "whole", VALIDITY_PATH, "for 10 s the path from the broker is not proven"},
    {-10001, 0, -1001, "whole", VALIDITY_OLD, "the last heartbeat is 10 s old"},
    {-400000, 0, -390000, "whole", VALIDITY_OLD, "the last heartbeat is 6 min old"},
    {-500, 0, -5000, "silent", VALIDITY_PATH,
     "for 15 s ingest is connected to the broker, but no probe comes back through it: it hangs, or "
     "ingest "
     "may no longer read or publish below crowdtide/{venue}/"},
    {-500, 0, -5000, "broker", VALIDITY_PATH,
     "for 15 s ingest is not connected to the broker with every subscription"},
    {-500, 0, 2000, "broker", VALIDITY_NONE, ""},
    {-500, 0, -1000, "refused", VALIDITY_PATH,
     "for 11 s the broker refuses what ingest publishes to itself: its access list has changed"},
    {-500, 0, 9000, "unproven", VALIDITY_NONE, ""},
    {10000, 0, 20000, "whole", VALIDITY_NONE, ""}, /* clocks may differ by so much */
    {10001, 0, 20001, "whole", VALIDITY_FUTURE,
     "the last heartbeat is 10 s in the future: check the clocks"},
    /* log time an hour behind, since somebody set the clock: the heartbeat knows */
    {-3601000, 3600000, 8000, "whole", VALIDITY_NONE, ""},
    {-3601000, 3600000, -3000, "silent", VALIDITY_PATH,
     "for 13 s ingest is connected to the broker, but no probe comes back through it: it hangs, or "
     "ingest "
     "may no longer read or publish below crowdtide/{venue}/"},
    {3599000, -3600000, 8000, "whole", VALIDITY_NONE, ""},
    /* the reader's clock was set forward since */
    {-3600000, 0, -3590000, "whole", VALIDITY_OLD, "the last heartbeat is 60 min old"},
};

static void by_any_clock(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct result_heartbeat beat;
        char words[512];
        struct text text = text_over(words, sizeof words - 1);
        result_clear(RECORD_HEARTBEAT, &beat);
        beat.at = NOW + cases[i].at_ms;
        beat.clock_offset_ms = cases[i].offset_ms;
        beat.valid_until = NOW + cases[i].until_ms;
        beat.path = str_of(cases[i].path);
        struct validity v = validity_of(&beat, NOW);
        validity_explain(&v, &text);
        words[text.len] = '\0';
        if (v.fault != cases[i].fault || strcmp(words, cases[i].words) != 0)
            fail_msg("case %zu: %d, %s", i, v.fault, words);
    }
}

static void older_heartbeats_hold_for_ten_seconds(void **state)
{
    (void)state;
    struct result_heartbeat beat;
    result_clear(RECORD_HEARTBEAT, &beat);
    assert_int_equal(validity_of(NULL, NOW).fault, VALIDITY_NEVER);
    assert_int_equal(validity_of(&beat, NOW).fault, VALIDITY_NEVER);
    beat.at = NOW;
    assert_int_equal(validity_of(&beat, NOW + 10000).fault, VALIDITY_NONE);
    assert_int_equal(validity_of(&beat, NOW + 10001).fault, VALIDITY_OLD);
    assert_string_equal(validity_of(&beat, NOW).path, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_any_clock),
        cmocka_unit_test(older_heartbeats_hold_for_ten_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
