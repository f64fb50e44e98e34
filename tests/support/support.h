/* support: what several tests need: temporary directories and the cmocka headers in their order. */
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

#endif
