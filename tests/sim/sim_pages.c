#include "tests/sim/sim_pages.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/hmac.h>

#include "processors/net/sender.h"
#include "tests/sim/sim_alertmanager.h"
#include "tests/sim/sim_durable.h"

enum {
    NS_PER_MS = 1000000,
    ANSWER_NS_MAX = 60000000,
    CUT_ONE_IN = 10,
    CUT_STEPS = 40,
    RETRY_AFTER_S_MAX = 5,
    EARLY_NS_MAX = 1000000000, /* a pause runs from when the pager last looked at the clock */
};

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
    s->pages->alertmanager = sim_alertmanager_new();
}

void sim_pages_free(struct sim *s)
{
    for (int t = 0; t < SIM_WEBHOOKS; t++) {
        for (size_t i = 0; i < s->pages->target[t].count; i++)
            sim_keep_free(s->pages->target[t].taken[i].digest);
        sim_keep_free(s->pages->target[t].taken);
    }
    sim_alertmanager_free(s->pages->alertmanager);
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

/* Without the time and the right sum nobody would believe a page. */
static bool signed_well(const struct sender_request *request)
{
    static const char name[] = "X-Crowdtide-Signature: t=";
    unsigned char sum[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned int len = 0;
    for (uint32_t i = 0; i < request->header_count; i++) {
        const char *stamp = request->headers[i] + sizeof name - 1, *comma;
        if (strncmp(request->headers[i], name, sizeof name - 1) != 0 ||
            !(comma = strstr(stamp, ",v1=")))
            continue;
        size_t n = (size_t)(comma - stamp);
        unsigned char *bytes = sim_keep(n + 1 + request->len);
        memcpy(bytes, stamp, n);
        bytes[n] = '.';
        memcpy(bytes + n + 1, request->body, request->len);
        (void)HMAC(EVP_sha256(), SIM_SECRET, sizeof SIM_SECRET - 1, bytes, n + 1 + request->len,
                   sum, &len);
        sim_keep_free(bytes);
        for (unsigned k = 0; k < len; k++)
            (void)snprintf(hex + 2 * (size_t)k, 3, "%02x", sum[k]);
        return len && strcmp(comma + 4, hex) == 0;
    }
    return false;
}

/* Whether the target is asked again before the time that it named. */
static bool too_early(int target)
{
    const struct sim_target *t = &sim->pages->target[target];
    return t->asked_to_wait == sim->process[SIM_PAGE].pid &&
           sim->now_ns + EARLY_NS_MAX < t->not_before_ns && !sim->report.faults[SIM_FAULT_FROZEN];
}

bool sender_start(struct sender *sender, uint32_t slot, const struct sender_request *request,
                  struct error *err)
{
    int unused;
    (void)err;
    const int target = request->url[strlen("http://target/")] - '0';
    (void)sim_begin(SIM_NET, "page", &unused);
    if (target == SIM_SIGNED && !signed_well(request))
        sim_fail("a page is not signed as it should be");
    if (too_early(target))
        sim_fail("target %d is asked again before its Retry-After", target);
    sender->slots[slot] = (struct slot){.busy = true,
                                        .target = target,
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

/* Takes what was sent. False: it is refused for good. */
static bool take(const struct slot *s, bool unsaid)
{
    if (s->target == SIM_ALERTMANAGER) {
        sim_alertmanager_take(sim->pages->alertmanager, s->body, s->len);
        return true;
    }
    struct sim_taken page = read_page(s->body, s->len);
    page.unsaid = unsaid;
    page.refused = !unsaid && refuses(&page);
    keep(s->target, &page);
    return !page.refused;
}

/* Answers that say no, or none at all; a page may have been taken all the same. */
static void fail(const struct slot *s, struct sender_answer *ret)
{
    struct sim_target *target = &sim->pages->target[s->target];
    sim_count(SIM_FAULT_PAGE);
    switch (sim_random(7)) {
    case 0:
        ret->retry_after_s = (uint32_t)sim_random(RETRY_AFTER_S_MAX + 1);
        ret->status = 429;
        target->asked_to_wait = sim->process[SIM_PAGE].pid;
        target->not_before_ns = s->due_ns + ret->retry_after_s * INT64_C(1000) * NS_PER_MS;
        return;
    case 1:
        ret->status = 503;
        return;
    case 2:
        ret->status = 401;
        return;
    case 3:
        ret->problem = "timed out";
        return;
    case 4: /* taken, but that is not what it says */
        ret->status = 500;
        break;
    case 5:
        ret->problem = "timed out";
        break;
    default:
        ret->problem = "connection reset";
    }
    (void)take(s, true);
}

/* What the pager has heard, for its books. */
static void count_answer(const struct slot *s, const struct sender_answer *answer)
{
    struct sim_target *target = &sim->pages->target[s->target];
    target->said_yes += answer->status == 200;
    target->said_no += answer->status == 400;
}

bool sender_take(struct sender *sender, uint32_t slot, struct sender_answer *ret)
{
    struct slot *s = &sender->slots[slot];
    int unused;
    if (!s->busy || sim->now_ns < s->due_ns)
        return false;
    (void)sim_begin(SIM_NET, "answer", &unused);
    struct sender_answer answer = {.body = "", .problem = ""};
    s->busy = false;
    sim_course(s->body, s->len);
    if (sim->pages->down == s->target) {
        answer.problem = "connection refused";
    } else if (!sim->calm && sim_one_in(sim->pages->error_one_in)) {
        fail(s, &answer);
    } else {
        answer.status = take(s, false) ? 200 : 400;
        sim_cut_soon(CUT_ONE_IN, CUT_STEPS);
    }
    sim_end();
    count_answer(s, &answer);
    *ret = answer;
    return true;
}
