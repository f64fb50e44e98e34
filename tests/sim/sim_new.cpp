// C++ in the programs (the JSON parser) takes its memory from the program's region, too: a crash in
// mid-run leaves nothing behind.
#include <new>

#include "tests/sim/sim_memory.h"

void *operator new(std::size_t n)
{
    void *p = sim_allocate(n);
    if (!p)
        throw std::bad_alloc();
    return p;
}

void *operator new[](std::size_t n)
{
    return operator new(n);
}

void *operator new(std::size_t n, const std::nothrow_t &) noexcept
{
    return sim_allocate(n);
}

void *operator new[](std::size_t n, const std::nothrow_t &) noexcept
{
    return sim_allocate(n);
}

void operator delete(void *p) noexcept
{
    sim_release(p);
}

void operator delete[](void *p) noexcept
{
    sim_release(p);
}

void operator delete(void *p, std::size_t) noexcept
{
    sim_release(p);
}

void operator delete[](void *p, std::size_t) noexcept
{
    sim_release(p);
}
