/*
 * clock: log time. It starts from CLOCK_REALTIME, advances with CLOCK_BOOTTIME (so it never jumps or freezes when somebody sets the clock or the machine sleeps) and never
 * falls below the last record's. A difference of more than 1 s to the wall clock is reported by clock_offset_ns and slewed away at 0.5 ms per second of log time.
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_CLOCK_H
#define CROWDTIDE_SCHEMAS_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ns(void); /* CLOCK_REALTIME */
int64_t clock_boot_ns(void); /* CLOCK_BOOTTIME */

struct log_clock { /* caller-owned; one thread, or the caller's lock */
    int64_t anchor_log_ns, anchor_boot_ns; /* log time = anchor_log + (boot - anchor_boot) + slew */
    int64_t last_ns;
    int64_t offset_ns; /* wall - log, at the last reading */
};

/* floor_ns: log time of the last record (0: none). boot_ns and wall_ns: now. */
void log_clock_start(struct log_clock *clock, int64_t floor_ns, int64_t boot_ns, int64_t wall_ns);
/* Log time for now; never less than the one before. Pure in its arguments, so that tests drive it. */
int64_t log_clock_read(struct log_clock *clock, int64_t boot_ns, int64_t wall_ns);
/* wall minus log time at the last reading. */
int64_t log_clock_offset_ns(const struct log_clock *clock);

#endif
