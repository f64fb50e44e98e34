/*
 * arena: memory that is given out in pieces and freed as a whole. For what is built once and then only read (a parsed file, a venue).
 *
 *     struct arena *arena = arena_new(64 * 1024 * 1024);
 *     struct thing *thing = arena_alloc(arena, n, sizeof *thing);   // zeroed; NULL: no memory or over the limit
 *     arena_free(arena);
 *
 * One thread at a time.
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_ARENA_H
#define CROWDTIDE_SCHEMAS_BASE_ARENA_H

#include <stddef.h>

#include "schemas/base/str.h"

struct arena;

/* bytes_max: what it gives out in total, at most. NULL: no memory. */
struct arena *arena_new(size_t bytes_max);
void arena_free(struct arena *arena); /* NULL is allowed */

/* count × size zeroed bytes, aligned for any type; never NULL for count 0. NULL: no memory, over the limit, or the product overflows. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* A copy of s with a NUL after it. On NULL (as above) the returned str has at == NULL. */
struct str arena_copy(struct arena *arena, struct str s);

#endif
