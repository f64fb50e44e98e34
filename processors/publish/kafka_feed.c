#include "processors/publish/kafka_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/publish/kafka_message.h"
#include "processors/publish/rejected.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"

#include "processors/net/kafka_last.h"

#define PROGRAM "publish-kafka"

enum {
    CALL_MS = 1000, /* of one call into the library; then look whether to stop */
    TOPICS_MS = 5000,
    POSITION_MS = 30000,   /* longer than any transaction that may hide the position */
    LAST_COMMIT_MS = 3000, /* for the open transaction once asked to stop */
    IDLE_WAIT_MS = 100,
    DURABLE_EVERY_S = 10, /* cursor synced to disk; between, it survives kill -9 only, which is
                             enough for a hint */
    SPAN_MAX = 1 << 20,   /* results a transaction; above this the limit is lifted */
    TRANSACTION_MAX_MS = KAFKA_TRANSACTION_MS / 4, /* filling one may take */
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
    uint64_t refused_seq; /* refused by the brokers standing alone: reject it at sight */
    char refused_why[256];
    uint64_t rejected_seq; /* the newest result written to the rejected file */
    uint64_t lost;
    bool full;        /* the last transaction hit a limit: go on at once */
    int64_t began_ns; /* the last transaction */
    int64_t durable_ns;
    struct pace backoff;
    struct notice notice;
};

enum step { STEP_ON, STEP_LATER, STEP_RECONNECT, STEP_END };

/* What a step came to, with the exit code when it ends the run. */
struct progress {
    enum step step;
    int code;
};

static const struct progress on = {STEP_ON, 0}, reconnect = {STEP_RECONNECT, 0};

static struct progress end_with(int code)
{
    return (struct progress){STEP_END, code};
}

static struct progress failed(const struct error *err)
{
    report_error(PROGRAM, "stopped", err);
    return end_with(err->code == ERROR_CONFIG ? PUBLISH_CONFIG : PUBLISH_FAILED);
}

/* Tells of trouble with Kafka, once, and marks it down. */
static void trouble(struct kafka_feed *f, const char *event, const struct error *err)
{
    publish_set_up(f->shared, COUNTER_KAFKA_UP, f->options->number, false);
    if (notice_due(&f->notice, err->where)) {
        char quoted[ERROR_WHERE_BYTES];
        report(REPORT_WARN, PROGRAM, event, "feed=%s error=\"%s\"", f->options->log,
               report_quote(err->where, quoted, sizeof quoted));
    }
}

static bool going(void *arg)
{
    return !publish_stopping(((struct kafka_feed *)arg)->shared);
}

/* ---- the position
 * -------------------------------------------------------------------------------------------------
 */

/* Reads the position. *ret_found false: Kafka has none. */
static bool position_fetch(struct kafka_feed *f, struct kafka_position *ret, bool *ret_found,
                           struct error *err)
{
    char key[KAFKA_POSITION_KEY_BYTES], value[KAFKA_POSITION_BYTES];
    size_t len = 0;
    size_t key_len = kafka_position_key(feed_readings_uuid(f->feed), f->options->log, key);
    const struct kafka_last_query query = {
        .topic = KAFKA_POSITIONS_TOPIC,
        .key = {key, (uint32_t)key_len},
        .timeout_ms = POSITION_MS,
        .going = going,
        .arg = f,
    };
    if (!kafka_last(&f->options->link, &query, value, sizeof value, ret_found, &len, err))
        return false;
    return !*ret_found || kafka_position_read((struct str){value, (uint32_t)len}, ret, err);
}

/* Where to go on, from what Kafka and the local cursor say. Refuses when they can't both be right:
 * guessing would repeat or leave out results. */
