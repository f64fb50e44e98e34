/*
 * check: what `crowdtide check` finds out, kept apart from how it is shown.
 *
 *     struct check check;
 *     check_open(&check, "crowdtide.yaml");     files, settings, venue: problems are in it
 *     check_connect(&check);                    only when there is a configuration and a venue
 *     check_close(&check);
 */
#ifndef CROWDTIDE_DEPLOY_CLI_CHECK_H
#define CROWDTIDE_DEPLOY_CLI_CHECK_H

#include "processors/page/paging.h"
#include "schemas/config/config.h"
#include "schemas/venue/venue.h"

enum { CHECK_ANSWER_BYTES = 600, CHECK_CONNECT_S = 10 };

enum check_server { CHECK_MQTT, CHECK_KAFKA, CHECK_SERIES, CHECK_SERVERS };

struct check {
    const char *path; /* "" none: defaults and environment */
    bool has_config;
    struct config config;
    struct problems problems; /* of the configuration */
    struct venue *venue;      /* NULL: none, or refused */
    struct problems venue_problems;
    struct paging *paging; /* NULL: no page.file, or refused */
    struct problems page_problems;
    bool connected; /* check_connect was called */
    struct check_answer {
        bool asked, ok;
        const char *name;
        char text[CHECK_ANSWER_BYTES];
    } answer[CHECK_SERVERS];
};

/* path NULL: no file. */
void check_open(struct check *check, const char *path);
void check_close(struct check *check);

/* Tries the servers that the configuration uses, at most CHECK_CONNECT_S each. Main thread. */
void check_connect(struct check *check);

/* True when nothing refuses; false: exit code 2. */
bool check_passed(const struct check *check);
/* True when every server asked has answered. */
bool check_answered(const struct check *check);

/* For people on stdout and stderr; for programs one JSON object on stdout. */
void check_print(const struct check *check);
void check_print_json(const struct check *check);

#endif
