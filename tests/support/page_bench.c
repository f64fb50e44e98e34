#include "tests/support/page_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/support.h"

enum { STEP_MS = 50 };

uint32_t page_bench_random(struct page_bench *bench, uint32_t below)
{
    bench->random = bench->random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(bench->random >> 33) % below;
}

/* ---- the source --------------------------------------------------------------------------------
 */

struct bench_source {
    struct page_bench *bench;
    uint32_t target;
    uint64_t lost; /* before what it gave last */
};

static bool start(void *arg, const struct page_position *from, bool *ret_fresh, struct error *err)
{
    (void)err;
    struct bench_source *s = arg;
    struct bench_target *t = &s->bench->target[s->target];
    t->next = from->log.seq > t->cursor ? from->log.seq : t->cursor;
    *ret_fresh = s->bench->fresh;
    return true;
}

static enum page_read next(void *arg, struct page_item *ret, struct error *err)
{
    (void)err;
    struct bench_source *s = arg;
    struct bench_target *t = &s->bench->target[s->target];
    if (s->bench->fresh_later) {
        s->bench->fresh_later = false;
        return PAGE_READ_FRESH;
    }
    if (t->next >= s->bench->item_count)
        return PAGE_READ_NONE;
    const struct bench_item *item = &s->bench->item[t->next++];
    s->lost += item->lost;
    result_clear(RECORD_ALERT, &ret->alert);
    ret->alert.id = str_of(item->id);
    ret->alert.n = item->n;
    ret->alert.venue = STR_LIT("v");
    ret->alert.zone = str_of(item->zone);
    ret->alert.rule = STR_LIT("r");
    ret->alert.status = item->exercise ? STR_LIT("Exercise") : STR_LIT("Actual");
    ret->alert.state = str_of(item->state);
    ret->alert.level = (int8_t)item->level;
    ret->alert.start = ret->alert.at = item->at_ms;
    ret->alert.page = item->page;
    ret->alert.page_group = str_of(item->group ? item->group : "");
    ret->alert.from_level = (int8_t)item->from_level;
    ret->alert.from_state = ret->alert.state;
    ret->alert.escalation = item->escalation;
    ret->at_ms = item->at_ms;
    return PAGE_READ_ALERT;
}

static void position(void *arg, struct page_position *ret)
{
    struct bench_source *s = arg;
    ret->log.seq = s->bench->target[s->target].next;
    ret->lost = s->lost;
    ret->partitions = 0;
}

static bool keep(void *arg, const struct page_position *to, struct error *err)
{
    (void)err;
    struct bench_source *s = arg;
    s->bench->target[s->target].cursor = to->log.seq;
    return true;
}

static bool behind(void *arg)
{
    const struct bench_source *s = arg;
    return s->bench->behind;
}

static const char *trouble(void *arg)
{
    (void)arg;
    return "";
}

static void wait_more(void *arg, uint32_t ms)
{
    const struct bench_source *s = arg;
    (void)ms;
    s->bench->waits++;
    s->bench->waited_on = s->target;
}

/* ---- the targets -------------------------------------------------------------------------------
 */

/* Every "<<act id n>>" of a message, one a line. */
static void take_notes(struct bench_target *t, const struct page_message *message)
{
    size_t len = 0;
    const char *end = message->body + message->len;
    /* A digest names others: "in digest act id n". */
    const char *in =
        memmem(message->body, message->len, "could not be paged", 18) ? "in digest " : "";
    t->notes[0] = '\0';
    for (const char *at = message->body; at + 2 < end; at++) {
        if (memcmp(at, "<<", 2) != 0)
            continue;
        const char *close = memmem(at, (size_t)(end - at), ">>", 2);
        if (!close)
            break;
        int n = (int)(close - at - 2);
        if (!memmem(t->notes, len, at + 2, (size_t)n)) /* subject and text both say it */
            len +=
                (size_t)snprintf(t->notes + len, sizeof t->notes - len, "%s%.*s\n", in, n, at + 2);
        if (len >= sizeof t->notes)
            fail_msg("a message with more notes than expected");
    }
}

