/* A lane's turn: what came of its message, and what it sends next. */
#include <stdio.h>
#include <stdlib.h>

#include "processors/page/page_lane_private.h"
#include "schemas/base/report.h"

#define PROGRAM "page"

enum {
    SAVE_AGAIN_NS = 1000000000, /* after a failure */
    HISTORY_MS = 5000,          /* that a digest waits for older ones at most */
};

/* ---- what came of a message --------------------------------------------------------------------
 */

/* One alert that the message was about. taken: the target has it; else it is passed over. */
static bool settle_one(struct page_lane *l, uint32_t i, bool taken, struct error *err)
{
    const struct result_alert *a = &l->about[i]->alert;
    const struct page_known *known = page_state_find(l->state, a->id);
    const bool by_digest = known && known->flags & PAGE_KNOWN_BY_DIGEST && l->act[i] != PAGE_RING;
    const uint32_t flags = by_digest ? (uint32_t)PAGE_KNOWN_BY_DIGEST : 0;
    if (l->job == JOB_HOLD)
        return true;
    if (l->act[i] == PAGE_END) {
        page_state_drop(l->state, a->id);
        return true;
    }
    if (l->job == JOB_DIGEST)
        return !taken || !page_kind_updates(l->o.target->kind) ||
               page_state_put(l->state, a, PAGE_KNOWN_DIGEST, a->level, err);
    /* The pager's own and what was owed must not come again; what is next is behind the position.
     */
    if (!taken && l->job == JOB_NEXT)
        return true;
    return page_state_put(l->state, a, flags, taken ? a->level : l->about_said[i], err);
}

static bool settle(struct page_lane *l, bool taken, const struct page_now *now, struct error *err)
{
    const enum page_job job = l->job;
    for (uint32_t i = 0; i < l->about_count; i++) {
        if (!settle_one(l, i, taken, err))
            return false;
    }
    if (job == JOB_HOLD)
        l->hold_at += l->about_count;
    if (job == JOB_NEXT) {
        l->state->position = *l->behind;
        free(l->next);
        l->next = NULL;
    }
    if (job == JOB_DIGEST && !page_lane_late_settle(l, err))
        return false;
    page_lane_about_clear(l);
    if (job != JOB_HOLD)
        page_lane_save(l, now);
    return true;
}

static bool rings(const struct page_lane *l)
{
    return l->job == JOB_DIGEST || (l->about_count && l->act[0] == PAGE_RING);
}

/* The pager's own alerts go before what could not be told, and prove nothing for it: a target may
   block the one and take the other. Two such targets would tell each other's trouble and its end
   for ever. */
static bool proves(const struct page_lane *l)
{
    return l->job != JOB_OWN || (!l->next && l->late_count == 0);
}

static void on_taken(struct page_lane *l, const struct page_answer *answer)
{
    struct page_lane_figures *f = &l->figures;
    f->rung += rings(l);
    f->told += !rings(l) && l->job != JOB_HOLD;
    f->digests += l->job == JOB_DIGEST;
    f->up = true;
    /* A mail that some of its recipients did not get. */
    if (answer->problem[0] && notice_due(&l->partly_notice, answer->problem))
        report(REPORT_ERROR, PROGRAM, "partly", "target=" STR_FMT " answer=\"%s\"",
               STR_ARG(l->o.target->id), answer->problem);
    if (!proves(l))
        return;
    f->refusing = f->refusing && !rings(l);
    f->trouble = false;
    f->proven = true;
    l->failed_ns = 0;
    pace_reset(&l->pace);
    if (notice_clear(&l->notice))
        report(REPORT_INFO, PROGRAM, "recovered", "target=" STR_FMT, STR_ARG(l->o.target->id));
}

/* Tried again after a pause, from the beginning: what is next may have become late meanwhile. */
static void fail(struct page_lane *l, const struct page_now *now, uint32_t wait_ms, bool blocked)
{
    char quoted[512];
    struct page_lane_figures *f = &l->figures;
    if (l->failed_ns == 0)
        l->failed_ns = now->boot_ns;
    f->retried++;
    f->up = false;
    f->trouble = f->trouble || blocked;
    if (notice_due(&l->notice, f->words))
        report(blocked ? REPORT_ERROR : REPORT_WARN, PROGRAM, blocked ? "blocked" : "unreachable",
               "target=" STR_FMT " answer=\"%s\"", STR_ARG(l->o.target->id),
               report_quote(f->words, quoted, sizeof quoted));
    uint32_t pause_ms = pace_next_ms(&l->pace);
    l->until_ns = now->boot_ns + (int64_t)(wait_ms > pause_ms ? wait_ms : pause_ms) * 1000000;
    page_lane_about_clear(l);
}

