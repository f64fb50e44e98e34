/* Alerts: one result for each announced transition. */
#include "processors/core/emit.h"

enum { ID_TEXT_BYTES = sizeof RESULT_EXERCISE_PREFIX + 3 * (ID_BYTES_MAX + 1) + 24 };

static void alert_id(const struct core *core, const struct alert *a, struct text *out)
{
    const struct venue *venue = core->model.venue;
    if (core->exercise)
        text_add(out, RESULT_EXERCISE_PREFIX);
    text_add_str(out, venue->id);
    text_add_char(out, '/');
    text_add_str(out, venue->zones[a->zone].id);
    text_add_char(out, '/');
    text_add_str(out, venue->rules[a->rule].id);
    text_add_char(out, '/');
    text_add_i64(out, a->start_ms);
}

void emit_alert(struct core *core, const struct alert *a, const struct alert_changes *changes,
                int64_t at_ns)
{
    const struct venue *venue = core->model.venue;
    const struct venue_rule *rule = &venue->rules[a->rule];
    char id[ID_TEXT_BYTES];
    struct text t = text_over(id, sizeof id);
    alert_id(core, a, &t);
    for (uint32_t i = 0; i < changes->count; i++) {
        const struct alert_change *c = &changes->change[i];
        int level = c->level == LEVEL_UNKNOWN ? c->last_known : c->level;
        struct result_alert result;
        result_clear(RECORD_ALERT, &result);
        result.id = (struct str){t.at, (uint32_t)t.len};
        result.n = c->n;
        result.venue = venue->id;
        result.zone = venue->zones[a->zone].id;
        result.rule = rule->id;
        result.status = core_status(core);
        result.state = str_of(alert_state_text(c->state));
        result.from_state = str_of(alert_state_text(c->from_state));
        result.level = c->level;
        result.from_level = c->from_level;
        result.value = a->value;
        result.unit = str_of(metric_unit(rule->metric));
        result.threshold = c->threshold;
        result.start = a->start_ms;
        result.at = at_ns / CORE_MS_NS;
        result.input_seq = (int64_t)core->origin.input_seq;
        result.input_index = core->origin.index;
        result.metric = str_of(metric_text(rule->metric));
        if (level > LEVEL_NONE)
            result.action = rule->action[level - 1];
        if (c->ended)
            result.duration_ms = result.at - a->start_ms;
        if (core->drill.ending)
            result.cause = STR_LIT("drill ended");
        result.peak = a->peak;
        result.last_known_level = c->last_known;
        emit(core, RECORD_ALERT, &result);
    }
}
