/* Where each result stands in a results log, and whether it was found: see audit_private.h. */
#include <assert.h>
#include <stdlib.h>

#include "processors/audit/audit_private.h"

enum { BASE_AT_START = 4096, STATES_AT_START = 1 << 16, PER_BYTE = 4 };
enum { RUNS_AT_START = 16, SKIP_MIN = 65536 /* sequences without a result: a run ends */ };

static bool grow_base(struct audit_places *p, uint64_t count, struct error *err)
{
    if (count > AUDIT_INPUTS_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "%llu inputs to audit, at most %d",
                         (unsigned long long)count, AUDIT_INPUTS_MAX);
    uint64_t cap = p->base_cap ? p->base_cap : BASE_AT_START;
    while (cap < count)
        cap *= 2;
    if (cap == p->base_cap)
        return true;
    uint32_t *grown = realloc(p->base, cap * sizeof *grown);
    if (!grown)
        return error_set(err, ERROR_NO_MEMORY, 0, "audit: inputs");
    p->base = grown;
    p->base_cap = cap;
    return true;
}

static bool grow_states(struct audit_places *p, uint64_t count, struct error *err)
{
    if (count > AUDIT_RESULTS_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "%llu results to audit, at most %llu",
                         (unsigned long long)count, (unsigned long long)AUDIT_RESULTS_MAX);
    uint64_t cap = p->state_cap ? p->state_cap : STATES_AT_START;
    while (cap < count)
        cap *= 2;
    if (cap == p->state_cap)
        return true;
    uint8_t *grown = realloc(p->state, cap / PER_BYTE);
    if (!grown)
        return error_set(err, ERROR_NO_MEMORY, 0, "audit: results");
    memset(grown + p->state_cap / PER_BYTE, 0, (cap - p->state_cap) / PER_BYTE);
    p->state = grown;
    p->state_cap = cap;
    return true;
}

static bool begin_run(struct audit_places *p, uint64_t input_seq, struct error *err)
{
    if (p->run_count == p->run_cap) {
        uint32_t cap = p->run_cap ? p->run_cap * 2 : RUNS_AT_START;
        struct audit_run *grown = realloc(p->run, cap * sizeof *grown);
        if (!grown)
            return error_set(err, ERROR_NO_MEMORY, 0, "audit: inputs");
        p->run = grown;
        p->run_cap = cap;
    }
    p->run[p->run_count++] = (struct audit_run){input_seq, input_seq, p->base_count};
    return true;
}

bool audit_places_add(struct audit_places *p, uint64_t input_seq, uint32_t index,
                      enum audit_state state, struct error *err)
{
    if ((p->run_count == 0 || input_seq > p->run[p->run_count - 1].next_seq + SKIP_MIN) &&
        !begin_run(p, input_seq, err))
        return false;
    struct audit_run *run = &p->run[p->run_count - 1];
    if (input_seq >= run->next_seq) {
        uint64_t more = input_seq - run->next_seq + 1;
        if (!grow_base(p, p->base_count + more, err))
            return false;
        for (; run->next_seq <= input_seq; run->next_seq++)
            p->base[p->base_count++] = (uint32_t)p->count;
    }
    assert(p->base && input_seq >= run->first_seq);
    uint64_t ordinal = (uint64_t)p->base[run->at + (input_seq - run->first_seq)] + index;
    if (ordinal >= p->count) {
        if (!grow_states(p, ordinal + 1, err))
            return false;
        p->count = ordinal + 1;
    }
    audit_places_set(p, ordinal, state);
    return true;
}

bool audit_places_find(const struct audit_places *p, uint64_t input_seq, uint32_t index,
                       uint64_t *ret_ordinal)
{
    uint32_t low = 0, high = p->run_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (p->run[middle].next_seq <= input_seq)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == p->run_count || input_seq < p->run[low].first_seq)
        return false;
    uint64_t at = p->run[low].at + (input_seq - p->run[low].first_seq);
    uint64_t end = at + 1 < p->base_count ? p->base[at + 1] : p->count;
    *ret_ordinal = (uint64_t)p->base[at] + index;
    return *ret_ordinal < end;
}

enum audit_state audit_places_get(const struct audit_places *p, uint64_t ordinal)
{
    return (enum audit_state)(p->state[ordinal / PER_BYTE] >> ordinal % PER_BYTE * 2 & 3);
}

void audit_places_set(struct audit_places *p, uint64_t ordinal, enum audit_state state)
{
    unsigned shift = (unsigned)(ordinal % PER_BYTE * 2);
    uint8_t *byte = &p->state[ordinal / PER_BYTE];
    *byte = (uint8_t)((*byte & ~(3u << shift)) | (unsigned)state << shift);
}

void audit_places_free(struct audit_places *p)
{
    free(p->run);
    free(p->base);
    free(p->state);
    *p = (struct audit_places){0};
}
