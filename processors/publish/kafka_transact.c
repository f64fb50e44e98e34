#include <stdio.h>
#include <string.h>

#include "processors/publish/kafka_feed_private.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"

enum {
    LAST_COMMIT_MS = 3000, /* for the open transaction once asked to stop */
    DURABLE_EVERY_S = 10,  /* cursor synced to disk; between, it survives kill -9 only, which is
                              enough for a hint */
    SPAN_MAX = 1 << 20,    /* results a transaction; above this the limit is lifted */
    STREAM_MS = 50,        /* between looks for more results while a transaction is open */
    CLOCK_EVERY = 256,     /* results between two looks at the clock */
};

static const struct progress on = {STEP_ON, 0}, reconnect = {STEP_RECONNECT, 0};

/* How long a transaction is kept open to be filled. */
uint32_t kafka_feed_open_ms(const struct kafka_feed *f)
{
    return f->options->urgent || f->options->every_ms > KAFKA_OPEN_MS_MAX ? KAFKA_OPEN_MS_MAX
                                                                          : f->options->every_ms;
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
        .essential = true,
    };
    enum kafka_outcome outcome;
    do
        outcome = kafka_producer_send(f->producer, &message, err);
    while (outcome == KAFKA_AGAIN && !kafka_feed_stopping(f));
    return outcome == KAFKA_REFUSED ? KAFKA_ABORT : outcome;
}

static bool is_traced(const struct kafka_feed *f, uint64_t seq)
{
    for (uint32_t i = 0; i < KAFKA_TRACED; i++)
        if (f->traced_seq[i] == seq)
            return true;
    return false;
}

