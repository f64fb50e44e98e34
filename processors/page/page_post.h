/*
 * page_post: the world of the pager's lanes as it is: libcurl sends, the roster routes, page_text
 * says.
 *
 *     page_post_new(&(struct page_post_options){.venue = venue, .paging = paging, …}, &post, &err);
 *     const struct page_world *world = page_post_world(post);
 *     page_post_wait(post, 10);                 while something is on its way
 *     page_post_free(post);                     after the lanes, whose messages it may be sending
 *
 * One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_POST_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_POST_H

#include "processors/page/page_lane.h"

struct page_post; /* opaque */

struct page_post_options { /* borrowed */
    const struct venue *venue;
    const struct paging *paging;
    uint32_t timeout_s; /* of a request */
};

/* CONFIG: the time zone of the venue is not known here, or libcurl can't be started. NO_MEMORY. */
bool page_post_new(const struct page_post_options *options, struct page_post **ret,
                   struct error *err);
/* Without own alerts. The post's. */
const struct page_world *page_post_world(const struct page_post *post);
void page_post_wait(struct page_post *post, int ms);
void page_post_free(struct page_post *post); /* NULL is allowed */

#endif
