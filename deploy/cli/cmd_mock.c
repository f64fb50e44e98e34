#include <stdio.h>
#include <time.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "processors/net/kafka_mock.h"
#include "processors/publish/kafka_message.h"

enum { LOOK_MS = 100 };

static bool run(const struct config *config, struct error *err)
{
    struct kafka_topic_plan plans[KAFKA_TOPIC_COUNT];
    struct kafka_mock *mock;
    kafka_topic_plans((int)config->kafka_partitions, plans);
    if (!kafka_mock_start(1, plans, KAFKA_TOPIC_COUNT, &mock, err))
        return false;
    /* The address is for a script to read: it must be out before the wait. */
    bool told = printf("%s\n", kafka_mock_brokers(mock)) > 0 && fflush(stdout) == 0;
    while (told && !*cli_stop())
        (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    kafka_mock_stop(mock);
    return told || error_set(err, ERROR_IO, 0, "standard output");
}

int cmd_mock(int argc, char **argv)
{
    const char *path = NULL;
    const struct arguments_option options[] = {ARGUMENTS_CONFIG(&path), {0}};
    const struct arguments spec = {
        "mock", "",
        "A stand-in for Kafka, for a trial where none can be had: librdkafka's embedded broker on\n"
        "loopback, at a port that the system chooses. Prints its address (host:port) and runs\n"
        "until it is stopped.",
        options,
        "It keeps at most 5 MiB a partition, in memory. It shows records of aborted transactions "
        "to\n"
        "read_committed consumers, and stores no consumers' offsets.\n"};
    struct config config = {0};
    struct error err = {0};
    int code;
    if (!arguments_parse(argc, argv, &spec, NULL, &code))
        return code;
    if (!cli_load_config(path, &config))
        return EXIT_USAGE;
    cli_signals();
    code = EXIT_OK;
    if (!run(&config, &err)) {
        char text[512];
        (void)fprintf(stderr, "crowdtide mock: %s\n", error_describe(&err, text, sizeof text));
        code = EXIT_FAILED;
    }
    config_free(&config);
    return code;
}
