/* support: what several tests need: temporary directories, what is said on stderr, and the cmocka headers in their order. */
#ifndef CROWDTIDE_TESTS_SUPPORT_SUPPORT_H
#define CROWDTIDE_TESTS_SUPPORT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Makes a fresh directory; returns out. */
const char *support_temp_dir(char *out, size_t cap);
/* Removes a directory made by support_temp_dir, with everything in it. */
void support_remove_tree(const char *dir);

/* Between them stderr is kept: end writes what was said into out, NUL-terminated and cut at cap, and
   returns out. */
struct support_stderr {
    int saved, file;
};
void support_stderr_begin(struct support_stderr *kept);
const char *support_stderr_end(const struct support_stderr *kept, char *out, size_t cap);

#endif
