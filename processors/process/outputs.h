/*
 * outputs: the two results logs, each result appended exactly once.
 *
 *     outputs_open(&outputs, &options, &err);
 *     outputs_stage(&outputs, &input, wall_ns, &results, &alert, &err);   all results of one input
 *     outputs_commit(&outputs, OUTPUT_ALERTS, &err);                      between inputs only
 *     outputs_close(&outputs);
 *
 * A result's place is (input sequence, index), and each log holds them in rising order, so a log's
 * last record says which results it has: after a restart the same inputs are run again, and what a
 * log has already is not staged again. The two logs may have come to different places; where another
 * version of the core goes on from there, its results get places that the other log has not taken.
 *
 * Commits fall between inputs, so readers of one log see all of an input's results there or none.
 */
#ifndef CROWDTIDE_PROCESSORS_PROCESS_OUTPUTS_H
#define CROWDTIDE_PROCESSORS_PROCESS_OUTPUTS_H

#include "processors/core/core.h"
#include "schemas/record/record.h"

enum output { OUTPUT_ALERTS, OUTPUT_BULK, OUTPUT_COUNT };

const char *output_name(enum output output); /* alerts, bulk: the directory, too */
/* The log that holds results of this type. */
enum output output_of(unsigned record_type);

/* Indices of the results that process makes itself, behind all of an input's own: from here on. */
#define OUTPUTS_OWN_INDEX (UINT32_MAX - 65535)

struct outputs {
    struct log_writer *writer[OUTPUT_COUNT];
    struct result_origin done[OUTPUT_COUNT]; /* the last result that log had at the restart, or the
                                                last of process's own; seq 0: none */
    int64_t had_log_ns[OUTPUT_COUNT];        /* log time of the last result at the restart */
    bool staged[OUTPUT_COUNT];               /* something waits for a commit */
    uint64_t results;                        /* staged since open */
    struct log_reader *taken_by; /* the log that is ahead, until the other has come as far; NULL: none */
    enum output behind;          /* the other */
    struct result_origin taken;  /* the next place that it has taken … */
    bool has_taken;              /* … when it was read */
    struct result_origin given;  /* the last place in the log behind */
};

struct outputs_options {
    const char *state_dir;
    const struct log_uuid *source; /* the readings log */
    uint64_t discard_from_seq[OUTPUT_COUNT];
    uint64_t segment_bytes;
    uint32_t sync_ms;
    const struct log_io *io; /* NULL: the real files */
};

/* Opens both for writing; `done` is still to be found (restart.h). As log_writer_open. */
bool outputs_open(struct outputs *outputs, const struct outputs_options *options,
                  struct log_recovery ret_recovery[OUTPUT_COUNT], struct error *err);

/* Another version of the core than the one that made the log which is ahead makes the other's
   results. reader: of the log that is ahead, at or before its first result that the other may lack;
   it becomes outputs'. */
void outputs_avoid(struct outputs *outputs, enum output behind, struct log_reader *reader);

/* Stages what the logs don't have yet of one input's results; some get other places than the core
   gave them (outputs_avoid). *ret_alert is set to true when an alert transition is among them (and
   else left alone). wall_ns: now. Errors as log_writer_stage and log_reader_next. */
bool outputs_stage(struct outputs *outputs, const struct log_view *input, int64_t wall_ns,
                   struct core_results *results, bool *ret_alert, struct error *err);

/* Whether that log had this input's results, or later ones, at the restart. */
bool outputs_passed(const struct outputs *outputs, enum output output, uint64_t input_seq);

/* The place of process's next own result at this input, which lies at or behind `done`. */
struct result_origin outputs_own_place(const struct outputs *outputs, enum output output,
                                       uint64_t input_seq, uint32_t input_epoch);
/* Stages one result that process makes itself, at such a place; it becomes `done`. */
bool outputs_stage_own(struct outputs *outputs, const struct log_record *record, struct error *err);

bool outputs_commit(struct outputs *outputs, enum output output, struct error *err);
/* Alerts first. */
bool outputs_commit_all(struct outputs *outputs, struct error *err);

/* True once the inputs up to seq cover everything that both logs had at the restart. */
bool outputs_covered(const struct outputs *outputs, uint64_t input_seq);

/* Syncs and closes. Safe on a zeroed struct. */
void outputs_close(struct outputs *outputs);

#endif
