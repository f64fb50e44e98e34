/*
 * process: the program that turns the readings log into the alerts log and the bulk log.
 *
 *     return process_run(&(struct process_options){
 *         .config = &config, .stop = cli_stop(), .core = process_core_real()});
 *
 * It reads the readings log in order, hands each record to the core and appends the results, each
 * exactly once: the files beside this one say how (outputs.h, restart.h, keeper.h, blame.h). It may
 * be killed at any instant; what a restart appends is what would have been appended anyway.
 */
#ifndef CROWDTIDE_PROCESSORS_PROCESS_PROCESS_H
#define CROWDTIDE_PROCESSORS_PROCESS_PROCESS_H

#include "processors/core/core.h"
#include "schemas/config/config.h"

/* The core as process sees it, so that tests can put another one in its place: one that crashes on
   certain inputs, or one of another version. The functions are those of core.h. */
struct process_core {
    const char *version; /* CORE_VERSION; shorter than SNAPSHOT_VERSION_BYTES */
    struct core *(*make)(struct error *err);
    void (*free)(struct core *core);
    bool (*step)(struct core *core, const struct log_view *record, struct core_results *results,
                 struct error *err);
    bool (*skip)(struct core *core, const struct log_view *record, uint32_t crashes,
                 struct core_results *results, struct error *err);
    bool (*save)(const struct core *core, uint8_t **ret_bytes, size_t *ret_len, struct error *err);
    bool (*load)(const uint8_t *bytes, size_t len, struct core **ret_core, struct error *err);
    struct core_books (*books)(const struct core *core);
    struct core_summary (*summary)(const struct core *core);
    void (*ahead)(struct core *core, const struct log_view *record); /* NULL: needs no such hints */
    void (*late_set)(struct core *core, int64_t late_ms); /* NULL: has no such setting */
};
/* The real one. */
const struct process_core *process_core_real(void);

struct process_options {
    const struct config *config;
    const volatile int *stop;        /* nonzero: finish the batch, snapshot, return 0 */
    const struct process_core *core; /* process_core_real(), or a test's */
    const struct log_io *io;         /* of the results logs; NULL: the real files */
    const struct log_io *reader_io;  /* for reading any log; NULL: the real files */
    uint64_t segment_bytes;          /* 0: as configured */
    uint32_t snapshot_wait_ms; /* for the readings to be durable, before a new model and at the
                                  end; 0: 2 s */
    bool until_caught_up;      /* end, as if stopped, at the end of the readings log */
};

/* Runs until stopped; returns the exit code: 0 stopped, 1 failure. */
int process_run(const struct process_options *options);

#endif
