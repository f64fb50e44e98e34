/*
 * skew: a sensor's clock that is steadily off. A door whose clock is four minutes behind would have all
 * of its passages taken for late: they move people, but never count in the rates, and in a fused zone
 * they look like a contradiction. One some tens of seconds behind would have left the last minute
 * before it is counted. So a steady offset is recognised, and added to the source's times.
 *
 *     skew_note(&skew, now_ms, now_ms - source_ms)   of each live message with a time of its source
 *     source_ms + skew.offset_ms                     its time by our clock
 *
 * Receipt less source time is the clock's error and the way here; the way may take longer now and
 * then, never less than its least. A run is of messages that took at most SKEW_STEADY_MS longer than the
 * least of them, and at most so much less than the first; SKEW_STRAYS in a row that took longer, or one that
 * took less, begin another. A run of SKEW_MESSAGES over SKEW_RUN_MS is
 * in force: its least, when that is SKEW_LEAST_MS or more (also below 0: a clock ahead), else nothing. It stays
 * so until another run is. A backlog is no run: each of its messages has taken less than the one before.
 *
 * So for the first minute after a clock was set wrong its messages are late (or, from the future, of
 * now), and for the first minute after it was set right they are of now, or as it says. A sensor that
 * always takes as long to deliver as a clock is behind looks the same: it counts as of when it is heard.
 *
 * After a clock was set back all that follows is older than what went before. A run tells it from a
 * backlog before it is in force: by its clock, what went before is of the future.
 *
 *     if (skew_set_back(&skew, now_ms, newest_source_ms))   the order of times says nothing
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_SKEW_H
#define CROWDTIDE_PROCESSORS_CORE_SKEW_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SKEW_STEADY_MS = 5000,
    SKEW_LEAST_MS = 5000, /* less is the way's */
    SKEW_RUN_MS = 60000,
    SKEW_MESSAGES = 4,
    SKEW_STRAYS = 8,
    SKEW_PACE_PART = 10, /* a clock's run goes on by less than that part of its time; a backlog by more */
};

struct skew { /* all zero at first */
    int64_t offset_ms; /* in force; below 0: its clock is ahead */
    int64_t first_ms;  /* of the run's first message */
    int64_t least_ms;  /* of the run */
    int64_t since_ms;  /* log time of its first message */
    uint8_t count;     /* its messages, up to SKEW_MESSAGES; 0: none yet */
    uint8_t strays;    /* in a row since */
};

/* now_ms: log time, never falling. */
void skew_note(struct skew *skew, int64_t now_ms, int64_t offset_ms);
/* The message of now has been noted. source_ms: the newest time that the source ever gave. */
bool skew_set_back(const struct skew *skew, int64_t now_ms, int64_t source_ms);

#endif
