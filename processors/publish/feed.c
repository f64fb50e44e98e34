#include "processors/publish/feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "schemas/base/clock.h"

enum {
    PATH_BYTES = 4200,
    SYNC_POLL_US_MIN = 200,   /* a sync takes some 100 µs; look again soon … */
    SYNC_POLL_US_MAX = 20000, /* … and ever less often when nobody syncs (ingest is down) */
    SYNC_ASK_NS = 50000000,   /* ask again for a sync that has not happened */
};

struct feed {
    struct log_reader *results;
    struct log_reader *readings; /* for its durable mark, and to see whether an input survived */
    struct log_cursor *cursor;
    bool urgent;

    uint64_t begin_seq;       /* of the results log: from here on all is meant for a feed that has
                                 published nothing */
    struct log_position from; /* results up to this input and index are passed over */
    uint64_t next_seq;        /* of the results log: what follows the last record read */
    uint64_t lost;
    uint64_t lost_before_seq; /* of the results log: counted up to there */
    uint64_t loss_met_seq;    /* of the results log: feed_meets_loss has told up to there */
    struct feed_loss loss;    /* not told yet; before_input_seq 0: nothing was read behind it yet */

    struct feed_item held; /* read, but its input is not durable yet */
    bool has_held;
    uint64_t durable_seq; /* of the readings log, as last looked up */
    int64_t asked_ns;     /* when a sync was asked for */
    uint32_t poll_us;

    uint64_t input_seen_seq; /* of the readings log: where looking for inputs of older epochs
                                stands; 0: nowhere */
};

static bool refuse_replayed(const struct log_view *view, struct error *err)
{
    return !(view->flags & RECORD_FLAG_REPLAYED) ||
           error_set(err, ERROR_INVALID, 0,
                     "result %llu comes from a replay: replays are not published",
                     (unsigned long long)view->seq);
}

/* Results of a replay are told at once, not when their readings are there, too. */
static bool look_for_replay(struct feed *feed, struct error *err)
{
    struct log_view view;
    struct error ignored = {0};
    return !log_reader_seek(feed->results, 0, &ignored) ||
           log_reader_next(feed->results, &view, &ignored) != LOG_READ_RECORD ||
           refuse_replayed(&view, err);
}

/* The cursor of a feed that has published nothing says where it first began: whatever is gone from
   there by the time it publishes was meant for it. */
static bool begin(struct feed *feed, struct error *err)
{
    static const struct log_uuid unused = {{0}};
    struct log_position at = log_cursor_load(feed->cursor);
    const bool fresh = log_uuid_equal(&at.log, &unused);
    if (fresh) {
        at.log = *log_reader_uuid(feed->results);
        const uint64_t begin_seq = log_reader_begin_seq(feed->results);
        at.seq = begin_seq ? begin_seq - 1 : 0;
    }
    if (!at.input_seq && log_uuid_equal(&at.log, log_reader_uuid(feed->results)))
        feed->begin_seq = at.seq + 1;
    return !fresh || log_cursor_store(feed->cursor, &at, true, err);
}

static bool open_all(struct feed *feed, const struct feed_options *options, struct error *err)
{
    char path[PATH_BYTES], name[64];
    (void)snprintf(path, sizeof path, "%s/cursors", options->state_dir);
    if (mkdir(path, 0750) != 0 && errno != EEXIST)
        return error_set(err, ERROR_IO, errno, "%s", path);
    (void)snprintf(name, sizeof name, "%s.%s", options->log, options->sink);
    /* The cursor comes first: from here on retention keeps what we have not seen. */
    if (!log_cursor_open(path, name, true, &feed->cursor, err))
        return false;
    (void)snprintf(path, sizeof path, "%s/%s", options->state_dir, options->log);
    if (!log_reader_open(&(struct log_reader_options){.dir = path, .verify_crc = true},
                         &feed->results, err) ||
        !look_for_replay(feed, err))
        return false;
    if (!begin(feed, err))
        return false;
    char readings[PATH_BYTES];
    (void)snprintf(readings, sizeof readings, "%s/readings", options->state_dir);
    if (!log_reader_open(&(struct log_reader_options){.dir = readings}, &feed->readings, err))
        return false;
    struct log_uuid source;
    if (!log_reader_source(feed->results, &source) ||
        !log_uuid_equal(&source, log_reader_uuid(feed->readings)))
        return error_set(err, ERROR_MISMATCH, 0, "%s was made from another readings log", path);
    return true;
}

