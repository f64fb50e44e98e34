/* The paging file: what each mistake is answered with, who is reached when, and the holes. */
#include "processors/page/paging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/page_venue.h"
#include "tests/support/support.h"

static const char venue_yaml[] = PAGE_VENUE(", capacity: 20000, time_zone: Europe/Berlin");

static struct venue *venue_of(const char *yaml)
{
    struct problems *problems = calloc(1, sizeof *problems);
    struct venue *venue = NULL;
    assert_non_null(problems);
    if (!venue_parse(str_of(yaml), &venue, problems))
        fail_msg("venue: line %u: %s", problems->problem[0].line, problems->problem[0].text);
    free(problems);
    return venue;
}

/* The sections that most cases share: targets a to d are Actual, x and y Exercise. */
#define TARGETS                                                                                    \
    "targets:\n"                                                                                   \
    "  - {id: a, kind: alertmanager, url: \"http://127.0.0.1:9093\"}\n"                            \
    "  - {id: b, kind: webhook, url: \"http://127.0.0.1:1/b\"}\n"                                  \
    "  - {id: c, kind: webhook, url: \"http://127.0.0.1:1/c\"}\n"                                  \
    "  - {id: d, kind: webhook, url: \"http://127.0.0.1:1/d\"}\n"                                  \
    "  - {id: x, kind: webhook, url: \"http://127.0.0.1:1/x\", status: Exercise}\n"                \
    "  - {id: y, kind: webhook, url: \"http://127.0.0.1:1/y\", status: Exercise}\n"
enum { A = 1, B = 2, C = 4, D = 8, X = 16, Y = 32 };

static struct paging *parse(const char *yaml, struct problems *problems)
{
    struct paging *paging = NULL;
    *problems = (struct problems){0};
    return paging_parse(str_of(yaml), NULL, &paging, problems) ? paging : NULL;
}

/* ---- mistakes -------------------------------------------------------------------------------- */

