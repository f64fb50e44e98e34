/*
 * Random rosters against an oracle that knows nothing but what deploy/venues/PAGING.md says: it
 * marks each minute of the week by itself, and looks at every zone, rule, level, step and minute.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/page/paging.h"
#include "tests/support/page_venue.h"
#include "tests/support/support.h"

static const char venue_yaml[] = PAGE_VENUE("");

enum { ZONES = 6, RULES = 3, NONE = -1 };
static const struct {
    const char *id, *kind;
    int parent;
} zones[ZONES] = {{"v", "venue", NONE}, {"north", "hall", 0}, {"h1", "hall", 1},
                  {"h1.a", "cell", 2},  {"h2", "hall", 1},    {"plaza", "plaza", 0}};
static const char *const kinds[] = {"hall", "cell", "plaza", "venue"};
static const char *const rules[RULES] = {"full", "dense", PAGING_RULE_BLIND};
static const char *const levels[] = {"yellow", "orange", "red"};

/* What has to be reached: rule, level (2 yellow … 4 red), steps, and the zones it judges. */
static const struct {
    int rule, level, steps, zone[3], zone_count;
} duties[] = {
    {0, 2, 0, {1, 2, 4}, 3}, {0, 4, 2, {1, 2, 4}, 3}, {1, 3, 1, {3, 5}, 2}, {2, 4, 0, {0}, 1}};
enum { DUTIES = sizeof duties / sizeof duties[0] };

/* ---- a roster -------------------------------------------------------------------------------- */

enum { TARGETS = 6, TEAMS = 4, SHIFTS = 4, ROUTES = 6, DAY = 1440, WEEK = 7 * DAY };

struct hours {
    unsigned days; /* bit 0: Monday */
    int from, to;  /* -1: not said */
};
struct roster {
    int targets, teams, routes;
    bool exercise[TARGETS];
    struct {
        int shifts; /* 0: always, targets[0] */
        struct hours hours[SHIFTS];
        unsigned targets[SHIFTS];
    } team[TEAMS];
    struct {
        unsigned zones, kinds, rules, levels, statuses; /* 0: any */
        struct hours hours;
        bool also;
        int team[4], steps;
    } route[ROUTES];
    uint8_t on_shift[TEAMS][WEEK]; /* the oracle's: a set of targets */
    bool open[ROUTES][WEEK];
};

static uint32_t random_below(uint64_t *random, uint32_t n)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*random >> 33) % n);
}

