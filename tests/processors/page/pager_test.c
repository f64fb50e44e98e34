/* The pager: what each target is told, when, how often, and what of that survives a crash. */
#include "processors/page/pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/page_bench.h"
#include "tests/support/support.h"

static void said(const struct page_bench *b, uint32_t target, const char *what, uint32_t times)
{
    uint32_t n = page_bench_said(b, target, what);
    if (n == times)
        return;
    for (uint32_t i = 0; i < b->said_count; i++)
        print_message("target %u: %s\n", b->said[i].target, b->said[i].what);
    fail_msg("target %u was told \"%s\" %u times, not %u", target, what, n, times);
}

/* One of each kind, and an alert's life: what updates there are goes to those who take them. */
static void each_kind_hears_what_it_takes(void **state)
{
    (void)state;
    static const struct {
        enum paging_kind kind;
        bool updates;
    } kinds[] = {{PAGING_ALERTMANAGER, true},
                 {PAGING_PAGERDUTY, true},
                 {PAGING_WEBHOOK, true},
                 {PAGING_WECOM, false},
                 {PAGING_FEISHU, false}};
    struct page_bench *b = page_bench_new();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        page_bench_target(b, kinds[i].kind, false);
    page_bench_open(b);
    page_bench_alert(b, "blue", 1, "active_unacked", LEVEL_BLUE, false);
    page_bench_alert(b, "hall", 1, "active_unacked", LEVEL_YELLOW, true);
    page_bench_alert(b, "hall", 2, "active_acked", LEVEL_YELLOW, false);
    page_bench_alert(b, "hall", 3, "active_unacked", LEVEL_RED, true);
    page_bench_alert(b, "hall", 4, "resolved", LEVEL_NONE, false);
    page_bench_alert(b, "hall", 5, "resolved", LEVEL_NONE, false); /* of nothing that is known */
    page_bench_run(b, 1000);
    for (uint32_t i = 0; i < b->target_count; i++) {
        said(b, i, "ring v/hall/r/1 1", 1);
        said(b, i, "update v/hall/r/1 2", kinds[i].updates);
        said(b, i, "ring v/hall/r/1 3", 1);
        said(b, i, "end v/hall/r/1 4", 1);
        said(b, i, "end v/hall/r/1 5", 0);
        assert_int_equal(page_bench_said_like(b, i, "ring v/blue"), 0);
        assert_int_equal(pager_figures(b->pager, i)->rung, 2);
    }
    page_bench_free(b);
}

static void an_exercise_never_reaches_what_takes_actual(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t actual = page_bench_target(b, PAGING_WEBHOOK, false);
    uint32_t exercise = page_bench_target(b, PAGING_WEBHOOK, true);
    page_bench_open(b);
    page_bench_alert(b, "drilled", 1, "active_unacked", LEVEL_RED, true)->exercise = true;
    page_bench_alert(b, "hall", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 1000);
    assert_int_equal(page_bench_said_like(b, actual, "ring"), 1);
    said(b, actual, "ring v/hall/r/1 1", 1);
    assert_int_equal(page_bench_said_like(b, exercise, "ring"), 1);
    said(b, exercise, "ring v/drilled/r/1 1", 1);
    page_bench_free(b);
}

static void a_dead_target_delays_no_other_and_the_others_learn_of_it_once(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t dead = page_bench_target(b, PAGING_WEBHOOK, false);
    uint32_t live = page_bench_target(b, PAGING_WECOM, false);
    uint32_t exercise = page_bench_target(b, PAGING_WECOM, true);
    page_bench_open(b);
    page_bench_answers(b, dead, 500);
    page_bench_alert(b, "hall", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 200);
    said(b, live, "ring v/hall/r/1 1", 1);
    page_bench_run(b, 58000);
    assert_false(pager_raised(b->pager, PAGER_RULE_UNDELIVERABLE, str_of("t0")));
    page_bench_run(b, 10000);
    assert_true(pager_raised(b->pager, PAGER_RULE_UNDELIVERABLE, str_of("t0")));
    assert_true(pager_figures(b->pager, dead)->waiting_ms > 60000);
    page_bench_run(b, 100000);
    page_bench_crash(b);
    page_bench_run(b, 100000);
    assert_int_equal(page_bench_said_like(b, live, "ring v/v/page-undeliverable/"), 1);
    assert_int_equal(page_bench_said_like(b, exercise, "ring"), 0);
    page_bench_answers(b, dead, 200);
    page_bench_run(b, 11000);
    assert_int_equal(page_bench_said_like(b, live, "end v/v/page-undeliverable/"), 1);
    said(b, dead, "in digest ring v/hall/r/1 1", 1);
    said(b, dead, "ring v/hall/r/1 1", 0);
    page_bench_free(b);
}

