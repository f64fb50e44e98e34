#include <getopt.h>
#include <stdio.h>
#include <time.h>

#include "deploy/cli/cli.h"
#include "processors/net/kafka_mock.h"

enum { LOOK_MS = 100 };

static void usage(FILE *to)
{
    (void)fprintf(
        to,
        "usage: crowdtide mock\n\n"
        "A stand-in for Kafka, for a trial where none can be had: librdkafka's embedded broker on\n"
        "loopback, at a port that the system chooses. Prints its address (host:port) and runs "
        "until\n"
        "it is stopped. It keeps at most 5 MiB a partition, in memory; it shows records of "
        "aborted\n"
        "transactions to read_committed consumers; it stores no consumers' offsets.\n\n"
        "  -h, --help   this text\n");
}

int cmd_mock(int argc, char **argv)
{
    static const struct option long_options[] = {{"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    int c = getopt_long(argc, argv, "h", long_options, NULL);
    if (c == 'h') {
        usage(stdout);
        return EXIT_OK;
    }
    if (c != -1 || optind != argc) {
        usage(stderr);
        return EXIT_USAGE;
    }
    cli_signals();
    struct kafka_mock *mock;
    struct error err = {0};
    if (!kafka_mock_start(1, NULL, 0, &mock, &err)) {
        char text[512];
        (void)fprintf(stderr, "crowdtide mock: %s\n", error_describe(&err, text, sizeof text));
        return EXIT_FAILED;
    }
    int code =
        printf("%s\n", kafka_mock_brokers(mock)) > 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
    while (code == EXIT_OK && !*cli_stop())
        (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    kafka_mock_stop(mock);
    return code;
}
