/*
 * audit: recomputes the books from the logs themselves, and compares them with what Kafka and the
 * time-series store hold.
 *
 *     audit_run(&options, &report, &err);
 *     report.books …, report.finding[i] …        each gap by its log and sequences
 *     audit_free(&report);
 *
 * In this order: the three logs are read whole with their checksums. The results are walked in the
 * order of their inputs: each place (input, index) once, none left out. The readings are run
 * through the core again, from the log's beginning or else from the oldest snapshot of this core
 * version, and each result is compared byte for byte: an input processed twice or not at all, or a
 * result that no input gives, is named. Then Kafka (read_committed) and the store are compared
 * result by result, up to the position that their publisher has stored.
 *
 * It only reads, and may run beside everything: it takes process's position first and looks at
 * nothing behind it. Whatever a log, Kafka or the store has deleted by its own rules (retention, a
 * cap) is not judged, and the report says from where on it judges. Results that process makes
 * itself (an upgrade's era, an input left out late) have no numbered place and are passed over.
 *
 * Memory: 4 bytes an input and 2 bits a result, at most AUDIT_INPUTS_MAX of the one and
 * AUDIT_RESULTS_MAX of the other: more is refused with TOO_LARGE (audit a shorter log:
 * log.keep_mb). The store is compared in portions of AUDIT_POINTS results. The core takes what
 * process takes. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_AUDIT_AUDIT_H
#define CROWDTIDE_PROCESSORS_AUDIT_AUDIT_H

#include "processors/core/core.h"
#include "schemas/config/config.h"
#include "schemas/log/log.h"

enum {
    AUDIT_FINDINGS_MAX = 1000, /* more are counted, not listed */
    AUDIT_WHAT_BYTES = 240,
    AUDIT_INPUTS_MAX = 256 * 1024 * 1024,
    AUDIT_POINTS = 2 * 1024 * 1024,
};
#define AUDIT_RESULTS_MAX ((uint64_t)UINT32_MAX - 1)

struct audit_options {
    const struct config *config;
    bool kafka, series;
    const volatile int *stop; /* may be NULL */
};

/* Sequences in a row that have the same fault. */
struct audit_finding {
    const char *where;            /* readings, alerts, bulk, kafka, series */
    const char *what; /* missing, doubled, unknown, differs, corrupt, books, lost */
    uint64_t first_seq, last_seq; /* of the readings log, unless where is a log and what corrupt */
    uint32_t first_index;         /* of the first one */
    uint64_t count;
    char text[AUDIT_WHAT_BYTES]; /* topic, measurement, reason; for a person */
};

enum { AUDIT_LOGS = 3 };

struct audit_log {
    const char *name;
    bool exists;
    struct log_uuid uuid;
    struct log_check check; /* all 0 when it is corrupt */
};

struct audit_sink {  /* of one results log */
    uint64_t judged; /* results up to the sink's position that it must have (and the sink's own
                        retention has not taken) */
    uint64_t found, rejected, missing;
    uint64_t pending;      /* behind the position */
    uint64_t expired;      /* deleted there by retention: not judged */
    uint64_t position_seq; /* last readings-log input that the sink says it has */
};

struct audit_report {
    bool live;          /* process runs: what it has passed must be there */
    uint64_t upper_seq; /* readings-log sequence up to which this is */
    uint64_t from_seq;  /* the oldest input of which a log keeps results */
    struct audit_log log[AUDIT_LOGS];
    /* The run of the core. */
    bool rerun;
    char rerun_why[AUDIT_WHAT_BYTES]; /* when not, or not from the beginning: why */
    uint64_t rerun_from_seq;          /* the first input that was run; 0: none was */
    uint64_t compared;                /* results equal byte for byte */
    struct core_books books;
    uint64_t messages;   /* in the readings up to upper_seq, kept by the log; received of the books
                            where the log is whole */
    uint64_t pending;    /* messages behind upper_seq */
    uint64_t results[2]; /* walked: alerts, bulk */
    uint64_t results_pending;              /* that process makes at its next start */
    struct audit_sink kafka[2], series[2]; /* alerts, bulk */
    uint64_t kafka_others;                 /* records of other readings logs */
    uint64_t kafka_unjudged; /* records of ours that are older or newer than what is looked at */
    bool stopped;
    struct audit_finding *finding;
    uint32_t finding_count;
    uint64_t findings; /* in all, also those not listed */
};

/* Errors: NOT_FOUND (no readings log), NETWORK, REMOTE_DENIED, REMOTE_REJECT (Kafka or store can't
   be read: nothing is said about them), TOO_LARGE, NO_MEMORY, IO. Damage of a log is a finding. On
   failure ret_report is freed, too. */
bool audit_run(const struct audit_options *options, struct audit_report *ret_report,
               struct error *err);
void audit_free(struct audit_report *report);

#endif
