#include "deploy/cli/top_paint.h"

#include <inttypes.h>
#include <math.h>

enum { TITLES = 2 }; /* of alerts and zones */

/* ---- levels ---------------------------------------------------------------------------------- */

static enum style level_style(int level)
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
    screen_put(s, level_style(level), "%-7s", level_text(level));
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

uint32_t lists_unknown(const struct screen *s)
{
    struct watch_state *state = s->view->state;
    uint32_t count = watch_state_count(state, WATCH_ZONES), unknown = 0;
    for (uint32_t i = 0; i < count; i++) {
        union result_any any;
        watch_state_get(state, WATCH_ZONES, i, &any);
        unknown +=
            !exercise(any.zone.status) && (any.zone.known <= 0 || any.zone.level == LEVEL_UNKNOWN);
    }
    return unknown;
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
    screen_to(s, 44);
    screen_put(s, PLAIN, " %8s", screen_lasting(s->now_ms - a->start, age));
    screen_put(s, PLAIN, "  " STR_FMT, STR_ARG(a->state));
    if (isfinite(a->value))
        screen_put(s, PLAIN, "  %.4g", a->value);
    if (isfinite(a->value) && !str_is(a->unit, "1"))
        screen_put(s, PLAIN, " " STR_FMT, STR_ARG(a->unit));
    put_drill(s, a->status);
    if (a->action.len)
        screen_put(s, DIM, "  " STR_FMT, STR_ARG(a->action));
    screen_end(s);
}

/* What somebody has to know or do about the zone, beyond its numbers. */
static void zone_remarks(struct screen *s, const struct result_zone *z)
{
    char people[SCREEN_NUMBER_BYTES];
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
    screen_put(s, PLAIN, " " STR_FMT, STR_ARG(z->kind));
    screen_to(s, 35);
    put_int(s, z->occupancy, 7);
    if (z->occupancy_upper >= 0) /* levels are raised on it; "+": there may be more still */
        screen_put(s, PLAIN, " ≤%s%s", screen_grouped((uint64_t)z->occupancy_upper, people),
                   z->lower_bound > 0 ? "+" : "");
    screen_to(s, 53);
    put_real(s, z->percent_capacity, 6, 1);
    put_real(s, z->percent_capacity_upper, 7, 1);
    put_real(s, z->density, 6, 2);
    screen_put(s, PLAIN, " %3.*s", (int)z->los.len, z->los.len ? z->los.at : "");
    bool dated = z->data_at != RESULT_ABSENT;
    screen_put(s, PLAIN, " %7s", dated ? screen_lasting(s->now_ms - z->data_at, age) : "-");
    put_int(s, z->in_per_min, 8);
    put_int(s, z->out_per_min, 8);
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

static void list(struct screen *s, enum watch_kind kind, const char *title, const char *none,
                 const char *what, uint32_t lines, void (*line)(struct screen *s, uint32_t i))
{
    uint32_t count = watch_state_count(s->view->state, kind);
    screen_put(s, BOLD, "%s", title);
    screen_end(s);
    if (count == 0) {
        screen_put(s, DIM, "%s", none);
        screen_end(s);
        return;
    }
    uint32_t shown = count <= lines ? count : lines > 1 ? lines - 1 : 0;
    for (uint32_t i = 0; i < shown; i++)
        line(s, i);
    if (shown < count) {
        screen_put(s, DIM, "… %u more %s", count - shown, what);
        screen_end(s);
    }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Alerts have the first word on what room is left, then zones. */
void lists_draw(struct screen *s)
{
    struct watch_state *state = s->view->state;
    uint32_t alerts = watch_state_count(state, WATCH_ALERTS),
             gates = watch_state_count(state, WATCH_GATES);
    uint32_t zones = watch_state_count(state, WATCH_ZONES);
    uint32_t left = UINT32_MAX;
    if (s->view->rows)
        left = s->view->rows > s->rows + TITLES ? s->view->rows - s->rows - TITLES : 0;
    uint32_t for_alerts = s->view->rows ? least(alerts ? alerts : 1, left / 3 + 1) : alerts;
    left -= least(left, for_alerts);
    uint32_t for_gates = s->view->rows ? (left > 8 ? least(gates, left / 4) : 0) : gates;
    left -= least(left, for_gates ? for_gates + 1 : 0); /* and their title */
    uint32_t for_zones = s->view->rows ? least(zones, left) : zones;
    list(s, WATCH_ALERTS, "ALERTS  ZONE               RULE               SINCE",
         s->stale ? "unknown" : "none", "alerts", for_alerts, alert_line);
    list(s, WATCH_ZONES,
         "LEVEL   ZONE               KIND     PEOPLE AT MOST    % CAP   MOST  P/M2 LOS    DATA  "
         "IN/MIN "
         "OUT/MIN",
         "no zone has reported yet", "zones", for_zones, zone_line);
    if (for_gates)
        list(s, WATCH_GATES,
             "GATE                       DIR  PER MIN REJ/MIN LANES       QUEUE    WAIT  STATE",
             "none", "gates", for_gates, gate_line);
}
