#include <math.h>

#include "schemas/venue/internal.h"

enum { NAMES_SHOWN = 5, RED = VENUE_LEVELS - 1 };

static void add_seconds(struct text *out, int64_t ms)
{
    text_add_f64(out, (double)ms / 1000);
    text_add(out, " s");
}

static void add_count(struct text *out, uint64_t count, const char *what)
{
    text_add_u64(out, count);
    text_add_char(out, ' ');
    text_add(out, what);
    text_add(out, count == 1 ? "" : "s");
}

/* "hall", " and cell" …: what stands between the i-th of count things. */
static void add_join(struct text *out, uint32_t i, uint32_t count)
{
    if (i > 0)
        text_add(out, i + 1 == count ? " and " : ", ");
}

static void add_kinds(const struct venue_rule *rule, struct text *out)
{
    uint32_t all = (1u << ZONE_KIND_COUNT) - 1, count = 0, shown = 0;
    if (rule->kinds == all) {
        text_add(out, "every zone that has it");
        return;
    }
    for (uint32_t kind = 0; kind < ZONE_KIND_COUNT; kind++)
        count += rule->kinds >> kind & 1u;
    text_add(out, "each ");
    for (uint32_t kind = 0; kind < ZONE_KIND_COUNT; kind++) {
        if (!(rule->kinds >> kind & 1u))
            continue;
        add_join(out, shown++, count);
        text_add(out, zone_kind_text((enum zone_kind)kind));
    }
}

static void add_zones(const struct venue *venue, const struct venue_rule *rule, struct text *out)
{
    uint32_t shown = rule->zone_count <= NAMES_SHOWN ? rule->zone_count : NAMES_SHOWN;
    bool more = shown < rule->zone_count;
    text_add(out, rule->zone_count == 1 ? "zone " : "zones ");
    for (uint32_t i = 0; i < shown; i++) {
        add_join(out, i, more ? shown + 1 : shown);
        text_add_str(out, venue->zones[rule->zone[i]].id);
    }
    if (!more)
        return;
    text_add(out, " and ");
    text_add_u64(out, rule->zone_count - shown);
    text_add(out, " more");
}

static void add_tags(const struct venue_rule *rule, struct text *out)
{
    text_add(out, "each zone tagged ");
    for (uint32_t i = 0; i < rule->tag_count; i++) {
        text_add(out, i == 0 ? "" : i + 1 == rule->tag_count ? " or " : ", ");
        text_add_str(out, rule->tag[i]);
    }
}

/* Returns how many zones they are. */
static uint32_t add_scope(const struct venue *venue, const struct venue_rule *rule,
                          struct text *out)
{
    uint32_t judged = 0, parts = 0;
    for (uint32_t i = 0; i < venue->zone_count; i++)
        judged += venue_rule_applies(venue, rule, i);
    if (rule->kinds) {
        add_kinds(rule, out);
        parts++;
    }
    if (rule->tag_count) {
        text_add(out, parts++ ? ", " : "");
        add_tags(rule, out);
    }
    if (rule->zone_count) {
        text_add(out, parts++ ? ", " : "");
        add_zones(venue, rule, out);
    }
    if (judged && !(parts == 1 && rule->zone_count == 1)) {
        text_add(out, " (");
        add_count(out, judged, "zone");
        text_add_char(out, ')');
    }
    return judged;
}

/* What follows when nobody acknowledges, and what there is to do. */
static void add_response(const struct venue_rule *rule, uint32_t level, struct text *out)
{
    for (uint32_t i = 0; i < VENUE_ESCALATIONS_MAX && rule->escalate_ms[level][i]; i++) {
        text_add(out, i ? ", " : "; escalates after ");
        add_seconds(out, rule->escalate_ms[level][i]);
    }
    if (rule->plan_count[level]) {
        text_add(out, "; plan of ");
        add_count(out, rule->plan_count[level], "step");
    }
}

