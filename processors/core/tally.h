/*
 * tally: what came through a gate in the last few minutes (gate_window_s), and for how much of them
 * that is known; how many people stood before it.
 *
 *     tally_begin(&t, window_ms, at_ms);
 *     tally_to(&t, at_ms);                       time passes
 *     tally_begun(&t, ts_ms), tally_add(&t, ts_ms, served, rejects);    counted one by one …
 *     tally_cover(&t, at_ms);                    … and so it is known that until now there were no more
 *     tally_report(&t, ts_ms, served, rejects);  or told afterwards, for all the time since the last report
 *     t.served * 60000.0 / (double)t.covered_ms  people a minute
 *
 * The window is cut into TALLY_BUCKETS buckets of whole seconds; sums are over the finished ones. A
 * rate is over the time that is covered, not over the window: a gate that reports every five minutes
 * has told nothing of the last four, and one that was silent or closed for a while served nobody that
 * we know of. A report is spread evenly over the time it covers, so that a window that holds one report
 * or two gives the same rate.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_TALLY_H
#define CROWDTIDE_PROCESSORS_CORE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TALLY_BUCKETS = 30, /* finished ones */
    TALLY_PLACES = 32,  /* and the running one, in a ring */
    TALLY_NOT_SEEN = -1,
};
#define TALLY_NEVER INT64_MIN

struct tally {
    int64_t width_ms;
    int64_t bucket;        /* the running one: time by width */
    int64_t covered_to_ms; /* the count is complete from some time on until here; TALLY_NEVER */
    uint32_t served_in[TALLY_PLACES], rejects_in[TALLY_PLACES], covered_in[TALLY_PLACES];
    int32_t waiting_in[TALLY_PLACES]; /* people at the end of it, TALLY_NOT_SEEN */
    /* Over the finished ones; derived. */
    int64_t served, rejects, covered_ms;
};

/* Width of a bucket: a window that 30 whole seconds do not divide is as much longer. */
int64_t tally_width_ms(int64_t window_ms);
static inline int64_t tally_window_ms(const struct tally *t)
{
    return t->width_ms * TALLY_BUCKETS;
}

void tally_begin(struct tally *t, int64_t window_ms, int64_t at_ms);
void tally_to(struct tally *t, int64_t at_ms);
/* Counts at a time: in the running bucket or one of the window; what is older is not counted. */
void tally_add(struct tally *t, int64_t ts_ms, int64_t served, int64_t rejects);
/* Each one is told from a time on, if that was not so before. */
void tally_begun(struct tally *t, int64_t ts_ms);
/* All until now has been added. */
void tally_cover(struct tally *t, int64_t at_ms);
/* What happened since the last report. The first one, and one after longer than the window, only says
 * from when on it is complete. */
void tally_report(struct tally *t, int64_t ts_ms, int64_t served, int64_t rejects);
/* Nothing is known until a time that is still to come: silence, a closure, a pause. */
void tally_break(struct tally *t);
/* So many wait now, a second boundary. */
void tally_waiting(struct tally *t, int64_t people);
/* By how much those who wait grew over the window, people/min, below 0 when they became fewer; false
 * when they were not counted long enough. */
bool tally_growth(const struct tally *t, double *ret_per_min);
/* Recomputes what is derived, after the buckets were read from a snapshot. */
void tally_derive(struct tally *t);

#endif
