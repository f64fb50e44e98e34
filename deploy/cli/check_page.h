/*
 * check_page: what `crowdtide check` says about paging: the roster, and who would be paged for one
 * zone and level.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_CHECK_PAGE_H
#define CROWDTIDE_DEPLOY_CLI_CHECK_PAGE_H

#include "deploy/cli/check.h"

/* Reads page.file, if the configuration names one, into check->paging and check->page_problems. */
void check_page_open(struct check *check);

/* Routes, teams and targets, and who is on shift now; for programs the member "paging". Nothing
   when there is no paging. */
void check_page_print(const struct check *check);
void check_page_print_json(const struct check *check);

struct check_page {
    const char *zone, *level;
    const char *rule;       /* NULL: each rule that applies to the zone and has the level */
    const char *at;         /* NULL: now; local time of the venue, or with an offset */
    const char *escalation; /* NULL: every step */
    bool json;
};
/* check has a venue and a paging. EXIT_OK or EXIT_USAGE. */
int check_page(const struct check *check, const struct check_page *asked);

#endif
