/*
 * ready: whether what crowdtide hands out can be relied on now, and if not, why not: subscribed,
 * computing, stores taking, nothing far behind.
 *
 *     ready_write(&(struct ready_view){…}, &text)    true: ready; one JSON object either way
 *
 * Beside the reasons there are warnings: what nobody need be woken for, and somebody should mend.
 *
 * Pure.
 */
#ifndef CROWDTIDE_PROCESSORS_SERVE_READY_H
#define CROWDTIDE_PROCESSORS_SERVE_READY_H

#include "processors/watch/watch_figures.h"
#include "processors/watch/watch_state.h"
#include "schemas/base/str.h"

struct ready_view { /* borrowed */
    const struct watch_figures *figures;
    struct watch_state *state;
    bool page;            /* pages are wanted */
    bool kafka, series;   /* the sinks that should run */
    uint64_t lag_records; /* more than this behind is not ready */
    const char *trouble;  /* why counters or logs can't be read, or NULL */
    int64_t now_ms;
};

enum { READY_BYTES_MAX = 8192 };

bool ready_write(const struct ready_view *view, struct text *out);

#endif
