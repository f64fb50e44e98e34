/*
 * window: time-weighted mean and maximum of a whole number (people in a zone) over the last 10, 60
 * and 300 s, in buckets of one second.
 *
 *     window_start(&w, now_ms);
 *     window_to(&w, t_ms, value, known);   the value held from where the window stands until t_ms
 *     window_note(&w, new_value);          and from here on it is this
 *     window_mean(&w, WINDOW_60S), window_max(&w, WINDOW_60S)
 *
 * A window holds its length in whole seconds plus the second that is running, so it is exact at
 * second boundaries. Time in which the value was not known is not counted: means are over the known
 * part. Sums are integers (people·ms): the same on every machine. O(1) per reading; per second and
 * window a subtraction, and a pass over the window only when its maximum leaves.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_WINDOW_H
#define CROWDTIDE_PROCESSORS_CORE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum window_length { WINDOW_10S, WINDOW_60S, WINDOW_300S, WINDOW_LENGTHS };

enum {
    WINDOW_BUCKET_MS = 1000,
    WINDOW_BUCKETS = 300, /* the longest window */
    WINDOW_NO_VALUE = -1, /* maximum of a bucket in which nothing was known */
};

struct window {
    int64_t at_ms;               /* the window stands here; moves forward only */
    int64_t sum[WINDOW_BUCKETS]; /* people·ms of finished seconds, a ring */
    int32_t max[WINDOW_BUCKETS];
    uint16_t known_ms[WINDOW_BUCKETS];
    uint32_t head; /* ring place that the running second will take */
    int64_t running_sum;
    int32_t running_max;
    uint16_t running_known_ms;
    /* Over the finished seconds of each length; derived from the ring. */
    int64_t total_sum[WINDOW_LENGTHS];
    int64_t total_known_ms[WINDOW_LENGTHS];
    int32_t total_max[WINDOW_LENGTHS];
};

void window_start(struct window *w, int64_t now_ms);
/* Moves to t_ms (a time at or before where it stands changes nothing). value >= 0. */
void window_to(struct window *w, int64_t t_ms, int64_t value, bool known);
/* The value changes here: even a value that lasts no time counts for the maximum. */
void window_note(struct window *w, int64_t value);
/* NaN when nothing was known. */
double window_mean(const struct window *w, enum window_length length);
/* WINDOW_NO_VALUE when nothing was known. */
int64_t window_max(const struct window *w, enum window_length length);
/* Recomputes what is derived, after the ring was read from a snapshot. */
void window_derive(struct window *w);

#endif
