/*
 * top_choice: what the person in front of `crowdtide top` has chosen by keys: the page, the order,
 * a filter, how far a list is scrolled. Pure; private to top_*.c and cmd_top.c; one thread.
 *
 *     struct top_choice choice = {0};
 *     top_choice_key(&choice, bytes, len);    what a read from the terminal gave; choice.quit ends
 * it
 */
#ifndef CROWDTIDE_DEPLOY_CLI_TOP_CHOICE_H
#define CROWDTIDE_DEPLOY_CLI_TOP_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define TOP_PAGES(P)                                                                               \
    P(ALL, "overview") P(ZONES, "zones") P(ALERTS, "alerts") P(GATES, "gates") P(PROGRAMS, "programs")
#define TOP_SORTS(S)                                                                               \
    S(WORST, "worst first") S(NAME, "name") S(PEOPLE, "people") S(CAPACITY, "% of capacity")       \
    S(DENSITY, "density") S(AGE, "age of data")
/* clang-format on */
enum top_page {
#define TOP_PAGE_ENUM(name, text) TOP_PAGE_##name,
    TOP_PAGES(TOP_PAGE_ENUM)
#undef TOP_PAGE_ENUM
        TOP_PAGE_COUNT
};
enum top_sort {
#define TOP_SORT_ENUM(name, text) TOP_SORT_##name,
    TOP_SORTS(TOP_SORT_ENUM)
#undef TOP_SORT_ENUM
        TOP_SORT_COUNT
};
const char *top_page_text(enum top_page page);
const char *top_sort_text(enum top_sort sort);

enum { TOP_FILTER_BYTES = 48 };

struct top_choice {
    enum top_page page;
    enum top_sort sort; /* of zones */
    bool help, quit;
    bool only_bad;                     /* leave out what is calm and known */
    bool typing;                       /* keys go into the filter */
    char filter[TOP_FILTER_BYTES + 1]; /* "": everything */
    uint32_t scroll, page_lines;       /* of the list; lines that the last picture had for it */
};

/* One read's worth of keys. */
void top_choice_key(struct top_choice *choice, const char *bytes, size_t len);

#endif
