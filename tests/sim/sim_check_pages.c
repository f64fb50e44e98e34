/* What must have been told after a run: each page of the alerts log to whom it concerns, in order,
   and nothing twice but what was on its way when the pager died or was never answered. */
#include <string.h>

#include "schemas/counters/counters.h"
#include "schemas/result/result.h"
#include "tests/sim/sim_alertmanager.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_pages.h"
#include "tests/sim/sim_tap.h"

/* ---- what must have been told ---------------------------------------------------------------- */

static bool for_target(const struct result_alert *a, int target)
{
    return str_is(a->status, target == SIM_DRILL_HOOK ? "Exercise" : "Actual");
}

/* Whether the target has the very page; or, when pages may be late, has heard of the alert. */
static bool heard(int target, const struct result_alert *a)
{
    char id[SIM_ALERT_ID_BYTES];
    (void)snprintf(id, sizeof id, STR_FMT, STR_ARG(a->id));
    bool exactly = sim->config.page_late_s == SIM_NEVER_LATE_S;
    for (size_t i = sim->pages->target[target].count; i-- > 0;) {
        const struct sim_taken *t = &sim->pages->target[target].taken[i];
        if (t->digest ? strstr(t->digest, id) != NULL
                      : strcmp(t->id, id) == 0 && (!exactly || t->n == a->n))
            return true;
    }
    return false;
}

static bool alert_of(const struct log_view *view, struct result_alert *ret)
{
    struct result_origin origin;
    union result_any any;
    if (view->type != RECORD_ALERT ||
        !result_decode(view->type, view->body, view->body_len, &origin, &any, NULL))
        return false;
    *ret = any.alert;
    return true;
}

/* Whether a later record says that the alert is over. */
static bool over(const struct sim_tap *tap, size_t from, struct str id)
{
    struct result_alert a;
    for (size_t i = from; i < tap->count; i++)
        if (alert_of(&tap->views[i], &a) && str_equal(a.id, id) && str_is(a.state, "resolved"))
            return true;
    return false;
}

/* The alert as its last record says. */
static bool last_of(const struct sim_tap *tap, struct str id, struct result_alert *ret)
{
    for (size_t i = tap->count; i-- > 0;)
        if (alert_of(&tap->views[i], ret) && str_equal(ret->id, id))
            return true;
    return false;
}

/* Whether the Alertmanager shows the alert as it is. `strict`: and at no other level. */
static bool shown(const struct result_alert *rung, bool strict, char *why, size_t cap)
{
    const struct sim_alertmanager *m = sim->pages->alertmanager;
    struct result_alert now = *rung;
    (void)last_of(&sim->tap[SIM_ALERTS], rung->id, &now);
    const bool ended = str_is(now.state, "resolved");
    if (!ended && !sim_alertmanager_holds(m, now.id, level_text(now.level)))
        (void)snprintf(why, cap, "the Alertmanager does not show " STR_FMT " at level %s",
                       STR_ARG(now.id), level_text(now.level));
    else if (strict && ended && sim_alertmanager_holds(m, now.id, NULL))
        (void)snprintf(why, cap, "the Alertmanager still shows " STR_FMT, STR_ARG(now.id));
    else
        return true;
    return false;
}

static bool told(const struct sim_tap *tap, size_t i, const struct result_alert *a, char *why,
                 size_t cap)
{
    const bool digests = sim->config.page_late_s != SIM_NEVER_LATE_S;
    for (int t = 0; t < SIM_WEBHOOKS; t++) {
        if (!for_target(a, t) || heard(t, a) || (digests && over(tap, i, a->id)))
            continue;
        (void)snprintf(why, cap, "target %d has not heard of " STR_FMT "/%lld", t, STR_ARG(a->id),
                       (long long)a->n);
        return false;
    }
    /* What it took and did not say, and was not asked to take again, stays until it expires; also
       what a copy does not know of. */
    const bool strict = !digests && !sim->report.faults[SIM_FAULT_FULL] && !sim->restored;
    return !for_target(a, SIM_ALERTMANAGER) || shown(a, strict, why, cap);
}

bool sim_check_told(char *why, size_t cap)
{
    const struct sim_tap *tap = &sim->tap[SIM_ALERTS];
    struct result_alert a;
    /* Of records that a failing disk takes, and of those that a bit has, others tell. */
    if (sim->rotten || sim->report.faults[SIM_FAULT_EIO] || !sim_tap_read(SIM_ALERTS, UINT64_MAX))
        return true;
    for (size_t i = 0; i < tap->count; i++)
        if (alert_of(&tap->views[i], &a) && a.page == 1 && tap->views[i].seq >= tap->forced_seq &&
            !told(tap, i, &a, why, cap))
            return false;
    return true;
}

static bool same(const struct sim_taken *a, const struct sim_taken *b)
{
    return a->n == b->n && strcmp(a->id, b->id) == 0 && strcmp(a->act, b->act) == 0;
}

/* The last one before i that is about the alert; -1: none. */
static ptrdiff_t before(int target, size_t i)
{
    const struct sim_taken *all = sim->pages->target[target].taken;
    for (size_t k = i; k-- > 0;)
        if (strcmp(all[k].id, all[i].id) == 0)
            return (ptrdiff_t)k;
    return -1;
}

