/*
 * alert: the table against a second writing of it in words, every cell driven through the machine,
 * and what each action promises; then the rules of dwell, samples, clear time and ids.
 */
#include "processors/core/alert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schemas/result/result.h"
#include "tests/support/support.h"

/* state: event action next; what is not listed does nothing and stays. */
static const char *const life[] = {
    "normal enter move pending",
    "normal raise start active_unacked",
    "normal lost move unknown",
    "normal retire move out_of_service",

    "pending leave move normal",
    "pending raise start active_unacked",
    "pending lost move unknown",
    "pending retire move out_of_service",

    "active_unacked raise raise active_unacked",
    "active_unacked below move clearing",
    "active_unacked lost lose unknown",
    "active_unacked escalate escalate active_unacked",
    "active_unacked acknowledge ack active_acked",
    "active_unacked shelve move shelved",
    "active_unacked remark move active_unacked",
    "active_unacked suppress move suppressed",
    "active_unacked release move active_unacked", /* what spoke for it is over */
    "active_unacked retire end out_of_service",

    "active_acked raise raise active_unacked", /* worsening alerts again */
    "active_acked below move clearing",
    "active_acked lost lose unknown",
    "active_acked shelve move shelved",
    "active_acked remark move active_acked",
    "active_acked suppress move suppressed",
    "active_acked retire end out_of_service",

    "clearing raise raise active_unacked",
    "clearing above move as_acked",
    "clearing step lower as_acked",
    "clearing step_on lower clearing",
    "clearing cleared end resolved",
    "clearing lost lose unknown",
    "clearing escalate escalate clearing", /* nobody has looked yet */
    "clearing acknowledge ack clearing",
    "clearing shelve move shelved",
    "clearing remark move clearing",
    "clearing suppress move suppressed",
    "clearing retire end out_of_service",

    "resolved settle move normal",

    "shelved raise raise active_unacked", /* worsening breaks the shelf */
    "shelved step lower shelved",         /* what gets better is not hidden */
    "shelved step_on lower shelved",
    "shelved cleared end resolved",
    "shelved lost lose unknown", /* silence breaks the shelf, too */
    "shelved acknowledge ack shelved",
    "shelved unshelve move as_acked",
    "shelved expire move as_acked",
    "shelved handover move as_acked", /* so does another shift */
    "shelved remark move shelved",
    "shelved retire end out_of_service",

    "suppressed raise raise active_unacked", /* worsening breaks it */
    "suppressed step lower suppressed",
    "suppressed step_on lower suppressed",
    "suppressed cleared end resolved",
    "suppressed lost lose unknown", /* silence is not what red explains */
    "suppressed acknowledge ack suppressed",
    "suppressed remark move suppressed",
    "suppressed release move as_acked",
    "suppressed retire end out_of_service",

    "unknown lost lose unknown",
    "unknown cause move unknown",
    "unknown found move as_level", /* only fresh data, a count, or the end of the zone */
    "unknown vouch move as_level",
    "unknown escalate escalate unknown",
    "unknown acknowledge ack unknown",
    "unknown remark move unknown",
    "unknown release move unknown", /* what spoke for it is over */
    "unknown retire end out_of_service",
};

static const char *next_text(unsigned next)
{
    return next == ALERT_AS_ACKED   ? "as_acked"
           : next == ALERT_AS_LEVEL ? "as_level"
                                    : alert_state_text((enum alert_state)next);
}

static const char *life_of(const char *state, const char *event)
{
    char begin[64];
    snprintf(begin, sizeof begin, "%s %s ", state, event);
    for (size_t i = 0; i < sizeof life / sizeof life[0]; i++) {
        if (strncmp(life[i], begin, strlen(begin)) == 0)
            return life[i];
    }
    return NULL;
}

