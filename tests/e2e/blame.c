/*
 * blame STATE SEQ EPOCH: makes the counters say that process has crashed on this input as often as
 * it takes to be left out. The core has no input that crashes it, and what is said about one must
 * be seen on real servers, too. process must not be running.
 */
#include <stdio.h>
#include <stdlib.h>

#include "processors/process/blame.h"

int main(int argc, char **argv)
{
    struct error err = {0};
    struct counters *counters = NULL;
    char text[256];
    if (argc != 4) {
        fprintf(stderr, "usage: blame STATE SEQ EPOCH\n");
        return 2;
    }
    if (!counters_open(argv[1], PROGRAM_PROCESS, &counters, &err)) {
        fprintf(stderr, "blame: %s\n", error_describe(&err, text, sizeof text));
        return 1;
    }
    blame_begin(counters, strtoull(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10));
    for (int crash = 0; crash < BLAME_CRASHES_MAX; crash++)
        counters_crashed(counters);
    counters_close(counters);
    return 0;
}
