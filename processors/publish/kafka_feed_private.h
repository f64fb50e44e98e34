/* Between kafka_feed.c (connecting, the loop) and kafka_transact.c (one transaction); nobody else
 * includes this. */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_KAFKA_FEED_PRIVATE_H
#define CROWDTIDE_PROCESSORS_PUBLISH_KAFKA_FEED_PRIVATE_H

#include "processors/publish/kafka_feed.h"
#include "processors/publish/kafka_message.h"
#include "processors/publish/rejected.h"
#include "processors/publish/sink_books.h"

#define KAFKA_FEED_PROGRAM "publish-kafka"

enum {
    KAFKA_CALL_MS = 1000, /* of one call into the library; then look whether to stop */
    KAFKA_TRACED = 64,    /* beyond, a trace may be written twice */
    KAFKA_OPEN_MS_MAX = KAFKA_TRANSACTION_MS / 4, /* a transaction is filled at most this long */
};

struct kafka_feed {
    const struct kafka_feed_options *options;
    struct publish_shared *shared;
    struct feed *feed;
    struct rejected *rejected;
    struct kafka_producer *producer;
    struct kafka_messages messages;
    struct kafka_position committed; /* as it is in Kafka */
    struct kafka_position open;      /* as the transaction in hand will make it */
    bool claimed;                    /* this process has committed a position */
    bool rebase;
    uint64_t span;        /* results a transaction may hold; 0: any number */
    uint64_t in_hand;     /* results in the open transaction */
    uint64_t in_hand_seq; /* the newest of them */
    uint64_t refused_seq; /* refused by the brokers standing alone: reject it at sight */
    char refused_why[256];
    /* The results last written to the rejected file: a transaction that is repeated does not write
       them again. One library refusal may come before the brokers' of an earlier result. */
    uint64_t traced_seq[KAFKA_TRACED];
    uint32_t traced; /* ever */
    struct sink_books books;
    bool full;              /* the last transaction hit a limit: go on at once */
    int64_t began_ns;       /* the last transaction */
    int64_t oldest_wall_ns; /* when process wrote its first result; 0: it has none */
    int64_t ended_ns;
    int64_t durable_ns;
    struct pace backoff;
    struct notice notice, waiting;
};

enum step { STEP_ON, STEP_RECONNECT, STEP_END };

/* What a step came to, with the exit code when it ends the run. */
struct progress {
    enum step step;
    int code;
};

/* Asked on each way round, which says that the feed lives. */
static inline bool kafka_feed_stopping(struct kafka_feed *f)
{
    publish_seen(f->shared, f->options->number);
    return publish_stopping(f->shared);
}

/* How long a transaction is kept open to be filled. */
uint32_t kafka_feed_open_ms(const struct kafka_feed *f);

/* One transaction that begins with *item (NULL: only the position), committed or undone. */
struct progress kafka_feed_transact(struct kafka_feed *f, struct feed_item *item);

/* Tells of trouble with Kafka, once, and marks it down. */
void kafka_feed_trouble(struct kafka_feed *f, const char *event, const struct error *err);
/* Reports and ends the run. */
struct progress kafka_feed_failed(const struct error *err);
/* Sets the lag gauge, counts and reports what retention took. */
void kafka_feed_show_lag(struct kafka_feed *f);

#endif
