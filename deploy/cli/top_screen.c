#include "deploy/cli/top_paint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    TOP_COLUMNS_MIN = 40,
    DOUBT_BYTES = 256,
    FULL_ROWS_MIN = 45,  /* from here on programs and books have a line each */
    SHORT_ROWS_MIN = 16, /* below it nothing is said of them: zones and alerts come first */
};

/* ---- the head -------------------------------------------------------------------------------- */

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* Why nothing below can be believed, or NULL. */
static const char *doubt(const struct screen *s, bool known, const struct validity *validity,
                         char out[DOUBT_BYTES])
{
    if (!known && !watch_state_exists(s->view->state))
        return "nothing has run on this state directory yet";
    if (!known)
        return "no heartbeat has ever come: is ingest connected, does process run?";
    if (!s->stale)
        return NULL;
    struct text words = text_over(out, DOUBT_BYTES - 1);
    validity_explain(validity, &words);
    out[words.len] = '\0';
    return out;
}

/* How many zones there are of each level; of what is real. */
static void levels(struct screen *s)
{
    static const int order[] = {LEVEL_RED,    LEVEL_ORANGE, LEVEL_UNKNOWN,
                                LEVEL_YELLOW, LEVEL_BLUE,   LEVEL_NONE};
    uint32_t count[sizeof order / sizeof order[0]];
    char text[SCREEN_NUMBER_BYTES];
    uint32_t all = 0;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        all += count[i] = lists_zones_at(s, order[i]);
    screen_put(s, PLAIN, "%s zone%s:", screen_grouped(all, text), plural(all));
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        screen_put(s, PLAIN, "  ");
        screen_put(s, count[i] ? lists_style(order[i]) : DIM, "%s %s",
                   screen_grouped(count[i], text), level_text(order[i]));
    }
    screen_end(s);
}

static void head(struct screen *s)
{
    struct result_heartbeat heartbeat;
    char clock[40], age[SCREEN_NUMBER_BYTES], why_text[DOUBT_BYTES];
    struct text t = text_over(clock, sizeof clock - 1);
    text_add_time_ms(&t, s->now_ms);
    clock[t.len > 19 ? 19 : t.len] = '\0';
    bool known = watch_state_heartbeat(s->view->state, &heartbeat);
    screen_put(s, BOLD, "crowdtide %.*s", known ? (int)heartbeat.instance.len : 1,
               known ? heartbeat.instance.at : "?");
    screen_put(s, PLAIN, "  %sZ  %s", clock, s->view->state_dir);
    screen_end(s);
    if (s->view->trouble) {
        screen_put(s, RED, " %s ", s->view->trouble);
        screen_end(s);
    }
    struct validity validity = watch_state_validity(s->view->state, s->now_ms);
    const char *why = doubt(s, known, &validity, why_text);
    if (why) {
        screen_put(s, UNKNOWN, " UNKNOWN: %s ", why);
        screen_bar(s, UNKNOWN);
        screen_end(s);
        if (known) {
            screen_put(s, UNKNOWN, " no level below can be trusted ");
            screen_bar(s, UNKNOWN);
            screen_end(s);
        }
    } else {
        int64_t silent = (int64_t)screen_value(s, COUNTER_PROCESS_SENSORS_SILENT);
        int64_t active = (int64_t)screen_value(s, COUNTER_PROCESS_ALERTS_ACTIVE);
        screen_put(s, heartbeat.connected > 0 ? GOOD : RED, "broker %s",
                   heartbeat.connected > 0 ? "connected" : "NOT CONNECTED");
        if (strcmp(validity.path, "unproven") == 0)
            screen_put(s, YELLOW, " (NO PROBE COMES BACK)");
        screen_put(s, PLAIN, ", heartbeat %s ago, %" PRId64 " alert%s active, ",
                   screen_lasting(validity.age_ms, age), active, plural(active));
        screen_put(s, silent ? YELLOW : PLAIN, "%" PRId64 " sensor%s silent", silent,
                   plural(silent));
        screen_end(s);
    }
    if (known)
        levels(s);
}

static void put_some(struct screen *s, enum style style, int64_t count, const char *what)
{
    if (count > 0)
        screen_put(s, style, ", %" PRId64 " %s", count, what);
}

/* What waits for somebody, and whether there is more of it than people can deal with. */
static void alarms(struct screen *s)
{
    struct result_figures f;
    if (s->stale || !watch_state_figures(s->view->state, &f))
        return;
    screen_put(s, PLAIN, "alarms %" PRId64 " open", f.open);
    put_some(s, YELLOW, f.unacknowledged, "not acknowledged");
    put_some(s, UNKNOWN, f.unknown, "without data");
    put_some(s, PLAIN, f.shelved, "shelved");
    put_some(s, PLAIN, f.stale, "stale");
    put_some(s, PLAIN, f.chattering, "chattering");
    put_some(s, PLAIN, f.alerts_new, "new lately");
    screen_put(s, PLAIN, ", %" PRId64 " in 24 h", f.alerts_day);
    if (f.flood > 0)
        screen_put(s, RED, "  FLOOD");
    screen_end(s);
}

