#include "ingest/local_time.h"

#include "schemas/base/report.h"
#include "schemas/record/record.h"

#define PROGRAM "ingest"
#define NS_PER_S 1000000000LL

enum { HOUR_S = 3600 };

static void read_zone(struct local_time *local, struct str zone)
{
    struct error err = {0};
    if (time_zone_load(local->dir, zone, &local->zone, &err)) {
        local->known = true;
        local->told = false;
    } else if (!local->told) {
        char text[512], quoted[512];
        report_quote(error_describe(&err, text, sizeof text), quoted, sizeof quoted);
        report(REPORT_WARN, PROGRAM, "time_zone_unknown", "error=\"%s\" text=\"%s\"", quoted,
               local->known ? "going on with what was read before"
                            : "daily counters can't tell midnight; is the package tzdata there?");
        local->told = true;
    }
}

int32_t local_time_offset_s(struct local_time *local, struct str zone, int64_t now_ns)
{
    int64_t hour = now_ns / (HOUR_S * NS_PER_S);
    bool same = local->read && str_hash(zone) == local->name;
    if (!same)
        local->known = local->told = false;
    if (!same || hour != local->hour)
        read_zone(local, zone);
    local->read = true;
    local->name = str_hash(zone);
    local->hour = hour;
    return local->known ? time_zone_offset_s(&local->zone, now_ns / NS_PER_S)
                        : RECORD_NO_UTC_OFFSET;
}
