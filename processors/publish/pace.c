#include "processors/publish/pace.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "processors/publish/feed.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"

enum { SLICE_MS = 50, NOTICE_APART_S = 2 };

void publish_set_up(struct publish_shared *shared, enum counter gauge, uint32_t feed, bool up)
{
    unsigned bit = 1U << feed;
    unsigned before =
        up ? atomic_fetch_and(&shared->down, ~bit) : atomic_fetch_or(&shared->down, bit);
    counters_set(shared->counters, gauge, (up ? before & ~bit : before | bit) == 0);
}

void publish_seen(struct publish_shared *shared, uint32_t feed)
{
    atomic_store_explicit(&shared->seen_ns[feed], clock_boot_ns(), memory_order_relaxed);
}

uint32_t publish_silent(const struct publish_shared *shared, uint32_t count, int64_t now_ns)
{
    for (uint32_t i = 0; i < count; i++) {
        int64_t seen_ns = atomic_load_explicit(&shared->seen_ns[i], memory_order_relaxed);
        if (now_ns - seen_ns > PUBLISH_SILENT_S_MAX * INT64_C(1000000000))
            return i;
    }
    return PUBLISH_FEEDS_MAX;
}

bool publish_pause(struct publish_shared *shared, uint32_t ms)
{
    while (ms > 0 && !publish_stopping(shared)) {
        uint32_t slice = ms < SLICE_MS ? ms : SLICE_MS;
        const struct timespec pause = {.tv_nsec = (long)slice * 1000000};
        (void)nanosleep(&pause, NULL);
        ms -= slice;
    }
    return !publish_stopping(shared);
}

uint32_t pace_next_ms(struct pace *pace)
{
    if (pace->seed == 0)
        pace->seed = (uint64_t)clock_boot_ns() | 1;
    pace->ms = pace->ms == 0                ? PACE_MS_MIN
               : pace->ms * 2 < PACE_MS_MAX ? pace->ms * 2
                                            : PACE_MS_MAX;
    pace->seed = pace->seed * 6364136223846793005U + 1442695040888963407U;
    return pace->ms / 2 + (uint32_t)((pace->seed >> 33) % (pace->ms / 2 + 1));
}

void pace_reset(struct pace *pace)
{
    pace->ms = 0;
}

bool notice_due(struct notice *notice, const char *text)
{
    int64_t now_ns = clock_boot_ns();
    bool changed = strncmp(notice->text, text, sizeof notice->text - 1) != 0;
    int64_t apart_s = changed ? NOTICE_APART_S : NOTICE_AGAIN_S;
    if (notice->said_ns && now_ns - notice->said_ns < apart_s * 1000000000)
        return false;
    (void)snprintf(notice->text, sizeof notice->text, "%s", text);
    notice->said_ns = now_ns;
    return true;
}

bool notice_clear(struct notice *notice)
{
    bool had = notice->said_ns != 0;
    *notice = (struct notice){0};
    return had;
}

void notice_waiting(struct notice *notice, const char *program, const char *log,
                    const struct feed *feed)
{
    struct error why;
    if (feed_waits(feed, &why) && notice_due(notice, why.where))
        report(REPORT_INFO, program, "waiting", "feed=%s for=\"%s\"", log, why.where);
}
