/* publish series against a scripted server: what each answer makes it do, and that the cursor only
 * follows what was stored. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "processors/publish/publish.h"
#include "processors/publish/series_target.h"
#include "schemas/base/clock.h"
#include "tests/support/http_server.h"
#include "tests/support/result_logs.h"
#include "tests/support/support.h"

enum { WAIT_S = 10, LOOK_MS = 5 };

struct bench {
    char dir[4096];
    struct result_logs logs;
    struct http_server *server;
    struct config config;
    volatile int stop;
    pthread_t thread;
    int code;
};

static void *publish(void *arg)
{
    struct bench *b = arg;
    b->code = publish_series_run(&(struct publish_options){.config = &b->config, .stop = &b->stop});
    return NULL;
}

static void setup(struct bench *b, const struct http_rule *rules, uint32_t count)
{
    memset(b, 0, sizeof *b);
    support_temp_dir(b->dir, sizeof b->dir);
    result_logs_open(&b->logs, b->dir, false);
    b->server = http_server_start(rules, count);
    b->config = (struct config){
        .state_dir = b->dir,
        .series_url = (char *)(uintptr_t)http_server_url(b->server),
        .series_api = (char *)(uintptr_t) "v1",
        .series_database = (char *)(uintptr_t) "crowdtide",
        .series_gzip = (char *)(uintptr_t) "off",
        .series_batch_points = 100,
        .series_batch_ms = 20,
        .series_timeout_s = 5,
    };
}

static void start(struct bench *b)
{
    b->stop = 0;
    assert_int_equal(pthread_create(&b->thread, NULL, publish, b), 0);
}

static void stop(struct bench *b)
{
    __atomic_store_n(&b->stop, 1, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(b->thread, NULL), 0);
    assert_int_equal(b->code, 0);
}

static void teardown(struct bench *b)
{
    http_server_stop(b->server);
    result_logs_close(&b->logs);
    support_remove_tree(b->dir);
}

static void pause_ms(uint32_t ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* Waits until so many distinct lines are stored. */
static void wait_stored(struct bench *b, uint32_t lines)
{
    int64_t until_ns = clock_boot_ns() + WAIT_S * 1000000000LL;
    while (http_server_stored(b->server) < lines) {
        if (clock_boot_ns() > until_ns)
            fail_msg("%u of %u lines stored, %u requests", http_server_stored(b->server), lines,
                     http_server_count(b->server, -1));
        pause_ms(LOOK_MS);
    }
}

static uint64_t cursor_seq(struct bench *b, const char *name)
{
    char dir[4200];
    struct log_cursor *cursor = NULL;
    struct error err = {0};
    (void)snprintf(dir, sizeof dir, "%s/cursors", b->dir);
    assert_true(log_cursor_open(dir, name, false, &cursor, &err));
    uint64_t seq = log_cursor_load(cursor).seq;
    log_cursor_close(cursor);
    return seq;
}

static size_t rejected_text(struct bench *b, const char *log, char *out, size_t cap)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/rejected/series-%s.jsonl", b->dir, log);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(out, 1, cap - 1, file) : 0;
    out[n] = '\0';
    if (file)
        (void)fclose(file);
    return n;
}

static void everything_arrives_and_the_cursor_follows(void **state)
{
    (void)state;
    struct bench b;
    setup(&b, NULL, 0);
    start(&b);
    for (int i = 0; i < 250; i++)
        result_logs_step(&b.logs, &(struct result_step){.readings = 2, .alerts = i % 10 == 0});
    wait_stored(&b, 525);
    stop(&b);
    assert_int_equal(cursor_seq(&b, "bulk.series"), log_writer_last_seq(b.logs.bulk));
    assert_int_equal(cursor_seq(&b, "alerts.series"), log_writer_last_seq(b.logs.alerts));
    assert_true(http_server_connections(b.server) <= 2); /* kept alive */
    assert_string_equal(http_server_path(b.server, 0), "/write?db=crowdtide");
    assert_null(strcasestr(http_server_headers(b.server, 0), "Expect"));
    /* Once more from the cursor: nothing new. */
    uint32_t before = http_server_count(b.server, -1);
    start(&b);
    pause_ms(100);
    stop(&b);
    assert_int_equal(http_server_count(b.server, -1), before);
    teardown(&b);
}

/* Each answer is given a few times; afterwards the store is well again and everything must be
 * there. */
static const struct {
    const char *name;
    struct http_rule rule;
} passing[] = {
    {"no answer", {.times = 2, .status = 0}},
    {"500", {.times = 2, .status = 500, .body = "timeout"}},
    {"503", {.times = 2, .status = 503}},
    {"429", {.times = 2, .status = 429}},
    {"401", {.times = 2, .status = 401, .body = "unauthorized"}},
    {"403", {.times = 2, .status = 403}},
    {"404 of v2", {.times = 2, .status = 404, .body = "bucket not found"}},
    {"a refusal of everything that says nothing of the data",
     {.times = 9, .status = 400, .body = "database is required"}},
    {"a redirection", {.times = 1, .status = 301}},
    {"too large", {.longer = 3000, .status = 413}},
};

