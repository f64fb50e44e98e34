#include <stdio.h>
#include <string.h>

#include "processors/net/kafka_last.h"
#include "processors/publish/kafka_feed_private.h"
#include "processors/publish/sink_loss.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"

enum {
    TOPICS_MS = 5000,
    POSITION_MS = 30000, /* longer than any transaction that may hide the position */
    IDLE_WAIT_MS = 100,
    LAG_EVERY_MS = 500,
    /* A transaction begun while the broker still marks the last one's end is put off by 20 ms. */
    MARKERS_MS = 4,
};

static const struct progress on = {STEP_ON, 0}, reconnect = {STEP_RECONNECT, 0};

static struct progress end_with(int code)
{
    return (struct progress){STEP_END, code};
}

struct progress kafka_feed_failed(const struct error *err)
{
    report_error(KAFKA_FEED_PROGRAM, "stopped", err);
    return end_with(err->code == ERROR_CONFIG ? PUBLISH_CONFIG : PUBLISH_FAILED);
}

void kafka_feed_trouble(struct kafka_feed *f, const char *event, const struct error *err)
{
    publish_set_up(f->shared, COUNTER_KAFKA_UP, f->options->number, false);
    kafka_feed_show_lag(f); /* it grows while nothing is committed */
    if (notice_due(&f->notice, err->where)) {
        char quoted[ERROR_WHERE_BYTES];
        report(REPORT_WARN, KAFKA_FEED_PROGRAM, event, "feed=%s error=\"%s\"", f->options->log,
               report_quote(err->where, quoted, sizeof quoted));
    }
}

static bool going(void *arg)
{
    kafka_feed_show_lag(arg);
    return !kafka_feed_stopping(arg);
}

void kafka_feed_show_lag(struct kafka_feed *f)
{
    struct counters *counters = f->shared->counters;
    const struct sink_loss loss = {.program = KAFKA_FEED_PROGRAM,
                                   .sink = "kafka",
                                   .log = f->options->log,
                                   .state_dir = f->options->state_dir,
                                   .counters = counters,
                                   .lost = f->options->lost};
    counters_set(counters, f->options->lag, feed_lag(f->feed, f->committed.at.seq));
    sink_loss_tell(&loss, f->feed, f->committed.at.seq);
    notice_waiting(&f->waiting, KAFKA_FEED_PROGRAM, f->options->log, f->feed);
}

/* Before the next attempt; the lag grows meanwhile, and shows it. */
static bool pause_before_retry(struct kafka_feed *f)
{
    for (uint32_t ms = pace_next_ms(&f->backoff); ms > 0;) {
        uint32_t slice = ms < LAG_EVERY_MS ? ms : LAG_EVERY_MS;
        kafka_feed_show_lag(f);
        if (kafka_feed_stopping(f) || !publish_pause(f->shared, slice))
            return false;
        ms -= slice;
    }
    return true;
}

/* ---- the position ---- */

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
    /* After the machine's start nothing in a log counts until its writer has opened it again. */
    if (found->at.input_seq && feed_readings_last_seq(f->feed) == 0)
        return error_set(err, ERROR_NOT_FOUND, 0,
                         "the readings log's last record: ingest has not opened the log yet");
    if (!log_uuid_equal(&found->readings, feed_readings_uuid(f->feed)) ||
        found->at.input_seq > feed_readings_last_seq(f->feed))
        return error_set(err, ERROR_MISMATCH, 0,
                         "Kafka's position for the %s log is input %llu, the readings log ends at "
                         "%llu: an older copy of the state directory? --rebase starts from the "
                         "oldest result kept",
                         f->options->log, (unsigned long long)found->at.input_seq,
                         (unsigned long long)feed_readings_last_seq(f->feed));
    bool has = true;
    if (found->at.input_seq &&
        !feed_has_input(f->feed, found->at.input_seq, found->at.input_epoch, &has, err))
        return false;
    if (!has)
        return error_set(err, ERROR_MISMATCH, 0,
                         "Kafka's position for the %s log is input %llu of epoch %u, which the "
                         "readings log does not have: an older copy of the state directory? "
                         "--rebase starts from the oldest result kept",
                         f->options->log, (unsigned long long)found->at.input_seq,
                         found->at.input_epoch);
    f->committed = *found;
    return true;
}

/* ---- the loop ---- */

/* Waits for a result, then for the pace, then sends what there is. */
static struct progress cycle(struct kafka_feed *f)
{
    struct error err = {0};
    struct feed_item item;
    switch (feed_next(f->feed, &item, &err)) {
    case FEED_ERROR:
        return kafka_feed_failed(&err);
    case FEED_NONE:
    case FEED_NOT_DURABLE:
        kafka_feed_show_lag(f);
        feed_wait(f->feed, IDLE_WAIT_MS);
        return on;
    case FEED_RESULT:
        break;
    }
    uint32_t apart_ms = f->options->every_ms - (f->options->urgent ? 0 : kafka_feed_open_ms(f));
    int64_t due_ns = f->began_ns + (int64_t)apart_ms * 1000000;
    if (f->options->urgent && due_ns < f->ended_ns + MARKERS_MS * 1000000)
        due_ns = f->ended_ns + MARKERS_MS * 1000000;
    int64_t wait_ns = due_ns - clock_boot_ns();
    if (!f->full && wait_ns > 0 && !publish_pause(f->shared, (uint32_t)(wait_ns / 1000000)))
        return on;
    return kafka_feed_transact(f, &item);
}

