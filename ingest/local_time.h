/*
 * local_time: the venue's offset from UTC for each tick, so that process, which has no clock and no tz database, knows when the venue's day begins.
 *
 *     struct local_time local = {0};
 *     offset_s = local_time_offset_s(&local, venue->time_zone, now_ns);      each second
 *
 * The zone's file is read when its name changes and again every hour, so that an updated tz database counts without a restart; a change of the clocks shows in
 * the next tick. Reports a zone that is not known once, on stderr. Main thread; the process's own time zone is neither used nor touched.
 */
#ifndef CROWDTIDE_INGEST_LOCAL_TIME_H
#define CROWDTIDE_INGEST_LOCAL_TIME_H

#include "schemas/base/time_zone.h"

struct local_time { /* caller-owned, zero at first */
    const char *dir; /* of the tz database; NULL: the system's */
    uint64_t name; /* str_hash of the zone's */
    int64_t hour; /* since 1970, when the file was last read */
    bool read, known, told;
    struct time_zone zone;
};

/* RECORD_NO_UTC_OFFSET when the zone is not known. A file that can no longer be read leaves the last one in force. */
int32_t local_time_offset_s(struct local_time *local, struct str zone, int64_t now_ns);

#endif
