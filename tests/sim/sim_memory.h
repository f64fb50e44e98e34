/* sim_memory: the allocator that the programs get in the simulation (sim.h), and the real one
 * behind it. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_MEMORY_H
#define CROWDTIDE_TESTS_SIM_SIM_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *sim_allocate(size_t n);
void sim_release(void *p);

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t each);
void *__real_realloc(void *old, size_t n);
void __real_free(void *p);
int __real_posix_memalign(void **ret, size_t align, size_t n);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t each);
void *__wrap_realloc(void *old, size_t n);
void __wrap_free(void *p);
int __wrap_posix_memalign(void **ret, size_t align, size_t n);

#ifdef __cplusplus
}
#endif

#endif
