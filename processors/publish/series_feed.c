#include "processors/publish/series_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/publish/rejected.h"
#include "processors/publish/sink_books.h"
#include "processors/publish/sink_loss.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"

#define PROGRAM "publish-series"

enum {
    DURABLE_EVERY_S = 10,
    WAIT_MS_MAX = 100,
    TRUST_S = 60, /* the store took something so recently that a refusal is about the line */
};

struct line {
    uint32_t offset, len;
    uint16_t type;
    int64_t wall_ns; /* when process wrote the result */
    struct log_position at;
};

enum state { STATE_IDLE, STATE_SENDING, STATE_CREATING, STATE_PAUSED };

struct series_feed {
    struct series_feed_options options;
    struct feed *feed;
    struct rejected *rejected;
    enum state state;

    char *bytes; /* the batch: lines one after the other */
    size_t len, cap;
    struct line *lines;
    uint32_t line_count;
    uint32_t next;           /* first line not dealt with */
    uint32_t sent;           /* lines of the request on its way */
    uint32_t span;           /* lines a request may hold */
    struct log_position end; /* after the batch, records without a point included */
    uint64_t skipped;
    bool full;
    bool created; /* the database, and nothing was stored since */

    struct log_position committed;
    int64_t durable_ns;
    int64_t began_ns; /* the last batch */
    int64_t until_ns; /* paused */
    struct sink_books books;
    struct pace backoff;
    struct notice notice, waiting;
};

bool series_feed_new(const struct series_feed_options *options, struct series_feed **ret,
                     struct error *err)
{
    char name[64];
    struct series_feed *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(err, ERROR_NO_MEMORY, 0, "series feed");
    f->options = *options;
    f->span = options->points;
    f->cap = SERIES_BODY_BYTES_MAX + SERIES_LINE_BYTES_MAX;
    f->bytes = malloc(f->cap); /* touched only as far as batches reach */
    f->lines = calloc(options->points, sizeof *f->lines);
    (void)snprintf(name, sizeof name, "series-%s", options->log);
    const struct feed_options feed = {.state_dir = options->state_dir,
                                      .log = options->log,
                                      .sink = "series",
                                      .urgent = options->urgent};
    bool ok = f->bytes && f->lines;
    if (!ok)
        error_set(err, ERROR_NO_MEMORY, 0, "series feed");
    ok = ok && feed_open(&feed, &f->feed, err) &&
         rejected_open(options->state_dir, name, &f->rejected, err);
    if (ok) {
        f->committed = feed_position(f->feed);
        /* Another results log: its inputs may be another readings log's, too. Repeating is
         * harmless. */
        if (!log_uuid_equal(&f->committed.log, feed_results_uuid(f->feed)))
            f->committed = (struct log_position){0};
        f->books = (struct sink_books){.counters = options->shared->publish->counters,
                                       .seq = options->seq,
                                       .uncounted = options->uncounted,
                                       .delivered = options->delivered,
                                       .rejected = options->rejected,
                                       .skipped = options->skipped,
                                       .lost = options->lost};
        sink_books_at(&f->books, &f->committed);
        ok = feed_start(f->feed, &f->committed, err);
    }
    if (!ok) {
        series_feed_free(f);
        return false;
    }
    *ret = f;
    return true;
}

void series_feed_free(struct series_feed *f)
{
    if (!f)
        return;
    if (f->feed && f->committed.seq)
        (void)feed_commit(f->feed, &f->committed, true, NULL);
    rejected_close(f->rejected);
    feed_close(f->feed);
    free(f->bytes);
    free(f->lines);
    free(f);
}

/* ---- collecting ---- */

