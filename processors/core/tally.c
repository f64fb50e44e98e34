#include "processors/core/tally.h"

#include <string.h>

_Static_assert(TALLY_PLACES > TALLY_BUCKETS + 1,
               "the running bucket must not overwrite the oldest");

static uint32_t place(int64_t bucket)
{
    return (uint32_t)((uint64_t)bucket % TALLY_PLACES);
}

int64_t tally_width_ms(int64_t window_ms)
{
    const int64_t second_of_each = TALLY_BUCKETS * 1000;
    return (window_ms + second_of_each - 1) / second_of_each * 1000;
}

void tally_begin(struct tally *t, int64_t window_ms, int64_t at_ms)
{
    memset(t, 0, sizeof *t);
    t->width_ms = tally_width_ms(window_ms);
    t->bucket = at_ms / t->width_ms;
    t->covered_to_ms = TALLY_NEVER;
    for (uint32_t i = 0; i < TALLY_PLACES; i++)
        t->waiting_in[i] = TALLY_NOT_SEEN;
}

static void finish(struct tally *t)
{
    uint32_t done = place(t->bucket), leaving = place(t->bucket - TALLY_BUCKETS);
    t->served += (int64_t)t->served_in[done] - t->served_in[leaving];
    t->rejects += (int64_t)t->rejects_in[done] - t->rejects_in[leaving];
    t->covered_ms += (int64_t)t->covered_in[done] - t->covered_in[leaving];
    t->bucket++;
    uint32_t next = place(t->bucket);
    t->served_in[next] = t->rejects_in[next] = t->covered_in[next] = 0;
    t->waiting_in[next] = TALLY_NOT_SEEN;
}

void tally_to(struct tally *t, int64_t at_ms)
{
    int64_t to = at_ms / t->width_ms;
    if (to - t->bucket > TALLY_PLACES) {
        int64_t covered_to_ms = t->covered_to_ms;
        tally_begin(t, tally_window_ms(t), at_ms);
        t->covered_to_ms = covered_to_ms;
    }
    while (t->bucket < to)
        finish(t);
}

static uint32_t limited(uint32_t has, int64_t more)
{
    int64_t room = (int64_t)UINT32_MAX - has;
    return has + (uint32_t)(more < room ? more : room);
}

/* *column (with its sum over the finished ones) of a bucket grows. */
static void grow(struct tally *t, int64_t bucket, uint32_t *column, int64_t *sum, int64_t more)
{
    uint32_t *at = &column[place(bucket)];
    uint32_t before = *at;
    *at = limited(before, more);
    if (bucket < t->bucket)
        *sum += (int64_t)*at - before;
}

void tally_add(struct tally *t, int64_t ts_ms, int64_t served, int64_t rejects)
{
    int64_t bucket = ts_ms / t->width_ms;
    bucket = bucket < t->bucket ? bucket : t->bucket;
    if (t->bucket - bucket > TALLY_BUCKETS)
        return;
    grow(t, bucket, t->served_in, &t->served, served);
    grow(t, bucket, t->rejects_in, &t->rejects, rejects);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Spreads over from … to, and covers them. What lies before the window is left out. */
static void spread(struct tally *t, int64_t to_ms, int64_t served, int64_t rejects)
{
    int64_t from_ms = t->covered_to_ms, whole_ms = to_ms - from_ms;
    int64_t first = later(from_ms / t->width_ms, t->bucket - TALLY_BUCKETS);
    int64_t last = earlier((to_ms - 1) / t->width_ms, t->bucket);
    for (int64_t bucket = first; bucket <= last; bucket++) {
        int64_t begin_ms = later(from_ms, bucket * t->width_ms);
        int64_t end_ms = earlier(to_ms, (bucket + 1) * t->width_ms);
        /* Whole people, and all of them: each bucket has what the running share has grown by. */
        int64_t before_ms = begin_ms - from_ms, after_ms = end_ms - from_ms;
        grow(t, bucket, t->served_in, &t->served,
             served * after_ms / whole_ms - served * before_ms / whole_ms);
        grow(t, bucket, t->rejects_in, &t->rejects,
             rejects * after_ms / whole_ms - rejects * before_ms / whole_ms);
        grow(t, bucket, t->covered_in, &t->covered_ms, end_ms - begin_ms);
    }
}

void tally_begun(struct tally *t, int64_t ts_ms)
{
    if (t->covered_to_ms == TALLY_NEVER)
        t->covered_to_ms = ts_ms;
}

void tally_cover(struct tally *t, int64_t at_ms)
{
    if (t->covered_to_ms != TALLY_NEVER && at_ms > t->covered_to_ms)
        spread(t, at_ms, 0, 0);
    t->covered_to_ms = later(t->covered_to_ms, at_ms);
}

void tally_report(struct tally *t, int64_t ts_ms, int64_t served, int64_t rejects)
{
    bool follows = t->covered_to_ms != TALLY_NEVER;
    if (follows && ts_ms <= t->covered_to_ms) { /* another report for the same time */
        tally_add(t, ts_ms, served, rejects);
        return;
    }
    if (follows && ts_ms - t->covered_to_ms <= tally_window_ms(t))
        spread(t, ts_ms, served, rejects);
    t->covered_to_ms = ts_ms;
}

void tally_break(struct tally *t)
{
    t->covered_to_ms = TALLY_NEVER;
}

void tally_waiting(struct tally *t, int64_t people)
{
    t->waiting_in[place(t->bucket)] = people > INT32_MAX ? INT32_MAX : (int32_t)people;
}

bool tally_growth(const struct tally *t, double *ret_per_min)
{
    int64_t newest = t->bucket - 1, oldest = t->bucket - TALLY_BUCKETS;
    while (oldest < newest && t->waiting_in[place(oldest)] == TALLY_NOT_SEEN)
        oldest++;
    if (oldest >= newest || t->waiting_in[place(newest)] == TALLY_NOT_SEEN)
        return false;
    int64_t grown = (int64_t)t->waiting_in[place(newest)] - t->waiting_in[place(oldest)];
    *ret_per_min = (double)grown * 60000 / (double)((newest - oldest) * t->width_ms);
    return true;
}

void tally_derive(struct tally *t)
{
    t->served = t->rejects = t->covered_ms = 0;
    for (int64_t bucket = t->bucket - TALLY_BUCKETS; bucket < t->bucket; bucket++) {
        t->served += t->served_in[place(bucket)];
        t->rejects += t->rejects_in[place(bucket)];
        t->covered_ms += t->covered_in[place(bucket)];
    }
}
