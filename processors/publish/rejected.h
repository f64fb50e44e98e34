/*
 * rejected: what a sink refused for good, one JSON object a line, so that nothing is dropped without a trace. Bounded: at REJECTED_BYTES_MAX the file becomes {name}.1, taking the
 * place of the one before.
 *
 *     rejected_open(state_dir, "series-bulk", &rejected, &err);      {state_dir}/rejected/series-bulk.jsonl
 *     rejected_add(rejected, &entry, &err);
 *
 * What a sink never got because a disk cap took it stands in {state_dir}/rejected/series-bulk.lost.jsonl.
 *
 * One thread, one writer a name.
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_REJECTED_H
#define CROWDTIDE_PROCESSORS_PUBLISH_REJECTED_H

#include "processors/publish/feed.h"

enum {
    REJECTED_BYTES_MAX = 64 * 1024 * 1024,
    REJECTED_BODY_MAX = 64 * 1024, /* of what was to be sent; the rest is cut, the result itself stays in the log */
};

struct rejected;

struct rejected_entry {
    const struct log_position *position; /* of the result */
    const char *type;                    /* record type name */
    const char *reason;                  /* the sink's words */
    struct str body;                     /* what was to be sent */
};

bool rejected_open(const char *state_dir, const char *name, struct rejected **ret, struct error *err);
/* On failure (disk full) the caller must not move on. */
bool rejected_add(struct rejected *rejected, const struct rejected_entry *entry, struct error *err);
/* One line of {name}.lost.jsonl. */
bool rejected_add_lost(const char *state_dir, const char *name, const struct feed_loss *loss, struct error *err);
void rejected_close(struct rejected *rejected); /* NULL is allowed */

#endif
