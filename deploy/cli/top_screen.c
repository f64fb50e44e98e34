#include "deploy/cli/top_paint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ALIVE_MS_MAX = 5000, TOP_COLUMNS_MIN = 40 };

/* Per second since the figures before; "-" when there is nothing to compare with. */
static const char *rate(const struct screen *s, enum counter counter, char out[SCREEN_NUMBER_BYTES])
{
    const struct watch_figures *now = s->view->now, *before = s->view->before;
    if (!before || !before->present || now->at_ms <= before->at_ms ||
        now->value[counter] < before->value[counter]) {
        (void)snprintf(out, SCREEN_NUMBER_BYTES, "-");
        return out;
    }
    double per_s = (double)(now->value[counter] - before->value[counter]) * 1000 /
                   (double)(now->at_ms - before->at_ms);
    return per_s < 10 ? (void)snprintf(out, SCREEN_NUMBER_BYTES, "%.1f", per_s),
           out        : screen_grouped((uint64_t)per_s, out);
}

/* ---- head and programs ----------------------------------------------------------------------- */

static void head(struct screen *s)
{
    struct result_heartbeat heartbeat;
    struct validity validity = watch_state_validity(s->view->state, s->now_ms);
    char clock[40], age[32];
    struct text t = text_over(clock, sizeof clock - 1);
    text_add_time_ms(&t, s->now_ms);
    clock[t.len > 19 ? 19 : t.len] = '\0';
    bool known = watch_state_heartbeat(s->view->state, &heartbeat);
    screen_put(s, BOLD, "crowdtide %.*s", known ? (int)heartbeat.instance.len : 1,
               known ? heartbeat.instance.at : "?");
    screen_put(s, PLAIN, "  %sZ  %s", clock, s->view->state_dir);
    if (s->view->keys)
        screen_put(s, DIM, "  q quits");
    screen_end(s);
    if (s->view->trouble) {
        screen_put(s, RED, " %s ", s->view->trouble);
        screen_end(s);
    }
    if (!known && !watch_state_exists(s->view->state)) {
        screen_put(s, UNKNOWN, " UNKNOWN: nothing has run on this state directory yet ");
        screen_end(s);
    } else if (!known) {
        screen_put(s, UNKNOWN,
                   " UNKNOWN: no heartbeat has ever come: is ingest connected, does process run? ");
        screen_end(s);
    } else if (s->stale) {
        char why[256];
        struct text words = text_over(why, sizeof why - 1);
        validity_explain(&validity, &words);
        why[words.len] = '\0';
        screen_put(s, UNKNOWN, " UNKNOWN: %s ", why);
        screen_end(s);
        screen_put(s, UNKNOWN, " no level below can be trusted ");
        screen_end(s);
    } else {
        screen_put(s, PLAIN, "heartbeat %s ago, ", screen_lasting(validity.age_ms, age));
        screen_put(s, heartbeat.connected > 0 ? GOOD : RED, "broker %s",
                   heartbeat.connected > 0 ? "connected" : "NOT CONNECTED");
        if (strcmp(validity.path, "unproven") == 0)
            screen_put(s, YELLOW, " (NO PROBE COMES BACK)");
        screen_put(s, PLAIN, ", %" PRIu64 " alerts active, ",
                   screen_value(s, COUNTER_PROCESS_ALERTS_ACTIVE));
        uint32_t unknown = lists_unknown(s);
        screen_put(s, unknown ? UNKNOWN : PLAIN, "%" PRIu32 " zones unknown", unknown);
        screen_put(s, PLAIN, ", %" PRIu64 " sensors silent",
                   screen_value(s, COUNTER_PROCESS_SENSORS_SILENT));
        screen_end(s);
    }
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
    screen_put(s, BOLD, " EXERCISE: a drill is running, lines of %s are not real ",
               RESULT_EXERCISE_PREFIX);
    if (beat.drill_by.len)
        screen_put(s, PLAIN, " started by " STR_FMT ",", STR_ARG(beat.drill_by));
    screen_put(s, PLAIN, " ends by itself %sZ", clock);
    screen_end(s);
}

static void program_state(struct screen *s, enum program program)
{
    const struct counters_program *p = &s->view->now->program[program];
    int64_t silent_ms = s->now_ms - p->alive_wall_ns / 1000000;
    char text[SCREEN_NUMBER_BYTES];
    if (p->pid == 0) {
        screen_put(s, DIM, "never ran");
    } else if (!p->running) {
        screen_put(s, RED, "DOWN");
        screen_to(s, 24);
        screen_put(s, PLAIN, "%s", screen_lasting(silent_ms, text));
    } else if (silent_ms > ALIVE_MS_MAX) {
        screen_put(s, UNKNOWN, "SILENT");
        screen_to(s, 24);
        screen_put(s, PLAIN, "%s", screen_lasting(silent_ms, text));
    } else {
        screen_put(s, GOOD, "up");
        screen_to(s, 24);
        screen_put(s, PLAIN, "%s", screen_lasting(s->now_ms - p->started_wall_ns / 1000000, text));
    }
    screen_to(s, 33);
    if (p->pid)
        screen_put(s, PLAIN, "%" PRId64, p->pid);
    screen_to(s, 42);
}

