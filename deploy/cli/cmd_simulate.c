#include <stdio.h>

#include "deploy/cli/cli.h"

int cmd_simulate(int argc, char **argv)
{
    (void)argc;
    fprintf(stderr, "crowdtide %s: to come\n", argv[0]);
    return EXIT_FAILED;
}
