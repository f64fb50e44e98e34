/*
 * Whether everybody who has to be is reached at a venue. Which routes take an event depends on
 * zone, rule and level; what happens then on these routes, the minute of the week and the step of
 * escalation alone. So each set of routes is looked at once a step, and only at the minutes at
 * which a shift or a route begins or ends; what is found there is told of the first (zone, rule,
 * level) that it holds for, with the number of the others.
 */
#include <math.h>
#include <stdlib.h>

#include "processors/page/paging_private.h"
#include "schemas/base/suggest.h"

enum {
    SEEN_SLOTS = 16384, /* a power of two; sets beyond half of them are looked at again each time */
    HOLES_SHOWN_MAX = 3,
    HOLES_TEXT_BYTES = 160,
    APART_MAX = 512, /* pairs of sets of routes that are walked through */
};

struct seen { /* a set of routes at a step of escalation */
    struct paging_routes routes;
    uint32_t step;
    bool used, hole;
    uint32_t zone, rule, level; /* the first it was seen for; rule: UINT32_MAX the pager's own */
    uint32_t more;
};

struct fit {
    const struct paging *paging;
    const struct venue *venue;
    struct problems *problems;
    struct paging_routes *zone; /* [zone] the routes that take it */
    struct paging_routes level[LEVEL_RED + 1];
    struct paging_routes asked;      /* that have something to say at some time */
    uint16_t point[PAGING_WEEK_MIN]; /* minutes at which something begins or ends, rising from 0 */
    uint32_t point_count;
    struct seen *seen;
    uint32_t seen_count;
    uint64_t actual;
};

/* ---- names ----------------------------------------------------------------------------------- */

static void unknown(struct fit *f, const struct paging_name *name, const char *what,
                    const char *const *words, uint32_t count)
{
    const char *near = suggest_word(name->id, words, count);
    problems_add(f->problems, name->line, name->column,
                 "venue " STR_FMT " has no %s \"" STR_FMT "\"%s%s%s", STR_ARG(f->venue->id), what,
                 STR_ARG(name->id), near ? "; did you mean \"" : "", near ? near : "",
                 near ? "\"?" : "");
}

static void zone_names(struct fit *f, const struct paging_names *names)
{
    const char **words = NULL;
    for (uint32_t i = 0; i < names->count; i++) {
        if (venue_zone_find(f->venue, names->name[i].id) != VENUE_NO_ZONE)
            continue;
        if (!words && (words = calloc(f->venue->zone_count, sizeof *words)))
            for (uint32_t k = 0; k < f->venue->zone_count; k++)
                words[k] = f->venue->zones[k].id.at;
        unknown(f, &names->name[i], "zone", words, words ? f->venue->zone_count : 0);
    }
    free(words);
}

static void rule_names(struct fit *f, const struct paging_names *names)
{
    const char *words[VENUE_RULES_MAX + 1] = {PAGING_RULE_BLIND};
    uint32_t count = 1;
    for (uint32_t i = 0; i < f->venue->rule_count; i++)
        words[count++] = f->venue->rules[i].id.at;
    for (uint32_t i = 0; i < names->count; i++) {
        bool known = false;
        for (uint32_t k = 0; k < count && !known; k++)
            known = str_is(names->name[i].id, words[k]);
        if (!known)
            unknown(f, &names->name[i], "rule", words, count);
    }
}

static void kinds_exist(struct fit *f, const struct paging_route *route)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < f->venue->zone_count; i++)
        kinds |= 1u << f->venue->zones[i].kind;
    for (uint32_t kind = 0; kind < ZONE_KIND_COUNT; kind++)
        if (route->kinds >> kind & 1u && !(kinds >> kind & 1u))
            problems_warn(f->problems, route->line, route->column,
                          "kinds: venue " STR_FMT " has no %s", STR_ARG(f->venue->id),
                          zone_kind_text((enum zone_kind)kind));
}

/* The routes of this venue, and which zones and levels they take. */
static void routes_of_venue(struct fit *f)
{
    for (uint32_t i = 0; i < f->paging->route_count; i++) {
        const struct paging_route *route = &f->paging->route[i];
        if (!paging_route_venue(route, f->venue->id)) {
            problems_warn(f->problems, route->line, route->column,
                          "the route is of another venue than this one, " STR_FMT,
                          STR_ARG(f->venue->id));
            continue;
        }
        zone_names(f, &route->zones);
        rule_names(f, &route->rules);
        kinds_exist(f, route);
        if (!(route->statuses & PAGING_ACTUAL_BIT))
            continue;
        for (uint32_t level = LEVEL_YELLOW; level <= LEVEL_RED; level++)
            if (route->levels >> level & 1u)
                paging_routes_add(&f->level[level], i);
        for (uint32_t z = 0; z < f->venue->zone_count; z++)
            if (paging_route_zone(route, f->venue, z, f->venue->zones[z].id))
                paging_routes_add(&f->zone[z], i);
    }
}