static bool position_decide(struct kafka_feed *f, const struct kafka_position *found, bool is_found,
                            struct error *err)
{
    struct log_position cursor = feed_position(f->feed);
    struct kafka_position fresh = {.readings = *feed_readings_uuid(f->feed)};
    fresh.at.log = *feed_results_uuid(f->feed);
    if (f->rebase || (!is_found && cursor.seq == 0)) {
        f->committed = fresh;
        return true;
    }
    if (!is_found)
        return error_set(err, ERROR_MISMATCH, 0,
                         "Kafka has no position for the %s log, but results up to %llu were "
                         "published from here: another Kafka, or topic " KAFKA_POSITIONS_TOPIC
                         " was emptied. --rebase starts from the oldest result kept",
                         f->options->log, (unsigned long long)cursor.seq);
    if (!log_uuid_equal(&found->readings, feed_readings_uuid(f->feed)) ||
        found->at.input_seq > feed_readings_last_seq(f->feed))
        return error_set(err, ERROR_MISMATCH, 0,
                         "Kafka's position for the %s log is input %llu, the readings log ends at "
                         "%llu: an older copy of the state directory? --rebase starts from the "
                         "oldest result kept",
                         f->options->log, (unsigned long long)found->at.input_seq,
                         (unsigned long long)feed_readings_last_seq(f->feed));
    f->committed = *found;
    return true;
}

static enum kafka_outcome send_position(struct kafka_feed *f, struct error *err)
{
    char key[KAFKA_POSITION_KEY_BYTES], value[KAFKA_POSITION_BYTES];
    struct text text = text_over(value, sizeof value);
    memcpy(f->open.instance, f->options->instance, sizeof f->open.instance);
    kafka_position_write(&f->open, &text);
    const struct kafka_message message = {
        .topic = f->messages.positions,
        .key = {key, (uint32_t)kafka_position_key(&f->open.readings, f->options->log, key)},
        .value = {value, (uint32_t)text.len},
    };
    enum kafka_outcome outcome;
    do
        outcome = kafka_producer_send(f->producer, &message, err);
    while (outcome == KAFKA_AGAIN && !publish_stopping(f->shared));
    return outcome == KAFKA_REFUSED ? KAFKA_ABORT : outcome;
}

/* ---- one transaction
 * ---------------------------------------------------------------------------------------------- */

static bool reject(struct kafka_feed *f, const struct feed_item *item, const char *why,
                   struct str body, struct error *err)
{
    struct log_position at = feed_item_position(f->feed, item);
    if (item->view.seq > f->rejected_seq) {
        const struct rejected_entry entry = {&at, record_type_name(item->view.type), why, body};
        if (!rejected_add(f->rejected, &entry, err))
            return false;
        f->rejected_seq = item->view.seq;
        char quoted[256];
        report(REPORT_WARN, PROGRAM, "rejected",
               "feed=%s result_seq=%llu input_seq=%llu why=\"%s\"", f->options->log,
               (unsigned long long)at.seq, (unsigned long long)at.input_seq,
               report_quote(why, quoted, sizeof quoted));
    }
    f->open.rejected++;
    f->open.at = at;
    return true;
}

/* Hands one result to the producer. *bytes grows by what it takes. */
static enum kafka_outcome send_result(struct kafka_feed *f, const struct feed_item *item,
                                      uint64_t *bytes, struct error *err)
{
    struct kafka_message messages[KAFKA_MESSAGES_A_RESULT];
    int count = kafka_messages_of(&f->messages, item, messages, err);
    struct str body = {NULL, 0};
    enum kafka_outcome outcome = count < 0 ? KAFKA_REFUSED : KAFKA_OK;
    if (count > 0)
        body = messages[0].value;
    if (count > 0 && item->view.seq == f->refused_seq) {
        outcome = KAFKA_REFUSED;
        error_set(err, ERROR_REMOTE_REJECT, 0, "%s", f->refused_why);
    }
    for (int i = 0; i < count && outcome == KAFKA_OK; i++) {
        do
            outcome = kafka_producer_send(f->producer, &messages[i], err);
        while (outcome == KAFKA_AGAIN && !publish_stopping(f->shared));
        *bytes += messages[i].value.len + messages[i].key.len;
    }
    if (outcome == KAFKA_REFUSED)
        return reject(f, item, err->where, body, err) ? KAFKA_OK : KAFKA_ABORT;
    if (outcome != KAFKA_OK)
        return outcome;
    f->open.delivered += count > 0;
    f->open.skipped += count == 0;
    f->in_hand += count > 0;
    f->open.at = feed_item_position(f->feed, item);
    return KAFKA_OK;
}

/* Fills the open transaction, beginning with *item, until there is no more or a limit is reached.
 * *ret_read says why it stopped. */
