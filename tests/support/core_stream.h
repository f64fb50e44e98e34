/*
 * core_stream: a seeded stream of records that visits everything the core does: counters of every
 * kind, gates, lights, wills, drills, repeats, retained, late, future and damaged messages, pauses,
 * gaps, reloads, sensors in and out of service, broker losses, midnights, and operators' commands of
 * every kind, allowed and not. The same seed gives the same records everywhere.
 *
 *     struct core_stream stream = core_stream_begin(seed);
 *     core_stream_init(&stream, &feed);          the model
 *     core_stream_next(&stream, &feed);          one record
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_CORE_STREAM_H
#define CROWDTIDE_TESTS_SUPPORT_CORE_STREAM_H

#include "tests/support/core_feed.h"

enum { CORE_STREAM_SENSORS = 18 };

struct core_stream {
    uint64_t random;
    int64_t t_ms;
    int64_t seq[CORE_STREAM_SENSORS];
    int64_t total_in[CORE_STREAM_SENSORS], total_out[CORE_STREAM_SENSORS];
    char last_topic[96], last_payload[256]; /* to be repeated */
    uint32_t model;                         /* which of the venues is in force */
    int drills;                             /* all: 1; none: -1; a few: 0 */
    char last_command[512];                 /* to be given again */
    uint64_t commands;                      /* given */
};

struct core_stream core_stream_begin(uint64_t seed);
void core_stream_init(struct core_stream *stream, struct core_feed *feed);
void core_stream_next(struct core_stream *stream, struct core_feed *feed);
/* One message, without time going by. */
void core_stream_message(struct core_stream *stream, struct core_feed *feed);
/* One command, likewise. Where all is drill, it neither starts nor stops one. */
void core_stream_command(struct core_stream *stream, struct core_feed *feed);
/* A number below n, from the stream's own randomness. */
uint32_t core_stream_below(struct core_stream *stream, uint32_t n);

#endif