/* A source with news returns at once, and a target that is down leaves news for as long as it is.
 */
static void nobody_waits_where_there_is_news(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t down = page_bench_target(b, PAGING_WEBHOOK, false);
    uint32_t well = page_bench_target(b, PAGING_WECOM, true);
    page_bench_open(b);
    page_bench_answers(b, down, 503);
    for (int n = 1; n <= 3; n++)
        page_bench_alert(b, "hall", n, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 1000);
    pager_wait(b->pager, 1);
    assert_int_equal(b->waits, 1);
    assert_int_equal(b->waited_on, well);
    page_bench_answers(b, well, 503);
    page_bench_alert(b, "drilled", 1, "active_unacked", LEVEL_RED, true)->exercise = true;
    page_bench_run(b, 1000);
    pager_wait(b->pager, 1);
    assert_int_equal(b->waits, 1);
    page_bench_free(b);
}

static void retry_after_is_honoured_and_pauses_grow(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t t = page_bench_target(b, PAGING_WEBHOOK, false);
    page_bench_open(b);
    page_bench_answers(b, t, 429);
    b->target[t].retry_after_s = 20;
    page_bench_alert(b, "hall", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 19000);
    assert_int_equal(b->target[t].requests, 1);
    page_bench_answers(b, t, 503);
    page_bench_run(b, 20000);
    uint64_t requests = b->target[t].requests;
    assert_true(requests > 4 && requests < 15); /* 100 ms, 200, 400 … with jitter */
    page_bench_answers(b, t, 200);
    page_bench_run(b, 11000);
    said(b, t, "ring v/hall/r/1 1", 1);
    page_bench_free(b);
}

