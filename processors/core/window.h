/*
 * window: time-weighted mean, maximum and rate of a whole number (people in a zone) over the last
 * 10 s, 1, 5 and 15 min, in two rings of buckets: a fine one for the two short lengths, a coarse one
 * for the two long ones. How wide a bucket is the venue file says.
 *
 *     struct window_shape shape = window_shape(bucket_ms, long_bucket_ms);
 *     window_bind(&w, &shape, &store, zone);   store: window_store_init for so many windows
 *     window_start(&w, now_ms);
 *     window_to(&w, t_ms, value, known);       the value held from where the window stands until t_ms
 *     window_note(&w, new_value);              and from here on it is this
 *     window_mean(&w, WINDOW_60S), window_max(&w, WINDOW_900S), window_rate_per_min(&w, …)
 *
 * Buckets begin at whole multiples of their width since 1970. A window holds its length in whole
 * buckets plus the bucket that is running, so it is exact to the bucket: with buckets of 1 s, exact
 * at second boundaries. A length that is no multiple of the width would be rounded up to one; venue
 * files with such widths are refused.
 *
 * Time in which the value was not known is not counted: means and maxima are over the known part.
 * A rate is the value now less the one with which the window began, for each minute between; it
 * does not exist when the value at the window's begin was not known, whatever came after it.
 * Changes of one moment may come in any order: the means and rates are the same.
 *
 * Sums are integers (people·ms): the same on every machine. O(1) per reading, whatever the lengths:
 * a reading adds to the running bucket of each ring. A bucket that ends costs O(1), too, spread over
 * its life: it enters the queue of maxima once and leaves it at most once.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_WINDOW_H
#define CROWDTIDE_PROCESSORS_CORE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum window_length { WINDOW_10S, WINDOW_60S, WINDOW_300S, WINDOW_900S, WINDOW_LENGTHS };

enum {
    WINDOW_RINGS = 2,        /* fine, coarse */
    WINDOW_RING_LENGTHS = 2, /* lengths that share a ring */
    WINDOW_BUCKET_MS = 1000, /* of flows; the step at which results are said */
    WINDOW_NO_VALUE = -1,    /* of a bucket in which, or at whose begin, nothing was known */
};

struct window_shape {
    int64_t bucket_ms[WINDOW_RINGS];
    uint16_t buckets[WINDOW_LENGTHS]; /* of each length */
};

struct window_bucket {
    int64_t sum; /* people·ms of its known part */
    int32_t max;
    int32_t first; /* what held when it began */
    uint32_t known_ms;
};

struct window_ring {
    int64_t bucket_ms;
    int64_t end_ms; /* of the running bucket */
    uint16_t length[WINDOW_RING_LENGTHS];
    uint16_t head;                /* place that the running bucket will take; places: length[1] */
    struct window_bucket *bucket; /* finished ones; the store's */
    struct window_bucket running;
    /* Over the finished buckets of each length; derived from them. */
    int64_t total_sum[WINDOW_RING_LENGTHS];
    int64_t total_known_ms[WINDOW_RING_LENGTHS];
    /* Places whose maximum no later bucket reaches, oldest first: the queue of the longer length;
       that of the shorter one is its end. Counted on, a slot is the count mod length[1]; derived. */
    uint16_t *peak; /* the store's */
    uint32_t front[WINDOW_RING_LENGTHS], back;
};

struct window {
    int64_t at_ms; /* the window stands here; moves forward only */
    struct window_ring ring[WINDOW_RINGS];
};

/* Memory of all windows of a model. */
struct window_store {
    struct window_bucket *bucket;
    uint16_t *peak;
};

/* Widths are at least 1 s, the first one at most 10 s, the second one at most 60 s. */
struct window_shape window_shape(int64_t bucket_ms, int64_t long_bucket_ms);
bool window_shape_equal(const struct window *a, const struct window *b);

/* False: no memory, and nothing to free. */
bool window_store_init(struct window_store *store, const struct window_shape *shape,
                       uint32_t windows);
void window_store_free(struct window_store *store);

/* Gives the window its part of the store, number `at` of those it was made for. */
void window_bind(struct window *w, const struct window_shape *shape,
                 const struct window_store *store, uint32_t at);
void window_start(struct window *w, int64_t now_ms);
/* Takes over what another one holds, into the memory that `to` is bound to. False, and nothing
 * done, when it has another shape. */
bool window_copy(struct window *to, const struct window *from);

/* Moves to t_ms (a time at or before where it stands changes nothing). value >= 0. */
void window_to(struct window *w, int64_t t_ms, int64_t value, bool known);
/* The value changes here: even a value that lasts no time counts for the maximum. */
void window_note(struct window *w, int64_t value);

/* NaN when nothing was known. */
double window_mean(const struct window *w, enum window_length length);
/* WINDOW_NO_VALUE when nothing was known. */
int64_t window_max(const struct window *w, enum window_length length);
/* NaN when the value at the window's begin was not known. value: now. */
double window_rate_per_min(const struct window *w, enum window_length length, int64_t value);

/* Recomputes what is derived, after the buckets were read from a snapshot. */
void window_derive(struct window *w);

#endif