static enum kafka_outcome fill(struct kafka_feed *f, struct feed_item *item,
                               enum feed_read *ret_read, struct error *err)
{
    uint64_t bytes = 0;
    const int64_t until_ns = clock_boot_ns() + (int64_t)TRANSACTION_MAX_MS * 1000000;
    f->full = false;
    f->in_hand = 0;
    for (*ret_read = FEED_RESULT; *ret_read == FEED_RESULT;
         *ret_read = feed_next(f->feed, item, err)) {
        enum kafka_outcome outcome = send_result(f, item, &bytes, err);
        if (outcome != KAFKA_OK)
            return outcome;
        f->full = bytes >= f->options->bytes_max || (f->span && f->in_hand >= f->span);
        if (f->full || clock_boot_ns() > until_ns || publish_stopping(f->shared))
            return KAFKA_OK;
    }
    return *ret_read == FEED_ERROR ? KAFKA_ABORT : KAFKA_OK;
}

/* Commits; on the way down only for LAST_COMMIT_MS more. */
static enum kafka_outcome commit(struct kafka_feed *f, struct error *err)
{
    int64_t stop_ns = 0;
    for (;;) {
        enum kafka_outcome outcome = kafka_producer_commit(f->producer, CALL_MS, err);
        if (outcome != KAFKA_AGAIN)
            return outcome;
        trouble(f, "commit_waits", err);
        if (publish_stopping(f->shared) && stop_ns == 0)
            stop_ns = clock_boot_ns() + (int64_t)LAST_COMMIT_MS * 1000000;
        if (stop_ns && clock_boot_ns() > stop_ns)
            return KAFKA_AGAIN;
    }
}

static void show_lag(struct kafka_feed *f)
{
    struct counters *counters = f->shared->counters;
    uint64_t lost = feed_lost(f->feed);
    counters_set(counters, f->options->lag, feed_lag(f->feed, f->committed.at.seq));
    if (lost > f->lost) {
        report(REPORT_ERROR, PROGRAM, "lost", "feed=%s results=%llu", f->options->log,
               (unsigned long long)(lost - f->lost));
        counters_add(counters, f->options->lost, lost - f->lost);
        f->lost = lost;
    }
}

/* The transaction is in Kafka: remember it here, too. */
static bool committed(struct kafka_feed *f, struct error *err)
{
    struct counters *counters = f->shared->counters;
    f->committed = f->open;
    f->claimed = true;
    f->rebase = false;
    if (f->span)
        f->span = f->span * 2 < SPAN_MAX ? f->span * 2 : 0;
    counters_set(counters, f->options->delivered, f->committed.delivered);
    counters_set(counters, f->options->rejected, f->committed.rejected);
    counters_set(counters, f->options->skipped, f->committed.skipped);
    counters_add(counters, COUNTER_KAFKA_TRANSACTIONS, 1);
    publish_set_up(f->shared, COUNTER_KAFKA_UP, f->options->number, true);
    show_lag(f);
    pace_reset(&f->backoff);
    if (notice_clear(&f->notice))
        report(REPORT_INFO, PROGRAM, "recovered", "feed=%s", f->options->log);
    if (f->committed.at.seq == 0)
        return true; /* nothing published yet: the cursor stays unused */
    int64_t now_ns = clock_boot_ns();
    bool durable = f->durable_ns == 0 || now_ns - f->durable_ns > DURABLE_EVERY_S * 1000000000LL;
    if (durable)
        f->durable_ns = now_ns;
    return feed_commit(f->feed, &f->committed.at, durable, err);
}

/* The transaction is lost: learn from refusals, abort, go back. */
static struct progress give_up(struct kafka_feed *f, struct error *err)
{
    struct error refusal = {0};
    uint32_t refusals = kafka_producer_refusals(f->producer, &refusal);
    counters_add(f->shared->counters, COUNTER_KAFKA_ABORTS, 1);
    if (refusals && f->in_hand <= 1) {
        f->refused_seq = f->open.at.seq;
        (void)snprintf(f->refused_why, sizeof f->refused_why, "%.250s", refusal.where);
    } else if (refusals) {
        f->span = f->in_hand / 2;
    } else {
        trouble(f, "aborted", err);
    }
    enum kafka_outcome outcome;
    do
        outcome = kafka_producer_abort(f->producer, CALL_MS, err);
    while (outcome == KAFKA_AGAIN && !publish_stopping(f->shared));
    if (outcome != KAFKA_OK)
        return outcome == KAFKA_FENCED ? (struct progress){STEP_RECONNECT, PUBLISH_FENCED}
                                       : reconnect;
    f->open = f->committed;
    f->full = refusals != 0;
    if (!feed_start(f->feed, &f->committed.at, err))
        return failed(err);
    return refusals ? on : (struct progress){STEP_LATER, 0};
}

