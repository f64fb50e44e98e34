/*
 * metrics: what the running programs say of themselves, as text for Prometheus and its kin. One table (the counters', with its histograms) and what follows from them: ages, books,
 * how many zones and alerts at each level. Pure: everything comes in as arguments.
 *
 *     metrics_write(&(struct metrics_view){.figures = &figures, .state = state, .now_ms = now}, METRICS_OPENMETRICS, &text);
 *
 * Names: crowdtide_{program}_{counter}, sums with _total, nanoseconds as seconds. Zones, gates and alerts one by one are in the time-series store, not here.
 * Source: OpenMetrics 1.0.0; the Prometheus text format 0.0.4 differs by the header lines of counters and by having no end mark.
 */
#ifndef CROWDTIDE_PROCESSORS_SERVE_METRICS_H
#define CROWDTIDE_PROCESSORS_SERVE_METRICS_H

#include "processors/watch/watch_figures.h"
#include "processors/watch/watch_state.h"
#include "schemas/base/str.h"

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };
/* The Content-Type of each. */
const char *metrics_content_type(enum metrics_format format);

struct metrics_view { /* borrowed */
    const struct watch_figures *figures;
    struct watch_state *state;
    int64_t now_ms; /* by this machine's clock */
};

enum { METRICS_BYTES_MAX = 256 * 1024 };

/* out: METRICS_BYTES_MAX at least. */
void metrics_write(const struct metrics_view *view, enum metrics_format format, struct text *out);

#endif
