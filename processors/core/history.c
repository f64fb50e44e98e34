#include "processors/core/history.h"

static struct history_minute *minute_at(struct history *h, int64_t minute)
{
    return &h->minute[(uint64_t)minute % HISTORY_MINUTES];
}

static void minute_begin(struct history *h, int64_t minute)
{
    *minute_at(h, minute) = (struct history_minute){.revision = -1};
}

static int64_t oldest_ms(const struct history *h)
{
    return (h->at_ms / HISTORY_MINUTE_MS - (HISTORY_MINUTES - 1)) * HISTORY_MINUTE_MS;
}

void history_start(struct history *h, int64_t now_ms)
{
    int64_t minute = now_ms / HISTORY_MINUTE_MS;
    for (int64_t i = 0; i < HISTORY_MINUTES; i++)
        minute_begin(h, minute - i);
    h->at_ms = now_ms;
}

void history_to(struct history *h, int64_t now_ms, int64_t people, bool known)
{
    if (now_ms - h->at_ms > (int64_t)HISTORY_MINUTES * HISTORY_MINUTE_MS) {
        history_start(h, now_ms);
        return;
    }
    while (h->at_ms < now_ms) {
        int64_t minute = h->at_ms / HISTORY_MINUTE_MS, end_ms = (minute + 1) * HISTORY_MINUTE_MS;
        int64_t until_ms = end_ms < now_ms ? end_ms : now_ms;
        struct history_minute *m = minute_at(h, minute);
        m->people_ms += people * (until_ms - h->at_ms);
        m->known_ms += known ? (int32_t)(until_ms - h->at_ms) : 0;
        h->at_ms = until_ms;
        if (until_ms == end_ms)
            minute_begin(h, minute + 1);
    }
}

void history_count(struct history *h, int64_t ts_ms, int64_t in, int64_t out)
{
    if (ts_ms < oldest_ms(h))
        return;
    struct history_minute *m =
        minute_at(h, (ts_ms < h->at_ms ? ts_ms : h->at_ms) / HISTORY_MINUTE_MS);
    m->in += in;
    m->out += out;
    m->changed = true;
}

void history_shift(struct history *h, int64_t from_ms, int64_t to_ms, int64_t people)
{
    from_ms = from_ms > oldest_ms(h) ? from_ms : oldest_ms(h);
    to_ms = to_ms < h->at_ms ? to_ms : h->at_ms;
    while (from_ms < to_ms) {
        int64_t minute = from_ms / HISTORY_MINUTE_MS, end_ms = (minute + 1) * HISTORY_MINUTE_MS;
        int64_t until_ms = end_ms < to_ms ? end_ms : to_ms;
        struct history_minute *m = minute_at(h, minute);
        m->people_ms += people * (until_ms - from_ms);
        m->changed = true;
        from_ms = until_ms;
    }
}

struct history_span history_level(struct history_levels *l, int64_t ts_ms, int64_t value,
                                  int64_t now_ms)
{
    uint32_t at = l->count;
    while (at > 0 && l->ts_ms[at - 1] > ts_ms)
        at--;
    struct history_span span = {.from_ms = ts_ms, .to_ms = at < l->count ? l->ts_ms[at] : now_ms};
    bool full = l->count == HISTORY_LEVELS;
    if (at > 0)
        span.people = value - l->value[at - 1];
    else if (full || l->count > 0)
        return (struct history_span){0}; /* before all that is remembered */
    else
        span.people = 0;           /* the first: nothing was believed before it */
    uint32_t first = full ? 1 : 0; /* the oldest makes room */
    if (full) {
        at--;
        for (uint32_t i = 0; i < at; i++) {
            l->ts_ms[i] = l->ts_ms[i + first];
            l->value[i] = l->value[i + first];
        }
    } else {
        for (uint32_t i = l->count; i > at; i--) {
            l->ts_ms[i] = l->ts_ms[i - 1];
            l->value[i] = l->value[i - 1];
        }
        l->count++;
    }
    l->ts_ms[at] = ts_ms;
    l->value[at] = value;
    return span;
}