static struct progress act_on(struct kafka_feed *f, enum kafka_outcome outcome, struct error *err)
{
    switch (outcome) {
    case KAFKA_OK:
        return committed(f, err) ? on : failed(err);
    case KAFKA_ABORT:
    case KAFKA_REFUSED:
        return give_up(f, err);
    case KAFKA_FENCED:
        return (struct progress){STEP_RECONNECT, PUBLISH_FENCED};
    case KAFKA_AGAIN: /* only when stopping */
    case KAFKA_RECREATE:
        break;
    }
    trouble(f, "producer_lost", err);
    return reconnect;
}

/* One transaction that begins with *item (NULL: only the position). */
static struct progress transact(struct kafka_feed *f, struct feed_item *item)
{
    struct error err = {0};
    enum feed_read read = FEED_NONE;
    f->began_ns = clock_boot_ns();
    enum kafka_outcome outcome = kafka_producer_begin(f->producer, &err);
    if (outcome == KAFKA_OK && item)
        outcome = fill(f, item, &read, &err);
    if (outcome == KAFKA_OK)
        outcome = send_position(f, &err);
    if (outcome == KAFKA_OK)
        outcome = commit(f, &err);
    if (read == FEED_ERROR)
        return failed(&err);
    return act_on(f, outcome, &err);
}

/* Waits for a result, then for the pace, then sends what there is. */
static struct progress cycle(struct kafka_feed *f)
{
    struct error err = {0};
    struct feed_item item;
    switch (feed_next(f->feed, &item, &err)) {
    case FEED_ERROR:
        return failed(&err);
    case FEED_NONE:
    case FEED_NOT_DURABLE:
        show_lag(f);
        feed_wait(f->feed, IDLE_WAIT_MS);
        return on;
    case FEED_RESULT:
        break;
    }
    int64_t wait_ns = f->began_ns + (int64_t)f->options->every_ms * 1000000 - clock_boot_ns();
    if (!f->full && wait_ns > 0 && !publish_pause(f->shared, (uint32_t)(wait_ns / 1000000)))
        return on;
    return transact(f, &item);
}

/* ---- connecting
 * ---------------------------------------------------------------------------------------------------
 */

static void disconnect(struct kafka_feed *f)
{
    kafka_producer_free(f->producer);
    f->producer = NULL;
}

/* Takes over the transactional id. */
static struct progress take_over(struct kafka_feed *f)
{
    char uuid[LOG_UUID_TEXT_BYTES], id[96];
    struct error err = {0};
    log_uuid_text(feed_readings_uuid(f->feed), uuid);
    (void)snprintf(id, sizeof id, "%s-kafka-%s", uuid, f->options->log);
    const struct kafka_producer_options options = {
        .link = &f->options->link, .transactional_id = id, .linger_ms = f->options->urgent ? 0 : 5};
    if (!kafka_producer_new(&options, &f->producer, &err))
        return failed(&err);
    enum kafka_outcome outcome;
    while ((outcome = kafka_producer_init(f->producer, CALL_MS, &err)) == KAFKA_AGAIN &&
           !publish_stopping(f->shared))
        trouble(f, "unreachable", &err);
    if (outcome == KAFKA_OK)
        return on;
    trouble(f, "refused", &err);
    return (struct progress){STEP_RECONNECT, outcome == KAFKA_FENCED ? PUBLISH_FENCED : 0};
}