#define ONE "teams: [{id: t, targets: a}]\nroutes: [{team: t}]\n"
#define TEAMS "teams: [{id: t, targets: a}, {id: u, targets: b}]\n"

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        uint32_t line;
        const char *text;
    } rows[] = {
        {"", 1, "targets: there are none"},
        {"target: []\n" TARGETS ONE, 1,
         "the paging file has no key \"target\"; did you mean \"targets\"?"},
        {"language: cn\n" TARGETS ONE, 1, "language: \"cn\" is not one of zh, en, both"},
        {"targets: [{id: a, kind: pager, url: \"http://h\"}]\n" ONE, 1,
         "kind: \"pager\" is not one"},
        {"targets: [{id: a, url: \"http://h\"}]\n" ONE, 1, "the target's kind is missing"},
        {"targets: [{kind: webhook, url: \"http://h\"}]\n" ONE, 1, "the target's id is missing"},
        {"targets: [{id: a, kind: webhook}]\n" ONE, 1, "target \"a\" has no url"},
        {"targets: [{id: a, kind: webhook, url: \"ftp://h\"}]\n" ONE, 1,
         "url: an address that begins with one of http|https:// is expected"},
        {"targets: [{id: a, kind: webhook, url: \"http://u:p@h\"}]\n" ONE, 1,
         "user and password don't belong into the address"},
        {"targets: [{id: a, kind: wecom, url: \"https://h/?key=1\"}]\n" ONE, 1,
         "the address of a wecom robot is a secret"},
        {"targets: [{id: a, kind: feishu}]\n" ONE, 1, "target \"a\" has no url_file"},
        {"targets: [{id: a, kind: webhook, url: \"http://h\", url_file: f}]\n" ONE, 1,
         "url and url_file: one of them"},
        {"targets: [{id: a, kind: pagerduty}]\n" ONE, 1, "target \"a\" has no routing_key_file"},
        {"targets: [{id: a, kind: pagerduty, routing_key: 1}]\n" ONE, 1,
         "routing_key: secrets are not written here: routing_key_file names a file"},
        {"targets: [{id: a, kind: wecom, url_file: f, secret_file: f}]\n" ONE, 1,
         "target kind wecom has no key \"secret_file\""},
        {"targets: [{id: a, kind: alertmanager, url: \"http://h\", username: u}]\n" ONE, 1,
         "username and password_file go together"},
        {"targets: [{id: a, kind: email, url: \"smtp://h\", from: f@h}]\n" ONE, 1,
         "target \"a\" has no to"},
        {"targets: [{id: a, kind: email, url: \"smtp://h\", from: f@h, to: \"x@y>, z\"}]\n" ONE, 1,
         "to: a mail address such as duty@example.org"},
        {"targets: [{id: a, kind: email, url: \"http://h\", from: f@h, to: x@y}]\n" ONE, 1,
         "one of smtp|smtps://"},
        {"targets: [{id: a, kind: webhook, url: \"http://h\", status: Drill}]\n" ONE, 1,
         "status: \"Drill\" is not one of Actual, Exercise"},
        {TARGETS "  - {id: a, kind: webhook, url: \"http://h\"}\n" ONE, 8,
         "target \"a\" is defined twice"},
        {TARGETS "teams: [{id: t}]\nroutes: [{team: t}]\n", 8, "team \"t\": shifts, or targets"},
        {TARGETS "teams: [{id: t, targets: aa}]\nroutes: [{team: t}]\n", 8,
         "there is no target \"aa\""},
        {TARGETS "teams: [{id: floor, targets: a}]\nroutes: [{team: flor}]\n", 9,
         "there is no team \"flor\"; did you mean \"floor\"?"},
        {TARGETS "teams: [{id: t, shifts: [{from: \"08:00\", targets: a}]}]\nroutes: [{team: t}]\n",
         8, "from and to go together: to is missing"},
        {TARGETS "teams: [{id: t, shifts: [{from: \"8:00\", to: \"24:00\", targets: "
                 "a}]}]\nroutes: [{team: t}]\n",
         8, "from: a local time such as \"07:30\""},
        {TARGETS "teams: [{id: t, shifts: [{from: \"24:00\", to: \"24:00\", targets: "
                 "a}]}]\nroutes: [{team: t}]\n",
         8, "from: a local time"},
        {TARGETS "teams: [{id: t, shifts: [{days: [mo], targets: a}]}]\nroutes: [{team: t}]\n", 8,
         "days: mon, tue,"},
        {TARGETS "teams: [{id: t, shifts: [{days: [], targets: a}]}]\nroutes: [{team: t}]\n", 8,
         "days: the list is empty"},
        {TARGETS "teams: [{id: t, shifts: [{}]}]\nroutes: [{team: t}]\n", 8,
         "the shift has no targets"},
        {TARGETS "teams: [{id: t, shifts: []}]\nroutes: [{team: t}]\n", 8,
         "shifts: 1 to 64 are expected, not 0"},
        {TARGETS TEAMS "routes: []\n", 9, "routes: 1 to 256 are expected, not 0"},
        {TARGETS TEAMS "routes: [{levels: red}]\n", 9, "the route has no team"},
        {TARGETS TEAMS "routes: [{levels: [blue, red], team: t}]\n", 9, "it pages nobody"},
        {TARGETS TEAMS "routes: [{levels: none, team: t}]\n", 9, "levels: \"none\" is not one of"},
        {TARGETS TEAMS "routes: [{kinds: halls, team: t}]\n", 9, "kinds: \"halls\""},
        {TARGETS TEAMS "routes: [{zone: h1, team: t}]\n", 9, "did you mean \"zones\"?"},
        {TARGETS TEAMS "routes: [{team: t, escalate: [u, u, u, u]}]\n", 9,
         "4 teams, but a rule has at most 3 steps"},
        {TARGETS TEAMS "routes: [{team: t, also: perhaps}]\n", 9, "also:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct problems problems;
        struct paging *paging = parse(rows[i].yaml, &problems);
        bool found = false;
        if (paging)
            fail_msg("row %zu is accepted: %s", i, rows[i].text);
        for (uint32_t k = 0; k < problems_listed(&problems); k++)
            found = found || (problems.problem[k].line == rows[i].line &&
                              strstr(problems.problem[k].text, rows[i].text));
        if (!found)
            fail_msg("row %zu: line %u \"%s\" is expected, not line %u \"%s\"", i, rows[i].line,
                     rows[i].text, problems.problem[0].line, problems.problem[0].text);
    }
}

