/*
 * run_command: a subcommand of the command line, run in this process as a user would in a folder.
 *
 *     char output[4096];
 *     int code = run_command(cmd_test, dir, "test a.txt --json", output, sizeof output);
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_RUN_COMMAND_H
#define CROWDTIDE_TESTS_SUPPORT_RUN_COMMAND_H

#include <stddef.h>

enum { RUN_COMMAND_LINE_BYTES = 1024, RUN_COMMAND_WORDS_MAX = 32 };

/* Both outputs go to `output` (NUL-terminated, cut at cap) by way of the file `output` in dir. line: words
 * with blanks between them, the command's name first. Returns the exit code; fails the test when the
 * folder or the file can't be used. Changes the working directory meanwhile. */
int run_command(int (*command)(int argc, char **argv), const char *dir, const char *line,
                char *output, size_t cap);

#endif
