/* Between the files of audit; nobody else includes this. */
#ifndef CROWDTIDE_PROCESSORS_AUDIT_AUDIT_PRIVATE_H
#define CROWDTIDE_PROCESSORS_AUDIT_AUDIT_PRIVATE_H

#include "processors/audit/audit.h"
#include "processors/process/outputs.h"

enum { AUDIT_PATH_BYTES = 4200, AUDIT_STOP_LOOK = 4096 };

/* ---- places: which results there are, and what became of them ---- */

enum audit_state { AUDIT_NONE, AUDIT_EXPECTED, AUDIT_SEEN, AUDIT_REJECTED };

struct audit_run { /* inputs [first, next) stand at base[at …] */
    uint64_t first_seq, next_seq, at;
};

/* Every result has an ordinal: base of its input + index. Sequences skip far ahead after a power
 * cut and in a copy: inputs form runs. */
struct audit_places {
    struct audit_run *run; /* rising */
    uint32_t run_count, run_cap;
    uint32_t *base;
    uint64_t base_count, base_cap;
    uint8_t *state;            /* two bits an ordinal */
    uint64_t count, state_cap; /* ordinals */
};

bool audit_places_add(struct audit_places *places, uint64_t input_seq, uint32_t index,
                      enum audit_state state, struct error *err);
/* False: no such place. */
bool audit_places_find(const struct audit_places *places, uint64_t input_seq, uint32_t index,
                       uint64_t *ret_ordinal);
enum audit_state audit_places_get(const struct audit_places *places, uint64_t ordinal);
void audit_places_set(struct audit_places *places, uint64_t ordinal, enum audit_state state);
void audit_places_free(struct audit_places *places);

/* ---- walk: both results logs as one, in the order of their inputs ---- */

struct audit_item {
    enum output output;
    struct log_view view; /* borrowed until the walk goes on in that log */
    struct result_origin origin;
};

struct audit_walk {
    struct log_reader *reader[OUTPUT_COUNT]; /* NULL: no such log, or it can't be read further */
    struct audit_item head[OUTPUT_COUNT];
    bool has[OUTPUT_COUNT];
    bool broken[OUTPUT_COUNT]; /* damaged: nothing behind is judged */
    uint64_t upper_seq;
};

struct audit {
    const struct audit_options *options;
    struct audit_report *report;
    bool live;
    bool broken[OUTPUT_COUNT]; /* the log is corrupt */
    bool readings_broken;
    uint64_t begin_seq[OUTPUT_COUNT]; /* inputs from here on have all their results in that log;
                                         UINT64_MAX: no log */
    struct result_origin end[OUTPUT_COUNT]; /* the last result there; numbered ones only */
    struct audit_places places;
};

bool audit_stopping(struct audit *a);

/* Adds to the last finding when it is its continuation. */
struct audit_fault {
    const char *where, *what;
    uint64_t seq;
    uint32_t index;
    const char *text;
};
void audit_note(struct audit *a, const struct audit_fault *fault);
/* Many at once, up to last_seq. */
void audit_note_range(struct audit *a, const struct audit_fault *fault, uint64_t last_seq,
                      uint64_t count);

bool audit_walk_open(struct audit *a, struct audit_walk *walk, struct error *err);
/* The head of one log, numbered results only; NULL at its end. */
const struct audit_item *audit_walk_head(struct audit_walk *walk, enum output output,
                                         struct error *err);
void audit_walk_drop(struct audit_walk *walk, enum output output);
/* The next of both; NULL at the end. err->code stays NONE unless something failed. The item holds
 * until the next call. */
const struct audit_item *audit_walk_next(struct audit_walk *walk, struct error *err);
void audit_walk_close(struct audit_walk *walk);

bool audit_log_reader(const char *state_dir, const char *name, struct log_reader **ret,
                      struct error *err);
/* Whether a place lies behind the log's last result, and nothing says that process has passed it:
 * it will be made. */
bool audit_is_due(const struct audit *a, enum output output, const struct result_origin *place);
bool audit_origin_before(const struct result_origin *a, const struct result_origin *b);

/* ---- the parts ---- */

bool audit_results(struct audit *a, struct error *err); /* fills places */
bool audit_rerun(struct audit *a, struct error *err);
bool audit_kafka(struct audit *a, struct error *err);
bool audit_series(struct audit *a, struct error *err);

/* What a sink wrote down as refused for good: visit is called for each entry of the file and the
 * one before it. */
struct audit_rejection {
    uint64_t result_seq, input_seq;
    uint32_t index;
};
/* Notes what disk caps took before a sink had it. */
bool audit_losses(struct audit *a, const char *sink, enum output output, struct error *err);
bool audit_rejections(const char *state_dir, const char *name,
                      void (*visit)(void *arg, const struct audit_rejection *rejection), void *arg,
                      struct error *err);

#endif
