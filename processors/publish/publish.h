/*
 * publish: the programs that send results to Kafka and to the time-series store. Each reads the alerts log and the bulk log with a cursor of its own for each.
 *
 *     return publish_kafka_run(&(struct publish_options){.config = &config, .stop = cli_stop()});
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_PUBLISH_H
#define CROWDTIDE_PROCESSORS_PUBLISH_PUBLISH_H

#include "schemas/config/config.h"

struct publish_options {
    const struct config *config;
    const volatile int *stop;
    bool rebase; /* kafka: accept that the position in Kafka is missing or names another log, and start from the oldest result kept */
};

/* Run until stopped; return the exit code: 0 stopped, 1 failure, 2 bad configuration, 3 fenced by another instance. */
int publish_kafka_run(const struct publish_options *options);
int publish_series_run(const struct publish_options *options);

#endif
