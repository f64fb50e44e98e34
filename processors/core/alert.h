/*
 * alert: the state machine of one (zone, rule). It is fed values and events and says what changed;
 * who turns that into results is not its business.
 *
 *     alert_init(&a, zone, rule);
 *     struct alert_terms terms = {…};
 *     alert_fire(&a, &terms, ALERT_ON_FOUND, &changes)    what it is judged by is known
 *     alert_evaluate(&a, &terms, &input, &changes)   at every reading of the zone and every second
 *     alert_time(&a, &terms, &changes)               at every second: escalation, the shelf's end
 *     for each change: announce it
 *
 * A shelved or suppressed alert is judged on: its level falls, and it ends, as any other's. Only a
 * higher level, or the loss of its data, brings it back.
 *
 * A level is reached when the value has stayed at or above its threshold for its dwell and for as
 * many readings as it needs. Raising may skip levels; lowering goes one level at a time, each after
 * clear_ms under threshold·(1 − clear_margin_pct/100).
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_ALERT_H
#define CROWDTIDE_PROCESSORS_CORE_ALERT_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "processors/core/alert_table.h"
#include "schemas/base/array.h"
#include "schemas/base/str.h"
#include "schemas/venue/venue.h"

enum { ALERT_NOBODY = UINT16_MAX }; /* no operator of the venue file */

struct alert_care { /* what people did about the open alert */
    char assigned[ID_BYTES_MAX]; /* an id; ends at the first 0 */
    uint16_t done[VENUE_LEVELS]; /* bit (1 << step) of the plan's steps */
    uint16_t done_by[VENUE_LEVELS][VENUE_PLAN_STEPS_MAX]; /* operator's index; ALERT_NOBODY */
};
_Static_assert(VENUE_PLAN_STEPS_MAX <= 16, "done has a bit for each step");

struct alert {
    alignas(ARRAY_LINE_BYTES) uint32_t zone, rule; /* indices in the venue */
    uint32_t at;         /* among the model's alerts; like need the model's, not saved */
    uint8_t state;       /* enum alert_state */
    int8_t level;        /* enum level; kept while UNKNOWN: the last known one */
    bool acked;         /* at its level */
    bool acked_lost;    /* UNKNOWN: the loss of its data is */
    bool paged;         /* at its present level or step somebody was told */
    bool hushed;        /* UNKNOWN, and does not page: the broker explains it; set before LOST */
    uint8_t cause;      /* enum health_cause: why UNKNOWN, as last said; set before LOST, CAUSE */
    uint8_t escalation; /* steps taken since alarm_ns */
    bool dark;          /* the thresholds were those of a dark zone */
    double least; /* the lowest threshold; the rule's, not saved */
    double value, estimate; /* at the last evaluation; estimate NaN: value is no end of a bound */
    double peak;            /* since start */
    int64_t since_ns[VENUE_LEVELS];    /* at or above this level without a break since; 0: is not */
    uint32_t samples[VENUE_LEVELS];    /* readings since, that one included */
    uint32_t need[VENUE_LEVELS];       /* so many of them make the level */
    int64_t clear_since_ns;  /* under the clear margin since; 0: is not, or timing begins anew */
    int64_t since_ts_ms[VENUE_LEVELS]; /* source time of the reading that began it */
    int64_t alarm_ns;        /* log time it began, rose or came back: escalation counts from here */
    int64_t start_ms;        /* of the open alert, else of the last one; part of its id */
    int64_t acked_ms;        /* log time of its first acknowledgement; ALERT_NEVER */
    int64_t shelved_ms;      /* SHELVED: until this log time */
    int64_t lost_told_ms;    /* log time when people were last told of its data's loss; ALERT_NEVER */
    int64_t group_ms;        /* start of the alert that began its zone's page; ALERT_NEVER: no page */
    int64_t n;               /* announcements of the open alert */
    uint32_t chatter;        /* place in its ring of falls: see announce.h */
    struct alert_care care;
};
#define ALERT_NEVER INT64_MIN

/* What an alert is judged by, and when. */
struct alert_terms {
    const struct venue_rule *rule;
    const double *enter; /* thresholds in force: the rule's, or shifted; NaN: no such level */
    const struct alert_cell (*table)[ALERT_EVENT_COUNT]; /* alert_table; tests break a copy */
    int64_t now_ns;                                      /* log time */
};
/* The rule's own thresholds and the table. */
struct alert_terms alert_terms_of(const struct venue_rule *rule, int64_t now_ns);

struct alert_input {
    int64_t ts_ms; /* source time of the reading, clamped */
    double value;
    double estimate;
    double beyond; /* by so much more it may be, unseen: that raises nothing, and lets nothing clear */
    bool sample;  /* a reading, not only time going by */
    bool at_once; /* a count that a person vouches for: without dwell, samples and clear time */
};

struct alert_change {
    uint8_t event; /* enum alert_event */
    uint8_t state, from_state;
    int8_t level, from_level; /* as announced: LEVEL_UNKNOWN while unknown */
    int8_t last_known;        /* LEVEL_ABSENT unless one of the states is unknown */
    uint8_t escalation;
    int64_t n;
    double threshold; /* the one crossed; NaN when none was */
    bool ended;
};

/* Falling through all levels at once is the longest: below, three steps, cleared and settled; with
 * ENTER before. Twice the levels and a margin holds for any table. */
enum { ALERT_CHANGES_MAX = 2 * VENUE_LEVELS + 4 };
struct alert_changes {
    uint32_t count;
    struct alert_change change[ALERT_CHANGES_MAX];
};

void alert_init(struct alert *a, uint32_t zone, uint32_t rule);
/* Goes on from an alert of the model before, of the same zone and rule. */
void alert_carry(struct alert *to, const struct alert *from);
/* Adds to changes, as do the others. */
void alert_evaluate(struct alert *a, const struct alert_terms *terms, const struct alert_input *in,
                    struct alert_changes *changes);
/* The usual reading: no level's time runs, and this value begins none. alert_evaluate would change
 * nothing but the value, and so does this. */
static inline bool alert_calm(struct alert *a, double value, double estimate)
{
    if (a->state != ALERT_NORMAL || !(value < a->least))
        return false;
    a->value = value;
    a->estimate = estimate;
    return true;
}
/* LOST, CAUSE, FOUND, RETIRE and commands: events that do not come from a value. */
void alert_fire(struct alert *a, const struct alert_terms *terms, enum alert_event event,
                struct alert_changes *changes);
/* Fires EXPIRE and ESCALATE when they are due. */
void alert_time(struct alert *a, const struct alert_terms *terms, struct alert_changes *changes);
/* Time was not observed: nothing dwells or clears across it. */
void alert_gap(struct alert *a);
/* An alert is open: announced and not resolved. */
bool alert_open(const struct alert *a);
/* What the zone shows for this rule: none … red; unknown is the zone's matter. */
int alert_level(const struct alert *a);
/* Somebody has acknowledged what it shows: its level, or that its data are lost. */
bool alert_acked(const struct alert *a);
/* Open at yellow or above, and nobody has acknowledged, shelved or suppressed it. */
bool alert_unanswered(const struct alert *a);
struct str alert_assigned(const struct alert *a); /* len 0: nobody; borrowed from a */

#endif
