/*
 * core: what the sensors' messages mean. One pure function, core_step: the next record of the
 * readings log in, results out. No I/O, no clock (time is the record's log time), no randomness, no
 * threads; the same records give the same results byte for byte on every machine. O(1) per reading,
 * allocated when a model comes into force.
 *
 *     struct core *core = core_new(&err);
 *     while (next record)
 *         core_step(core, &view, &results);      results.count results, in order, with their bodies
 *     core_save(core, bytes) … core_load(bytes)  the whole state
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_CORE_H
#define CROWDTIDE_PROCESSORS_CORE_CORE_H

#include "schemas/base/error.h"
#include "schemas/log/log.h"
#include "schemas/result/result.h"

#define CORE_VERSION                                                                               \
    "8" /* part of the era: raise it whenever the same input may give other results */

struct core; /* opaque; knows its venue once a MODEL record came by */

/* Where results go; owned by the caller, grown by the core up to CORE_RESULTS_BYTES_MAX. */
struct core_result {
    uint16_t type;   /* enum record_type */
    uint32_t offset; /* of its body in bytes */
    uint32_t len;
};
struct core_results {
    struct core_result *result;
    uint32_t count, cap;
    uint8_t *bytes;
    size_t len, bytes_cap;
    /* How old the input's last reading was when it reached the log, by the time that its source
       gave; -1: no live reading with a time of its own. For a watch on delays: no result. */
    int64_t source_age_ms;
};
enum { CORE_RESULTS_BYTES_MAX = 512 * 1024 * 1024 };
void core_results_clear(struct core_results *results);
void core_results_free(struct core_results *results);

struct core *core_new(struct error *err);
void core_free(struct core *core); /* NULL is allowed */

/* Source times older than this behind log time are late: they move people, but feed neither rates
   nor dwell. Part of the state: saved, and a different value gives other results. Default 60,000.
 */
void core_late_set(struct core *core, int64_t late_ms);

/* Feeds one record. A MODEL record that repeats the model in force changes nothing. Appends this
   input's results (origin index 0, 1, …) to `results`. Never fails on bad input: that becomes a
   DEADLETTER result. False only for NO_MEMORY, or CORRUPT (a record type or body this version can't
   read), then stop. LOG_READ_PADDING_BYTES must be readable after the body. */
bool core_step(struct core *core, const struct log_view *record, struct core_results *results,
               struct error *err);

/* A record that will be stepped soon; each once, in order, AHEAD_RECORDS before its turn is best
 * (ahead.h). A hint: nothing that is seen depends on it, it may be left out, and the record need
 * not be verified yet. */
void core_ahead(struct core *core, const struct log_view *record);

/* Makes the step for a poisoned input: emits SKIPPED and, for a message, a DEADLETTER (reason
 * poison), for a command a REPLY, instead of decoding. Time does not advance. */
bool core_skip(struct core *core, const struct log_view *record, uint32_t crashes,
               struct core_results *results, struct error *err);

/* The whole state as versioned little-endian bytes, the model's source included. *ret_bytes is
 * malloc'ed; the caller frees it. */
bool core_save(const struct core *core, uint8_t **ret_bytes, size_t *ret_len, struct error *err);
/* A new core as it was saved, by this or another CORE_VERSION. VERSION: the format is another one.
 * CORRUPT: the bytes are not such a state. */
bool core_load(const uint8_t *bytes, size_t len, struct core **ret_core, struct error *err);

/* The books, for counters and the heartbeat: received = decoded + duplicate + quarantined +
 * ignored_retained. */
struct core_books {
    uint64_t received, decoded, duplicate, quarantined, ignored_retained, results;
    /* Beside the books, of messages that payload maps read: readings of devices that no sensor is
       bound to, where others of the message were bound or the map says that this is no mistake; and
       messages that say nothing, which are among the decoded. */
    uint64_t unbound_readings, no_reading;
};
struct core_books core_books(const struct core *core);

struct core_summary {
    uint32_t zones, sensors, sensors_silent, zones_unknown, alerts_active;
    int level_worst;
};
struct core_summary core_summary(const struct core *core);

#endif