/* Refused for good: of several notes one may be to blame, so each goes alone first. */
static bool on_refused(struct page_lane *l, const struct page_now *now, struct error *err)
{
    char quoted[512];
    struct error why = {0};
    struct page_lane_figures *f = &l->figures;
    if (l->about_count > 1) {
        l->span = 1;
        page_lane_about_clear(l);
        return true;
    }
    struct page_position at = {0};
    if (l->job == JOB_NEXT)
        at.log = l->behind->log;
    const struct rejected_entry entry = {&at.log, record_type_name(RECORD_ALERT), f->words,
                                         (struct str){l->message->body, (uint32_t)l->message->len}};
    if (!rejected_add(l->rejected, &entry, &why)) {
        /* Without a trace it is not given up: the disk may get room. */
        (void)snprintf(f->words, sizeof f->words, "%.250s", why.where);
        fail(l, now, 0, true);
        return true;
    }
    f->refused++;
    f->refusing = f->refusing || rings(l);
    report(REPORT_ERROR, PROGRAM, "refused", "target=" STR_FMT " alert=" STR_FMT " answer=\"%s\"",
           STR_ARG(l->o.target->id), STR_ARG(l->about[0]->alert.id),
           report_quote(f->words, quoted, sizeof quoted));
    l->failed_ns = 0; /* it answers */
    pace_reset(&l->pace);
    return settle(l, false, now, err);
}

static bool on_answer(struct page_lane *l, const struct page_answer *answer,
                      const struct page_now *now, struct error *err)
{
    enum page_verdict verdict = page_judge(l->o.target->kind, answer->status, answer->body);
    l->sending = false;
    if (verdict == PAGE_TAKEN) {
        on_taken(l, answer);
        return settle(l, true, now, err);
    }
    (void)snprintf(l->figures.words, sizeof l->figures.words, "%d %.200s", answer->status,
                   answer->status && !answer->problem[0] ? answer->body : answer->problem);
    if (verdict == PAGE_REFUSED)
        return on_refused(l, now, err);
    fail(l, now, answer->retry_after_s * 1000, verdict == PAGE_BLOCKED || answer->distrust);
    return true;
}

/* ---- what is to be sent ------------------------------------------------------------------------
 */

static bool pick_own(struct page_lane *l)
{
    const struct page_world *world = l->o.world;
    const struct result_alert *a;
    bool here = false;
    for (uint32_t i = 0; (a = world->own(world->own_arg, i, l->o.number, &here)); i++) {
        const struct page_known *known = page_state_find(l->state, a->id);
        enum page_act act = page_alert_over(a) ? PAGE_END : PAGE_RING;
        if (known ? page_alert_said(&known->now->alert, a) : act == PAGE_END || !here)
            continue;
        l->job = JOB_OWN;
        return page_lane_about(l, act, a);
    }
    return false;
}

static bool pick_owed(struct page_lane *l)
{
    for (uint32_t i = 0; i < l->state->known_count; i++) {
        const struct page_known *known = &l->state->known[i];
        if (!(known->flags & PAGE_KNOWN_OWED))
            continue;
        l->job = JOB_OWED;
        if (!page_lane_about(l, page_alert_over(&known->now->alert) ? PAGE_END : PAGE_UPDATE,
                             &known->now->alert))
            break;
    }
    return l->about_count > 0;
}

/* A digest is over when nothing is open any more that only it told of. */
static bool pick_digest_end(struct page_lane *l)
{
    const struct page_known *digest = NULL;
    for (uint32_t i = 0; i < l->state->known_count; i++) {
        if (l->state->known[i].flags & PAGE_KNOWN_BY_DIGEST)
            return false;
        if (l->state->known[i].flags & PAGE_KNOWN_DIGEST)
            digest = &l->state->known[i];
    }
    if (!digest)
        return false;
    struct result_alert over = digest->now->alert;
    over.state = STR_LIT("resolved");
    over.n++;
    l->job = JOB_DIGEST_END;
    return page_lane_about(l, PAGE_END, &over);
}