bool feed_open(const struct feed_options *options, struct feed **ret, struct error *err)
{
    struct feed *feed = calloc(1, sizeof *feed);
    if (!feed)
        return error_set(err, ERROR_NO_MEMORY, 0, "feed");
    feed->urgent = options->urgent;
    feed->poll_us = SYNC_POLL_US_MIN;
    if (!open_all(feed, options, err)) {
        feed_close(feed);
        return false;
    }
    *ret = feed;
    return true;
}

void feed_close(struct feed *feed)
{
    if (!feed)
        return;
    log_reader_close(feed->results);
    log_reader_close(feed->readings);
    if (feed->cursor)
        log_cursor_close(feed->cursor);
    free(feed);
}

const struct log_uuid *feed_readings_uuid(const struct feed *feed)
{
    return log_reader_uuid(feed->readings);
}

const struct log_uuid *feed_results_uuid(const struct feed *feed)
{
    return log_reader_uuid(feed->results);
}

uint64_t feed_readings_last_seq(const struct feed *feed)
{
    log_reader_follow(feed->readings); /* who waits for ingest asks nothing else */
    return log_reader_last_seq(feed->readings);
}

bool feed_has_input(struct feed *feed, uint64_t input_seq, uint32_t input_epoch, bool *ret_has,
                    struct error *err)
{
    struct log_view view;
    struct error why = {0};
    enum log_read got = LOG_READ_ERROR;
    feed->input_seen_seq = 0; /* the reader moves */
    if (log_reader_seek(feed->readings, input_seq, &why))
        got = log_reader_next(feed->readings, &view, &why);
    if (got == LOG_READ_ERROR && why.code != ERROR_LOST) {
        if (err)
            *err = why;
        return false;
    }
    *ret_has = got == LOG_READ_ERROR ||
               (got == LOG_READ_RECORD && view.seq == input_seq && view.epoch == input_epoch);
    return true;
}

struct log_position feed_position(const struct feed *feed)
{
    const struct log_position at = log_cursor_load(feed->cursor);
    return at.input_seq ? at : (struct log_position){0};
}

bool feed_commit(struct feed *feed, const struct log_position *position, bool durable,
                 struct error *err)
{
    return log_cursor_store(feed->cursor, position, durable, err);
}

uint64_t feed_lost(const struct feed *feed)
{
    return feed->lost;
}

bool feed_meets_loss(struct feed *feed, struct feed_loss *ret)
{
    if (!feed->loss.results || !feed->loss.before_input_seq ||
        feed->loss.last_seq <= feed->loss_met_seq)
        return false;
    feed->loss_met_seq = feed->loss.last_seq;
    *ret = feed->loss;
    return true;
}

bool feed_take_loss(struct feed *feed, uint64_t dealt_seq, struct feed_loss *ret)
{
    if (!feed->loss.results || dealt_seq <= feed->loss.last_seq)
        return false;
    *ret = feed->loss;
    feed->loss = (struct feed_loss){0};
    return true;
}

/* Results [first_seq, next_seq) are gone. A feed that starts again at an old place meets them once
 * more. */
static void lose(struct feed *feed, uint64_t first_seq, uint64_t next_seq)
{
    if (first_seq < feed->lost_before_seq)
        first_seq = feed->lost_before_seq;
    if (first_seq >= next_seq)
        return;
    const uint64_t results =
        next_seq - first_seq - log_reader_unused(feed->results, first_seq, next_seq);
    feed->lost_before_seq = next_seq;
    feed->lost += results;
    if (!feed->loss.results) {
        feed->loss.first_seq = first_seq;
        feed->loss.after_input_seq = feed->from.input_seq;
    }
    feed->loss.results += results;
    feed->loss.last_seq = next_seq - 1;
    feed->loss.before_input_seq = 0;
}

uint64_t feed_lag(const struct feed *feed, uint64_t after_seq)
{
    return log_reader_lag(feed->results, after_seq);
}

