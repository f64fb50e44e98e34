/*
 * kafka_feed: one results log to Kafka, exactly once, with a transactional producer of its own. Runs in its own thread, so that alerts never wait behind bulk.
 *
 * A transaction holds results and the position after them. Starting: take over the transactional id (an older owner's transaction ends here), read the position, go on behind it.
 * After an aborted transaction: back to the last committed position. After a fatal error: a new producer, and Kafka is asked for the position again.
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_KAFKA_FEED_H
#define CROWDTIDE_PROCESSORS_PUBLISH_KAFKA_FEED_H

#include "processors/net/kafka_link.h"
#include "processors/publish/kafka_position.h"
#include "processors/publish/pace.h"

enum { PUBLISH_OK = 0, PUBLISH_FAILED = 1, PUBLISH_CONFIG = 2, PUBLISH_FENCED = 3 };

struct kafka_feed_options { /* borrowed; must outlive the run */
    struct publish_shared *shared;
    const char *state_dir;
    const char *log; /* "alerts" or "bulk" */
    uint32_t number; /* 0, 1: the feed's bit in shared->down */
    struct kafka_link link;
    char instance[KAFKA_INSTANCE_BYTES];
    uint32_t every_ms;  /* transactions begin at least this far apart … */
    uint64_t bytes_max; /* … unless the one before was this large */
    int partitions, replication;
    bool urgent;
    bool rebase;
    enum counter delivered, rejected, skipped, lag, lost, uncounted, seq;
    enum histogram latency;
};

/* Until shared->stop, or a condition that no retry helps: returns the exit code, having reported why. */
int kafka_feed_run(const struct kafka_feed_options *options);

#endif