/* The pager's own alerts and its digests, which are of no zone; also those of an exercise. */
static bool own(const struct sim_taken *page)
{
    static const char exercise[] = "drill/";
    const char *id = page->id;
    if (strncmp(id, exercise, sizeof exercise - 1) == 0)
        id += sizeof exercise - 1;
    return strncmp(id, "v/v/", 4) == 0;
}

/* Each page is of a record in the alerts log, whose input was durable when it was taken. */
static void check_origin(int target, const struct sim_taken *page)
{
    const struct sim_tap *tap = &sim->tap[SIM_ALERTS];
    struct result_alert a;
    for (size_t i = tap->count; i-- > 0;) {
        if (!alert_of(&tap->views[i], &a) || a.n != page->n || !str_is(a.id, page->id))
            continue;
        const uint64_t input_seq = result_origin_decode(tap->views[i].body).input_seq;
        if (page->durable_seq < input_seq)
            sim_fail("target %d had %s/%lld, of input %llu, when only %llu was durable", target,
                     page->id, (long long)page->n, (unsigned long long)input_seq,
                     (unsigned long long)page->durable_seq);
        return;
    }
    sim_fail("target %d has %s %lld of %s, which the alerts log has not", target, page->act,
             (long long)page->n, page->id);
}

static void check_origins(void)
{
    for (int t = 0; t < SIM_WEBHOOKS; t++)
        for (size_t i = 0; i < sim->pages->target[t].count && sim->report.ok; i++)
            if (!own(&sim->pages->target[t].taken[i]))
                check_origin(t, &sim->pages->target[t].taken[i]);
}

/* Of what is refused a trace must be left: until the disk takes it, it is sent again. */
static bool traced(void)
{
    return !sim->report.faults[SIM_FAULT_FULL] && !sim->report.faults[SIM_FAULT_EIO];
}

/* In order, and nothing twice but what was on its way when the pager died: the last of that life.
   strict: the pager could store what it had told, and nobody set it back. */
static void check_repeats(int target, bool strict)
{
    const struct sim_taken *all = sim->pages->target[target].taken;
    for (size_t i = 0; i < sim->pages->target[target].count && sim->report.ok; i++) {
        ptrdiff_t k = before(target, i);
        if (k < 0 || all[k].unsaid || (all[k].refused && !traced()))
            continue;
        if (strict && all[i].n < all[k].n)
            sim_fail("target %d was told %lld of %s after %lld", target, (long long)all[i].n,
                     all[i].id, (long long)all[k].n);
        else if (same(&all[i], &all[k]) &&
                 (all[k].pager == all[i].pager || (strict && all[k + 1].pager == all[k].pager)))
            sim_fail("target %d was told %s %lld of %s again", target, all[i].act,
                     (long long)all[i].n, all[i].id);
    }
}

/* What the pager says that it has told, and what it was answered. It may die between the two, once
   a life for each target; and an Alertmanager is told the same again and again, which does not
   count. */
static void check_figures(void)
{
    struct counters *c = NULL;
    struct error err = {0};
    uint64_t yes = 0, no = 0, shown_yes = sim->pages->target[SIM_ALERTMANAGER].said_yes;
    const uint64_t lives = (uint64_t)sim->process[SIM_PAGE].pid;
    if (!counters_open_reader(SIM_STATE, &c, &err)) {
        sim_fail("counters: %s", err.where);
        return;
    }
    for (int t = 0; t < SIM_WEBHOOKS; t++) {
        yes += sim->pages->target[t].said_yes;
        no += sim->pages->target[t].said_no;
    }
    const uint64_t told = counters_get(c, COUNTER_PAGE_RUNG) + counters_get(c, COUNTER_PAGE_TOLD);
    const uint64_t refused = counters_get(c, COUNTER_PAGE_REFUSED);
    if (told > yes + shown_yes || told + lives * SIM_TARGETS < yes)
        sim_fail("books: page says %llu taken, %llu were, and %llu by the Alertmanager",
                 (unsigned long long)told, (unsigned long long)yes, (unsigned long long)shown_yes);
    if (refused > no || (traced() && refused + lives * SIM_TARGETS < no))
        sim_fail("books: page says %llu refused, %llu were", (unsigned long long)refused,
                 (unsigned long long)no);
    if (counters_get(c, COUNTER_PAGE_LOST) && !sim->tap[SIM_ALERTS].forced_seq)
        sim_fail("books: page says %llu lost",
                 (unsigned long long)counters_get(c, COUNTER_PAGE_LOST));
    counters_close(c);
}

void sim_check_pages(void)
{
    const bool exactly = sim->config.page_late_s == SIM_NEVER_LATE_S;
    const bool whole = !sim->restored && !sim->rotten && !sim->report.faults[SIM_FAULT_EIO];
    if (whole)
        check_origins();
    for (int t = 0; t < SIM_WEBHOOKS && sim->report.ok; t++)
        check_repeats(t, exactly && whole && !sim->report.faults[SIM_FAULT_FULL]);
    if (sim->report.ok && whole && !sim->report.faults[SIM_FAULT_CUT])
        check_figures();
}
