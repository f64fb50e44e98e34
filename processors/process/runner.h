/*
 * runner: what the parts of process share while it runs. Private to this folder; one thread.
 */
#ifndef CROWDTIDE_PROCESSORS_PROCESS_RUNNER_H
#define CROWDTIDE_PROCESSORS_PROCESS_RUNNER_H

#include "processors/process/outputs.h"
#include "processors/process/process.h"
#include "processors/process/snapshot_thread.h"
#include "schemas/base/report.h"
#include "schemas/counters/counters.h"

enum { RUNNER_PATH_BYTES = 4200, RUNNER_SKIPS_MAX = 65536, RUNNER_AHEAD = 8 };

/* An input of the readings log. */
struct runner_place {
    uint64_t seq; /* 0: before the first */
    uint32_t epoch;
    int64_t log_ns;
};

struct runner_skip {
    uint64_t seq;
    uint32_t crashes;
};

struct runner {
    const struct process_options *options;
    const struct config *config;
    const struct process_core *ops;
    char version[SNAPSHOT_VERSION_BYTES]; /* of what makes the results: the core's, and its settings
                                             where they are not the usual ones */
    uint64_t segment_bytes;
    uint32_t snapshot_wait_ms;
    char state_dir[RUNNER_PATH_BYTES];
    char snapshots_dir[RUNNER_PATH_BYTES + 16];
    char cursors_dir[RUNNER_PATH_BYTES + 16];

    struct counters *counters;
    struct log_reader *readings;
    struct log_uuid log; /* of the readings */
    struct log_cursor *pin;
    struct outputs out;
    struct core *core;
    struct core_results results;
    uint32_t ahead; /* records announced to the core that have not come yet */

    struct runner_place at; /* the core has seen everything up to here */
    uint64_t model_hash;    /* in force there */

    /* Found at the restart. */
    bool era_due;              /* an ERA result belongs where the results logs end */
    bool gap_due;              /* readings behind r->at were deleted unseen: the core hears of it */
    struct runner_skip *skips; /* inputs left out earlier, rising */
    uint32_t skip_count;
    struct counters_suspect suspect; /* the input that process crashed on last */
    bool suspect_skipped;            /* left out in this batch: forget it after the commit */

    /* Snapshots (keeper.h). */
    struct snapshot waiting; /* state == NULL: none */
    struct snapshot_thread writing;
    int64_t snapshot_due_boot_ns;
    uint64_t snapshot_last_seq;
    uint64_t keep_from[OUTPUT_COUNT]; /* what the older snapshot needs of the results logs */

    int64_t retain_due_boot_ns;
    int64_t counters_due_boot_ns;
};

/* The configuration's settings of the core take force. */
static inline void runner_settings(struct runner *r)
{
    if (r->ops->late_set)
        r->ops->late_set(r->core, r->options->config->late_s * 1000);
}

static inline bool runner_stopped(const struct runner *r)
{
    return r->options->stop && *r->options->stop;
}

#endif
