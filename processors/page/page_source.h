/*
 * page_source: where a target's alerts come from: the alerts log beside us, or Kafka on another
 * machine. Each target has a source of its own, so that none waits for another.
 *
 *     page_source_log(state_dir, target_id, &source, &err);
 *     page_source_start(&source, &position, &err);
 *     switch (page_source_next(&source, &item, &err)) …
 *     page_source_keep(&source, &position, &err);     what is before may go
 *     page_source_close(&source);
 *
 * One thread a source.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_SOURCE_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_SOURCE_H

#include "processors/page/page_state.h"

enum page_read {
    PAGE_READ_ALERT,
    PAGE_READ_NONE,
    PAGE_READ_FRESH, /* what start could not tell yet: `from` spoke of another log. Go on */
    PAGE_READ_ERROR,
};

struct page_item {
    struct result_alert alert; /* borrowed until the next call on the source */
    int64_t at_ms;             /* when it was so, by this machine's clock */
};

struct page_source { /* a vtable; tests have sources of their own */
    /* Goes to the first alert after `from` (all zero: the oldest kept). *ret_fresh: `from` spoke of
       another log; what was known by it is void. */
    bool (*start)(void *arg, const struct page_position *from, bool *ret_fresh, struct error *err);
    enum page_read (*next)(void *arg, struct page_item *ret, struct error *err);
    /* Behind the last record that next passed; lost: those before it that were deleted before they
       could be read, or can't be. */
    void (*position)(void *arg, struct page_position *ret);
    bool (*keep)(void *arg, const struct page_position *position, struct error *err);
    bool (*behind)(void *arg);         /* after PAGE_READ_NONE: older ones may be on their way */
    const char *(*trouble)(void *arg); /* why nothing comes; "" when all is well */
    void (*wait)(void *arg, uint32_t ms);
    void (*close)(void *arg);
    void *arg;
};

/* The alerts log of state_dir, which outlives the source, under the cursor
   {state_dir}/cursors/alerts.page-{target}, which retention never passes and which nothing expires.
   Until ingest and process have made their logs it has no alerts, and its trouble is the path of the
   one that is missing. NO_MEMORY; of start and next errors as feed_open. */
bool page_source_log(const char *state_dir, struct str target, struct page_source *ret,
                     struct error *err);

/* The topic PAGE_ALERTS_TOPIC, read_committed. Its position is in the target's state alone. Kafka
   need not be there: what comes is read as soon as it is. size: the topic's (kafka_sizes.h), which
   outlives the source; partitions that it has more than before are read from their beginning. CONFIG,
   also of next, when there are over PAGE_PARTITIONS_MAX. Never blocks. */
#define PAGE_ALERTS_TOPIC "crowdtide.alerts"
struct kafka_link;
struct kafka_size;
bool page_source_kafka(const struct kafka_link *link, const struct kafka_size *size,
                       struct page_source *ret, struct error *err);

#endif
