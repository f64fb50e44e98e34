/*
 * lane_rate: how many people one lane of a gate serves in a minute, learnt from what it does.
 *
 *     lane_rate_begin(&rate, base);                    as the venue file has it
 *     lane_rate_served(&rate, base, ts_ms, served);    a message counted so many: let in or refused
 *     lane_rate_second(&rate, lanes, waiting);         each second: lanes open; people are waiting
 *     rate.per_min
 *
 * A measure is what came between two messages at least LANE_RATE_MEASURE_MS apart, by time and lanes:
 * the same for gates that tell of each person and for those that report. It takes as long as no lane
 * opens or closes and the gate is neither silent nor shut.
 *
 * - While people were waiting all the while (the queue is counted), the lanes had no time to lose: the
 *   measure is what they serve, and the rate moves to it by a quarter, up or down.
 * - Otherwise a measure above the rate still proves that the lanes can do as much, and the rate is that:
 *   it is the best minute they have shown. One below it proves nothing, since fewer may have come; but
 *   what was shown once is not good for ever (screening may have begun), so it falls back towards the
 *   base by a 64th a measure: by half in 44 busy minutes.
 *
 * Somebody refused takes the lane's time as well as somebody let in, so both are served. The rate stays
 * within a quarter and four times of the base: beyond, the file is wrong or the counts are.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_LANE_RATE_H
#define CROWDTIDE_PROCESSORS_CORE_LANE_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LANE_RATE_MEASURE_MS = 60 * 1000,
    LANE_RATE_MEASURE_MS_MAX = 15 * 60 * 1000, /* a longer one is dropped */
    LANE_RATE_RANGE = 4,                       /* from base / 4 to base · 4 */
    LANE_RATE_TOWARDS = 4,                     /* moves by this part of the difference */
    LANE_RATE_FORGET = 64,
};
#define LANE_RATE_NEVER INT64_MIN

struct lane_rate {
    double per_min;
    int64_t since_ms; /* the measure's first message; LANE_RATE_NEVER */
    int64_t served;   /* since, without that message */
    int64_t lanes;    /* open all the while */
    bool waiting;     /* people were, all the while */
};

void lane_rate_begin(struct lane_rate *rate, double base_per_min);
/* The measure begun is void. */
void lane_rate_break(struct lane_rate *rate);
void lane_rate_second(struct lane_rate *rate, int64_t lanes, bool waiting);
void lane_rate_served(struct lane_rate *rate, double base_per_min, int64_t ts_ms, int64_t served);

#endif
