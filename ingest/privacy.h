/*
 * privacy: takes personal data out of messages before they are appended: those of topics that a
 * payload map with `privacy:` rules reads (schemas/payload/payload_redact.h). If that fails,
 * nothing of the payload is kept, and of the topic what rules name is dropped.
 *
 *     privacy_open(&options, &privacy, &err);
 *     privacy_clock(privacy, wall_ns, utc_offset_s);              once before the first message,
 * then every second switch (privacy_take(privacy, venue, &message, &withheld))  …each message,
 * before the append privacy_close(privacy);
 *
 * Keys: one a period of rotate_h of the venue's local time, derived from the secret, held in memory
 * only.
 *
 * Threads: not safe by itself: the caller's lock stands around all of it, the venue and the append,
 * so that what a MODEL record brings into force redacts what follows it.
 */
#ifndef CROWDTIDE_INGEST_PRIVACY_H
#define CROWDTIDE_INGEST_PRIVACY_H

#include "ingest/intake.h"
#include "schemas/venue/venue.h"

struct privacy;

struct privacy_options {
    const char *secret; /* "": there is none; must outlive it */
    uint32_t rotate_h;
    uint32_t max_message_bytes;
};

bool privacy_open(const struct privacy_options *options, struct privacy **ret_privacy,
                  struct error *err);
void privacy_close(struct privacy *privacy); /* NULL is allowed */

void privacy_clock(struct privacy *privacy, int64_t wall_ns, int32_t utc_offset_s);

enum privacy_taken {
    PRIVACY_PLAIN,    /* no rules are for it: it stays as it is */
    PRIVACY_REDACTED, /* *message has the redacted payload and topic, until the next call */
    PRIVACY_WITHHELD, /* *ret_withheld is all that may be kept */
};
enum privacy_taken privacy_take(struct privacy *privacy, const struct venue *venue,
                                struct intake_message *message,
                                struct record_withheld *ret_withheld);

#endif
