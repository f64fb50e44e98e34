/*
 * series_feed: one results log to the time-series store, at least once; a repeat is the same point. A state machine that never blocks: two of them share one thread and one HTTP client,
 * so that alerts never wait behind bulk.
 *
 *     series_feed_new(&options, &feed, &err);
 *     loop: series_feed_turn(feed, now_ns) for each; then wait for sockets or logs, at most series_feed_due_ms
 *
 * A batch of lines is sent in slices; a slice is the whole batch while all is well. A refused slice is halved until one line stands alone, which goes to the rejected file with the
 * store's words; after each success slices grow again. The cursor follows what was answered with 2xx.
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_SERIES_FEED_H
#define CROWDTIDE_PROCESSORS_PUBLISH_SERIES_FEED_H

#include "processors/publish/feed.h"
#include "processors/publish/pace.h"
#include "processors/publish/series_target.h"

enum { SERIES_BODY_BYTES_MAX = 8 * 1024 * 1024, SERIES_LINE_BYTES_MAX = 1024 * 1024 };

struct series_shared { /* by both feeds, one thread */
    struct publish_shared *publish;
    const struct series_target *target;
    struct http_poster *poster;
    int64_t stored_ns; /* when the store last took something */
};

struct series_feed_options {
    struct series_shared *shared;
    const char *state_dir;
    const char *log;
    uint32_t number;   /* 0, 1: HTTP slot and bit in publish->down */
    uint32_t points;   /* a batch, at most */
    uint32_t every_ms; /* batches begin this far apart unless full; 0: at once */
    bool urgent;
    enum counter delivered, rejected, skipped, lag, lost, uncounted, seq;
    enum histogram latency;
};

struct series_feed;

/* NOT_FOUND: the logs are not there yet. */
bool series_feed_new(const struct series_feed_options *options, struct series_feed **ret,
                     struct error *err);
void series_feed_free(struct series_feed *feed); /* NULL is allowed */

/* Does what can be done now. False: stop, with the reason. */
bool series_feed_turn(struct series_feed *feed, int64_t now_ns, struct error *err);

enum series_wait {
    SERIES_WAIT_ANSWER, /* a request is on its way */
    SERIES_WAIT_LOG,    /* nothing to send: series_feed_wait_log */
    SERIES_WAIT_TIME,   /* until due */
};
/* What the feed waits for, and the longest it wants to wait. */
enum series_wait series_feed_waits(const struct series_feed *feed, int64_t now_ns, uint32_t *ret_ms);
void series_feed_wait_log(struct series_feed *feed, uint32_t ms);

/* Brings the gauge of results not yet stored up to date: also while the store does not answer. */
void series_feed_show_lag(struct series_feed *feed);

#endif
