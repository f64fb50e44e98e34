/*
 * payload_draft: payload maps for topics that nothing reads, drafted out of their messages, for a person who knows the device to finish:
 * which level of the topic names the device, the numbers and times that stand in the message, and a guess by their names at what they
 * are. What only that person can know (KIND, MEMBER) stands in capitals, which `crowdtide check` refuses. Texts that are no number, and
 * long numbers whose names say nothing, are not shown: they may be personal.
 *
 *     payload_drafts_keep(drafts, topic, payload);        each message that nothing reads
 *     payload_drafts_write(drafts, "venue.yaml", &text);
 *
 * One thread. Limits: PAYLOAD_DRAFTS_MAX kinds of topics, the first message of each that has a number in it.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_PAYLOAD_DRAFT_H
#define CROWDTIDE_DEPLOY_CLI_PAYLOAD_DRAFT_H

#include "schemas/base/str.h"

enum { PAYLOAD_DRAFTS_MAX = 6 };

struct payload_drafts;

struct payload_drafts *payload_drafts_new(void);           /* NULL: out of memory */
void payload_drafts_free(struct payload_drafts *drafts);   /* NULL is allowed */

void payload_drafts_keep(struct payload_drafts *drafts, struct str topic, struct str payload);
/* Nothing when none was kept. */
void payload_drafts_write(const struct payload_drafts *drafts, const char *venue_file, struct text *out);

#endif
