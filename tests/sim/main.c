/*
 * sim: runs the simulation (sim.h) for a range of seeds.
 *
 *     sim --seed 7 --trace          one run, everything it does
 *     sim --seeds 1000 --from 1     many; a table of faults by kind
 *     sim --seconds 600             until the time is over
 *     sim --twice …                 each seed twice, the second time with filled memory: both must
 *                                   take the same course
 *     sim --broken cursor-early …   a variant of the programs that is broken
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/sim_broken.h"

enum { FILLER = 0xa5 };

struct totals {
    uint64_t runs, failed, steps, messages, results, pages, course;
    uint64_t faults[SIM_FAULT_COUNT], runs_with[SIM_FAULT_COUNT];
};

static double seconds_now(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool run(const struct sim_options *options, bool twice, struct totals *t)
{
    struct sim_report report;
    sim_run(options, &report);
    if (twice) {
        struct sim_options filled = *options;
        struct sim_report again;
        filled.filler = FILLER;
        sim_run(&filled, &again);
        if (again.course != report.course && report.ok)
            (void)snprintf(report.why, sizeof report.why, "run again, it took another course");
        report.ok &= again.course == report.course;
    }
    t->runs++;
    t->course = t->course * 31 + report.course;
    t->steps += report.steps;
    t->messages += report.messages;
    t->results += report.results;
    t->pages += report.pages;
    for (int f = 0; f < SIM_FAULT_COUNT; f++) {
        t->faults[f] += report.faults[f];
        t->runs_with[f] += report.faults[f] != 0;
    }
    if (!report.ok) {
        t->failed++;
        (void)printf("seed %" PRIu64 ": %s\n", options->seed, report.why);
        (void)fflush(stdout);
    }
    return report.ok;
}

static void print_table(const struct totals *t, double seconds)
{
    (void)printf("%" PRIu64 " seeds, %" PRIu64 " failed; %" PRIu64 " steps, %" PRIu64
                 " messages, %" PRIu64 " results, %" PRIu64
                 " pages taken; %.1f s, %.0f steps a second; course %016" PRIx64 "\n",
                 t->runs, t->failed, t->steps, t->messages, t->results, t->pages, seconds,
                 (double)t->steps / seconds, t->course);
    for (int f = 0; f < SIM_FAULT_COUNT; f++)
        (void)printf("  %-16s %10" PRIu64 " in %" PRIu64 " seeds\n",
                     sim_fault_name((enum sim_fault)f), t->faults[f], t->runs_with[f]);
}

/* A program that crashes takes all of us with it: its seed is still told. */
static void on_crash(int sig)
{
    static const char words[] = "the programs crashed\n";
    ssize_t unused = write(STDOUT_FILENO, words, sizeof words - 1);
    (void)unused;
    (void)printf("seed %" PRIu64 ": signal %d\n", sim ? sim->options.seed : 0, sig);
    (void)fflush(stdout);
    (void)raise(sig);
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: sim [--seed N [--trace]] | [--from N] [--seeds N] [--seconds N]\n"
                          "           [--steps N] [--broken NAME] [--keep-going] [--twice]\n");
    return 2;
}

static bool broken_of(const char *name, enum sim_broken *ret)
{
    for (int b = 0; b < SIM_BROKEN_COUNT; b++) {
        if (strcmp(name, sim_broken_name((enum sim_broken)b)) == 0) {
            *ret = (enum sim_broken)b;
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    struct sim_options options = {.seed = 1};
    struct totals totals = {0};
    uint64_t seeds = 1;
    double limit = 0, began = seconds_now();
    bool keep_going = false, twice = false;
    const struct sigaction crash = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGABRT, &crash, NULL);
    (void)sigaction(SIGSEGV, &crash, NULL);
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        uint64_t number = strtoull(value, NULL, 10);
        if (strcmp(argv[i], "--trace") == 0) {
            options.trace++;
            continue;
        }
        if (strcmp(argv[i], "--keep-going") == 0) {
            keep_going = true;
            continue;
        }
        if (strcmp(argv[i], "--twice") == 0) {
            twice = true;
            continue;
        }
        if (!*value)
            return usage();
        if (strcmp(argv[i], "--seed") == 0 || strcmp(argv[i], "--from") == 0)
            options.seed = number;
        else if (strcmp(argv[i], "--seeds") == 0)
            seeds = number;
        else if (strcmp(argv[i], "--seconds") == 0)
            limit = (double)number;
        else if (strcmp(argv[i], "--steps") == 0)
            options.steps_max = number;
        else if (strcmp(argv[i], "--broken") != 0 || !broken_of(value, &options.broken))
            return usage();
        i++;
    }
    while (limit > 0 ? seconds_now() - began < limit : totals.runs < seeds) {
        bool ok = run(&options, twice, &totals);
        options.seed++;
        if (!ok && !keep_going)
            break;
    }
    print_table(&totals, seconds_now() - began);
    return totals.failed ? 1 : 0;
}
