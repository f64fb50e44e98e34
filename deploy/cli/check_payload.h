/* check_payload: `crowdtide check --payload`: what one message from a file would become. */
#ifndef CROWDTIDE_DEPLOY_CLI_CHECK_PAYLOAD_H
#define CROWDTIDE_DEPLOY_CLI_CHECK_PAYLOAD_H

#include "schemas/config/config.h"
#include "schemas/venue/venue.h"

struct check_payload { /* borrowed */
    const struct config *config;
    const struct venue *venue;
    const char *file; /* "-": standard input */
    const char *topic;
    const char *map;          /* a map by its file, to try it alone; NULL: the venue's maps */
    const char *content_type; /* of MQTT 5; NULL: none */
    bool json;                /* one line for programs, as of listen, without what to bind */
};

/* Prints it; the exit code: 0 every reading counts, 1 not, 2 bad use. Main thread. */
int check_payload(const struct check_payload *check);

/* The venue's clocks less UTC at that moment; 0 when its zone is not known. */
int32_t check_payload_utc_offset_s(const struct venue *venue, int64_t now_ms);

#endif
