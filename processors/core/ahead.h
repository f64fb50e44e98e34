/*
 * ahead: with many sensors what a message needs lies in memory that no cache holds: some forty lines
 * for each, each a wait of a hundred ns. The log knows which messages come next. So each is looked at
 * some records before its turn, and memory fetches meanwhile, in stages, since each tells where the
 * next one lies:
 *
 *     announced             the record's topic, and where the index has the sensor of that name
 *     AHEAD_SENSOR later    the sensor: its part of the venue file, what it showed, how it does
 *     AHEAD_PLACE later     what was remembered of it, its door or level, its zone
 *     AHEAD_RULES later     the zone's alerts
 *
 * A core has room for some twenty fetches at a time (fetch.h). So a step spreads them over its length,
 * each time for another message:
 *
 *     ahead_record(core, &view)      before a step: the next record to come, each once, in order; it
 *                                    may be left out
 *     ahead_parsed(core)             in the step: the payload has been parsed
 *     ahead_said(core)               in the step: the reading has been said
 *
 * A hint: it reads, changes nothing that is seen or saved, and may be wrong.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_AHEAD_H
#define CROWDTIDE_PROCESSORS_CORE_AHEAD_H

#include <stdint.h>

enum { AHEAD_SENSOR = 2, AHEAD_PLACE = 4, AHEAD_RULES = 6 };
enum { AHEAD_RECORDS = 8 }; /* so many records before their turn; a power of two */
#define AHEAD_NO_SENSOR UINT32_MAX

/* The last records announced; all of it may be garbage. */
struct ahead {
    uint32_t hash[AHEAD_RECORDS]; /* of the sensor's id */
    uint32_t sensor[AHEAD_RECORDS];
    uint32_t next;
};

struct core;
struct log_view;
void ahead_record(struct core *core, const struct log_view *record);
void ahead_parsed(const struct core *core);
void ahead_said(const struct core *core);

#endif
