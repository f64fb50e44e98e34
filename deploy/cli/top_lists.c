#include "deploy/cli/top_order.h"
#include "deploy/cli/top_paint.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    WIDE_COLUMNS = 100, /* from here on zones have room for kind and passages */
    ZONES_LEAST = 3,    /* lines that alerts leave to zones */
};

/* ---- levels ---------------------------------------------------------------------------------- */

enum style lists_style(int level)
{
    switch (level) {
    case LEVEL_RED:
        return RED;
    case LEVEL_ORANGE:
        return ORANGE;
    case LEVEL_YELLOW:
        return YELLOW;
    case LEVEL_BLUE:
        return BLUE;
    case LEVEL_NONE:
        return PLAIN;
    default:
        return UNKNOWN;
    }
}

/* An absent level is no calm either. */
static void put_level(struct screen *s, int level, bool known)
{
    level = known && !s->stale && level != LEVEL_ABSENT ? level : LEVEL_UNKNOWN;
    screen_put(s, lists_style(level), "%-7s", level_text(level));
}

static void put_real(struct screen *s, double v, int width, int digits)
{
    if (isfinite(v))
        screen_put(s, PLAIN, "%*.*f", width, digits, v);
    else
        screen_put(s, DIM, "%*s", width, "-");
}

static void put_int(struct screen *s, int64_t v, int width)
{
    char text[SCREEN_NUMBER_BYTES];
    if (v == RESULT_ABSENT || v < 0)
        screen_put(s, DIM, "%*s", width, "-");
    else
        screen_put(s, PLAIN, "%*s", width, screen_grouped((uint64_t)v, text));
}

static bool exercise(struct str status)
{
    return status.len && !str_is(status, "Actual");
}

/* Of an exercise the first word says it, and no colour says otherwise. */
static void put_first(struct screen *s, struct str status, int level, bool known)
{
    if (exercise(status))
        screen_put(s, DIM, "%-7s", s->stale || !known ? "unknown" : level_text(level));
    else
        put_level(s, level, known);
    screen_to(s, 8);
}

static void put_name(struct screen *s, struct str status, struct str name)
{
    screen_put(s, exercise(status) ? DIM : PLAIN, "%s" STR_FMT,
               exercise(status) ? RESULT_EXERCISE_PREFIX : "", STR_ARG(name));
    screen_to(s, 26);
}

static void put_drill(struct screen *s, struct str status)
{
    if (exercise(status))
        screen_put(s, BOLD, "  " STR_FMT, STR_ARG(status));
}

uint32_t lists_zones_at(const struct screen *s, int level)
{
    struct watch_state *state = s->view->state;
    uint32_t count = watch_state_count(state, WATCH_ZONES), found = 0;
    for (uint32_t i = 0; i < count; i++) {
        union result_any any;
        watch_state_get(state, WATCH_ZONES, i, &any);
        bool known = any.zone.known > 0 && !s->stale && any.zone.level != LEVEL_ABSENT;
        found += !exercise(any.zone.status) && (known ? any.zone.level : LEVEL_UNKNOWN) == level;
    }
    return found;
}

/* The state in words of an operator: first of all whether somebody has taken it on. */
static void put_state(struct screen *s, struct str state)
{
    char words[32];
    uint32_t n = state.len < sizeof words ? state.len : sizeof words - 1;
    if (str_is(state, "active_unacked")) {
        screen_put(s, YELLOW, "NOT ACKED");
    } else if (str_is(state, "active_acked")) {
        screen_put(s, PLAIN, "acked");
    } else if (str_is(state, "unknown")) {
        screen_put(s, UNKNOWN, "NO DATA");
    } else {
        for (uint32_t i = 0; i < n; i++)
            words[i] = (char)(state.at[i] == '_' ? ' ' : state.at[i]);
        screen_put(s, PLAIN, "%.*s", (int)n, words);
    }
}

/* "people/m2": "/m2". */
static void put_unit(struct screen *s, struct str unit)
{
    static const char people[] = "people/";
    uint32_t n = sizeof people - 1;
    if (unit.len > n && memcmp(unit.at, people, n) == 0)
        screen_put(s, PLAIN, "/" STR_FMT, (int)(unit.len - n), unit.at + n);
    else
        screen_put(s, PLAIN, " " STR_FMT, STR_ARG(unit));
}

static void put_who(struct screen *s, const struct result_alert *a)
{
    if (a->assigned.len)
        screen_put(s, BOLD, "  " STR_FMT, STR_ARG(a->assigned));
    else if (a->operator.len)
        screen_put(s, PLAIN, "  " STR_FMT, STR_ARG(a->operator));
}

