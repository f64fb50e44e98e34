#include "tests/sim/sim_tap.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_broken.h"
#include "tests/sim/sim_copy.h"
#include "tests/sim/sim_world.h"

const char *const sim_log_names[SIM_LOGS] = {"readings", "alerts", "bulk"};

static void drop_behind(struct sim_tap *tap, uint64_t last_seq)
{
    while (tap->count && tap->views[tap->count - 1].seq > last_seq)
        sim_keep_free((void *)(uintptr_t)tap->views[--tap->count].body);
}

static void add(struct sim_tap *tap, const struct log_view *view)
{
    if (tap->count == tap->cap) {
        tap->cap = tap->cap ? tap->cap * 2 : 1024;
        tap->views = sim_keep_more(tap->views, tap->cap * sizeof *tap->views);
    }
    struct log_view *v = &tap->views[tap->count++];
    *v = *view;
    uint8_t *body = sim_keep(view->body_len + LOG_READ_PADDING_BYTES);
    memcpy(body, view->body, view->body_len);
    v->body = body;
}

static bool same(const struct log_view *a, const struct log_view *b)
{
    return a->seq == b->seq && a->epoch == b->epoch && a->type == b->type &&
           a->log_ns == b->log_ns && a->body_len == b->body_len &&
           memcmp(a->body, b->body, a->body_len) == 0;
}

/* Reads on; *at is the place in the tap of the record that must come next, when it has it. */
static bool take(struct sim_tap *tap, size_t *at, const struct log_view *view, const char *name)
{
    if (*at < tap->count && view->seq >= tap->views[*at].seq) {
        if (!same(&tap->views[*at], view)) {
            sim_fail("%s: %llu/%u was there, %llu/%u is there now", name,
                     (unsigned long long)tap->views[*at].seq, tap->views[*at].epoch,
                     (unsigned long long)view->seq, view->epoch);
            return false;
        }
        (*at)++;
        return true;
    }
    if (*at < tap->count) {
        sim_fail("%s: %llu/%u has come in between", name, (unsigned long long)view->seq,
                 view->epoch);
        return false;
    }
    const struct log_view *last = tap->count ? &tap->views[tap->count - 1] : NULL;
    if (last && view->seq <= last->seq) {
        sim_fail("%s: sequence %llu comes after %llu", name, (unsigned long long)view->seq,
                 (unsigned long long)last->seq);
        return false;
    }
    add(tap, view);
    (*at)++;
    return true;
}

/* The first record at or behind seq. */
static size_t place_of(const struct sim_tap *tap, uint64_t seq)
{
    size_t low = 0, high = tap->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (tap->views[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* As the world, which no fault meets. */
static bool read_all(enum sim_log log, uint64_t last_seq)
{
    struct sim_tap *tap = &sim->tap[log];
    char dir[64];
    struct log_reader *reader = NULL;
    struct error err = {0};
    struct log_view view;
    (void)snprintf(dir, sizeof dir, "%s/%s", SIM_STATE, sim_log_names[log]);
    drop_behind(tap, last_seq);
    const struct log_reader_options options = {.dir = dir, .verify_crc = true};
    bool ok = log_reader_open(&options, &reader, &err) && log_reader_seek(reader, 0, &err);
    if (!ok)
        sim_fail("%s can't be read: %s", sim_log_names[log], err.where);
    sim->named |= err.code == ERROR_CORRUPT;
    size_t at = tap->count;
    bool first = true; /* what is before it retention has deleted */
    enum log_read got = LOG_READ_CAUGHT_UP;
    while (ok && (got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD) {
        if (first)
            at = place_of(tap, view.seq);
        first = false;
        ok = take(tap, &at, &view, sim_log_names[log]);
    }
    if (ok && got == LOG_READ_ERROR)
        sim_fail("%s: %s", sim_log_names[log], err.where);
    sim->named |= err.code == ERROR_CORRUPT;
    if (sim->report.ok && at < tap->count)
        sim_fail("%s: %llu is gone", sim_log_names[log], (unsigned long long)tap->views[at].seq);
    log_reader_close(reader);
    return sim->report.ok;
}

bool sim_tap_read(enum sim_log log, uint64_t last_seq)
{
    struct sim_task *task = sim->task;
    sim->task = NULL;
    bool ok = read_all(log, last_seq);
    sim->task = task;
    return ok;
}

void sim_tap_free(struct sim *s)
{
    for (int i = 0; i < SIM_LOGS; i++) {
        drop_behind(&s->tap[i], 0);
        sim_keep_free(s->tap[i].views);
    }
    sim_keep_free(s->tap);
    s->tap = NULL;
}

void sim_tap_new(struct sim *s)
{
    s->tap = sim_keep(SIM_LOGS * sizeof *s->tap);
}

/* The oldest that is kept. */
static uint64_t first_seq(enum sim_log log)
{
    struct sim_task *task = sim->task;
    char dir[64];
    struct log_reader *reader = NULL;
    struct error err = {0};
    uint64_t first = 0;
    (void)snprintf(dir, sizeof dir, "%s/%s", SIM_STATE, sim_log_names[log]);
    sim->task = NULL;
    if (log_reader_open(&(struct log_reader_options){.dir = dir}, &reader, &err))
        first = log_reader_first_seq(reader);
    log_reader_close(reader);
    sim->task = task;
    return first;
}

/* ---- where it is read ---- */

static bool log_of(const char *dir, enum sim_log *ret)
{
    const char *name = strrchr(dir, '/') + 1;
    for (int i = 0; i < SIM_LOGS; i++) {
        if (strcmp(name, sim_log_names[i]) == 0) {
            *ret = (enum sim_log)i;
            return true;
        }
    }
    return false;
}

/* Small segments, so that a short run has many of them. */
bool __wrap_log_writer_open(const struct log_writer_options *options,
                            struct log_writer **ret_writer, struct log_recovery *ret_recovery,
                            struct error *err)
{
    struct log_writer_options small = *options;
    struct log_recovery found;
    enum sim_log log;
    small.segment_bytes = LOG_SEGMENT_BYTES_MIN;
    if (sim)
        sim_copy_spoil();
    if (!sim)
        return __real_log_writer_open(options, ret_writer, ret_recovery, err);
    if (!__real_log_writer_open(&small, ret_writer, &found, err))
        return false;
    *ret_recovery = found;
    if (log_of(options->dir, &log)) {
        sim->tap[log].uuid = *log_writer_uuid(*ret_writer);
        (void)sim_tap_read(log, found.last_seq);
        if (log == SIM_READINGS)
            sim_world_readings_open();
    }
    return true;
}

bool __wrap_log_writer_retain(struct log_writer *writer, uint64_t max_bytes, uint64_t keep_from_seq,
                              bool force, uint64_t *ret_lost, struct error *err)
{
    if (sim && sim->task)
        for (int i = 0; i < SIM_LOGS; i++)
            if ((sim->task->program == SIM_INGEST) == (i == SIM_READINGS))
                (void)sim_tap_read((enum sim_log)i, UINT64_MAX);
    uint64_t lost = 0;
    if (!__real_log_writer_retain(writer, max_bytes, keep_from_seq, force, &lost, err))
        return false;
    for (int i = 0; lost && i < SIM_LOGS; i++)
        if (log_uuid_equal(log_writer_uuid(writer), &sim->tap[i].uuid))
            sim->tap[i].forced_seq = first_seq((enum sim_log)i);
    if (ret_lost)
        *ret_lost = lost;
    return true;
}
