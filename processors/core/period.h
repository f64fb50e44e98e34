/*
 * period: how long it is from one of a sensor's messages to the next, as observed, and so how long
 * it may keep quiet before it counts as silent. Integers; one struct a sensor.
 *
 *     period_heard(&p, now_ms)                      a live message of now came
 *     period_break(&p)                              nobody could hear it for a while
 *     silent at now_ms + period_silence_ms(&p, usual_ms)
 *
 * Reports. Messages within PERIOD_REPORT_MS of a report's first one belong to it, so a sensor that
 * sends ten lines at once, or ten a second, has a period of a second or more. What arrives much
 * faster than its period (a backlog sent at once) is passed over, until PERIOD_SHORTS_MAX in a row
 * say that the sensor has become faster. An interval in which nobody listened is none.
 *
 * Estimate. It follows each interval by at most an eighth of itself, so that one lost message or one
 * outage does not move it far; only an interval that was longer than the silence allowed may double
 * it: that sensor was called silent wrongly, and must not be so for long. The deviation, which rises
 * fast and falls slowly, says whether it is regular (a counter that reports every 5 s) or not (a door
 * that reports when somebody passes); nothing is regular before some twenty intervals.
 *
 * Silence. 3.5 periods: two messages may be lost, and half a period of delay. `usual` is what its
 * class is allowed. A regular sensor may be silent sooner than usual, so that a fast one is missed
 * early, but not before half of it: a broker that reconnects must not look like a dead sensor. An
 * irregular one is never silent sooner than usual. A slow one is later, up to PERIOD_SILENCE_MS_MAX:
 * beyond that its venue file has to say so.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_PERIOD_H
#define CROWDTIDE_PROCESSORS_CORE_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PERIOD_REPORT_MS = 1000,
    PERIOD_LEARN = 8,       /* intervals until it is known enough to pass over others */
    PERIOD_SHORTS_MAX = 16, /* see above */
    PERIOD_SHORT_PART = 8,  /* shorter than this part of the period: much faster */
    PERIOD_STEP_PART = 8,   /* the estimate follows by at most this part of itself */
    PERIOD_SPREAD_RISE = 4, /* the deviation follows by this part of the difference … */
    PERIOD_SPREAD_FALL = 32,
    PERIOD_MS_MAX = 24 * 3600 * 1000,
    PERIOD_SILENCE_MS_MAX = 15 * 60 * 1000,
};

struct period {
    int64_t report_ms;   /* when its last report began; INT64_MIN: none to measure from */
    int32_t estimate_ms; /* 0: nothing observed yet */
    int32_t spread_ms;   /* deviation of the intervals from it */
    int32_t said_ms;     /* the period in force: the estimate, but for moves of less than an eighth */
    uint8_t learned;     /* intervals so far, up to PERIOD_LEARN */
    uint8_t shorts;      /* much faster ones in a row */
    bool regular;
};

void period_init(struct period *p);
/* now_ms never falls. usual_ms: silence allowed until its period is known. */
void period_heard(struct period *p, int64_t now_ms, int64_t usual_ms);
void period_break(struct period *p);
/* How long it may keep quiet. */
int64_t period_silence_ms(const struct period *p, int64_t usual_ms);

#endif
