/* top's lines of the programs: what each does, how far it is behind, what is wrong with it. */
#include <inttypes.h>
#include <stdio.h>

#include "deploy/cli/top_paint.h"

enum {
    ALIVE_MS_MAX = 5000,
    LAG_MANY = 100000, /* as serve.ready_lag_records: worth a look */
};

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
    if (s->view->now->program[program].running && !screen_value(s, up))
        screen_put(s, RED, "STORE NOT REACHED ");
    screen_put(s, PLAIN, "behind %s + %s  %s alerts/s  %s bulk/s",
               screen_grouped(screen_value(s, alerts_lag), c),
               screen_grouped(screen_value(s, bulk_lag), d), rate(s, alerts, a), rate(s, bulk, b));
}

/* A count that should be nothing. */
static void put_wrong(struct screen *s, enum style style, enum counter counter, const char *what)
{
    char text[SCREEN_NUMBER_BYTES];
    if (screen_value(s, counter))
        screen_put(s, style, "%s %s  ", screen_grouped(screen_value(s, counter), text), what);
}

/* What is wrong comes first: the line may be cut. */
static void details(struct screen *s, enum program program)
{
    char a[SCREEN_NUMBER_BYTES], b[32];
    switch (program) {
    case PROGRAM_RUN:
        screen_put(s, PLAIN, "%s restarts",
                   screen_grouped(screen_value(s, COUNTER_RUN_RESTARTS), a));
        break;
    case PROGRAM_INGEST:
        if (!screen_value(s, COUNTER_INGEST_CONNECTED))
            screen_put(s, RED, "NOT CONNECTED  ");
        put_wrong(s, RED, COUNTER_INGEST_LOG_LOST, "LOST");
        put_wrong(s, RED, COUNTER_INGEST_BROKER_DROPPED, "DROPPED BY THE BROKER");
        put_wrong(s, YELLOW, COUNTER_INGEST_WITHHELD, "withheld");
        screen_put(s, PLAIN, "%s messages/s", rate(s, COUNTER_INGEST_MESSAGES, a));
        break;
    case PROGRAM_PROCESS:
        put_wrong(s, RED, COUNTER_PROCESS_SKIPPED, "INPUTS LEFT OUT");
        put_wrong(s, RED, COUNTER_PROCESS_LOG_LOST, "LOST");
        screen_put(s, PLAIN, "behind %s  %s results/s",
                   screen_grouped(screen_value(s, COUNTER_PROCESS_LAG_RECORDS), b),
                   rate(s, COUNTER_PROCESS_RESULTS, a));
        break;
    case PROGRAM_KAFKA:
        sink_line(s, COUNTER_KAFKA_ALERTS_DELIVERED, COUNTER_KAFKA_BULK_DELIVERED, COUNTER_KAFKA_UP,
                  COUNTER_KAFKA_ALERTS_LAG, COUNTER_KAFKA_BULK_LAG, PROGRAM_KAFKA);
        break;
    case PROGRAM_SERIES:
        sink_line(s, COUNTER_SERIES_ALERTS_DELIVERED, COUNTER_SERIES_BULK_DELIVERED,
                  COUNTER_SERIES_UP, COUNTER_SERIES_ALERTS_LAG, COUNTER_SERIES_BULK_LAG,
                  PROGRAM_SERIES);
        break;
    case PROGRAM_SERVE:
        screen_put(s, PLAIN, "%s requests/s", rate(s, COUNTER_SERVE_REQUESTS, a));
        break;
    case PROGRAM_PAGE:
        put_wrong(s, RED, COUNTER_PAGE_UNDELIVERABLE, "TARGETS NOT REACHED");
        if (screen_value(s, COUNTER_PAGE_KAFKA_AWAY))
            screen_put(s, RED, "KAFKA AWAY  ");
        put_wrong(s, RED, COUNTER_PAGE_HOLES, "HOLES IN THE ROSTER");
        put_wrong(s, RED, COUNTER_PAGE_LOST, "LOST");
        put_wrong(s, RED, COUNTER_PAGE_REFUSED, "refused");
        screen_put(s, PLAIN, "%s paged to %s targets",
                   screen_grouped(screen_value(s, COUNTER_PAGE_RUNG), a),
                   screen_grouped(screen_value(s, COUNTER_PAGE_TARGETS), b));
        break;
    case PROGRAM_COUNT:
        break;
    }
}

