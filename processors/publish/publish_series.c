#include <time.h>

#include "processors/publish/publish.h"
#include "processors/publish/series_feed.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"

#define PROGRAM "publish-series"

enum {
    EXIT_STOPPED = 0,
    EXIT_BROKEN = 1,
    EXIT_CONFIG = 2,
    FEEDS = 2,
    ANSWER_WAIT_MS = 10, /* while a request is on its way: also how late an alert is noticed then */
    LAST_REQUEST_MS = 3000, /* for requests on their way once asked to stop */
    OPEN_AGAIN_MS = 200,
    ALIVE_EVERY_NS = 500000000,
};

struct series {
    const struct publish_options *options;
    struct publish_shared publish;
    struct series_shared shared;
    struct series_target target;
    struct series_feed *feed[FEEDS];
    int64_t alive_ns;
};

static void look_up(struct series *s)
{
    int64_t now_ns = clock_boot_ns();
    if (__atomic_load_n(s->options->stop, __ATOMIC_RELAXED))
        atomic_store(&s->publish.stop, true);
    if (now_ns - s->alive_ns > ALIVE_EVERY_NS) {
        counters_alive(s->publish.counters);
        for (int i = 0; i < FEEDS; i++)
            if (s->feed[i])
                series_feed_show_lag(s->feed[i]); /* it grows while the store does not answer */
        s->alive_ns = now_ns;
    }
}

/* Waits for whatever comes first of what the feeds wait for. */
static void wait_for_feeds(struct series *s)
{
    uint32_t ms = UINT32_MAX, wanted[FEEDS];
    enum series_wait waits[FEEDS];
    int64_t now_ns = clock_boot_ns();
    bool answer = false;
    for (int i = 0; i < FEEDS; i++) {
        waits[i] = series_feed_waits(s->feed[i], now_ns, &wanted[i]);
        if (waits[i] == SERIES_WAIT_ANSWER)
            answer = true;
        else if (wanted[i] < ms)
            ms = wanted[i];
    }
    if (answer) {
        http_poster_wait(s->shared.poster, ms < ANSWER_WAIT_MS ? (int)ms : ANSWER_WAIT_MS);
    } else if (waits[0] == SERIES_WAIT_LOG) {
        series_feed_wait_log(s->feed[0], ms);
    } else {
        const struct timespec pause = {.tv_nsec = (long)ms * 1000000};
        (void)nanosleep(&pause, NULL);
    }
}

static bool busy(const struct series *s)
{
    uint32_t ms;
    for (int i = 0; i < FEEDS; i++) {
        if (series_feed_waits(s->feed[i], 0, &ms) == SERIES_WAIT_ANSWER)
            return true;
    }
    return false;
}

static int loop(struct series *s)
{
    struct error err = {0};
    int64_t stop_ns = 0;
    for (;;) {
        int64_t now_ns = clock_boot_ns();
        look_up(s);
        if (publish_stopping(&s->publish)) {
            if (stop_ns == 0)
                stop_ns = now_ns + (int64_t)LAST_REQUEST_MS * 1000000;
            if (!busy(s) || now_ns > stop_ns)
                return EXIT_STOPPED;
        }
        for (int i = 0; i < FEEDS; i++) {
            if (!series_feed_turn(s->feed[i], now_ns, &err)) {
                report_error(PROGRAM, "stopped", &err);
                return EXIT_BROKEN;
            }
        }
        wait_for_feeds(s);
    }
}

/* The logs appear when process runs for the first time. */
static bool open_feed(struct series *s, int i, const struct series_feed_options *options,
                      struct error *err)
{
    struct notice notice = {0};
    while (!series_feed_new(options, &s->feed[i], err)) {
        if (err->code != ERROR_NOT_FOUND)
            return false;
        if (notice_due(&notice, err->where))
            report(REPORT_INFO, PROGRAM, "waiting", "feed=%s for=\"%s\"", options->log, err->where);
        look_up(s);
        if (!publish_pause(&s->publish, OPEN_AGAIN_MS))
            return true;
    }
    return true;
}

static bool open_feeds(struct series *s, struct error *err)
{
    const struct config *config = s->options->config;
    const struct series_feed_options options[FEEDS] = {
        {.shared = &s->shared,
         .state_dir = config->state_dir,
         .log = "alerts",
         .number = 0,
         .points = (uint32_t)config->series_batch_points,
         .every_ms = 0,
         .urgent = true,
         .delivered = COUNTER_SERIES_ALERTS_DELIVERED,
         .rejected = COUNTER_SERIES_ALERTS_REJECTED,
         .skipped = COUNTER_SERIES_ALERTS_SKIPPED,
         .lag = COUNTER_SERIES_ALERTS_LAG,
         .lost = COUNTER_SERIES_ALERTS_LOST,
         .uncounted = COUNTER_SERIES_ALERTS_UNCOUNTED,
         .seq = COUNTER_SERIES_ALERTS_SEQ,
         .latency = HISTOGRAM_SERIES_ALERTS_SINK},
        {.shared = &s->shared,
         .state_dir = config->state_dir,
         .log = "bulk",
         .number = 1,
         .points = (uint32_t)config->series_batch_points,
         .every_ms = (uint32_t)config->series_batch_ms,
         .delivered = COUNTER_SERIES_BULK_DELIVERED,
         .rejected = COUNTER_SERIES_BULK_REJECTED,
         .skipped = COUNTER_SERIES_BULK_SKIPPED,
         .lag = COUNTER_SERIES_BULK_LAG,
         .lost = COUNTER_SERIES_BULK_LOST,
         .uncounted = COUNTER_SERIES_BULK_UNCOUNTED,
         .seq = COUNTER_SERIES_BULK_SEQ,
         .latency = HISTOGRAM_SERIES_BULK_SINK},
    };
    for (int i = 0; i < FEEDS; i++) {
        if (!open_feed(s, i, &options[i], err))
            return false;
    }
    return true;
}

int publish_series_run(const struct publish_options *options)
{
    struct series s = {.options = options};
    struct error err = {0};
    int code = EXIT_STOPPED;
    s.shared.publish = &s.publish;
    s.shared.target = &s.target;
    if (!series_target_init(options->config, &s.target, &err)) {
        report_error(PROGRAM, "configuration", &err);
        return EXIT_CONFIG;
    }
    s.target.http.slots = FEEDS;
    if (!http_poster_new(&s.target.http, &s.shared.poster, &err)) {
        report_error(PROGRAM, "configuration", &err);
        return EXIT_CONFIG;
    }
    if (!counters_open(options->config->state_dir, PROGRAM_SERIES, &s.publish.counters, &err) ||
        !open_feeds(&s, &err)) {
        report_error(PROGRAM, "stopped", &err);
        code = EXIT_BROKEN;
    } else if (!publish_stopping(&s.publish)) {
        report(REPORT_INFO, PROGRAM, "started", "url=%s", s.target.write_url);
        code = loop(&s);
    }
    http_poster_free(s.shared.poster); /* before the bodies it may still be sending */
    for (int i = 0; i < FEEDS; i++)
        series_feed_free(s.feed[i]);
    counters_close(s.publish.counters);
    return code;
}