/* ---- who is reached -------------------------------------------------------------------------- */

enum { MON = 0, TUE = 1440, SAT = 5 * 1440, SUN = 6 * 1440, NIGHT = 2 * 60 + 30, NOON = 12 * 60 };

#define SHIFTS                                                                                     \
    "teams:\n"                                                                                     \
    "  - id: floor\n"                                                                              \
    "    shifts:\n"                                                                                \
    "      - {days: mon-fri, from: \"08:00\", to: \"20:00\", targets: [a, x]}\n"                   \
    "      - {from: \"20:00\", to: \"08:00\", targets: b}\n"                                       \
    "      - {days: [sat, sun], from: \"08:00\", to: \"20:00\", targets: c}\n"                     \
    "  - {id: chief, targets: [c, y]}\n"                                                           \
    "  - {id: command, targets: d}\n"

static void events_reach_whom_they_should(void **state)
{
    (void)state;
    static const char yaml[] = TARGETS SHIFTS
        "routes:\n"
        "  - {zones: plaza, levels: orange, from: \"22:00\", to: \"06:00\", team: chief}\n"
        "  - {zones: h1, levels: red, team: chief, escalate: command, also: yes}\n"
        "  - {kinds: cell, status: Actual, team: command}\n"
        "  - {rules: dense, status: Exercise, team: chief}\n"
        "  - {zones: north, team: floor, escalate: [chief, command]}\n"
        "  - {venues: w, team: command}\n"
        "  - {zones: v, team: floor, escalate: [chief, command]}\n";
    static const struct {
        const char *venue, *zone, *rule;
        int level;
        enum paging_status status;
        uint32_t escalation, week_min;
        uint64_t targets;
    } rows[] = {
        {"v", "h2", "full", LEVEL_YELLOW, PAGING_ACTUAL, 0, MON + NOON, A},
        {"v", "h2", "full", LEVEL_NONE, PAGING_ACTUAL, 0, MON + NOON, 0},
        {"v", "h2", "full", LEVEL_BLUE, PAGING_ACTUAL, 0, MON + NOON, 0},
        {"v", "h2", "full", LEVEL_UNKNOWN, PAGING_ACTUAL, 0, MON + NOON, 0},
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 0, MON + NIGHT, B},
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 0, SAT + NOON, C},
        /* The last minute of a shift, and the first of the next. */
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 0, MON + 479, B},
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 0, MON + 480, A},
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 0, MON + 1199, A},
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 0, MON + 1200, B},
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 0, SUN + 1439, B},
        /* Each step tells those before it once more. */
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 1, MON + NOON, A | C},
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 2, MON + NOON, A | C | D},
        /* A step for which no route names a team: everybody. */
        {"v", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 99, MON + NOON, A | B | C | D},
        {"v", "h1.a", "dense", LEVEL_ORANGE, PAGING_ACTUAL, 1, MON + NOON, A | B | C | D},
        /* `also`, and what is inside a zone. */
        {"v", "h1", "full", LEVEL_RED, PAGING_ACTUAL, 0, MON + NOON, A | C},
        {"v", "h1", "full", LEVEL_RED, PAGING_ACTUAL, 1, MON + NOON, A | C | D},
        {"v", "h1", "full", LEVEL_YELLOW, PAGING_ACTUAL, 0, MON + NOON, A},
        {"v", "h1.a", "dense", LEVEL_RED, PAGING_ACTUAL, 0, MON + NOON, C | D},
        {"v", "h1.a", "dense", LEVEL_ORANGE, PAGING_ACTUAL, 0, MON + NOON, D},
        /* By time of day. */
        {"v", "plaza", "dense", LEVEL_ORANGE, PAGING_ACTUAL, 0, MON + NIGHT, C},
        {"v", "plaza", "dense", LEVEL_ORANGE, PAGING_ACTUAL, 0, MON + 360, B},
        /* Exercise and Test. */
        {"v", "h2", "full", LEVEL_RED, PAGING_EXERCISE, 0, MON + NOON, X},
        {"v", "h2", "full", LEVEL_RED, PAGING_EXERCISE, 1, MON + NOON, X | Y},
        {"v", "h2", "full", LEVEL_RED, PAGING_EXERCISE, 0, MON + NIGHT, 0},
        {"v", "h1.a", "dense", LEVEL_ORANGE, PAGING_EXERCISE, 0, MON + NIGHT, Y},
        {"v", "h2", "full", LEVEL_RED, PAGING_TEST, 1, MON + NOON, A | X | C | Y},
        {"v", "h1.a", "dense", LEVEL_ORANGE, PAGING_TEST, 0, MON + NOON, D},
        {"v", "h2", "full", LEVEL_BLUE, PAGING_TEST, 0, MON + NOON, 0},
        /* Another venue; the pager's own words; zones and rules that are not there. */
        {"w", "h2", "full", LEVEL_RED, PAGING_ACTUAL, 0, MON + NOON, A},
        {"w", "elsewhere", "full", LEVEL_RED, PAGING_ACTUAL, 0, MON + NOON, D},
        {"v", "v", PAGING_RULE_BLIND, LEVEL_RED, PAGING_ACTUAL, 0, MON + NOON, A},
        {"v", "gone", "full", LEVEL_RED, PAGING_ACTUAL, 0, MON + NOON, A | B | C | D},
        {"v", "gone", "full", LEVEL_RED, PAGING_EXERCISE, 0, MON + NOON, 0},
    };
    struct problems problems;
    struct venue *venue = venue_of(venue_yaml);
    struct paging *paging = parse(yaml, &problems);
    if (!paging)
        fail_msg("line %u: %s", problems.problem[0].line, problems.problem[0].text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct paging_event event = {str_of(rows[i].venue), str_of(rows[i].zone),
                                     str_of(rows[i].rule),  rows[i].level,
                                     rows[i].status,        rows[i].escalation};
        uint64_t targets = paging_reach(paging, venue, &event, rows[i].week_min);
        if (targets != rows[i].targets)
            fail_msg("row %zu (%s %s): targets %llx, not %llx", i, rows[i].zone, rows[i].rule,
                     (unsigned long long)targets, (unsigned long long)rows[i].targets);
    }
    assert_int_equal(paging_targets_of(paging, false), A | B | C | D);
    assert_int_equal(paging_targets_of(paging, true), X | Y);
    assert_int_equal(paging_target_find(paging, STR_LIT("x")), 4);
    assert_int_equal(paging_target_find(paging, STR_LIT("z")), UINT32_MAX);
    paging_free(paging);
    venue_free(venue);
}

