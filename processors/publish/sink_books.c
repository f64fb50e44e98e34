#include "processors/publish/sink_books.h"

static uint64_t counted(const struct sink_books *b)
{
    return counters_get(b->counters, b->delivered) + counters_get(b->counters, b->rejected) +
           counters_get(b->counters, b->skipped) + counters_get(b->counters, b->lost);
}

/* More than there is: counted, but killed before the cursor moved. It will be counted again. */
static void settle(const struct sink_books *b, uint64_t seq)
{
    uint64_t sum = counted(b);
    if (sum > seq) {
        uint64_t delivered = counters_get(b->counters, b->delivered), excess = sum - seq;
        counters_set(b->counters, b->delivered, delivered > excess ? delivered - excess : 0);
        sum = seq;
    }
    counters_set(b->counters, b->uncounted, seq - sum);
}

void sink_books_at(struct sink_books *books, const struct log_position *at)
{
    if (!books->counters)
        return;
    if (!books->settled || at->epoch != books->epoch)
        settle(books, at->seq);
    books->settled = true;
    books->epoch = at->epoch;
    counters_set(books->counters, books->seq, at->seq);
}
