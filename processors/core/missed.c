#include "processors/core/missed.h"

enum { MINUTE_MS = 60000, MILLI = 1000 };

void missed_seen(struct missed *m, int64_t now_ms, int64_t in, int64_t out)
{
    int64_t half = now_ms / MISSED_HALF_MS;
    if (m->from_ms == 0) { /* what the first one tells passed before */
        m->from_ms = now_ms;
        in = out = 0;
    }
    if (half != m->half) {
        for (int d = 0; d < 2; d++) {
            m->seen[1][d] = half == m->half + 1 ? m->seen[0][d] : 0;
            m->seen[0][d] = 0;
        }
        m->half = half;
    }
    m->seen[0][0] += in;
    m->seen[0][1] += out;
}

/* Both halves, as of heard_ms. Longer ago than that it may have counted nothing at all. */
static void pace_find(struct missed *m, int64_t heard_ms)
{
    int64_t begin_ms = (m->half - 1) * MISSED_HALF_MS;
    begin_ms = begin_ms > m->from_ms ? begin_ms : m->from_ms;
    int64_t span_ms = heard_ms - begin_ms;
    span_ms = span_ms > MISSED_SPAN_MS_MIN ? span_ms : MISSED_SPAN_MS_MIN;
    for (int d = 0; d < 2; d++)
        m->pace_milli[d] = (m->seen[0][d] + m->seen[1][d]) * MILLI * MINUTE_MS / span_ms;
}

void missed_begin(struct missed *m, int64_t heard_ms)
{
    if (!m->open) {
        pace_find(m, heard_ms);
        m->open = true;
        m->torn = false;
        m->until_ms = heard_ms;
        m->feared_milli[0] = m->feared_milli[1] = 0;
    }
    m->absent = true;
}

int64_t missed_accrue(struct missed *m, int64_t now_ms, int64_t ret_milli[2])
{
    int64_t end_ms = m->absent ? now_ms : m->back_ms + MISSED_SETTLE_MS;
    end_ms = end_ms < now_ms ? end_ms : now_ms;
    int64_t by_ms = end_ms > m->until_ms ? end_ms - m->until_ms : 0;
    for (int d = 0; d < 2; d++) {
        ret_milli[d] = m->pace_milli[d] * by_ms / MINUTE_MS;
        m->feared_milli[d] += ret_milli[d];
    }
    m->until_ms += by_ms;
    return m->absent ? by_ms : 0;
}

void missed_back(struct missed *m, int64_t now_ms)
{
    m->absent = false;
    m->back_ms = now_ms;
    m->after[0] = m->after[1] = 0;
}

void missed_told(struct missed *m, int64_t now_ms, int64_t in, int64_t out, int64_t ret_milli[2])
{
    const int64_t told[2] = {in, out};
    bool settled = !m->absent && now_ms >= m->back_ms + MISSED_SETTLE_MS;
    for (int d = 0; d < 2; d++) {
        int64_t milli = settled ? 0 : told[d] * MILLI;
        ret_milli[d] = milli < m->feared_milli[d] ? milli : m->feared_milli[d];
        m->feared_milli[d] -= ret_milli[d];
        m->after[d] += settled ? told[d] : 0;
    }
}

void missed_told_all(struct missed *m, int64_t ret_milli[2])
{
    for (int d = 0; d < 2; d++) {
        ret_milli[d] = m->feared_milli[d];
        m->feared_milli[d] = 0;
    }
    missed_end(m);
}

void missed_torn(struct missed *m)
{
    m->torn = true;
}

bool missed_over(const struct missed *m, int64_t now_ms)
{
    return m->open && !m->absent && now_ms - m->back_ms >= MISSED_SETTLE_MS + MISSED_AFTER_MS;
}

void missed_rise_milli(const struct missed *m, int64_t ret_milli[2])
{
    for (int d = 0; d < 2; d++) {
        int64_t pace_milli = m->after[d] * MILLI * MINUTE_MS / MISSED_AFTER_MS;
        ret_milli[d] = pace_milli > m->pace_milli[d] ? pace_milli - m->pace_milli[d] : 0;
    }
}

void missed_end(struct missed *m)
{
    m->open = m->absent = m->torn = false;
}