/* Nights and Sundays nobody is there, and at step 2 on no day: whoever else is in the team of that
   step is paged; where the team has nobody who takes Actual, everybody. */
static void in_a_hole_the_whole_team_is_reached(void **state)
{
    (void)state;
    static const char yaml[] =
        TARGETS "teams:\n"
                "  - id: floor\n"
                "    shifts:\n"
                "      - {days: mon-sat, from: \"08:00\", to: \"20:00\", targets: [a, x]}\n"
                "      - {days: mon, from: \"08:00\", to: \"20:00\", targets: b}\n"
                "  - {id: drill, targets: y}\n"
                "  - {id: command, targets: d}\n"
                "routes:\n"
                "  - {zones: plaza, from: \"08:00\", to: \"20:00\", team: command}\n"
                "  - {kinds: hall, team: floor, escalate: [command, drill]}\n";
    static const struct {
        const char *zone;
        enum paging_status status;
        uint32_t escalation, week_min;
        uint64_t targets;
    } rows[] = {
        {"h2", PAGING_ACTUAL, 0, MON + NOON, A | B},
        {"h2", PAGING_ACTUAL, 0, SAT + NOON, A},
        {"h2", PAGING_ACTUAL, 0, SUN + NOON, A | B},
        {"h2", PAGING_ACTUAL, 0, SAT + NIGHT, A | B},
        {"h2", PAGING_TEST, 0, SAT + NIGHT, A | B},
        {"h2", PAGING_TEST, 0, SAT + NOON, A | X},
        {"h2", PAGING_EXERCISE, 0, SAT + NIGHT, 0},
        {"h2", PAGING_ACTUAL, 1, SAT + NIGHT, A | B | D},
        {"h2", PAGING_ACTUAL, 2, SAT + NOON, A | B | C | D},
        {"plaza", PAGING_ACTUAL, 0, SAT + NOON, D},
        {"plaza", PAGING_ACTUAL, 0, SAT + NIGHT, A | B | C | D},
    };
    struct problems problems;
    struct venue *venue = venue_of(venue_yaml);
    struct paging *paging = parse(yaml, &problems);
    assert_non_null(paging);
    assert_false(paging_fit(paging, venue, &problems));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct paging_event event = {STR_LIT("v"), str_of(rows[i].zone), STR_LIT("full"),
                                     LEVEL_RED,    rows[i].status,       rows[i].escalation};
        uint64_t targets = paging_reach(paging, venue, &event, rows[i].week_min);
        if (targets != rows[i].targets)
            fail_msg("row %zu: targets %llx, not %llx", i, (unsigned long long)targets,
                     (unsigned long long)rows[i].targets);
    }
    paging_free(paging);
    venue_free(venue);
}

