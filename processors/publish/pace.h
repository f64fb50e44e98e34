/*
 * pace: when to try again and when to say so again. Small helpers of the publishers' loops; each belongs to one thread.
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_PACE_H
#define CROWDTIDE_PROCESSORS_PUBLISH_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "schemas/counters/counters.h"

enum {
    PACE_MS_MIN = 100,
    PACE_MS_MAX = 10000,
    NOTICE_TEXT_BYTES = 400,
    NOTICE_AGAIN_S = 60,
    PUBLISH_FEEDS_MAX = 2,
    PUBLISH_SILENT_S_MAX = 60, /* of a feed that lives: its longest call and pause are far shorter */
};

/* What the threads of a publisher share. */
struct publish_shared {
    atomic_bool stop;
    atomic_uint down; /* bit per feed that can't reach its sink */
    struct counters *counters;
    _Atomic int64_t seen_ns[PUBLISH_FEEDS_MAX]; /* when each feed last came by, on CLOCK_BOOTTIME */
};

static inline bool publish_stopping(struct publish_shared *shared)
{
    return atomic_load_explicit(&shared->stop, memory_order_relaxed);
}

/* A feed says that it goes on. */
void publish_seen(struct publish_shared *shared, uint32_t feed);
/* The feed that has been silent too long at this time; PUBLISH_FEEDS_MAX: none of the first `count`. */
uint32_t publish_silent(const struct publish_shared *shared, uint32_t count, int64_t now_ns);

/* Sets the sink's UP gauge from all feeds. */
void publish_set_up(struct publish_shared *shared, enum counter gauge, uint32_t feed, bool up);

/* Sleeps in slices; false when stopping. */
bool publish_pause(struct publish_shared *shared, uint32_t ms);

/* Doubling from PACE_MS_MIN to PACE_MS_MAX; each pause is drawn between half and all of it, so that many publishers don't come back together. */
struct pace {
    uint32_t ms;   /* 0: the last attempt succeeded */
    uint64_t seed;
};
uint32_t pace_next_ms(struct pace *pace);
void pace_reset(struct pace *pace);

/* Says whether a complaint is worth a line: the first time, when its words change, and every NOTICE_AGAIN_S. */
struct notice {
    char text[NOTICE_TEXT_BYTES];
    int64_t said_ns;
};
bool notice_due(struct notice *notice, const char *text);
/* True when there was something to take back. */
bool notice_clear(struct notice *notice);
/* Event `waiting`, when it is due, while the feed of `log` waits: feed_waits. */
struct feed;
void notice_waiting(struct notice *notice, const char *program, const char *log, const struct feed *feed);

#endif