static void what_is_refused_for_good_is_set_aside_and_told_to_the_others(void **state)
{
    (void)state;
    char path[4300], line[2048] = "";
    struct page_bench *b = page_bench_new();
    uint32_t refuses = page_bench_target(b, PAGING_WEBHOOK, false);
    uint32_t other = page_bench_target(b, PAGING_WECOM, false);
    page_bench_open(b);
    page_bench_answers(b, refuses, 400);
    page_bench_alert(b, "hall", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 1000);
    assert_int_equal(pager_figures(b->pager, refuses)->refused, 1);
    assert_int_equal(page_bench_said_like(b, other, "ring v/v/page-refused/"), 1);
    page_bench_answers(b, refuses, 200);
    page_bench_alert(b, "hall", 2, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 1000);
    said(b, refuses, "ring v/hall/r/1 1", 0);
    said(b, refuses, "ring v/hall/r/1 2", 1);
    assert_int_equal(page_bench_said_like(b, other, "end v/v/page-refused/"), 1);
    (void)snprintf(path, sizeof path, "%s/rejected/page-t0.jsonl", b->dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_non_null(strstr(line, "ring v/hall/r/1 1"));
    assert_null(fgets(line, sizeof line, file));
    assert_int_equal(fclose(file), 0);
    page_bench_free(b);
}

static void wrong_credentials_lose_nothing_and_alarm_at_once(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t locked = page_bench_target(b, PAGING_PAGERDUTY, false);
    uint32_t other = page_bench_target(b, PAGING_WECOM, false);
    page_bench_open(b);
    page_bench_answers(b, locked, 401);
    page_bench_alert(b, "hall", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 1000);
    assert_int_equal(page_bench_said_like(b, other, "ring v/v/page-undeliverable/"), 1);
    page_bench_answers(b, locked, 200);
    page_bench_run(b, 11000);
    said(b, locked, "ring v/hall/r/1 1", 1);
    assert_int_equal(pager_figures(b->pager, locked)->refused, 0);
    page_bench_free(b);
}

/* Robots with a list of words block the page of a hall, and take what the pager says of the other.
 */
static void two_targets_in_trouble_do_not_tell_each_other_for_ever(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    for (uint32_t t = 0; t < 2; t++) {
        page_bench_target(b, PAGING_WEBHOOK, false);
        page_bench_answers(b, t, 403);
        b->target[t].fails_with = "v/hall";
    }
    page_bench_open(b);
    page_bench_alert(b, "hall", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 50000);
    for (uint32_t t = 0; t < 2; t++) {
        assert_int_equal(page_bench_said_like(b, t, "ring v/v/page-undeliverable/"), 1);
        assert_int_equal(page_bench_said_like(b, t, "end"), 0);
        assert_true(b->target[t].requests < 30);
        page_bench_answers(b, t, 200);
    }
    page_bench_run(b, 11000);
    for (uint32_t t = 0; t < 2; t++) {
        said(b, t, "ring v/hall/r/1 1", 1);
        assert_int_equal(page_bench_said_like(b, t, "end v/v/page-undeliverable/"), 1);
    }
    page_bench_free(b);
}

/* Down for 90 s: what was told before is brought up to date, what was not is in one digest, and
   what is younger than a minute rings. */
static void what_is_late_comes_in_one_digest(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t webhook = page_bench_target(b, PAGING_WEBHOOK, false);
    uint32_t robot = page_bench_target(b, PAGING_WECOM, false);
    uint32_t manager = page_bench_target(b, PAGING_ALERTMANAGER, false);
    uint32_t duty = page_bench_target(b, PAGING_PAGERDUTY, false);
    page_bench_open(b);
    page_bench_alert(b, "known", 1, "active_unacked", LEVEL_YELLOW, true);
    page_bench_alert(b, "ends", 1, "active_unacked", LEVEL_YELLOW, true);
    page_bench_run(b, 1000);
    for (uint32_t i = 0; i < b->target_count; i++)
        page_bench_answers(b, i, 0);
    page_bench_alert(b, "ends", 2, "resolved", LEVEL_NONE, false);
    page_bench_alert(b, "known", 2, "active_unacked", LEVEL_RED, true);
    page_bench_alert(b, "open", 1, "active_unacked", LEVEL_ORANGE, true);
    page_bench_alert(b, "open", 2, "active_unacked", LEVEL_RED, true);
    page_bench_alert(b, "brief", 1, "active_unacked", LEVEL_ORANGE, true);
    page_bench_alert(b, "brief", 2, "resolved", LEVEL_NONE, false);
    page_bench_run(b, 80000);
    page_bench_alert(b, "young", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 10000);
    for (uint32_t i = 0; i < b->target_count; i++)
        page_bench_answers(b, i, 200);
    page_bench_run(b, 11000);
    for (uint32_t i = 0; i < b->target_count; i++) {
        said(b, i, "ring v/young/r/1 1", 1);
        said(b, i, "ring v/open/r/1 1", 0);
        said(b, i, "ring v/open/r/1 2", 0);
        said(b, i, "in digest ring v/open/r/1 2", i != manager);
        said(b, i, "in digest ring v/known/r/1 2", i != manager);
        said(b, i, "in digest end v/brief/r/1 2", i != manager);
        said(b, i, "in digest end v/ends/r/1 2", i == robot);
        said(b, i, "end v/ends/r/1 2", i != robot);
        said(b, i, "update v/known/r/1 2", i != robot);
        said(b, i, "update v/open/r/1 2", i == manager);
        assert_int_equal(pager_figures(b->pager, i)->digests, i != manager);
    }
    /* What only a digest told of: an update would make an incident, and ring. Its end is told. */
    page_bench_alert(b, "open", 3, "active_acked", LEVEL_RED, false);
    page_bench_alert(b, "open", 4, "resolved", LEVEL_NONE, false);
    page_bench_run(b, 1000);
    said(b, duty, "update v/open/r/1 3", 0);
    said(b, webhook, "update v/open/r/1 3", 1);
    for (uint32_t i = 0; i < b->target_count; i++)
        said(b, i, "end v/open/r/1 4", 1);
    page_bench_run(b, 200000);
    for (uint32_t i = 0; i < b->target_count; i++)
        assert_true(pager_figures(b->pager, i)->digests <= 1);
    page_bench_free(b);
}

static void history_before_the_first_use_is_not_told(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t t = page_bench_target(b, PAGING_WECOM, false);
    page_bench_alert(b, "old", 1, "active_unacked", LEVEL_RED, true);
    page_bench_alert(b, "old", 2, "resolved", LEVEL_NONE, false);
    page_bench_alert(b, "open", 1, "active_unacked", LEVEL_RED, true);
    b->now_ms += 3600000;
    page_bench_open(b);
    page_bench_run(b, 1000);
    assert_int_equal(page_bench_said_like(b, t, "in digest"), 1);
    said(b, t, "in digest ring v/open/r/1 1", 1);
    page_bench_free(b);
}

/* Kafka is away when it is used first: an alert of the pager's own is told before there is a place.
 */
static void what_is_told_before_the_first_use_makes_no_history(void **state)
{
    (void)state;
    struct error err = {0};
    struct page_bench *b = page_bench_new();
    const struct pager_event blind = {.rule = PAGING_RULE_BLIND, .level = LEVEL_RED};
    uint32_t t = page_bench_target(b, PAGING_WECOM, false);
    page_bench_open(b);
    assert_true(pager_raise(b->pager, &blind, b->now_ms, &err));
    page_bench_run(b, 10000);
    page_bench_crash(b);
    page_bench_run(b, 10000);
    assert_int_equal(page_bench_said_like(b, t, "ring v/v/venue-blind/"), 1);
    /* From one partition of Kafka what is new, from another what is old. */
    b->behind = true;
    page_bench_alert(b, "young", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 1000);
    said(b, t, "ring v/young/r/1 1", 1);
    b->behind = false;
    b->now_ms -= 3600000;
    page_bench_alert(b, "old", 1, "active_unacked", LEVEL_RED, true);
    page_bench_alert(b, "old", 2, "resolved", LEVEL_NONE, false);
    page_bench_alert(b, "open", 1, "active_unacked", LEVEL_RED, true);
    b->now_ms += 3600000;
    page_bench_run(b, 1000);
    assert_int_equal(page_bench_said_like(b, t, "in digest"), 1);
    said(b, t, "in digest ring v/open/r/1 1", 1);
    page_bench_free(b);
}

/* What comes in pieces is told in one digest, as it is at the end; who waits for more in vain says
   what there is. */
static void a_digest_waits_for_what_is_on_its_way(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t t = page_bench_target(b, PAGING_WECOM, false);
    page_bench_open(b);
    b->behind = true;
    page_bench_alert(b, "brief", 1, "active_unacked", LEVEL_RED, true);
    page_bench_alert(b, "hall", 1, "active_unacked", LEVEL_ORANGE, true);
    b->now_ms += 3600000;
    page_bench_run(b, 1000);
    assert_int_equal(page_bench_said_like(b, t, "in digest"), 0);
    b->now_ms -= 3600000;
    page_bench_alert(b, "brief", 2, "resolved", LEVEL_NONE, false);
    page_bench_alert(b, "hall", 2, "active_unacked", LEVEL_RED, true);
    b->now_ms += 3600000;
    b->behind = false;
    page_bench_run(b, 1000);
    assert_int_equal(page_bench_said_like(b, t, "in digest"), 1);
    said(b, t, "in digest ring v/hall/r/1 2", 1);
    b->behind = true;
    page_bench_alert(b, "hall-2", 1, "active_unacked", LEVEL_RED, true);
    b->now_ms += 3600000;
    page_bench_run(b, 4000);
    said(b, t, "in digest ring v/hall-2/r/1 1", 0);
    page_bench_run(b, 2000);
    said(b, t, "in digest ring v/hall-2/r/1 1", 1);
    page_bench_free(b);
}

static void an_alertmanager_is_told_again_as_long_as_it_is_so(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t t = page_bench_target(b, PAGING_ALERTMANAGER, false);
    page_bench_open(b);
    for (int i = 0; i < 200; i++) { /* more than one request holds */
        char zone[32];
        (void)snprintf(zone, sizeof zone, "z%d", i);
        page_bench_alert(b, zone, 1, "active_unacked", LEVEL_RED, true);
    }
    page_bench_run(b, 1000);
    uint64_t requests = b->target[t].requests;
    b->said_count = 0;
    page_bench_run(b, 10 * 60000);
    uint32_t held = page_bench_said(b, t, "hold v/z0/r/1 1");
    assert_true(held >= 9 && held <= 11);
    assert_int_equal(page_bench_said(b, t, "hold v/z199/r/1 1"), held);
    assert_int_equal(b->target[t].requests - requests, 2 * held);
    page_bench_crash(b); /* what is open is known still */
    page_bench_run(b, 1000);
    said(b, t, "hold v/z199/r/1 1", held + 1);
    page_bench_free(b);
}

static void the_pagers_own_alert_survives_and_ends(void **state)
{
    (void)state;
    struct error err = {0};
    struct page_bench *b = page_bench_new();
    const struct pager_event blind = {.rule = PAGING_RULE_BLIND,
                                      .level = LEVEL_RED,
                                      .unknown = true,
                                      .cause = STR_LIT("no heartbeat")};
    uint32_t up = page_bench_target(b, PAGING_WEBHOOK, false);
    uint32_t down = page_bench_target(b, PAGING_WECOM, false);
    page_bench_open(b);
    page_bench_answers(b, down, 0);
    assert_true(pager_raise(b->pager, &blind, b->now_ms, &err));
    assert_true(pager_raise(b->pager, &blind, b->now_ms, &err));
    page_bench_run(b, 1000);
    page_bench_crash(b);
    assert_true(pager_raised(b->pager, PAGING_RULE_BLIND, (struct str){0}));
    page_bench_run(b, 1000);
    assert_int_equal(page_bench_said_like(b, up, "ring v/v/venue-blind/"), 1);
    assert_int_equal(page_bench_said_like(b, down, "ring"), 0);
    page_bench_answers(b, down, 200);
    page_bench_run(b, 11000);
    assert_int_equal(page_bench_said_like(b, down, "ring v/v/venue-blind/"), 1);
    assert_true(pager_clear(b->pager, PAGING_RULE_BLIND, (struct str){0}, b->now_ms, &err));
    page_bench_run(b, 1000);
    page_bench_crash(b);
    page_bench_run(b, 1000);
    assert_int_equal(page_bench_said_like(b, up, "end v/v/venue-blind/"), 1);
    assert_int_equal(page_bench_said_like(b, down, "end v/v/venue-blind/"), 1);
    assert_false(pager_raised(b->pager, PAGING_RULE_BLIND, (struct str){0}));
    page_bench_free(b);
}

static void a_damaged_state_is_told_and_paging_goes_on(void **state)
{
    (void)state;
    char path[4300];
    struct page_bench *b = page_bench_new();
    uint32_t t = page_bench_target(b, PAGING_WECOM, false);
    page_bench_open(b);
    page_bench_alert(b, "a", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 1000);
    (void)snprintf(path, sizeof path, "%s/pages/t0", b->dir);
    assert_int_equal(truncate(path, 100), 0);
    page_bench_crash(b);
    assert_true(b->forgot);
    page_bench_alert(b, "b", 1, "active_unacked", LEVEL_RED, true);
    page_bench_run(b, 1000);
    said(b, t, "ring v/a/r/1 1", 1); /* the cursor knows that it was dealt with */
    said(b, t, "ring v/b/r/1 1", 1);
    page_bench_free(b);
}

/* What the old log's alerts were nobody will end; the pager's own are in no log. */
static void another_log_voids_all_but_the_pager_s_own(void **state)
{
    (void)state;
    struct error err = {0};
    const struct pager_event event = {.rule = PAGING_RULE_BLIND, .level = LEVEL_RED};
    for (int later = 0; later < 2; later++) {
        struct page_bench *b = page_bench_new();
        uint32_t t = page_bench_target(b, PAGING_WEBHOOK, false);
        page_bench_open(b);
        page_bench_alert(b, "a", 1, "active_unacked", LEVEL_RED, true);
        assert_true(pager_raise(b->pager, &event, b->now_ms, &err));
        page_bench_run(b, 1000);
        b->fresh = !later;
        page_bench_crash(b);
        b->fresh_later = later;
        page_bench_alert(b, "a", 2, "resolved", LEVEL_NONE, false);
        page_bench_alert(b, "b", 1, "active_unacked", LEVEL_RED, true);
        page_bench_run(b, 1000);
        assert_true(pager_figures(b->pager, t)->forgot);
        said(b, t, "end v/a/r/1 2", 0);
        said(b, t, "ring v/b/r/1 1", 1);
        assert_true(pager_clear(b->pager, PAGING_RULE_BLIND, (struct str){0}, b->now_ms, &err));
        page_bench_run(b, 1000);
        assert_int_equal(page_bench_said_like(b, t, "ring v/v/venue-blind/"), 1);
        assert_int_equal(page_bench_said_like(b, t, "end v/v/venue-blind/"), 1);
        page_bench_free(b);
    }
}

/* The core kept quiet what another alert of the zone had paged; that one went to other people. */
static void who_was_not_told_hears_what_was_kept_quiet(void **state)
{
    (void)state;
    static const enum paging_kind kinds[] = {PAGING_WECOM, PAGING_WEBHOOK, PAGING_ALERTMANAGER};
    enum { ONE = 1, OTHER = 2, BOTH = 3 };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct page_bench *b = page_bench_new();
        uint32_t one = page_bench_target(b, kinds[k], false);
        uint32_t other = page_bench_target(b, kinds[k], false);
        struct bench_item *item;
        page_bench_open(b);
        item = page_bench_alert(b, "red", 1, "active_unacked", LEVEL_RED, true);
        item->group = "g";
        item->reach = ONE;
        item = page_bench_alert(b, "low", 1, "active_unacked", LEVEL_YELLOW, false);
        item->group = "g";
        item->reach = BOTH;
        page_bench_run(b, 1000);
        said(b, one, "ring v/low/r/1 1", 0);
        said(b, other, "ring v/low/r/1 1", 1);
        page_bench_crash(b); /* what was said is known still */
        /* A remark rings nobody; a rise does, and a step, each where it was not heard. */
        item = page_bench_alert(b, "low", 2, "active_unacked", LEVEL_YELLOW, false);
        item->group = "g";
        item->from_level = LEVEL_YELLOW;
        item->reach = BOTH;
        item = page_bench_alert(b, "low", 3, "active_unacked", LEVEL_ORANGE, false);
        item->group = "g";
        item->from_level = LEVEL_YELLOW;
        item->reach = BOTH;
        item = page_bench_alert(b, "low", 4, "active_unacked", LEVEL_ORANGE, false);
        item->group = "g";
        item->from_level = LEVEL_ORANGE;
        item->escalation = 1;
        item->reach = OTHER;
        page_bench_run(b, 1000);
        said(b, other, "ring v/low/r/1 2", 0);
        said(b, other, "ring v/low/r/1 3", 1);
        said(b, other, "ring v/low/r/1 4", 1);
        assert_int_equal(page_bench_said_like(b, one, "ring v/low/"), 0);
        assert_int_equal(page_bench_said_like(b, other, "ring v/red/"), 0);
        /* What is of another zone, or below yellow, is nobody's. */
        page_bench_alert(b, "blue", 1, "active_unacked", LEVEL_BLUE, false)->group = "g";
        page_bench_alert(b, "acked", 1, "active_acked", LEVEL_RED, false)->group = "h";
        page_bench_run(b, 1000);
        assert_int_equal(page_bench_said_like(b, other, "ring v/blue/"), 0);
        assert_int_equal(page_bench_said_like(b, other, "ring v/acked/"), 0);
        page_bench_free(b);
    }
}

