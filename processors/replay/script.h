/*
 * script: text scripts that a domain engineer can read, run against the core on a virtual clock: what the sensors say, what operators do, and what is
 * expected of the alerts and figures. `crowdtide test` and the golden tests run them. The language is described in deploy/venues/TESTING.md.
 *
 *     struct script_report report;
 *     script_run(&(struct script_options){.path = "hall.txt"}, &report);
 *     for (i = 0; i < report.listed; i++) …  "file:line: reason" of report.failure[i]
 *
 * No clock, no server, no log: the same script gives the same report on every machine. One thread; nothing is kept after the return.
 */
#ifndef CROWDTIDE_PROCESSORS_REPLAY_SCRIPT_H
#define CROWDTIDE_PROCESSORS_REPLAY_SCRIPT_H

#include "schemas/result/result.h"

enum {
    SCRIPT_BYTES_MAX = 16 * 1024 * 1024, /* of a script */
    SCRIPT_LINE_BYTES_MAX = 4096,
    SCRIPT_REPEATS_MAX = 1024,      /* `every` lines */
    SCRIPT_KEYS_MAX = 1024 * 1024,  /* different results kept to compare with */
    SCRIPT_RECORDS_MAX = 100 * 1000 * 1000, /* messages, ticks …: a day of 10,000 sensors that report every 10 s */
    SCRIPT_FAILURES_MAX = 20,       /* listed in a report */
    SCRIPT_REASON_BYTES = 768,
};

enum script_fault {
    SCRIPT_UNMET,  /* an expectation; the script goes on */
    SCRIPT_BROKEN, /* the line is none, or can't be run: nothing after it was looked at */
};

struct script_failure {
    enum script_fault fault;
    uint32_t line;
    char reason[SCRIPT_REASON_BYTES]; /* NUL-terminated; what was expected, what was seen, since when */
};

struct script_report {
    uint32_t expectations; /* judged */
    uint32_t unmet;        /* of them */
    bool broken;
    uint32_t listed; /* of unmet and broken, those in failure[] */
    struct script_failure failure[SCRIPT_FAILURES_MAX];
    uint64_t results; /* what the core said, over the whole script … */
    uint64_t hash;    /* … and a hash of all of it */
};

struct script_options {
    const char *path;       /* of the script; `venue FILE` is relative to it */
    struct str text;        /* the script itself; at == NULL: path is read */
    const char *venue_path; /* the venue of a script that names none; NULL: it must name one */
    /* Saves and loads the whole state after every so many records (0: never): nothing may change by it. */
    uint32_t restart_every;
    uint64_t records_max; /* 0: SCRIPT_RECORDS_MAX; a script that needs more is broken */
    /* Each result as the core says it, with the script's time of day; may be NULL. */
    void (*seen)(void *arg, const char *clock, unsigned type, const union result_any *result);
    void *arg;
};

/* True when nothing is broken and every expectation was met. Fills *ret_report in any case; a file that can't be read is line 0 of it. */
bool script_run(const struct script_options *options, struct script_report *ret_report);

#endif
