/*
 * kafka_sizes: how many partitions topics have by now, for readers that assign partitions themselves
 * (kafka_reader.h): nobody tells them of new ones.
 *
 *     struct kafka_size sizes[] = {{"crowdtide.alerts"}, {"crowdtide.heartbeat"}};
 *     kafka_sizes_new(&link, sizes, 2, &asker, &err);
 *     switch (kafka_sizes_follow(asker, boot_ms, &err)) …    as often as wanted: it asks when it is time
 *     kafka_sizes_free(asker);
 *
 * Asks every KAFKA_SIZES_EVERY_MS; where Kafka is away or a topic is not there yet, more often. While
 * it is away a question blocks for 0.2 s, up to 2 s when it stays away (who is far away answers late),
 * and a sixth of the time at most. A topic only grows here. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_NET_KAFKA_SIZES_H
#define CROWDTIDE_PROCESSORS_NET_KAFKA_SIZES_H

#include "processors/net/kafka_link.h"

enum { KAFKA_SIZES_EVERY_MS = 10000 };

struct kafka_size {
    const char *topic;
    uint32_t partitions; /* 0: not known yet */
};

struct kafka_sizes; /* opaque */

/* size: the caller's, filled by follow; outlives the asker. CONFIG, FATAL, NO_MEMORY. Does not block. */
bool kafka_sizes_new(const struct kafka_link *link, struct kafka_size *size, uint32_t count,
                     struct kafka_sizes **ret, struct error *err);
enum kafka_sizes_answer {
    KAFKA_SIZES_NOT_ASKED, /* it is not yet time */
    KAFKA_SIZES_KNOWN,
    KAFKA_SIZES_MISSING, /* err names a topic that is not there yet, or not for this user */
    KAFKA_SIZES_AWAY,    /* no answer; err says why */
};
enum kafka_sizes_answer kafka_sizes_follow(struct kafka_sizes *asker, int64_t boot_ms, struct error *err);
/* The last question got no answer. */
bool kafka_sizes_away(const struct kafka_sizes *asker);
void kafka_sizes_free(struct kafka_sizes *asker); /* NULL is allowed */

#endif