static void passing_trouble_loses_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        struct bench b;
        char text[4096];
        setup(&b, &passing[i].rule, 1);
        for (int n = 0; n < 60; n++)
            result_logs_step(&b.logs, &(struct result_step){.readings = 2});
        start(&b);
        wait_stored(&b, 120);
        stop(&b);
        if (rejected_text(&b, "bulk", text, sizeof text))
            fail_msg("%s: rejected %s", passing[i].name, text);
        assert_true(http_server_count(b.server, 0) > 0);
        assert_int_equal(cursor_seq(&b, "bulk.series"), log_writer_last_seq(b.logs.bulk));
        teardown(&b);
    }
}

static void the_cursor_waits_while_the_store_refuses_everything(void **state)
{
    (void)state;
    static const struct http_rule rules[] = {{.status = 401, .body = "unauthorized"}};
    struct bench b;
    setup(&b, rules, 1);
    result_logs_step(&b.logs, &(struct result_step){.readings = 5, .alerts = 1});
    start(&b);
    pause_ms(300);
    stop(&b);
    assert_int_equal(cursor_seq(&b, "bulk.series"), 0);
    assert_int_equal(cursor_seq(&b, "alerts.series"), 0);
    assert_in_range(http_server_count(b.server, -1), 2, 12); /* paused between attempts */
    http_server_relent(b.server);
    start(&b);
    wait_stored(&b, 6);
    stop(&b);
    teardown(&b);
}

static void one_bad_line_is_found_and_the_rest_is_stored(void **state)
{
    (void)state;
    static const struct http_rule rules[] = {
        {.contains = "poison",
         .status = 400,
         .body = "{\"error\":\"partial write: unable to parse 'x' dropped=1\"}"}};
    struct bench b;
    char text[8192];
    setup(&b, rules, 1);
    for (int n = 0; n < 100; n++)
        result_logs_step(&b.logs, &(struct result_step){
                                      .readings = 1, .lane = n == 37 || n == 38 ? "poison" : NULL});
    start(&b);
    wait_stored(&b, 98);
    stop(&b);
    assert_int_equal(http_server_stored(b.server), 98);
    assert_false(http_server_has(b.server, "poison"));
    assert_true(rejected_text(&b, "bulk", text, sizeof text) > 0);
    assert_non_null(strstr(text, "dropped=1"));
    assert_non_null(strstr(text, "\"input_seq\":38,"));
    assert_non_null(strstr(text, "\"input_seq\":39,"));
    assert_int_equal(cursor_seq(&b, "bulk.series"), log_writer_last_seq(b.logs.bulk));
    assert_in_range(http_server_count(b.server, -1), 8, 40); /* halving, not one by one */
    teardown(&b);
}

static void a_missing_database_is_created(void **state)
{
    (void)state;
    static const struct http_rule rules[] = {
        {.times = 1,
         .path = "/write",
         .status = 404,
         .body = "{\"error\":\"database not found: \\\"crowdtide\\\"\"}"},
        {.path = "/query?q=CREATE%20DATABASE%20%22crowdtide%22", .status = 200, .body = "{}"},
    };
    struct bench b;
    setup(&b, rules, 2);
    result_logs_step(&b.logs, &(struct result_step){.readings = 5});
    start(&b);
    wait_stored(&b, 5);
    stop(&b);
    assert_int_equal(http_server_count(b.server, 1), 1);
    teardown(&b);
}

/* A store that was down, then came without the database, then could not make it at once. */
static void a_missing_database_is_created_after_other_trouble(void **state)
{
    (void)state;
    static const struct http_rule rules[] = {
        {.times = 2, .status = 503},
        {.times = 3,
         .path = "/write",
         .status = 404,
         .body = "{\"error\":\"database not found: \\\"crowdtide\\\"\"}"},
        {.times = 1, .path = "/query?q=CREATE", .status = 503},
        {.path = "/query?q=CREATE", .status = 200, .body = "{}"},
    };
    struct bench b;
    setup(&b, rules, 4);
    result_logs_step(&b.logs, &(struct result_step){.readings = 5});
    start(&b);
    wait_stored(&b, 5);
    stop(&b);
    assert_int_equal(http_server_count(b.server, 2), 1);
    assert_int_equal(http_server_count(b.server, 3), 1);
    teardown(&b);
}

static void retry_after_is_honoured(void **state)
{
    (void)state;
    static const struct http_rule rules[] = {
        {.times = 1, .status = 429, .header = "Retry-After: 1\r\n"}};
    struct bench b;
    setup(&b, rules, 1);
    result_logs_step(&b.logs, &(struct result_step){.readings = 5});
    int64_t began_ns = clock_boot_ns();
    start(&b);
    wait_stored(&b, 5);
    stop(&b);
    assert_true(clock_boot_ns() - began_ns > 1000000000);
    assert_int_equal(http_server_count(b.server, -1), 2);
    teardown(&b);
}

