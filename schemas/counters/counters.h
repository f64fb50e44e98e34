/*
 * counters: figures of every running program in one shared-memory file (`counters` in the state
 * directory), written by their program, read by `crowdtide top` and later by /metrics. One table
 * (COUNTERS) gives enum, name, unit and help. Relaxed atomics; the last values stay readable after
 * the program's death. The file names its values, so that programs of two versions can share it
 * while one of them is upgraded.
 *
 * One writer a program section, held by a lock: a second process of the same program on the same
 * state directory is refused here, before it touches a log.
 *
 *     counters_open(state_dir, PROGRAM_INGEST, &counters, &err);
 *     counters_add(counters, COUNTER_INGEST_MESSAGES, 1);
 *     counters_alive(counters);                               at least once a second
 */
#ifndef CROWDTIDE_SCHEMAS_COUNTERS_COUNTERS_H
#define CROWDTIDE_SCHEMAS_COUNTERS_COUNTERS_H

#include "schemas/base/error.h"

/* clang-format off */
enum program { PROGRAM_RUN, PROGRAM_INGEST, PROGRAM_PROCESS, PROGRAM_KAFKA, PROGRAM_SERIES, PROGRAM_SERVE, PROGRAM_PAGE, PROGRAM_COUNT };
const char *program_name(enum program program); /* run, ingest, process, publish-kafka, publish-series, serve, page */

/* program, name, what is observed. A histogram is a row of SUM counters: how many fell under each bound and over the one before
   (NAME_LE_0 …, the last: over them all), and their sum (NAME_SUM_US). */
#define HISTOGRAMS(H)                                                                              \
    H(PROCESS, SOURCE, "publish to log: from the time that a sensor gave its reading to the message in the readings log; of live readings with a time of their own") \
    H(PROCESS, RESULT, "log to result: from a message in the readings log to its results published; the oldest of each batch") \
    H(KAFKA, ALERTS_SINK, "result to Kafka: from a result of the alerts log to its commit; the oldest of each transaction") \
    H(KAFKA, BULK_SINK, "result to Kafka: from a result of the bulk log to its commit; the oldest of each transaction") \
    H(SERIES, ALERTS_SINK, "result to store: from a result of the alerts log to the store's 2xx; the oldest of each request") \
    H(SERIES, BULK_SINK, "result to store: from a result of the bulk log to the store's 2xx; the oldest of each request")
