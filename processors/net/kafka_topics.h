/*
 * kafka_topics: makes sure that topics exist. Own connection, closed before it returns; any thread.
 */
#ifndef CROWDTIDE_PROCESSORS_NET_KAFKA_TOPICS_H
#define CROWDTIDE_PROCESSORS_NET_KAFKA_TOPICS_H

#include "processors/net/kafka_link.h"

enum { KAFKA_TOPICS_ENSURE_MAX = 32 };

struct kafka_topic_plan {
    const char *name;
    int partitions;
    bool compacted;
    bool small_segments; /* compacted soon: for topics that are read from the beginning */
};

/* Creates those of the plan that are missing and leaves the others as they are. True also when the brokers do not know the request (they then create topics
   themselves on first use). NETWORK: no answer within timeout_ms. REMOTE_DENIED: they refuse user or password, or a topic is missing and they refuse to create it; err says which and why. CONFIG. */
bool kafka_topics_ensure(const struct kafka_link *link, const struct kafka_topic_plan *plan,
                         uint32_t count, int replication, int timeout_ms, struct error *err);

#endif
