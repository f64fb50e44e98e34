/* page_source over the alerts log of this machine: a feed with a cursor for each target. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "processors/page/page_source.h"
#include "processors/publish/feed.h"
#include "schemas/base/clock.h"

enum { SINK_BYTES = 64, PATH_BYTES = 4200, LOOK_AGAIN_NS = 200000000 };

struct log_source {
    const char *state_dir;
    char sink[SINK_BYTES];
    struct feed *feed;        /* NULL: a log is not there yet … */
    char missing[PATH_BYTES]; /* … this one; looked for again: */
    int64_t look_ns;
    struct log_uuid readings; /* that the state spoke of */
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

static bool place(struct log_source *s, bool *ret_fresh, struct error *err)
{
    const struct log_uuid none = {0};
    struct log_position cursor = feed_position(s->feed);
    *ret_fresh = !log_uuid_equal(&s->readings, &none) &&
                 !log_uuid_equal(&s->readings, feed_readings_uuid(s->feed));
    if (*ret_fresh)
        s->position = (struct log_position){0};
    if (s->position.seq == 0 && log_uuid_equal(&cursor.log, feed_results_uuid(s->feed)))
        s->position = cursor; /* the state is lost */
    else
        s->position = later(&s->position, &cursor);
    return feed_start(s->feed, &s->position, err);
}

/* Whether a log is not there yet. Cheaper than to try: a cursor syncs its folder. */
static bool waits(struct log_source *s)
{
    static const char *const logs[] = {"alerts", "readings"};
    s->look_ns = clock_boot_ns() + LOOK_AGAIN_NS;
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        struct log_reader *reader = NULL;
        struct error why = {0};
        (void)snprintf(s->missing, sizeof s->missing, "%s/%s", s->state_dir, logs[i]);
        const bool there =
            log_reader_open(&(struct log_reader_options){.dir = s->missing}, &reader, &why);
        log_reader_close(reader);
        if (!there && why.code == ERROR_NOT_FOUND)
            return true;
    }
    s->missing[0] = '\0';
    return false;
}

/* True also when a log is not there yet, even if no cursor could be made either. */
static bool open_feed(struct log_source *s, bool *ret_fresh, struct error *err)
{
    struct error why = {0};
    const struct feed_options options = {
        .state_dir = s->state_dir, .log = "alerts", .sink = s->sink, .urgent = true};
    *ret_fresh = false;
    if (feed_open(&options, &s->feed, &why))
        return place(s, ret_fresh, err);
    if (waits(s) || why.code == ERROR_NOT_FOUND)
        return true;
    if (err)
        *err = why;
    return false;
}

static bool start(void *arg, const struct page_position *from, bool *ret_fresh, struct error *err)
{
    struct log_source *s = arg;
    s->readings = from->readings;
    s->position = from->log;
    return open_feed(s, ret_fresh, err);
}

static enum page_read next(void *arg, struct page_item *ret, struct error *err)
{
    struct log_source *s = arg;
    struct feed_item item;
    enum feed_read got;
    bool fresh = false;
    if (!s->feed) {
        if (clock_boot_ns() < s->look_ns || waits(s))
            return PAGE_READ_NONE;
        if (!open_feed(s, &fresh, err))
            return PAGE_READ_ERROR;
        if (fresh || !s->feed)
            return fresh ? PAGE_READ_FRESH : PAGE_READ_NONE;
    }
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
    ret->readings = s->feed ? *feed_readings_uuid(s->feed) : s->readings;
    ret->lost = s->lost;
    ret->partitions = 0;
}

static bool keep(void *arg, const struct page_position *to, struct error *err)
{
    struct log_source *s = arg;
    return to->log.seq == 0 || !s->feed || feed_commit(s->feed, &to->log, false, err);
}

static bool behind(void *arg)
{
    (void)arg;
    return false;
}

static const char *trouble(void *arg)
{
    const struct log_source *s = arg;
    return s->missing; /* one that can't be read is an error */
}

static void wait_more(void *arg, uint32_t ms)
{
    struct log_source *s = arg;
    const struct timespec pause = {.tv_nsec = (long)ms * 1000000};
    if (s->feed)
        feed_wait(s->feed, ms);
    else
        (void)nanosleep(&pause, NULL);
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
    struct log_source *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERROR_NO_MEMORY, 0, "page source");
    s->state_dir = state_dir;
    (void)snprintf(s->sink, sizeof s->sink, "page-" STR_FMT, STR_ARG(target));
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