/* Adds the item's point, if it has one. */
static bool add_point(struct series_feed *f, const struct feed_item *item, struct error *err)
{
    union result_any any;
    struct result_origin origin;
    const struct result_type *type = result_type_of(item->view.type);
    f->end = feed_item_position(f->feed, item);
    if (!type || !type->measurement[0]) {
        f->skipped++;
        return true;
    }
    if (!result_decode(item->view.type, item->view.body, item->view.body_len, &origin, &any, err))
        return false;
    struct text text = text_over(f->bytes + f->len, SERIES_LINE_BYTES_MAX);
    result_line(item->view.type, &any, origin.input_seq, &text);
    if (text.len == 0 && !text.overflow) {
        f->skipped++; /* nothing to say: no field present */
        return true;
    }
    if (text.overflow)
        return error_set(err, ERROR_TOO_LARGE, 0, "a point over %d bytes", SERIES_LINE_BYTES_MAX);
    f->lines[f->line_count++] = (struct line){.offset = (uint32_t)f->len,
                                              .len = (uint32_t)text.len,
                                              .type = item->view.type,
                                              .wall_ns = item->view.wall_ns,
                                              .at = f->end};
    f->len += text.len;
    return true;
}

static bool reject(struct series_feed *f, const struct log_position *at, unsigned type,
                   const char *why, struct str body, struct error *err)
{
    char quoted[256];
    const struct rejected_entry entry = {at, record_type_name(type), why, body};
    if (!rejected_add(f->rejected, &entry, err))
        return false;
    counters_add(f->options.shared->publish->counters, f->options.rejected, 1);
    report(REPORT_WARN, PROGRAM, "rejected", "feed=%s result_seq=%llu input_seq=%llu why=\"%s\"",
           f->options.log, (unsigned long long)at->seq, (unsigned long long)at->input_seq,
           report_quote(why, quoted, sizeof quoted));
    return true;
}

void series_feed_show_lag(struct series_feed *f)
{
    struct counters *counters = f->options.shared->publish->counters;
    const struct sink_loss loss = {.program = PROGRAM,
                                   .sink = "series",
                                   .log = f->options.log,
                                   .state_dir = f->options.state_dir,
                                   .counters = counters,
                                   .lost = f->options.lost};
    counters_set(counters, f->options.lag, feed_lag(f->feed, f->committed.seq));
    sink_loss_tell(&loss, f->feed, f->committed.seq);
    notice_waiting(&f->waiting, PROGRAM, f->options.log, f->feed);
}

static bool move_cursor(struct series_feed *f, const struct log_position *to, int64_t now_ns,
                        struct error *err)
{
    if (to->seq <= f->committed.seq)
        return true;
    bool durable = f->durable_ns == 0 || now_ns - f->durable_ns > DURABLE_EVERY_S * 1000000000LL;
    if (durable)
        f->durable_ns = now_ns;
    f->committed = *to;
    return feed_commit(f->feed, to, durable, err);
}

/* Everything up to f->end is dealt with and counted. */
static bool batch_done(struct series_feed *f, int64_t now_ns, struct error *err)
{
    counters_add(f->options.shared->publish->counters, f->options.skipped, f->skipped);
    bool ok = move_cursor(f, &f->end, now_ns, err);
    series_feed_show_lag(f);
    sink_books_at(&f->books, &f->committed);
    return ok;
}

/* Reads results until the batch is full or there is no more. */
static bool collect(struct series_feed *f, int64_t now_ns, struct error *err)
{
    struct feed_item item;
    enum feed_read got = FEED_NONE;
    f->len = f->line_count = f->next = 0;
    f->skipped = 0;
    f->end = f->committed;
    f->began_ns = now_ns;
    while (f->line_count < f->options.points && f->len < SERIES_BODY_BYTES_MAX &&
           (got = feed_next(f->feed, &item, err)) == FEED_RESULT) {
        struct error why = {0};
        if (!add_point(f, &item, &why) &&
            !reject(f, &f->end, item.view.type, why.where, (struct str){NULL, 0}, err))
            return false;
    }
    if (got == FEED_ERROR)
        return false;
    f->full = f->line_count == f->options.points || f->len >= SERIES_BODY_BYTES_MAX;
    if (f->line_count)
        return true;
    return batch_done(f, now_ns, err);
}

