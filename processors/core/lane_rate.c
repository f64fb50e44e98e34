#include "processors/core/lane_rate.h"

void lane_rate_begin(struct lane_rate *rate, double base_per_min)
{
    *rate = (struct lane_rate){.per_min = base_per_min, .since_ms = LANE_RATE_NEVER};
}

void lane_rate_break(struct lane_rate *rate)
{
    rate->since_ms = LANE_RATE_NEVER;
}

void lane_rate_second(struct lane_rate *rate, int64_t lanes, bool waiting)
{
    if (lanes != rate->lanes)
        lane_rate_break(rate);
    rate->lanes = lanes;
    rate->waiting = rate->waiting && waiting;
}

static void learn(struct lane_rate *rate, double base, double measured)
{
    if (rate->waiting)
        rate->per_min += (measured - rate->per_min) / LANE_RATE_TOWARDS;
    else if (measured >= rate->per_min)
        rate->per_min = measured;
    else if (rate->per_min > base)
        rate->per_min += (base - rate->per_min) / LANE_RATE_FORGET;
    if (rate->per_min < base / LANE_RATE_RANGE)
        rate->per_min = base / LANE_RATE_RANGE;
    if (rate->per_min > base * LANE_RATE_RANGE)
        rate->per_min = base * LANE_RATE_RANGE;
}

void lane_rate_served(struct lane_rate *rate, double base, int64_t ts_ms, int64_t served)
{
    if (rate->since_ms != LANE_RATE_NEVER) {
        int64_t span_ms = ts_ms - rate->since_ms;
        rate->served += served;
        if (span_ms < LANE_RATE_MEASURE_MS)
            return;
        if (span_ms <= LANE_RATE_MEASURE_MS_MAX && rate->lanes > 0)
            learn(rate, base, (double)rate->served * 60000 / (double)(span_ms * rate->lanes));
    }
    rate->since_ms = ts_ms;
    rate->served = 0;
    rate->waiting = true;
}
