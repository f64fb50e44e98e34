#include "processors/core/alert.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "schemas/result/result.h"

enum { NS_PER_MS = 1000000 };

static void care_clear(struct alert_care *care)
{
    *care = (struct alert_care){0};
    memset(care->done_by, 0xff, sizeof care->done_by); /* ALERT_NOBODY */
}

void alert_init(struct alert *a, uint32_t zone, uint32_t rule)
{
    *a = (struct alert){.zone = zone,
                        .rule = rule,
                        .state = ALERT_UNKNOWN,
                        .start_ms = INT64_MIN,
                        .acked_ms = ALERT_NEVER,
                        .lost_told_ms = ALERT_NEVER,
                        .group_ms = ALERT_NEVER,
                        .estimate = (double)NAN};
    for (int i = 0; i < VENUE_LEVELS; i++)
        a->need[i] = 1;
    care_clear(&a->care);
}

void alert_carry(struct alert *to, const struct alert *from)
{
    const struct alert mine = *to;
    *to = *from;
    to->zone = mine.zone;
    to->rule = mine.rule;
    to->at = mine.at;
    to->least = mine.least;
    memcpy(to->need, mine.need, sizeof to->need);
}

struct alert_terms alert_terms_of(const struct venue_rule *rule, int64_t now_ns)
{
    return (struct alert_terms){
        .rule = rule, .enter = rule->enter, .table = alert_table, .now_ns = now_ns};
}

bool alert_open(const struct alert *a)
{
    return a->level > LEVEL_NONE;
}

int alert_level(const struct alert *a)
{
    return a->level;
}

bool alert_acked(const struct alert *a)
{
    return a->state == ALERT_UNKNOWN ? a->acked_lost : a->acked;
}

bool alert_unanswered(const struct alert *a)
{
    return a->level >= LEVEL_YELLOW && !alert_acked(a) && a->state != ALERT_SHELVED &&
           a->state != ALERT_SUPPRESSED;
}

struct str alert_assigned(const struct alert *a)
{
    const char *text = a->care.assigned;
    return (struct str){text, (uint32_t)strnlen(text, sizeof a->care.assigned)};
}

void alert_gap(struct alert *a)
{
    memset(a->since_ns, 0, sizeof a->since_ns);
    memset(a->samples, 0, sizeof a->samples);
    a->clear_since_ns = 0;
}

static double clear_threshold(const struct alert_terms *terms, int level)
{
    return terms->enter[level - 1] * (1 - terms->rule->clear_margin_pct / 100);
}