static void add_level(const struct venue *venue, const struct venue_rule *rule, uint32_t level,
                      struct text *out)
{
    int64_t detection_ms = venue_rule_detection_ms(venue, rule, level);
    const char *unit = metric_unit(rule->metric);
    text_add(out, level_words[level]);
    text_add(out, " at ");
    text_add_f64(out, rule->enter[level]);
    text_add(out, unit[0] ? " " : "");
    text_add(out, unit);
    if (rule->dwell_ms[level] > 0) {
        text_add(out, " for ");
        add_seconds(out, rule->dwell_ms[level]);
    }
    if (detection_ms >= 0) {
        text_add(out, " (seen within ");
        add_seconds(out, detection_ms);
    } else {
        text_add(out, " (never seen");
    }
    add_response(rule, level, out);
    text_add_char(out, ')');
}

/* How many samples it takes; nothing when time alone decides. */
static void add_samples(const struct venue *venue, const struct venue_rule *rule, struct text *out)
{
    bool sampled = false, one = false;
    for (uint32_t i = 0; i < venue->zone_count; i++) {
        if (!venue_rule_applies(venue, rule, i))
            continue;
        sampled = sampled || venue_rule_samples(venue, rule, i, 0) > 0;
        one = one || venue_rule_samples(venue, rule, i, RED) < rule->min_samples;
    }
    if (!sampled)
        return;
    text_add(out, "at least ");
    add_count(out, rule->min_samples, "sample");
    if (one && !isnan(rule->enter[RED]))
        text_add(out, " (red: 1 where the second would come after the dwell)");
    text_add(out, "; ");
}

/* How long after the crowd its number may cross a threshold. */
static void add_window(const struct venue *venue, const struct venue_rule *rule, struct text *out)
{
    int64_t window_ms = venue_rule_window_ms(venue, rule);
    if (window_ms == 0)
        return;
    text_add(out, "measured over ");
    add_seconds(out, window_ms);
    text_add(out, ", so it crosses them up to that much later than the crowd does; ");
}

void venue_rule_explain(const struct venue *venue, const struct venue_rule *rule, struct text *out)
{
    text_add_str(out, rule->id);
    text_add(out, ": ");
    text_add(out, metric_text(rule->metric));
    text_add(out, " of ");
    if (add_scope(venue, rule, out) == 0) {
        text_add(out, ": there is none, so it judges nothing.");
        return;
    }
    text_add(out, ": ");
    const char *before = "";
    for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
        if (isnan(rule->enter[level]))
            continue;
        text_add(out, before);
        add_level(venue, rule, level, out);
        before = ", ";
    }
    text_add(out, "; ");
    add_window(venue, rule, out);
    add_samples(venue, rule, out);
    text_add(out, "falls a level when ");
    text_add_f64(out, rule->clear_margin_pct);
    text_add(out, " % below it for ");
    add_seconds(out, rule->clear_ms);
    text_add_char(out, '.');
}

void venue_operator_explain(const struct venue *venue, uint32_t operator_at, struct text *out)
{
    const struct venue_operator *who = &venue->operators[operator_at];
    uint32_t may = 0, shown = 0;
    text_add_str(out, who->id);
    text_add(out, " (user id ");
    text_add_u64(out, who->uid);
    for (uint32_t i = 0; i < venue->role_count; i++) {
        if (!(who->roles >> i & 1u))
            continue;
        text_add(out, ", ");
        text_add_str(out, venue->roles[i].id);
    }
    text_add(out, ") may ");
    for (uint32_t i = 0; i < VENUE_COMMAND_COUNT; i++)
        may += venue_operator_may(venue, operator_at, (enum venue_command)i);
    if (may == 0 || may == VENUE_COMMAND_COUNT)
        text_add(out, may ? "do everything" : "do nothing");
    for (uint32_t i = 0; i < VENUE_COMMAND_COUNT && may < VENUE_COMMAND_COUNT; i++) {
        if (!venue_operator_may(venue, operator_at, (enum venue_command)i))
            continue;
        add_join(out, shown++, may);
        text_add(out, venue_command_text((enum venue_command)i));
    }
    if (venue_operator_supervises(venue, operator_at))
        text_add(out, "; supervises");
    text_add_char(out, '.');
}
