/*
 * ping: the dead-man's switch: asks an address outside this machine for nothing, now and then, for
 * as long as all is well. Whoever is there and misses it knows that nobody here would tell anybody.
 *
 *     ping_new(&options, &ping, &err);
 *     switch (ping_turn(ping, boot_ms, well)) …      as often as one likes, once a second at least
 *     ping_wait(ping, ms);                           sleeps, and moves bytes meanwhile
 *     ping_free(ping);
 *
 * A GET every every_s while `well`; the first at once. One that fails is repeated after
 * PING_RETRY_S, or every_s where that is less. While all is not well none is begun. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_SERVE_PING_H
#define CROWDTIDE_PROCESSORS_SERVE_PING_H

#include <stdbool.h>
#include <stdint.h>

#include "schemas/base/error.h"

enum { PING_RETRY_S = 10, PING_TIMEOUT_S = 10 };

struct ping; /* opaque */

struct ping_options {
    const char *url;     /* borrowed; it may be a secret, and is in no message */
    const char *ca_file; /* PEM; "": the system's authorities */
    int64_t every_s;
};

/* CONFIG, NO_MEMORY. */
bool ping_new(const struct ping_options *options, struct ping **ret, struct error *err);
void ping_free(struct ping *ping); /* NULL is allowed */

enum ping_turn { PING_NOTHING, PING_ANSWERED, PING_FAILED };
/* ANSWERED: 2xx. FAILED: ping_problem says why. */
enum ping_turn ping_turn(struct ping *ping, int64_t boot_ms, bool well);
const char *ping_problem(const struct ping *ping);

void ping_wait(struct ping *ping, int ms);

#endif