/* All of it late: who hears of the red in the digest needs no more; the other gets the low one
 * there. */
static void what_was_kept_quiet_is_in_the_digest_too(void **state)
{
    (void)state;
    enum { ONE = 1, BOTH = 3 };
    struct page_bench *b = page_bench_new();
    uint32_t one = page_bench_target(b, PAGING_WECOM, false);
    uint32_t other = page_bench_target(b, PAGING_WECOM, false);
    page_bench_open(b);
    struct bench_item *item = page_bench_alert(b, "red", 1, "active_unacked", LEVEL_RED, true);
    item->group = "g";
    item->reach = ONE;
    item = page_bench_alert(b, "low", 1, "active_unacked", LEVEL_YELLOW, false);
    item->group = "g";
    item->reach = BOTH;
    b->now_ms += 3600000;
    page_bench_run(b, 1000);
    said(b, one, "in digest ring v/red/r/1 1", 1);
    said(b, one, "in digest ring v/low/r/1 1", 0);
    said(b, other, "in digest ring v/low/r/1 1", 1);
    page_bench_free(b);
}

/* What a target was not told of is met again after a restart, and counted once it is behind. */
static void what_was_lost_is_counted_once(void **state)
{
    (void)state;
    struct page_bench *b = page_bench_new();
    uint32_t t = page_bench_target(b, PAGING_WEBHOOK, false);
    page_bench_open(b);
    page_bench_answers(b, t, 503);
    page_bench_alert(b, "hall", 1, "active_unacked", LEVEL_RED, true)->lost = 5;
    page_bench_run(b, 70000); /* all is read, and late */
    assert_int_equal(pager_figures(b->pager, t)->lost_met, 5);
    assert_int_equal(pager_figures(b->pager, t)->lost, 0);
    page_bench_crash(b);
    page_bench_run(b, 1000);
    assert_int_equal(pager_figures(b->pager, t)->lost_met, 5);
    assert_int_equal(pager_figures(b->pager, t)->lost, 0);
    page_bench_answers(b, t, 200);
    page_bench_run(b, 11000);
    assert_int_equal(pager_figures(b->pager, t)->lost, 5);
    /* Nor once more when it concerns nobody. */
    page_bench_alert(b, "calm", 1, "active_unacked", LEVEL_BLUE, false)->lost = 2;
    page_bench_run(b, 11000);
    assert_int_equal(pager_figures(b->pager, t)->lost, 7);
    page_bench_crash(b);
    page_bench_run(b, 11000);
    assert_int_equal(pager_figures(b->pager, t)->lost_met, 0);
    assert_int_equal(pager_figures(b->pager, t)->lost, 0);
    page_bench_free(b);
}

