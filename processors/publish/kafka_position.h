/*
 * kafka_position: the record on crowdtide.positions that says how far a feed has come. It is produced in the same transaction as the results it speaks of, so Kafka can't have one
 * without the other.
 *
 * Key: {readings log UUID}/kafka/{alerts|bulk}. Value: one JSON object.
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_KAFKA_POSITION_H
#define CROWDTIDE_PROCESSORS_PUBLISH_KAFKA_POSITION_H

#include "schemas/log/log.h"
#include "schemas/base/str.h"

enum { KAFKA_POSITION_BYTES = 1024, KAFKA_POSITION_KEY_BYTES = 64, KAFKA_INSTANCE_BYTES = 17 };
#define KAFKA_POSITIONS_TOPIC "crowdtide.positions"

struct kafka_position {
    struct log_uuid readings;            /* the readings log that input_seq counts in */
    struct log_position at;              /* of the results log; log, seq are the hint, input_seq and index the truth */
    char instance[KAFKA_INSTANCE_BYTES]; /* of the publisher that wrote it: 16 hex digits */
    uint64_t delivered, rejected, skipped; /* the feed's books, since the first use of this position */
};

/* The key, not NUL-terminated; returns its length. */
size_t kafka_position_key(const struct log_uuid *readings, const char *log,
                          char out[KAFKA_POSITION_KEY_BYTES]);
void kafka_position_write(const struct kafka_position *from, struct text *out);
/* MALFORMED. */
bool kafka_position_read(struct str value, struct kafka_position *ret, struct error *err);

/* A fresh random instance name. */
void kafka_instance_name(char out[KAFKA_INSTANCE_BYTES]);

#endif
