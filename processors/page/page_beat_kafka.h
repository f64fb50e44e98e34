/*
 * page_beat_kafka: the newest heartbeat of a venue as Kafka has it, for a pager on another machine
 * (processors/watch/beat.h is for one beside the logs).
 *
 *     page_beat_kafka_new(&link, venue_id, &beat, &err);
 *     page_beat_kafka_follow(beat, &err);                  as often as wanted
 *     const struct result_heartbeat *newest = page_beat_kafka_newest(beat);
 *     page_beat_kafka_free(beat);
 *
 * Reads crowdtide.heartbeat, read_committed, from its end. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_BEAT_KAFKA_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_BEAT_KAFKA_H

#include "processors/net/kafka_link.h"
#include "schemas/result/result.h"

struct page_beat_kafka; /* opaque */

/* venue is borrowed. CONFIG, NO_MEMORY. */
bool page_beat_kafka_new(const struct kafka_link *link, struct str venue,
                         struct page_beat_kafka **ret, struct error *err);
void page_beat_kafka_free(struct page_beat_kafka *beat); /* NULL is allowed */

/* False: the topic can't be had; the next call tries again. Until it could once, blocks up to 200 ms. */
bool page_beat_kafka_follow(struct page_beat_kafka *beat, struct error *err);

/* NULL before the first. Borrowed until the next follow. */
const struct result_heartbeat *page_beat_kafka_newest(const struct page_beat_kafka *beat);

#endif