/* The next level below that the rule has; LEVEL_NONE when there is none. */
static int level_below(const struct alert_terms *terms, int level)
{
    while (--level > LEVEL_NONE) {
        if (!isnan(terms->enter[level - 1]))
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
    a->acked_ms = ALERT_NEVER;
    a->lost_told_ms = ALERT_NEVER;
    a->group_ms = ALERT_NEVER;
    care_clear(&a->care);
}

/* From here on somebody has to answer: escalation counts anew. */
static void alarm(struct alert *a, int64_t now_ns)
{
    a->alarm_ns = now_ns;
    a->escalation = 0;
    a->paged = false;
}

struct before { /* of an alert, when an event reaches it */
    uint8_t state;
    int8_t level;
};

static void announce(struct alert *a, const struct before *before, enum alert_event event,
                     double threshold, struct alert_changes *changes)
{
    assert(changes->count < ALERT_CHANGES_MAX);
    bool was_unknown = before->state == ALERT_UNKNOWN;
    bool is_unknown = a->state == ALERT_UNKNOWN;
    a->n++;
    changes->change[changes->count++] = (struct alert_change){
        .event = (uint8_t)event,
        .state = a->state,
        .from_state = before->state == ALERT_PENDING ? ALERT_NORMAL : before->state,
        .level = is_unknown ? LEVEL_UNKNOWN : a->level,
        .from_level = was_unknown ? LEVEL_UNKNOWN : before->level,
        .last_known = is_unknown || was_unknown ? before->level : LEVEL_ABSENT,
        .escalation = a->escalation,
        .n = a->n,
        .threshold = threshold,
        .ended = !alert_open(a),
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

static bool answered(unsigned state)
{
    return state == ALERT_SHELVED || state == ALERT_SUPPRESSED;
}

/* What the event crossed: the threshold of the level gone to, the clear margin of the one left. */
static double crossed(const struct alert_terms *terms, const struct before *before,
                      enum alert_event event, int level)
{
    switch (event) {
    case ALERT_ON_RAISE:
        return terms->enter[level - 1];
    case ALERT_ON_BELOW:
    case ALERT_ON_ABOVE:
    case ALERT_ON_STEP:
    case ALERT_ON_STEP_ON:
    case ALERT_ON_CLEARED:
        return before->level > LEVEL_NONE ? clear_threshold(terms, before->level) : (double)NAN;
    default:
        return (double)NAN;
    }
}

static void raise_to(struct alert *a, int level, int64_t now_ns)
{
    a->level = (int8_t)level;
    a->acked = false;
    alarm(a, now_ns);
}

/* Who has acknowledged a level has not acknowledged that nobody can see it any more: from here on
 * somebody has to answer again. Not so when the broker explains it, whose loss is an alert of its
 * own; and where nobody had answered yet, the escalation goes on. */
static void lose(struct alert *a, int64_t now_ns)
{
    bool acked = alert_acked(a);
    a->acked_lost = acked && a->hushed;
    if (acked && !a->hushed)
        alarm(a, now_ns);
}

static bool acknowledge(struct alert *a, int64_t now_ns)
{
    if (!alert_open(a) || alert_acked(a))
        return false;
    a->acked = true;
    a->acked_lost = a->state == ALERT_UNKNOWN;
    if (a->acked_ms == ALERT_NEVER)
        a->acked_ms = now_ns / NS_PER_MS;
    return true;
}

/* The one function that changes state. `level` is where to go, for START, RAISE and LOWER. */
static void transition(struct alert *a, const struct alert_terms *terms, enum alert_event event,
                       int level, struct alert_changes *changes)
{
    const struct before before = {a->state, a->level};
    const struct alert_cell *cell = &terms->table[a->state][event];
    bool open = alert_open(a), say = open;
    switch ((enum alert_action)cell->action) {
    case ALERT_DO_NONE:
        return;
    case ALERT_DO_MOVE:
        break;
    case ALERT_DO_START:
        begin(a, level);
        raise_to(a, level, terms->now_ns);
        say = true;
        break;
    case ALERT_DO_RAISE:
        raise_to(a, level, terms->now_ns);
        break;
    case ALERT_DO_LOWER:
        a->level = (int8_t)level;
        break;
    case ALERT_DO_END:
        a->level = LEVEL_NONE;
        break;
    case ALERT_DO_LOSE:
        lose(a, terms->now_ns);
        break;
    case ALERT_DO_ACK:
        say = acknowledge(a, terms->now_ns);
        break;
    case ALERT_DO_ESCALATE:
        a->escalation++;
        break;
    case ALERT_ACTION_COUNT:
        assert(false);
    }
    a->state = next_state(a, cell->next);
    if (answered(before.state) && !answered(a->state))
        alarm(a, terms->now_ns);
    if (a->state == ALERT_UNKNOWN && before.state != ALERT_UNKNOWN)
        alert_gap(a);
    if (say)
        announce(a, &before, event, crossed(terms, &before, event, level), changes);
}

void alert_fire(struct alert *a, const struct alert_terms *terms, enum alert_event event,
                struct alert_changes *changes)
{
    transition(a, terms, event, LEVEL_NONE, changes);
}

void alert_time(struct alert *a, const struct alert_terms *terms, struct alert_changes *changes)
{
    if (a->state == ALERT_SHELVED && terms->now_ns >= a->shelved_ms * NS_PER_MS)
        transition(a, terms, ALERT_ON_EXPIRE, LEVEL_NONE, changes);
    for (int i = 0; i < VENUE_ESCALATIONS_MAX; i++) { /* a pause may have made several due */
        if (!alert_open(a) || alert_acked(a) || a->escalation >= VENUE_ESCALATIONS_MAX)
            return;
        int64_t after_ms = terms->rule->escalate_ms[a->level - 1][a->escalation];
        if (after_ms == 0 || terms->now_ns - a->alarm_ns < after_ms * NS_PER_MS)
            return;
        transition(a, terms, ALERT_ON_ESCALATE, LEVEL_NONE, changes);
    }
}

/* Keeps the time at or above each level. Returns the highest level that has been held for its dwell
 * and samples; ret_any tells whether any level's threshold is reached. */
static int level_held(struct alert *a, const struct alert_terms *terms,
                      const struct alert_input *in, bool *ret_any)
{
    int held = LEVEL_NONE;
    *ret_any = false;
    for (int i = 0; i < VENUE_LEVELS; i++) {
        if (!(in->value >= terms->enter[i])) { /* also when the rule has no such level: NaN */
            a->since_ns[i] = 0;
            a->samples[i] = 0;
            continue;
        }
        *ret_any = true;
        if (a->since_ns[i] == 0) {
            a->since_ns[i] = terms->now_ns;
            a->since_ts_ms[i] = in->ts_ms;
        }
        if (in->sample && a->samples[i] < UINT32_MAX)
            a->samples[i]++;
        if (in->at_once ||
            (terms->now_ns - a->since_ns[i] >= terms->rule->dwell_ms[i] * NS_PER_MS &&
             a->samples[i] >= a->need[i]))
            held = i + 1;
    }
    return held;
}

/* Its level may fall: it is being left, or is kept quiet, which hides nothing. */
static bool falls(const struct alert *a)
{
    return a->state == ALERT_CLEARING || answered(a->state);
}

static void clear_evaluate(struct alert *a, const struct alert_terms *terms,
                           const struct alert_input *in, struct alert_changes *changes)
{
    double most = in->value + in->beyond;
    if (most >= clear_threshold(terms, a->level)) {
        a->clear_since_ns = 0;
        transition(a, terms, ALERT_ON_ABOVE, LEVEL_NONE, changes);
        return;
    }
    transition(a, terms, ALERT_ON_BELOW, LEVEL_NONE, changes);
    if (a->clear_since_ns == 0)
        a->clear_since_ns = terms->now_ns;
    for (int i = 0; i < VENUE_LEVELS && falls(a); i++) {
        if (!in->at_once && terms->now_ns - a->clear_since_ns < terms->rule->clear_ms * NS_PER_MS)
            break;
        int lower = level_below(terms, a->level);
        a->clear_since_ns = terms->now_ns; /* every level takes its own clear time */
        if (lower == LEVEL_NONE) {
            transition(a, terms, ALERT_ON_CLEARED, LEVEL_NONE, changes);
            transition(a, terms, ALERT_ON_SETTLE, LEVEL_NONE, changes);
            break;
        } else if (most < clear_threshold(terms, lower)) {
            transition(a, terms, ALERT_ON_STEP_ON, lower, changes);
        } else {
            transition(a, terms, ALERT_ON_STEP, lower, changes);
            break;
        }
    }
}

void alert_evaluate(struct alert *a, const struct alert_terms *terms, const struct alert_input *in,
                    struct alert_changes *changes)
{
    bool any;
    a->value = in->value;
    a->estimate = in->estimate;
    int held = level_held(a, terms, in, &any);
    if (!any && a->state == ALERT_NORMAL)
        return;
    if (alert_open(a) && in->value > a->peak)
        a->peak = in->value;
    transition(a, terms, any ? ALERT_ON_ENTER : ALERT_ON_LEAVE, LEVEL_NONE, changes);
    if (held > a->level)
        transition(a, terms, ALERT_ON_RAISE, held, changes);
    else if (alert_open(a) && a->state != ALERT_UNKNOWN)
        clear_evaluate(a, terms, in, changes);
}