static bool chance(uint64_t *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

static unsigned some(uint64_t *random, uint32_t n)
{
    return 1 + random_below(random, (1u << n) - 1);
}

static struct hours random_hours(uint64_t *random)
{
    struct hours hours = {0x7f, -1, -1};
    if (chance(random, 30))
        hours.days = some(random, 7);
    if (chance(random, 70)) {
        hours.from = (int)random_below(random, DAY);
        hours.to = chance(random, 10) ? DAY : (int)random_below(random, DAY);
        if (chance(random, 50))
            hours.from -= hours.from % 240;
    }
    return hours;
}

/* Minute by minute, from a day's beginning of the shift until its end. */
static bool holds(const struct hours *hours, int minute)
{
    for (int day = 0; day < 7; day++) {
        int from = hours->from < 0 ? 0 : hours->from, to = hours->from < 0 ? DAY : hours->to;
        int begin = day * DAY + from, length = to > from ? to - from : to + DAY - from;
        int into = ((minute - begin) % WEEK + WEEK) % WEEK;
        if (hours->days >> day & 1u && into < length)
            return true;
    }
    return false;
}

static void random_team(uint64_t *random, struct roster *r, int t)
{
    r->team[t].shifts = chance(random, 50) ? 0 : 1 + (int)random_below(random, SHIFTS);
    for (int i = 0; i < SHIFTS; i++) {
        r->team[t].hours[i] = random_hours(random);
        r->team[t].targets[i] = some(random, (uint32_t)r->targets);
    }
    /* The rest of the day belongs to the next shift, so that there are not always holes. */
    if (r->team[t].shifts > 1 && chance(random, 80) && r->team[t].hours[0].from >= 0) {
        r->team[t].hours[1] =
            (struct hours){0x7f, r->team[t].hours[0].to % DAY, r->team[t].hours[0].from};
        r->team[t].hours[0].days = 0x7f;
    }
}

static void random_route(uint64_t *random, struct roster *r, int i, bool last)
{
    if (!last) {
        r->route[i].zones = chance(random, 40) ? some(random, ZONES) : 0;
        r->route[i].kinds = chance(random, 20) ? some(random, 4) : 0;
        r->route[i].rules = chance(random, 30) ? some(random, RULES) : 0;
        r->route[i].levels = chance(random, 40) ? some(random, 3) : 0;
        r->route[i].statuses = chance(random, 30) ? some(random, 2) : 0;
    }
    r->route[i].hours =
        last || chance(random, 60) ? (struct hours){0x7f, -1, -1} : random_hours(random);
    r->route[i].also = chance(random, 40);
    r->route[i].steps = last || chance(random, 70) ? 2 : (int)random_below(random, 4);
    for (int k = 0; k < 4; k++)
        r->route[i].team[k] = (int)random_below(random, (uint32_t)r->teams);
}

static void roster_of(uint64_t *random, struct roster *r)
{
    memset(r, 0, sizeof *r);
    r->targets = 2 + (int)random_below(random, TARGETS - 1);
    r->teams = 1 + (int)random_below(random, TEAMS);
    r->routes = 1 + (int)random_below(random, ROUTES);
    for (int i = 0; i < r->targets; i++)
        r->exercise[i] = chance(random, 25);
    for (int t = 0; t < r->teams; t++)
        random_team(random, r, t);
    for (int i = 0; i < r->routes; i++)
        random_route(random, r, i, i + 1 == r->routes && chance(random, 80));
    for (int minute = 0; minute < WEEK; minute++) {
        for (int t = 0; t < r->teams; t++) {
            if (r->team[t].shifts == 0)
                r->on_shift[t][minute] = (uint8_t)r->team[t].targets[0];
            for (int i = 0; i < r->team[t].shifts; i++)
                if (holds(&r->team[t].hours[i], minute))
                    r->on_shift[t][minute] |= (uint8_t)r->team[t].targets[i];
        }
        for (int i = 0; i < r->routes; i++)
            r->open[i][minute] = holds(&r->route[i].hours, minute);
    }
}

/* ---- as a file ------------------------------------------------------------------------------- */

static void add_set(struct text *out, const char *key, unsigned set, const char *const *words,
                    unsigned count, size_t stride)
{
    const char *before = ": [";
    if (set == 0)
        return;
    text_add(out, key);
    for (unsigned i = 0; i < count; i++)
        if (set >> i & 1u) {
            text_add(out, before);
            text_add(out, *(const char *const *)(const void *)((const char *)words + i * stride));
            before = ", ";
        }
    text_add(out, "], ");
}

static void add_hours(struct text *out, const struct hours *hours)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    char times[64];
    add_set(out, "days", hours->days == 0x7f ? 0 : hours->days, days, 7, sizeof days[0]);
    if (hours->from < 0)
        return;
    (void)snprintf(times, sizeof times, "from: \"%02d:%02d\", to: \"%02d:%02d\", ",
                   hours->from / 60, hours->from % 60, hours->to / 60, hours->to % 60);
    text_add(out, times);
}

static void roster_write(const struct roster *r, struct text *out)
{
    static const char *const targets[] = {"t0", "t1", "t2", "t3", "t4", "t5"};
    static const char *const teams[] = {"g0", "g1", "g2", "g3"};
    static const char *const statuses[] = {"Actual", "Exercise"};
    text_add(out, "targets:\n");
    for (int i = 0; i < r->targets; i++) {
        text_add(out, "  - {id: ");
        text_add(out, targets[i]);
        text_add(out, r->exercise[i] ? ", status: Exercise" : "");
        text_add(out, ", kind: webhook, url: \"http://127.0.0.1/\"}\n");
    }
    text_add(out, "teams:\n");
    for (int t = 0; t < r->teams; t++) {
        text_add(out, "  - id: ");
        text_add(out, teams[t]);
        text_add(out, r->team[t].shifts ? "\n    shifts:\n" : "\n    ");
        for (int i = 0; i < r->team[t].shifts; i++) {
            text_add(out, "      - {");
            add_hours(out, &r->team[t].hours[i]);
            add_set(out, "targets", r->team[t].targets[i], targets, TARGETS, sizeof targets[0]);
            text_add(out, "}\n");
        }
        if (r->team[t].shifts == 0) {
            text_add(out, "targets: [");
            for (unsigned i = 0; i < TARGETS; i++)
                if (r->team[t].targets[0] >> i & 1u) {
                    text_add(out, targets[i]);
                    text_add(out, ", ");
                }
            text_add(out, "]\n");
        }
    }
    text_add(out, "routes:\n");
    for (int i = 0; i < r->routes; i++) {
        text_add(out, "  - {");
        add_set(out, "zones", r->route[i].zones, &zones[0].id, ZONES, sizeof zones[0]);
        add_set(out, "kinds", r->route[i].kinds, kinds, 4, sizeof kinds[0]);
        add_set(out, "rules", r->route[i].rules, rules, RULES, sizeof rules[0]);
        add_set(out, "levels", r->route[i].levels, levels, 3, sizeof levels[0]);
        add_set(out, "status", r->route[i].statuses, statuses, 2, sizeof statuses[0]);
        add_hours(out, &r->route[i].hours);
        text_add(out, r->route[i].also ? "also: yes, team: " : "team: ");
        text_add(out, teams[r->route[i].team[0]]);
        for (int k = 1; k <= r->route[i].steps; k++) {
            text_add(out, k == 1 ? ", escalate: [" : ", ");
            text_add(out, teams[r->route[i].team[k]]);
        }
        text_add(out, r->route[i].steps ? "]}\n" : "}\n");
    }
}

