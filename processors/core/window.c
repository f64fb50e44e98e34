#include "processors/core/window.h"

#include <math.h>
#include <string.h>

static const uint32_t window_seconds[WINDOW_LENGTHS] = {10, 60, 300};

static int32_t max_of(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t bounded(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

static void bucket_clear(struct window *w)
{
    w->running_sum = 0;
    w->running_max = WINDOW_NO_VALUE;
    w->running_known_ms = 0;
}

void window_start(struct window *w, int64_t now_ms)
{
    memset(w, 0, sizeof *w);
    for (uint32_t i = 0; i < WINDOW_BUCKETS; i++)
        w->max[i] = WINDOW_NO_VALUE;
    for (int i = 0; i < WINDOW_LENGTHS; i++)
        w->total_max[i] = WINDOW_NO_VALUE;
    bucket_clear(w);
    w->at_ms = now_ms;
}

/* Ring place of the bucket that ended `ago` seconds before the running one began; ago from 1. */
static uint32_t place_ago(const struct window *w, uint32_t ago)
{
    return w->head >= ago ? w->head - ago : w->head + WINDOW_BUCKETS - ago;
}

static int32_t max_over(const struct window *w, uint32_t seconds)
{
    int32_t max = WINDOW_NO_VALUE;
    for (uint32_t ago = 1; ago <= seconds; ago++)
        max = max_of(max, w->max[place_ago(w, ago)]);
    return max;
}

static void bucket_finish(struct window *w)
{
    int32_t leaving_max[WINDOW_LENGTHS];
    for (int i = 0; i < WINDOW_LENGTHS; i++) {
        uint32_t leaving = place_ago(w, window_seconds[i]);
        leaving_max[i] = w->max[leaving];
        w->total_sum[i] += w->running_sum - w->sum[leaving];
        w->total_known_ms[i] += w->running_known_ms - w->known_ms[leaving];
    }
    w->sum[w->head] = w->running_sum;
    w->max[w->head] = w->running_max;
    w->known_ms[w->head] = w->running_known_ms;
    w->head = w->head + 1 == WINDOW_BUCKETS ? 0 : w->head + 1;
    for (int i = 0; i < WINDOW_LENGTHS; i++) {
        if (w->running_max >= w->total_max[i])
            w->total_max[i] = w->running_max;
        else if (leaving_max[i] == w->total_max[i])
            w->total_max[i] = max_over(w, window_seconds[i]);
    }
    bucket_clear(w);
}

static void bucket_add(struct window *w, int64_t until_ms, int64_t value, bool known)
{
    int64_t span_ms = until_ms - w->at_ms;
    w->at_ms = until_ms;
    if (!known || span_ms == 0)
        return;
    w->running_sum += value * span_ms;
    w->running_known_ms = (uint16_t)(w->running_known_ms + span_ms);
    w->running_max = max_of(w->running_max, bounded(value));
}

void window_to(struct window *w, int64_t t_ms, int64_t value, bool known)
{
    const int64_t longest_ms = (int64_t)(WINDOW_BUCKETS + 1) * WINDOW_BUCKET_MS;
    if (t_ms - w->at_ms > 2 * longest_ms) {
        /* Everything held has left: begin anew, one longest window before t. */
        window_start(w, (t_ms - longest_ms) / WINDOW_BUCKET_MS * WINDOW_BUCKET_MS);
    }
    while (w->at_ms < t_ms) {
        int64_t end_ms = (w->at_ms / WINDOW_BUCKET_MS + 1) * WINDOW_BUCKET_MS;
        if (end_ms > t_ms) {
            bucket_add(w, t_ms, value, known);
            return;
        }
        bucket_add(w, end_ms, value, known);
        bucket_finish(w);
    }
}

void window_note(struct window *w, int64_t value)
{
    w->running_max = max_of(w->running_max, bounded(value));
}

double window_mean(const struct window *w, enum window_length length)
{
    int64_t known_ms = w->total_known_ms[length] + w->running_known_ms;
    if (known_ms == 0)
        return NAN;
    return (double)(w->total_sum[length] + w->running_sum) / (double)known_ms;
}

int64_t window_max(const struct window *w, enum window_length length)
{
    return max_of(w->total_max[length], w->running_max);
}

void window_derive(struct window *w)
{
    for (int i = 0; i < WINDOW_LENGTHS; i++) {
        w->total_sum[i] = 0;
        w->total_known_ms[i] = 0;
        for (uint32_t ago = 1; ago <= window_seconds[i]; ago++) {
            w->total_sum[i] += w->sum[place_ago(w, ago)];
            w->total_known_ms[i] += w->known_ms[place_ago(w, ago)];
        }
        w->total_max[i] = max_over(w, window_seconds[i]);
    }
}
