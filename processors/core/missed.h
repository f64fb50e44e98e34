/*
 * missed: people who passed a door while nothing was heard of it. A counter of kind delta says what
 * passed since its last message, so what its lost messages held is lost for ever; so is what passed
 * before a total that began anew meanwhile, and while a door was in maintenance. How many they were is
 * not known, but about how many pass there is: the possible loss stays in the bound of the zones on
 * both sides until level counters or a count by hand take its place (estimate_missed).
 *
 *     missed_seen(&m, now_ms, in, out)          passages counted as they happen: the pace
 *     missed_begin(&m, heard_ms)                it has fallen silent
 *     missed_accrue(&m, now_ms, lost)           again and again: may have passed uncounted since
 *     missed_back(&m, now_ms)                   it speaks again
 *     missed_told(&m, now_ms, in, out, found)   what it says takes off what had been feared
 *     if (missed_over(&m, now_ms))  missed_rise_milli(&m), missed_end(&m)
 *
 * Pace: passages of the last 5 to 10 min before it fell silent (two halves). The account runs on until
 * MISSED_SETTLE_MS after its return, and what it counts until then is taken off: a backlog that was
 * kept somewhere, in whatever order it comes, leaves nothing. Then, over MISSED_AFTER_MS, the pace
 * after: where it is higher than before, the crowd came meanwhile, at some moment between; half of
 * the difference is added for the whole absence. A lower one takes nothing off.
 *
 * A total or daily counter that goes on from where it was has lost nothing (missed_told_all). One that
 * began anew (missed_torn) is like a delta.
 *
 * Limits: a door at which nothing passes and that says nothing then (a gate by night) can't be told
 * from a silent one: give it a silence_s that its quiet times fit into, or declare when the zone is
 * empty (`empty_at`). One of which nothing was ever heard has no pace, and before its first message
 * nothing is feared.
 *
 * Numbers: thousandths of a person, [0] inward, [1] outward as the door counts; log time.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_MISSED_H
#define CROWDTIDE_PROCESSORS_CORE_MISSED_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "schemas/base/array.h"

enum {
    MISSED_HALF_MS = 5 * 60 * 1000,
    MISSED_SPAN_MS_MIN = 60 * 1000, /* a pace over less would be chance */
    MISSED_SETTLE_MS = 60 * 1000,
    MISSED_AFTER_MS = 4 * 60 * 1000,
};

struct missed { /* of one door; all zero at first */
    alignas(ARRAY_LINE_BYTES) int64_t half;       /* the running one: log time by MISSED_HALF_MS */
    int64_t from_ms;    /* it has been counting since then */
    int64_t seen[2][2]; /* passages of the running half and of the one before */
    bool open;          /* it is, or was just now, silent */
    bool absent;        /* it is */
    bool torn;          /* its numbers began anew meanwhile */
    int64_t until_ms;   /* the account goes so far */
    int64_t back_ms;    /* while open and not absent: when it spoke again */
    int64_t pace_milli[2];  /* a minute, before */
    int64_t feared_milli[2]; /* what the account holds */
    int64_t after[2];        /* passages since it had settled */
};

void missed_seen(struct missed *m, int64_t now_ms, int64_t in, int64_t out);
/* heard_ms: of its last message. Silent again while the account is open: that goes on. */
void missed_begin(struct missed *m, int64_t heard_ms);
/* ret_milli: so many more may have passed. Returns for how long of that it was silent, ms. */
int64_t missed_accrue(struct missed *m, int64_t now_ms, int64_t ret_milli[2]);
void missed_back(struct missed *m, int64_t now_ms);
/* ret_milli: so many are feared no more. */
void missed_told(struct missed *m, int64_t now_ms, int64_t in, int64_t out, int64_t ret_milli[2]);
void missed_told_all(struct missed *m, int64_t ret_milli[2]);
/* It counts from nothing: what it will say does not hold what went before. */
void missed_torn(struct missed *m);
bool missed_over(const struct missed *m, int64_t now_ms);
/* By how much more a minute passes now than before. */
void missed_rise_milli(const struct missed *m, int64_t ret_milli[2]);
/* Closes the account; what it holds stays feared for good. */
void missed_end(struct missed *m);

#endif