static void alerts_do_not_wait_for_bulk(void **state)
{
    (void)state;
    static const struct http_rule rules[] = {{.contains = "reading,", .status = 204, .delay_ms = 0},
                                             {.status = 204}};
    struct http_rule slow[2] = {rules[0], rules[1]};
    slow[0].status = 503;
    struct bench b;
    setup(&b, slow, 2);
    result_logs_step(&b.logs, &(struct result_step){.readings = 50});
    start(&b);
    pause_ms(300); /* bulk is in its pauses */
    int64_t began_ns = clock_boot_ns();
    result_logs_step(&b.logs, &(struct result_step){.alerts = 1});
    wait_stored(&b, 1);
    assert_true(clock_boot_ns() - began_ns < 1000000000);
    assert_true(http_server_has(b.server, "alert,"));
    stop(&b);
    teardown(&b);
}

static void only_results_of_durable_inputs_are_sent(void **state)
{
    (void)state;
    struct bench b;
    setup(&b, NULL, 0);
    result_logs_close(&b.logs);
    result_logs_open(&b.logs, b.dir, true);
    result_logs_step(&b.logs, &(struct result_step){.readings = 3});
    result_logs_sync(&b.logs);
    result_logs_step(&b.logs, &(struct result_step){.readings = 3});
    start(&b);
    wait_stored(&b, 3);
    pause_ms(200);
    assert_int_equal(http_server_stored(b.server), 3);
    result_logs_sync(&b.logs);
    wait_stored(&b, 6);
    stop(&b);
    teardown(&b);
}

static void replayed_results_are_refused(void **state)
{
    (void)state;
    struct bench b;
    setup(&b, NULL, 0);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1, .flags = RECORD_FLAG_REPLAYED});
    start(&b);
    assert_int_equal(pthread_join(b.thread, NULL), 0);
    assert_int_equal(b.code, 1);
    assert_int_equal(http_server_count(b.server, -1), 0);
    teardown(&b);
}

/* A store that is away comes back by itself; one whose certificate is not trusted does not. */
static void distrust_is_somebodys_business(void **state)
{
    (void)state;
    const struct series_target target = {0};
    const struct http_response away = {.body = "", .problem = "refused"};
    const struct http_response distrusted = {
        .body = "", .problem = "certificate", .distrust = true};
    assert_int_equal(series_judge(&target, &away), SERIES_LATER);
    assert_int_equal(series_judge(&target, &distrusted), SERIES_BLOCKED);
}

static void v2_with_token_and_gzip(void **state)
{
    (void)state;
    struct bench b;
    setup(&b, NULL, 0);
    b.config.series_api = (char *)(uintptr_t) "v2";
    b.config.series_org = (char *)(uintptr_t) "expo & co";
    b.config.series_token = (char *)(uintptr_t) "s3cret";
    b.config.series_gzip = (char *)(uintptr_t) "on";
    result_logs_step(&b.logs, &(struct result_step){.readings = 50});
    start(&b);
    wait_stored(&b, 50);
    stop(&b);
    assert_string_equal(http_server_path(b.server, 0),
                        "/api/v2/write?org=expo%20%26%20co&bucket=crowdtide");
    assert_non_null(strstr(http_server_headers(b.server, 0), "Authorization: Token s3cret\r\n"));
    assert_non_null(strstr(http_server_headers(b.server, 0), "Content-Encoding: gzip\r\n"));
    teardown(&b);
}

static void settings_that_do_not_fit_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *url, *api, *gzip;
    } bad[] = {{"http://h", "v3", "auto"}, {"http://h", "v1", "maybe"}, {"ftp://h", "v1", "off"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct config config = {.series_url = (char *)(uintptr_t)bad[i].url,
                                .series_api = (char *)(uintptr_t)bad[i].api,
                                .series_gzip = (char *)(uintptr_t)bad[i].gzip,
                                .series_database = (char *)(uintptr_t) "d"};
        static struct series_target target;
        struct error err = {0};
        assert_false(series_target_init(&config, &target, &err));
        assert_int_equal(err.code, ERROR_CONFIG);
        assert_non_null(strstr(err.where, "series."));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_arrives_and_the_cursor_follows),
        cmocka_unit_test(passing_trouble_loses_nothing),
        cmocka_unit_test(the_cursor_waits_while_the_store_refuses_everything),
        cmocka_unit_test(one_bad_line_is_found_and_the_rest_is_stored),
        cmocka_unit_test(a_missing_database_is_created),
        cmocka_unit_test(a_missing_database_is_created_after_other_trouble),
        cmocka_unit_test(retry_after_is_honoured),
        cmocka_unit_test(alerts_do_not_wait_for_bulk),
        cmocka_unit_test(only_results_of_durable_inputs_are_sent),
        cmocka_unit_test(replayed_results_are_refused),
        cmocka_unit_test(v2_with_token_and_gzip),
        cmocka_unit_test(distrust_is_somebodys_business),
        cmocka_unit_test(settings_that_do_not_fit_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