/* ---- at random ---------------------------------------------------------------------------------
 */

enum { ZONES = 12, STEPS = 600, KINDS = 4 };

struct life { /* of one zone's alert */
    int64_t n;
    bool open, paged;
};

/* A transition of a random alert. An alert that is over never comes back under its id. */
static void happen(struct page_bench *b, struct life lives[ZONES])
{
    char zone[32];
    uint32_t z = page_bench_random(b, ZONES);
    struct life *life = &lives[z];
    (void)snprintf(zone, sizeof zone, "z%u", z);
    if (life->n && !life->open)
        return;
    bool over = life->n > 2 && page_bench_random(b, 6) == 0;
    bool page = !over && page_bench_random(b, 2);
    page_bench_alert(b, zone, ++life->n, over ? "resolved" : "active_unacked",
                     over ? LEVEL_NONE : LEVEL_YELLOW + (int)page_bench_random(b, 3), page);
    life->open = !over;
    life->paged = life->paged || page;
}

/* Each page of the list was told, in the order of each alert; only what was in flight at a crash
   was told twice, and at once. */
static void check_order(const struct page_bench *b, uint32_t target, uint32_t crashes)
{
    uint32_t repeats = 0;
    int64_t last_n[ZONES] = {0};
    for (uint32_t i = 0; i < b->said_count; i++) {
        char act[16], id[64];
        unsigned zone;
        long long n;
        if (b->said[i].target != target || strncmp(b->said[i].what, "hold", 4) == 0 ||
            sscanf(b->said[i].what, "%15s %63s %lld", act, id, &n) != 3 ||
            sscanf(id, "v/z%u/", &zone) != 1)
            continue;
        if (n < last_n[zone])
            fail_msg("target %u: %s after %lld", target, b->said[i].what, (long long)last_n[zone]);
        repeats += n == last_n[zone];
        last_n[zone] = n;
    }
    if (repeats > crashes)
        fail_msg("target %u: %u repeats, %u crashes", target, repeats, crashes);
}