static void test_table(void **state)
{
    (void)state;
    size_t listed = 0;
    for (unsigned s = 0; s < ALERT_STATE_COUNT; s++) {
        for (unsigned e = 0; e < ALERT_EVENT_COUNT; e++) {
            const struct alert_cell *cell = &alert_table[s][e];
            const char *from = alert_state_text((enum alert_state)s);
            const char *event = alert_event_text((enum alert_event)e);
            const char *want = life_of(from, event);
            char got[128], nothing[128];
            snprintf(got, sizeof got, "%s %s %s %s", from, event,
                     alert_action_text((enum alert_action)cell->action), next_text(cell->next));
            snprintf(nothing, sizeof nothing, "%s %s none %s", from, event, from);
            assert_string_equal(got, want ? want : nothing);
            listed += want != NULL;
        }
    }
    assert_int_equal(listed, sizeof life / sizeof life[0]);
}

static const struct venue_rule rule = {
    .enter = {50, 80, 90, 100},
    .dwell_ms = {60000, 30000, 20000, 10000},
    .clear_margin_pct = 10,
    .clear_ms = 120000,
    .min_samples = 2,
};

/* A machine in this state, with an open alert or without, acknowledged or not. */
static struct alert machine(unsigned state, bool open, bool acked)
{
    struct alert a;
    alert_init(&a, 0, 0);
    a.state = (uint8_t)state;
    a.level = open ? LEVEL_ORANGE : LEVEL_NONE;
    a.acked = acked;
    a.acked_lost = acked;
    a.n = open ? 5 : 0;
    a.start_ms = 1000;
    a.value = 95;
    a.since_ts_ms[LEVEL_RED - 1] = 2000;
    return a;
}

static bool may_be_open(unsigned state)
{
    return state != ALERT_NORMAL && state != ALERT_PENDING && state != ALERT_RESOLVED &&
           state != ALERT_OUT_OF_SERVICE;
}

static bool may_be_closed(unsigned state)
{
    return !may_be_open(state) || state == ALERT_UNKNOWN;
}

static struct alert_terms terms_at(const struct venue_rule *r, int64_t now_ns)
{
    return alert_terms_of(r, now_ns);
}

static void fire(struct alert *a, const struct venue_rule *r, enum alert_event event,
                 struct alert_changes *changes)
{
    struct alert_terms terms = terms_at(r, INT64_C(5000000000));
    alert_fire(a, &terms, event, changes);
}

/* Fires every event that no value makes in every state. */
static void test_every_fired_cell(void **state)
{
    (void)state;
    static const enum alert_event fired[] = {
        ALERT_ON_SETTLE,   ALERT_ON_LOST,     ALERT_ON_CAUSE,       ALERT_ON_FOUND,
        ALERT_ON_VOUCH,    ALERT_ON_ESCALATE, ALERT_ON_ACKNOWLEDGE, ALERT_ON_SHELVE,
        ALERT_ON_UNSHELVE, ALERT_ON_EXPIRE,   ALERT_ON_HANDOVER,    ALERT_ON_REMARK,
        ALERT_ON_SUPPRESS, ALERT_ON_RELEASE,  ALERT_ON_RETIRE};
    for (unsigned s = 0; s < ALERT_STATE_COUNT; s++) {
        for (size_t e = 0; e < sizeof fired / sizeof fired[0]; e++) {
            for (int variant = 0; variant < 4; variant++) {
                bool open = variant & 1, acked = variant & 2;
                if ((open && !may_be_open(s)) || (!open && !may_be_closed(s)) || (acked && !open))
                    continue;
                const struct alert_cell *cell = &alert_table[s][fired[e]];
                struct alert a = machine(s, open, acked);
                struct alert_changes c = {0};
                fire(&a, &rule, fired[e], &c);
                bool again = cell->action == ALERT_DO_ACK && acked;
                bool silent = cell->action == ALERT_DO_NONE || !open || again;
                assert_int_equal(c.count, !silent);
                assert_int_equal(a.n, open ? 5 + !silent : 0);
                if (cell->next < ALERT_STATE_COUNT)
                    assert_int_equal(a.state, cell->next);
                else if (!open)
                    assert_int_equal(a.state, ALERT_NORMAL);
                else
                    assert_int_equal(a.state, acked ? ALERT_ACTIVE_ACKED : ALERT_ACTIVE_UNACKED);
                assert_int_equal(a.level > LEVEL_NONE, open && cell->action != ALERT_DO_END);
                assert_int_equal(a.acked, acked || (open && cell->action == ALERT_DO_ACK));
                assert_int_equal(alert_acked(&a), a.acked && cell->action != ALERT_DO_LOSE);
                assert_int_equal(a.escalation, cell->action == ALERT_DO_ESCALATE);
                if (!silent) {
                    bool unknown = a.state == ALERT_UNKNOWN;
                    assert_int_equal(c.change[0].event, fired[e]);
                    assert_int_equal(c.change[0].level, unknown ? LEVEL_UNKNOWN : a.level);
                    assert_int_equal(c.change[0].from_state, s);
                    assert_int_equal(c.change[0].ended, cell->action == ALERT_DO_END);
                    assert_int_equal(c.change[0].last_known,
                                     unknown || s == ALERT_UNKNOWN ? LEVEL_ORANGE : LEVEL_ABSENT);
                }
            }
        }
    }
}

