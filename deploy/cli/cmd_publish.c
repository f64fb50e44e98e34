#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/settings.h"
#include "processors/publish/publish.h"

static void usage(FILE *to)
{
    fprintf(to,
            "usage: crowdtide publish kafka|series [-c FILE] [--rebase]\n"
            "\n"
            "  kafka      send results to Kafka, each exactly once (read_committed)\n"
            "  series     send results to the time-series store; a repeat is the same point\n"
            "\n"
            "  -c, --config FILE   configuration (default: settings from the environment)\n"
            "      --rebase        kafka: the position in Kafka is missing or does not fit this\n"
            "                      state directory: start from the oldest result kept\n"
            "  -h, --help          this text\n"
            "\n"
            "Exit code: 0 stopped, 1 failure, 2 bad use or configuration, 3 another instance\n"
            "with the same readings log took over.\n");
}

int cmd_publish(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"rebase", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *path = NULL;
    bool rebase = false;
    int c;
    while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'r':
            rebase = true;
            break;
        case 'h':
            usage(stdout);
            settings_print(stdout, "publish");
            return EXIT_OK;
        default:
            usage(stderr);
            return EXIT_USAGE;
        }
    }
    const char *sink = optind + 1 == argc ? argv[optind] : "";
    const bool kafka = strcmp(sink, "kafka") == 0;
    if (!kafka && (strcmp(sink, "series") != 0 || rebase)) {
        usage(stderr);
        return EXIT_USAGE;
    }
    struct config config;
    if (!cli_load_config(path, &config))
        return EXIT_USAGE;
    cli_signals();
    const struct publish_options publish = {
        .config = &config, .stop = cli_stop(), .rebase = rebase};
    int code = kafka ? publish_kafka_run(&publish) : publish_series_run(&publish);
    config_free(&config);
    return code;
}