/* ---- times ----------------------------------------------------------------------------------- */

static void points_of(const struct paging_hours *hours, bool begins[PAGING_WEEK_MIN])
{
    for (uint32_t day = 0; day < PAGING_DAYS; day++) {
        begins[(day * PAGING_DAY_MIN + hours->from_min) % PAGING_WEEK_MIN] = true;
        begins[(day * PAGING_DAY_MIN + hours->to_min) % PAGING_WEEK_MIN] = true;
        begins[day * PAGING_DAY_MIN] = true;
    }
}

static void points(struct fit *f)
{
    bool begins[PAGING_WEEK_MIN] = {true};
    for (uint32_t i = 0; i < f->paging->route_count; i++)
        points_of(&f->paging->route[i].hours, begins);
    for (uint32_t i = 0; i < f->paging->team_count; i++)
        for (uint32_t k = 0; k < f->paging->team[i].shift_count; k++)
            points_of(&f->paging->team[i].shift[k].hours, begins);
    for (uint32_t min = 0; min < PAGING_WEEK_MIN; min++)
        if (begins[min])
            f->point[f->point_count++] = (uint16_t)min;
}

static bool nobody(struct fit *f, const struct seen *s, uint32_t week_min)
{
    return !(paging_walk(f->paging, &s->routes, week_min, s->step, false, &f->asked) & f->actual);
}

/* "Tue 02:00", or without the day. */
static void time_add(struct text *out, uint32_t week_min, bool day)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    uint32_t min = week_min % PAGING_DAY_MIN;
    if (day) {
        text_add(out, days[week_min / PAGING_DAY_MIN % PAGING_DAYS]);
        text_add_char(out, ' ');
    }
    const char digits[] = {(char)('0' + min / 600), (char)('0' + min / 60 % 10), ':',
                           (char)('0' + min % 60 / 10), (char)('0' + min % 10)};
    text_add_bytes(out, digits, sizeof digits);
}

static void hole_add(struct text *out, uint32_t from, uint32_t to)
{
    time_add(out, from, true);
    text_add(out, "–");
    if (to - from <= PAGING_DAY_MIN && to % PAGING_DAY_MIN == 0)
        text_add(out, "24:00");
    else
        time_add(out, to % PAGING_WEEK_MIN, from / PAGING_DAY_MIN != to / PAGING_DAY_MIN);
}

/* The times at which nobody is there, from the first that has somebody before it; all of them are
 * counted, the first ones named. */
static void holes_text(struct fit *f, const struct seen *s, struct text *out)
{
    uint32_t n = f->point_count, start = 0, holes = 0;
    while (start < n && nobody(f, s, f->point[start]))
        start++;
    if (start == n) {
        text_add(out, "at any time");
        return;
    }
    bool open = false;
    uint32_t from = 0;
    for (uint32_t i = start + 1; i <= start + n; i++) {
        uint32_t at = f->point[i % n] + (i >= n ? PAGING_WEEK_MIN : 0);
        bool here = nobody(f, s, f->point[i % n]);
        if (here && !open)
            from = at;
        if (!here && open && holes++ < HOLES_SHOWN_MAX) {
            text_add(out, holes > 1 ? ", " : "");
            hole_add(out, from % PAGING_WEEK_MIN, from % PAGING_WEEK_MIN + at - from);
        }
        open = here;
    }
    if (holes > HOLES_SHOWN_MAX) {
        text_add(out, " and at ");
        text_add_u64(out, holes - HOLES_SHOWN_MAX);
        text_add(out, " further times");
    }
}

/* ---- what has to be reached ------------------------------------------------------------------ */

static bool look(struct fit *f, struct seen *s)
{
    bool hole = false;
    for (uint32_t i = 0; i < f->point_count; i++)
        hole = nobody(f, s, f->point[i]) || hole; /* all of them: asked wants it */
    return hole;
}

