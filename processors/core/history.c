#include "processors/core/history.h"

#include <string.h>

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

/* Makes the newest one the newest there is; what is too long ago is forgotten. */
static void newest_set(struct history_levels *l, int64_t ts_ms)
{
    int64_t by = ts_ms - l->newest_ms;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        int64_t ago = l->ago_ms[i] + by;
        if (ago > INT32_MAX)
            continue;
        l->ago_ms[kept] = (int32_t)ago;
        l->value[kept++] = l->value[i];
    }
    l->count = kept;
    l->newest_ms = ts_ms;
}

struct history_span history_level(struct history_levels *l, int64_t ts_ms, int64_t value,
                                  int64_t now_ms)
{
    if (l->count == 0 || ts_ms > l->newest_ms)
        newest_set(l, ts_ms);
    int64_t ago = l->newest_ms - ts_ms;
    uint32_t at = l->count;
    while (at > 0 && l->ago_ms[at - 1] < ago)
        at--;
    struct history_span span = {.from_ms = ts_ms,
                                .to_ms = at < l->count ? l->newest_ms - l->ago_ms[at] : now_ms};
    if (at > 0)
        span.people = value - l->value[at - 1];
    else if (l->count > 0)
        return (struct history_span){0}; /* before all that is remembered */
    if (l->count == HISTORY_LEVELS) {    /* the oldest makes room */
        at--;
        memmove(&l->ago_ms[0], &l->ago_ms[1], at * sizeof l->ago_ms[0]);
        memmove(&l->value[0], &l->value[1], at * sizeof l->value[0]);
    } else {
        memmove(&l->ago_ms[at + 1], &l->ago_ms[at], (l->count - at) * sizeof l->ago_ms[0]);
        memmove(&l->value[at + 1], &l->value[at], (l->count - at) * sizeof l->value[0]);
        l->count++;
    }
    l->ago_ms[at] = (int32_t)ago;
    l->value[at] = (int32_t)value;
    return span;
}
