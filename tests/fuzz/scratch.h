/* scratch: a directory in memory for targets whose parser reads files; one for each process, made with the first call and removed when the process ends. */
#ifndef CROWDTIDE_TESTS_FUZZ_SCRATCH_H
#define CROWDTIDE_TESTS_FUZZ_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

enum { SCRATCH_PATH_BYTES = 4096 };

/* Below $TMPDIR, else /dev/shm, else /tmp. What fails aborts. */
const char *scratch_dir(void);
void scratch_path(const char *name, char out[SCRATCH_PATH_BYTES]);
/* A file of exactly these bytes, then zeros up to file_bytes. */
void scratch_write(const char *name, const void *bytes, size_t len, size_t file_bytes);
/* Removes every file in it. */
void scratch_empty(void);
/* Of the names and contents of its files but one, which may be missing. */
uint64_t scratch_hash(const char *but);

#endif
