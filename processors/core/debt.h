/*
 * debt: what a zone's border counters owe each other. They do not report in step: people who left
 * may be counted out before the counter they came in by has spoken. Raising the sum to zero at such
 * a moment invents people, for their arrival is counted all the same later. So the sum may fall
 * below zero: occupancy shows zero and the rest is owed, to be repaid by the arrivals to come.
 *
 * But counters also miss people, and what was missed is never repaid: the next people to arrive
 * would be hidden for it. Three things keep that small and visible:
 *  - time: no more is owed than was counted out in the last two to three slots of log time. A slot
 *    is the longest interval of the border's counters, at least 60 s, so that the reports of one
 *    interval, or of all who speak again after the broker was away, have come by then. The rest is
 *    forgiven: those people were missed, and the sum begins at zero again. While one of the counters
 *    is silent, and for a slot after, nothing is: it may have held its messages back, and what is
 *    forgiven would be counted twice;
 *  - size: never more than DEBT_MAX, whatever one message says;
 *  - doubt: the most that was ever owed at once stays in the error, repaid or not. So occupancy and
 *    error together reach what raising the sum each time would have shown.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_DEBT_H
#define CROWDTIDE_PROCESSORS_CORE_DEBT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DEBT_SLOTS = 3,
    DEBT_SLOT_MS_MIN = 60 * 1000,
    DEBT_SLOT_MS_MAX = 900 * 1000,
    /* About what one hall is allowed to hold: no delay of reports explains more. */
    DEBT_MAX = 10000,
};

struct debt {                 /* of one zone; all zero: nothing is owed */
    int64_t owed;             /* people; above zero only while occupancy is zero */
    int64_t doubt;            /* the most owed at once, less what was forgiven since */
    int64_t forgiven;         /* people that would have been below zero */
    int64_t held_ms;          /* log time when a counter was last silent; 0: never */
    int64_t slot_from_ms;     /* the running slot's begin, log time */
    int64_t left[DEBT_SLOTS]; /* people counted out; 0: the running slot */
};

struct debt_passage {
    int64_t now_ms; /* log time, never falling */
    int64_t slot_ms;
    bool held; /* a counter of the border is silent: what it will tell may explain all of the debt */
    int64_t in, out;
};

/* Takes a passage across the zone's border. Returns the zone's occupancy after it. *ret_err: people
 * by which the error grows beyond what the passage itself adds. */
int64_t debt_take(struct debt *debt, int64_t occupancy, const struct debt_passage *passage,
                  int64_t *ret_err);

/* The slot for a border whose slowest counter reports this often; 0: not known. */
int64_t debt_slot_ms(int64_t interval_ms);

#endif