/* ---- sending ---- */

static bool send_slice(struct series_feed *f, struct error *err)
{
    const struct series_shared *shared = f->options.shared;
    uint32_t left = f->line_count - f->next;
    f->sent = left < f->span ? left : f->span;
    const struct line *first = &f->lines[f->next], *last = &f->lines[f->next + f->sent - 1];
    const struct http_request request = {
        .url = shared->target->write_url,
        .body = f->bytes + first->offset,
        .len = last->offset + last->len - first->offset,
        .gzip = shared->target->gzip,
    };
    f->state = STATE_SENDING;
    return http_poster_start(shared->poster, f->options.number, &request, err);
}

static void pause_until(struct series_feed *f, int64_t now_ns, const struct http_response *response,
                        enum series_verdict verdict)
{
    char words[NOTICE_TEXT_BYTES], quoted[NOTICE_TEXT_BYTES];
    uint32_t wait_ms = pace_next_ms(&f->backoff);
    if (wait_ms < response->retry_after_s * 1000)
        wait_ms = response->retry_after_s * 1000;
    (void)snprintf(words, sizeof words, "%d %.300s", response->status,
                   response->status ? response->body : response->problem);
    publish_set_up(f->options.shared->publish, COUNTER_SERIES_UP, f->options.number, false);
    counters_add(f->options.shared->publish->counters, COUNTER_SERIES_RETRIES, 1);
    if (notice_due(&f->notice, words))
        report(verdict == SERIES_LATER ? REPORT_WARN : REPORT_ERROR, PROGRAM,
               verdict == SERIES_LATER ? "unreachable" : "blocked", "feed=%s answer=\"%s\"",
               f->options.log, report_quote(words, quoted, sizeof quoted));
    f->state = STATE_PAUSED;
    f->until_ns = now_ns + (int64_t)wait_ms * 1000000;
}

/* Lines [next, next + n) are dealt with. */
static bool advance(struct series_feed *f, uint32_t n, int64_t now_ns, struct error *err)
{
    f->next += n;
    if (f->next < f->line_count)
        return move_cursor(f, &f->lines[f->next - 1].at, now_ns, err) && send_slice(f, err);
    f->state = STATE_IDLE;
    return batch_done(f, now_ns, err);
}

static bool on_stored(struct series_feed *f, int64_t now_ns, struct error *err)
{
    struct publish_shared *publish = f->options.shared->publish;
    counters_add(publish->counters, f->options.delivered, f->sent);
    counters_add(publish->counters, COUNTER_SERIES_REQUESTS, 1);
    counters_observe(publish->counters, f->options.latency,
                     clock_wall_ns() - f->lines[f->next].wall_ns);
    publish_set_up(publish, COUNTER_SERIES_UP, f->options.number, true);
    pace_reset(&f->backoff);
    f->created = false;
    if (notice_clear(&f->notice))
        report(REPORT_INFO, PROGRAM, "recovered", "feed=%s", f->options.log);
    f->options.shared->stored_ns = now_ns;
    f->span = f->span < f->options.points / 2 ? f->span * 2 : f->options.points;
    return advance(f, f->sent, now_ns, err);
}

