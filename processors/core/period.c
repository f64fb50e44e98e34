#include "processors/core/period.h"

#define NO_REPORT INT64_MIN

void period_init(struct period *p)
{
    *p = (struct period){.report_ms = NO_REPORT};
}

void period_break(struct period *p)
{
    p->report_ms = NO_REPORT;
}

static int64_t clamp(int64_t v, int64_t least, int64_t most)
{
    return v < least ? least : v > most ? most : v;
}

int64_t period_silence_ms(const struct period *p, int64_t usual_ms)
{
    if (p->said_ms == 0)
        return usual_ms;
    int64_t least_ms = p->regular ? usual_ms / 2 : usual_ms;
    int64_t most_ms = usual_ms > PERIOD_SILENCE_MS_MAX ? usual_ms : PERIOD_SILENCE_MS_MAX;
    return clamp((int64_t)p->said_ms * 7 / 2, least_ms, most_ms);
}

/* Regular under a quarter of the period, irregular over a half: in between as it was. */
static void spread_follow(struct period *p, int64_t deviation_ms)
{
    int64_t seen_ms =
        clamp(deviation_ms < 0 ? -deviation_ms : deviation_ms, 0, (int64_t)p->estimate_ms * 4);
    int64_t by_ms = seen_ms - p->spread_ms;
    p->spread_ms += (int32_t)(by_ms / (by_ms > 0 ? PERIOD_SPREAD_RISE : PERIOD_SPREAD_FALL));
    if (p->spread_ms <= p->estimate_ms / 4)
        p->regular = true;
    else if (p->spread_ms > p->estimate_ms / 2)
        p->regular = false;
}

static void follow(struct period *p, int64_t interval_ms, int64_t usual_ms)
{
    if (p->estimate_ms == 0) { /* a first interval may be anything, also an outage */
        p->estimate_ms = (int32_t)clamp(interval_ms, PERIOD_REPORT_MS, usual_ms);
        p->spread_ms = p->estimate_ms / 2; /* regular is what has shown to be so */
    } else {
        int64_t by_ms = interval_ms - p->estimate_ms;
        int64_t step_ms = p->estimate_ms / PERIOD_STEP_PART;
        int64_t rise_ms = interval_ms > period_silence_ms(p, usual_ms) ? p->estimate_ms : step_ms;
        spread_follow(p, by_ms);
        p->estimate_ms = (int32_t)clamp(p->estimate_ms + clamp(by_ms, -step_ms, rise_ms),
                                        PERIOD_REPORT_MS, PERIOD_MS_MAX);
    }
    if (p->learned < PERIOD_LEARN)
        p->learned++;
    int32_t moved_ms = p->estimate_ms - p->said_ms;
    if (moved_ms > p->said_ms / 8 || -moved_ms > p->said_ms / 8)
        p->said_ms = p->estimate_ms;
}

void period_heard(struct period *p, int64_t now_ms, int64_t usual_ms)
{
    int64_t from_ms = p->report_ms;
    if (from_ms != NO_REPORT && now_ms - from_ms < PERIOD_REPORT_MS)
        return;
    p->report_ms = now_ms;
    if (from_ms == NO_REPORT)
        return;
    int64_t interval_ms = now_ms - from_ms;
    if (p->learned < PERIOD_LEARN || interval_ms >= p->estimate_ms / PERIOD_SHORT_PART)
        p->shorts = 0;
    else if (p->shorts < PERIOD_SHORTS_MAX) {
        p->shorts++;
        return;
    }
    follow(p, interval_ms, usual_ms);
}