static void note_taken(struct page_bench *bench, uint32_t target)
{
    struct bench_target *t = &bench->target[target];
    for (char *line = t->notes, *end; (end = strchr(line, '\n')); line = end + 1) {
        assert_true(bench->said_count < BENCH_SAID_MAX);
        bench->said[bench->said_count].target = target;
        (void)snprintf(bench->said[bench->said_count++].what, sizeof bench->said[0].what, "%.*s",
                       (int)(end - line), line);
    }
}

static bool send_it(void *arg, uint32_t lane, const struct paging_target *target,
                    const struct page_message *message, struct error *err)
{
    (void)target;
    (void)err;
    struct page_bench *bench = arg;
    struct bench_target *t = &bench->target[lane];
    assert_false(t->busy);
    t->busy = true;
    t->requests++;
    t->answer = page_bench_random(bench, 100) < t->fails_percent ? t->status : 200;
    take_notes(t, message);
    if (t->fails_with && !strstr(t->notes, t->fails_with))
        t->answer = 200;
    /* It is taken when it arrives, not when the answer does. */
    if (t->answer == 200)
        note_taken(bench, lane);
    return true;
}

static bool answer(void *arg, uint32_t lane, struct page_answer *ret)
{
    struct page_bench *bench = arg;
    struct bench_target *t = &bench->target[lane];
    if (!t->busy || page_bench_random(bench, 3) == 0)
        return false;
    t->busy = false;
    *ret = (struct page_answer){.status = t->answer,
                                .retry_after_s = t->answer == 429 ? t->retry_after_s : 0,
                                .body = "{\"errcode\":0,\"code\":0}",
                                .problem = t->answer ? "" : "no answer"};
    return true;
}

static uint64_t reach(void *arg, const struct result_alert *alert)
{
    const struct page_bench *bench = arg;
    for (uint32_t i = 0; i < bench->item_count; i++)
        if (bench->item[i].reach && str_is(alert->id, bench->item[i].id) &&
            alert->n == bench->item[i].n)
            return bench->item[i].reach;
    return bench->reach;
}

static bool speaks(void *arg, const struct result_alert *told, const struct result_alert *alert)
{
    static const struct venue without_rules;
    (void)arg;
    return paging_speaks(&without_rules, told, alert);
}

static void say(void *arg, const struct paging_target *target, enum page_act act,
                const struct result_alert *a, struct text *subject, struct text *text)
{
    (void)arg;
    (void)target;
    text_add(subject, "<<");
    text_add(subject, page_act_text(act));
    text_add_char(subject, ' ');
    text_add_str(subject, a->id);
    text_add_char(subject, ' ');
    text_add_i64(subject, a->n);
    text_add(subject, ">>");
    text_add(text, "text");
}

/* ---- the bench ---------------------------------------------------------------------------------
 */

struct page_bench *page_bench_new(void)
{
    struct page_bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->said = calloc(BENCH_SAID_MAX, sizeof *bench->said);
    assert_non_null(bench->said);
    /* Thousands of stores, each synced: what a disk would take for that is not what is tested. */
    if (access("/dev/shm", W_OK) == 0)
        (void)setenv("TMPDIR", "/dev/shm", 0);
    support_temp_dir(bench->dir, sizeof bench->dir);
    bench->now_ms = INT64_C(1795000000000);
    bench->late_ms = 60000;
    bench->random = 1;
    bench->reach = UINT64_MAX;
    bench->world = (struct page_world){.send = send_it,
                                       .answer = answer,
                                       .reach = reach,
                                       .speaks = speaks,
                                       .say = say,
                                       .arg = bench};
    return bench;
}

void page_bench_free(struct page_bench *bench)
{
    pager_free(bench->pager);
    support_remove_tree(bench->dir);
    free(bench->said);
    free(bench);
}

