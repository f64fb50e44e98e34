/*
 * page_bench: a pager in a made-up world: alerts from a list, targets that answer as a test says, a
 * clock that a test moves. The state directory is real.
 *
 *     struct page_bench *bench = page_bench_new();
 *     page_bench_target(bench, PAGING_WEBHOOK, false);             target 0
 *     page_bench_alert(bench, "hall-1", 1, "active_unacked", LEVEL_ORANGE, true);
 *     page_bench_open(bench);
 *     page_bench_run(bench, 1000);                                  a second passes
 *     page_bench_said(bench, 0, "ring v/hall-1/r/1 1")              how often it was told that
 *     page_bench_crash(bench);                                      and opens again
 *     page_bench_free(bench);
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_PAGE_BENCH_H
#define CROWDTIDE_TESTS_SUPPORT_PAGE_BENCH_H

#include "processors/page/pager.h"

enum { BENCH_ITEMS_MAX = 4096, BENCH_TARGETS_MAX = 8, BENCH_SAID_MAX = 65536 };

struct bench_item {
    char zone[32], id[96], state[24];
    int64_t n, at_ms;
    int level;
    bool page, exercise;
    /* For alerts that the core keeps quiet: */
    const char *group; /* NULL: none */
    int from_level;    /* LEVEL_NONE as page_bench_alert makes it; the state before is the present one */
    int64_t escalation;
    uint64_t reach; /* of this one; 0: the bench's */
    uint32_t lost; /* so many before it were deleted before anybody read them */
};

struct bench_target {
    struct paging_target target;
    char id[16];
    int status; /* what it answers; 0: nothing at all */
    uint32_t retry_after_s;
    uint32_t fails_percent; /* of the requests fail with `status`, the others are taken; 100 at
                               first set by page_bench_answers */
    const char *fails_with;  /* only messages that say this fail; NULL: any */
    bool busy, taken;
    int answer;
    uint64_t requests;
    char notes[4096]; /* "act id n" of the message on its way, one a line */
    uint64_t cursor;  /* of its source */
    uint64_t next;    /* the item it reads next */
};

struct page_bench {
    char dir[4096];
    struct bench_item item[BENCH_ITEMS_MAX];
    uint32_t item_count;
    struct bench_target target[BENCH_TARGETS_MAX];
    const struct paging_target *targets[BENCH_TARGETS_MAX];
    uint32_t target_count;
    struct {
        uint32_t target;
        char what[128];
    } * said;
    uint32_t said_count;
    int64_t now_ms, late_ms;
    uint64_t random;
    uint64_t reach; /* of every page */
    struct pager *pager;
    uint32_t waits, waited_on; /* how often on a source, and whose it was last */
    bool behind; /* the sources may have older ones yet */
    bool fresh, fresh_later; /* the sources find another log, when they are opened, or later, one of them */
    bool forgot; /* some lane, when it was opened last */
    struct page_world world;
};

struct page_bench *page_bench_new(void);
void page_bench_free(struct page_bench *bench);
uint32_t page_bench_target(struct page_bench *bench, enum paging_kind kind, bool exercise);
/* An alert of now. Its id is v/{zone}/r/1, of an exercise drill/… */
struct bench_item *page_bench_alert(struct page_bench *bench, const char *zone, int64_t n,
                                    const char *state, int level, bool page);
void page_bench_open(struct page_bench *bench);
/* kill -9: what is on the disk stays, what is on its way may have been taken. */
void page_bench_crash(struct page_bench *bench);
/* From now on the target answers so. */
void page_bench_answers(struct page_bench *bench, uint32_t target, int status);
/* One turn of the pager without time passing; false when no lane sends. */
bool page_bench_turn(struct page_bench *bench);
/* Time passes, in steps of 50 ms. */
void page_bench_run(struct page_bench *bench, int64_t ms);
/* How often a target was told that and took it: "act id n". */
uint32_t page_bench_said(const struct page_bench *bench, uint32_t target, const char *what);
/* How often anything that begins so. */
uint32_t page_bench_said_like(const struct page_bench *bench, uint32_t target, const char *begin);
uint32_t page_bench_random(struct page_bench *bench, uint32_t below);

#endif