#define HISTOGRAM_COUNTER_ROWS(C, program, name)                                                   \
    C(program, name##_LE_0, SUM, "", "") C(program, name##_LE_1, SUM, "", "")                      \
    C(program, name##_LE_2, SUM, "", "") C(program, name##_LE_3, SUM, "", "")                      \
    C(program, name##_LE_4, SUM, "", "") C(program, name##_LE_5, SUM, "", "")                      \
    C(program, name##_LE_6, SUM, "", "") C(program, name##_LE_7, SUM, "", "")                      \
    C(program, name##_LE_8, SUM, "", "") C(program, name##_LE_9, SUM, "", "")                      \
    C(program, name##_LE_10, SUM, "", "") C(program, name##_LE_11, SUM, "", "")                    \
    C(program, name##_LE_12, SUM, "", "") C(program, name##_SUM_US, SUM, "us", "")
enum { HISTOGRAM_BOUNDS = 12 };
#define HISTOGRAM_BOUNDS_MS                                                                        \
    {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 60000}

/* program, name, type (SUM or GAUGE), unit, help */
#define COUNTERS(C)                                                                                \
    C(INGEST, MESSAGES, SUM, "messages", "MQTT messages appended to the readings log")            \
    C(INGEST, BYTES, SUM, "B", "payload bytes appended")                                           \
    C(INGEST, OVERSIZED, SUM, "messages", "messages over max_message_bytes")                      \
    C(INGEST, RETAINED, SUM, "messages", "messages with the retain flag")                         \
    C(INGEST, CONNECTED, GAUGE, "", "1 while connected with every subscription granted")          \
    C(INGEST, CONNECTS, SUM, "connects", "connections made to the broker")                        \
    C(INGEST, SUBSCRIBE_REFUSED, SUM, "refusals", "SUBACK codes that refused a filter")           \
    C(INGEST, LAST_MESSAGE_NS, GAUGE, "ns", "log time of the newest message")                     \
    C(INGEST, LAST_TICK_NS, GAUGE, "ns", "log time of the newest tick")                           \
    C(INGEST, CLOCK_OFFSET_NS, GAUGE, "ns", "wall clock minus log time")                          \
    C(INGEST, MODEL_REJECTED, SUM, "reloads", "reloads refused, the old model kept")              \
    C(INGEST, LOG_SEQ, GAUGE, "", "last sequence in the readings log")                            \
    C(INGEST, LOG_DURABLE_SEQ, GAUGE, "", "last durable sequence")                                \
    C(INGEST, LOG_BYTES, GAUGE, "B", "readings log on disk")                                      \
    C(INGEST, WITHHELD, SUM, "messages", "personal messages of which nothing could be kept")      \
    C(INGEST, BROKER_DROPPED, GAUGE, "messages", "dropped since the broker started, of all its clients, as it says") \
    C(INGEST, PROBES_SENT, SUM, "messages", "probes sent through the broker to ourselves; no probe is in the books") \
    C(INGEST, PROBES_RETURNED, SUM, "messages", "of them, those that came back")                  \
    C(INGEST, PROBES_REFUSED, SUM, "messages", "of them, those that the broker said it passes to nobody") \
    C(INGEST, PROBES_FOREIGN, SUM, "messages", "probes of other instances, or of an earlier run, that came by") \
    C(INGEST, LOG_HELD_BYTES, GAUGE, "B", "of the readings log, what a reader still needs, with the segments in use") \
    C(INGEST, LOG_CAP_BYTES, GAUGE, "B", "disk cap of the readings log")                          \
    C(INGEST, LOG_LOST, SUM, "records", "records deleted at the disk cap before every cursor passed them") \
    C(PROCESS, RECEIVED, GAUGE, "messages", "books: messages read from the readings log")         \
    C(PROCESS, DECODED, GAUGE, "messages", "books: decoded")                                      \
    C(PROCESS, DUPLICATE, GAUGE, "messages", "books: duplicates")                                 \
    C(PROCESS, QUARANTINED, GAUGE, "messages", "books: dead letters")                             \
    C(PROCESS, IGNORED_RETAINED, GAUGE, "messages", "books: retained messages that may not count") \
    C(PROCESS, UNBOUND_READINGS, GAUGE, "readings", "of devices that no sensor is bound to, beside those in dead letters") \
    C(PROCESS, NO_READING, GAUGE, "messages", "of the decoded: they say nothing")                 \
    C(PROCESS, RESULTS, GAUGE, "results", "results since the state began")                        \
    C(PROCESS, INPUT_SEQ, GAUGE, "", "last readings-log sequence dealt with")                     \
    C(PROCESS, LAG_RECORDS, GAUGE, "records", "readings-log records not yet dealt with")          \
    C(PROCESS, ALERTS_ACTIVE, GAUGE, "alerts", "alerts above none")                               \
    C(PROCESS, ZONES_UNKNOWN, GAUGE, "zones", "zones without fresh data")                         \
    C(PROCESS, SENSORS_SILENT, GAUGE, "sensors", "silent sensors")                                \
    C(PROCESS, SNAPSHOTS, SUM, "snapshots", "snapshots written")                                  \
    C(PROCESS, SKIPPED, SUM, "inputs", "poison inputs left out")                                  \
    C(PROCESS, ALERTS_LOG_SEQ, GAUGE, "", "last sequence in the alerts log")                      \
    C(PROCESS, BULK_LOG_SEQ, GAUGE, "", "last sequence in the bulk log")                          \
    C(PROCESS, ALERTS_HELD_BYTES, GAUGE, "B", "of the alerts log, what a reader still needs, with the segments in use") \
    C(PROCESS, ALERTS_CAP_BYTES, GAUGE, "B", "disk cap of the alerts log")                        \
    C(PROCESS, BULK_HELD_BYTES, GAUGE, "B", "of the bulk log, what a reader still needs, with the segments in use") \
    C(PROCESS, BULK_CAP_BYTES, GAUGE, "B", "disk cap of the bulk log")                            \
    C(PROCESS, LOG_LOST, SUM, "records", "results deleted at the disk cap before every cursor passed them") \
    C(KAFKA, ALERTS_DELIVERED, SUM, "results", "results of the alerts log committed to Kafka")    \
    C(KAFKA, BULK_DELIVERED, SUM, "results", "results of the bulk log committed to Kafka")        \
    C(KAFKA, ALERTS_REJECTED, SUM, "results", "refused by Kafka with a reason that no retry helps") \
    C(KAFKA, BULK_REJECTED, SUM, "results", "refused by Kafka with a reason that no retry helps") \
    C(KAFKA, ALERTS_SKIPPED, SUM, "records", "records of the alerts log that have no topic")      \
    C(KAFKA, BULK_SKIPPED, SUM, "records", "records of the bulk log that have no topic")          \
    C(KAFKA, ALERTS_LAG, GAUGE, "records", "alerts-log records not yet committed")                \
    C(KAFKA, BULK_LAG, GAUGE, "records", "bulk-log records not yet committed")                    \
    C(KAFKA, ALERTS_LOST, SUM, "records", "deleted at the disk cap before they were sent")        \
    C(KAFKA, ALERTS_UNCOUNTED, SUM, "records", "sequences of the alerts log without a record, or dealt with and not counted")\
    C(KAFKA, ALERTS_SEQ, SUM, "records", "last sequence of the alerts log dealt with")             \
    C(KAFKA, BULK_LOST, SUM, "records", "deleted at the disk cap before they were sent")          \
    C(KAFKA, BULK_UNCOUNTED, SUM, "records", "sequences of the bulk log without a record, or dealt with and not counted")\
    C(KAFKA, BULK_SEQ, SUM, "records", "last sequence of the bulk log dealt with")                 \
    C(KAFKA, TRANSACTIONS, SUM, "transactions", "transactions committed")                         \
    C(KAFKA, ABORTS, SUM, "transactions", "transactions aborted and repeated")                    \
    C(KAFKA, RECREATED, SUM, "producers", "producers recreated after a fatal error or a failed commit") \
    C(KAFKA, UP, GAUGE, "", "1 while the last attempt succeeded")                                 \
    C(SERIES, ALERTS_DELIVERED, SUM, "results", "results of the alerts log stored (2xx)")         \
    C(SERIES, BULK_DELIVERED, SUM, "results", "results of the bulk log stored (2xx)")             \
    C(SERIES, ALERTS_REJECTED, SUM, "results", "refused by the store, dead-lettered")             \
    C(SERIES, BULK_REJECTED, SUM, "results", "refused by the store, dead-lettered")               \
    C(SERIES, ALERTS_SKIPPED, SUM, "records", "records of the alerts log that have no point")     \
    C(SERIES, BULK_SKIPPED, SUM, "records", "records of the bulk log that have no point")         \
    C(SERIES, ALERTS_LAG, GAUGE, "records", "alerts-log records not yet stored")                  \
    C(SERIES, BULK_LAG, GAUGE, "records", "bulk-log records not yet stored")                      \
    C(SERIES, ALERTS_LOST, SUM, "records", "deleted at the disk cap before they were sent")       \
    C(SERIES, ALERTS_UNCOUNTED, SUM, "records", "sequences of the alerts log without a record, or dealt with and not counted")\
    C(SERIES, ALERTS_SEQ, SUM, "records", "last sequence of the alerts log dealt with")            \
    C(SERIES, BULK_LOST, SUM, "records", "deleted at the disk cap before they were sent")         \
    C(SERIES, BULK_UNCOUNTED, SUM, "records", "sequences of the bulk log without a record, or dealt with and not counted")\
    C(SERIES, BULK_SEQ, SUM, "records", "last sequence of the bulk log dealt with")                \
    C(SERIES, REQUESTS, SUM, "requests", "HTTP requests answered 2xx")                            \
    C(SERIES, RETRIES, SUM, "requests", "HTTP requests to be repeated")                           \
    C(SERIES, UP, GAUGE, "", "1 while the last attempt succeeded")                                \
    C(RUN, RESTARTS, SUM, "restarts", "programs started again after they ended")                  \
    C(SERVE, REQUESTS, SUM, "requests", "HTTP requests answered")                                  \
    C(SERVE, PINGS, SUM, "pings", "pings of the dead-man's switch that were answered")            \
    C(SERVE, PING_FAILURES, SUM, "pings", "pings that were not")                                   \
    C(PAGE, RUNG, SUM, "pages", "pages that targets have taken, digests included")                 \
    C(PAGE, TOLD, SUM, "messages", "updates and ends of alerts that targets have taken")           \
    C(PAGE, DIGESTS, SUM, "digests", "of the pages: digests of what came too late to ring")        \
    C(PAGE, RETRIED, SUM, "attempts", "attempts that failed and were to be repeated")              \
    C(PAGE, REFUSED, SUM, "messages", "refused by a target for good, set aside")                   \
    C(PAGE, LOST, SUM, "records", "deleted at the disk cap before they were read, or not readable")                 \
    C(PAGE, TARGETS, GAUGE, "targets", "targets of the roster")                                    \
    C(PAGE, HOLES, GAUGE, "holes", "that the roster leaves, names that the venue has not included; the whole team is paged there, or everybody") \
    C(PAGE, UNDELIVERABLE, GAUGE, "targets", "targets that can't be told now")                     \
    C(PAGE, KAFKA_AWAY, GAUGE, "", "1 while Kafka, from which the alerts come, does not answer (--from kafka)") \
    C(PAGE, OLDEST_WAITING_NS, GAUGE, "ns", "age of the oldest page that waits for a target")      \
    HISTOGRAM_COUNTER_ROWS(C, PROCESS, SOURCE)                                                     \
    HISTOGRAM_COUNTER_ROWS(C, PROCESS, RESULT)                                                     \
    HISTOGRAM_COUNTER_ROWS(C, KAFKA, ALERTS_SINK)                                                  \
    HISTOGRAM_COUNTER_ROWS(C, KAFKA, BULK_SINK)                                                    \
    HISTOGRAM_COUNTER_ROWS(C, SERIES, ALERTS_SINK)                                                 \
    HISTOGRAM_COUNTER_ROWS(C, SERIES, BULK_SINK)

enum counter {
#define COUNTER_ENUM(program, name, type, unit, help) COUNTER_##program##_##name,
    COUNTERS(COUNTER_ENUM)
#undef COUNTER_ENUM
    COUNTER_COUNT
};


enum histogram {
#define HISTOGRAM_ENUM(program, name, help) HISTOGRAM_##program##_##name,
    HISTOGRAMS(HISTOGRAM_ENUM)
#undef HISTOGRAM_ENUM
    HISTOGRAM_COUNT
};
/* clang-format on */

struct counter_info {
    const char *name; /* as in the table */
    const char *unit;
    const char *help;
    enum program program;
    bool gauge;
};
/* NULL when counter is none. */
const struct counter_info *counter_info_of(enum counter counter);

struct histogram_info {
    const char *name; /* as in the table */
    const char *help;
    enum program program;
    enum counter first; /* bucket 0; the others and the sum follow */
};
/* NULL when histogram is none. */
const struct histogram_info *histogram_info_of(enum histogram histogram);
/* True for the counters that are part of a histogram. */
bool counter_in_histogram(enum counter counter);

enum { COUNTER_NAME_BYTES = 32 };
/* The counter's name within its program, lower case: "last_tick_ns". Returns out. */
const char *counter_name(enum counter counter, char out[COUNTER_NAME_BYTES]);

struct counters; /* opaque */

/* Opens the file for one program to write; makes it, and the state directory (mode 0750) with its
   parents, when missing: whichever program is the first that ever runs there. Gauges begin at 0, sums go on
   from where they were. LOCKED: another process of this program is running (`where` has its pid).
   Any thread. */
bool counters_open(const char *state_dir, enum program program, struct counters **ret,
                   struct error *err);

/* Read-only; sees the names as they are now, so open anew to notice an upgrade. NOT_FOUND: no
   program has run yet. VERSION: the file has another layout. */
bool counters_open_reader(const char *state_dir, struct counters **ret, struct error *err);

/* The values stay in the file. NULL is allowed. */
void counters_close(struct counters *counters);

/* Any thread of the owning program; only its own counters. counters may be NULL: nothing happens
   (tests, tools). */
void counters_add(struct counters *counters, enum counter counter, uint64_t n);
void counters_set(struct counters *counters, enum counter counter, uint64_t value);
/* 0 for NULL and for a counter that the writing program does not know. */
uint64_t counters_get(const struct counters *counters, enum counter counter);

/* One duration into its bucket; below 0 counts as 0. Thread and NULL as above. */
void counters_observe(struct counters *counters, enum histogram histogram, int64_t duration_ns);

struct counters_program {
    int64_t pid; /* of the last process, 0: never ran */
    int64_t started_wall_ns;
    int64_t alive_wall_ns; /* when it last said so */
    bool running;          /* the process exists: it holds the section's lock */
};
/* The program says that it is alive, to systemd's watchdog, too (call at least once a second, one thread at a time). */
void counters_alive(struct counters *counters);
struct counters_program counters_program(const struct counters *counters, enum program program);

/* Poison rule. process notes the input it is dealing with (plain stores, no system call), and its
   handler of fatal signals lays the crash at that input's door. Both outlive the process. Being
   killed from outside is nobody's fault and leaves the suspect alone. */
struct counters_suspect {
    uint64_t seq; /* 0: none */
    uint32_t epoch;
    uint32_t crashes;
};
/* seq 0: none. NULL is allowed. */
void counters_in_progress(struct counters *counters, uint64_t seq, uint32_t epoch);
/* Async-signal-safe: another crash of the input in progress; a suspect other than that is
 * forgotten. */
void counters_crashed(struct counters *counters);
struct counters_suspect counters_suspect(const struct counters *counters);
/* The suspect was dealt with. NULL is allowed. */
void counters_suspect_clear(struct counters *counters);

#endif
