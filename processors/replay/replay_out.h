/*
 * replay_out: results of a replay as logs of their own, alerts/ and bulk/ below a fresh directory. Every record carries RECORD_FLAG_REPLAYED, so that nobody publishes
 * or pages it; the logs name the readings log as their source.
 *
 *     replay_out_open(dir, &readings_uuid, &out, &err);
 *     replay_out_add(out, &input, &results, &err);      all results of one input
 *     replay_out_close(out, &err);                      commits and syncs
 */
#ifndef CROWDTIDE_PROCESSORS_REPLAY_REPLAY_OUT_H
#define CROWDTIDE_PROCESSORS_REPLAY_REPLAY_OUT_H

#include "processors/core/core.h"

struct replay_out; /* opaque */

/* Makes dir (its parent must exist). INVALID: it holds a readings, alerts or bulk log. As log_writer_open. */
bool replay_out_open(const char *dir, const struct log_uuid *source, struct replay_out **ret, struct error *err);
bool replay_out_add(struct replay_out *out, const struct log_view *input, const struct core_results *results, struct error *err);
/* False when what was added is not safe on disk. NULL is allowed. */
bool replay_out_close(struct replay_out *out, struct error *err);

#endif
