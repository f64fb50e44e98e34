#include "schemas/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "schemas/base/array.h"

/* With AddressSanitizer each allocation is a chunk of its own: a byte too many is seen then. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_SEPARATE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_SEPARATE 1
#endif
#endif
#ifdef ARENA_SEPARATE
enum { ARENA_CHUNK_BYTES = 0, ARENA_GROWTH_PART = INT32_MAX };
#else
enum { ARENA_CHUNK_BYTES = 64 * 1024, ARENA_GROWTH_PART = 4 };
#endif

struct chunk {
    struct chunk *next;
    size_t used, cap;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct chunk *first; /* the one in use */
    size_t given, max;
};

struct arena *arena_new(size_t bytes_max)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena)
        arena->max = bytes_max;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct chunk *chunk = arena->first; chunk;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

/* Chunks grow with what they hold, so that many small pieces come to lie on huge pages, too. */
static struct chunk *chunk_add(struct arena *arena, size_t need)
{
    size_t cap = ARENA_CHUNK_BYTES + arena->given / ARENA_GROWTH_PART;
    cap = need > cap ? need : cap;
    struct chunk *chunk = calloc(1, sizeof *chunk + cap);
    if (!chunk)
        return NULL;
    array_huge(chunk, sizeof *chunk + cap);
    chunk->cap = cap;
    chunk->next = arena->first;
    arena->first = chunk;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t need;
    if (__builtin_mul_overflow(count, size, &need) || need > arena->max - arena->given)
        return NULL;
    size_t padded = (need + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (padded == 0)
        padded = alignof(max_align_t);
    struct chunk *chunk = arena->first;
    if (!chunk || padded > chunk->cap - chunk->used)
        chunk = chunk_add(arena, padded);
    if (!chunk)
        return NULL;
    void *at = chunk->bytes + chunk->used;
    chunk->used += padded;
    arena->given += need;
    return at;
}

struct str arena_copy(struct arena *arena, struct str s)
{
    char *at = arena_alloc(arena, (size_t)s.len + 1, 1);
    if (!at)
        return (struct str){0};
    if (s.len)
        memcpy(at, s.at, s.len);
    return (struct str){at, s.len};
}
