#include "tests/sim/sim_pages.h"

#include <stdlib.h>
#include <string.h>

#include "processors/net/sender.h"
#include "schemas/result/result.h"
#include "tests/sim/sim_durable.h"
#include "tests/sim/sim_tap.h"

enum { NS_PER_MS = 1000000, ANSWER_NS_MAX = 60000000, CUT_ONE_IN = 10, CUT_STEPS = 40 };

/* ---- what a webhook reads -------------------------------------------------------------------- */

/* The text behind `name` in the body, up to a quote, comma or bracket. */
static void member(const char *body, size_t len, const char *name, char *out, size_t cap)
{
    const char *at = len ? memmem(body, len, name, strlen(name)) : NULL;
    size_t n = 0;
    for (at = at ? at + strlen(name) : NULL;
         at && at < body + len && !strchr("\",}", *at) && n + 1 < cap; at++)
        out[n++] = *at;
    out[n] = '\0';
}

static struct sim_taken read_page(const char *body, size_t len)
{
    char n[24];
    struct sim_taken page = {.pager = sim->process[SIM_PAGE].pid, .durable_seq = sim_durable_seq()};
    const char *alert = memmem(body, len, "\"alert\":", 8);
    size_t rest = alert ? len - (size_t)(alert - body) : 0;
    member(body, len, "\"key\":\"", page.id, sizeof page.id);
    member(body, len, "\"act\":\"", page.act, sizeof page.act);
    member(alert, rest, "\"n\":", n, sizeof n);
    page.n = strtoll(n, NULL, 10);
    if (memmem(body, len, "page-digest", 11)) {
        page.digest = sim_keep(len + 1);
        memcpy(page.digest, body, len);
    }
    return page;
}

static void keep(int target, const struct sim_taken *page)
{
    struct sim_pages *p = sim->pages;
    if (p->target[target].count == p->target[target].cap) {
        p->target[target].cap = p->target[target].cap ? p->target[target].cap * 2 : 64;
        p->target[target].taken = sim_keep_more(
            p->target[target].taken, p->target[target].cap * sizeof *p->target[target].taken);
    }
    p->target[target].taken[p->target[target].count++] = *page;
    sim->report.pages += !page->refused;
    sim_trace("target %d %s %s %lld of %s", target, page->refused ? "refuses" : "has", page->act,
              (long long)page->n, page->id);
}

