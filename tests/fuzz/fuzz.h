/* fuzz: what every target defines; libFuzzer calls it, or replay.c with the files of a corpus. A
 * broken promise is an abort. */
#ifndef CROWDTIDE_TESTS_FUZZ_FUZZ_H
#define CROWDTIDE_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert, never compiled out. */
#define FUZZ_MUST(condition)                                                                       \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

#endif
