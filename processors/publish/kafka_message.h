/*
 * kafka_message: results as Kafka messages: topic, key, JSON value and CloudEvents headers (binary mode of the CloudEvents 1.0 Kafka binding).
 *
 *     kafka_messages_init(&messages, readings_uuid, &err);
 *     n = kafka_messages_of(&messages, &item, message, &err);        0: such records have no topic
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_KAFKA_MESSAGE_H
#define CROWDTIDE_PROCESSORS_PUBLISH_KAFKA_MESSAGE_H

#include "processors/net/kafka_producer.h"
#include "processors/net/kafka_topics.h"
#include "processors/publish/feed.h"

enum {
    KAFKA_MESSAGES_A_RESULT = 2, /* an alert goes to crowdtide.alerts and crowdtide.alert-state */
#define KAFKA_TOPIC_ONE(TYPE, name, measurement, suffix) +(sizeof(suffix) > 1)
    KAFKA_TOPIC_COUNT = 2 /* alert-state and positions */ RESULT_TYPES(KAFKA_TOPIC_ONE),
#undef KAFKA_TOPIC_ONE
    KAFKA_TYPES_MAX = 128,
};

/* The topics of the contract as they are to be created. */
void kafka_topic_plans(int partitions, struct kafka_topic_plan ret[KAFKA_TOPIC_COUNT]);

struct kafka_messages { /* one thread */
    int topic[KAFKA_TYPES_MAX]; /* the producer's handle by record type; -1: none */
    int alert_state;
    int positions;
    char uuid[LOG_UUID_TEXT_BYTES];
    char *bytes; /* values, keys and headers of the current result */
    size_t cap;
};

bool kafka_messages_init(struct kafka_messages *messages, const struct log_uuid *readings,
                         struct error *err);
void kafka_messages_free(struct kafka_messages *messages);
/* Asks the producer for its topic handles. */
bool kafka_messages_topics(struct kafka_messages *messages, struct kafka_producer *producer,
                           struct error *err);

/* Fills up to KAFKA_MESSAGES_A_RESULT messages, borrowed until the next call, and returns how many; 0 for records without a topic; -1 with an error: MALFORMED (not a result this
   version can read), NO_MEMORY. */
int kafka_messages_of(struct kafka_messages *messages, const struct feed_item *item,
                      struct kafka_message out[KAFKA_MESSAGES_A_RESULT], struct error *err);

#endif