static bool refuses(const struct sim_taken *page)
{
    uint64_t hash = (uint64_t)page->n;
    for (const char *c = page->id; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    return sim->pages->refuses_one_in && (hash >> 20) % sim->pages->refuses_one_in == 0;
}

void sim_pages_down(bool down)
{
    sim->pages->down = down ? (int)sim_random(SIM_TARGETS) : -1;
}

void sim_pages_new(struct sim *s)
{
    s->pages = sim_keep(sizeof *s->pages);
    s->pages->down = -1;
}

void sim_pages_free(struct sim *s)
{
    for (int t = 0; t < SIM_TARGETS; t++) {
        for (size_t i = 0; i < s->pages->target[t].count; i++)
            sim_keep_free(s->pages->target[t].taken[i].digest);
        sim_keep_free(s->pages->target[t].taken);
    }
    sim_keep_free(s->pages);
    s->pages = NULL;
}

/* ---- sender.h -------------------------------------------------------------------------------- */

struct slot {
    bool busy;
    int target;
    const char *body;
    size_t len;
    int64_t due_ns;
};

struct sender {
    struct slot slots[SIM_TARGETS];
};

bool sender_new(const struct sender_options *options, struct sender **ret, struct error *err)
{
    (void)options;
    struct sender *sender = calloc(1, sizeof *sender);
    if (!sender)
        return error_set(err, ERROR_NO_MEMORY, 0, "sender");
    *ret = sender;
    return true;
}

void sender_free(struct sender *sender)
{
    free(sender);
}

bool sender_start(struct sender *sender, uint32_t slot, const struct sender_request *request,
                  struct error *err)
{
    int unused;
    (void)err;
    (void)sim_begin(SIM_NET, "page", &unused);
    sender->slots[slot] = (struct slot){.busy = true,
                                        .target = request->url[strlen(request->url) - 1] - '0',
                                        .body = request->body,
                                        .len = request->len,
                                        .due_ns = sim->now_ns + (int64_t)sim_random(ANSWER_NS_MAX)};
    sim_end();
    return true;
}

void sender_wait(struct sender *sender, int timeout_ms)
{
    int64_t until_ns = sim->now_ns + timeout_ms * (int64_t)NS_PER_MS;
    for (int i = 0; i < SIM_TARGETS; i++)
        if (sender->slots[i].busy && sender->slots[i].due_ns < until_ns)
            until_ns = sender->slots[i].due_ns;
    sim_sleep(until_ns - sim->now_ns);
}

/* Answers that say no, or none at all; a page may have been taken all the same. */
static void fail(int target, struct sim_taken *page, struct sender_answer *ret)
{
    sim_count(SIM_FAULT_PAGE);
    switch (sim_random(6)) {
    case 0:
        ret->retry_after_s = (uint32_t)sim_random(3);
        ret->status = 429;
        break;
    case 1:
        ret->status = 503;
        break;
    case 2:
        ret->status = 401;
        break;
    case 3:
        ret->problem = "timed out";
        break;
    default: /* taken, and nobody heard */
        page->unsaid = true;
        keep(target, page);
        ret->problem = "connection reset";
        return;
    }
    sim_keep_free(page->digest);
}

bool sender_take(struct sender *sender, uint32_t slot, struct sender_answer *ret)
{
    struct slot *s = &sender->slots[slot];
    int unused;
    if (!s->busy || sim->now_ns < s->due_ns)
        return false;
    (void)sim_begin(SIM_NET, "answer", &unused);
    *ret = (struct sender_answer){.body = "", .problem = ""};
    s->busy = false;
    if (sim->pages->down == s->target) {
        ret->problem = "connection refused";
        sim_end();
        return true;
    }
    sim_course(s->body, s->len);
    struct sim_taken page = read_page(s->body, s->len);
    if (!sim->calm && sim_one_in(sim->pages->error_one_in)) {
        fail(s->target, &page, ret);
    } else {
        page.refused = refuses(&page);
        keep(s->target, &page);
        ret->status = page.refused ? 400 : 200;
    }
    sim_cut_soon(CUT_ONE_IN, CUT_STEPS);
    sim_end();
    return true;
}

/* ---- what must have been told ---------------------------------------------------------------- */

static bool for_target(const struct result_alert *a, int target)
{
    return str_is(a->status, target == SIM_TARGETS - 1 ? "Exercise" : "Actual");
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

bool sim_pages_told(char *why, size_t cap)
{
    const struct sim_tap *tap = &sim->tap[SIM_ALERTS];
    struct result_alert a;
    /* Of records that a failing disk takes, and of those that a copy or a bit has, others tell. */
    if (sim->restored || sim->rotten || sim->report.faults[SIM_FAULT_EIO] ||
        !sim_tap_read(SIM_ALERTS, UINT64_MAX))
        return true;
    for (size_t i = 0; i < tap->count; i++) {
        if (!alert_of(&tap->views[i], &a) || a.page != 1 || tap->views[i].seq < tap->forced_seq)
            continue;
        bool digests = sim->config.page_late_s != SIM_NEVER_LATE_S;
        for (int t = 0; t < SIM_TARGETS; t++) {
            if (!for_target(&a, t) || heard(t, &a) || (digests && over(tap, i, a.id)))
                continue;
            (void)snprintf(why, cap, "target %d has not heard of " STR_FMT "/%lld", t,
                           STR_ARG(a.id), (long long)a.n);
            return false;
        }
    }
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
    for (int t = 0; t < SIM_TARGETS; t++)
        for (size_t i = 0; i < sim->pages->target[t].count && sim->report.ok; i++)
            if (!own(&sim->pages->target[t].taken[i]))
                check_origin(t, &sim->pages->target[t].taken[i]);
}

void sim_pages_check(void)
{
    if (!sim->restored && !sim->rotten && !sim->report.faults[SIM_FAULT_EIO])
        check_origins();
    /* What could not be stored is told again, and a copy knows less than was told. */
    bool stored = !sim->report.faults[SIM_FAULT_EIO] && !sim->report.faults[SIM_FAULT_FULL];
    bool exactly = sim->config.page_late_s == SIM_NEVER_LATE_S;
    if (sim->restored || sim->rotten || !stored || !exactly)
        return;
    for (int t = 0; t < SIM_TARGETS && sim->report.ok; t++) {
        const struct sim_taken *all = sim->pages->target[t].taken;
        int life = 0, repeats = 0;
        for (size_t i = 0; i < sim->pages->target[t].count && sim->report.ok; i++) {
            ptrdiff_t k = before(t, i);
            if (all[i].pager != life)
                repeats = 0;
            life = all[i].pager;
            if (k < 0 || all[k].unsaid)
                continue;
            if (all[i].n < all[k].n)
                sim_fail("target %d was told %lld of %s after %lld", t, (long long)all[i].n,
                         all[i].id, (long long)all[k].n);
            else if (same(&all[i], &all[k]) && (all[k].pager == life || ++repeats > 1))
                sim_fail("target %d was told %s %lld of %s again", t, all[i].act,
                         (long long)all[i].n, all[i].id);
        }
    }
}
