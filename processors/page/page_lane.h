/*
 * page_lane: one target's way: which alerts concern it, what it is told, what became of that. Lanes
 * share nothing but the sender's loop, so a dead target delays no other.
 *
 *     page_lane_open(&options, &lane, &err);
 *     while (page_lane_step(lane, &now, &err) == PAGE_LANE_BUSY) …     until it waits
 *     page_lane_close(lane);
 *
 * What it does with each alert of its source, in order, one message at a time:
 *
 *     page: true and routed here    ring
 *     routed here, and what kept it quiet was told to others only (paging_quiet)    ring
 *     the target knows the alert    update (where its kind takes such), end when it is resolved
 *     else                          nothing
 *
 * The position moves when a message was taken, together with what the target knows now, in one
 * durable step (page_state.h). So a crash repeats at most the message in flight, with its key.
 *
 * Late: what is older than late_ms when it could be sent does not ring by itself. All such alerts
 * are brought to their present state; where the kind takes updates and the target knows the alert,
 * that is said quietly; then one digest tells of those that should have rung. An Alertmanager gets
 * the present state of all of them in one request, and no digest: it groups by itself.
 *
 * A message that the target refuses for good goes to {state_dir}/rejected/page-{target}.jsonl and
 * is passed over. Everything else is tried again, ever less often, but at least every PACE_MS_MAX.
 * Whoever can't be told for trouble_ms is in trouble, and the pager tells the others.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_LANE_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_LANE_H

#include "processors/page/page_body.h"
#include "processors/page/page_source.h"

struct page_lane; /* opaque */

enum {
    PAGE_SUBJECT_BYTES = 1024,
    PAGE_TEXT_BYTES = 16 * 1024,
    PAGE_DIGEST_LINES = 20,   /* named in a digest's text; the others are counted */
    PAGE_DIGEST_DETAILS = 64, /* of which all is said to those who read JSON */
};
/* A digest's rule: it is no rule of a venue. */
#define PAGE_RULE_DIGEST "page-digest"

struct page_answer {
    int status;
    uint32_t retry_after_s;
    const char *body, *problem; /* NUL-terminated */
    bool distrust;
};

/* What lanes need of the world; tests have their own. */
struct page_world {
    /* Begins to send; the message stays as it is until answer says true. */
    bool (*send)(void *arg, uint32_t lane, const struct paging_target *target,
                 const struct page_message *message, struct error *err);
    bool (*answer)(void *arg, uint32_t lane, struct page_answer *ret);
    /* The targets of a page: bit i for lane i. */
    uint64_t (*reach)(void *arg, const struct result_alert *alert);
    /* Who was told of the one has heard enough of the other (paging_speaks). */
    bool (*speaks)(void *arg, const struct result_alert *told, const struct result_alert *alert);
    /* Subject and text in the target's language. */
    void (*say)(void *arg, const struct paging_target *target, enum page_act act,
                const struct result_alert *alert, struct text *subject, struct text *text);
    /* The pager's own alerts, which come from no log: the i-th, NULL when there is none. *ret_here:
       this lane is to be told. */
    const struct result_alert *(*own)(void *own_arg, uint32_t i, uint32_t lane, bool *ret_here);
    void *arg, *own_arg;
};

/* What became of a lane's messages. */
struct page_lane_figures {
    uint64_t rung;      /* pages taken, digests included */
    uint64_t told;      /* updates, ends and states taken */
    uint64_t retried;   /* attempts to be repeated */
    uint64_t refused;   /* set aside for good */
    uint64_t digests;   /* of the rung */
    uint64_t lost_met;  /* records that were deleted before they could be read, or can't be … */
    uint64_t lost;      /* … and that the place is behind of which a later start goes on */
    int64_t waiting_ms; /* age of the oldest that waits; 0: none does */
    bool trouble;       /* can't be told for longer than trouble_ms, or until somebody mends it */
    bool refusing;      /* the last page was refused for good */
    bool proven;        /* something was taken since the lane was opened */
    bool up;            /* the last attempt succeeded, or there was none */
    bool forgot; /* its state was damaged, or of another log: it is known what was dealt with, not what is open there */
    const char *source; /* why nothing comes from it; "" when all is well */
    char words[256];    /* of the last failure */
};

struct page_lane_options {
    uint32_t number;
    const struct paging_target *target;
    struct page_source source; /* the lane's from now on, also when opening fails */
    const struct page_world *world;
    const char *state_dir;
    struct str venue;
    int64_t late_ms, trouble_ms, hold_ms;
    uint64_t seed; /* of its jitter */
};

bool page_lane_open(const struct page_lane_options *options, struct page_lane **ret,
                    struct error *err);
void page_lane_close(struct page_lane *lane); /* NULL is allowed */

struct page_now {
    int64_t wall_ms;
    int64_t boot_ns;
    bool stopping; /* begin nothing */
};

enum page_lane_turn {
    PAGE_LANE_BUSY,   /* went on: step again */
    PAGE_LANE_SENDS,  /* waits for an answer */
    PAGE_LANE_PAUSES, /* waits to try again */
    PAGE_LANE_IDLE,   /* waits for news */
    PAGE_LANE_BROKEN, /* err says why: its source can't be read */
};
enum page_lane_turn page_lane_step(struct page_lane *lane, const struct page_now *now,
                                   struct error *err);

/* Whether the target was told of the alert and not of its end, or is being told. */
bool page_lane_knows(const struct page_lane *lane, struct str id);
const struct page_lane_figures *page_lane_figures(const struct page_lane *lane);
/* Sleeps until the source may have news. */
void page_lane_wait(struct page_lane *lane, uint32_t ms);

#endif
