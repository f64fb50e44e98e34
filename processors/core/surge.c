#include "processors/core/surge.h"

bool surge_plausible(int64_t people, int64_t since_ms, const struct venue_settings *limits)
{
    double most = (double)limits->surge_people;
    if (since_ms > 0)
        most += limits->surge_per_s * (double)since_ms / 1000;
    return (double)people < most;
}
