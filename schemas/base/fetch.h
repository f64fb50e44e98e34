/*
 * fetch: memory that will be needed soon may begin to come. A hint: any address is allowed, and
 * nothing is read as far as anybody can see. A core has some twenty fetches under way at a time;
 * what is asked for beyond that is a wait like any other, and so is one on a page whose address has
 * to be looked up (array.h).
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_FETCH_H
#define CROWDTIDE_SCHEMAS_BASE_FETCH_H

#include <stddef.h>
#include <stdint.h>

enum { FETCH_LINE_BYTES = 64 };

/* Every cache line that [from, from + bytes) touches. */
static inline void fetch(const void *from, size_t bytes)
{
    const char *at = (const char *)from - (uintptr_t)from % FETCH_LINE_BYTES;
    for (; at < (const char *)from + bytes; at += FETCH_LINE_BYTES) {
        __builtin_prefetch(at);
        /* gcc drops calls of functions that do nothing but prefetch, as if they had no effect. */
        __asm__ volatile("");
    }
}

#endif
