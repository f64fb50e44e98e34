/* Memory of the programs: malloc and its kin, each program's in a region of its own that a crash
   empties. What the world itself or a library allocates comes from the real ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"
#include "tests/sim/sim_memory.h"
#include "tests/sim/sim_os.h"

enum { CLASSES = 160, HEAD_BYTES = 16, STEPS = 4 /* classes between two powers of two */ };
static const size_t region_bytes = (size_t)1 << 30;

struct region {
    uint8_t *base;
    size_t used;
    void *free[CLASSES]; /* singly linked */
};

/* For the whole life of this program: regions stay mapped from run to run. */
static struct region regions[SIM_PROGRAMS];

/* The class that holds n bytes, and its size. */
static unsigned class_of(size_t n, size_t *ret_size)
{
    if (n <= 64) {
        *ret_size = (n + 15) / 16 * 16;
        return (unsigned)(*ret_size / 16);
    }
    unsigned log2 = 63 - (unsigned)__builtin_clzll(n - 1);
    size_t step = ((size_t)1 << log2) / STEPS;
    size_t over = (n - ((size_t)1 << log2) + step - 1) / step;
    *ret_size = ((size_t)1 << log2) + over * step;
    return 5 + (log2 - 6) * STEPS + (unsigned)over;
}

static struct region *region_of(const void *p)
{
    for (int i = 0; i < SIM_PROGRAMS; i++) {
        const struct region *r = &regions[i];
        if (r->base && (const uint8_t *)p >= r->base && (const uint8_t *)p < r->base + region_bytes)
            return &regions[i];
    }
    return NULL;
}

static struct region *current(void)
{
    if (!sim || !sim->task)
        return NULL;
    struct region *r = &regions[sim->task->program];
    if (!r->base) {
        r->base = __real_mmap(NULL, region_bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (r->base == MAP_FAILED)
            abort();
    }
    return r;
}

/* A block and before it its size class. *ret_fresh: its bytes are zero. */
static void *take(struct region *r, size_t n, size_t align, bool *ret_fresh)
{
    size_t size;
    unsigned class = class_of(n ? n : 1, &size);
    *ret_fresh = false;
    if (class >= CLASSES || size > region_bytes / 2)
        return NULL;
    if (align <= HEAD_BYTES && r->free[class]) {
        void *p = r->free[class];
        memcpy(&r->free[class], p, sizeof(void *));
        return p;
    }
    size_t at = (r->used + HEAD_BYTES + align - 1) / align * align;
    if (at + size > region_bytes)
        return NULL;
    r->used = at + size;
    uint32_t mark = class;
    memcpy(r->base + at - HEAD_BYTES, &mark, sizeof mark);
    memcpy(r->base + at - HEAD_BYTES + 8, &n, sizeof n);
    *ret_fresh = true;
    return r->base + at;
}

static void give(struct region *r, void *p)
{
    uint32_t class;
    memcpy(&class, (uint8_t *)p - HEAD_BYTES, sizeof class);
    memcpy(p, &r->free[class], sizeof(void *));
    r->free[class] = p;
}

static size_t size_at(const void *p)
{
    uint32_t class;
    size_t size = 0;
    memcpy(&class, (const uint8_t *)p - HEAD_BYTES, sizeof class);
    if (class < 5)
        return class * 16u;
    size = (size_t)1 << (6 + (class - 5) / STEPS);
    return size + (class - 5) % STEPS * (size / STEPS);
}

void sim_memory_clear(enum sim_program program)
{
    struct region *r = &regions[program];
    if (r->base)
        (void)__real_madvise(r->base, r->used, MADV_DONTNEED);
    r->used = 0;
    memset(r->free, 0, sizeof r->free);
}

void *sim_keep(size_t n)
{
    void *p = __real_calloc(1, n ? n : 1);
    if (!p)
        abort();
    return p;
}

void *sim_keep_more(void *old, size_t n)
{
    void *p = __real_realloc(old, n);
    if (!p)
        abort();
    return p;
}

void sim_keep_free(void *p)
{
    __real_free(p);
}

void *sim_allocate(size_t n)
{
    struct region *r = current();
    bool fresh;
    if (!r)
        return __real_malloc(n);
    void *p = take(r, n, HEAD_BYTES, &fresh);
    if (p && sim->options.filler)
        memset(p, sim->options.filler, n);
    return p;
}

void sim_release(void *p)
{
    struct region *r = region_of(p);
    if (!p)
        return;
    if (r)
        give(r, p);
    else
        __real_free(p);
}

void *__wrap_malloc(size_t n)
{
    return sim_allocate(n);
}

void __wrap_free(void *p)
{
    sim_release(p);
}

void *__wrap_calloc(size_t count, size_t each)
{
    struct region *r = current();
    bool fresh;
    size_t n;
    if (!r)
        return __real_calloc(count, each);
    if (__builtin_mul_overflow(count, each, &n))
        return NULL;
    void *p = take(r, n, HEAD_BYTES, &fresh);
    if (p && !fresh)
        memset(p, 0, n);
    return p;
}

void *__wrap_realloc(void *old, size_t n)
{
    if (!old)
        return sim_allocate(n);
    if (!region_of(old))
        return __real_realloc(old, n);
    size_t had = size_at(old);
    if (n <= had)
        return old;
    void *p = sim_allocate(n);
    if (!p)
        return NULL;
    memcpy(p, old, had);
    sim_release(old);
    return p;
}

int __wrap_posix_memalign(void **ret, size_t align, size_t n)
{
    struct region *r = current();
    bool fresh;
    if (!r)
        return __real_posix_memalign(ret, align, n);
    void *p = take(r, n, align < HEAD_BYTES ? HEAD_BYTES : align, &fresh);
    if (!p)
        return ENOMEM;
    if (sim->options.filler)
        memset(p, sim->options.filler, n);
    *ret = p;
    return 0;
}