static void alert_line(struct screen *s, uint32_t i)
{
    union result_any any;
    char age[SCREEN_NUMBER_BYTES];
    watch_state_get(s->view->state, WATCH_ALERTS, i, &any);
    const struct result_alert *a = &any.alert;
    put_first(s, a->status, a->level, true);
    put_name(s, a->status, a->zone);
    screen_put(s, PLAIN, " " STR_FMT, STR_ARG(a->rule));
    screen_to(s, 42);
    screen_put(s, PLAIN, " %7s  ", screen_lasting(s->now_ms - a->start, age));
    put_state(s, a->state);
    screen_to(s, 62);
    if (isfinite(a->value))
        screen_put(s, PLAIN, "%.4g", a->value);
    if (isfinite(a->value) && !str_is(a->unit, "1"))
        put_unit(s, a->unit);
    if (a->escalation > 0)
        screen_put(s, RED, " esc %" PRId64, a->escalation);
    put_who(s, a);
    put_drill(s, a->status);
    if (a->cause.len)
        screen_put(s, PLAIN, "  (" STR_FMT ")", STR_ARG(a->cause));
    if (a->action.len)
        screen_put(s, DIM, "  " STR_FMT, STR_ARG(a->action));
    screen_end(s);
}

/* What somebody has to know or do about the zone, beyond its numbers. */
static void zone_remarks(struct screen *s, const struct result_zone *z)
{
    char people[SCREEN_NUMBER_BYTES];
    if (z->known <= 0 && z->cause.len)
        screen_put(s, PLAIN, "  (" STR_FMT ")", STR_ARG(z->cause));
    if (z->evacuation > 0)
        screen_put(s, BOLD, "  evacuation: " STR_FMT, STR_ARG(z->remaining));
    if (z->closed > 0)
        screen_put(s, BOLD, "  closed");
    if (z->suspect > 0)
        screen_put(s, YELLOW, "  suspect %s", screen_grouped((uint64_t)z->suspect, people));
    if (z->recount > 0)
        screen_put(s, PLAIN, "  recount");
    if (z->dark > 0)
        screen_put(s, PLAIN, "  dark");
}

static void zone_line(struct screen *s, uint32_t i)
{
    union result_any any;
    char age[SCREEN_NUMBER_BYTES], people[32];
    watch_state_get(s->view->state, WATCH_ZONES, i, &any);
    const struct result_zone *z = &any.zone;
    put_first(s, z->status, z->level, z->known > 0);
    put_name(s, z->status, z->zone);
    bool wide = s->view->columns >= WIDE_COLUMNS;
    if (wide) {
        screen_put(s, PLAIN, " " STR_FMT, STR_ARG(z->kind));
        screen_to(s, 35);
    }
    put_int(s, z->occupancy, 7);
    if (z->occupancy_upper >= 0) /* levels are raised on it; "+": there may be more still */
        screen_put(s, PLAIN, " ≤%s%s", screen_grouped((uint64_t)z->occupancy_upper, people),
                   z->lower_bound > 0 ? "+" : "");
    screen_to(s, wide ? 53 : 44);
    if (wide)
        put_real(s, z->percent_capacity, 6, 1);
    put_real(s, z->percent_capacity_upper, 7, 1);
    put_real(s, z->density, 6, 2);
    screen_put(s, PLAIN, " %3.*s", (int)z->los.len, z->los.len ? z->los.at : "");
    bool dated = z->data_at != RESULT_ABSENT;
    screen_put(s, PLAIN, " %7s", dated ? screen_lasting(s->now_ms - z->data_at, age) : "-");
    if (wide) {
        put_int(s, z->in_per_min, 8);
        put_int(s, z->out_per_min, 8);
    }
    zone_remarks(s, z);
    put_drill(s, z->status);
    screen_end(s);
}

/* "~": estimated, not counted. */
static void put_queue(struct screen *s, const struct result_gate *g)
{
    char text[SCREEN_NUMBER_BYTES];
    if (g->queue < 0)
        screen_put(s, DIM, "%9s", "-");
    else
        screen_put(s, PLAIN, " %s%*s", str_is(g->queue_basis, "estimated") ? "~" : " ", 7,
                   screen_grouped((uint64_t)g->queue, text));
    if (isfinite(g->wait_s))
        screen_put(s, PLAIN, "%8s", screen_lasting((int64_t)(g->wait_s * 1000), text));
    else
        screen_put(s, DIM, "%8s", "-");
}

static void gate_line(struct screen *s, uint32_t i)
{
    union result_any any;
    watch_state_get(s->view->state, WATCH_GATES, i, &any);
    const struct result_gate *g = &any.gate;
    bool known = g->known > 0 && !s->stale;
    put_name(s, g->status, g->gate);
    screen_put(s, PLAIN, " " STR_FMT, STR_ARG(g->direction));
    screen_to(s, 31);
    put_int(s, g->per_min, 8);
    put_int(s, g->rejects_per_min, 8);
    put_int(s, g->lanes_open, 6);
    if (g->lanes > 0)
        screen_put(s, DIM, "/%" PRId64, g->lanes);
    screen_to(s, 56);
    put_queue(s, g);
    if (known)
        screen_put(s, str_is(g->state, "fault") ? RED : PLAIN, "  " STR_FMT, STR_ARG(g->state));
    else
        screen_put(s, UNKNOWN, "  unknown");
    screen_put(s, PLAIN, "%s", g->vehicle > 0 ? "  vehicles" : "");
    put_drill(s, g->status);
    screen_end(s);
}

