/*
 * skips: the inputs that process left out after they had crashed it, as the alerts log tells them;
 * whoever runs the readings again leaves them out, too.
 *
 *     struct skips skips = {0};
 *     skips_add(&skips, &result.skipped, &err)      of each result `skipped`
 *     skips_sort(&skips);                           once, after the last of them
 *     crashes = skips_find(&skips, seq);            0: it was not left out
 *     skips_free(&skips);
 *
 * One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_REPLAY_SKIPS_H
#define CROWDTIDE_PROCESSORS_REPLAY_SKIPS_H

#include "schemas/result/result.h"

struct skips { /* all zero at first; the members are private */
    struct skip *at;
    uint32_t count, cap;
};

/* NO_MEMORY. */
bool skips_add(struct skips *skips, const struct result_skipped *skipped, struct error *err);
void skips_sort(struct skips *skips);
/* How often process crashed on the input before it left it out. O(log of their number). */
uint32_t skips_find(const struct skips *skips, uint64_t seq);
void skips_free(struct skips *skips);

#endif
