/*
 * ingest: the program that takes MQTT messages into the readings log.
 *
 *     return ingest_run(&(struct ingest_options){.config = &config, .stop = cli_stop(), .reload = cli_reload()});
 */
#ifndef CROWDTIDE_INGEST_INGEST_H
#define CROWDTIDE_INGEST_INGEST_H

#include "schemas/config/config.h"

struct ingest_options {
    const struct config *config;
    const volatile int *stop; /* nonzero: end cleanly */
    volatile int *reload;     /* nonzero: read the venue file again; set back to 0 */
};

/* Runs until stopped; returns the exit code (0 stopped, 1 failure, 2 bad configuration). */
int ingest_run(const struct ingest_options *options);

#endif