/* ---- the oracle ------------------------------------------------------------------------------ */

static bool takes(const struct roster *r, int i, int zone, int rule, int level, bool exercise)
{
    unsigned around = 0, kind = 0;
    for (int at = zone; at != NONE; at = zones[at].parent)
        around |= 1u << at;
    for (unsigned k = 0; k < 4; k++)
        if (strcmp(kinds[k], zones[zone].kind) == 0)
            kind = 1u << k;
    return (!r->route[i].zones || r->route[i].zones & around) &&
           (!r->route[i].kinds || r->route[i].kinds & kind) &&
           (!r->route[i].rules || r->route[i].rules >> rule & 1u) &&
           (!r->route[i].levels || r->route[i].levels >> (level - LEVEL_YELLOW) & 1u) &&
           (!r->route[i].statuses || r->route[i].statuses >> exercise & 1u);
}

static unsigned targets_of(const struct roster *r, bool exercise)
{
    unsigned targets = 0;
    for (int i = 0; i < r->targets; i++)
        if (r->exercise[i] == exercise)
            targets |= 1u << i;
    return targets;
}

/* Of the teams of a step; anytime: whoever is in them. */
static unsigned oracle(const struct roster *r, int zone, int rule, int level, bool exercise,
                       int step, int minute, bool anytime)
{
    unsigned targets = 0;
    for (int i = 0; i < r->routes; i++) {
        if (!takes(r, i, zone, rule, level, exercise) || !r->open[i][minute])
            continue;
        int t = step <= r->route[i].steps ? r->route[i].team[step] : NONE;
        if (t != NONE)
            targets |= r->on_shift[t][minute];
        for (int k = 0; t != NONE && anytime && k < (r->team[t].shifts ? r->team[t].shifts : 1);
             k++)
            targets |= r->team[t].targets[k];
        if (!r->route[i].also)
            break;
    }
    return targets;
}

/* Who hears of an Actual event after so many steps: each step is somebody's. */
static unsigned oracle_real(const struct roster *r, int zone, int rule, int level, int steps,
                            int minute)
{
    const unsigned actual = targets_of(r, false);
    unsigned all = 0;
    for (int k = 0; k <= steps && k <= 3; k++) {
        unsigned there = oracle(r, zone, rule, level, false, k, minute, false);
        if (!(there & actual))
            there |= oracle(r, zone, rule, level, false, k, minute, true) & actual;
        all |= there & actual ? there : there | actual;
    }
    return all;
}

static bool oracle_hole(const struct roster *r, int zone, int rule, int level, int step, int minute)
{
    return !(oracle(r, zone, rule, level, false, step, minute, false) & targets_of(r, false));
}

/* How many (zone, rule, level, step) have a minute at which nobody is there. */
static int oracle_holes(const struct roster *r)
{
    int holes = 0;
    for (size_t d = 0; d < DUTIES; d++)
        for (int z = 0; z < duties[d].zone_count; z++)
            for (int step = 0; step <= duties[d].steps; step++) {
                int minute = 0;
                while (minute < WEEK && !oracle_hole(r, duties[d].zone[z], duties[d].rule,
                                                     duties[d].level, step, minute))
                    minute++;
                holes += minute < WEEK;
            }
    return holes;
}

/* ---- comparison ------------------------------------------------------------------------------ */

static int index_of(const char *word, const char *const *words, int count, size_t stride)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, *(const char *const *)(const void *)((const char *)words +
                                                              (size_t)i * stride)) == 0)
            return i;
    fail_msg("\"%s\" is none of them", word);
    return NONE;
}

