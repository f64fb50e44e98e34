#include "processors/serve/ready.h"

#include <string.h>

#include "processors/watch/program_fault.h"

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
    const char *why = program_fault(view->figures, program, view->now_ms);
    if (why)
        because(reasons, program_name(program), why);
    return !why;
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

/* What comes of ingest and process: the heartbeat, and what it says of the way to here. */
static void results(const struct ready_view *view, struct reasons *reasons)
{
    char text[256];
    struct text t = text_over(text, sizeof text - 1);
    struct validity validity = watch_state_validity(view->state, view->now_ms);
    if (!validity.fault)
        return;
    validity_explain(&validity, &t);
    text_add(&t, ": everything is unknown");
    text[t.len] = '\0';
    because(reasons, validity.fault == VALIDITY_PATH ? "ingest" : "process", text);
}

static void warnings(const struct ready_view *view, struct reasons *reasons)
{
    struct validity validity = watch_state_validity(view->state, view->now_ms);
    if (strcmp(validity.path, "unproven") == 0)
        because(reasons, "ingest",
                view->figures->value[COUNTER_INGEST_PROBES_REFUSED]
                    ? "the broker passes on no probe: let ingest publish to "
                      "crowdtide/{venue}/probe/{client_id}, or set mqtt.probe: no"
                    : "no probe has ever come back through the broker: let ingest publish to and "
                      "read crowdtide/{venue}/probe/{client_id}, or set mqtt.probe: no");
    if (view->page && view->figures->value[COUNTER_PAGE_HOLES])
        because(reasons, "page",
                "the roster leaves holes, in which whole teams or everybody is paged: crowdtide "
                "check names them");
}

static void list_add(struct text *out, const char *name, const struct reasons *reasons)
{
    text_add(out, ",\"");
    text_add(out, name);
    text_add(out, "\":[");
    text_add_bytes(out, reasons->out->at, reasons->out->len);
    text_add_char(out, ']');
}

bool ready_write(const struct ready_view *view, struct text *out)
{
    char list[READY_BYTES_MAX / 2], warning_list[READY_BYTES_MAX / 4];
    struct text text = text_over(list, sizeof list);
    struct text warning_text = text_over(warning_list, sizeof warning_list);
    struct reasons reasons = {.out = &text}, warned = {.out = &warning_text};
    if (view->trouble)
        because(&reasons, "serve", view->trouble);
    if (alive(view, PROGRAM_INGEST, &reasons) && !view->figures->value[COUNTER_INGEST_CONNECTED])
        because(&reasons, "ingest",
                "is not connected to the broker with every subscription granted");
    if (alive(view, PROGRAM_PROCESS, &reasons))
        lag(view, PROGRAM_PROCESS, COUNTER_PROCESS_LAG_RECORDS, "readings", &reasons);
    results(view, &reasons);
    if (view->kafka)
        sink(view, PROGRAM_KAFKA, COUNTER_KAFKA_UP, COUNTER_KAFKA_ALERTS_LAG,
             COUNTER_KAFKA_BULK_LAG, &reasons);
    if (view->series)
        sink(view, PROGRAM_SERIES, COUNTER_SERIES_UP, COUNTER_SERIES_ALERTS_LAG,
             COUNTER_SERIES_BULK_LAG, &reasons);
    warnings(view, &warned);
    if (view->page && alive(view, PROGRAM_PAGE, &reasons) &&
        view->figures->value[COUNTER_PAGE_UNDELIVERABLE])
        because(&reasons, "page", "a target can't be told");
    text_add(out, "{\"ready\":");
    text_add(out, reasons.count ? "false" : "true");
    list_add(out, "reasons", &reasons);
    list_add(out, "warnings", &warned);
    text_add(out, "}\n");
    return reasons.count == 0;
}