static void check_all_rang(const struct page_bench *b, uint32_t target)
{
    for (uint32_t i = 0; i < b->item_count; i++) {
        char what[128];
        const struct bench_item *item = &b->item[i];
        if (!item->page)
            continue;
        (void)snprintf(what, sizeof what, "ring %s %lld", item->id, (long long)item->n);
        if (page_bench_said(b, target, what) == 0)
            fail_msg("target %u was never told \"%s\"", target, what);
    }
}

/* The last word on each alert that was ever paged: as it is now, or its end. */
static void check_present(const struct page_bench *b, uint32_t target, const struct life *lives,
                          bool updates)
{
    for (uint32_t z = 0; z < ZONES; z++) {
        char ring[64], digest[80], last[64];
        (void)snprintf(ring, sizeof ring, "ring v/z%u/", z);
        (void)snprintf(digest, sizeof digest, "in digest ring v/z%u/", z);
        bool told = page_bench_said_like(b, target, ring) + page_bench_said_like(b, target, digest);
        if (lives[z].open && lives[z].paged && !told &&
            b->target[target].target.kind != PAGING_ALERTMANAGER)
            fail_msg("target %u never heard of z%u, which is open", target, z);
        if (!told || lives[z].open || !updates)
            continue;
        (void)snprintf(last, sizeof last, "end v/z%u/r/1 %lld", z, (long long)lives[z].n);
        if (page_bench_said(b, target, last) == 0)
            fail_msg("target %u never heard of the end of z%u", target, z);
    }
}

