#include "schemas/base/suggest.h"

enum { SUGGEST_BYTES_MAX = 64, SUGGEST_EDITS_MAX = 2 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t suggest_distance(struct str a, struct str b, uint32_t limit)
{
    uint32_t apart = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (a.len > SUGGEST_BYTES_MAX || b.len > SUGGEST_BYTES_MAX || apart > limit)
        return limit + 1;
    uint32_t rows[3][SUGGEST_BYTES_MAX + 1];
    for (uint32_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (uint32_t i = 1; i <= a.len; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        uint32_t best = row[0] = i;
        for (uint32_t j = 1; j <= b.len; j++) {
            uint32_t change = above[j - 1] + (a.at[i - 1] != b.at[j - 1]);
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
            best = least(best, row[j]);
        }
        /* Safe for swaps too: a row is never more than one better than the next. */
        if (best > limit)
            return limit + 1;
    }
    return least(rows[a.len % 3][b.len], limit + 1);
}

uint32_t suggest_limit(struct str word)
{
    return least(SUGGEST_EDITS_MAX, word.len / 3);
}

const char *suggest_word(struct str word, const char *const *words, uint32_t count)
{
    uint32_t limit = suggest_limit(word), best = limit + 1;
    const char *near = NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t distance = suggest_distance(word, str_of(words[i]), limit);
        if (distance < best) {
            best = distance;
            near = words[i];
        }
    }
    return near;
}
