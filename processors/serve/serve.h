/*
 * serve: the program that answers over HTTP how crowdtide is: /metrics, /healthz (this program is alive), /readyz (what is handed out can be relied on; if not, why).
 *
 *     return serve_run(&(struct serve_options){.config = &config, .stop = cli_stop()});
 *
 * Reads counters and results logs as any watcher does; nothing waits for it.
 */
#ifndef CROWDTIDE_PROCESSORS_SERVE_SERVE_H
#define CROWDTIDE_PROCESSORS_SERVE_SERVE_H

#include "schemas/config/config.h"

struct serve_options {
    const struct config *config;
    const volatile int *stop;
};

/* Runs until stopped; the exit code: 0 stopped, 1 failure, 2 bad configuration. */
int serve_run(const struct serve_options *options);

#endif
