/*
 * page_blind: the pager's own watch on the watch: raises `venue-blind` when nothing has held for a
 * minute, and clears it when everything holds again (processors/watch/blind.h).
 *
 *     page_blind_new(&options, &watch, &err);
 *     page_blind_turn(watch, wall_ms, boot_ms, &err);      in the pager's loop, as often as it
 * turns page_blind_free(watch);
 *
 * Whether it was blind before a restart the pager remembers. One thread, the pager's.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_BLIND_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_BLIND_H

#include "processors/net/kafka_sizes.h"
#include "processors/page/pager.h"

struct page_blind; /* opaque */

enum { PAGE_BLIND_EVERY_MS = 1000 /* more often there is nothing to see */ };

struct page_blind_options { /* borrowed */
    const char *state_dir;  /* whose heartbeats and counters are looked at */
    const struct kafka_link *kafka; /* or, not NULL: whose heartbeats; the programs are another machine's … */
    const struct kafka_size *size;  /* … of the topic PAGE_BEAT_TOPIC … */
    const struct kafka_sizes *sizes; /* … as this one, which the caller follows, finds it … */
    struct str venue;               /* … of this id; all of them outlive the watch */
    struct pager *pager;
    int64_t blind_s; /* setting watch.blind_s */
    int64_t wall_ms, boot_ms;
};

/* NO_MEMORY. */
bool page_blind_new(const struct page_blind_options *options, struct page_blind **ret,
                    struct error *err);
void page_blind_free(struct page_blind *watch); /* NULL is allowed */

/* False: the heartbeats can't be read, or the pager could not store what it was told (it tells it
   all the same); go on. */
bool page_blind_turn(struct page_blind *watch, int64_t wall_ms, int64_t boot_ms, struct error *err);

#endif
