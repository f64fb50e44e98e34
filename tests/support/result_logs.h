/*
 * result_logs: a state directory as ingest and process leave it, written by a test: inputs in the readings log, their results in the alerts log and the bulk log.
 *
 *     struct result_logs logs;
 *     result_logs_open(&logs, dir, true);
 *     result_logs_step(&logs, &(struct result_step){.readings = 3, .alerts = 1});     one input with its results
 *     result_logs_close(&logs);
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_RESULT_LOGS_H
#define CROWDTIDE_TESTS_SUPPORT_RESULT_LOGS_H

#include "schemas/log/log.h"
#include "schemas/result/result.h"

struct result_logs {
    struct log_writer *readings, *alerts, *bulk;
    struct log_uuid uuid; /* of the readings log */
    uint64_t inputs, alert_count, reading_count, zone_count;
    int64_t now_ns;
    bool manual; /* nothing becomes durable by itself */
};

struct result_step {
    uint32_t readings, zones, alerts, heartbeats, deadletters, eras;
    uint32_t payload_bytes; /* of each dead letter's base64 */
    bool lost_input;        /* the input itself does not reach the log, as if a power cut took it */
    uint16_t flags;         /* of the results' records */
    const char *lane;       /* of the readings: any text a test wants to see in the store; NULL: none */
};

/* Aborts on failure: a test can't go on. manual: readings become durable by result_logs_sync only. */
void result_logs_open(struct result_logs *logs, const char *dir, bool manual);
/* Returns the input's sequence. Results are numbered: readings by seq, alerts by n. */
uint64_t result_logs_step(struct result_logs *logs, const struct result_step *step);
void result_logs_sync(struct result_logs *logs);
void result_logs_close(struct result_logs *logs);

#endif
