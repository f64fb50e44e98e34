/*
 * array: memory for an array that is made once and lives long: a model's sensors, a file's entries.
 * It begins on a cache line, so that an element of whole lines never lies on one more. A large one
 * asks the kernel for huge pages: with many sensors every message goes to other pages, and what finds
 * small ones has no room for so many.
 *
 *     struct thing *thing = array_new(n, sizeof *thing);     zeroed; NULL: no memory
 *     free(thing);
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_ARRAY_H
#define CROWDTIDE_SCHEMAS_BASE_ARRAY_H

#include <stddef.h>

enum { ARRAY_LINE_BYTES = 64, ARRAY_HUGE_PAGE_BYTES = 2 * 1024 * 1024 };

/* Never NULL for count 0. All of it is touched: what is used by and by and may never be used up is
 * better calloc'ed. The caller frees it. */
void *array_new(size_t count, size_t size);

/* Huge pages, please, for as much of it as is whole ones; says nothing about whether there are any.
 * What is there already stays as it is. */
void array_huge(void *at, size_t bytes);

#endif