static bool reject(struct kafka_feed *f, const struct feed_item *item, const char *why,
                   struct str body, struct error *err)
{
    struct log_position at = feed_item_position(f->feed, item);
    if (!is_traced(f, item->view.seq)) {
        const struct rejected_entry entry = {&at, record_type_name(item->view.type), why, body};
        if (!rejected_add(f->rejected, &entry, err))
            return false;
        f->traced_seq[f->traced++ % KAFKA_TRACED] = item->view.seq;
        char quoted[256];
        report(REPORT_WARN, KAFKA_FEED_PROGRAM, "rejected",
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
        while (outcome == KAFKA_AGAIN && !kafka_feed_stopping(f));
        *bytes += messages[i].value.len + messages[i].key.len;
        if (i == 0 && outcome == KAFKA_OK) {
            f->in_hand++;
            f->in_hand_seq = item->view.seq;
        }
    }
    if (outcome == KAFKA_REFUSED)
        return reject(f, item, err->where, body, err) ? KAFKA_OK : KAFKA_ABORT;
    if (outcome != KAFKA_OK)
        return outcome;
    f->open.delivered += count > 0;
    f->open.skipped += count == 0;
    f->open.at = feed_item_position(f->feed, item);
    return KAFKA_OK;
}

/* Waits for more results while the transaction may stay open. False: time to commit. */
static bool wait_for_more(struct kafka_feed *f, int64_t until_ns)
{
    if (f->options->urgent || kafka_feed_stopping(f) || clock_boot_ns() > until_ns)
        return false;
    (void)publish_pause(f->shared, STREAM_MS);
    return true;
}

/* Fills the open transaction, beginning with *item, until a limit is reached or (urgent feeds)
   there is no more. Other feeds collect as they go until their pace is over: a few messages at a
   time cost the library and the caches less than a second's worth at once. *ret_read says why it
   stopped. */
static enum kafka_outcome fill(struct kafka_feed *f, struct feed_item *item,
                               enum feed_read *ret_read, struct error *err)
{
    uint64_t bytes = 0;
    const int64_t until_ns = f->began_ns + (int64_t)kafka_feed_open_ms(f) * 1000000;
    f->full = false;
    f->in_hand = 0;
    *ret_read = FEED_RESULT;
    for (unsigned n = 1;; n++) {
        if (*ret_read == FEED_RESULT) {
            enum kafka_outcome outcome = send_result(f, item, &bytes, err);
            if (outcome != KAFKA_OK)
                return outcome;
            /* One that was given up is committed before the next is tried: only one is remembered.
             */
            f->full = bytes >= f->options->bytes_max || (f->span && f->in_hand >= f->span) ||
                      item->view.seq == f->refused_seq;
            if (f->full || (n % CLOCK_EVERY == 0 && clock_boot_ns() > until_ns))
                return KAFKA_OK;
        } else if (*ret_read == FEED_ERROR) {
            return KAFKA_ABORT;
        } else if (!wait_for_more(f, until_ns)) {
            return KAFKA_OK;
        }
        *ret_read = feed_next(f->feed, item, err);
    }
}

/* Commits; on the way down only for LAST_COMMIT_MS more. */
static enum kafka_outcome commit(struct kafka_feed *f, struct error *err)
{
    int64_t stop_ns = 0;
    kafka_feed_show_lag(
        f); /* what was lost on the way is written down before the position goes past it */
    for (;;) {
        enum kafka_outcome outcome = kafka_producer_commit(f->producer, KAFKA_CALL_MS, err);
        if (outcome != KAFKA_AGAIN)
            return outcome;
        kafka_feed_trouble(f, "commit_waits", err);
        if (kafka_feed_stopping(f) && stop_ns == 0)
            stop_ns = clock_boot_ns() + (int64_t)LAST_COMMIT_MS * 1000000;
        if (stop_ns && clock_boot_ns() > stop_ns)
            return KAFKA_AGAIN;
    }
}

/* The transaction is in Kafka: remember it here, too. */
static bool committed(struct kafka_feed *f, struct error *err)
{
    struct counters *counters = f->shared->counters;
    f->committed = f->open;
    f->claimed = true;
    f->rebase = false;
    if (f->span && f->in_hand > 0) /* a bare position, as after each reconnect, teaches nothing */
        f->span = f->span * 2 < SPAN_MAX ? f->span * 2 : 0;
    counters_set(counters, f->options->delivered, f->committed.delivered);
    counters_set(counters, f->options->rejected, f->committed.rejected);
    counters_set(counters, f->options->skipped, f->committed.skipped);
    counters_add(counters, COUNTER_KAFKA_TRANSACTIONS, 1);
    if (f->oldest_wall_ns)
        counters_observe(counters, f->options->latency, clock_wall_ns() - f->oldest_wall_ns);
    publish_set_up(f->shared, COUNTER_KAFKA_UP, f->options->number, true);
    kafka_feed_show_lag(f);
    sink_books_at(&f->books, &f->committed.at);
    pace_reset(&f->backoff);
    if (notice_clear(&f->notice))
        report(REPORT_INFO, KAFKA_FEED_PROGRAM, "recovered", "feed=%s", f->options->log);
    if (f->committed.at.seq == 0)
        return true; /* nothing published yet: the cursor stays unused */
    int64_t now_ns = clock_boot_ns();
    bool durable = f->durable_ns == 0 || now_ns - f->durable_ns > DURABLE_EVERY_S * 1000000000LL;
    if (durable)
        f->durable_ns = now_ns;
    return feed_commit(f->feed, &f->committed.at, durable, err);
}

/* What the brokers refused is halved next time, until one result stands alone. */
static void learn(struct kafka_feed *f, const struct error *refusal)
{
    if (f->in_hand > 1) {
        f->span = f->in_hand / 2;
        return;
    }
    f->refused_seq = f->in_hand_seq;
    (void)snprintf(f->refused_why, sizeof f->refused_why, "%.250s", refusal->where);
}

/* The transaction is lost: abort, learn from refusals, go back. */
static struct progress give_up(struct kafka_feed *f, const struct error *why)
{
    struct error err = {0};
    enum kafka_outcome outcome;
    counters_add(f->shared->counters, COUNTER_KAFKA_ABORTS, 1);
    do
        outcome = kafka_producer_abort(f->producer, KAFKA_CALL_MS, &err);
    while (outcome == KAFKA_AGAIN && !kafka_feed_stopping(f));
    /* Only now is every message's fate known: the commit fails as soon as the first one does. */
    struct error refusal = {0};
    uint32_t refusals = kafka_producer_refusals(f->producer, &refusal);
    if (refusals)
        learn(f, &refusal);
    else
        kafka_feed_trouble(f, "aborted", why);
    /* Without a refusal, which comes before anything is asked of the coordinator, a commit may have
       come through although the library says that it failed, and its abort says nothing of that:
       the position in Kafka does. */
    if (outcome != KAFKA_OK || !refusals)
        return outcome == KAFKA_FENCED ? (struct progress){STEP_RECONNECT, PUBLISH_FENCED}
                                       : reconnect;
    f->open = f->committed;
    f->full = true;
    return feed_start(f->feed, &f->committed.at, &err) ? on : kafka_feed_failed(&err);
}

static struct progress act_on(struct kafka_feed *f, enum kafka_outcome outcome, struct error *err)
{
    switch (outcome) {
    case KAFKA_OK:
        return committed(f, err) ? on : kafka_feed_failed(err);
    case KAFKA_ABORT:
    case KAFKA_REFUSED:
        return give_up(f, err);
    case KAFKA_FENCED:
        return (struct progress){STEP_RECONNECT, PUBLISH_FENCED};
    case KAFKA_AGAIN: /* only when stopping */
    case KAFKA_RECREATE:
        break;
    }
    kafka_feed_trouble(f, "producer_lost", err);
    return reconnect;
}

/* One transaction that begins with *item (NULL: only the position). */
struct progress kafka_feed_transact(struct kafka_feed *f, struct feed_item *item)
{
    struct error err = {0};
    enum feed_read read = FEED_NONE;
    f->began_ns = clock_boot_ns();
    f->oldest_wall_ns = item ? item->view.wall_ns : 0;
    enum kafka_outcome outcome = kafka_producer_begin(f->producer, &err);
    if (outcome == KAFKA_OK && item)
        outcome = fill(f, item, &read, &err);
    if (outcome == KAFKA_OK)
        outcome = send_position(f, &err);
    if (outcome == KAFKA_OK)
        outcome = commit(f, &err);
    f->ended_ns = clock_boot_ns();
    if (read == FEED_ERROR)
        return kafka_feed_failed(&err);
    return act_on(f, outcome, &err);
}
