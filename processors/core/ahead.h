/*
 * ahead: with many sensors and zones what a message needs lies in memory that no cache holds: some
 * twenty lines a message, each a wait. The log knows which messages come next. So their sensors are
 * looked up some messages before their turn, a step at a time, and memory fetches meanwhile.
 *
 *     ahead_record(core, &view)      the next record to come, each once, in order; may be left out
 *
 * A hint: it reads, changes nothing that is seen or saved, and may be wrong.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_AHEAD_H
#define CROWDTIDE_PROCESSORS_CORE_AHEAD_H

#include <stdint.h>

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

#endif
