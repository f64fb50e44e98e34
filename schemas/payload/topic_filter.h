/*
 * topic_filter: MQTT topic filters beside one another (MQTT 5, section 4.7), as NUL-terminated
 * texts that are known to be filters. What is subscribed is made with it, and what that brings is
 * told from what was asked for.
 *
 *     if (topic_filter_clashes(a, b) && !topic_filter_covers(a, b) && !topic_filter_covers(b, a))
 *         char *both = topic_filter_join(a, b);
 */
#ifndef CROWDTIDE_SCHEMAS_PAYLOAD_TOPIC_FILTER_H
#define CROWDTIDE_SCHEMAS_PAYLOAD_TOPIC_FILTER_H

#include <stdbool.h>

/* Whether every topic that fits b fits a; and whether some topic fits both. */
bool topic_filter_covers(const char *a, const char *b);
bool topic_filter_overlaps(const char *a, const char *b);
/* Whether some message that means something fits both: they overlap, and not only where
 * crowdtide's own topics are too short to be a device's (crowdtide/v/# and +/+ at crowdtide/v). */
bool topic_filter_clashes(const char *a, const char *b);
/* The narrowest filter that covers both, which overlap. malloc'ed; NULL: no memory. */
char *topic_filter_join(const char *a, const char *b);

#endif