static void hole_report(struct fit *f, const struct seen *s)
{
    char times[HOLES_TEXT_BYTES], step[48] = "", more[48] = "";
    struct text out = text_over(times, sizeof times);
    uint32_t line = 0, column = 0;
    for (uint32_t i = 0; i < f->paging->route_count && !line; i++)
        if (paging_routes_has(&s->routes, i)) {
            line = f->paging->route[i].line;
            column = f->paging->route[i].column;
        }
    if (line)
        holes_text(f, s, &out);
    else
        text_add(&out, "no route takes it");
    if (s->step) {
        struct text t = text_over(step, sizeof step - 1);
        text_add(&t, " at step ");
        text_add_u64(&t, s->step);
        text_add(&t, " of escalation");
    }
    if (s->more) {
        struct text t = text_over(more, sizeof more - 1);
        text_add(&t, " (and ");
        text_add_u64(&t, s->more);
        text_add(&t, " more like it)");
    }
    struct str rule =
        s->rule == UINT32_MAX ? STR_LIT(PAGING_RULE_BLIND) : f->venue->rules[s->rule].id;
    problems_add(f->problems, line, column,
                 "nobody is paged for zone " STR_FMT ", rule " STR_FMT ", level %s%s%s: %.*s",
                 STR_ARG(f->venue->zones[s->zone].id), STR_ARG(rule), level_text((int)s->level),
                 step, more, (int)out.len, times);
}

static uint32_t slot_of(const struct seen *s)
{
    struct str key = {(const char *)&s->routes, sizeof s->routes};
    return (uint32_t)(str_hash(key) * 31 + s->step) % SEEN_SLOTS;
}

static void must_reach(struct fit *f, const struct paging_routes *routes, uint32_t zone,
                       uint32_t rule, uint32_t level, uint32_t step)
{
    struct seen s = {
        .routes = *routes, .step = step, .used = true, .zone = zone, .rule = rule, .level = level};
    uint32_t at = slot_of(&s);
    while (f->seen[at].used &&
           (f->seen[at].step != step || memcmp(&f->seen[at].routes, routes, sizeof *routes) != 0))
        at = (at + 1) % SEEN_SLOTS;
    if (f->seen[at].used) {
        f->seen[at].more++;
        return;
    }
    s.hole = look(f, &s);
    if (f->seen_count++ < SEEN_SLOTS / 2)
        f->seen[at] = s;
    else if (s.hole)
        hole_report(f, &s);
}

static void must_reach_rule(struct fit *f, uint32_t rule, const struct paging_routes *of_rule,
                            uint32_t zone)
{
    static const struct paging_routes none;
    const struct venue_rule *r = &f->venue->rules[rule];
    for (uint32_t level = LEVEL_RED; level >= LEVEL_YELLOW; level--) {
        struct paging_routes routes;
        if (isnan(r->enter[level - 1]))
            continue;
        for (uint32_t w = 0; w < PAGING_ROUTE_WORDS; w++)
            routes.word[w] = of_rule->word[w] & f->zone[zone].word[w] & f->level[level].word[w];
        must_reach(f, &routes, zone, rule, level, 0);
        if (memcmp(&routes, &none, sizeof none) == 0)
            continue;
        for (uint32_t k = 0; k < VENUE_ESCALATIONS_MAX && r->escalate_ms[level - 1][k]; k++)
            must_reach(f, &routes, zone, rule, level, k + 1);
    }
}

static struct paging_routes routes_of_rule(const struct fit *f, struct str rule)
{
    struct paging_routes routes = {{0}};
    for (uint32_t i = 0; i < f->paging->route_count; i++)
        if (paging_route_rule(&f->paging->route[i], rule))
            paging_routes_add(&routes, i);
    return routes;
}

static void holes(struct fit *f)
{
    for (uint32_t rule = 0; rule < f->venue->rule_count; rule++) {
        struct paging_routes routes = routes_of_rule(f, f->venue->rules[rule].id);
        for (uint32_t z = 0; z < f->venue->zone_count; z++)
            if (venue_rule_applies(f->venue, &f->venue->rules[rule], z))
                must_reach_rule(f, rule, &routes, z);
    }
    struct paging_routes blind = routes_of_rule(f, STR_LIT(PAGING_RULE_BLIND));
    for (uint32_t w = 0; w < PAGING_ROUTE_WORDS; w++)
        blind.word[w] &= f->zone[0].word[w] & f->level[LEVEL_RED].word[w];
    must_reach(f, &blind, 0, UINT32_MAX, LEVEL_RED, 0);
    for (uint32_t i = 0; i < SEEN_SLOTS; i++)
        if (f->seen[i].used && f->seen[i].hole)
            hole_report(f, &f->seen[i]);
}

/* ---- who is spoken for ------------------------------------------------------------------------
 */

/* Whether there is a minute at which a page by the one set of routes and one by the other do not
   reach the same. */
static bool apart(const struct fit *f, const struct paging_routes *a, const struct paging_routes *b)
{
    for (uint32_t i = 0; i < f->point_count; i++)
        if ((paging_walk(f->paging, a, f->point[i], 0, false, NULL) ^
             paging_walk(f->paging, b, f->point[i], 0, false, NULL)) &
            f->actual)
            return true;
    return false;
}

