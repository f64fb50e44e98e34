/*
 * log_commands: crowdtide log ls | verify | export | tap, each in its own part; cmd_log.c parses,
 * these work.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_LOG_COMMANDS_H
#define CROWDTIDE_DEPLOY_CLI_LOG_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/str.h"
#include "schemas/log/log.h"

enum { LOG_DIR_BYTES_MAX = 4096, LOG_COMMAND_LOGS_MAX = 16 };

struct log_target { /* one log to look at */
    char name[64];  /* "readings", or a directory's last part */
    char dir[LOG_DIR_BYTES_MAX];
};

/* Both return an exit code, having said what is wrong on stderr. */
int log_command_ls(const struct log_target *logs, size_t count, bool json);
int log_command_verify(const struct log_target *logs, size_t count, bool json);

struct log_stream_options {
    bool json;
    bool follow;   /* tap: wait for more until told to stop */
    uint64_t from; /* 0: export begins with the oldest kept, tap with the next */
    uint64_t to;   /* last sequence shown */
};
int log_command_stream(const struct log_target *log, const struct log_stream_options *options);

/* log_show.c: one record as one line without its newline. */
void log_show_json(const struct log_view *view, struct text *out);
void log_show_human(const struct log_view *view, struct text *out);
/* Room that either line needs at most. */
size_t log_show_bytes(const struct log_view *view);

/* Prints an error as "crowdtide log: …" and returns EXIT_FAILED. */
int log_command_failed(const struct error *err);

#endif
