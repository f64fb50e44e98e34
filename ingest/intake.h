/*
 * intake: what happened, as records of the readings log. Pure of MQTT: it knows the log's writer,
 * the log's clock and the counters, and parses nothing.
 *
 *     intake_open(&options, &intake, &err);
 *     intake_message(intake, &message, &err);        …from the MQTT library's thread
 *     intake_tick(intake, connected, utc_s, &err);   …from the main thread, every second
 *     intake_close(intake);                          the writer stays its owner's
 *
 * Opening starts log time above the last record's, and appends GAP when the log was not empty.
 *
 * Every function that appends returns after the records are committed (with LOG_SYNC_EVERY:
 * durable). False means that this record is not in the log and none can follow: the writer is
 * spent. The caller must then end the process without acknowledging anything; the broker gives the
 * message again.
 *
 * Threads: any; one mutex stands around the writer and the clock, so that log time never falls from
 * one record to the next.
 */
#ifndef CROWDTIDE_INGEST_INTAKE_H
#define CROWDTIDE_INGEST_INTAKE_H

#include "schemas/counters/counters.h"
#include "schemas/log/log.h"
#include "schemas/record/record.h"

struct intake_options {
    struct log_writer *writer;           /* open; used by nobody else until intake_close */
    const struct log_recovery *recovery; /* what opening it found */
    struct counters *counters;           /* NULL: none */
    uint32_t max_message_bytes;          /* longer payloads become OVERSIZED records */
    int64_t (*wall_ns)(void);            /* NULL: clock_wall_ns; tests give their own */
    int64_t (*boot_ns)(void);            /* NULL: clock_boot_ns */
};

struct intake_message { /* borrowed for the call */
    struct str topic;   /* any bytes; more than RECORD_TOPIC_BYTES_MAX can't come from MQTT */
    struct str payload;
    uint8_t qos;
    bool retained;
    bool dup;
    struct str content_type; /* MQTT 5; len 0: none */
    bool topic_redacted;     /* topic is what privacy rules have left */
    bool personal;           /* payload is what privacy rules have left */
    struct str keyed_hash; /* personal: of the payload as it was received; len 0: there is no key */
};

struct intake;

/* Errors: NO_MEMORY, and those of the log. */
bool intake_open(const struct intake_options *options, struct intake **ret_intake,
                 struct error *err);
void intake_close(struct intake *intake); /* NULL is allowed */

/* MQTT, or OVERSIZED with length, SHA-256 and first RECORD_HEAD_BYTES_MAX. A personal one must not
 * be over INTAKE_PERSONAL_BYTES_MAX; it is never OVERSIZED. */
enum { INTAKE_PERSONAL_BYTES_MAX = 524288 };
bool intake_message(struct intake *intake, const struct intake_message *message, struct error *err);

/* WITHHELD: a personal message of which nothing but the record's members may be kept. */
bool intake_withheld(struct intake *intake, const struct record_withheld *withheld,
                     struct error *err);

/* TICK. connected: to the broker, with every subscription granted. utc_offset_s: of the venue's
   clocks, or RECORD_NO_UTC_OFFSET. Also shows the log's figures in the counters. */
bool intake_tick(struct intake *intake, bool connected, int32_t utc_offset_s, struct error *err);

/* What the broker says of messages that it has dropped; ticks carry it from here on. */
void intake_broker_dropped(struct intake *intake, uint64_t dropped);

/* What has become of our own probes (path_probe.h); the next tick carries it. */
void intake_probe(struct intake *intake, enum record_probe probe, uint32_t probe_ms);

/* CONNECTED and DISCONNECTED. detail: broker address or reason; cut at INTAKE_DETAIL_BYTES_MAX. */
bool intake_connected(struct intake *intake, bool session_present, struct str detail,
                      struct error *err);
bool intake_disconnected(struct intake *intake, int32_t reason_code, struct str detail,
                         struct error *err);
enum { INTAKE_DETAIL_BYTES_MAX = 1024 };

/* SUBSCRIBED: one SUBACK code. optional: its refusal is no loss. */
bool intake_subscribed(struct intake *intake, struct str filter, bool optional, int32_t reason_code,
                       struct error *err);

/* MODEL: the venue in force from here on. REJECT errors (TOO_LARGE) leave the log as it was. */
bool intake_model(struct intake *intake, const struct record_model *model, struct error *err);

/* COMMAND: the line as it came, and who sent it; durable on return. *ret_seq (may be NULL) is the
   record's sequence. REJECT errors (TOO_LARGE, also for an empty line) leave the log as it was. */
bool intake_command(struct intake *intake, const struct record_command *command, uint64_t *ret_seq,
                    struct error *err);

/* Log time now, without a record. */
int64_t intake_now_ns(struct intake *intake);

/* Payload and topic bytes appended since intake_open. */
uint64_t intake_bytes(struct intake *intake);

/* Deletes old segments: log_writer_retain under the same mutex. */
bool intake_retain(struct intake *intake, uint64_t max_bytes, uint64_t keep_from_seq, bool force,
                   uint64_t *ret_lost, struct error *err);

/* False when the log's helper failed for good: end the process. */
bool intake_healthy(struct intake *intake, struct error *err);

#endif