static void sink_line(struct screen *s, enum counter alerts, enum counter bulk, enum counter up,
                      enum counter alerts_lag, enum counter bulk_lag, enum program program)
{
    char a[SCREEN_NUMBER_BYTES], b[32], c[32], d[32];
    screen_put(s, PLAIN, "%s alerts/s  %s bulk/s  behind %s + %s", rate(s, alerts, a),
               rate(s, bulk, b), screen_grouped(screen_value(s, alerts_lag), c),
               screen_grouped(screen_value(s, bulk_lag), d));
    if (s->view->now->program[program].running && !screen_value(s, up))
        screen_put(s, RED, "  STORE NOT REACHED");
}

static void programs(struct screen *s)
{
    char a[SCREEN_NUMBER_BYTES], b[32];
    screen_put(s, BOLD, "PROGRAM         STATE   FOR      PID");
    screen_end(s);
    for (int p = 0; p < PROGRAM_COUNT; p++) {
        if (p == PROGRAM_SERVE && s->view->now->program[p].pid == 0)
            continue; /* nobody has to run it */
        screen_put(s, PLAIN, "%s", program_name((enum program)p));
        screen_to(s, 16);
        program_state(s, (enum program)p);
        if (s->view->now->program[p].pid == 0) {
            screen_end(s);
            continue;
        }
        switch ((enum program)p) {
        case PROGRAM_RUN:
            screen_put(s, PLAIN, "%s restarts",
                       screen_grouped(screen_value(s, COUNTER_RUN_RESTARTS), a));
            break;
        case PROGRAM_INGEST:
            screen_put(s, PLAIN, "%s messages/s", rate(s, COUNTER_INGEST_MESSAGES, a));
            if (!screen_value(s, COUNTER_INGEST_CONNECTED))
                screen_put(s, RED, "  NOT CONNECTED");
            if (screen_value(s, COUNTER_INGEST_BROKER_DROPPED))
                screen_put(s, RED, "  %s DROPPED BY THE BROKER",
                           screen_grouped(screen_value(s, COUNTER_INGEST_BROKER_DROPPED), b));
            if (screen_value(s, COUNTER_INGEST_WITHHELD))
                screen_put(s, YELLOW, "  %s withheld",
                           screen_grouped(screen_value(s, COUNTER_INGEST_WITHHELD), b));
            if (screen_value(s, COUNTER_INGEST_LOG_LOST))
                screen_put(s, RED, "  %s LOST",
                           screen_grouped(screen_value(s, COUNTER_INGEST_LOG_LOST), b));
            break;
        case PROGRAM_PROCESS:
            screen_put(s, PLAIN, "%s results/s  behind %s", rate(s, COUNTER_PROCESS_RESULTS, a),
                       screen_grouped(screen_value(s, COUNTER_PROCESS_LAG_RECORDS), b));
            if (screen_value(s, COUNTER_PROCESS_SKIPPED))
                screen_put(s, RED, "  %s INPUTS LEFT OUT",
                           screen_grouped(screen_value(s, COUNTER_PROCESS_SKIPPED), a));
            if (screen_value(s, COUNTER_PROCESS_LOG_LOST))
                screen_put(s, RED, "  %s LOST",
                           screen_grouped(screen_value(s, COUNTER_PROCESS_LOG_LOST), a));
            break;
        case PROGRAM_KAFKA:
            sink_line(s, COUNTER_KAFKA_ALERTS_DELIVERED, COUNTER_KAFKA_BULK_DELIVERED,
                      COUNTER_KAFKA_UP, COUNTER_KAFKA_ALERTS_LAG, COUNTER_KAFKA_BULK_LAG,
                      PROGRAM_KAFKA);
            break;
        case PROGRAM_SERIES:
            sink_line(s, COUNTER_SERIES_ALERTS_DELIVERED, COUNTER_SERIES_BULK_DELIVERED,
                      COUNTER_SERIES_UP, COUNTER_SERIES_ALERTS_LAG, COUNTER_SERIES_BULK_LAG,
                      PROGRAM_SERIES);
            break;
        case PROGRAM_SERVE:
            screen_put(s, PLAIN, "%s requests/s", rate(s, COUNTER_SERVE_REQUESTS, a));
            break;
        case PROGRAM_COUNT:
            break;
        }
        screen_end(s);
    }
}

void top_screen_draw(const struct top_view *view, struct text *out)
{
    struct top_view bounded = *view;
    if (bounded.columns < TOP_COLUMNS_MIN)
        bounded.columns = TOP_COLUMNS_MIN;
    struct screen s = {.view = &bounded, .out = out, .now_ms = view->now->at_ms};
    s.stale = watch_state_stale(view->state, s.now_ms);
    head(&s);
    alarms(&s);
    drill(&s);
    if (view->now->present) {
        programs(&s);
        books_draw(&s);
    }
    lists_draw(&s);
}
