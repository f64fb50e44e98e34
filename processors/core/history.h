/*
 * history: what each zone's last minutes were, as far as is known by now: people, entries, exits. It
 * integrates what is believed at the time, and late data repair it: a passage that happened at a
 * source time before now moves people from then on; a level shown late holds from its own time to
 * that of the sensor's next one. Repairs are sums of integers, so the order in which late data come
 * does not matter.
 *
 * Limits: HISTORY_MINUTES back; what is older than that is in the series of readings only. Where
 * level counters and doors are fused a late level repairs nothing: the doors tell what moved when.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_HISTORY_H
#define CROWDTIDE_PROCESSORS_CORE_HISTORY_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "schemas/base/array.h"

enum {
    HISTORY_MINUTES = 16, /* the running one and the last quarter of an hour */
    HISTORY_MINUTE_MS = 60000,
    HISTORY_LEVELS = 6, /* of one level counter: later ones find their place among these */
};

struct history_minute {
    int64_t people_ms;
    int64_t in, out;
    int32_t known_ms;
    int32_t revision; /* -1: not said yet */
    bool changed;     /* since said */
};

struct history { /* of one zone */
    int64_t at_ms;  /* integrated up to here, log time */
    struct history_minute minute[HISTORY_MINUTES]; /* at minute since 1970 mod HISTORY_MINUTES */
};

/* The last levels of one counter, by source time, the newest last. One cache line: every reading comes
 * by here. */
struct history_levels {
    alignas(ARRAY_LINE_BYTES) int64_t newest_ms; /* source time of the newest */
    int32_t ago_ms[HISTORY_LEVELS]; /* of each, before the newest */
    int32_t value[HISTORY_LEVELS];
    uint32_t count;
};
_Static_assert(sizeof(struct history_levels) <= 64, "one cache line");

/* A span of the past in which a level was another one than believed. */
struct history_span {
    int64_t from_ms, to_ms;
    int64_t people; /* so many more; negative: fewer */
};

void history_start(struct history *h, int64_t now_ms);
/* The zone held so many people until now_ms (log time, never falling). */
void history_to(struct history *h, int64_t now_ms, int64_t people, bool known);
/* Passages at a source time. */
void history_count(struct history *h, int64_t ts_ms, int64_t in, int64_t out);
/* From from_ms to to_ms there were so many more people. */
void history_shift(struct history *h, int64_t from_ms, int64_t to_ms, int64_t people);

/* A level of source time ts_ms came at now_ms. Returns what it says of the past; people 0: nothing. */
struct history_span history_level(struct history_levels *levels, int64_t ts_ms, int64_t value,
                                  int64_t now_ms);

#endif
