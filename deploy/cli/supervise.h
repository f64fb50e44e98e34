/*
 * supervise: keeps a few programs running as children of this process.
 *
 *     return supervise_run(&(struct supervise_options){.programs = programs, .count = 4, …});
 *
 * A program that ends is started again after a pause: it begins at backoff_first_ms, doubles up to
 * backoff_max_ms, is jittered, and begins anew once the program has run for healthy_ms. Exit codes
 * named as final are not retried: the reason is said loudly, and again every reminder_ms.
 *
 * SIGTERM or SIGINT stops the programs stage by stage; each stage has stop_ms, then SIGKILL. A
 * second such signal tells all of them at once, a third kills. SIGHUP goes to the programs that
 * want it. Children end (SIGTERM) when this process dies, however it dies.
 *
 * One thread; the signals above and SIGCHLD are blocked in it and taken one by one, so nothing is
 * done in a signal handler.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_SUPERVISE_H
#define CROWDTIDE_DEPLOY_CLI_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

enum { SUPERVISE_PROGRAMS_MAX = 16, SUPERVISE_STAGES = 3 };

struct supervise_program {
    const char *name;
    const char *path;        /* of the executable */
    const char *const *argv; /* NULL-terminated */
    uint32_t final_codes;    /* bit n: exit code n (0..31) is not retried */
    uint32_t stage;          /* stopped in this order, 0 first; below SUPERVISE_STAGES */
    bool reloads;            /* wants SIGHUP */
    bool watched;            /* `pulse` says whether it is alive */
};

struct supervise_options {
    const struct supervise_program *programs;
    uint32_t count; /* 1..SUPERVISE_PROGRAMS_MAX */
    uint32_t backoff_first_ms, backoff_max_ms, healthy_ms;
    uint32_t stop_ms;
    uint32_t reminder_ms;
    /* A watched program whose pulse stays the same for so long gets SIGABRT: it hangs. 0: never. */
    uint32_t hung_ms;
    uint64_t (*pulse)(void *arg, uint32_t program); /* any value that changes while it lives */
    void (*tick)(void *arg);                        /* at least once a second; may be NULL */
    void (*restarting)(void *arg);                  /* a program is started again; may be NULL */
    void *arg;
};

/* Returns the exit code: 0 stopped as asked; 1 when a program had to be killed or had ended for
   good, or nothing was left to supervise. */
int supervise_run(const struct supervise_options *options);

#endif