static void local_time_follows_the_clocks(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *utc;
        uint32_t week_min;
    } rows[] = {
        {"UTC", "1970-01-01T00:00:00Z", 3 * 1440},
        {"UTC", "2026-11-23T00:00:00Z", MON},
        {"UTC", "2026-11-22T23:59:59.999Z", SUN + 1439},
        {"Asia/Shanghai", "2026-11-22T16:00:00Z", MON},
        {"America/Los_Angeles", "2026-11-23T07:59:00Z", SUN + 1439},
        /* Berlin, forward at 02:00 on 29 March 2026, back at 03:00 on 25 October. */
        {"Europe/Berlin", "2026-03-29T00:59:00Z", SUN + 119},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", SUN + 180},
        {"Europe/Berlin", "2026-10-25T00:30:00Z", SUN + NIGHT},
        {"Europe/Berlin", "2026-10-25T01:30:00Z", SUN + NIGHT},
        {"Europe/Berlin", "2026-10-25T02:00:00Z", SUN + 180},
        {"UTC", "1969-12-28T23:59:00Z", SUN + 1439},
    };
    struct time_zone *zone = calloc(1, sizeof *zone);
    assert_non_null(zone);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = 0;
        assert_true(time_zone_load(NULL, str_of(rows[i].zone), zone, NULL));
        assert_true(time_parse_rfc3339(str_of(rows[i].utc), &ms));
        assert_int_equal(paging_local_min(zone, ms), rows[i].week_min);
    }
    free(zone);
}

/* ---- holes ----------------------------------------------------------------------------------- */