/* From nothing to a producer whose position is known and claimed by this process. */
static struct progress connect_feed(struct kafka_feed *f)
{
    struct error err = {0};
    struct kafka_topic_plan plans[KAFKA_TOPIC_COUNT];
    kafka_topic_plans(f->options->partitions, plans);
    if (!kafka_topics_ensure(&f->options->link, plans, KAFKA_TOPIC_COUNT, f->options->replication,
                             TOPICS_MS, &err)) {
        if (err.code == ERROR_CONFIG)
            return failed(&err);
        trouble(f, "unreachable", &err);
        return reconnect;
    }
    struct progress progress = take_over(f);
    if (progress.step != STEP_ON)
        return progress;
    struct kafka_position found = {0};
    bool is_found = false;
    if (!position_fetch(f, &found, &is_found, &err)) {
        if (error_action(err.code) != ERROR_RETRY)
            return failed(&err);
        trouble(f, "position_unread", &err);
        return reconnect;
    }
    if (!position_decide(f, &found, is_found, &err) ||
        !kafka_messages_topics(&f->messages, f->producer, &err) ||
        !feed_start(f->feed, &f->committed.at, &err))
        return failed(&err);
    f->open = f->committed;
    report(REPORT_INFO, PROGRAM, "connected",
           "feed=%s input_seq=%llu result_seq=%llu delivered=%llu", f->options->log,
           (unsigned long long)f->committed.at.input_seq, (unsigned long long)f->committed.at.seq,
           (unsigned long long)f->committed.delivered);
    f->in_hand = 0;
    return transact(f, NULL);
}

/* Brokers also "fence" a producer whose transaction they timed out (they were down, or this machine
   slept). Only when the position now carries another instance's name has somebody taken over. */
static struct progress fenced(struct kafka_feed *f)
{
    struct kafka_position found = {0};
    bool is_found = false;
    struct error err = {0};
    while (f->claimed && !position_fetch(f, &found, &is_found, &err)) {
        trouble(f, "position_unread", &err);
        if (!publish_pause(f->shared, pace_next_ms(&f->backoff)))
            return on;
    }
    if (!f->claimed || !is_found || strcmp(found.instance, f->options->instance) == 0)
        return reconnect;
    report(REPORT_ERROR, PROGRAM, "fenced", "feed=%s by_instance=%s instance=%s", f->options->log,
           found.instance, f->options->instance);
    return end_with(PUBLISH_FENCED);
}

static int run_connected(struct kafka_feed *f)
{
    while (!publish_stopping(f->shared)) {
        struct progress progress = f->producer ? cycle(f) : connect_feed(f);
        if (progress.step == STEP_RECONNECT && !publish_stopping(f->shared)) {
            disconnect(f);
            counters_add(f->shared->counters, COUNTER_KAFKA_RECREATED, 1);
            if (progress.code == PUBLISH_FENCED)
                progress = fenced(f);
        }
        if (progress.step == STEP_END)
            return progress.code;
        if (progress.step != STEP_ON)
            (void)publish_pause(f->shared, pace_next_ms(&f->backoff));
    }
    return PUBLISH_OK;
}

/* The logs appear when process runs for the first time. */
static struct progress open_logs(struct kafka_feed *f)
{
    char name[64];
    struct error err = {0};
    const struct feed_options options = {.state_dir = f->options->state_dir,
                                         .log = f->options->log,
                                         .sink = "kafka",
                                         .urgent = f->options->urgent};
    while (!feed_open(&options, &f->feed, &err)) {
        if (err.code != ERROR_NOT_FOUND)
            return failed(&err);
        if (notice_due(&f->notice, err.where))
            report(REPORT_INFO, PROGRAM, "waiting", "feed=%s for=\"%s\"", f->options->log,
                   err.where);
        if (!publish_pause(f->shared, IDLE_WAIT_MS * 2))
            return end_with(PUBLISH_OK);
    }
    (void)notice_clear(&f->notice);
    (void)snprintf(name, sizeof name, "kafka-%s", f->options->log);
    if (!rejected_open(f->options->state_dir, name, &f->rejected, &err) ||
        !kafka_messages_init(&f->messages, feed_readings_uuid(f->feed), &err))
        return failed(&err);
    return on;
}

int kafka_feed_run(const struct kafka_feed_options *options)
{
    struct kafka_feed f = {
        .options = options, .shared = options->shared, .rebase = options->rebase};
    struct progress progress = open_logs(&f);
    int code = progress.step == STEP_ON ? run_connected(&f) : progress.code;
    disconnect(&f);
    if (f.claimed && f.committed.at.seq)
        (void)feed_commit(f.feed, &f.committed.at, true, NULL);
    kafka_messages_free(&f.messages);
    rejected_close(f.rejected);
    feed_close(f.feed);
    return code;
}
