/*
 * watch_figures: all counters of the programs at one moment, and the books they make: received = decoded + …, by messages; results = delivered + …, by sink.
 *
 *     watch_figures_read(state_dir, now_ms, &figures, &err);
 *     count = watch_books(&figures, account);
 *
 * Reads only; any thread.
 */
#ifndef CROWDTIDE_PROCESSORS_WATCH_WATCH_FIGURES_H
#define CROWDTIDE_PROCESSORS_WATCH_WATCH_FIGURES_H

#include "schemas/counters/counters.h"

struct watch_figures {
    bool present; /* there is a counters file */
    int64_t at_ms;
    uint64_t value[COUNTER_COUNT];
    struct counters_program program[PROGRAM_COUNT];
};

/* Reads them all; present = false when no program ever ran. False: the file can't be read. */
bool watch_figures_read(const char *state_dir, int64_t now_ms, struct watch_figures *ret,
                        struct error *err);

enum { ACCOUNTS_MAX = 5, ACCOUNT_PARTS = 6 };

struct account {
    const char *name, *left;
    uint64_t total; /* of the left side */
    struct account_part {
        const char *name;
        uint64_t value;
        bool bad; /* worth a look when it is not zero */
    } part[ACCOUNT_PARTS]; /* to the first without a name */
};

/* Those of the programs that ever ran; returns how many. */
uint32_t watch_books(const struct watch_figures *now, struct account out[ACCOUNTS_MAX]);
/* The right side. The books balance when it is the total. */
uint64_t account_sum(const struct account *account);

#endif
