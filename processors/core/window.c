#include "processors/core/window.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t lengths_ms[WINDOW_LENGTHS] = {10000, 60000, 300000, 900000};

static int32_t max_of(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t bounded(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

/* ---- shape and memory ---------------------------------------------------------------------- */

struct window_shape window_shape(int64_t bucket_ms, int64_t long_bucket_ms)
{
    struct window_shape shape = {.bucket_ms = {bucket_ms, long_bucket_ms}};
    assert(bucket_ms >= 1000 && long_bucket_ms >= 1000);
    for (int i = 0; i < WINDOW_LENGTHS; i++) {
        int64_t width_ms = shape.bucket_ms[i / WINDOW_RING_LENGTHS];
        shape.buckets[i] = (uint16_t)((lengths_ms[i] + width_ms - 1) / width_ms);
    }
    return shape;
}

bool window_shape_equal(const struct window *a, const struct window *b)
{
    return a->ring[0].bucket_ms == b->ring[0].bucket_ms &&
           a->ring[1].bucket_ms == b->ring[1].bucket_ms;
}

static size_t buckets_of(const struct window_shape *shape)
{
    return (size_t)shape->buckets[WINDOW_60S] + shape->buckets[WINDOW_900S];
}

bool window_store_init(struct window_store *store, const struct window_shape *shape,
                       uint32_t windows)
{
    size_t count = windows * buckets_of(shape) + 1; /* none is a store too */
    store->bucket = calloc(count, sizeof *store->bucket);
    store->peak = calloc(count, sizeof *store->peak);
    if (store->bucket && store->peak)
        return true;
    window_store_free(store);
    return false;
}

void window_store_free(struct window_store *store)
{
    free(store->bucket);
    free(store->peak);
    *store = (struct window_store){0};
}

void window_bind(struct window *w, const struct window_shape *shape,
                 const struct window_store *store, uint32_t at)
{
    size_t offset = at * buckets_of(shape);
    for (int i = 0; i < WINDOW_RINGS; i++) {
        struct window_ring *r = &w->ring[i];
        const uint16_t *buckets = &shape->buckets[i * WINDOW_RING_LENGTHS];
        *r = (struct window_ring){.bucket_ms = shape->bucket_ms[i],
                                  .length = {buckets[0], buckets[1]},
                                  .bucket = store->bucket + offset,
                                  .peak = store->peak + offset};
        offset += buckets[1];
    }
}

static const struct window_bucket bucket_empty = {.max = WINDOW_NO_VALUE, .first = WINDOW_NO_VALUE};

static void ring_start(struct window_ring *r, int64_t now_ms)
{
    for (uint32_t i = 0; i < r->length[1]; i++)
        r->bucket[i] = bucket_empty;
    r->running = bucket_empty;
    r->head = 0;
    r->end_ms = (now_ms / r->bucket_ms + 1) * r->bucket_ms;
    memset(r->total_sum, 0, sizeof r->total_sum);
    memset(r->total_known_ms, 0, sizeof r->total_known_ms);
    r->front[0] = r->front[1] = r->back = 0;
}

void window_start(struct window *w, int64_t now_ms)
{
    w->at_ms = now_ms;
    for (int i = 0; i < WINDOW_RINGS; i++)
        ring_start(&w->ring[i], now_ms);
}

bool window_copy(struct window *to, const struct window *from)
{
    if (!window_shape_equal(to, from))
        return false;
    to->at_ms = from->at_ms;
    for (int i = 0; i < WINDOW_RINGS; i++) {
        struct window_ring *r = &to->ring[i];
        struct window_bucket *bucket = r->bucket;
        uint16_t *peak = r->peak;
        memcpy(bucket, from->ring[i].bucket, r->length[1] * sizeof *bucket);
        memcpy(peak, from->ring[i].peak, r->length[1] * sizeof *peak);
        *r = from->ring[i];
        r->bucket = bucket;
        r->peak = peak;
    }
    return true;
}

/* ---- the queue of maxima --------------------------------------------------------------------- */

/* Place of the bucket that is `ago` finished ones back; ago from 1 to length[1]. */
static uint16_t place_ago(const struct window_ring *r, uint32_t ago)
{
    return (uint16_t)(r->head >= ago ? r->head - ago : r->head + r->length[1] - ago);
}

static uint16_t *slot(const struct window_ring *r, uint32_t at)
{
    return &r->peak[at % r->length[1]];
}

static void peak_leave(struct window_ring *r, int length, uint16_t place)
{
    if (r->front[length] != r->back && *slot(r, r->front[length]) == place)
        r->front[length]++;
}

static void peak_enter(struct window_ring *r, uint16_t place)
{
    int32_t max = r->bucket[place].max;
    if (max == WINDOW_NO_VALUE)
        return;
    while (r->back != r->front[1] && r->bucket[*slot(r, r->back - 1)].max <= max)
        r->back--;
    if (r->front[0] > r->back)
        r->front[0] = r->back;
    *slot(r, r->back++) = place;
}

/* ---- time ------------------------------------------------------------------------------------ */

/* ends_with: what holds when the bucket ends, WINDOW_NO_VALUE when it is not known. */
static void bucket_finish(struct window_ring *r, int32_t ends_with)
{
    for (int i = 0; i < WINDOW_RING_LENGTHS; i++) {
        uint16_t leaving = place_ago(r, r->length[i]);
        r->total_sum[i] += r->running.sum - r->bucket[leaving].sum;
        r->total_known_ms[i] += (int64_t)r->running.known_ms - r->bucket[leaving].known_ms;
        peak_leave(r, i, leaving);
    }
    r->bucket[r->head] = r->running;
    peak_enter(r, r->head);
    r->head = (uint16_t)(r->head + 1 == r->length[1] ? 0 : r->head + 1);
    r->running = bucket_empty;
    r->running.first = ends_with;
    r->end_ms += r->bucket_ms;
}

static void running_add(struct window_ring *r, int64_t span_ms, int64_t value, bool known)
{
    if (!known || span_ms == 0)
        return;
    r->running.sum += value * span_ms;
    r->running.known_ms += (uint32_t)span_ms;
    r->running.max = max_of(r->running.max, bounded(value));
}

static void ring_to(struct window_ring *r, int64_t at_ms, int64_t t_ms, int64_t value, bool known)
{
    int64_t all_ms = (int64_t)(r->length[1] + 1) * r->bucket_ms;
    if (t_ms - r->end_ms > all_ms) {
        /* Everything held has left: begin anew, early enough to know what held at the begin. */
        at_ms = (t_ms / r->bucket_ms) * r->bucket_ms - all_ms;
        ring_start(r, at_ms);
    }
    while (r->end_ms <= t_ms) {
        running_add(r, r->end_ms - at_ms, value, known);
        at_ms = r->end_ms;
        bucket_finish(r, known ? bounded(value) : WINDOW_NO_VALUE);
    }
    running_add(r, t_ms - at_ms, value, known);
}

void window_to(struct window *w, int64_t t_ms, int64_t value, bool known)
{
    if (t_ms <= w->at_ms)
        return;
    for (int i = 0; i < WINDOW_RINGS; i++)
        ring_to(&w->ring[i], w->at_ms, t_ms, value, known);
    w->at_ms = t_ms;
}

void window_note(struct window *w, int64_t value)
{
    for (int i = 0; i < WINDOW_RINGS; i++)
        w->ring[i].running.max = max_of(w->ring[i].running.max, bounded(value));
}

/* ---- what it says ---------------------------------------------------------------------------- */

double window_mean(const struct window *w, enum window_length length)
{
    const struct window_ring *r = &w->ring[length / WINDOW_RING_LENGTHS];
    int i = length % WINDOW_RING_LENGTHS;
    int64_t known_ms = r->total_known_ms[i] + r->running.known_ms;
    if (known_ms == 0)
        return NAN;
    return (double)(r->total_sum[i] + r->running.sum) / (double)known_ms;
}

int64_t window_max(const struct window *w, enum window_length length)
{
    const struct window_ring *r = &w->ring[length / WINDOW_RING_LENGTHS];
    uint32_t front = r->front[length % WINDOW_RING_LENGTHS];
    if (front == r->back)
        return r->running.max;
    return max_of(r->bucket[*slot(r, front)].max, r->running.max);
}

double window_rate_per_min(const struct window *w, enum window_length length, int64_t value)
{
    const struct window_ring *r = &w->ring[length / WINDOW_RING_LENGTHS];
    uint32_t ago = r->length[length % WINDOW_RING_LENGTHS];
    int32_t first = r->bucket[place_ago(r, ago)].first;
    if (first == WINDOW_NO_VALUE)
        return NAN;
    int64_t from_ms = r->end_ms - (int64_t)(ago + 1) * r->bucket_ms;
    return (double)((bounded(value) - (int64_t)first) * 60000) / (double)(w->at_ms - from_ms);
}

static void ring_derive(struct window_ring *r)
{
    memset(r->total_sum, 0, sizeof r->total_sum);
    memset(r->total_known_ms, 0, sizeof r->total_known_ms);
    r->front[0] = r->front[1] = r->back = 0;
    for (uint32_t ago = r->length[1]; ago > 0; ago--) {
        uint16_t place = place_ago(r, ago);
        for (int i = 0; i < WINDOW_RING_LENGTHS; i++) {
            if (ago > r->length[i])
                continue;
            r->total_sum[i] += r->bucket[place].sum;
            r->total_known_ms[i] += r->bucket[place].known_ms;
        }
        if (ago == r->length[0])
            r->front[0] = r->back;
        peak_enter(r, place);
    }
}

void window_derive(struct window *w)
{
    for (int i = 0; i < WINDOW_RINGS; i++)
        ring_derive(&w->ring[i]);
}
