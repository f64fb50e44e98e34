/*
 * top_order: which zones, alerts or gates a list shows, and in which order. Private to top_*.c; one
 * thread.
 *
 *     top_order_make(state, WATCH_ZONES, choice, stale, &order) …order.at[0..order.count)
 *     top_order_free(&order);
 *
 * What belongs to a drill stays below what is real, whatever the order.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_TOP_ORDER_H
#define CROWDTIDE_DEPLOY_CLI_TOP_ORDER_H

#include "deploy/cli/top_choice.h"
#include "processors/watch/watch_state.h"

struct top_order {
    uint32_t *at;           /* indices into the watch state */
    uint32_t count, hidden; /* shown; left out by the filter */
};

/* choice NULL: everything, worst first. False: out of memory. */
bool top_order_make(struct watch_state *state, enum watch_kind kind,
                    const struct top_choice *choice, bool stale, struct top_order *ret_order);
void top_order_free(struct top_order *order);

/* Neither calm nor of another than the real state: what is unknown, or above none, or a gate that
 * is not open. */
bool top_order_bad(enum watch_kind kind, const union result_any *any, bool stale);

#endif
