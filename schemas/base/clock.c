#include "schemas/base/clock.h"

#include <time.h>

enum {
    CLOCK_SLEW_FROM_NS = 1000000000, /* differences up to here are left alone */
    CLOCK_SLEW_PER_S_NS = 500000,    /* 0.5 ms per second */
};

static int64_t clock_now(clockid_t id)
{
    struct timespec ts = {0};
    (void)clock_gettime(id, &ts); /* cannot fail for these ids */
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t clock_wall_ns(void)
{
    return clock_now(CLOCK_REALTIME);
}

int64_t clock_boot_ns(void)
{
    return clock_now(CLOCK_BOOTTIME);
}

void log_clock_start(struct log_clock *clock, int64_t floor_ns, int64_t boot_ns, int64_t wall_ns)
{
    int64_t start_ns = wall_ns > floor_ns ? wall_ns : floor_ns;
    *clock = (struct log_clock){
        .anchor_log_ns = start_ns,
        .anchor_boot_ns = boot_ns,
        .last_ns = start_ns,
        .offset_ns = wall_ns - start_ns,
    };
}

int64_t log_clock_read(struct log_clock *clock, int64_t boot_ns, int64_t wall_ns)
{
    int64_t elapsed_ns = boot_ns - clock->anchor_boot_ns;
    if (elapsed_ns < 0)
        elapsed_ns = 0;
    int64_t now_ns = clock->anchor_log_ns + elapsed_ns;
    int64_t offset_ns = wall_ns - now_ns;
    if (elapsed_ns >= 1000000000 &&
        (offset_ns > CLOCK_SLEW_FROM_NS || offset_ns < -CLOCK_SLEW_FROM_NS)) {
        /* Re-anchor once a second, taking one step of the slew with it. */
        int64_t step_ns = elapsed_ns / 1000000000 * CLOCK_SLEW_PER_S_NS;
        int64_t most_ns = offset_ns > 0 ? offset_ns : -offset_ns;
        if (step_ns > most_ns)
            step_ns = most_ns;
        now_ns += offset_ns > 0 ? step_ns : -step_ns;
        clock->anchor_log_ns = now_ns;
        clock->anchor_boot_ns = boot_ns;
    }
    if (now_ns < clock->last_ns)
        now_ns = clock->last_ns;
    clock->last_ns = now_ns;
    clock->offset_ns = wall_ns - now_ns;
    return now_ns;
}

int64_t log_clock_offset_ns(const struct log_clock *clock)
{
    return clock->offset_ns;
}
