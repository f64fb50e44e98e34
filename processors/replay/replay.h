/*
 * replay: what other rules would have made of readings that were recorded. Runs a readings log
 * through two cores, one with the venue model of the log, one with another in place of every model,
 * as fast as it goes and without servers, and compares their alerts.
 *
 *     replay_run(&options, &report, &err);
 *     report.table.row[i] …                      what is raised, missed, earlier, later
 *     replay_free(&report);
 *
 * The log is only read: no lock, no cursor, nothing that a live system would notice; of a log that
 * is being written, what was there at the start is taken. The state begins empty at the oldest
 * record kept with a model, so the first minutes may differ from what was really said; without
 * another venue, and when the log's beginning is deleted, with the oldest of process's snapshots
 * that this program reads. Against results it runs up to the last result there, so that what
 * process has yet to say is no difference. Inputs that process left out are left out. Records
 * deleted on the way (a live log at its cap) are a gap. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_REPLAY_REPLAY_H
#define CROWDTIDE_PROCESSORS_REPLAY_REPLAY_H

#include "processors/core/core.h"
#include "processors/replay/difference.h"

struct replay_options {
    const char *readings_dir;
    const char *alerts_dir; /* results beside it: inputs left out, and with against_results what was
                               said; NULL: there are none */
    const char *snapshots_dir; /* of process; without another venue: where to begin when the log's
                                  beginning is deleted. NULL: none */
    struct str venue; /* the other venue file's text, which must be a venue; len 0: the models of
                         the log (then it is this program that is tried) */
    const char *venue_path; /* for messages */
    bool against_results;   /* compare with what was said then instead of what the models of the log
                               say now */
    int64_t from_ms, until_ms; /* log time; INT64_MIN, INT64_MAX: no bound. Records after until are
                                  not run; records before from are run, not compared */
    int64_t late_ms;           /* as process.late_s; 0: the core's default */
    const char *out_dir; /* write the other run's results there, marked as replayed; NULL: don't */
    const volatile int *stop; /* may be NULL */
};

struct replay_run_report {
    struct core_books books;
    uint64_t alerts; /* transitions */
};

struct replay_report {
    struct log_uuid log;
    uint64_t records, messages; /* run */
    uint64_t snapshot_seq;      /* of the snapshot that it began with; 0: with nothing */
    uint64_t unmodelled;        /* records before the first model kept: not run */
    uint64_t left_out;          /* inputs that process had left out */
    uint64_t gaps;              /* places where records were deleted on the way */
    int64_t first_ms, last_ms;  /* log time of the first and last record run; RESULT_ABSENT: none */
    uint32_t models;            /* changes of model in the log */
    uint64_t torn_bytes; /* behind the last whole batch of a log that nobody writes: given up by a
                            crash, or cut off a copy */
    bool stopped;        /* by options.stop */
    bool damaged;        /* the log could not be read further … */
    struct error damage; /* … for this reason; everything before is compared */
    struct replay_run_report run[DIFFERENCE_RUNS];
    struct difference *difference; /* owns the table's rows */
    struct difference_table table;
};

/* Errors: NOT_FOUND (no log, no model in it), MODEL (the other venue is of another id, or is
   refused), CORRUPT (before the first record, or a record that this version can't read), INVALID
   (out_dir holds logs already), NO_SPACE, IO, NO_MEMORY. Damage on the way is no error: see
   report.damaged. */
bool replay_run(const struct replay_options *options, struct replay_report *ret_report,
                struct error *err);
void replay_free(struct replay_report *report);

#endif
