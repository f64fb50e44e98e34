/*
 * top_state: what the results logs say now, followed from outside: the last word on each zone, gate
 * and active alert, the last heartbeat and the last alarm figures.
 *
 *     top_state_new(state_dir) → state
 *     top_state_follow(state, &err);     reads on to the end of the logs; as often as wanted
 *     top_state_zone(state, i, &zone);
 *     top_state_free(state);
 *
 * What a drill says is kept apart, stands below everything real, and goes with the drill.
 *
 * Reads only; a log that is not there yet is looked for again. Begins at most TOP_TAIL_RECORDS
 * back, so what has not changed for longer is not known. One thread.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_TOP_STATE_H
#define CROWDTIDE_DEPLOY_CLI_TOP_STATE_H

#include "schemas/base/error.h"
#include "schemas/result/result.h"

enum {
    TOP_TAIL_RECORDS = 500000,
    TOP_ITEMS_MAX = 131072, /* zones, gates or alerts; more are not shown */
    TOP_STALE_MS = 10000,   /* a heartbeat older than this makes everything unknown */
};

enum top_kind { TOP_ZONES, TOP_GATES, TOP_ALERTS, TOP_KINDS };

struct top_state; /* opaque */

/* NULL: out of memory. state_dir is copied. */
struct top_state *top_state_new(const char *state_dir);
void top_state_free(struct top_state *state); /* NULL is allowed */

/* False: a log can't be read; what was read so far stays. A log that is not there is no error. */
bool top_state_follow(struct top_state *state, struct error *err);

/* There is a results log. */
bool top_state_exists(const struct top_state *state);

/* Worst first. Pointers are valid until the next follow. */
uint32_t top_state_count(struct top_state *state, enum top_kind kind);
/* Texts of *ret borrow from the state. */
void top_state_get(struct top_state *state, enum top_kind kind, uint32_t i, union result_any *ret);

/* False before the first one. */
bool top_state_heartbeat(struct top_state *state, struct result_heartbeat *ret);

/* How the alarms are doing, of what is real. False before the first word on it. */
bool top_state_figures(struct top_state *state, struct result_figures *ret);

/* By the machine's clock: the heartbeat is missing, too old, or from a future that far away. */
bool top_state_stale(struct top_state *state, int64_t now_ms);

#endif
