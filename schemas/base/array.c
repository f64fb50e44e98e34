#include "schemas/base/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void array_huge(void *at, size_t bytes)
{
    const uintptr_t mask = ARRAY_HUGE_PAGE_BYTES - 1;
    uintptr_t from = ((uintptr_t)at + mask) & ~mask, to = ((uintptr_t)at + bytes) & ~mask;
    if (from < to) /* a kernel that has none refuses: nothing is lost */
        (void)madvise((char *)at + (from - (uintptr_t)at), to - from, MADV_HUGEPAGE);
}

void *array_new(size_t count, size_t size)
{
    size_t bytes;
    void *at;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    size_t begin = bytes < ARRAY_HUGE_PAGE_BYTES ? ARRAY_LINE_BYTES : ARRAY_HUGE_PAGE_BYTES;
    if (posix_memalign(&at, begin, bytes ? bytes : 1) != 0)
        return NULL;
    array_huge(at, bytes);
    memset(at, 0, bytes);
    return at;
}