static void holes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *rest;
        const char *text; /* NULL: it fits */
        bool warning;
    } rows[] = {
        {SHIFTS "routes: [{team: floor, escalate: [chief, command]}]\n", NULL, false},
        {"teams:\n  - id: t\n    shifts:\n"
         "      - {days: tue, from: \"06:00\", to: \"02:00\", targets: [a, x]}\n"
         "      - {days: [mon, wed-sun], targets: a}\n"
         "routes: [{team: t, escalate: [t, t]}]\n",
         "nobody is paged for zone", false},
        {"teams:\n  - id: t\n    shifts:\n"
         "      - {days: tue, from: \"06:00\", to: \"24:00\", targets: [a, x]}\n"
         "      - {days: tue, from: \"00:00\", to: \"02:00\", targets: [a, x]}\n"
         "      - {days: [mon, wed-sun], targets: a}\n"
         "routes: [{team: t, escalate: [t, t]}]\n",
         "zone north, rule full, level red (and 8 more like it): Tue 02:00–06:00", false},
        {"teams: [{id: t, shifts: [{from: \"08:00\", to: \"20:00\", targets: [a, x]}]}]\n"
         "routes: [{team: t, escalate: [t, t]}]\n",
         "Mon 20:00–Tue 08:00, Tue 20:00–Wed 08:00, Wed 20:00–Thu 08:00 and at 4 further times",
         false},
        /* From one time to the same: a whole day, from there on. */
        {"teams:\n  - id: t\n    shifts:\n"
         "      - {days: mon-sat, from: \"08:00\", to: \"08:00\", targets: [a, x]}\n"
         "routes: [{team: t, escalate: [t, t]}]\n",
         "level red (and 8 more like it): Sun 08:00–Mon 08:00", false},
        {"teams: [{id: t, targets: x}]\nroutes: [{team: t, escalate: [t, t]}]\n",
         "level red (and 8 more like it): at any time", false},
        {"teams: [{id: t, targets: [a, x]}]\nroutes: [{zones: north, team: t, escalate: [t, t]}]\n",
         "nobody is paged for zone plaza, rule dense, level orange (and 1 more like it): no route "
         "takes it",
         false},
        {"teams: [{id: t, targets: [a, x]}]\nroutes:\n  - {rules: [full, dense], team: t, "
         "escalate: [t, t]}\n",
         "zone v, rule venue-blind, level red: no route takes it", false},
        {"teams: [{id: t, targets: [a, x]}]\nroutes: [{team: t, escalate: t}]\n",
         "zone north, rule full, level red at step 2 of escalation (and 2 more like it): at any "
         "time",
         false},
        {"teams: [{id: t, targets: [a, x]}]\nroutes: [{status: Exercise, team: t}]\n",
         "no route takes it", false},
        {"teams: [{id: t, targets: [a, x]}]\nroutes:\n"
         "  - {levels: [yellow, orange], team: t, escalate: t}\n"
         "  - {levels: red, days: mon-sat, team: t, escalate: [t, t]}\n",
         "level red (and 3 more like it): Sun 00:00–24:00", false},
        {"teams: [{id: t, targets: [a, x]}]\nroutes: [{zones: [h1, plazza], team: t}, {team: t, "
         "escalate: [t, t]}]\n",
         "venue v has no zone \"plazza\"; did you mean \"plaza\"?", false},
        {"teams: [{id: t, targets: [a, x]}]\nroutes: [{rules: ful, team: t}, {team: t, escalate: "
         "[t, t]}]\n",
         "venue v has no rule \"ful\"; did you mean \"full\"?", false},
        {"teams: [{id: t, targets: a}]\nroutes: [{team: t, escalate: [t, t]}]\n",
         "no target takes Exercise: drills page nobody", true},
        {"teams: [{id: t, targets: [a, x]}, {id: u, targets: b}]\nroutes: [{team: t, escalate: [t, "
         "t]}]\n",
         "no route goes to team \"u\"", true},
        {"teams: [{id: t, targets: [a, x]}]\nroutes: [{team: t, escalate: [t, t]}]\n",
         "target \"b\" is in no team", true},
        {"teams: [{id: t, targets: [a, x]}]\nroutes: [{team: t, escalate: [t, t]}, {zones: h1, "
         "team: t}]\n",
         "no Actual alert of this venue ever comes to this route", true},
        {"teams: [{id: t, targets: [a, x]}]\nroutes: [{kinds: forum, team: t}, {team: t, escalate: "
         "[t, t]}]\n",
         "kinds: venue v has no forum", true},
        {"teams: [{id: t, targets: [a, x]}]\nroutes: [{venues: w, zones: nowhere, team: t}, {team: "
         "t, escalate: [t, t]}]\n",
         "the route is of another venue than this one, v", true},
    };
    struct venue *venue = venue_of(venue_yaml);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char yaml[4096];
        struct problems problems;
        (void)snprintf(yaml, sizeof yaml, "%s%s", TARGETS, rows[i].rest);
        struct paging *paging = parse(yaml, &problems);
        if (!paging)
            fail_msg("row %zu: line %u: %s", i, problems.problem[0].line, problems.problem[0].text);
        bool fits = paging_fit(paging, venue, &problems), found = !rows[i].text;
        if (fits != (!rows[i].text || rows[i].warning))
            fail_msg("row %zu: %s", i, fits ? "it fits" : problems.problem[0].text);
        for (uint32_t k = 0; k < problems_listed(&problems); k++)
            found = found || (problems.problem[k].warning == rows[i].warning &&
                              strstr(problems.problem[k].text, rows[i].text));
        for (uint32_t k = 0; !found && k < problems_listed(&problems); k++)
            print_message("%s\n", problems.problem[k].text);
        if (!found)
            fail_msg("row %zu: \"%s\" is expected", i, rows[i].text);
        paging_free(paging);
    }
    venue_free(venue);
}

