#include "tests/support/run_command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/support.h"

enum { PATH_BYTES = 4096 };

int run_command(int (*command)(int argc, char **argv), const char *dir, const char *line,
                char *output, size_t cap)
{
    char words[RUN_COMMAND_LINE_BYTES], *argv[RUN_COMMAND_WORDS_MAX] = {NULL}, *save = NULL;
    char path[PATH_BYTES], was[PATH_BYTES];
    int argc = 0;
    (void)snprintf(words, sizeof words, "%s", line);
    for (char *w = strtok_r(words, " ", &save); w && argc < RUN_COMMAND_WORDS_MAX - 1;
         w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    (void)snprintf(path, sizeof path, "%s/output", dir);
    (void)fflush(stdout);
    (void)fflush(stderr);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
    assert_true(out >= 0 && err >= 0 && fd >= 0);
    assert_non_null(getcwd(was, sizeof was));
    assert_int_equal(chdir(dir), 0);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    int code = command(argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    assert_true(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    assert_int_equal(chdir(was), 0);
    (void)close(out);
    (void)close(err);
    ssize_t got = pread(fd, output, cap - 1, 0);
    assert_true(got >= 0);
    output[got] = '\0';
    (void)close(fd);
    return code;
}