struct drive { /* a machine with its clock */
    struct alert a;
    struct alert_changes changes; /* of the last value */
    int64_t now_ns;
};

static void value(struct drive *d, const struct venue_rule *r, double seconds, double v,
                  bool sample)
{
    d->now_ns += (int64_t)(seconds * 1e9);
    struct alert_terms terms = terms_at(r, d->now_ns);
    struct alert_input in = {
        .ts_ms = d->now_ns / 1000000 - 200, .value = v, .estimate = (double)NAN, .sample = sample};
    d->changes.count = 0;
    for (int i = 0; i < VENUE_LEVELS; i++)
        d->a.need[i] = r->min_samples;
    alert_evaluate(&d->a, &terms, &in, &d->changes);
}

static struct drive begin(void)
{
    struct drive d = {.now_ns = INT64_C(1000000000000)};
    alert_init(&d.a, 0, 0);
    struct alert_changes none = {0};
    fire(&d.a, &rule, ALERT_ON_FOUND, &none);
    assert_int_equal(none.count, 0);
    assert_int_equal(d.a.state, ALERT_NORMAL);
    return d;
}

static void test_dwell_and_samples(void **state)
{
    (void)state;
    struct drive d = begin();
    value(&d, &rule, 0, 100, true);
    assert_int_equal(d.a.state, ALERT_PENDING);
    value(&d, &rule, 30, 100, false); /* long enough, but one sample only */
    assert_int_equal(d.changes.count, 0);
    value(&d, &rule, 0.1, 100, true);
    assert_int_equal(d.changes.count, 1);
    assert_int_equal(d.a.level, LEVEL_RED);
    assert_int_equal(d.a.start_ms, 1000000 - 200); /* when it began, by the source */

    d = begin(); /* 1 ns before the dwell is over, then at it */
    value(&d, &rule, 0, 100, true);
    value(&d, &rule, 9.999999999, 100, true);
    assert_int_equal(d.changes.count, 0);
    value(&d, &rule, 0.000000001, 100, false);
    assert_int_equal(d.a.level, LEVEL_RED);

    d = begin(); /* a dip begins the dwell anew */
    value(&d, &rule, 0, 100, true);
    value(&d, &rule, 6, 99.9, true);
    value(&d, &rule, 1, 100, true);
    value(&d, &rule, 9.9, 100, true);
    assert_int_equal(d.changes.count, 0);
    value(&d, &rule, 0.1, 100, true);
    assert_int_equal(d.a.level, LEVEL_RED);

    d = begin(); /* a gap too */
    value(&d, &rule, 0, 100, true);
    value(&d, &rule, 6, 100, true);
    alert_gap(&d.a);
    value(&d, &rule, 9, 100, true);
    value(&d, &rule, 9.9, 100, true);
    assert_int_equal(d.changes.count, 0);

    d = begin(); /* and the samples: one after the gap is not enough */
    value(&d, &rule, 0, 100, true);
    value(&d, &rule, 6, 100, true);
    alert_gap(&d.a);
    value(&d, &rule, 1, 100, true);
    value(&d, &rule, 11, 100, false);
    assert_int_equal(d.changes.count, 0);
    value(&d, &rule, 0, 100, true);
    assert_int_equal(d.changes.count, 1);
    value(&d, &rule, 1, 10, true); /* nor does an alert clear across one */
    value(&d, &rule, 100, 10, true);
    alert_gap(&d.a);
    value(&d, &rule, 30, 10, true);
    value(&d, &rule, 119, 10, true);
    assert_int_equal(d.a.level, LEVEL_RED);
    value(&d, &rule, 1, 10, true);
    assert_int_equal(d.a.level, LEVEL_ORANGE);

    d = begin(); /* falling back before any dwell: never announced */
    value(&d, &rule, 0, 60, true);
    value(&d, &rule, 59, 60, true);
    value(&d, &rule, 0.9, 49, true);
    assert_int_equal(d.a.state, ALERT_NORMAL);
    assert_int_equal(d.a.n, 0);
}

