/*
 * command_line: an operator's words as the line of JSON that ingest takes. Names are looked up in the venue file first, so that a slip of the hand is told at
 * once and with what was probably meant; the core decides by the venue in force.
 *
 *     struct command_line line = {.command = …, .venue = venue or NULL};
 *     if (!command_line_values(&line, operands, count, options, &err) || !command_line_operator(&line, uid, asked, &err)) …
 *     command_line_write(&line, nonce, now_ms, &text);
 */
#ifndef CROWDTIDE_DEPLOY_CLI_COMMAND_LINE_H
#define CROWDTIDE_DEPLOY_CLI_COMMAND_LINE_H

#include "deploy/cli/command_table.h"
#include "schemas/base/error.h"

enum { COMMAND_NONCE_BYTES = 16, COMMAND_LINE_TEXT_MAX = 4096 /* room for any line */ };

struct command_line {
    enum venue_command command;
    const struct venue *venue; /* NULL: names are not looked up */
    bool drill;
    struct str operator_id;
    const char *value[COMMAND_FIELDS_MAX]; /* NULL: not given; borrowed */
};

/* options[enum command_option], NULL: not given. INVALID: which argument, and why. */
bool command_line_values(struct command_line *line, char *const *operands, int count,
                         const char *const options[COMMAND_OPTION_COUNT], struct error *err);

/* asked NULL: the venue's only operator with that user id. INVALID: there is none, or several. */
bool command_line_operator(struct command_line *line, uint32_t uid, const char *asked,
                           struct error *err);

/* Without newline. */
void command_line_write(const struct command_line *line, const char *nonce, int64_t now_ms,
                        struct text *out);

/* The row's sentence with the values in it. alert len > 0: the alert's full id, as the reply has it. */
void command_line_done(const struct command_line *line, struct str alert, struct text *out);

#endif
