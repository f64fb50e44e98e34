/* Threads, locks, waiting, clocks and randomness of the programs (-Wl,--wrap). */
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/sim/sim.h"
#include "tests/sim/sim_desk.h"
#include "tests/sim/sim_os.h"

enum { NS_PER_MS = 1000000, WAKE_LATE_NS_MAX = 60000 };
#define NS_PER_S INT64_C(1000000000)
#define WALL_START_NS INT64_C(1795424400000000000)
#define BOOT_START_NS INT64_C(3000000000) /* how long the machine has run when programs start */

static bool inside(void)
{
    return sim && sim->task;
}

/* ---- time ---- */

int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
    if (!sim)
        return __real_clock_gettime(id, out);
    int64_t ns = id == CLOCK_REALTIME ? WALL_START_NS + sim->now_ns + sim->wall_off_ns
                                      : BOOT_START_NS + sim->now_ns - sim->boot_at_ns;
    *out = (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
    return 0;
}

int __wrap_nanosleep(const struct timespec *pause, struct timespec *left)
{
    if (!inside())
        return __real_nanosleep(pause, left);
    sim_sleep(pause->tv_sec * NS_PER_S + pause->tv_nsec + (int64_t)sim_random(WAKE_LATE_NS_MAX));
    return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int ms)
{
    if (!inside())
        return __real_poll(fds, count, ms);
    if (!sim_desk_waits()) /* only ingest polls, for operators */
        sim_wait(sim->desk, (int64_t)ms * NS_PER_MS);
    return sim_desk_waits();
}

long __wrap_syscall(long number, ...)
{
    va_list args;
    va_start(args, number);
    uint32_t *word = va_arg(args, uint32_t *);
    int what = va_arg(args, int);
    uint32_t value = va_arg(args, uint32_t);
    const struct timespec *most = va_arg(args, const struct timespec *);
    va_end(args);
    if (number != SYS_futex || !inside())
        abort();
    if (what == FUTEX_WAKE) {
        sim_wake(word);
        return 0;
    }
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value) {
        errno = EAGAIN;
        return -1;
    }
    sim_wait(word, most ? most->tv_sec * NS_PER_S + most->tv_nsec : SIM_NEVER);
    return 0;
}

/* ---- threads ---- */

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *arg)
{
    if (!inside())
        return __real_pthread_create(ret, attributes, fn, arg);
    *ret = (pthread_t)(uintptr_t)sim_task_new(sim->task->program, fn, arg);
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **ret)
{
    if (!inside())
        return __real_pthread_join(thread, ret);
    struct sim_task *t = (struct sim_task *)(uintptr_t)thread;
    while (!t->ended)
        sim_wait(t, SIM_NEVER);
    t->used = false;
    return 0;
}

/* Zeroed memory is an open mutex; its first word says whether it is taken. */
int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attributes)
{
    if (!inside())
        return __real_pthread_mutex_init(m, attributes);
    memset(m, 0, sizeof *m);
    return 0;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *m)
{
    return inside() ? 0 : __real_pthread_mutex_destroy(m);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
    if (!inside())
        return __real_pthread_mutex_lock(m);
    int *taken = (int *)m;
    while (*taken)
        sim_wait(m, SIM_NEVER);
    *taken = 1;
    return 0;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
    if (!inside())
        return __real_pthread_mutex_unlock(m);
    *(int *)m = 0;
    sim_wake(m);
    return 0;
}

/* ---- everything else ---- */

ssize_t __wrap_getrandom(void *out, size_t n, unsigned flags)
{
    if (!sim)
        return __real_getrandom(out, n, flags);
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)sim_random(256);
    return (ssize_t)n;
}

pid_t __wrap_getpid(void)
{
    return inside() ? 100 * ((int)sim->task->program + 1) + sim->process[sim->task->program].pid
                    : __real_getpid();
}

pid_t __wrap_gettid(void)
{
    return inside() ? __wrap_getpid() : __real_gettid();
}

void __wrap__exit(int code)
{
    if (inside())
        sim_exit(code);
    __real__exit(code);
}

/* A program that crashes by itself is a failure of the whole simulation: no handlers. */
int __wrap_sigaction(int sig, const struct sigaction *action, struct sigaction *before)
{
    return inside() ? 0 : __real_sigaction(sig, action, before);
}

int __wrap_sigaltstack(const stack_t *stack, stack_t *before)
{
    return inside() ? 0 : __real_sigaltstack(stack, before);
}

int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
    return inside() ? 0 : __real_pthread_sigmask(how, set, before);
}

int __wrap_mallopt(int what, int value)
{
    return inside() ? 1 : __real_mallopt(what, value);
}
