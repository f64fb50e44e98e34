#include "processors/core/alert.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "schemas/result/result.h"

void alert_init(struct alert *a, uint32_t zone, uint32_t rule)
{
    *a = (struct alert){.zone = zone, .rule = rule, .state = ALERT_UNKNOWN, .start_ms = INT64_MIN};
}

bool alert_open(const struct alert *a)
{
    return a->level > LEVEL_NONE;
}

int alert_level(const struct alert *a)
{
    return a->level;
}

void alert_gap(struct alert *a)
{
    memset(a->since_ns, 0, sizeof a->since_ns);
    memset(a->samples, 0, sizeof a->samples);
    a->clear_since_ns = 0;
}

static double clear_threshold(const struct venue_rule *rule, int level)
{
    return rule->enter[level - 1] * (1 - rule->clear_margin_pct / 100);
}

/* The next level below that the rule has; LEVEL_NONE when there is none. */
static int level_below(const struct venue_rule *rule, int level)
{
    while (--level > LEVEL_NONE) {
        if (!isnan(rule->enter[level - 1]))
            break;
    }
    return level;
}

/* Two alerts of one machine never share an id, even when they begin in the same millisecond. */
static void begin(struct alert *a, int level)
{
    int64_t start_ms = a->since_ts_ms[level - 1];
    a->start_ms = start_ms > a->start_ms ? start_ms : a->start_ms + 1;
    a->n = 0;
    a->peak = a->value;
    a->acked = false;
}

static void announce(struct alert *a, const struct alert *before, double threshold, bool ended,
                     struct alert_changes *changes)
{
    assert(changes->count < ALERT_CHANGES_MAX);
    bool was_unknown = before->state == ALERT_UNKNOWN;
    bool is_unknown = a->state == ALERT_UNKNOWN;
    a->n++;
    changes->change[changes->count++] = (struct alert_change){
        .state = a->state,
        .from_state = before->state == ALERT_PENDING ? ALERT_NORMAL : before->state,
        .level = is_unknown ? LEVEL_UNKNOWN : a->level,
        .from_level = was_unknown ? LEVEL_UNKNOWN : before->level,
        .last_known = is_unknown || was_unknown ? before->level : LEVEL_ABSENT,
        .n = a->n,
        .threshold = threshold,
        .ended = ended,
    };
}

static uint8_t next_state(const struct alert *a, unsigned next)
{
    if (next < ALERT_STATE_COUNT)
        return (uint8_t)next;
    if (next == ALERT_AS_LEVEL && !alert_open(a))
        return ALERT_NORMAL;
    return a->acked ? ALERT_ACTIVE_ACKED : ALERT_ACTIVE_UNACKED;
}

/* The one function that changes state. `level` is the level to go to, for START, RAISE and LOWER.
 */
static void transition(struct alert *a, const struct venue_rule *rule, enum alert_event event,
                       int level, struct alert_changes *changes)
{
    const struct alert before = *a;
    const struct alert_cell *cell = &alert_table[before.state][event];
    double threshold = NAN;
    bool open = alert_open(a), say = false, ended = false;
    switch ((enum alert_action)cell->action) {
    case ALERT_DO_NONE:
        return;
    case ALERT_DO_QUIET:
        break;
    case ALERT_DO_START:
        begin(a, level);
        a->level = (int8_t)level;
        threshold = rule->enter[level - 1];
        say = true;
        break;
    case ALERT_DO_RAISE:
        a->level = (int8_t)level;
        a->acked = false;
        threshold = rule->enter[level - 1];
        say = true;
        break;
    case ALERT_DO_SAY:
        if (open)
            threshold = clear_threshold(rule, before.level);
        say = open;
        break;
    case ALERT_DO_LOWER:
        a->level = (int8_t)level;
        threshold = clear_threshold(rule, before.level);
        say = true;
        break;
    case ALERT_DO_END:
        if (open)
            threshold = clear_threshold(rule, before.level);
        a->level = LEVEL_NONE;
        ended = true;
        say = open;
        break;
    case ALERT_DO_ACK:
        say = open && !a->acked;
        a->acked = open;
        break;
    case ALERT_DO_LATCH:
    case ALERT_DO_RESUME:
        alert_gap(a);
        say = open;
        break;
    case ALERT_ACTION_COUNT:
        assert(false);
    }
    a->state = next_state(a, cell->next);
    if (say)
        announce(a, &before, threshold, ended, changes);
}

void alert_fire(struct alert *a, const struct venue_rule *rule, enum alert_event event,
                struct alert_changes *changes)
{
    transition(a, rule, event, LEVEL_NONE, changes);
}

/* Keeps the time at or above each level. Returns the highest level that has been held for its dwell
 *and samples; ret_any tells whether any level's threshold is reached. */
static int level_held(struct alert *a, const struct venue_rule *rule, const struct alert_input *in,
                      bool *ret_any)
{
    int held = LEVEL_NONE;
    *ret_any = false;
    for (int i = 0; i < VENUE_LEVELS; i++) {
        if (!(in->value >= rule->enter[i])) { /* also when the rule has no such level: NaN */
            a->since_ns[i] = 0;
            a->samples[i] = 0;
            continue;
        }
        *ret_any = true;
        if (a->since_ns[i] == 0) {
            a->since_ns[i] = in->now_ns;
            a->since_ts_ms[i] = in->ts_ms;
        }
        if (in->sample && a->samples[i] < UINT32_MAX)
            a->samples[i]++;
        if (in->now_ns - a->since_ns[i] >= rule->dwell_ms[i] * 1000000 &&
            a->samples[i] >= rule->min_samples)
            held = i + 1;
    }
    return held;
}

static void clear_evaluate(struct alert *a, const struct venue_rule *rule,
                           const struct alert_input *in, struct alert_changes *changes)
{
    if (in->value >= clear_threshold(rule, a->level)) {
        a->clear_since_ns = 0;
        transition(a, rule, ALERT_ON_ABOVE, LEVEL_NONE, changes);
        return;
    }
    transition(a, rule, ALERT_ON_BELOW, LEVEL_NONE, changes);
    if (a->clear_since_ns == 0)
        a->clear_since_ns = in->now_ns;
    while (a->state == ALERT_CLEARING &&
           in->now_ns - a->clear_since_ns >= rule->clear_ms * 1000000) {
        int lower = level_below(rule, a->level);
        a->clear_since_ns = in->now_ns; /* every level takes its own clear time */
        if (lower == LEVEL_NONE) {
            transition(a, rule, ALERT_ON_CLEARED, LEVEL_NONE, changes);
            transition(a, rule, ALERT_ON_SETTLE, LEVEL_NONE, changes);
        } else if (in->value < clear_threshold(rule, lower)) {
            transition(a, rule, ALERT_ON_STEP_ON, lower, changes);
        } else {
            transition(a, rule, ALERT_ON_STEP, lower, changes);
        }
    }
}

void alert_evaluate(struct alert *a, const struct venue_rule *rule, const struct alert_input *in,
                    struct alert_changes *changes)
{
    bool any;
    a->value = in->value;
    int held = level_held(a, rule, in, &any);
    if (!any && a->state == ALERT_NORMAL)
        return;
    if (alert_open(a) && in->value > a->peak)
        a->peak = in->value;
    transition(a, rule, any ? ALERT_ON_ENTER : ALERT_ON_LEAVE, LEVEL_NONE, changes);
    if (held > a->level)
        transition(a, rule, ALERT_ON_RAISE, held, changes);
    else if (alert_open(a) && a->state != ALERT_UNKNOWN)
        clear_evaluate(a, rule, in, changes);
}