struct log_position feed_item_position(const struct feed *feed, const struct feed_item *item)
{
    return (struct log_position){
        .log = *log_reader_uuid(feed->results),
        .seq = item->view.seq,
        .epoch = item->view.epoch,
        .index = item->origin.index,
        .input_seq = item->origin.input_seq,
        .input_epoch = item->origin.input_epoch,
    };
}

static bool item_read(const struct log_view *view, struct feed_item *ret, struct error *err)
{
    if (!refuse_replayed(view, err))
        return false;
    if (view->body_len < RESULT_ORIGIN_BYTES)
        return error_set(err, ERROR_CORRUPT, 0, "result %llu has no origin",
                         (unsigned long long)view->seq);
    ret->view = *view;
    ret->origin = result_origin_decode(view->body);
    return true;
}

/* Seeks, going to the oldest record kept (and counting the rest as lost) when the one wanted was
 * deleted. seq 0: the oldest kept, nothing is lost. */
static bool seek(struct feed *feed, uint64_t seq, struct error *err)
{
    struct error why = {0};
    uint64_t first = log_reader_first_seq(feed->results);
    if (seq && seq < first) { /* the reader itself takes 1 for "the oldest kept" */
        lose(feed, seq, first);
        seq = first;
    }
    if (!log_reader_seek(feed->results, seq, &why)) {
        /* Retention may have gone on since. */
        if (why.code != ERROR_LOST || !log_reader_seek(feed->results, why.position, err)) {
            if (why.code != ERROR_LOST && err)
                *err = why;
            return false;
        }
        lose(feed, seq, why.position);
        seq = why.position;
    }
    feed->next_seq = seq;
    return true;
}

/* True when the record at from->seq is the one `from` speaks of; the reader then stands behind it.
 */
static bool hint_holds(struct feed *feed, const struct log_position *from)
{
    struct log_view view;
    struct feed_item item = {0};
    struct error ignored = {0};
    if (from->seq == 0 || !log_uuid_equal(&from->log, log_reader_uuid(feed->results)) ||
        from->seq > log_reader_last_seq(feed->results) ||
        !log_reader_seek(feed->results, from->seq, &ignored) ||
        log_reader_next(feed->results, &view, &ignored) != LOG_READ_RECORD ||
        !item_read(&view, &item, &ignored))
        return false;
    feed->next_seq = view.seq + 1;
    return view.seq == from->seq && item.origin.input_seq == from->input_seq &&
           item.origin.index == from->index;
}

bool feed_start(struct feed *feed, const struct log_position *from, struct error *err)
{
    feed->has_held = false;
    feed->from = *from;
    if (hint_holds(feed, from))
        return true;
    const uint64_t first_seq = log_reader_first_seq(feed->results);
    if (from->seq && log_uuid_equal(&from->log, log_reader_uuid(feed->results)) &&
        from->seq < first_seq)
        return seek(feed, from->seq + 1, err);
    if (from->input_seq)
        return seek(feed, first_seq, err);
    /* In an older copy of the log it may have to begin earlier. */
    if (!feed->begin_seq || (first_seq && first_seq < feed->begin_seq))
        feed->begin_seq = first_seq;
    return seek(feed, feed->begin_seq, err);
}

/* Finds out whether the input of a result made under an earlier epoch of the readings log is still
   there. After a power cut a result may be left over whose input was lost; its sequence is a gap
   now. Inputs are asked for in rising order, so this reads along. False: it can't be told. */
static bool input_look(struct feed *feed, const struct result_origin *origin, bool *ret_exists,
                       struct error *err)
{
    struct log_view view;
    struct error why = {0};
    *ret_exists = true;
    if (origin->input_epoch == log_reader_epoch(feed->readings))
        return true;
    bool ok = true;
    if (feed->input_seen_seq == 0 || feed->input_seen_seq > origin->input_seq) {
        feed->input_seen_seq = 0;
        ok = log_reader_seek(feed->readings, origin->input_seq, &why);
    }
    while (ok && feed->input_seen_seq < origin->input_seq) {
        enum log_read got = log_reader_next(feed->readings, &view, &why);
        if (got == LOG_READ_CAUGHT_UP) { /* a gap at the log's end */
            *ret_exists = false;
            return true;
        }
        ok = got == LOG_READ_RECORD;
        if (ok)
            feed->input_seen_seq = view.seq;
    }
    if (ok) {
        *ret_exists = feed->input_seen_seq == origin->input_seq;
        return true;
    }
    feed->input_seen_seq = 0;
    if (why.code == ERROR_LOST) /* old, dealt with, and deleted since */
        return true;
    if (err)
        *err = why;
    return false;
}

