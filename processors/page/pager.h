/*
 * pager: the lanes of all targets, and the alerts that only the pager can raise: that everything is
 * blind, that a target can't be told, that it refused a page.
 *
 *     pager_new(&options, &pager, &err);
 *     pager_add(pager, 0, &source, &err);                       a lane for each target, in order
 *     while (pager_turn(pager, &now, &err) != PAGER_BROKEN) …   each turn: all lanes, as far as
 * they go pager_free(pager);
 *
 * Own alerts are like those of the log: an id (`{venue}/{venue}/{rule}/{start_ms}`) that is their
 * deduplication key, a beginning (n 1) and an end (n 2), and each lane delivers both with the key.
 * They come from no log, so {state_dir}/pages/.own keeps those that somebody has yet to hear of,
 * stored before they are told. They say what is so *now*: one that is over before a target could be
 * told is not told to it at all, and they don't go into digests.
 *
 *     pager_raise(pager, &(struct pager_event){.rule = PAGING_RULE_BLIND, .level = LEVEL_RED,
 *                                              .unknown = true, .cause = …}, now_ms, &err);
 *     pager_clear(pager, PAGING_RULE_BLIND, (struct str){0}, now_ms, &err);
 *
 * The pager itself raises PAGER_RULE_UNDELIVERABLE and PAGER_RULE_REFUSED, about a target, and
 * tells the other targets of the same status.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGER_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGER_H

#include "processors/page/page_lane.h"

#define PAGER_RULE_UNDELIVERABLE "page-undeliverable"
#define PAGER_RULE_REFUSED "page-refused"

enum { PAGER_OWN_MAX = 256 };

struct pager; /* opaque */

struct pager_options {
    const char *state_dir;
    struct str venue;
    const struct paging_target *const *targets; /* borrowed, as all of this */
    uint32_t target_count;                      /* at most PAGING_TARGETS_MAX */
    /* send, answer, reach and say; own is the pager's. Copied. */
    const struct page_world *world;
    int64_t late_ms, trouble_ms, hold_ms;
};

/* CORRUPT: {state_dir}/pages/.own; NO_MEMORY, IO. */
bool pager_new(const struct pager_options *options, struct pager **ret, struct error *err);
/* The source is the pager's from now on, also on failure. Errors as page_lane_open. */
bool pager_add(struct pager *pager, uint32_t target, const struct page_source *source,
               struct error *err);
void pager_free(struct pager *pager); /* NULL is allowed */

struct pager_event {
    const char *rule;  /* its id */
    struct str about;  /* a target's id, or empty: it goes where its rule is routed */
    int level;         /* yellow to red */
    bool unknown;      /* `level` is the last known one */
    struct str cause;  /* why */
    struct str action; /* what to do */
    bool exercise;     /* for targets that take Exercise */
};
/* Nothing happens when (rule, about) is raised already. When it can't be stored it is told all the
   same, and err says so: false. */
bool pager_raise(struct pager *pager, const struct pager_event *event, int64_t now_ms,
                 struct error *err);
/* Nothing happens when it is not raised. */
bool pager_clear(struct pager *pager, const char *rule, struct str about, int64_t now_ms,
                 struct error *err);
bool pager_raised(const struct pager *pager, const char *rule, struct str about);

enum pager_turn {
    PAGER_SENDS, /* at least one lane waits for an answer */
    PAGER_WAITS, /* for news, or to try again */
    PAGER_BROKEN,
};
enum pager_turn pager_turn(struct pager *pager, const struct page_now *now, struct error *err);
/* Sleeps until there may be news, at most ms. */
void pager_wait(struct pager *pager, uint32_t ms);

const struct page_lane_figures *pager_figures(const struct pager *pager, uint32_t target);

#endif
