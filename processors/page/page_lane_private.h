/* page_lane_private: what the files of a lane share. */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_LANE_PRIVATE_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_LANE_PRIVATE_H

#include "processors/page/page_lane.h"
#include "processors/publish/pace.h"
#include "processors/publish/rejected.h"

enum page_job {
    JOB_NONE,
    JOB_NEXT,       /* the next alert of the source */
    JOB_OWN,        /* one of the pager's own */
    JOB_OWED,       /* the present state of what was late */
    JOB_DIGEST,     /* what is late and should have rung */
    JOB_DIGEST_END, /* nothing of a digest is open any more */
    JOB_HOLD,
};

struct page_late { /* an alert that is late, as it is now */
    struct page_alert *alert;
    bool rings; /* a page of it was not sent */
};

struct page_lane {
    struct page_lane_options o;
    struct page_state *state;
    bool unsaved; /* what the state says is not on the disk */
    bool first;   /* nothing that is kept was read to its end yet: what is long over is not told */
    char path[4200];
    struct rejected *rejected;

    /* The next alert that concerns the target, and the places before and behind it. */
    struct page_alert *next;
    enum page_act next_act;
    int64_t next_at_ms;
    struct page_position *before, *behind;

    struct page_late *late;
    uint32_t late_count, late_cap;
    int64_t late_at_ms;             /* the oldest */
    int64_t late_ns;                /* when the first of them was read */
    struct page_position *late_end; /* behind the last of them */

    /* The message on its way, and what it is about: alerts of the lane's own. */
    enum page_job job;
    enum page_act act[PAGE_NOTES_MAX];
    struct page_alert *about[PAGE_NOTES_MAX];
    int8_t about_said[PAGE_NOTES_MAX]; /* the level said before */
    uint32_t about_count;
    uint32_t span; /* notes that a message may hold */
    struct page_message *message;
    bool sending;

    int64_t until_ns; /* pauses until then */
    struct pace pace;
    struct notice notice, save_notice, partly_notice;
    int64_t failed_ns; /* the first failure since something was taken; 0: none */
    int64_t saved_ns;
    int64_t held_ns;  /* the last whole round of PAGE_HOLD */
    uint32_t hold_at; /* known alerts said in this round */
    struct page_lane_figures figures;
};

/* Whether the alert is over. */
bool page_alert_over(const struct result_alert *alert);
/* Whether what was said of an alert is this announcement, or a later one. */
static inline bool page_alert_said(const struct result_alert *said, const struct result_alert *a)
{
    return a->n != RESULT_ABSENT && said->n >= a->n;
}

/* Makes the lane's message of what it is about, and begins to send it. */
bool page_lane_send(struct page_lane *lane, int64_t now_ms, struct error *err);
/* Adds to what the message is about; false when it is full or there is no memory. */
bool page_lane_about(struct page_lane *lane, enum page_act act, const struct result_alert *alert);
/* The late alert of that id, or NULL. */
struct page_late *page_lane_late(const struct page_lane *lane, struct str id);
void page_lane_about_clear(struct page_lane *lane);

/* Stores what the target knows with the position; a failure is told, and tried again. */
void page_lane_save(struct page_lane *lane, const struct page_now *now);
/* The position alone, now and then: nothing concerns the target. */
void page_lane_save_position(struct page_lane *lane, const struct page_now *now);
/* Reads on to the next alert that concerns the target, unless there is one. */
bool page_lane_read(struct page_lane *lane, struct error *err);
/* Moves what is next to what is late, as long as it is. */
bool page_lane_late_collect(struct page_lane *lane, int64_t now_ms, struct error *err);
/* The digest has told what should have rung, or there was nothing to tell: each late alert becomes
   known, or forgotten, and what the target has to learn beside is owed. One step with the
   position. */
bool page_lane_late_settle(struct page_lane *lane, struct error *err);

/* The digest of what is late, as a made-up alert whose texts lie in `ids`; false: nothing to tell.
 */
enum { PAGE_DIGEST_ID_BYTES = 256 };
bool page_digest_alert(const struct page_lane *lane, int64_t now_ms, char ids[PAGE_DIGEST_ID_BYTES],
                       struct result_alert *ret);
void page_digest_say(const struct page_lane *lane, struct text *subject, struct text *text);
/* A JSON array. */
void page_digest_details(const struct page_lane *lane, struct text *out);

#endif
