/* page_blind: heartbeats in a real log, a pager in a made-up world: who is told that the venue is
 * blind, and when. */
#include "processors/page/page_blind.h"

#include <stdio.h>
#include <stdlib.h>

#include "schemas/log/log.h"
#include "tests/support/page_bench.h"
#include "tests/support/support.h"

enum { BLIND_S = 60 };

struct scene {
    struct page_bench *bench;
    struct page_blind *watch;
    struct log_writer *alerts;
    int64_t start_ms;
    uint32_t target;
};

static int64_t boot_ms(const struct scene *s)
{
    return s->bench->now_ms - s->start_ms;
}

static void watch_open(struct scene *s)
{
    struct error err = {0};
    assert_true(page_blind_new(&(struct page_blind_options){.state_dir = s->bench->dir,
                                                            .pager = s->bench->pager,
                                                            .blind_s = BLIND_S,
                                                            .wall_ms = s->bench->now_ms,
                                                            .boot_ms = boot_ms(s)},
                               &s->watch, &err));
}

static void beat(struct scene *s, const char *path, int64_t valid_until_ms)
{
    struct result_heartbeat h;
    struct error err = {0};
    uint8_t body[1024];
    const struct result_origin origin = {1, 1, 0};
    result_clear(RECORD_HEARTBEAT, &h);
    h.instance = STR_LIT("v");
    h.at = s->bench->now_ms;
    h.valid_until = valid_until_ms;
    h.path = str_of(path);
    const struct log_record record = {
        .type = RECORD_HEARTBEAT,
        .log_ns = s->bench->now_ms * 1000000,
        .body = body,
        .body_len = result_encode(RECORD_HEARTBEAT, &origin, &h, body, sizeof body)};
    assert_true(log_writer_append(s->alerts, &record, NULL, &err));
}

enum beats { NONE, WHOLE, SILENT };

/* So many seconds, each with such a heartbeat. */
static void pass(struct scene *s, int64_t seconds, enum beats beats)
{
    struct error err = {0};
    int64_t broken_ms = s->bench->now_ms;
    for (int64_t i = 0; i < seconds; i++) {
        if (beats == WHOLE)
            beat(s, "whole", s->bench->now_ms + RESULT_VALID_MS);
        else if (beats == SILENT)
            beat(s, "silent", broken_ms + RESULT_VALID_MS);
        assert_true(page_blind_turn(s->watch, s->bench->now_ms, boot_ms(s), &err));
        page_bench_run(s->bench, 950); /* and a step of its own */
    }
}

static void open_log(struct scene *s)
{
    char dir[4200];
    struct error err = {0};
    (void)snprintf(dir, sizeof dir, "%s/alerts", s->bench->dir);
    assert_true(log_writer_open(&(struct log_writer_options){.dir = dir,
                                                             .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                                             .sync = LOG_SYNC_MANUAL},
                                &s->alerts, NULL, &err));
}

static struct scene *scene_new(bool log)
{
    static struct scene s;
    s = (struct scene){.bench = page_bench_new()};
    s.start_ms = s.bench->now_ms;
    if (log)
        open_log(&s);
    s.target = page_bench_target(s.bench, PAGING_WECOM, false);
    page_bench_open(s.bench);
    watch_open(&s);
    return &s;
}

static void scene_free(struct scene *s)
{
    page_blind_free(s->watch);
    log_writer_close(s->alerts);
    page_bench_free(s->bench);
}

static void told(const struct scene *s, uint32_t begun, uint32_t ended)
{
    assert_int_equal(page_bench_said_like(s->bench, s->target, "ring v/v/venue-blind/"), begun);
    assert_int_equal(page_bench_said_like(s->bench, s->target, "end v/v/venue-blind/"), ended);
}

static void silence_is_paged_once_and_ends(void **state)
{
    (void)state;
    struct scene *s = scene_new(true);
    pass(s, 100, WHOLE);
    told(s, 0, 0);
    pass(s, 58, NONE);
    told(s, 0, 0);
    pass(s, 200, NONE);
    told(s, 1, 0);
    pass(s, 9, WHOLE);
    told(s, 1, 0);
    pass(s, 4, WHOLE);
    told(s, 1, 1);
    pass(s, 70, SILENT);
    told(s, 2, 1);
    pass(s, 20, WHOLE);
    told(s, 2, 2);
    scene_free(s);
}

/* Killed while the venue is blind: it is not told again, and its end is. */
static void a_restart_forgets_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new(true);
    pass(s, 30, WHOLE);
    pass(s, 70, NONE);
    told(s, 1, 0);
    page_blind_free(s->watch);
    page_bench_crash(s->bench);
    watch_open(s);
    pass(s, 100, NONE);
    told(s, 1, 0);
    page_blind_free(s->watch);
    page_bench_crash(s->bench);
    watch_open(s);
    pass(s, 15, WHOLE);
    told(s, 1, 1);
    scene_free(s);
}

/* What a copy's page says is not so in the copy: until its writer has opened it the watch has no
   log, and says why; then it follows it. */
static void a_restored_copy_is_followed_once_it_is_opened(void **state)
{
    (void)state;
    struct scene *s = scene_new(true);
    struct error err = {0};
    pass(s, 30, WHOLE);
    log_writer_close(s->alerts);
    char command[3 * 4200];
    (void)snprintf(command, sizeof command,
                   "cd '%s' && cp -r alerts copy && rm -r alerts && mv copy alerts", s->bench->dir);
    assert_int_equal(system(command), 0);
    page_blind_free(s->watch);
    page_bench_crash(s->bench);
    watch_open(s);
    assert_false(page_blind_turn(s->watch, s->bench->now_ms, boot_ms(s), &err));
    assert_int_equal(err.code, ERROR_UNOPENED);
    open_log(s);
    pass(s, 200, WHOLE);
    told(s, 0, 0);
    scene_free(s);
}

static void where_nothing_ever_ran_the_venue_is_blind(void **state)
{
    (void)state;
    struct scene *s = scene_new(false);
    pass(s, 59, NONE);
    told(s, 0, 0);
    pass(s, 3, NONE);
    told(s, 1, 0);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_paged_once_and_ends),
        cmocka_unit_test(a_restart_forgets_nothing),
        cmocka_unit_test(a_restored_copy_is_followed_once_it_is_opened),
        cmocka_unit_test(where_nothing_ever_ran_the_venue_is_blind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