/* Rules that share a zone's page (announce.h), which goes to other people by the one than by the
   other. The pager tells both when an alert begins, rises or escalates (paging_quiet), but of the
   loss of the zone's data only the first. Of all such pairs one is said. */
static bool spoken_for(struct fit *f, uint32_t zone, enum level level, enum metric_subject subject,
                       uint32_t *budget)
{
    const struct venue *v = f->venue;
    struct paging_routes first;
    uint32_t by = UINT32_MAX;
    for (uint32_t rule = 0; rule < v->rule_count; rule++) {
        const struct venue_rule *r = &v->rules[rule];
        if (metric_subject(r->metric) != subject || isnan(r->enter[level - 1]) ||
            !venue_rule_applies(v, r, zone))
            continue;
        struct paging_routes routes = routes_of_rule(f, r->id);
        for (uint32_t w = 0; w < PAGING_ROUTE_WORDS; w++)
            routes.word[w] &= f->zone[zone].word[w] & f->level[level].word[w];
        if (by == UINT32_MAX) {
            first = routes;
            by = rule;
        } else if (memcmp(&first, &routes, sizeof routes) != 0 && *budget && (*budget)-- &&
                   apart(f, &first, &routes)) {
            problems_warn(f->problems, 0, 0,
                          "zone " STR_FMT ", level %s: rules " STR_FMT " and " STR_FMT
                          " go to different people, but of the loss of the zone's data only those "
                          "of one are told: route them alike, or to both",
                          STR_ARG(v->zones[zone].id), level_text((int)level),
                          STR_ARG(v->rules[by].id), STR_ARG(r->id));
            return true;
        }
    }
    return false;
}

static void pages_shared(struct fit *f)
{
    uint32_t budget = APART_MAX;
    for (uint32_t z = 0; z < f->venue->zone_count; z++)
        for (int level = LEVEL_RED; level >= LEVEL_YELLOW; level--)
            for (int subject = 0; subject < SUBJECT_COUNT; subject++)
                if (spoken_for(f, z, (enum level)level, (enum metric_subject)subject, &budget))
                    return;
}

/* ---- what is there for nothing --------------------------------------------------------------- */

static void unused(struct fit *f)
{
    const struct paging *p = f->paging;
    uint64_t teams = 0, targets = 0;
    for (uint32_t i = 0; i < p->route_count; i++) {
        const struct paging_route *route = &p->route[i];
        for (uint32_t k = 0; k < route->team_count; k++)
            teams |= UINT64_C(1) << route->team[k];
        if ((route->statuses & PAGING_ACTUAL_BIT) && !paging_routes_has(&f->asked, i) &&
            paging_route_venue(route, f->venue->id))
            problems_warn(f->problems, route->line, route->column,
                          "no Actual alert of this venue ever comes to this route: nothing it "
                          "takes exists, or routes before it take all of it");
    }
    for (uint32_t i = 0; i < p->team_count; i++) {
        const struct paging_team *team = &p->team[i];
        if (teams >> i & 1u)
            for (uint32_t k = 0; k < team->shift_count; k++)
                targets |= team->shift[k].targets;
        else
            problems_warn(f->problems, team->line, team->column,
                          "no route goes to team \"" STR_FMT "\"", STR_ARG(team->id));
    }
    for (uint32_t i = 0; i < p->target_count; i++)
        if (!(targets >> i & 1u))
            problems_warn(f->problems, p->target[i].line, 0,
                          "target \"" STR_FMT "\" is in no team that a route goes to",
                          STR_ARG(p->target[i].id));
    if (!(targets & paging_targets_of(p, true)))
        problems_warn(f->problems, 0, 0, "no target takes Exercise: drills page nobody");
}

bool paging_fit(const struct paging *paging, const struct venue *venue, struct problems *problems)
{
    struct problems found = {0};
    struct fit *f = calloc(1, sizeof *f);
    if (f) {
        f->zone = calloc(venue->zone_count, sizeof *f->zone);
        f->seen = calloc(SEEN_SLOTS, sizeof *f->seen);
    }
    if (!f || !f->zone || !f->seen) {
        problems_add(&found, 0, 0, "out of memory");
    } else {
        f->paging = paging;
        f->venue = venue;
        f->problems = &found;
        f->actual = paging_targets_of(paging, false);
        points(f);
        routes_of_venue(f);
        holes(f);
        pages_shared(f);
        unused(f);
    }
    if (f) {
        free(f->zone);
        free(f->seen);
    }
    free(f);
    problems_sort(&found);
    problems_append(problems, &found);
    return !problems_refuse(&found);
}
