#include <getopt.h>
#include <stdio.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/settings.h"
#include "ingest/ingest.h"

static void usage(FILE *to)
{
    (void)fprintf(
        to,
        "usage: crowdtide ingest [-c FILE]\n\n"
        "Takes MQTT messages into the readings log; each is in the log before the broker gets its\n"
        "acknowledgement. SIGHUP reads the venue file again (a file with mistakes is refused and "
        "the\n"
        "old model stays); SIGTERM ends it, the session stays at the broker.\n\n"
        "  -c, --config FILE   configuration (default: built-in values and environment)\n"
        "  -h, --help          this text\n");
}

int cmd_ingest(int argc, char **argv)
{
    static const struct option long_options[] = {{"config", required_argument, NULL, 'c'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    const char *path = NULL;
    for (int c; (c = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'h':
            usage(stdout);
            settings_print(stdout, "ingest");
            return EXIT_OK;
        default:
            usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind != argc) {
        usage(stderr);
        return EXIT_USAGE;
    }
    struct config config = {0};
    if (!cli_load_config(path, &config))
        return EXIT_USAGE;
    cli_signals();
    int code = ingest_run(
        &(struct ingest_options){.config = &config, .stop = cli_stop(), .reload = cli_reload()});
    config_free(&config);
    return code;
}
