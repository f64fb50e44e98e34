/* Which alerts the core keeps quiet for another of their zone, and who has heard enough by that
 * one. */
#include "processors/page/paging.h"

#include <stdlib.h>

#include "tests/support/support.h"

struct said {
    const char *state, *from_state;
    int level, from_level, escalation;
    const char *group, *operator;
    bool page;
};

static struct result_alert alert_of(const struct said *said)
{
    struct result_alert a;
    result_clear(RECORD_ALERT, &a);
    a.rule = STR_LIT("full");
    a.state = str_of(said->state);
    a.from_state = str_of(said->from_state);
    a.level = (int8_t)said->level;
    a.from_level = (int8_t)said->from_level;
    a.escalation = said->escalation;
    a.page_group = str_of(said->group);
    a.operator= str_of(said->operator);
    a.page = said->page;
    return a;
}

enum {
    N = LEVEL_NONE,
    B = LEVEL_BLUE,
    Y = LEVEL_YELLOW,
    O = LEVEL_ORANGE,
    R = LEVEL_RED,
    U = LEVEL_UNKNOWN
};

static void only_what_begins_rises_or_escalates_is_kept_quiet(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct said said;
        bool quiet;
    } rows[] = {
        {"begins", {"active_unacked", "pending", Y, N, 0, "g", "", false}, true},
        {"rises", {"active_unacked", "active_acked", R, O, 0, "g", "", false}, true},
        {"escalates", {"active_unacked", "active_unacked", Y, Y, 1, "g", "", false}, true},
        {"escalates while it clears", {"clearing", "clearing", Y, Y, 2, "g", "", false}, true},
        {"pages", {"active_unacked", "pending", Y, N, 0, "g", "", true}, false},
        {"is blue", {"active_unacked", "pending", B, N, 0, "g", "", false}, false},
        {"falls", {"active_unacked", "clearing", Y, R, 0, "g", "", false}, false},
        {"is noted", {"active_unacked", "active_unacked", Y, Y, 0, "g", "li", false}, false},
        {"is noted after a step",
         {"active_unacked", "active_unacked", Y, Y, 1, "g", "li", false},
         false},
        {"goes on after a step", {"active_unacked", "clearing", Y, Y, 1, "g", "", false}, false},
        {"is acknowledged", {"active_acked", "active_unacked", Y, Y, 1, "g", "li", false}, false},
        {"is shelved", {"shelved", "active_unacked", Y, Y, 1, "g", "li", false}, false},
        {"is suppressed once it was said",
         {"suppressed", "active_unacked", Y, Y, 0, "g", "", false},
         false},
        {"is lost", {"unknown", "active_unacked", U, Y, 0, "g", "", false}, false},
        {"is found", {"active_unacked", "unknown", Y, U, 1, "g", "", false}, false},
        {"is of no group", {"active_unacked", "pending", Y, N, 0, "", "", false}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct result_alert a = alert_of(&rows[i].said);
        if (paging_quiet(&a) != rows[i].quiet)
            fail_msg("what %s", rows[i].what);
    }
}

static void what_is_as_high_and_of_the_same_people_speaks(void **state)
{
    (void)state;
    static const char hall[] = "venue: {id: v}\nbuiltin_rules: no\n"
                               "rules:\n"
                               "  - {id: lamps, metric: lights_failed_percent, kinds: [hall],\n"
                               "     levels: {red: {enter: 20, action: Mend.}}}\n"
                               "  - {id: full, metric: percent_capacity, kinds: [hall],\n"
                               "     levels: {red: {enter: 100, action: Stop.}}}\n"
                               "  - {id: recount, metric: recount_zones, kinds: [venue],\n"
                               "     levels: {red: {enter: 1, action: Count.}}}\n"
                               "zones: [{id: h, kind: hall, capacity: 1000}]\n"
                               "sensors:\n"
                               "  - {id: s, class: crowd, counter: level, zone: h, interval_s: 5}\n"
                               "  - {id: l, class: light, zone: h, interval_s: 5}\n";
    static const struct {
        const char *what, *rule;
        struct said told;
        int last_known;
        bool speaks;
    } rows[] = {
        {"as high and as far",
         "full",
         {"active_unacked", "", Y, N, 1, "g", "", true},
         LEVEL_ABSENT,
         true},
        {"higher, by a rule that is gone",
         "old",
         {"active_unacked", "", R, N, 1, "g", "", true},
         LEVEL_ABSENT,
         true},
        {"acknowledged",
         "full",
         {"active_acked", "", Y, Y, 1, "g", "li", false},
         LEVEL_ABSENT,
         true},
        {"lost, and known to be red last",
         "full",
         {"unknown", "", U, R, 1, "g", "", true},
         R,
         true},
        {"lower", "full", {"active_unacked", "", B, N, 1, "g", "", false}, LEVEL_ABSENT, false},
        {"less far", "full", {"active_unacked", "", R, N, 0, "g", "", true}, LEVEL_ABSENT, false},
        {"over", "full", {"resolved", "", Y, R, 1, "g", "", false}, LEVEL_ABSENT, false},
        {"of another zone",
         "full",
         {"active_unacked", "", R, N, 1, "h", "", true},
         LEVEL_ABSENT,
         false},
        {"of equipment",
         "lamps",
         {"active_unacked", "", R, N, 1, "g", "", true},
         LEVEL_ABSENT,
         false},
        {"of what nobody has counted",
         "recount",
         {"active_unacked", "", R, N, 1, "g", "", true},
         LEVEL_ABSENT,
         false},
    };
    static const struct said quiet = {"active_unacked", "active_unacked", Y, Y, 1, "g", "", false};
    struct problems *problems = calloc(1, sizeof *problems);
    struct venue *venue = NULL;
    assert_non_null(problems);
    if (!venue_parse(str_of(hall), &venue, problems))
        fail_msg("%s", problems->problem[0].text);
    const struct result_alert a = alert_of(&quiet);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result_alert told = alert_of(&rows[i].told);
        told.rule = str_of(rows[i].rule);
        told.last_known_level = (int8_t)rows[i].last_known;
        if (paging_speaks(venue, &told, &a) != rows[i].speaks)
            fail_msg("what is %s", rows[i].what);
    }
    venue_free(venue);
    free(problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_begins_rises_or_escalates_is_kept_quiet),
        cmocka_unit_test(what_is_as_high_and_of_the_same_people_speaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
