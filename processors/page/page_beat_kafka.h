/*
 * page_beat_kafka: the newest heartbeat of a venue as Kafka has it, for a pager on another machine
 * (processors/watch/beat.h is for one beside the logs).
 *
 *     page_beat_kafka_new(&link, &size, venue_id, &beat, &err);
 *     page_beat_kafka_follow(beat, &err);                  as often as wanted
 *     const struct result_heartbeat *newest = page_beat_kafka_newest(beat);
 *     page_beat_kafka_free(beat);
 *
 * Reads PAGE_BEAT_TOPIC, read_committed, from its end, and from the end of each partition that comes to
 * it. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_BEAT_KAFKA_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_BEAT_KAFKA_H

#include "processors/net/kafka_sizes.h"
#include "schemas/result/result.h"

#define PAGE_BEAT_TOPIC "crowdtide.heartbeat"

struct page_beat_kafka; /* opaque */

/* size: the topic's (kafka_sizes.h), kept up to date by somebody; it and venue outlive the beat. Kafka
   need not be there. CONFIG, NO_MEMORY. */
bool page_beat_kafka_new(const struct kafka_link *link, const struct kafka_size *size,
                         struct str venue, struct page_beat_kafka **ret, struct error *err);
void page_beat_kafka_free(struct page_beat_kafka *beat); /* NULL is allowed */

/* False: the topic can't be read; the next call tries again. Does not block. */
bool page_beat_kafka_follow(struct page_beat_kafka *beat, struct error *err);

/* NULL before the first. Borrowed until the next follow. */
const struct result_heartbeat *page_beat_kafka_newest(const struct page_beat_kafka *beat);

#endif
