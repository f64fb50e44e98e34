#include <math.h>

#include "schemas/venue/internal.h"

static void add_seconds(struct text *out, int64_t ms)
{
    text_add_f64(out, (double)ms / 1000);
    text_add(out, " s");
}

static void add_scope(const struct venue *venue, const struct venue_rule *rule, struct text *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < venue->zone_count; i++)
        count += venue_rule_applies(venue, rule, i);
    if (rule->kinds == 0) {
        text_add(out, "zone ");
        text_add_str(out, venue->zones[rule->zone[0]].id);
        return;
    }
    text_add(out, "each ");
    bool more = false;
    for (uint32_t kind = 0; kind < ZONE_KIND_COUNT; kind++) {
        if (!(rule->kinds >> kind & 1u))
            continue;
        text_add(out, more ? " and " : "");
        text_add(out, zone_kind_text((enum zone_kind)kind));
        more = true;
    }
    text_add(out, " (");
    text_add_u64(out, count);
    text_add(out, count == 1 ? " zone)" : " zones)");
}

void venue_rule_explain(const struct venue *venue, const struct venue_rule *rule, struct text *out)
{
    text_add_str(out, rule->id);
    text_add(out, ": ");
    text_add(out, metric_text(rule->metric));
    text_add(out, " of ");
    add_scope(venue, rule, out);
    text_add(out, ": ");
    for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
        if (isnan(rule->enter[level]))
            continue;
        text_add(out, level_words[level]);
        text_add(out, " at ");
        text_add_f64(out, rule->enter[level]);
        text_add_char(out, ' ');
        text_add(out, metric_unit(rule->metric));
        text_add(out, " for ");
        add_seconds(out, rule->dwell_ms[level]);
        int64_t detection_ms = venue_rule_detection_ms(venue, rule, level);
        if (detection_ms >= 0) {
            text_add(out, " (seen within ");
            add_seconds(out, detection_ms);
            text_add_char(out, ')');
        }
        text_add(out, ", ");
    }
    text_add(out, "at least ");
    text_add_u64(out, rule->min_samples);
    text_add(out, rule->min_samples == 1 ? " sample" : " samples");
    text_add(out, "; falls a level when ");
    text_add_f64(out, rule->clear_margin_pct);
    text_add(out, " % below it for ");
    add_seconds(out, rule->clear_ms);
    text_add_char(out, '.');
}