static void test_down_one_at_a_time(void **state)
{
    (void)state;
    struct venue_rule at_once = rule;
    memset(at_once.dwell_ms, 0, sizeof at_once.dwell_ms);
    at_once.min_samples = 1;
    struct drive d = begin();
    value(&d, &at_once, 0, 120, true);
    assert_int_equal(d.a.level, LEVEL_RED);
    value(&d, &at_once, 1, 0, true);
    assert_int_equal(d.a.state, ALERT_CLEARING);
    value(&d, &at_once, 119.9, 90, false); /* over the margin at the last moment */
    assert_int_equal(d.a.state, ALERT_ACTIVE_UNACKED);
    value(&d, &at_once, 1, 0, true);
    for (int level = LEVEL_RED; level > LEVEL_NONE; level--) {
        assert_int_equal(d.a.level, level);
        value(&d, &at_once, 119.9, 0, false);
        assert_int_equal(d.changes.count, 0);
        value(&d, &at_once, 0.1, 0, false);
        assert_int_equal(d.changes.count, 1);
    }
    assert_int_equal(d.a.state, ALERT_NORMAL);
    assert_int_equal(d.changes.change[0].state, ALERT_RESOLVED);
    assert_true(d.changes.change[0].ended);

    /* No clear time: through all levels at once, each announced. */
    at_once.clear_ms = 0;
    value(&d, &at_once, 1, 120, true);
    value(&d, &at_once, 1, 0, true);
    assert_int_equal(d.changes.count, 5);
    assert_int_equal(d.a.n, 6);
    assert_int_equal(d.a.state, ALERT_NORMAL);
}

/* A rule without all levels steps over those it lacks. */
static void test_missing_levels(void **state)
{
    (void)state;
    struct venue_rule two = rule;
    two.enter[LEVEL_BLUE - 1] = (double)NAN;
    two.enter[LEVEL_ORANGE - 1] = (double)NAN;
    two.min_samples = 1;
    struct drive d = begin();
    value(&d, &two, 0, 95, true);
    value(&d, &two, 30, 95, true);
    assert_int_equal(d.a.level, LEVEL_YELLOW);
    value(&d, &two, 1, 100, true);
    value(&d, &two, 10, 100, true);
    assert_int_equal(d.a.level, LEVEL_RED);
    value(&d, &two, 1, 75, true);
    value(&d, &two, 120, 75, true);
    assert_int_equal(d.a.level, LEVEL_YELLOW);
    assert_int_equal(d.a.state, ALERT_ACTIVE_UNACKED); /* 75 is over yellow's 72 */
    value(&d, &two, 1, 71, true);
    value(&d, &two, 120, 71, true);
    assert_int_equal(d.a.state, ALERT_NORMAL);
}

