/*
 * time_zone_rule: the rule that a time zone follows after the last change its file lists, as the environment variable TZ of POSIX writes it, with the
 * extensions of RFC 8536: "CET-1CEST,M3.5.0,M10.5.0/3". Part of time_zone.
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_TIME_ZONE_RULE_H
#define CROWDTIDE_SCHEMAS_BASE_TIME_ZONE_RULE_H

#include "schemas/base/time_zone.h"

/* Fills the rule's members. False, with *zone in part overwritten, when the text is none. Summer time without its two days is refused: the days POSIX assumes
   then are one country's. */
bool time_zone_rule_parse(struct str text, struct time_zone *zone);

/* By the rule alone. */
int32_t time_zone_rule_offset_s(const struct time_zone *zone, int64_t unix_s);

#endif
