/* Alerts: one result for each announced transition. */
#include "processors/core/emit.h"

#include <math.h>

enum { ID_TEXT_BYTES = sizeof RESULT_EXERCISE_PREFIX + 3 * (ID_BYTES_MAX + 1) + 24 };

static struct str zone_time(const struct core *core, const struct alert *a, bool with_rule,
                            int64_t ms, char *buffer)
{
    const struct venue *venue = core->model.venue;
    struct text t = text_over(buffer, ID_TEXT_BYTES);
    if (core->exercise)
        text_add(&t, RESULT_EXERCISE_PREFIX);
    text_add_str(&t, venue->id);
    text_add_char(&t, '/');
    text_add_str(&t, venue->zones[a->zone].id);
    text_add_char(&t, '/');
    if (with_rule) {
        text_add_str(&t, venue->rules[a->rule].id);
        text_add_char(&t, '/');
    }
    text_add_i64(&t, ms);
    return (struct str){buffer, (uint32_t)t.len};
}

/* [{"step":1,"text":"…","done":true,"by":"…"}, …] in core->scratch; absent when the level has no
 * plan. */
static struct str plan(struct core *core, const struct alert *a, int level)
{
    const struct venue *venue = core->model.venue;
    const struct venue_rule *rule = &venue->rules[a->rule];
    uint32_t at = (uint32_t)level - 1;
    if (rule->plan_count[at] == 0)
        return (struct str){0};
    struct text t = text_over(core->scratch, EMIT_SCRATCH_BYTES);
    for (uint32_t i = 0; i < rule->plan_count[at]; i++) {
        bool done = a->care.done[at] >> i & 1u;
        uint16_t by = a->care.done_by[at][i];
        text_add(&t, i ? ",{\"step\":" : "[{\"step\":");
        text_add_u64(&t, i + 1);
        text_add(&t, ",\"text\":");
        text_add_json(&t, rule->plan[at][i]);
        text_add(&t, done ? ",\"done\":true" : ",\"done\":false");
        if (done && by < venue->operator_count) {
            text_add(&t, ",\"by\":");
            text_add_json(&t, venue->operators[by].id);
        }
        text_add_char(&t, '}');
    }
    text_add_char(&t, ']');
    return t.overflow ? (struct str){0} : (struct str){t.at, (uint32_t)t.len};
}

static void of_change(struct core *core, const struct alert *a, const struct alert_change *c,
                      struct result_alert *to)
{
    const struct venue_rule *rule = &core->model.venue->rules[a->rule];
    int level = c->level == LEVEL_UNKNOWN ? c->last_known : c->level;
    to->n = c->n;
    to->state = str_of(alert_state_text(c->state));
    to->from_state = str_of(alert_state_text(c->from_state));
    to->level = c->level;
    to->from_level = c->from_level;
    to->threshold = c->threshold;
    to->last_known_level = c->last_known;
    to->escalation = c->escalation;
    if (level > LEVEL_NONE) {
        to->action = rule->action[level - 1];
        to->plan = plan(core, a, level);
    }
    if (c->state == ALERT_SHELVED)
        to->until = a->shelved_ms;
    if (!c->ended)
        return;
    to->duration_ms = to->at - a->start_ms;
    if (a->acked_ms != ALERT_NEVER)
        to->ack_delay_ms = a->acked_ms - a->start_ms;
}

void emit_alert(struct core *core, const struct alert *a, const struct alert_change *c,
                const struct emit_alert_more *more, int64_t at_ns)
{
    const struct venue *venue = core->model.venue;
    const struct venue_rule *rule = &venue->rules[a->rule];
    char id[ID_TEXT_BYTES], group[ID_TEXT_BYTES];
    struct result_alert result;
    result_clear(RECORD_ALERT, &result);
    result.id = zone_time(core, a, true, a->start_ms, id);
    result.venue = venue->id;
    result.zone = venue->zones[a->zone].id;
    result.rule = rule->id;
    result.status = core_status(core);
    result.value = a->value;
    result.estimate = a->estimate;
    result.peak = a->peak;
    const char *unit = metric_unit(rule->metric);
    result.unit = str_of(unit[0] ? unit : "1"); /* never absent: a ratio's is 1, as UCUM has it */
    result.start = a->start_ms;
    result.at = at_ns / CORE_MS_NS;
    result.input_seq = (int64_t)core->origin.input_seq;
    result.input_index = core->origin.index;
    result.metric = str_of(metric_text(rule->metric));
    if (rule->metric == METRIC_PERCENT_CAPACITY && core->model.zones[a->zone].capacity > 0)
        result.capacity = core->model.zones[a->zone].capacity;
    result.operator= more->operator_id;
    result.note = more->note;
    result.cause = core->drill.ending ? STR_LIT("drill ended") : more->cause;
    result.assigned = alert_assigned(a);
    result.page = more->page;
    if (a->group_ms != ALERT_NEVER)
        result.page_group = zone_time(core, a, false, a->group_ms, group);
    if (more->chattering)
        result.chattering = true;
    if (core->late)
        result.late = true;
    of_change(core, a, c, &result);
    emit(core, RECORD_ALERT, &result);
}
