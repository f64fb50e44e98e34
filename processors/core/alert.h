/*
 * alert: the state machine of one (zone, rule). It is fed values and says what changed; who turns
 * that into results is not its business.
 *
 *     alert_init(&a);
 *     alert_fire(&a, ALERT_ON_FOUND, …)        the zone's data are known
 *     alert_evaluate(&a, rule, &input, &changes)   at every reading of the zone and at every second
 *     for each change: announce it
 *
 * A level is reached when the value has stayed at or above its threshold for its dwell and for
 * min_samples readings. Raising may skip levels; lowering goes one level at a time, each after
 * clear_ms under threshold·(1 − clear_margin_pct/100).
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_ALERT_H
#define CROWDTIDE_PROCESSORS_CORE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "processors/core/alert_table.h"
#include "schemas/venue/venue.h"

struct alert {
    uint32_t zone, rule; /* indices in the venue */
    uint8_t state;       /* enum alert_state */
    int8_t level;        /* enum level; kept while UNKNOWN: the last known one */
    bool acked;
    int64_t since_ns[VENUE_LEVELS];    /* at or above this level without a break since; 0: is not */
    int64_t since_ts_ms[VENUE_LEVELS]; /* source time of the reading that began it */
    uint32_t samples[VENUE_LEVELS];    /* readings since, that one included */
    int64_t clear_since_ns; /* under the clear margin since; 0: is not, or timing begins anew */
    int64_t start_ms;       /* of the open alert, else of the last one; part of its id */
    int64_t n;              /* transitions announced of the open alert */
    double value;           /* at the last evaluation */
    double peak;            /* since start */
};

struct alert_input {
    int64_t now_ns; /* log time: drives dwell and clear time */
    int64_t ts_ms;  /* source time of the reading, clamped */
    double value;
    bool sample; /* a reading, not only time going by */
};

struct alert_change {
    uint8_t state, from_state;
    int8_t level, from_level; /* as announced: LEVEL_UNKNOWN while unknown */
    int8_t last_known;        /* LEVEL_ABSENT unless one of the states is unknown */
    int64_t n;
    double threshold; /* the one crossed; NaN when none was */
    bool ended;
};

/* Falling through all levels at once is the longest: below, three steps, cleared; with a raise or
 * recovery before. */
enum { ALERT_CHANGES_MAX = 8 };
struct alert_changes {
    uint32_t count;
    struct alert_change change[ALERT_CHANGES_MAX];
};

void alert_init(struct alert *a, uint32_t zone, uint32_t rule);
void alert_evaluate(struct alert *a, const struct venue_rule *rule, const struct alert_input *in,
                    struct alert_changes *changes);
/* LOST, FOUND, RETIRE and commands: events that do not come from a value. */
void alert_fire(struct alert *a, const struct venue_rule *rule, enum alert_event event,
                struct alert_changes *changes);
/* Time was not observed: nothing dwells or clears across it. */
void alert_gap(struct alert *a);
/* An alert is open: announced and not resolved. */
bool alert_open(const struct alert *a);
/* What the zone shows for this rule: none … red; unknown is the zone's matter. */
int alert_level(const struct alert *a);

#endif