static void run_at_random(uint64_t seed, bool outages)
{
    static const enum paging_kind kinds[KINDS] = {PAGING_WEBHOOK, PAGING_PAGERDUTY,
                                                  PAGING_ALERTMANAGER, PAGING_WECOM};
    struct life lives[ZONES] = {{0}};
    struct page_bench *b = page_bench_new();
    uint32_t crashes = 0;
    b->random = seed * 2 + 1;
    b->late_ms = outages ? 60000 : INT64_C(1) << 50;
    for (uint32_t i = 0; i < KINDS; i++)
        page_bench_target(b, kinds[i], false);
    page_bench_open(b);
    for (int step = 0; step < STEPS; step++) {
        if (page_bench_random(b, 3) == 0)
            happen(b, lives);
        for (uint32_t i = 0; i < KINDS; i++) {
            static const int failures[] = {0, 500, 429, 408, 503};
            if (page_bench_random(b, 20) == 0) {
                b->target[i].status = failures[page_bench_random(b, 5)];
                b->target[i].fails_percent = outages && page_bench_random(b, 3) == 0 ? 100 : 30;
            }
        }
        for (uint32_t turns = page_bench_random(b, 6); turns > 0; turns--)
            (void)page_bench_turn(b);
        if (page_bench_random(b, 25) == 0) {
            page_bench_crash(b);
            crashes++;
        }
        b->now_ms += page_bench_random(b, outages ? 4000 : 1000);
    }
    for (uint32_t i = 0; i < KINDS; i++)
        page_bench_answers(b, i, 200);
    page_bench_run(b, 30000);
    for (uint32_t i = 0; i < KINDS; i++) {
        if (!outages) {
            check_order(b, i, crashes);
            check_all_rang(b, i);
        }
        check_present(b, i, lives, page_kind_updates(kinds[i]));
        assert_int_equal(pager_figures(b->pager, i)->waiting_ms, 0);
    }
    page_bench_free(b);
}

