#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *support_temp_dir(char *out, size_t cap)
{
    const char *base = getenv("TMPDIR");
    if (snprintf(out, cap, "%s/crowdtide-test-XXXXXX", base ? base : "/tmp") < 0 || !mkdtemp(out))
        abort();
    return out;
}

void support_remove_tree(const char *dir)
{
    char command[4200];
    if (strncmp(dir, "/", 1) != 0 || !strstr(dir, "crowdtide-test-"))
        abort();
    if (snprintf(command, sizeof command, "rm -rf '%s'", dir) < 0 || system(command) != 0)
        abort();
}

void support_stderr_begin(struct support_stderr *kept)
{
    (void)fflush(stderr);
    kept->saved = dup(STDERR_FILENO);
    kept->file = memfd_create("stderr", MFD_CLOEXEC);
    if (kept->saved < 0 || kept->file < 0 || dup2(kept->file, STDERR_FILENO) < 0)
        abort();
}

const char *support_stderr_end(const struct support_stderr *kept, char *out, size_t cap)
{
    (void)fflush(stderr);
    ssize_t n = pread(kept->file, out, cap - 1, 0);
    if (n < 0 || dup2(kept->saved, STDERR_FILENO) < 0)
        abort();
    out[n] = '\0';
    (void)close(kept->saved);
    (void)close(kept->file);
    return out;
}