static void test_acknowledged(void **state)
{
    (void)state;
    struct venue_rule quick = rule;
    memset(quick.dwell_ms, 0, sizeof quick.dwell_ms);
    quick.min_samples = 1;
    struct drive d = begin();
    value(&d, &quick, 0, 85, true);
    struct alert_changes c = {0};
    fire(&d.a, &quick, ALERT_ON_ACKNOWLEDGE, &c);
    assert_int_equal(c.count, 1);
    assert_int_equal(d.a.state, ALERT_ACTIVE_ACKED);
    value(&d, &quick, 1, 85, true); /* an acknowledgement never clears */
    assert_int_equal(d.a.level, LEVEL_YELLOW);
    value(&d, &quick, 1, 60, true);
    value(&d, &quick, 1, 85, true); /* and is kept through clearing */
    assert_int_equal(d.a.state, ALERT_ACTIVE_ACKED);
    c.count = 0;
    fire(&d.a, &quick, ALERT_ON_LOST, &c);
    fire(&d.a, &quick, ALERT_ON_FOUND, &c);
    assert_int_equal(d.a.state, ALERT_ACTIVE_ACKED); /* and through silence, though … */
    value(&d, &quick, 1, 100, true);                 /* worsening alerts again */
    assert_int_equal(d.a.state, ALERT_ACTIVE_UNACKED);
    assert_int_equal(d.a.level, LEVEL_RED);
    value(&d, &quick, 1, 60, true); /* the acknowledgement was of the lower level */
    value(&d, &quick, 1, 100, true);
    assert_int_equal(d.a.state, ALERT_ACTIVE_UNACKED);
}

/* Two alerts that begin in one millisecond still have two ids. */
static void test_start_is_unique(void **state)
{
    (void)state;
    struct venue_rule quick = rule;
    memset(quick.dwell_ms, 0, sizeof quick.dwell_ms);
    quick.min_samples = 1;
    quick.clear_ms = 0;
    struct drive d = begin();
    value(&d, &quick, 0, 85, true);
    int64_t first = d.a.start_ms;
    value(&d, &quick, 0, 1, true);
    value(&d, &quick, 0, 85, true);
    assert_true(d.a.start_ms > first);
    assert_int_equal(d.a.n, 1);
    assert_true(d.a.peak == 85);
}

static void test_shelf_and_suppression(void **state)
{
    (void)state;
    struct venue_rule quick = rule;
    memset(quick.dwell_ms, 0, sizeof quick.dwell_ms);
    quick.min_samples = 1;
    struct alert_changes c = {0};
    struct drive d = begin();
    value(&d, &quick, 0, 85, true);
    fire(&d.a, &quick, ALERT_ON_SHELVE, &c);
    value(&d, &quick, 1, 85, true);
    value(&d, &quick, 1, 40, true);
    value(&d, &quick, 119, 72, true); /* back over yellow's margin: the clear time begins anew */
    value(&d, &quick, 1, 50, true);
    value(&d, &quick, 119.9, 50, true);
    assert_int_equal(d.changes.count, 0);
    value(&d, &quick, 0.1, 50, true); /* what gets better is said, and stays on the shelf */
    assert_int_equal(d.changes.count, 1);
    assert_int_equal(d.changes.change[0].state, ALERT_SHELVED);
    assert_int_equal(d.changes.change[0].level, LEVEL_BLUE);
    assert_int_equal(d.changes.change[0].from_level, LEVEL_YELLOW);
    value(&d, &quick, 1000, 46, true);
    assert_int_equal(d.changes.count, 0);
    value(&d, &quick, 1, 95, true);
    assert_int_equal(d.a.state, ALERT_ACTIVE_UNACKED);
    assert_int_equal(d.a.level, LEVEL_ORANGE);
    fire(&d.a, &quick, ALERT_ON_SUPPRESS, &c);
    value(&d, &quick, 1, 95, true);
    value(&d, &quick, 1, 10, true);
    value(&d, &quick, 120, 10, true); /* a step at a time, as any other's */
    assert_int_equal(d.a.state, ALERT_SUPPRESSED);
    assert_int_equal(d.a.level, LEVEL_YELLOW);
    value(&d, &quick, 1, 200, true); /* worsening breaks it, too */
    assert_int_equal(d.a.state, ALERT_ACTIVE_UNACKED);
    assert_int_equal(d.a.level, LEVEL_RED);

    fire(&d.a, &quick, ALERT_ON_SUPPRESS, &c);
    value(&d, &quick, 1, 10, true);
    for (int i = 0; i < VENUE_LEVELS; i++)
        value(&d, &quick, 120, 10, true);
    assert_int_equal(d.changes.count, 1); /* and it ends, though nobody released it */
    assert_int_equal(d.changes.change[0].state, ALERT_RESOLVED);
    assert_int_equal(d.changes.change[0].from_state, ALERT_SUPPRESSED);
    assert_true(d.changes.change[0].ended);
    assert_int_equal(d.a.state, ALERT_NORMAL);
}

