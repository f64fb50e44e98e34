/*
 * counters: figures of every running program in one shared-memory file (`counters` in the state directory), written by their program, read by `crowdtide top`
 * and later by /metrics. One table (COUNTERS) gives enum, name, unit and help. One writer per program section; relaxed atomics; survives the program (the last
 * values stay readable), zeroed for gauges when the program starts.
 *
 *     counters_open(state_dir, PROGRAM_INGEST, &counters, &err);
 *     counters_add(counters, COUNTER_INGEST_MESSAGES, 1);
 */
#ifndef CROWDTIDE_SCHEMAS_COUNTERS_COUNTERS_H
#define CROWDTIDE_SCHEMAS_COUNTERS_COUNTERS_H

#include "schemas/base/error.h"

enum program { PROGRAM_RUN, PROGRAM_INGEST, PROGRAM_PROCESS, PROGRAM_KAFKA, PROGRAM_SERIES, PROGRAM_COUNT };
const char *program_name(enum program program); /* run, ingest, process, publish-kafka, publish-series */

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
    C(INGEST, LOG_LOST, SUM, "records", "records deleted at the disk cap before every cursor passed them") \
    C(PROCESS, RECEIVED, GAUGE, "messages", "books: messages read from the readings log")         \
    C(PROCESS, DECODED, GAUGE, "messages", "books: decoded")                                      \
    C(PROCESS, DUPLICATE, GAUGE, "messages", "books: duplicates")                                 \
    C(PROCESS, QUARANTINED, GAUGE, "messages", "books: dead letters")                             \
    C(PROCESS, IGNORED_RETAINED, GAUGE, "messages", "books: retained messages that may not count") \
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
    C(KAFKA, BULK_LOST, SUM, "records", "deleted at the disk cap before they were sent")          \
    C(KAFKA, TRANSACTIONS, SUM, "transactions", "transactions committed")                         \
    C(KAFKA, ABORTS, SUM, "transactions", "transactions aborted and repeated")                    \
    C(KAFKA, RECREATED, SUM, "producers", "producers recreated after a fatal error")              \
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
    C(SERIES, BULK_LOST, SUM, "records", "deleted at the disk cap before they were sent")         \
    C(SERIES, REQUESTS, SUM, "requests", "HTTP requests answered 2xx")                            \
    C(SERIES, RETRIES, SUM, "requests", "HTTP requests to be repeated")                           \
    C(SERIES, UP, GAUGE, "", "1 while the last attempt succeeded")                                \
    C(RUN, RESTARTS, SUM, "restarts", "programs started again after they ended")

enum counter {
#define COUNTER_ENUM(program, name, type, unit, help) COUNTER_##program##_##name,
    COUNTERS(COUNTER_ENUM)
#undef COUNTER_ENUM
    COUNTER_COUNT
};

struct counter_info { enum program program; const char *name; bool gauge; const char *unit; const char *help; }; /* name: lower case */
const struct counter_info *counter_info_of(enum counter counter);

struct counters;
/* Opens (creating or, after a change of the table, recreating) the file for one program to write; SUM values go on from where they were. */
bool counters_open(const char *state_dir, enum program program, struct counters **ret, struct error *err);
/* Read-only. NOT_FOUND when no program has run yet; VERSION when written by a binary with another table. */
bool counters_open_reader(const char *state_dir, struct counters **ret, struct error *err);
void counters_close(struct counters *counters);

/* Any thread of the owning program. counters may be NULL: nothing happens (tests, tools). */
void counters_add(struct counters *counters, enum counter counter, uint64_t n);
void counters_set(struct counters *counters, enum counter counter, uint64_t value);
uint64_t counters_get(const struct counters *counters, enum counter counter);

struct counters_program { int64_t pid; int64_t started_wall_ns; int64_t alive_wall_ns; bool running; };
/* The program says that it is alive (call at least once a second). */
void counters_alive(struct counters *counters);
/* running: the pid exists and held the file's lock recently. */
struct counters_program counters_program(const struct counters *counters, enum program program);

/* The input that process is dealing with, so that a crash can be laid at its door (poison rule): seq 0 when none. Kept across the program's death. */
struct counters_in_progress { uint64_t seq; uint32_t epoch; uint32_t crashes; };
void counters_in_progress_set(struct counters *counters, struct counters_in_progress now);
struct counters_in_progress counters_in_progress_get(const struct counters *counters);

#endif
