/*
 * core_feed: drives a core with hand-made records of a readings log, as ingest would write them.
 *
 *     struct core_feed feed;
 *     core_feed_init(&feed, "venue: …");           the model is the first record
 *     core_feed_publish(&feed, t_ms, "crowdtide/v/crowd/c1", "{\"occupancy\":5}", 0);
 *     core_feed_tick(&feed, t_ms);
 *     feed.results …                                 of the last record only
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_CORE_FEED_H
#define CROWDTIDE_TESTS_SUPPORT_CORE_FEED_H

#include "processors/core/core.h"
#include "schemas/record/record.h"

struct core_feed {
    struct core *core;
    struct core_results results;
    uint64_t seq;
    int64_t t_ms;         /* of the last record */
    bool broker_lost;     /* what ticks say; changed at any time */
    int32_t utc_offset_s; /* likewise; RECORD_NO_UTC_OFFSET at first */
    uint8_t probe;        /* likewise, enum record_probe; none at first */
    uint32_t probe_ms;
    int64_t clock_offset_ns;
    uint8_t *body; /* scratch with padding */
    size_t body_cap;
    bool unhashed; /* long runs look at results themselves: neither hash nor count nor seen */
    uint64_t hash; /* of every result so far: type and body */
    uint64_t result_count;
    void (*seen)(void *arg, unsigned type, const union result_any *result); /* may be NULL */
    void *arg;
};

/* Aborts when the model is refused: the test is wrong. */
void core_feed_init(struct core_feed *feed, const char *venue_yaml, int64_t t_ms);
void core_feed_free(struct core_feed *feed);

void core_feed_model(struct core_feed *feed, int64_t t_ms, const char *venue_yaml);
void core_feed_bytes(struct core_feed *feed, int64_t t_ms, struct str topic, struct str payload,
                     unsigned bits);
void core_feed_publish(struct core_feed *feed, int64_t t_ms, const char *topic, const char *payload,
                       unsigned bits);
void core_feed_tick(struct core_feed *feed, int64_t t_ms);
void core_feed_gap(struct core_feed *feed, int64_t t_ms);
/* An operator's command as it came through the socket of this machine, by the peer of this user id.
 */
void core_feed_command(struct core_feed *feed, int64_t t_ms, uint32_t uid, struct str text);
/* Any other record. */
void core_feed_record(struct core_feed *feed, int64_t t_ms, unsigned type, const void *body,
                      uint32_t len);
/* Ticks at every whole second after the last record, up to and including t_ms. */
void core_feed_until(struct core_feed *feed, int64_t t_ms);

/* The i-th result of the last record, decoded. */
void core_feed_result(const struct core_feed *feed, uint32_t i, union result_any *ret);
/* The last result of this type from the last record; false when there is none. */
bool core_feed_last(const struct core_feed *feed, unsigned type, union result_any *ret);

#endif