static void nothing_is_lost_whatever_fails_and_crashes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 25; seed++)
        run_at_random(seed, false);
}

static void after_outages_everybody_knows_what_is_so(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 25; seed++)
        run_at_random(seed, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_hears_what_it_takes),
        cmocka_unit_test(an_exercise_never_reaches_what_takes_actual),
        cmocka_unit_test(a_dead_target_delays_no_other_and_the_others_learn_of_it_once),
        cmocka_unit_test(nobody_waits_where_there_is_news),
        cmocka_unit_test(retry_after_is_honoured_and_pauses_grow),
        cmocka_unit_test(what_is_refused_for_good_is_set_aside_and_told_to_the_others),
        cmocka_unit_test(wrong_credentials_lose_nothing_and_alarm_at_once),
        cmocka_unit_test(two_targets_in_trouble_do_not_tell_each_other_for_ever),
        cmocka_unit_test(what_is_late_comes_in_one_digest),
        cmocka_unit_test(history_before_the_first_use_is_not_told),
        cmocka_unit_test(what_is_told_before_the_first_use_makes_no_history),
        cmocka_unit_test(a_digest_waits_for_what_is_on_its_way),
        cmocka_unit_test(who_was_not_told_hears_what_was_kept_quiet),
        cmocka_unit_test(what_was_kept_quiet_is_in_the_digest_too),
        cmocka_unit_test(what_was_lost_is_counted_once),
        cmocka_unit_test(an_alertmanager_is_told_again_as_long_as_it_is_so),
        cmocka_unit_test(the_pagers_own_alert_survives_and_ends),
        cmocka_unit_test(a_damaged_state_is_told_and_paging_goes_on),
        cmocka_unit_test(another_log_voids_all_but_the_pager_s_own),
        cmocka_unit_test(nothing_is_lost_whatever_fails_and_crashes),
        cmocka_unit_test(after_outages_everybody_knows_what_is_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
