/* What the programs report, taken down; and variants of the programs that are broken on purpose,
   each by one wrapped function of theirs. Those that are broken elsewhere: SIM_SKIPPED_FSYNC in
   sim_os.c, SIM_DROPPED_REPORT and SIM_POSITION_APART in sim_kafka.c, SIM_ACK_BEFORE_APPEND in
   sim_broker.c. */
#include "tests/sim/sim_broken.h"

#include <stdarg.h>
#include <string.h>

#include "tests/sim/sim_durable.h"

enum { DURABLE_LOOK_ONE_IN = 8 /* results: it takes as long as they do */ };

const char *sim_broken_name(enum sim_broken broken)
{
    static const char *const names[SIM_BROKEN_COUNT] = {
        [SIM_SOUND] = "sound",
        [SIM_SKIPPED_FSYNC] = "skipped-fsync",
        [SIM_CURSOR_EARLY] = "cursor-early",
        [SIM_DROPPED_REPORT] = "dropped-report",
        [SIM_SNAPSHOT_BEFORE_SYNC] = "snapshot-before-sync",
        [SIM_REUSED_SEQUENCE] = "reused-sequence",
        [SIM_NO_DUPLICATE_FILTER] = "no-duplicate-filter",
        [SIM_ACK_BEFORE_APPEND] = "ack-before-append",
        [SIM_PUBLISH_BEFORE_DURABLE] = "publish-before-durable",
        [SIM_TORN_TAIL_TRUSTED] = "torn-tail-trusted",
        [SIM_POSITION_APART] = "position-apart",
        [SIM_PAGE_FAILURE_TAKEN] = "page-failure-taken",
        [SIM_PAGE_STATE_UNSTORED] = "page-state-unstored",
        [SIM_PAGE_CURSOR_EARLY] = "page-cursor-early",
        [SIM_PAGE_BEFORE_DURABLE] = "page-before-durable",
    };
    return names[broken];
}

static bool is(enum sim_broken broken)
{
    return sim && sim->options.broken == broken;
}

static bool in(enum sim_program program)
{
    return sim->task && sim->task->program == program;
}

/* ---- reports ---- */

void __wrap_report(enum report_level level, const char *program, const char *event,
                   const char *format, ...)
{
    char line[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (!sim || !sim->task)
        return;
    if (strstr(line, "CORRUPT"))
        sim->named = true;
    sim->unwritten |= strstr(line, "not written down") != NULL;
    if (level == REPORT_ERROR)
        (void)snprintf(sim->process[sim->task->program].last_error,
                       sizeof sim->process[0].last_error, "%s %.300s", event, line);
    sim_trace("%s %s %s", program, event, line);
}

void __wrap_report_error(const char *program, const char *event, const struct error *err)
{
    char text[400];
    error_describe(err, text, sizeof text);
    __wrap_report(REPORT_ERROR, program, event, "code=%s %s", error_name(err->code), text);
}

/* ---- what must be so at any moment ---- */

/* A state must never survive inputs that it has seen, nor results that it has given. */
bool __wrap_snapshot_write(const char *dir, const struct snapshot *snapshot, struct error *err)
{
    if (sim && sim->task) {
        sim_durable(SIM_READINGS, snapshot->input_seq, "a snapshot is written");
        sim_durable(SIM_ALERTS, snapshot->alerts_seq, "a snapshot is written");
        sim_durable(SIM_BULK, snapshot->bulk_seq, "a snapshot is written");
    }
    return __real_snapshot_write(dir, snapshot, err);
}

/* ---- variants ---- */

/* The cursor of the store, or of a target, moves as soon as a result is read. */
enum feed_read __wrap_feed_next(struct feed *feed, struct feed_item *ret, struct error *err)
{
    enum feed_read got = __real_feed_next(feed, ret, err);
    if (got != FEED_RESULT || !sim || !sim->task)
        return got;
    if (sim_one_in(DURABLE_LOOK_ONE_IN))
        sim_durable(SIM_READINGS, ret->origin.input_seq, "a result is given away");
    if ((is(SIM_CURSOR_EARLY) && in(SIM_SERIES)) || (is(SIM_PAGE_CURSOR_EARLY) && in(SIM_PAGE))) {
        const struct log_position at = feed_item_position(feed, ret);
        (void)feed_commit(feed, &at, false, err);
    }
    return got;
}

enum page_verdict __wrap_page_judge(enum paging_kind kind, int status, const char *body)
{
    return is(SIM_PAGE_FAILURE_TAKEN) ? PAGE_TAKEN : __real_page_judge(kind, status, body);
}

bool __wrap_page_state_store(const struct page_state *state, const char *path, struct error *err)
{
    return is(SIM_PAGE_STATE_UNSTORED) || __real_page_state_store(state, path, err);
}

uint64_t __wrap_log_reader_durable_seq(const struct log_reader *reader)
{
    if ((is(SIM_PUBLISH_BEFORE_DURABLE) && (in(SIM_KAFKA) || in(SIM_SERIES))) ||
        (is(SIM_PAGE_BEFORE_DURABLE) && in(SIM_PAGE)) ||
        (is(SIM_SNAPSHOT_BEFORE_SYNC) && in(SIM_PROCESS)))
        return UINT64_MAX;
    return __real_log_reader_durable_seq(reader);
}

uint64_t __wrap_log_writer_durable_seq(const struct log_writer *writer)
{
    return is(SIM_SNAPSHOT_BEFORE_SYNC) && in(SIM_PROCESS) ? UINT64_MAX
                                                           : __real_log_writer_durable_seq(writer);
}

/* After a power cut sequences go on as if nothing had been lost. */
bool __wrap_log_control_this_boot(const struct log_control *control,
                                  const uint8_t boot[LOG_BOOT_ID_BYTES])
{
    return is(SIM_REUSED_SEQUENCE) || __real_log_control_this_boot(control, boot);
}

bool __wrap_dedup_seen(struct dedup *d, uint32_t sensor, struct dedup_memory *memory,
                       const struct dedup_message *message)
{
    return __real_dedup_seen(d, sensor, memory, message) && !is(SIM_NO_DUPLICATE_FILTER);
}

bool __wrap_log_record_at(const struct log_image *image, uint64_t offset, bool check_crc,
                          struct log_view *ret_view, bool *ret_last_of_batch)
{
    return __real_log_record_at(image, offset, check_crc && !is(SIM_TORN_TAIL_TRUSTED), ret_view,
                                ret_last_of_batch);
}