/* Rules of a zone make one page: who hears of the one has to hear of the other. */
static void a_shared_page_reaches_the_same(void **state)
{
    (void)state;
    static const char hall[] =
        "venue: {id: v}\nbuiltin_rules: no\n"
        "defaults: {escalate_s: {yellow: [], orange: [], red: []}}\n"
        "rules:\n"
        "  - {id: lamps, metric: lights_failed_percent, kinds: [hall],\n"
        "     levels: {yellow: {enter: 20, action: Mend.}}}\n"
        "  - {id: full, metric: percent_capacity, kinds: [hall],\n"
        "     levels: {yellow: {enter: 80, action: Meter.}, red: {enter: 100, action: Stop.}}}\n"
        "  - {id: heads, metric: occupancy, kinds: [hall],\n"
        "     levels: {yellow: {enter: 800, action: Meter.}, orange: {enter: 900, action: "
        "Batch.}}}\n"
        "zones: [{id: h, kind: hall, capacity: 1000}]\n"
        "sensors:\n"
        "  - {id: s, class: crowd, counter: level, zone: h, interval_s: 5}\n"
        "  - {id: l, class: light, zone: h, interval_s: 5}\n";
    static const char *const apart = "zone h, level yellow: rules full and heads go to different";
    static const struct {
        const char *routes, *text; /* NULL: no warning */
    } rows[] = {
        {"  - {team: t}\n", NULL},
        {"  - {rules: heads, team: u}\n  - {team: t}\n", apart},
        {"  - {rules: heads, from: \"03:00\", to: \"03:01\", team: u}\n  - {team: t}\n", apart},
        {"  - {rules: heads, team: u, also: yes}\n  - {team: t}\n", apart},
        {"  - {rules: heads, team: same}\n  - {team: t}\n", NULL},
        {"  - {rules: heads, levels: orange, team: u}\n  - {team: t}\n", NULL}, /* full has none */
        {"  - {rules: heads, status: Exercise, team: u}\n  - {team: t}\n", NULL},
        {"  - {rules: lamps, team: u}\n  - {team: t}\n", NULL}, /* a page of its own */
    };
    struct venue *venue = venue_of(hall);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char yaml[4096];
        struct problems problems;
        bool found = false;
        (void)snprintf(yaml, sizeof yaml,
                       "%steams:\n  - {id: t, targets: [a, x]}\n  - {id: u, targets: [b, x]}\n"
                       "  - {id: same, targets: a}\nroutes:\n%s",
                       TARGETS, rows[i].routes);
        struct paging *paging = parse(yaml, &problems);
        assert_non_null(paging);
        if (!paging_fit(paging, venue, &problems))
            fail_msg("row %zu: %s", i, problems.problem[0].text);
        for (uint32_t k = 0; k < problems_listed(&problems); k++)
            found =
                found || strstr(problems.problem[k].text, rows[i].text ? rows[i].text : "rules");
        if (found != (rows[i].text != NULL))
            fail_msg("row %zu: %s", i, problems.problem[0].text);
        paging_free(paging);
    }
    venue_free(venue);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
    char path[800];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void secrets_come_from_files(void **state)
{
    (void)state;
    char dir[512], path[600], ca[600];
    struct problems problems = {0};
    struct paging *paging = NULL;
    (void)support_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/paging.yaml", dir);
    (void)snprintf(ca, sizeof ca, "%s/ca.pem", dir);
    put(dir, "key", "0123456789abcdef0123\n", 0600);
    put(dir, "short", "secret", 0644);
    put(dir, "robot", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k\r\n", 0600);
    put(dir, "paging.yaml",
        "language: zh\n"
        "targets:\n"
        "  - {id: p, kind: pagerduty, routing_key_file: key, language: en}\n"
        "  - {id: w, kind: webhook, url: \"https://h/p\", secret_file: short, ca_file: ca.pem}\n"
        "  - {id: n, kind: webhook, url: \"https://h/p\"}\n"
        "  - {id: r, kind: wecom, url_file: robot}\n"
        "  - {id: m, kind: email, url: \"smtps://h:465\", from: a@b, to: [c@d, e@f], username: u, "
        "password_file: key}\n"
        "teams: [{id: t, targets: [p, w, n, r, m]}]\n"
        "routes: [{team: t}]\n",
        0644);
    if (!paging_load(path, &paging, &problems))
        fail_msg("line %u: %s", problems.problem[0].line, problems.problem[0].text);
    const struct paging_target *t = paging_target(paging, 0);
    assert_int_equal(paging_target_count(paging), 5);
    assert_string_equal(t[0].url, "https://events.pagerduty.com/v2/enqueue");
    assert_string_equal(t[0].secret, "0123456789abcdef0123");
    assert_int_equal(t[0].language, PAGING_EN);
    assert_int_equal(t[1].language, PAGING_ZH);
    assert_string_equal(t[1].secret, "secret");
    assert_string_equal(t[1].ca_file, ca);
    assert_string_equal(t[3].url, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k");
    assert_string_equal(t[4].username, "u");
    assert_int_equal(t[4].to_count, 2);
    assert_string_equal(t[4].to[1], "e@f");
    assert_int_equal(problems.warnings, 3);
    assert_non_null(strstr(problems.problem[0].text, "everybody on this machine may read"));
    assert_non_null(strstr(problems.problem[1].text, "less than 16 bytes can be guessed"));
    assert_non_null(strstr(problems.problem[2].text, "can't tell them from forged ones"));
    paging_free(paging);

    /* A secret that is not there, and one that is no address: named, and never shown. */
    put(dir, "paging.yaml",
        "targets:\n  - {id: p, kind: pagerduty, routing_key_file: gone}\n"
        "  - {id: r, kind: wecom, url_file: key}\n"
        "teams: [{id: t, targets: [p, r]}]\nroutes: [{team: t}]\n",
        0644);
    problems = (struct problems){0};
    assert_false(paging_load(path, &paging, &problems));
    assert_int_equal(problems.count, 2);
    assert_int_equal(problems.problem[0].line, 2);
    assert_non_null(strstr(problems.problem[0].text, "routing_key_file: "));
    assert_non_null(strstr(problems.problem[1].text, "url_file: an address that begins"));
    assert_null(strstr(problems.problem[1].text, "0123"));
    (void)snprintf(path, sizeof path, "%s/none.yaml", dir);
    problems = (struct problems){0};
    assert_false(paging_load(path, &paging, &problems));
    assert_int_equal(problems.count, 1);
    support_remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(events_reach_whom_they_should),
        cmocka_unit_test(in_a_hole_the_whole_team_is_reached),
        cmocka_unit_test(local_time_follows_the_clocks),
        cmocka_unit_test(holes_are_refused),
        cmocka_unit_test(a_shared_page_reaches_the_same),
        cmocka_unit_test(secrets_come_from_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
