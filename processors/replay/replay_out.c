#include "processors/replay/replay_out.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "schemas/record/record.h"

enum { PATH_BYTES = 4200, COMMIT_BYTES = 1024 * 1024 };

enum { OUT_ALERTS, OUT_BULK, OUT_COUNT };
static const char *const names[] = {[OUT_ALERTS] = "alerts", [OUT_BULK] = "bulk"};

struct replay_out {
    struct log_writer *writer[OUT_COUNT];
    size_t staged_bytes;
};

/* A state directory, or the results of another replay, are not to be mixed with these. */
static bool is_fresh(const char *dir, struct error *err)
{
    static const char *const taken[] = {"readings", "alerts", "bulk", "cursors", "snapshots"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        char path[PATH_BYTES];
        struct stat st;
        int n = snprintf(path, sizeof path, "%s/%s", dir, taken[i]);
        if (n < 0 || n >= PATH_BYTES)
            return error_set(err, ERROR_TOO_LARGE, 0, "%s", dir);
        if (lstat(path, &st) == 0)
            return error_set(err, ERROR_INVALID, 0,
                             "%s is there already: a fresh directory is needed", path);
    }
    return true;
}

bool replay_out_open(const char *dir, const struct log_uuid *source, struct replay_out **ret,
                     struct error *err)
{
    if (!is_fresh(dir, err))
        return false;
    if (mkdir(dir, 0750) != 0 && errno != EEXIST)
        return error_set(err, ERROR_IO, errno, "%s", dir);
    struct replay_out *out = calloc(1, sizeof *out);
    if (!out)
        return error_set(err, ERROR_NO_MEMORY, 0, "results of the replay");
    for (int i = 0; i < OUT_COUNT; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        const struct log_writer_options options = {
            .dir = path, .sync = LOG_SYNC_MANUAL, .source = source};
        if (!log_writer_open(&options, &out->writer[i], NULL, err)) {
            (void)replay_out_close(out, NULL);
            return false;
        }
    }
    *ret = out;
    return true;
}

static bool commit(struct replay_out *out, struct error *err)
{
    out->staged_bytes = 0;
    for (int i = 0; i < OUT_COUNT; i++) {
        if (!log_writer_commit(out->writer[i], err))
            return false;
    }
    return true;
}

bool replay_out_add(struct replay_out *out, const struct log_view *input,
                    const struct core_results *results, struct error *err)
{
    for (uint32_t i = 0; i < results->count; i++) {
        const struct core_result *result = &results->result[i];
        const struct log_record record = {.type = result->type,
                                          .flags = RECORD_FLAG_REPLAYED,
                                          .log_ns = input->log_ns,
                                          .wall_ns = input->wall_ns,
                                          .body = results->bytes + result->offset,
                                          .body_len = result->len};
        int to = result->type >= RECORD_ALERT ? OUT_ALERTS : OUT_BULK;
        if (!log_writer_stage(out->writer[to], &record, NULL, err))
            return false;
        out->staged_bytes += result->len;
    }
    return out->staged_bytes < COMMIT_BYTES || commit(out, err);
}

bool replay_out_close(struct replay_out *out, struct error *err)
{
    if (!out)
        return true;
    bool ok = out->writer[OUT_ALERTS] && out->writer[OUT_BULK] && commit(out, err);
    for (int i = 0; i < OUT_COUNT; i++) {
        ok = ok && log_writer_sync(out->writer[i], err);
        log_writer_close(out->writer[i]);
    }
    free(out);
    return ok;
}