/* The store refuses the slice: halve it, or give up the one line if it is to blame. */
static bool on_refused(struct series_feed *f, int64_t now_ns, const struct http_response *response,
                       enum series_verdict verdict, struct error *err)
{
    if (f->sent > 1) {
        f->span = f->sent / 2;
        counters_add(f->options.shared->publish->counters, COUNTER_SERIES_RETRIES, 1);
        return send_slice(f, err);
    }
    const int64_t stored_ns = f->options.shared->stored_ns;
    const bool trusted = stored_ns && now_ns - stored_ns < TRUST_S * 1000000000LL;
    if (!trusted && !(verdict == SERIES_REFUSED && series_blames_data(response->body))) {
        pause_until(f, now_ns, response, SERIES_BLOCKED);
        return true;
    }
    const struct line *line = &f->lines[f->next];
    char words[600];
    struct error why = {0};
    (void)snprintf(words, sizeof words, "%d %.500s", response->status, response->body);
    if (!reject(f, &line->at, line->type, words,
                (struct str){f->bytes + line->offset, line->len - 1}, &why)) {
        /* Without the trace the line is not given up: try again, the disk may get room. */
        const struct http_response full = {.problem = why.where};
        pause_until(f, now_ns, &full, SERIES_BLOCKED);
        return true;
    }
    return advance(f, 1, now_ns, err);
}

static bool on_answer(struct series_feed *f, int64_t now_ns, const struct http_response *response,
                      struct error *err)
{
    const struct series_shared *shared = f->options.shared;
    enum series_verdict verdict = series_judge(shared->target, response);
    if (f->state == STATE_CREATING) {
        /* Whether or not it worked: the next write tells, after a pause if it did not. */
        f->created = verdict == SERIES_STORED;
        if (f->created)
            return send_slice(f, err);
        pause_until(f, now_ns, response, SERIES_BLOCKED);
        return true;
    }
    switch (verdict) {
    case SERIES_STORED:
        return on_stored(f, now_ns, err);
    case SERIES_TOO_LARGE:
    case SERIES_REFUSED:
        return on_refused(f, now_ns, response, verdict, err);
    case SERIES_NO_DATABASE: {
        const struct http_request create = {
            .url = shared->target->create_url, .body = "", .len = 0};
        if (f->created) { /* and still missing: once more, but later */
            f->created = false;
            pause_until(f, now_ns, response, SERIES_BLOCKED);
            return true;
        }
        f->state = STATE_CREATING;
        return http_poster_start(shared->poster, f->options.number, &create, err);
    }
    case SERIES_LATER:
    case SERIES_BLOCKED:
        break;
    }
    pause_until(f, now_ns, response, verdict);
    return true;
}

bool series_feed_turn(struct series_feed *f, int64_t now_ns, struct error *err)
{
    struct http_response response;
    const bool stopping = publish_stopping(f->options.shared->publish);
    switch (f->state) {
    case STATE_SENDING:
    case STATE_CREATING:
        return !http_poster_take(f->options.shared->poster, f->options.number, &response) ||
               on_answer(f, now_ns, &response, err);
    case STATE_PAUSED:
        return now_ns < f->until_ns || stopping || send_slice(f, err);
    case STATE_IDLE:
        break;
    }
    if (stopping || (!f->full && now_ns < f->began_ns + (int64_t)f->options.every_ms * 1000000))
        return true;
    if (!collect(f, now_ns, err))
        return false;
    series_feed_show_lag(f);
    return f->line_count == 0 || send_slice(f, err);
}

enum series_wait series_feed_waits(const struct series_feed *f, int64_t now_ns, uint32_t *ret_ms)
{
    int64_t until_ns = f->state == STATE_PAUSED
                           ? f->until_ns
                           : f->began_ns + (int64_t)f->options.every_ms * 1000000;
    int64_t ms = (until_ns - now_ns) / 1000000 + 1;
    *ret_ms = ms < 1 ? 1 : ms < WAIT_MS_MAX ? (uint32_t)ms : WAIT_MS_MAX;
    if (f->state == STATE_SENDING || f->state == STATE_CREATING)
        return SERIES_WAIT_ANSWER;
    if (f->state == STATE_IDLE && f->options.every_ms == 0) {
        *ret_ms = WAIT_MS_MAX;
        return SERIES_WAIT_LOG;
    }
    return SERIES_WAIT_TIME;
}

void series_feed_wait_log(struct series_feed *f, uint32_t ms)
{
    feed_wait(f->feed, ms);
}
