/*
 * kafka_scan: every committed record of a topic, once through, up to the end as each partition
 * stood when its turn came (kafka_last tells why that end is asked for apart). Own connection, for
 * as many topics as wanted; one thread.
 *
 *     kafka_scan_open(&link, &scan, &err);
 *     kafka_scan_topic(scan, &query, &err);          query.visit for each record
 *     kafka_scan_close(scan);
 */
#ifndef CROWDTIDE_PROCESSORS_NET_KAFKA_SCAN_H
#define CROWDTIDE_PROCESSORS_NET_KAFKA_SCAN_H

#include "processors/net/kafka_link.h"
#include "schemas/base/str.h"

struct kafka_scan; /* opaque */

struct kafka_scanned { /* borrowed for the call */
    int32_t partition;
    int64_t offset;
    bool trimmed;      /* older records of this partition have been deleted */
    struct str header; /* the value of the query's header; len 0: it has none */
};

struct kafka_scan_query {
    const char *topic;
    const char *header; /* which one to hand out */
    int timeout_ms;     /* without any record */
    /* False: stop there, with *err set by the callee. */
    bool (*visit)(void *arg, const struct kafka_scanned *record, struct error *err);
    /* A partition without records, of which older ones were deleted. May be NULL. */
    void (*emptied)(void *arg, int32_t partition);
    void *arg;
    const volatile int *stop; /* may be NULL */
};

/* CONFIG, NO_MEMORY. */
bool kafka_scan_open(const struct kafka_link *link, struct kafka_scan **ret, struct error *err);
/* A topic that does not exist has no records. NETWORK. */
bool kafka_scan_topic(struct kafka_scan *scan, const struct kafka_scan_query *query,
                      struct error *err);
void kafka_scan_close(struct kafka_scan *scan); /* NULL is allowed */

#endif
