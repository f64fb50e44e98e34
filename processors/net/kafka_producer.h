/*
 * kafka_producer: a transactional producer. Every call says with an outcome what to do next; one thread a producer.
 *
 *     kafka_producer_new(&options, &producer, &err);
 *     kafka_producer_init(producer, 1000, &err);          until KAFKA_OK: older owners of the transactional id are fenced from here on
 *     topic = kafka_producer_topic(producer, "crowdtide.alerts", &err);
 *     kafka_producer_begin(producer, &err);
 *     kafka_producer_send(producer, &message, &err);  any number
 *     kafka_producer_commit(producer, 1000, &err);         until KAFKA_OK: readers with read_committed see all of it, or none
 *
 * Bodies, keys and headers are copied by send. Nothing of a transaction counts before its commit said KAFKA_OK.
 */
#ifndef CROWDTIDE_PROCESSORS_NET_KAFKA_PRODUCER_H
#define CROWDTIDE_PROCESSORS_NET_KAFKA_PRODUCER_H

#include "processors/net/kafka_link.h"
#include "schemas/base/str.h"

enum kafka_outcome {
    KAFKA_OK,
    KAFKA_AGAIN,    /* nothing changed: call the same again */
    KAFKA_ABORT,    /* the transaction is lost: abort, go back to the last commit */
    KAFKA_RECREATE, /* the producer is lost: free it, make a new one, ask Kafka for the position */
    KAFKA_FENCED,   /* as RECREATE, and the brokers say that this transactional id has a newer epoch */
    KAFKA_REFUSED,  /* send: this message can never be taken; the transaction goes on without it */
};
const char *kafka_outcome_text(enum kafka_outcome outcome);

enum {
    KAFKA_TOPICS_MAX = 16,
    KAFKA_HEADERS_MAX = 8,
    KAFKA_TRANSACTION_MS = 10000, /* an unfinished transaction holds up readers at most this long */
};

struct kafka_producer; /* opaque */

struct kafka_producer_options {
    const struct kafka_link *link;
    const char *transactional_id;
    uint32_t linger_ms; /* messages wait this long for company within a transaction; the commit never waits */
    bool prompt; /* a commit goes on as soon as its last message is stored, for some CPU time a message; else up to 10 ms later */
};

struct kafka_header {
    const char *name;
    struct str value;
};

struct kafka_message {
    int topic; /* from kafka_producer_topic */
    struct str key;
    struct str value;
    struct kafka_header header[KAFKA_HEADERS_MAX];
    uint32_t header_count;
    bool essential; /* nothing is committed without it: that it is refused is no fault of its company */
};

/* Makes the producer; connects in the background. Errors: CONFIG. */
bool kafka_producer_new(const struct kafka_producer_options *options, struct kafka_producer **ret,
                        struct error *err);

/* Takes over the transactional id: waits until a predecessor's transaction has ended, one way or the other. OK, AGAIN, RECREATE, FENCED. */
enum kafka_outcome kafka_producer_init(struct kafka_producer *p, int timeout_ms, struct error *err);

/* A handle for the topic, the same for the same name. Negative: out of handles or memory. */
int kafka_producer_topic(struct kafka_producer *p, const char *name, struct error *err);

/* OK, AGAIN, ABORT, RECREATE, FENCED. */
enum kafka_outcome kafka_producer_begin(struct kafka_producer *p, struct error *err);

/* OK, AGAIN (the queue is full; already waited a little), REFUSED (too large for the client's own limit), ABORT,
   RECREATE, FENCED. */
enum kafka_outcome kafka_producer_send(struct kafka_producer *p, const struct kafka_message *message,
                                       struct error *err);

/* OK, AGAIN, ABORT, RECREATE, FENCED. Blocks up to timeout_ms, and a little longer if nothing can be done at once, so that a loop around it never spins. */
enum kafka_outcome kafka_producer_commit(struct kafka_producer *p, int timeout_ms, struct error *err);
/* OK, AGAIN, RECREATE, FENCED. */
enum kafka_outcome kafka_producer_abort(struct kafka_producer *p, int timeout_ms, struct error *err);

/* Messages of the transaction begun last that the brokers refused for what they are (too large, not a valid record), as opposed to for their state. The brokers judge
   whole batches, so company may be to blame: repeat with fewer until it stands alone. *err has the topic and the words. Complete once
   the transaction was aborted. 0 while an essential message is
   refused: then no other can be told to be at fault. */
uint32_t kafka_producer_refusals(const struct kafka_producer *p, struct error *err);

/* The last complaint of the library's own threads ("connection refused" …) for reports; "" when there was none since the last success. */
const char *kafka_producer_complaint(struct kafka_producer *p);

/* Discards what was not committed; blocks for a moment. NULL is allowed. */
void kafka_producer_free(struct kafka_producer *p);

#endif
