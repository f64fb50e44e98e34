#include "tests/fuzz/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/crc32c.h"
#include "tests/fuzz/fuzz.h"

static char scratch[SCRATCH_PATH_BYTES];

static void scratch_remove(void)
{
    scratch_empty();
    (void)rmdir(scratch);
}

const char *scratch_dir(void)
{
    const char *below = getenv("TMPDIR");
    if (scratch[0])
        return scratch;
    if (!below || !below[0])
        below = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    FUZZ_MUST(snprintf(scratch, sizeof scratch, "%s/crowdtide-fuzz-XXXXXX", below) <
              (int)sizeof scratch);
    FUZZ_MUST(mkdtemp(scratch) && atexit(scratch_remove) == 0);
    return scratch;
}

void scratch_path(const char *name, char out[SCRATCH_PATH_BYTES])
{
    FUZZ_MUST(snprintf(out, SCRATCH_PATH_BYTES, "%s/%s", scratch_dir(), name) < SCRATCH_PATH_BYTES);
}

void scratch_write(const char *name, const void *bytes, size_t len, size_t file_bytes)
{
    char path[SCRATCH_PATH_BYTES];
    scratch_path(name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_MUST(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    FUZZ_MUST(file_bytes <= len || ftruncate(fd, (off_t)file_bytes) == 0);
    FUZZ_MUST(close(fd) == 0);
}

/* Calls each(arg, path, name) for every file. */
static void scratch_each(void (*each)(void *arg, const char *path, const char *name), void *arg)
{
    DIR *dir = opendir(scratch_dir());
    FUZZ_MUST(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[SCRATCH_PATH_BYTES];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        scratch_path(entry->d_name, path);
        each(arg, path, entry->d_name);
    }
    (void)closedir(dir);
}

static void each_remove(void *arg, const char *path, const char *name)
{
    (void)arg;
    (void)name;
    FUZZ_MUST(unlink(path) == 0);
}

void scratch_empty(void)
{
    scratch_each(each_remove, NULL);
}

struct hashing {
    const char *but;
    uint64_t sum; /* the order of a directory's entries means nothing */
};

static void each_hash(void *arg, const char *path, const char *name)
{
    struct hashing *h = arg;
    uint8_t bytes[65536];
    if (strcmp(name, h->but) == 0)
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    FUZZ_MUST(fd >= 0);
    uint32_t crc = crc32c(0, name, strlen(name));
    for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;)
        crc = crc32c(crc, bytes, (size_t)n);
    (void)close(fd);
    h->sum += crc * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t scratch_hash(const char *but)
{
    struct hashing h = {.but = but};
    scratch_each(each_hash, &h);
    return h.sum;
}
