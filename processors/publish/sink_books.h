/*
 * sink_books: what became of the results of one log at one store, as counters that add up:
 *
 *     position = delivered + rejected + skipped + lost + uncounted
 *
 *     struct sink_books books = {.counters = counters, .seq = …};
 *     sink_books_at(&books, &position);    everything up to there is in the other counters
 *
 * The sequences of a results log have holes: a power cut leaves them, and retention may have taken
 * the beginning before the store's first use. And a publisher may be killed between moving its
 * cursor and counting. Such sequences are `uncounted`. They can come only where a publisher starts
 * and where an epoch of the log begins; there the books are settled. In between not one may go
 * missing unseen.
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_SINK_BOOKS_H
#define CROWDTIDE_PROCESSORS_PUBLISH_SINK_BOOKS_H

#include "schemas/counters/counters.h"
#include "schemas/log/log.h"

struct sink_books {
    struct counters *counters; /* NULL: nothing happens */
    enum counter seq, uncounted;
    enum counter delivered, rejected, skipped, lost;
    bool settled;
    uint32_t epoch; /* of the position settled last */
};

void sink_books_at(struct sink_books *books, const struct log_position *at);

#endif
