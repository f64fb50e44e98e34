/*
 * blind: whether the venue is watched at all, as a reader of the heartbeats sees it by clocks of
 * its own: when nothing has held for a minute somebody must be called.
 *
 *     blind_start(&blind, blind_ms, wall_ms, boot_ms)
 *     switch (blind_step(&blind, &look)) …                 once a second
 *     blind_explain(&blind, &look, &text)                  which part is silent
 *
 * Begins blind_ms after the last moment of which it is known that all was heard, and ends once
 * everything has held again for BLIND_CLEAR_MS without a break: a path that opens for a moment now
 * and then is blind all the same. Durations are of CLOCK_BOOTTIME, so nobody's setting of the clock
 * begins or ends anything; of the wall clock only the moment counts at which a new heartbeat comes.
 * Who could not look for so long itself (stopped, the machine asleep) was blind itself: that time
 * does not count. Nor does the first minute after its start.
 *
 * Pure; caller-owned; one thread.
 */
#ifndef CROWDTIDE_PROCESSORS_WATCH_BLIND_H
#define CROWDTIDE_PROCESSORS_WATCH_BLIND_H

#include "processors/watch/validity.h"
#include "processors/watch/watch_figures.h"

enum {
    BLIND_CLEAR_MS = 10000,
    BLIND_PAUSE_MS = 5000, /* of one who looks, before it was blind itself */
};

enum blind_turn { BLIND_SAME, BLIND_BEGINS, BLIND_ENDS };

struct blind_look { /* borrowed */
    int64_t wall_ms, boot_ms;
    const struct result_heartbeat *beat; /* the newest; NULL: none has come */
    const struct watch_figures *figures; /* NULL: of another machine */
};

struct blind {
    int64_t blind_ms;
    bool blind;       /* the venue is */
    int64_t since_ms; /* by the wall clock: when it was known last that all is heard */
    /* by CLOCK_BOOTTIME: */
    int64_t looked_ms; /* the last look */
    int64_t until_ms;  /* what is said holds until then */
    int64_t from_ms;   /* it has held since, without a break */
    int64_t steady_ms; /* it had held for BLIND_CLEAR_MS, the last time */
    bool holds;        /* at the last look */
    int64_t beat_at_ms;
    bool beat_seen;
};

/* blind_ms: BLIND_CLEAR_MS + RESULT_VALID_MS at least. */
void blind_start(struct blind *blind, int64_t blind_ms, int64_t wall_ms, int64_t boot_ms);
/* It was blind when this reader ended, and somebody has been told so. */
void blind_resume(struct blind *blind);

enum blind_turn blind_step(struct blind *blind, const struct blind_look *look);

/* Everything holds at the last look. */
bool blind_holds(const struct blind *blind);

/* Which part is silent, in words for a technician; nothing while everything holds. */
void blind_explain(const struct blind *blind, const struct blind_look *look, struct text *out);

#endif