static const struct venue_rule escalating = {
    .enter = {(double)NAN, 80, (double)NAN, 100},
    .clear_margin_pct = 10,
    .clear_ms = 120000,
    .min_samples = 1,
    .escalate_ms = {[1] = {600000}, [3] = {60000, 120000}},
};

/* Time goes by without a value; returns how many changes it made. */
static uint32_t time_goes(struct drive *d, double seconds)
{
    d->now_ns += (int64_t)(seconds * 1e9);
    struct alert_terms terms = terms_at(&escalating, d->now_ns);
    d->changes.count = 0;
    alert_time(&d->a, &terms, &d->changes);
    return d->changes.count;
}

static void fire_now(struct drive *d, enum alert_event event)
{
    struct alert_terms terms = terms_at(&escalating, d->now_ns);
    d->changes.count = 0;
    alert_fire(&d->a, &terms, event, &d->changes);
}

static void test_escalation(void **state)
{
    (void)state;
    struct drive d = begin();
    value(&d, &escalating, 0, 100, true);
    assert_int_equal(time_goes(&d, 59.999), 0);
    assert_int_equal(time_goes(&d, 0.001), 1);
    assert_int_equal(d.changes.change[0].escalation, 1);
    assert_int_equal(d.changes.change[0].n, 2);
    assert_int_equal(d.changes.change[0].state, ALERT_ACTIVE_UNACKED);
    assert_int_equal(d.changes.change[0].level, LEVEL_RED);
    fire_now(&d, ALERT_ON_LOST); /* silence does not stop it */
    assert_int_equal(time_goes(&d, 59.999), 0);
    assert_int_equal(time_goes(&d, 0.001), 1);
    assert_int_equal(d.changes.change[0].state, ALERT_UNKNOWN);
    assert_int_equal(d.changes.change[0].escalation, 2);
    assert_int_equal(time_goes(&d, 100000), 0); /* there is no third step */

    d = begin(); /* a pause makes both due at once */
    value(&d, &escalating, 0, 100, true);
    assert_int_equal(time_goes(&d, 5000), 2);

    d = begin(); /* acknowledged: no more */
    value(&d, &escalating, 0, 100, true);
    time_goes(&d, 60);
    fire_now(&d, ALERT_ON_ACKNOWLEDGE);
    assert_int_equal(d.a.acked_ms, d.now_ns / 1000000);
    assert_int_equal(time_goes(&d, 100000), 0);

    d = begin(); /* worsening begins it anew */
    value(&d, &escalating, 0, 80, true);
    assert_int_equal(time_goes(&d, 600), 1);
    value(&d, &escalating, 1, 100, true);
    assert_int_equal(d.changes.change[0].escalation, 0);
    assert_int_equal(time_goes(&d, 59.999), 0);
    assert_int_equal(time_goes(&d, 0.001), 1);

    d = begin(); /* so does the end of a shelf; on it nothing escalates */
    value(&d, &escalating, 0, 80, true);
    d.a.shelved_ms = d.now_ns / 1000000 + 1800000;
    fire_now(&d, ALERT_ON_SHELVE);
    assert_int_equal(time_goes(&d, 1799.999), 0);
    assert_int_equal(time_goes(&d, 0.001), 1);
    assert_int_equal(d.changes.change[0].event, ALERT_ON_EXPIRE);
    assert_int_equal(d.a.state, ALERT_ACTIVE_UNACKED);
    assert_int_equal(time_goes(&d, 599.999), 0);
    assert_int_equal(time_goes(&d, 0.001), 1);
}

