/*
 * page: the program that delivers pages (pager.h says how), and a trial of it.
 *
 *     return page_run(&(struct page_options){.config = &config, .venue = venue, .paging = paging,
 *                                            .stop = cli_stop(), .reload = cli_reload()});
 *
 * It waits for no other program: until there is an alerts log, or Kafka, it tells what it knows by
 * itself, that the venue is blind. Cursors and states of targets that the roster no longer names are
 * removed when it starts: they would hold the alerts log for ever.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_H

#include "processors/page/paging.h"
#include "schemas/config/config.h"

struct page_options { /* borrowed */
    const struct config *config;
    const struct venue *venue;
    const struct paging *paging;
    uint32_t holes; /* that the roster leaves (paging_fit): shown */
    bool kafka; /* alerts come from Kafka, not from the alerts log of state_dir */
    const volatile int *stop;
    const volatile int *reload; /* set: page_run returns PAGE_RELOAD, to be called with new files */
};

enum { PAGE_RELOAD = -1 };

/* Runs until stopped; returns the exit code (0 stopped, 1 failure, 2 bad configuration), or
   PAGE_RELOAD. */
int page_run(const struct page_options *options);

struct page_trial {
    struct str zone, rule; /* rule empty: whoever is paged for any rule of the zone */
    int level;
    /* Called once for each target that is asked. */
    void (*answered)(void *arg, const struct paging_target *target, bool taken, int status,
                     const char *words);
    void *arg;
};
/* Sends a page marked Test once to each target that a page of this zone and level would reach now.
 *ret_asked, *ret_taken: how many. CONFIG, NO_MEMORY. */
bool page_test(const struct page_options *options, const struct page_trial *trial,
               uint32_t *ret_asked, uint32_t *ret_taken, struct error *err);

#endif
