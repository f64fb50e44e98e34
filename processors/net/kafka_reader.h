/*
 * kafka_reader: reads one topic of Kafka, read_committed, from positions that the caller keeps: no
 * consumer group, so nothing of it expires at the broker.
 *
 *     kafka_reader_new(&link, "crowdtide.alerts", &reader, &err);
 *     kafka_reader_add(reader, 0, offsets, count, &err);          how many there are: kafka_sizes.h
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
/* Reads `count` more partitions, from `first` on, which is not read yet: each from its offset (-1:
   from its beginning), or without offsets only what comes from now on. Kafka may be away. Does not
   block. NETWORK, NO_MEMORY. */
bool kafka_reader_add(struct kafka_reader *reader, uint32_t first, const int64_t *offset,
                      uint32_t count, struct error *err);

struct kafka_reader_message { /* borrowed until the next call */
    uint32_t partition;
    int64_t offset;
    struct str value; /* empty: a tombstone */
};
/* False: nothing new, or not to be had now. Does not block. */
bool kafka_reader_next(struct kafka_reader *reader, struct kafka_reader_message *ret);
/* Of some partition the end has not been seen since its last record, or since it was added. */
bool kafka_reader_behind(const struct kafka_reader *reader);
/* Why a partition can't be read (no permission, …), until a record comes; "" when all is well.
   Whether Kafka is there at all, kafka_sizes tells. */
const char *kafka_reader_trouble(const struct kafka_reader *reader);
void kafka_reader_free(struct kafka_reader *reader); /* NULL is allowed */

#endif