/* Who answered for a level has not answered for the loss of its data. */
static void test_lost_asks_again(void **state)
{
    (void)state;
    struct drive d = begin();
    value(&d, &escalating, 0, 100, true);
    fire_now(&d, ALERT_ON_ACKNOWLEDGE);
    int64_t first_ms = d.a.acked_ms;
    time_goes(&d, 1000);
    fire_now(&d, ALERT_ON_LOST);
    assert_false(alert_acked(&d.a));
    assert_true(alert_unanswered(&d.a));
    assert_int_equal(time_goes(&d, 59.999), 0); /* counted from the loss */
    assert_int_equal(time_goes(&d, 0.001), 1);
    assert_int_equal(d.changes.change[0].escalation, 1);
    fire_now(&d, ALERT_ON_CAUSE);
    assert_int_equal(d.changes.count, 1);
    assert_int_equal(d.changes.change[0].escalation, 1); /* another cause is no new loss */
    fire_now(&d, ALERT_ON_ACKNOWLEDGE);
    assert_int_equal(d.changes.count, 1);
    assert_int_equal(time_goes(&d, 100000), 0);
    assert_int_equal(d.a.acked_ms, first_ms);
    fire_now(&d, ALERT_ON_CAUSE);
    assert_true(alert_acked(&d.a));
    fire_now(&d, ALERT_ON_FOUND);
    assert_int_equal(d.a.state, ALERT_ACTIVE_ACKED);

    fire_now(&d, ALERT_ON_LOST); /* unanswered, but the level was answered for */
    time_goes(&d, 60);
    fire_now(&d, ALERT_ON_FOUND);
    assert_int_equal(d.a.state, ALERT_ACTIVE_ACKED);
    assert_int_equal(time_goes(&d, 100000), 0);

    d.a.hushed = true; /* the broker's own alert asks for the answer */
    fire_now(&d, ALERT_ON_LOST);
    assert_true(alert_acked(&d.a));
    assert_int_equal(time_goes(&d, 100000), 0);
    d.a.hushed = false; /* until the broker is back, and the data are not */
    fire_now(&d, ALERT_ON_LOST);
    assert_false(alert_acked(&d.a));
    assert_int_equal(time_goes(&d, 60), 1);

    d = begin(); /* the loss is acknowledged, and so is what was last known */
    value(&d, &escalating, 0, 100, true);
    fire_now(&d, ALERT_ON_LOST);
    fire_now(&d, ALERT_ON_ACKNOWLEDGE);
    fire_now(&d, ALERT_ON_FOUND);
    assert_int_equal(d.a.state, ALERT_ACTIVE_ACKED);

    d = begin(); /* nobody had answered: the loss does not begin the escalation anew */
    value(&d, &escalating, 0, 100, true);
    time_goes(&d, 40);
    d.a.hushed = true; /* nor end it */
    fire_now(&d, ALERT_ON_LOST);
    assert_int_equal(time_goes(&d, 19.999), 0);
    assert_int_equal(time_goes(&d, 0.001), 1);
}

/* What a supervisor has counted settles the level at once, up and down. */
static void test_vouched(void **state)
{
    (void)state;
    struct drive d = begin();
    value(&d, &escalating, 0, 100, true);
    fire_now(&d, ALERT_ON_LOST);
    struct alert_terms terms = terms_at(&escalating, d.now_ns);
    struct alert_input in = {.ts_ms = 1, .value = 85, .estimate = (double)NAN, .at_once = true};
    fire_now(&d, ALERT_ON_VOUCH);
    alert_evaluate(&d.a, &terms, &in, &d.changes);
    assert_int_equal(d.a.level, LEVEL_YELLOW);
    assert_int_equal(d.a.state, ALERT_ACTIVE_UNACKED);
    in.value = 120;
    d.changes.count = 0;
    alert_evaluate(&d.a, &terms, &in, &d.changes);
    assert_int_equal(d.a.level, LEVEL_RED);
    in.value = 0;
    d.changes.count = 0;
    alert_evaluate(&d.a, &terms, &in, &d.changes);
    assert_int_equal(d.a.state, ALERT_NORMAL);
    assert_true(d.changes.change[d.changes.count - 1].ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_every_fired_cell),
        cmocka_unit_test(test_dwell_and_samples),
        cmocka_unit_test(test_down_one_at_a_time),
        cmocka_unit_test(test_missing_levels),
        cmocka_unit_test(test_acknowledged),
        cmocka_unit_test(test_start_is_unique),
        cmocka_unit_test(test_shelf_and_suppression),
        cmocka_unit_test(test_escalation),
        cmocka_unit_test(test_lost_asks_again),
        cmocka_unit_test(test_vouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
