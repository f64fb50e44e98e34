/*
 * feed: one results log as a publisher sees it: results whose input is durable, in order, each once
 * after the place where the publisher left off.
 *
 *     feed_open(&options, &feed, &err);                 NOT_FOUND: process has not run yet; try
 * again feed_start(feed, &resume, &err);                  at the first result after `resume` switch
 * (feed_next(feed, &item, &err)) … feed_wait(feed, 100);                             after
 * FEED_NONE or FEED_NOT_DURABLE feed_commit(feed, &position, false, &err);        the sink has it:
 * retention may take it away
 *
 * One thread a feed.
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_FEED_H
#define CROWDTIDE_PROCESSORS_PUBLISH_FEED_H

#include "schemas/log/log.h"
#include "schemas/result/result.h"

struct feed; /* opaque */

struct feed_options {
    const char *state_dir;
    const char *log;  /* "alerts" or "bulk" */
    const char *sink; /* "kafka" or "series": the cursor is {state_dir}/cursors/{log}.{sink} */
    bool urgent; /* ask for a sync at once when a result waits for its input to become durable */
};

/* Opens cursor, results log and readings log. NOT_FOUND: a log is not there yet. LOCKED: another
   publisher has the cursor. MISMATCH: the results log was made from another readings log than the
   one beside it. INVALID: it comes from a replay. */
bool feed_open(const struct feed_options *options, struct feed **ret, struct error *err);
void feed_close(struct feed *feed); /* NULL is allowed */

const struct log_uuid *feed_readings_uuid(const struct feed *feed);
const struct log_uuid *feed_results_uuid(const struct feed *feed);
/* Last published sequence of the readings log. */
uint64_t feed_readings_last_seq(const struct feed *feed);

/* Whether the readings log has the input, or had it until retention took it. */
bool feed_has_input(struct feed *feed, uint64_t input_seq, uint32_t input_epoch, bool *ret_has,
                    struct error *err);

/* The durable cursor; all zero before the first feed_commit ever. */
struct log_position feed_position(const struct feed *feed);
/* Moves the cursor. durable: survives a power cut too. */
bool feed_commit(struct feed *feed, const struct log_position *position, bool durable,
                 struct error *err);

/* Goes to the first result after `from` (all zero: the oldest result kept). from->seq is only a
   hint: it is used when the record there comes from the very input and index that `from` names;
   otherwise the log is read from its oldest record and everything up to that input and index is
   passed over. */
bool feed_start(struct feed *feed, const struct log_position *from, struct error *err);

enum feed_read {
    FEED_RESULT,
    FEED_NONE,        /* caught up */
    FEED_NOT_DURABLE, /* the next result's input could still be lost in a power cut */
    FEED_ERROR,
};

struct feed_item { /* body borrowed until the next call on the feed */
    struct log_view view;
    struct result_origin origin;
};

enum feed_read feed_next(struct feed *feed, struct feed_item *ret, struct error *err);

/* Whether there is nothing to be had because ingest or process has not opened its log yet: as
   log_reader_waits. */
bool feed_waits(const struct feed *feed, struct error *err);

/* Sleeps until feed_next may say something else, at most timeout_ms (and at most LOG_WAIT_MS_MAX).
 */
void feed_wait(struct feed *feed, uint32_t timeout_ms);

/* Results deleted at the disk cap before this feed came to them, since feed_open. */
uint64_t feed_lost(const struct feed *feed);
struct feed_loss {
    uint64_t results;                         /* records, those without a topic or point included */
    uint64_t first_seq, last_seq; /* of the results log; power cuts leave holes between */
    uint64_t after_input_seq, before_input_seq; /* what was dealt with last, and what comes next */
};
/* What was lost, as soon as it is known where the log goes on, and again when more is. False:
   nothing new. A publisher writes it down before its position goes past it: afterwards nobody would
   know. */
bool feed_meets_loss(struct feed *feed, struct feed_loss *ret);
/* What was lost since this last gave something, once the sink has dealt with what follows it: up to
   dealt_seq. A publisher that ends before that meets it again, so nothing may be counted earlier.
   False: nothing. */
bool feed_take_loss(struct feed *feed, uint64_t dealt_seq, struct feed_loss *ret);
/* Results in the log after the given sequence. */
uint64_t feed_lag(const struct feed *feed, uint64_t after_seq);

/* What a cursor and a sink remember of an item. */
struct log_position feed_item_position(const struct feed *feed, const struct feed_item *item);

#endif