/* ---- what is shown of a list ----------------------------------------------------------------- */

struct list {
    enum watch_kind kind;
    const char *title, *none, *what; /* what: in the plural */
    void (*line)(struct screen *s, uint32_t i);
};

/* The lists in their lines: the title, then at most `lines`. With `scrolls` it is the one that keys
 * move; its place is brought within what there is. */
static void list_draw(struct screen *s, const struct list *list, uint32_t lines, bool scrolls)
{
    struct top_choice *choice = scrolls ? s->view->choice : NULL;
    struct top_order order;
    screen_put(s, BOLD, "%s", list->title);
    screen_end(s);
    if (!top_order_make(s->view->state, list->kind, s->view->choice, s->stale, &order)) {
        screen_put(s, RED, "out of memory");
        screen_end(s);
        return;
    }
    uint32_t from = 0;
    if (choice) {
        uint32_t last = order.count > lines ? order.count - lines : 0;
        choice->scroll = choice->scroll < last ? choice->scroll : last;
        choice->page_lines = lines;
        from = choice->scroll;
        s->part.from = order.count ? from + 1 : 0;
        s->part.to = from + (order.count - from < lines ? order.count - from : lines);
        s->part.of = order.count;
        s->part.hidden = order.hidden;
    }
    uint32_t shown = order.count - from <= lines ? order.count - from
                     : choice                    ? lines
                     : lines > 1                 ? lines - 1
                                                 : 0;
    for (uint32_t i = 0; i < shown; i++)
        list->line(s, order.at[from + i]);
    if (order.count == 0 && lines) {
        screen_put(s, DIM, "%s%s", list->none, order.hidden ? " that the filter shows" : "");
        screen_end(s);
    } else if (from + shown < order.count && !choice && lines) {
        screen_put(s, DIM, "… %u more %s", order.count - shown, list->what);
        screen_end(s);
    }
    top_order_free(&order);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void lists_draw(struct screen *s, enum top_page page)
{
    struct watch_state *state = s->view->state;
    bool wide = s->view->columns >= WIDE_COLUMNS;
    const struct list alerts = {.kind = WATCH_ALERTS,
                                .title = "ALERTS  ZONE               RULE              SINCE"
                                         "  STATE     VALUE, ESCALATION, WHO",
                                .none = s->stale ? "unknown" : "none",
                                .what = "alerts",
                                .line = alert_line};
    const struct list zones = {
        .kind = WATCH_ZONES,
        .title = wide ? "LEVEL   ZONE               KIND     PEOPLE AT MOST    % CAP   MOST  P/M2 "
                        "LOS    DATA  IN/MIN OUT/MIN"
                      : "LEVEL   ZONE              PEOPLE AT MOST     MOST%  P/M2 LOS    DATA",
        .none = "no zone has reported yet",
        .what = "zones",
        .line = zone_line};
    const struct list gates = {.kind = WATCH_GATES,
                               .title = "GATE                       DIR  PER MIN REJ/MIN LANES     "
                                        "  QUEUE    WAIT  STATE",
                               .none = "none",
                               .what = "gates",
                               .line = gate_line};
    uint32_t left = screen_left(s);
    bool all = page == TOP_PAGE_ALL, endless = !s->view->rows;
    left -= least(left, 1); /* the title */
    if (!all) {
        list_draw(s,
                  page == TOP_PAGE_ZONES   ? &zones
                  : page == TOP_PAGE_GATES ? &gates
                                           : &alerts,
                  left, true);
        return;
    }
    uint32_t alert_count = watch_state_count(state, WATCH_ALERTS);
    uint32_t gate_count = watch_state_count(state, WATCH_GATES);
    left -= least(left, 1); /* and a second */
    uint32_t for_alerts = least(alert_count ? alert_count : 1, endless ? left : left / 3 + 1);
    if (!endless && left < for_alerts + ZONES_LEAST)
        for_alerts = left > ZONES_LEAST ? left - ZONES_LEAST : least(left, 1);
    left -= least(left, for_alerts);
    uint32_t for_gates = endless ? gate_count : left > 12 ? least(gate_count, left / 4) : 0;
    left -= least(left, for_gates ? for_gates + 1 : 0);
    list_draw(s, &alerts, for_alerts, false);
    list_draw(s, &zones, left, s->view->choice != NULL);
    if (for_gates)
        list_draw(s, &gates, for_gates, false);
}
