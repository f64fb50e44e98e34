#include "processors/serve/ready.h"

struct reasons {
    struct text *out;
    uint32_t count;
};

static void because(struct reasons *reasons, const char *who, const char *what)
{
    char text[512];
    struct text t = text_over(text, sizeof text);
    text_add(&t, who);
    text_add(&t, ": ");
    text_add(&t, what);
    text_add(reasons->out, reasons->count++ ? "," : "");
    text_add_json(reasons->out, (struct str){text, (uint32_t)t.len});
}

static bool alive(const struct ready_view *view, enum program program, struct reasons *reasons)
{
    const struct counters_program *seen = &view->figures->program[program];
    const char *name = program_name(program);
    if (!seen->pid) {
        because(reasons, name, "has not run yet");
        return false;
    }
    if (!seen->running) {
        because(reasons, name, "is not running");
        return false;
    }
    if (view->now_ms - seen->alive_wall_ns / 1000000 > READY_SILENT_MS) {
        because(reasons, name, "says nothing any more: it hangs, or is stopped");
        return false;
    }
    return true;
}

static void lag(const struct ready_view *view, enum program program, enum counter counter,
                const char *of, struct reasons *reasons)
{
    char text[128];
    uint64_t records = view->figures->value[counter];
    if (records <= view->lag_records)
        return;
    struct text t = text_over(text, sizeof text - 1);
    text_add_u64(&t, records);
    text_add(&t, " records of the ");
    text_add(&t, of);
    text_add(&t, " log behind");
    text[t.len] = '\0';
    because(reasons, program_name(program), text);
}

static void sink(const struct ready_view *view, enum program program, enum counter up,
                 enum counter alerts_lag, enum counter bulk_lag, struct reasons *reasons)
{
    if (!alive(view, program, reasons))
        return;
    if (!view->figures->value[up])
        because(reasons, program_name(program), "its store takes nothing now");
    lag(view, program, alerts_lag, "alerts", reasons);
    lag(view, program, bulk_lag, "bulk", reasons);
}

bool ready_write(const struct ready_view *view, struct text *out)
{
    char list[READY_BYTES_MAX / 2];
    struct text text = text_over(list, sizeof list);
    struct reasons reasons = {.out = &text};
    if (view->trouble)
        because(&reasons, "serve", view->trouble);
    if (alive(view, PROGRAM_INGEST, &reasons) && !view->figures->value[COUNTER_INGEST_CONNECTED])
        because(&reasons, "ingest",
                "is not connected to the broker with every subscription granted");
    if (alive(view, PROGRAM_PROCESS, &reasons)) {
        lag(view, PROGRAM_PROCESS, COUNTER_PROCESS_LAG_RECORDS, "readings", &reasons);
        if (watch_state_stale(view->state, view->now_ms))
            because(&reasons, "process", "no heartbeat for 10 s: everything is unknown");
    }
    if (view->kafka)
        sink(view, PROGRAM_KAFKA, COUNTER_KAFKA_UP, COUNTER_KAFKA_ALERTS_LAG,
             COUNTER_KAFKA_BULK_LAG, &reasons);
    if (view->series)
        sink(view, PROGRAM_SERIES, COUNTER_SERIES_UP, COUNTER_SERIES_ALERTS_LAG,
             COUNTER_SERIES_BULK_LAG, &reasons);
    text_add(out, "{\"ready\":");
    text_add(out, reasons.count ? "false" : "true");
    text_add(out, ",\"reasons\":[");
    text_add_str(out, (struct str){list, (uint32_t)text.len});
    text_add(out, "]}\n");
    return reasons.count == 0;
}