/* While a drill runs nobody may take its lines for real, nor reality for its. */
static void drill(struct screen *s)
{
    struct result_heartbeat beat;
    char clock[40];
    if (!watch_state_heartbeat(s->view->state, &beat) || beat.drill <= 0)
        return;
    struct text t = text_over(clock, sizeof clock - 1);
    text_add_time_ms(&t, beat.drill_until);
    clock[t.len > 19 ? 19 : t.len] = '\0';
    screen_put(s, BLUE, " EXERCISE: a drill is running, lines of %s are not real ",
               RESULT_EXERCISE_PREFIX);
    if (beat.drill_by.len)
        screen_put(s, BLUE, " started by " STR_FMT ",", STR_ARG(beat.drill_by));
    screen_put(s, BLUE, " ends by itself %sZ", clock);
    screen_bar(s, BLUE);
    screen_end(s);
}

/* ---- the last line, and help ----------------------------------------------------------------- */

static void help(struct screen *s)
{
    static const char *const lines[] = {
        "1 2 3 4 5, Tab   overview, zones, alerts, gates, programs and books",
        "arrows, j k      a line up or down        space, b   a page",
        "Home, End, g G   to the first, to the last",
        "s                the order of zones: worst first, name, people, % of capacity,",
        "                 density, age of data",
        "/                only what has this in its name, kind, rule, state or level",
        "n                only what is not calm: above none, or unknown",
        "Esc              everything again",
        "h ?              this page; any key goes back",
        "q                ends it",
        "",
        "PEOPLE is the best estimate; AT MOST the upper end of its bound, on which levels",
        "are raised (+: there may be more). MOST, MOST%: that in % of the approved headcount.",
        "DATA: age of the newest reading. ~ before a queue: estimated, not counted.",
        "unknown is never calm: the sensors are silent, or nothing is computed.",
        "",
        "Alerts are acknowledged by  crowdtide command ack ZONE/RULE",
    };
    screen_put(s, BOLD, "KEYS");
    screen_end(s);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0] && screen_left(s); i++) {
        screen_put(s, PLAIN, "%s", lines[i]);
        screen_end(s);
    }
}

/* At the bottom, whatever is above it. */
static void footer(struct screen *s)
{
    const struct top_choice *c = s->view->choice;
    while (screen_left(s))
        screen_end(s);
    s->limit++;
    if (c->typing) {
        screen_put(s, BOLD, "filter: %s_", c->filter);
        screen_put(s, DIM, "   Enter keeps it, Esc drops it");
        screen_end(s);
        return;
    }
    screen_put(s, BOLD, "[%s]", c->help ? "help" : top_page_text(c->page));
    if (s->part.of && s->part.to >= s->part.from)
        screen_put(s, PLAIN, " %u-%u of %u", s->part.from, s->part.to, s->part.of);
    if (c->sort != TOP_SORT_WORST)
        screen_put(s, PLAIN, ", by %s", top_sort_text(c->sort));
    if (c->filter[0] || c->only_bad)
        screen_put(s, YELLOW, " FILTER%s%s%s: %u hidden ", c->filter[0] ? " " : "", c->filter,
                   c->only_bad ? " not calm" : "", s->part.hidden);
    screen_put(s, DIM, "  h help  q quit  Tab page  s sort  / find  n not calm");
    screen_end(s);
}

static void body(struct screen *s, enum top_page page)
{
    bool full = !s->view->rows || s->view->rows >= FULL_ROWS_MIN || page == TOP_PAGE_PROGRAMS;
    if (s->view->now->present && full) {
        programs_draw(s);
        books_draw(s);
    } else if (s->view->now->present && s->view->rows >= SHORT_ROWS_MIN) {
        programs_draw_short(s);
        books_draw_short(s);
    }
    if (page != TOP_PAGE_PROGRAMS)
        lists_draw(s, page);
}

void top_screen_draw(const struct top_view *view, struct text *out)
{
    struct top_view bounded = *view;
    if (bounded.columns < TOP_COLUMNS_MIN)
        bounded.columns = TOP_COLUMNS_MIN;
    struct screen s = {.view = &bounded, .out = out, .now_ms = view->now->at_ms};
    s.limit = view->rows && view->choice ? view->rows - 1 : view->rows;
    s.line_at = out->len;
    s.stale = watch_state_stale(view->state, s.now_ms);
    head(&s);
    alarms(&s);
    drill(&s);
    if (view->choice && view->choice->help)
        help(&s);
    else
        body(&s, view->choice ? view->choice->page : TOP_PAGE_ALL);
    if (view->choice && view->rows)
        footer(&s);
}
