#include "processors/process/blame.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

enum { HANDLER_STACK_BYTES = 64 * 1024 };

/* A signal handler takes no context: what it may touch stands here, and nowhere else in this room.
 */
static struct counters *_Atomic blame_counters;
static _Atomic pid_t blame_thread;
static char handler_stack[HANDLER_STACK_BYTES]; /* the crash may be an overflow of the stack */

static const int crash_signals[] = {SIGSEGV, SIGABRT, SIGFPE, SIGILL};
enum { CRASH_SIGNALS = sizeof crash_signals / sizeof crash_signals[0] };

/* SA_RESETHAND: on return a fault repeats, with the default action. A signal that was sent (abort,
   or the supervisor because process hangs) does not: it is sent once more. */
static void on_crash(int sig, siginfo_t *info, void *context)
{
    (void)context;
    struct counters *counters = atomic_load(&blame_counters);
    if (counters && atomic_load(&blame_thread) == gettid())
        counters_crashed(counters);
    if (info->si_code <= 0)
        (void)raise(sig);
}

void blame_install(struct counters *counters)
{
    stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    struct sigaction action = {.sa_sigaction = on_crash,
                               .sa_flags =
                                   (int)(SA_RESETHAND | SA_NODEFER) | SA_ONSTACK | SA_SIGINFO};
    atomic_store(&blame_thread, gettid());
    atomic_store(&blame_counters, counters);
    bool stacked = sigaltstack(&stack, NULL) == 0;
    if (!stacked)
        action.sa_flags &= ~SA_ONSTACK;
    for (int i = 0; i < CRASH_SIGNALS; i++)
        (void)sigaction(crash_signals[i], &action, NULL); /* fails for unknown signals only */
}

void blame_remove(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int i = 0; i < CRASH_SIGNALS; i++)
        (void)sigaction(crash_signals[i], &action, NULL);
    atomic_store(&blame_counters, NULL);
}
