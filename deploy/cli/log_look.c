/* crowdtide log ls and verify */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/log_commands.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

int log_command_failed(const struct error *err)
{
    char text[512];
    fprintf(stderr, "crowdtide log: %s\n", error_describe(err, text, sizeof text));
    return EXIT_FAILED;
}

static const char *bytes_text(uint64_t bytes, char out[32])
{
    if (bytes >= MIB)
        (void)snprintf(out, 32, "%.1f MiB", (double)bytes / MIB);
    else
        (void)snprintf(out, 32, "%.1f KiB", (double)bytes / KIB);
    return out;
}

/* ---- ls ---- */

static void ls_json(const struct log_target *log, struct log_reader *reader, bool writer)
{
    char uuid[LOG_UUID_TEXT_BYTES], line[LOG_DIR_BYTES_MAX * 6 + 1024];
    struct text name = text_over(line, sizeof line);
    struct log_uuid source;
    text_add_json(&name, str_of(log->dir));
    log_uuid_text(log_reader_uuid(reader), uuid);
    printf("{\"log\":\"%s\",\"dir\":" STR_FMT ",\"uuid\":\"%s\"", log->name, (int)name.len, name.at,
           uuid);
    if (log_reader_source(reader, &source)) {
        log_uuid_text(&source, uuid);
        printf(",\"source\":\"%s\"", uuid);
    }
    printf(",\"epoch\":%u,\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64
           ",\"durable_seq\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"segments\":%u,\"writer\":%s}\n",
           log_reader_epoch(reader), log_reader_first_seq(reader), log_reader_last_seq(reader),
           log_reader_durable_seq(reader), log_reader_bytes(reader), log_reader_segments(reader),
           writer ? "true" : "false");
}

static void ls_human(const struct log_target *log, struct log_reader *reader, bool writer)
{
    char uuid[LOG_UUID_TEXT_BYTES], size[32];
    log_uuid_text(log_reader_uuid(reader), uuid);
    printf("%-10s %s  epoch %-4u %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %11s %6u  %s\n",
           log->name, uuid, log_reader_epoch(reader), log_reader_first_seq(reader),
           log_reader_last_seq(reader), log_reader_durable_seq(reader),
           bytes_text(log_reader_bytes(reader), size), log_reader_segments(reader),
           writer ? "writing" : "-");
}

int log_command_ls(const struct log_target *logs, size_t count, bool json)
{
    int code = EXIT_OK;
    if (!json)
        printf("%-10s %-36s  %-10s %12s %12s %12s %11s %6s  %s\n", "log", "uuid", "", "first",
               "last", "durable", "size", "files", "writer");
    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        struct log_reader *reader = NULL;
        bool writer = log_writer_present(logs[i].dir);
        const struct log_reader_options options = {.dir = logs[i].dir, .ignore_published = !writer};
        if (!log_reader_open(&options, &reader, &err)) {
            if (err.code == ERROR_NOT_FOUND && !json) {
                printf("%-10s (none yet)\n", logs[i].name);
            } else if (err.code == ERROR_NOT_FOUND) {
                printf("{\"log\":\"%s\",\"uuid\":null}\n", logs[i].name);
            } else {
                code = log_command_failed(&err);
            }
            continue;
        }
        (json ? ls_json : ls_human)(&logs[i], reader, writer);
        log_reader_close(reader);
    }
    return code;
}

/* ---- verify ---- */

static void show_progress(void *arg, uint64_t done, uint64_t all)
{
    const struct log_target *log = arg;
    fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " segments (%.0f %%) ", log->name, done, all,
            100.0 * (double)done / (double)all);
}

int log_command_verify(const struct log_target *logs, size_t count, bool json)
{
    int code = EXIT_OK;
    bool terminal = isatty(STDERR_FILENO) && !json;
    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        struct log_check check;
        struct log_target log = logs[i];
        bool ok = log_verify(log.dir, terminal ? show_progress : NULL, &log, &check, &err);
        if (terminal)
            fprintf(stderr, "\r\033[K");
        if (!ok && err.code == ERROR_NOT_FOUND && count > 1) {
            if (!json)
                printf("%s: none yet\n", log.name);
            continue;
        }
        if (!ok) {
            if (json) {
                char buffer[ERROR_WHERE_BYTES * 6 + 8];
                struct text where = text_over(buffer, sizeof buffer);
                text_add_json(&where, str_of(err.where));
                printf("{\"log\":\"%s\",\"ok\":false,\"error\":\"%s\",\"where\":" STR_FMT
                       ",\"seq\":%" PRIu64 "}\n",
                       log.name, error_name(err.code), (int)where.len, where.at, err.position);
            }
            code = log_command_failed(&err);
            continue;
        }
        if (json)
            printf("{\"log\":\"%s\",\"ok\":true,\"records\":%" PRIu64 ",\"bytes\":%" PRIu64
                   ",\"segments\":%" PRIu64 ",\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64
                   ",\"epochs\":%u,\"torn_bytes\":%" PRIu64 "}\n",
                   log.name, check.records, check.bytes, check.segments, check.first_seq,
                   check.last_seq, check.epochs, check.torn_bytes);
        else
            printf("%s: ok, %" PRIu64 " records (%" PRIu64 " to %" PRIu64 ") in %" PRIu64
                   " segments and %u epochs%s\n",
                   log.name, check.records, check.first_seq, check.last_seq, check.segments,
                   check.epochs,
                   check.torn_bytes ? "; a torn tail, which the next start cuts" : "");
    }
    return code;
}