/* ---- connecting ---- */

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
    const struct kafka_producer_options options = {.link = &f->options->link,
                                                   .transactional_id = id,
                                                   .linger_ms = f->options->urgent ? 0 : 5,
                                                   .prompt = f->options->urgent};
    if (!kafka_producer_new(&options, &f->producer, &err))
        return kafka_feed_failed(&err);
    enum kafka_outcome outcome;
    while ((outcome = kafka_producer_init(f->producer, KAFKA_CALL_MS, &err)) == KAFKA_AGAIN &&
           !kafka_feed_stopping(f))
        kafka_feed_trouble(f, "unreachable", &err);
    if (outcome == KAFKA_OK)
        return on;
    kafka_feed_trouble(f, "refused", &err);
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
            return kafka_feed_failed(&err);
        kafka_feed_trouble(f, "unreachable", &err);
        return reconnect;
    }
    struct progress progress = take_over(f);
    if (progress.step != STEP_ON)
        return progress;
    struct kafka_position found = {0};
    bool is_found = false;
    if (!position_fetch(f, &found, &is_found, &err)) {
        if (error_action(err.code) != ERROR_RETRY)
            return kafka_feed_failed(&err);
        kafka_feed_trouble(f, "position_unread", &err);
        return reconnect;
    }
    bool decided = position_decide(f, &found, is_found, &err);
    if (!decided && err.code == ERROR_NOT_FOUND) {
        kafka_feed_trouble(f, "waiting", &err);
        return reconnect;
    }
    if (!decided || !kafka_messages_topics(&f->messages, f->producer, &err) ||
        !feed_start(f->feed, &f->committed.at, &err))
        return kafka_feed_failed(&err);
    f->open = f->committed;
    report(REPORT_INFO, KAFKA_FEED_PROGRAM, "connected",
           "feed=%s input_seq=%llu result_seq=%llu delivered=%llu", f->options->log,
           (unsigned long long)f->committed.at.input_seq, (unsigned long long)f->committed.at.seq,
           (unsigned long long)f->committed.delivered);
    f->in_hand = 0;
    return kafka_feed_transact(f, NULL);
}

/* Brokers also "fence" a producer whose transaction they timed out (they were down, or this machine
   slept). Only when the position now carries another instance's name has somebody taken over. */
static struct progress fenced(struct kafka_feed *f)
{
    struct kafka_position found = {0};
    bool is_found = false;
    struct error err = {0};
    while (f->claimed && !position_fetch(f, &found, &is_found, &err)) {
        kafka_feed_trouble(f, "position_unread", &err);
        if (!pause_before_retry(f))
            return on;
    }
    if (!f->claimed || !is_found || strcmp(found.instance, f->options->instance) == 0)
        return reconnect;
    report(REPORT_ERROR, KAFKA_FEED_PROGRAM, "fenced", "feed=%s by_instance=%s instance=%s",
           f->options->log, found.instance, f->options->instance);
    return end_with(PUBLISH_FENCED);
}

static int run_connected(struct kafka_feed *f)
{
    while (!kafka_feed_stopping(f)) {
        struct progress progress = f->producer ? cycle(f) : connect_feed(f);
        if (progress.step == STEP_RECONNECT && !kafka_feed_stopping(f)) {
            disconnect(f);
            counters_add(f->shared->counters, COUNTER_KAFKA_RECREATED, 1);
            if (progress.code == PUBLISH_FENCED)
                progress = fenced(f);
        }
        if (progress.step == STEP_END)
            return progress.code;
        if (progress.step != STEP_ON)
            (void)pause_before_retry(f);
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
            return kafka_feed_failed(&err);
        if (notice_due(&f->notice, err.where))
            report(REPORT_INFO, KAFKA_FEED_PROGRAM, "waiting", "feed=%s for=\"%s\"",
                   f->options->log, err.where);
        if (kafka_feed_stopping(f) || !publish_pause(f->shared, IDLE_WAIT_MS * 2))
            return end_with(PUBLISH_OK);
    }
    (void)notice_clear(&f->notice);
    (void)snprintf(name, sizeof name, "kafka-%s", f->options->log);
    if (!rejected_open(f->options->state_dir, name, &f->rejected, &err) ||
        !kafka_messages_init(&f->messages, feed_readings_uuid(f->feed), &err))
        return kafka_feed_failed(&err);
    return on;
}

int kafka_feed_run(const struct kafka_feed_options *options)
{
    struct kafka_feed f = {
        .options = options, .shared = options->shared, .rebase = options->rebase};
    f.books = (struct sink_books){.counters = options->shared->counters,
                                  .seq = options->seq,
                                  .uncounted = options->uncounted,
                                  .delivered = options->delivered,
                                  .rejected = options->rejected,
                                  .skipped = options->skipped,
                                  .lost = options->lost};
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
