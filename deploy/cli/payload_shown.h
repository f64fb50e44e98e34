/*
 * payload_shown: what one MQTT message becomes at a venue, for a person who binds devices: its map, its readings, the sensor and zone of each, what nothing looks at, and why it
 * would be refused. It decides nothing: topics, payload maps and canonical payloads are read by the modules that process uses, without state, so repeats and late data look like any other.
 *
 *     payload_shown_new(venue, payload_dir, &shown, &err);
 *     enum shown_fate fate = payload_shown_message(shown, &message, &text);      some lines, each ended
 *     payload_shown_advice(shown, "venue.yaml", &text);                          stanzas for all that was not bound or read so far
 *     payload_shown_free(shown);
 *
 * One thread.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_PAYLOAD_SHOWN_H
#define CROWDTIDE_DEPLOY_CLI_PAYLOAD_SHOWN_H

#include "schemas/payload/payload_decode.h"
#include "schemas/venue/venue.h"

enum {
    SHOWN_BYTES_MAX = 256 * 1024,
    SHOWN_TOPICS_MAX = 256,  /* unknown topics remembered; of more only the number is told */
    SHOWN_SENSORS_MAX = 512, /* unbound sensors likewise */
};

enum shown_fate {
    SHOWN_COUNTS,   /* every reading has its sensor; or it says nothing, as declared */
    SHOWN_UNBOUND,  /* read, and some reading has no sensor */
    SHOWN_REFUSED,  /* it, or one of its readings, would be a dead letter for what it says */
    SHOWN_UNKNOWN,  /* no map reads its topic */
};

struct payload_shown;

/* The venue must outlive it. payload_dir: the setting. NO_MEMORY. */
bool payload_shown_new(const struct venue *venue, const char *payload_dir,
                       struct payload_shown **ret, struct error *err);
void payload_shown_free(struct payload_shown *shown); /* NULL is allowed */

/* Reads by this one map (and its own filters) alone instead of the venue's, whatever the topic; the caller's. NULL: the venue's again. */
void payload_shown_map(struct payload_shown *shown, const struct payload_maps *alone);

/* message->payload has JSON_PADDING_BYTES behind it. */
enum shown_fate payload_shown_message(struct payload_shown *shown,
                                      const struct payload_message *message, struct text *out);

/* The same for programs, as one line of JSON (schemas/spec/output/listen.json); lines: what payload_shown_message wrote. */
void payload_shown_json(struct str topic, bool retained, int64_t at_ms, enum shown_fate fate,
                        struct str lines, struct text *out);

/* What to put into the venue file so that all of it counts; nothing when there is nothing to do. */
void payload_shown_advice(const struct payload_shown *shown, const char *venue_file,
                          struct text *out);

#endif
