/*
 * payload_advice: what a venue file lacks for the messages seen: payload maps for topics that nothing reads, and sensors for what is not bound, as YAML to paste. Each is kept once,
 * with how often it was seen.
 *
 *     payload_advice_unbound(advice, map, &reading);
 *     payload_advice_write(advice, "venue.yaml", &text);
 *
 * One thread. Limits: SHOWN_TOPICS_MAX, SHOWN_SENSORS_MAX.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_PAYLOAD_ADVICE_H
#define CROWDTIDE_DEPLOY_CLI_PAYLOAD_ADVICE_H

#include "deploy/cli/payload_catalog.h"
#include "processors/core/topic.h"

struct payload_advice;

/* NULL: out of memory. The venue must outlive it. */
struct payload_advice *payload_advice_new(const struct venue *venue);
void payload_advice_free(struct payload_advice *advice); /* NULL is allowed */

/* Nothing reads the topic; guess: the map that would, or NULL: then a map is drafted (payload_draft). */
void payload_advice_topic(struct payload_advice *advice, struct str topic, struct str payload,
                          const struct payload_guess *guess);
/* A reading that no sensor is bound to. */
void payload_advice_unbound(struct payload_advice *advice, const struct payload_map *map,
                            const struct payload_reading *reading);
/* A topic of crowdtide's own with a sensor that the venue lacks. */
void payload_advice_own(struct payload_advice *advice, enum topic_class class, struct str sensor,
                        struct str payload);

void payload_advice_write(const struct payload_advice *advice, const char *venue_file,
                          struct text *out);

#endif
