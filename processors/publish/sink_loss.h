/*
 * sink_loss: what a disk cap took before a feed came to it: reported and written down for the audit when the feed meets it, counted when the sink's
 * position is behind it. A publisher killed between the two writes it down again, which the audit knows; it is never counted twice, nor forgotten.
 *
 *     const struct sink_loss loss = {.program = "publish-series", .sink = "series", .log = "bulk", …};
 *     sink_loss_tell(&loss, feed, position.seq);      as often as wanted, and before the position moves
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_SINK_LOSS_H
#define CROWDTIDE_PROCESSORS_PUBLISH_SINK_LOSS_H

#include "processors/publish/feed.h"
#include "schemas/counters/counters.h"

struct sink_loss {
    const char *program, *sink, *log;
    const char *state_dir;
    struct counters *counters;
    enum counter lost;
};

/* dealt_seq: how far the sink has come in the results log. Event `lost`, and a line of {state_dir}/rejected/{sink}-{log}.lost.jsonl (rejected.h).
   Where that can't be written, the event says so. */
void sink_loss_tell(const struct sink_loss *loss, struct feed *feed, uint64_t dealt_seq);

#endif
