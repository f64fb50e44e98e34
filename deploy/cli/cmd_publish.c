#include <stdio.h>
#include <string.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "processors/publish/publish.h"

int cmd_publish(int argc, char **argv)
{
    const char *path = NULL;
    bool rebase = false;
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&path),
        {.name = "rebase",
         .help = "kafka: start from the oldest result kept, whatever position Kafka has",
         .flag = &rebase},
        {0},
    };
    const struct arguments spec = {
        "publish", "kafka|series",
        "Sends results: kafka, each exactly once for readers with read_committed; series, to the\n"
        "time-series store, where a repeat is the same point.",
        options,
        "Exit code: 0 stopped, 1 failure, 2 bad use or configuration, 3 another instance with a\n"
        "copy of this state directory took over."};
    int operand, code;
    if (!arguments_parse(argc, argv, &spec, &operand, &code))
        return code;
    const char *sink = operand + 1 == argc ? argv[operand] : "";
    const bool kafka = strcmp(sink, "kafka") == 0;
    if (!kafka && (strcmp(sink, "series") != 0 || rebase)) {
        (void)fprintf(stderr, "crowdtide publish: say kafka or series (--rebase: kafka only)\n");
        return EXIT_USAGE;
    }
    struct config config;
    if (!cli_load_config(path, &config))
        return EXIT_USAGE;
    cli_signals();
    const struct publish_options publish = {
        .config = &config, .stop = cli_stop(), .rebase = rebase};
    code = kafka ? publish_kafka_run(&publish) : publish_series_run(&publish);
    config_free(&config);
    return code;
}
