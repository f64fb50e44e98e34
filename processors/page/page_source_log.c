/* page_source over the alerts log of this machine: a feed with a cursor for each target. */
#include <stdio.h>
#include <stdlib.h>

#include "processors/page/page_source.h"
#include "processors/publish/feed.h"

enum { SINK_BYTES = 64 };

struct log_source {
    struct feed *feed;
    struct log_position position;
    uint64_t unreadable, lost; /* lost: before the position */
    int64_t offset_ms;         /* wall clock minus log time, as the last heartbeat said */
};

/* The later of what is in the target's state and the cursor, which moves on its own over what
   concerns no target. */
static struct log_position later(const struct log_position *a, const struct log_position *b)
{
    return log_uuid_equal(&a->log, &b->log) && b->seq > a->seq ? *b : *a;
}

static bool start(void *arg, const struct page_position *from, bool *ret_fresh, struct error *err)
{
    struct log_source *s = arg;
    const struct log_uuid none = {0};
    struct log_position cursor = feed_position(s->feed);
    *ret_fresh = !log_uuid_equal(&from->readings, &none) &&
                 !log_uuid_equal(&from->readings, feed_readings_uuid(s->feed));
    s->position = *ret_fresh ? (struct log_position){0} : from->log;
    if (s->position.seq == 0 && log_uuid_equal(&cursor.log, feed_results_uuid(s->feed)))
        s->position = cursor; /* the state is lost */
    else
        s->position = later(&s->position, &cursor);
    return feed_start(s->feed, &s->position, err);
}

static enum page_read next(void *arg, struct page_item *ret, struct error *err)
{
    struct log_source *s = arg;
    struct feed_item item;
    enum feed_read got;
    while ((got = feed_next(s->feed, &item, err)) == FEED_RESULT) {
        union result_any any;
        struct result_origin origin;
        s->position = feed_item_position(s->feed, &item);
        s->lost = feed_lost(s->feed) + s->unreadable;
        if (item.view.type != RECORD_ALERT && item.view.type != RECORD_HEARTBEAT)
            continue;
        if (!result_decode(item.view.type, item.view.body, item.view.body_len, &origin, &any,
                           NULL)) {
            s->unreadable++; /* one record that is damaged must not silence the rest */
            s->lost++;
            continue;
        }
        if (item.view.type == RECORD_ALERT) {
            ret->alert = any.alert;
            ret->at_ms = any.alert.at + s->offset_ms;
            return PAGE_READ_ALERT;
        }
        s->offset_ms =
            any.heartbeat.clock_offset_ms == RESULT_ABSENT ? 0 : any.heartbeat.clock_offset_ms;
    }
    return got == FEED_ERROR ? PAGE_READ_ERROR : PAGE_READ_NONE;
}

static void position(void *arg, struct page_position *ret)
{
    struct log_source *s = arg;
    ret->log = s->position;
    ret->readings = *feed_readings_uuid(s->feed);
    ret->lost = s->lost;
    ret->partitions = 0;
}

static bool keep(void *arg, const struct page_position *to, struct error *err)
{
    struct log_source *s = arg;
    return to->log.seq == 0 || feed_commit(s->feed, &to->log, false, err);
}

static bool behind(void *arg)
{
    (void)arg;
    return false;
}

static const char *trouble(void *arg)
{
    (void)arg;
    return ""; /* a log that can't be read is an error */
}

static void wait_more(void *arg, uint32_t ms)
{
    struct log_source *s = arg;
    feed_wait(s->feed, ms);
}

static void close_source(void *arg)
{
    struct log_source *s = arg;
    feed_close(s->feed);
    free(s);
}

bool page_source_log(const char *state_dir, struct str target, struct page_source *ret,
                     struct error *err)
{
    char sink[SINK_BYTES];
    struct log_source *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERROR_NO_MEMORY, 0, "page source");
    (void)snprintf(sink, sizeof sink, "page-" STR_FMT, STR_ARG(target));
    const struct feed_options options = {
        .state_dir = state_dir, .log = "alerts", .sink = sink, .urgent = true};
    if (!feed_open(&options, &s->feed, err)) {
        free(s);
        return false;
    }
    *ret = (struct page_source){.start = start,
                                .next = next,
                                .position = position,
                                .keep = keep,
                                .behind = behind,
                                .trouble = trouble,
                                .wait = wait_more,
                                .close = close_source,
                                .arg = s};
    return true;
}
