/* replay: feeds every file of the directories named on the command line to the target. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { FILE_BYTES_MAX = 1024 * 1024 };

static int replay_file(const char *path)
{
    static uint8_t bytes[FILE_BYTES_MAX];
    FILE *in = fopen(path, "rb");
    if (!in) {
        fprintf(stderr, "%s: can't be read\n", path);
        return 1;
    }
    size_t size = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    /* Exactly as long as it is, so that a sanitizer sees one byte too many. */
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        return 1;
    memcpy(exact, bytes, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (!dir) {
            fprintf(stderr, "%s: no such directory\n", argv[i]);
            return 1;
        }
        for (struct dirent *entry; (entry = readdir(dir));) {
            char path[4096];
            if (entry->d_name[0] == '.')
                continue;
            (void)snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            if (replay_file(path) != 0)
                return 1;
            count++;
        }
        (void)closedir(dir);
    }
    printf("%u files\n", count);
    return count ? 0 : 1;
}
