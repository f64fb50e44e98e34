/*
 * kafka_reader: reads one topic of Kafka, read_committed, from positions that the caller keeps: no
 * consumer group, so nothing of it expires at the broker.
 *
 *     kafka_reader_new(&link, "crowdtide.alerts", &reader, &err);
 *     kafka_reader_partitions(reader, 2000, &count, &err);
 *     kafka_reader_assign(reader, offsets, count, &err);          -1: from the beginning
 *     kafka_reader_assign_end(reader, count, &err);                       only what comes from now on
 *     while (kafka_reader_next(reader, &message)) …
 *     kafka_reader_free(reader);
 *
 * An offset that the broker does not keep any more goes to the oldest that it has. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_NET_KAFKA_READER_H
#define CROWDTIDE_PROCESSORS_NET_KAFKA_READER_H

#include "processors/net/kafka_link.h"
#include "schemas/base/str.h"

struct kafka_reader; /* opaque */

/* CONFIG, NO_MEMORY. Connects by itself, in threads of the library. */
bool kafka_reader_new(const struct kafka_link *link, const char *topic, struct kafka_reader **ret,
                      struct error *err);
/* NOT_FOUND: there is no such topic yet; NETWORK. Blocks up to timeout_ms. */
bool kafka_reader_partitions(struct kafka_reader *reader, int timeout_ms, uint32_t *ret_count,
                             struct error *err);
bool kafka_reader_assign(struct kafka_reader *reader, const int64_t *offset, uint32_t count,
                         struct error *err);
bool kafka_reader_assign_end(struct kafka_reader *reader, uint32_t count, struct error *err);

struct kafka_reader_message { /* borrowed until the next call */
    uint32_t partition;
    int64_t offset;
    struct str value; /* empty: a tombstone */
};
/* False: nothing new, or not to be had now. Does not block. */
bool kafka_reader_next(struct kafka_reader *reader, struct kafka_reader_message *ret);
/* Why nothing comes, as the library says; "" when all is well. */
const char *kafka_reader_trouble(const struct kafka_reader *reader);
void kafka_reader_free(struct kafka_reader *reader); /* NULL is allowed */

#endif