static bool pick_hold(struct page_lane *l, const struct page_now *now)
{
    if (!page_kind_holds(l->o.target->kind) ||
        (l->held_ns && now->boot_ns - l->held_ns < l->o.hold_ms * 1000000))
        return false;
    while (l->hold_at < l->state->known_count) {
        l->job = JOB_HOLD;
        if (!page_lane_about(l, PAGE_HOLD,
                             &l->state->known[l->hold_at + l->about_count].now->alert) ||
            l->hold_at + l->about_count == l->state->known_count)
            return l->about_count > 0;
    }
    l->held_ns = now->boot_ns;
    l->hold_at = 0;
    l->span = PAGE_NOTES_MAX;
    return false;
}

/* Others that are late, too, may be on their way: one digest is to tell of all, in their present
 * state.
 */
static bool history_comes(struct page_lane *l, const struct page_now *now)
{
    if (l->late_ns == 0)
        l->late_ns = now->boot_ns;
    return !l->next && now->boot_ns - l->late_ns < (int64_t)HISTORY_MS * 1000000 &&
           l->o.source.behind(l->o.source.arg);
}

/* What is late: the digest, or at once what it would settle. True: something is to be sent. */
static bool pick_late(struct page_lane *l, const struct page_now *now, struct error *err)
{
    char ids[PAGE_DIGEST_ID_BYTES];
    struct result_alert digest;
    if (!page_kind_holds(l->o.target->kind) && page_digest_alert(l, now->wall_ms, ids, &digest)) {
        l->job = JOB_DIGEST;
        return page_lane_about(l, PAGE_DIGEST, &digest);
    }
    if (page_lane_late_settle(l, err))
        page_lane_save(l, now);
    return false;
}

static enum page_lane_turn pick(struct page_lane *l, const struct page_now *now, struct error *err)
{
    struct error why = {0};
    if (!page_lane_read(l, err) || !page_lane_late_collect(l, now->wall_ms, err))
        return PAGE_LANE_BROKEN;
    if (pick_own(l) || pick_owed(l) || pick_digest_end(l)) {
        /* as it says */
    } else if (l->late_count) {
        if (history_comes(l, now))
            return PAGE_LANE_IDLE;
        if (!pick_late(l, now, &why))
            return why.code ? PAGE_LANE_BROKEN : PAGE_LANE_BUSY;
    } else if (l->next) {
        l->job = JOB_NEXT;
        if (!page_lane_about(l, l->next_act, &l->next->alert))
            return PAGE_LANE_BROKEN;
    } else if (!pick_hold(l, now)) {
        page_lane_save_position(l, now);
        return PAGE_LANE_IDLE;
    }
    if (page_lane_send(l, now->wall_ms, &why))
        return PAGE_LANE_BUSY;
    (void)snprintf(l->figures.words, sizeof l->figures.words, "%.250s", why.where);
    if (why.code == ERROR_TOO_LARGE)
        return on_refused(l, now, err) ? PAGE_LANE_BUSY : PAGE_LANE_BROKEN;
    fail(l, now, 0, true);
    return PAGE_LANE_PAUSES;
}

/* How long the oldest waits, and whether that is too long. */
static void observe(struct page_lane *l, const struct page_now *now)
{
    struct page_lane_figures *f = &l->figures;
    int64_t oldest_ms = l->late_count ? l->late_at_ms : l->next ? l->next_at_ms : now->wall_ms;
    f->waiting_ms = now->wall_ms > oldest_ms ? now->wall_ms - oldest_ms : 0;
    if (l->failed_ns && (f->waiting_ms > l->o.trouble_ms ||
                         now->boot_ns - l->failed_ns > l->o.trouble_ms * 1000000))
        f->trouble = true;
}

enum page_lane_turn page_lane_step(struct page_lane *l, const struct page_now *now,
                                   struct error *err)
{
    struct page_answer answer;
    observe(l, now);
    if (l->unsaved && now->boot_ns - l->saved_ns > SAVE_AGAIN_NS)
        page_lane_save(l, now);
    if (l->sending) {
        if (!l->o.world->answer(l->o.world->arg, l->o.number, &answer))
            return PAGE_LANE_SENDS;
        return on_answer(l, &answer, now, err) ? PAGE_LANE_BUSY : PAGE_LANE_BROKEN;
    }
    if (now->stopping)
        return PAGE_LANE_IDLE;
    if (now->boot_ns < l->until_ns)
        return PAGE_LANE_PAUSES;
    return pick(l, now, err);
}