/* What a refusal names is one: its zone, rule, level and step, at the first time it says. */
static void refusal_is_true(const struct roster *r, const char *text)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    char zone[64], rule[64], level[64], day[8];
    int step = 0, hour = 0, minute = 0;
    const char *times = strstr(text, ": ");
    const char *at = strstr(text, " at step ");
    assert_int_equal(sscanf(text, "nobody is paged for zone %63[^,], rule %63[^,], level %63[a-z]",
                            zone, rule, level),
                     3);
    assert_non_null(times);
    if (at && at < times)
        assert_int_equal(sscanf(at, " at step %d", &step), 1);
    int first = 0, last = WEEK - 1;
    if (sscanf(times, ": %3s %d:%d", day, &hour, &minute) == 3)
        first = last = index_of(day, days, 7, sizeof days[0]) * DAY + hour * 60 + minute;
    for (int m = first; m <= last; m++)
        if (!oracle_hole(r, index_of(zone, &zones[0].id, ZONES, sizeof zones[0]),
                         index_of(rule, rules, RULES, sizeof rules[0]),
                         LEVEL_YELLOW + index_of(level, levels, 3, sizeof levels[0]), step, m))
            fail_msg("somebody is there: %s", text);
}

static void compare_reach(const struct roster *r, const struct paging *paging,
                          const struct venue *venue, uint64_t *random)
{
    const unsigned actual = targets_of(r, false), exercise = targets_of(r, true);
    for (int i = 0; i < 500; i++) {
        int zone = (int)random_below(random, ZONES), rule = (int)random_below(random, RULES);
        int level = LEVEL_NONE + (int)random_below(random, 5);
        int step = (int)random_below(random, 5), minute = (int)random_below(random, WEEK);
        bool pages = level >= LEVEL_YELLOW;
        unsigned real = pages ? oracle_real(r, zone, rule, level, step, minute) : 0, drill = 0;
        for (int k = 0; pages && k <= step; k++)
            drill |= oracle(r, zone, rule, level, true, k, minute, false);
        struct paging_event event = {STR_LIT("v"), str_of(zones[zone].id), str_of(rules[rule]),
                                     level,        PAGING_ACTUAL,          (uint32_t)step};
        uint64_t got = paging_reach(paging, venue, &event, (uint32_t)minute);
        assert_int_equal(got & exercise, 0);
        assert_int_equal(got, real & actual);
        event.status = PAGING_EXERCISE;
        got = paging_reach(paging, venue, &event, (uint32_t)minute);
        assert_int_equal(got & actual, 0);
        assert_int_equal(got, drill & exercise);
        event.status = PAGING_TEST;
        assert_int_equal(paging_reach(paging, venue, &event, (uint32_t)minute), real);
    }
}

static void rosters_agree_with_the_oracle(void **state)
{
    (void)state;
    enum { ROUNDS = 400 };
    struct problems *problems = calloc(1, sizeof *problems);
    struct roster *r = calloc(1, sizeof *r);
    struct venue *venue = NULL;
    uint64_t random = 20261125;
    int fits = 0;
    assert_non_null(problems);
    assert_non_null(r);
    assert_true(venue_parse(str_of(venue_yaml), &venue, problems));
    for (int round = 0; round < ROUNDS; round++) {
        char yaml[16384];
        struct text out = text_over(yaml, sizeof yaml - 1);
        struct paging *paging = NULL;
        roster_of(&random, r);
        roster_write(r, &out);
        assert_false(out.overflow);
        yaml[out.len] = '\0';
        memset(problems, 0, sizeof *problems);
        if (!paging_parse(str_of(yaml), NULL, &paging, problems))
            fail_msg("round %d: line %u: %s\n%s", round, problems->problem[0].line,
                     problems->problem[0].text, yaml);
        int holes = oracle_holes(r);
        bool fit = paging_fit(paging, venue, problems);
        if (fit != (holes == 0))
            fail_msg("round %d: %d holes, but it %s\n%s", round, holes,
                     fit ? "fits" : problems->problem[0].text, yaml);
        for (uint32_t i = 0; i < problems_listed(problems); i++)
            if (!problems->problem[i].warning)
                refusal_is_true(r, problems->problem[i].text);
        compare_reach(r, paging, venue, &random);
        fits += fit;
        paging_free(paging);
    }
    assert_true(fits > ROUNDS / 10 && fits < ROUNDS * 9 / 10);
    print_message("%d of %d rosters without a hole\n", fits, ROUNDS);
    venue_free(venue);
    free(r);
    free(problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rosters_agree_with_the_oracle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
