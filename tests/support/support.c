#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