static bool durable(struct feed *feed, uint64_t input_seq)
{
    if (input_seq <= feed->durable_seq)
        return true;
    feed->durable_seq = log_reader_durable_seq(feed->readings);
    if (input_seq <= feed->durable_seq)
        return true;
    int64_t now_ns = clock_boot_ns();
    if (feed->urgent && now_ns - feed->asked_ns > SYNC_ASK_NS) {
        log_reader_request_sync(feed->readings);
        feed->asked_ns = now_ns;
    }
    return false;
}

static bool passed(const struct log_position *from, const struct result_origin *origin)
{
    return origin->input_seq < from->input_seq || (origin->input_seq == from->input_seq &&
                                                   from->input_seq && origin->index <= from->index);
}

/* The next record of the results log; lost ones are counted. */
static enum feed_read read_record(struct feed *feed, struct log_view *view, struct error *err)
{
    struct error why = {0};
    enum log_read got = log_reader_next(feed->results, view, &why);
    if (got == LOG_READ_ERROR && why.code == ERROR_LOST) {
        if (!seek(feed, feed->next_seq, err))
            return FEED_ERROR;
        got = log_reader_next(feed->results, view, &why);
    }
    if (got == LOG_READ_ERROR && err)
        *err = why;
    if (got == LOG_READ_RECORD) {
        /* A reader that has not read yet is not told: it begins at the oldest record kept. */
        if (feed->next_seq && view->seq > feed->next_seq &&
            view->seq == log_reader_first_seq(feed->results))
            lose(feed, feed->next_seq, view->seq);
        feed->next_seq = view->seq + 1;
    }
    return got == LOG_READ_RECORD ? FEED_RESULT : got == LOG_READ_ERROR ? FEED_ERROR : FEED_NONE;
}

/* Nothing to be had now. Not every feed waits by its own logs: it looks here whether they have new
   control pages. */
static enum feed_read nothing(struct feed *feed, enum feed_read got)
{
    if (got != FEED_ERROR) {
        log_reader_follow(feed->results);
        log_reader_follow(feed->readings);
    }
    return got;
}

enum feed_read feed_next(struct feed *feed, struct feed_item *ret, struct error *err)
{
    for (;;) {
        while (!feed->has_held) {
            struct log_view view;
            enum feed_read got = read_record(feed, &view, err);
            if (got != FEED_RESULT)
                return nothing(feed, got);
            if (!item_read(&view, &feed->held, err))
                return FEED_ERROR;
            if (feed->loss.results && !feed->loss.before_input_seq)
                feed->loss.before_input_seq = feed->held.origin.input_seq;
            feed->has_held = !passed(&feed->from, &feed->held.origin);
        }
        if (!durable(feed, feed->held.origin.input_seq))
            return nothing(feed, FEED_NOT_DURABLE);
        feed->poll_us = SYNC_POLL_US_MIN;
        feed->asked_ns = 0;
        bool exists;
        if (!input_look(feed, &feed->held.origin, &exists, err))
            return FEED_ERROR;
        feed->has_held = false;
        if (exists) {
            /* An I/O error may take results that were read, and process then makes them again. */
            feed->from.input_seq = feed->held.origin.input_seq;
            feed->from.index = feed->held.origin.index;
            *ret = feed->held;
            return FEED_RESULT;
        }
    }
}

bool feed_waits(const struct feed *feed, struct error *err)
{
    return log_reader_waits(feed->readings, err) || log_reader_waits(feed->results, err);
}

void feed_wait(struct feed *feed, uint32_t timeout_ms)
{
    if (!feed->has_held) {
        log_reader_wait(feed->results, timeout_ms);
        return;
    }
    uint32_t us = feed->poll_us < timeout_ms * 1000 ? feed->poll_us : timeout_ms * 1000;
    const struct timespec pause = {.tv_nsec = (long)us * 1000};
    (void)nanosleep(&pause, NULL);
    feed->poll_us = feed->poll_us * 2 < SYNC_POLL_US_MAX ? feed->poll_us * 2 : SYNC_POLL_US_MAX;
}
