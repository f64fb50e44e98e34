#include "processors/replay/skips.h"

#include <stdlib.h>

enum { SKIPS_FIRST = 16 };

struct skip {
    uint64_t seq;
    uint32_t crashes;
};

bool skips_add(struct skips *skips, const struct result_skipped *skipped, struct error *err)
{
    if (skips->count == skips->cap) {
        uint32_t cap = skips->cap ? skips->cap * 2 : SKIPS_FIRST;
        struct skip *grown = realloc(skips->at, cap * sizeof *grown);
        if (!grown)
            return error_set(err, ERROR_NO_MEMORY, 0, "inputs left out");
        skips->at = grown;
        skips->cap = cap;
    }
    skips->at[skips->count++] =
        (struct skip){(uint64_t)skipped->input_seq, (uint32_t)skipped->crashes};
    return true;
}

static int by_seq(const void *a, const void *b)
{
    const struct skip *x = a, *y = b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void skips_sort(struct skips *skips)
{
    if (skips->count)
        qsort(skips->at, skips->count, sizeof *skips->at, by_seq);
}

uint32_t skips_find(const struct skips *skips, uint64_t seq)
{
    const struct skip wanted = {.seq = seq};
    if (skips->count == 0)
        return 0;
    const struct skip *found = bsearch(&wanted, skips->at, skips->count, sizeof *skips->at, by_seq);
    return found ? found->crashes : 0;
}

void skips_free(struct skips *skips)
{
    free(skips->at);
    *skips = (struct skips){0};
}
