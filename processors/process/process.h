/*
 * process: the program that turns the readings log into the alerts log and the bulk log.
 *
 *     return process_run(&(struct process_options){.config = &config, .stop = cli_stop()});
 */
#ifndef CROWDTIDE_PROCESSORS_PROCESS_PROCESS_H
#define CROWDTIDE_PROCESSORS_PROCESS_PROCESS_H

#include "schemas/config/config.h"

struct process_options {
    const struct config *config;
    const volatile int *stop;
};

/* Runs until stopped; returns the exit code. */
int process_run(const struct process_options *options);

#endif
