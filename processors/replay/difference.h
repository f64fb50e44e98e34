/*
 * difference: the alerts of two runs over the same readings, compared: what one raises and the other does not, and what comes earlier or later.
 *
 *     struct difference *d = difference_new(&err);
 *     difference_alert(d, DIFFERENCE_BEFORE, &alert, &err);   every transition of either run, each run's in order
 *     difference_compare(d, from_ms, until_ms, &table, &err);
 *     for (i = 0; i < table.count; i++) … table.row[i]
 *     difference_free(d);
 *
 * Compared are, for each zone and rule, the spans of time at a level or above it. Ids play no part: they carry the start, which is what may differ. A zone that
 * loses its data keeps the level it had (it is latched); an alert that is open at the end is a span without an end. Levels that neither run has announced for a
 * zone and rule are left out, so that a rule of yellow and red alone makes no row for orange. Drills are left out.
 *
 * Two spans that touch in time are the same event; a span may only have one partner, the first. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_REPLAY_DIFFERENCE_H
#define CROWDTIDE_PROCESSORS_REPLAY_DIFFERENCE_H

#include "schemas/base/error.h"
#include "schemas/result/result.h"

enum {
    DIFFERENCE_KEYS_MAX = 4 * 1024 * 1024, /* zones by rules */
    DIFFERENCE_SPANS_MAX = 64 * 1024 * 1024,
};

enum difference_run { DIFFERENCE_BEFORE, DIFFERENCE_OTHER, DIFFERENCE_RUNS };

/* clang-format off */
#define DIFFERENCES(D)                                                                             \
    D(SAME, "same", "at the same time in both")                                                    \
    D(EARLIER, "earlier", "OTHER reaches the level earlier")                                       \
    D(LATER, "later", "OTHER reaches the level later")                                             \
    D(RAISED, "raised", "only OTHER reaches the level")                                            \
    D(MISSED, "missed", "OTHER does not reach the level")                                          \
    D(AGAIN, "again", "OTHER reaches the level once more while it lasted before")                  \
    D(JOINED, "joined", "OTHER stays at the level where it was left and reached again before")
/* clang-format on */
enum difference_kind {
#define DIFFERENCE_ENUM(name, text, meaning) DIFFERENCE_##name,
    DIFFERENCES(DIFFERENCE_ENUM)
#undef DIFFERENCE_ENUM
    DIFFERENCE_KINDS
};
const char *difference_text(enum difference_kind kind);
const char *difference_meaning(enum difference_kind kind);

struct difference_span { /* log time, ms */
    int64_t begin_ms;    /* RESULT_ABSENT: there is none */
    int64_t end_ms;      /* RESULT_ABSENT: open at the end */
};

struct difference_row {
    enum difference_kind kind;
    struct str zone, rule; /* borrowed from the difference */
    int level;             /* this one or above */
    struct difference_span span[DIFFERENCE_RUNS];
    int64_t shift_ms; /* OTHER's begin less the one before; 0 unless both are there */
};

struct difference_table {
    struct difference_row *row; /* by time; borrowed, until the next compare or free */
    uint32_t count;
    uint32_t total[DIFFERENCE_KINDS];
    int64_t earlier_max_ms, later_max_ms; /* 0: none; never below 0 */
    int64_t earlier_sum_ms, later_sum_ms;
};

struct difference; /* opaque */

/* NULL: NO_MEMORY. */
struct difference *difference_new(struct error *err);
void difference_free(struct difference *d); /* NULL is allowed */

/* Takes one transition; everything is copied. NO_MEMORY, TOO_LARGE (a limit above). */
bool difference_alert(struct difference *d, enum difference_run run, const struct result_alert *alert,
                      struct error *err);

/* Rows of which a span touches [from_ms, until_ms]. NO_MEMORY. */
bool difference_compare(struct difference *d, int64_t from_ms, int64_t until_ms, struct difference_table *ret, struct error *err);

#endif
