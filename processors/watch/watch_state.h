/*
 * watch_state: what the results logs say now, followed from outside: the last word on each zone,
 * gate and active alert, the last heartbeat and the last alarm figures.
 *
 *     watch_state_new(state_dir) → state
 *     watch_state_follow(state, &err);     reads on to the end of the logs; as often as wanted
 *     watch_state_zone(state, i, &zone);
 *     watch_state_free(state);
 *
 * What a drill says is kept apart, stands below everything real, and goes with the drill.
 *
 * Reads only; a log that is not there yet is looked for again. Begins at most WATCH_TAIL_RECORDS
 * back, so what has not changed for longer is not known. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_WATCH_WATCH_STATE_H
#define CROWDTIDE_PROCESSORS_WATCH_WATCH_STATE_H

#include "processors/watch/validity.h"
#include "schemas/base/error.h"
#include "schemas/result/result.h"

enum {
    WATCH_TAIL_RECORDS = 500000,
    WATCH_ITEMS_MAX = 131072, /* zones, gates or alerts; more are not shown */
};

enum watch_kind { WATCH_ZONES, WATCH_GATES, WATCH_ALERTS, WATCH_KINDS };

struct watch_state; /* opaque */

/* NULL: out of memory. state_dir is copied. */
struct watch_state *watch_state_new(const char *state_dir);
void watch_state_free(struct watch_state *state); /* NULL is allowed */

/* False: a log can't be read (UNOPENED: not yet, as log_reader_waits); what was read so far stays. A
   log that is not there is no error. */
bool watch_state_follow(struct watch_state *state, struct error *err);

/* There is a results log. */
bool watch_state_exists(const struct watch_state *state);

/* Worst first. Pointers are valid until the next follow. */
uint32_t watch_state_count(struct watch_state *state, enum watch_kind kind);
/* Texts of *ret borrow from the state. */
void watch_state_get(struct watch_state *state, enum watch_kind kind, uint32_t i,
                     union result_any *ret);

/* False before the first one. */
bool watch_state_heartbeat(struct watch_state *state, struct result_heartbeat *ret);

/* How the alarms are doing, of what is real. False before the first word on it. */
bool watch_state_figures(struct watch_state *state, struct result_figures *ret);

/* Whether what it says may be taken for so, by the machine's clock. */
struct validity watch_state_validity(struct watch_state *state, int64_t now_ms);
bool watch_state_stale(struct watch_state *state, int64_t now_ms);

#endif
