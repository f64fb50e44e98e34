#include <inttypes.h>

#include "deploy/cli/top_paint.h"

static void add_name(struct text *out, const char *name)
{
    text_add_json(out, str_of(name));
    text_add_char(out, ':');
}

static void add_bool(struct text *out, bool value)
{
    text_add(out, value ? "true" : "false");
}

static void add_time(struct text *out, int64_t wall_ns)
{
    text_add_char(out, '"');
    text_add_time_ms(out, wall_ns / 1000000);
    text_add_char(out, '"');
}

static void add_programs(struct text *out, const struct watch_figures *now)
{
    text_add(out, "\"programs\":{");
    for (int p = 0; p < PROGRAM_COUNT; p++) {
        const struct counters_program *program = &now->program[p];
        text_add(out, p ? "," : "");
        add_name(out, program_name((enum program)p));
        text_add(out, "{\"running\":");
        add_bool(out, program->running);
        if (program->pid) {
            text_add(out, ",\"pid\":");
            text_add_i64(out, program->pid);
            text_add(out, ",\"started\":");
            add_time(out, program->started_wall_ns);
            text_add(out, ",\"alive\":");
            add_time(out, program->alive_wall_ns);
        }
        text_add(out, ",\"counters\":{");
        bool first = true;
        for (int c = 0; c < COUNTER_COUNT; c++) {
            char name[COUNTER_NAME_BYTES];
            if ((int)counter_info_of((enum counter)c)->program != p ||
                counter_in_histogram((enum counter)c))
                continue;
            text_add(out, first ? "" : ",");
            first = false;
            add_name(out, counter_name((enum counter)c, name));
            text_add_u64(out, now->value[c]);
        }
        text_add(out, "}}");
    }
    text_add_char(out, '}');
}

static void add_books(struct text *out, const struct watch_figures *now)
{
    struct account account[ACCOUNTS_MAX];
    uint32_t count = watch_books(now, account);
    text_add(out, "\"books\":[");
    for (uint32_t i = 0; i < count; i++) {
        text_add(out, i ? ",{\"name\":" : "{\"name\":");
        text_add_json(out, str_of(account[i].name));
        text_add_char(out, ',');
        add_name(out, account[i].left);
        text_add_u64(out, account[i].total);
        for (int p = 0; p < ACCOUNT_PARTS && account[i].part[p].name; p++) {
            text_add_char(out, ',');
            add_name(out, account[i].part[p].name);
            text_add_u64(out, account[i].part[p].value);
        }
        text_add(out, ",\"balanced\":");
        add_bool(out, account_sum(&account[i]) == account[i].total);
        text_add_char(out, '}');
    }
    text_add_char(out, ']');
}

/* What is stale reads unknown to programs, too. */
static void mark_unknown(enum watch_kind kind, union result_any *any)
{
    if (kind == WATCH_ZONES) {
        any->zone.level = LEVEL_UNKNOWN;
        any->zone.known = 0;
    } else if (kind == WATCH_GATES) {
        any->gate.known = 0;
    } else {
        any->alert.last_known_level = any->alert.level;
        any->alert.level = LEVEL_UNKNOWN;
    }
}

static void add_list(struct text *out, const struct top_view *view, enum watch_kind kind,
                     const char *name, unsigned type, bool stale)
{
    uint32_t count = watch_state_count(view->state, kind);
    add_name(out, name);
    text_add_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        union result_any any;
        watch_state_get(view->state, kind, i, &any);
        if (stale)
            mark_unknown(kind, &any);
        text_add(out, i ? "," : "");
        result_json(type, &any, out);
    }
    text_add_char(out, ']');
}

void top_screen_json(const struct top_view *view, struct text *out)
{
    struct result_heartbeat heartbeat;
    struct validity validity = watch_state_validity(view->state, view->now->at_ms);
    bool stale = validity.fault != VALIDITY_NONE;
    text_add(out, "{\"at\":");
    add_time(out, view->now->at_ms * 1000000);
    text_add(out, ",\"stale\":");
    add_bool(out, stale);
    if (stale) {
        char why[256];
        struct text t = text_over(why, sizeof why);
        validity_explain(&validity, &t);
        text_add(out, ",\"stale_reason\":");
        text_add_json(out, (struct str){why, (uint32_t)t.len});
    }
    if (watch_state_heartbeat(view->state, &heartbeat)) {
        text_add(out, ",\"heartbeat_age_ms\":");
        text_add_i64(out, validity.age_ms);
        text_add(out, ",\"heartbeat\":");
        result_json(RECORD_HEARTBEAT, &heartbeat, out);
    }
    struct result_figures figures;
    if (watch_state_figures(view->state, &figures)) {
        text_add(out, ",\"alarm_figures\":");
        result_json(RECORD_FIGURES, &figures, out);
    }
    if (view->trouble) {
        text_add(out, ",\"trouble\":");
        text_add_json(out, str_of(view->trouble));
    }
    text_add_char(out, ',');
    add_programs(out, view->now);
    text_add_char(out, ',');
    add_books(out, view->now);
    text_add_char(out, ',');
    add_list(out, view, WATCH_ALERTS, "alerts", RECORD_ALERT, stale);
    text_add_char(out, ',');
    add_list(out, view, WATCH_ZONES, "zones", RECORD_ZONE, stale);
    text_add_char(out, ',');
    add_list(out, view, WATCH_GATES, "gates", RECORD_GATE, stale);
    text_add(out, "}\n");
}
