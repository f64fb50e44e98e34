#include "ingest/retention.h"

#include <sys/statvfs.h>

#include "schemas/base/clock.h"
#include "schemas/base/report.h"

#define PROGRAM "ingest"
#define MIB (1024ULL * 1024)

enum { TELL_AGAIN_S = 60 };

/* True when the disk has less room left than a few segments. Unknown counts as enough. */
static bool disk_low(const struct retention *retention, uint64_t *ret_free)
{
    struct statvfs disk;
    if (statvfs(retention->cursors_dir, &disk) != 0)
        return false;
    *ret_free = (uint64_t)disk.f_bavail * disk.f_frsize;
    uint64_t low = RETENTION_LOW_BYTES + (uint64_t)RETENTION_LOW_SEGMENTS *
                                             (uint64_t)retention->config->log_segment_mb * MIB;
    return *ret_free < low;
}

/* Whether it is time to say so (again). */
static bool tell(int64_t *told_ns)
{
    int64_t now_ns = clock_boot_ns();
    if (*told_ns && now_ns - *told_ns < (int64_t)TELL_AGAIN_S * 1000000000)
        return false;
    *told_ns = now_ns;
    return true;
}

static bool retain(struct retention *retention, uint64_t max_bytes, uint64_t keep_from, bool force,
                   struct error *err)
{
    uint64_t lost = 0, first = log_writer_first_seq(retention->writer);
    if (!intake_retain(retention->intake, max_bytes, keep_from, force, &lost, err))
        return false;
    if (lost) {
        counters_add(retention->counters, COUNTER_INGEST_LOG_LOST, lost);
        report(REPORT_ERROR, PROGRAM, "readings_lost",
               "records=%llu first_seq=%llu last_seq=%llu "
               "text=\"deleted at log.readings_max_mb before every reader had them\"",
               (unsigned long long)lost,
               (unsigned long long)(first > keep_from ? first : keep_from),
               (unsigned long long)log_writer_first_seq(retention->writer) - 1);
    }
    return true;
}

bool retention_apply(struct retention *retention, struct error *err)
{
    const struct config *config = retention->config;
    uint64_t least = UINT64_MAX;
    struct error why = {0};
    if (!log_cursor_least(retention->cursors_dir, "readings.", log_writer_uuid(retention->writer),
                          &least, &why)) {
        /* A damaged cursor is no reason to take no more readings: until it is put right its reader
           counts as one that has read nothing. */
        least = 0;
        if (tell(&retention->cursor_told_ns))
            report_error(PROGRAM, "cursor_unreadable", &why);
    }
    uint64_t keep_from = least == UINT64_MAX ? 1 : least + 1;
    uint64_t cap = (uint64_t)config->log_readings_max_mb * MIB;
    uint64_t keep = (uint64_t)config->log_keep_mb * MIB;
    if (keep > cap)
        keep = cap;
    uint64_t disk_free = 0;
    if (disk_low(retention, &disk_free)) {
        if (tell(&retention->low_told_ns)) {
            report(REPORT_ERROR, PROGRAM, "disk_nearly_full",
                   "free_mib=%llu text=\"deleting all that no reader needs\"",
                   (unsigned long long)(disk_free / MIB));
        }
        keep = 1; /* 0 would mean: delete nothing */
    }
    if (!retain(retention, keep ? keep : 1, keep_from, false, err))
        return false;
    counters_set(retention->counters, COUNTER_INGEST_LOG_CAP_BYTES, cap);
    counters_set(retention->counters, COUNTER_INGEST_LOG_HELD_BYTES,
                 log_writer_held_bytes(retention->writer, keep_from));
    if (log_writer_bytes(retention->writer) <= cap)
        return true;
    if (!config->log_cap_forces)
        return error_set(err, ERROR_NO_SPACE, 0,
                         "the readings log is over log.readings_max_mb, its readers are behind and "
                         "log.cap_forces is off");
    return retain(retention, cap, keep_from, true, err);
}