uint32_t page_bench_target(struct page_bench *bench, enum paging_kind kind, bool exercise)
{
    struct bench_target *t = &bench->target[bench->target_count];
    (void)snprintf(t->id, sizeof t->id, "t%u", bench->target_count);
    t->target = (struct paging_target){.id = str_of(t->id),
                                       .kind = kind,
                                       .language = PAGING_EN,
                                       .exercise = exercise,
                                       .url = "http://127.0.0.1:1",
                                       .secret = "secret",
                                       .username = "",
                                       .from = "",
                                       .ca_file = ""};
    bench->targets[bench->target_count] = &t->target;
    return bench->target_count++;
}

struct bench_item *page_bench_alert(struct page_bench *bench, const char *zone, int64_t n,
                                    const char *state, int level, bool page)
{
    assert_true(bench->item_count < BENCH_ITEMS_MAX);
    struct bench_item *item = &bench->item[bench->item_count++];
    (void)snprintf(item->zone, sizeof item->zone, "%s", zone);
    (void)snprintf(item->id, sizeof item->id, "v/%s/r/1", zone);
    (void)snprintf(item->state, sizeof item->state, "%s", state);
    item->n = n;
    item->at_ms = bench->now_ms;
    item->level = level;
    item->page = page;
    return item;
}

void page_bench_open(struct page_bench *bench)
{
    struct error err = {0};
    const struct pager_options options = {
        .state_dir = bench->dir,
        .venue = STR_LIT("v"),
        .targets = bench->targets,
        .target_count = bench->target_count,
        .world = &bench->world,
        .late_ms = bench->late_ms,
        .trouble_ms = 60000,
        .hold_ms = 60000,
    };
    bench->forgot = false;
    if (!pager_new(&options, &bench->pager, &err))
        fail_msg("%s", err.where);
    for (uint32_t i = 0; i < bench->target_count; i++) {
        struct bench_source *s = calloc(1, sizeof *s);
        assert_non_null(s);
        *s = (struct bench_source){.bench = bench, .target = i};
        const struct page_source source = {.start = start,
                                           .next = next,
                                           .position = position,
                                           .keep = keep,
                                           .behind = behind,
                                           .trouble = trouble,
                                           .wait = wait_more,
                                           .close = free,
                                           .arg = s};
        bench->target[i].busy = false;
        if (!pager_add(bench->pager, i, &source, &err))
            fail_msg("%s", err.where);
        bench->forgot = bench->forgot || pager_figures(bench->pager, i)->forgot;
    }
}

void page_bench_crash(struct page_bench *bench)
{
    pager_free(bench->pager); /* closing stores nothing */
    page_bench_open(bench);
}

void page_bench_answers(struct page_bench *bench, uint32_t target, int status)
{
    bench->target[target].status = status;
    bench->target[target].fails_percent = status == 200 ? 0 : 100;
}

bool page_bench_turn(struct page_bench *bench)
{
    struct error err = {0};
    const struct page_now now = {.wall_ms = bench->now_ms, .boot_ns = bench->now_ms * 1000000};
    enum pager_turn turn = pager_turn(bench->pager, &now, &err);
    if (turn == PAGER_BROKEN)
        fail_msg("%s", err.where);
    return turn == PAGER_SENDS;
}

void page_bench_run(struct page_bench *bench, int64_t ms)
{
    for (int64_t at = 0; at <= ms; at += STEP_MS, bench->now_ms += STEP_MS) {
        while (page_bench_turn(bench))
            ;
    }
}

static uint32_t count(const struct page_bench *bench, uint32_t target, const char *what, bool whole)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < bench->said_count; i++)
        n += bench->said[i].target == target &&
             (whole ? strcmp(bench->said[i].what, what) == 0
                    : strncmp(bench->said[i].what, what, strlen(what)) == 0);
    return n;
}

uint32_t page_bench_said(const struct page_bench *bench, uint32_t target, const char *what)
{
    return count(bench, target, what, true);
}

uint32_t page_bench_said_like(const struct page_bench *bench, uint32_t target, const char *begin)
{
    return count(bench, target, begin, false);
}