void programs_draw(struct screen *s)
{
    screen_put(s, BOLD, "PROGRAM         STATE   FOR      PID");
    screen_end(s);
    for (int p = 0; p < PROGRAM_COUNT; p++) {
        if ((p == PROGRAM_SERVE || p == PROGRAM_PAGE) && s->view->now->program[p].pid == 0)
            continue; /* nobody has to run it */
        screen_put(s, PLAIN, "%s", program_name((enum program)p));
        screen_to(s, 16);
        program_state(s, (enum program)p);
        if (s->view->now->program[p].pid)
            details(s, (enum program)p);
        screen_end(s);
    }
}

/* ---- in short -------------------------------------------------------------------------------- */

/* Records that it has not read yet; -1: it follows no log. */
static int64_t behind(const struct screen *s, enum program program)
{
    switch (program) {
    case PROGRAM_PROCESS:
        return (int64_t)screen_value(s, COUNTER_PROCESS_LAG_RECORDS);
    case PROGRAM_KAFKA:
        return (int64_t)(screen_value(s, COUNTER_KAFKA_ALERTS_LAG) +
                         screen_value(s, COUNTER_KAFKA_BULK_LAG));
    case PROGRAM_SERIES:
        return (int64_t)(screen_value(s, COUNTER_SERIES_ALERTS_LAG) +
                         screen_value(s, COUNTER_SERIES_BULK_LAG));
    default:
        return -1;
    }
}

static bool store_away(const struct screen *s, enum program program)
{
    return (program == PROGRAM_KAFKA && !screen_value(s, COUNTER_KAFKA_UP)) ||
           (program == PROGRAM_SERIES && !screen_value(s, COUNTER_SERIES_UP));
}

static void put_short(struct screen *s, enum program program)
{
    const struct counters_program *p = &s->view->now->program[program];
    int64_t silent_ms = s->now_ms - p->alive_wall_ns / 1000000, lag = behind(s, program);
    char text[SCREEN_NUMBER_BYTES];
    screen_put(s, PLAIN, "%s ", program_name(program));
    if (!p->running)
        screen_put(s, RED, "DOWN %s", screen_lasting(silent_ms, text));
    else if (silent_ms > ALIVE_MS_MAX)
        screen_put(s, UNKNOWN, "SILENT %s", screen_lasting(silent_ms, text));
    else if (store_away(s, program))
        screen_put(s, RED, "STORE NOT REACHED");
    else
        screen_put(s, GOOD, "up");
    if (program == PROGRAM_INGEST)
        screen_put(s, PLAIN, " %s/s", rate(s, COUNTER_INGEST_MESSAGES, text));
    else if (lag >= 0)
        screen_put(s, lag >= LAG_MANY ? YELLOW : PLAIN, ", %s behind",
                   screen_grouped((uint64_t)lag, text));
}

enum { SHORT_COLUMNS = 30 }; /* of one program; more lines where they do not fit into one */

void programs_draw_short(struct screen *s)
{
    uint32_t column = 0;
    for (int p = 0; p < PROGRAM_COUNT; p++) {
        if (s->view->now->program[p].pid == 0 || p == PROGRAM_RUN)
            continue;
        if (column && column + SHORT_COLUMNS > s->view->columns + 4) {
            screen_end(s);
            column = 0;
        }
        screen_to(s, column);
        put_short(s, (enum program)p);
        column = s->column / SHORT_COLUMNS * SHORT_COLUMNS + SHORT_COLUMNS;
    }
    if (s->column)
        screen_end(s);
}
