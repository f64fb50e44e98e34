/* Who is reached by an event: the routes that take it, and their teams. */
#include "processors/page/paging_private.h"

enum { DAY_S = 24 * 60 * 60, EPOCH_WEEKDAY = 3 /* 1970-01-01 was a Thursday */ };

uint32_t paging_local_min(const struct time_zone *zone, int64_t unix_ms)
{
    int64_t utc_s = unix_ms / 1000 - (unix_ms % 1000 < 0);
    int64_t local_s = utc_s + time_zone_offset_s(zone, utc_s) + (int64_t)EPOCH_WEEKDAY * DAY_S;
    int64_t week_s = local_s % (PAGING_DAYS * DAY_S);
    return (uint32_t)((week_s < 0 ? week_s + PAGING_DAYS * DAY_S : week_s) / 60);
}

struct paging_event paging_event_of(const struct result_alert *alert)
{
    struct paging_event event = {.venue = alert->venue, .zone = alert->zone, .rule = alert->rule};
    event.level = alert->level == LEVEL_UNKNOWN ? alert->last_known_level : alert->level;
    event.status = str_is(alert->status, "Exercise") ? PAGING_EXERCISE
                   : str_is(alert->status, "Test")   ? PAGING_TEST
                                                     : PAGING_ACTUAL;
    if (alert->escalation != RESULT_ABSENT && alert->escalation > 0)
        event.escalation = (uint32_t)alert->escalation;
    return event;
}

/* ---- what was kept quiet ----------------------------------------------------------------------
 */

static int level_of(const struct result_alert *a)
{
    return a->level == LEVEL_UNKNOWN ? a->last_known_level : a->level;
}

static int64_t steps_of(const struct result_alert *a)
{
    return a->escalation == RESULT_ABSENT ? 0 : a->escalation;
}

bool paging_quiet(const struct result_alert *a)
{
    if (a->page > 0 || a->level < LEVEL_YELLOW || a->page_group.len == 0)
        return false;
    if (str_is(a->state, "active_unacked") && a->from_level >= LEVEL_NONE &&
        a->level > a->from_level)
        return true;
    /* A step of escalation is nobody's command and changes nothing else. */
    return (str_is(a->state, "active_unacked") || str_is(a->state, "clearing")) &&
           str_equal(a->state, a->from_state) && a->level == a->from_level && steps_of(a) > 0 &&
           a->operator.len == 0;
}

static enum metric_subject subject_of(const struct venue *venue, struct str rule)
{
    for (uint32_t i = 0; i < venue->rule_count; i++)
        if (str_equal(venue->rules[i].id, rule))
            return metric_subject(venue->rules[i].metric);
    return SUBJECT_PEOPLE;
}

bool paging_speaks(const struct venue *venue, const struct result_alert *told,
                   const struct result_alert *a)
{
    return str_equal(told->page_group, a->page_group) && !str_is(told->state, "resolved") &&
           level_of(told) >= level_of(a) && steps_of(told) >= steps_of(a) &&
           subject_of(venue, told->rule) == subject_of(venue, a->rule);
}

/* ---- routes -----------------------------------------------------------------------------------
 */

static bool named(const struct paging_names *names, struct str id)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (str_equal(names->name[i].id, id))
            return true;
    return names->count == 0;
}

bool paging_route_venue(const struct paging_route *route, struct str venue)
{
    return named(&route->venues, venue);
}

bool paging_route_rule(const struct paging_route *route, struct str rule)
{
    return named(&route->rules, rule);
}

bool paging_route_zone(const struct paging_route *route, const struct venue *venue, uint32_t zone,
                       struct str zone_id)
{
    if (route->kinds && (zone == VENUE_NO_ZONE || !(route->kinds >> venue->zones[zone].kind & 1u)))
        return false;
    if (named(&route->zones, zone_id))
        return true;
    for (uint32_t at = zone; at != VENUE_NO_ZONE; at = venue->zones[at].parent)
        if (named(&route->zones, venue->zones[at].id))
            return true;
    return false;
}

static uint64_t team_targets(const struct paging *paging, uint32_t team, uint32_t local_min,
                             bool off_shift)
{
    uint64_t targets = 0;
    const struct paging_team *t = &paging->team[team];
    for (uint32_t i = 0; i < t->shift_count; i++)
        if (off_shift || paging_hours_hold(&t->shift[i].hours, local_min))
            targets |= t->shift[i].targets;
    return targets;
}

uint64_t paging_team_on_shift(const struct paging *paging, uint32_t team, uint32_t local_min)
{
    return team_targets(paging, team, local_min, false);
}

uint64_t paging_walk(const struct paging *paging, const struct paging_routes *routes,
                     uint32_t week_min, uint32_t step, bool off_shift, struct paging_routes *asked)
{
    uint64_t targets = 0;
    for (uint32_t i = 0; i < paging->route_count; i++) {
        const struct paging_route *route = &paging->route[i];
        if (!paging_routes_has(routes, i) || !paging_hours_hold(&route->hours, week_min))
            continue;
        if (asked)
            paging_routes_add(asked, i);
        if (step < route->team_count)
            targets |= team_targets(paging, route->team[step], week_min, off_shift);
        if (!route->also)
            break;
    }
    return targets;
}

/* Those of a step. Where nobody of `actual` is there: all of them in the step's teams; where none
   of them is in those, all. */
static uint64_t step_targets(const struct paging *paging, const struct paging_routes *routes,
                             uint32_t local_min, uint32_t step, uint64_t actual)
{
    uint64_t targets = paging_walk(paging, routes, local_min, step, false, NULL);
    if (!(targets & actual))
        targets |= paging_walk(paging, routes, local_min, step, true, NULL) & actual;
    return targets & actual ? targets : targets | actual;
}

uint64_t paging_reach(const struct paging *paging, const struct venue *venue,
                      const struct paging_event *event, uint32_t local_min)
{
    if (event->level < LEVEL_YELLOW || event->level > LEVEL_RED)
        return 0;
    /* Test goes where Actual does. */
    uint32_t status = event->status == PAGING_EXERCISE ? PAGING_EXERCISE_BIT : PAGING_ACTUAL_BIT;
    uint32_t zone = venue_zone_find(venue, event->zone);
    struct paging_routes routes = {{0}};
    for (uint32_t i = 0; i < paging->route_count; i++) {
        const struct paging_route *route = &paging->route[i];
        if ((route->statuses & status) && (route->levels >> event->level & 1u) &&
            paging_route_venue(route, event->venue) && paging_route_rule(route, event->rule) &&
            paging_route_zone(route, venue, zone, event->zone))
            paging_routes_add(&routes, i);
    }
    uint64_t actual = paging_targets_of(paging, false), exercise = paging_targets_of(paging, true);
    const bool drill = event->status == PAGING_EXERCISE;
    uint64_t targets = 0;
    for (uint32_t k = 0; k <= event->escalation && k <= PAGING_ESCALATIONS_MAX; k++)
        targets |= drill ? paging_walk(paging, &routes, local_min, k, false, NULL)
                         : step_targets(paging, &routes, local_min, k, actual);
    switch (event->status) {
    case PAGING_EXERCISE:
        return targets & exercise;
    case PAGING_TEST:
        return targets & (actual | exercise);
    default:
        return targets & actual;
    }
}
