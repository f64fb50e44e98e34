#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/serve/metrics.h"
#include "processors/serve/ready.h"
#include "schemas/log/log.h"

static const int64_t now_ms = INT64_C(1795000000000);

struct place {
    char dir[4096];
    struct log_writer *alerts, *bulk;
    struct watch_state *state;
    struct watch_figures figures;
    char *page;
};

static struct log_writer *log_new(const char *dir, const char *name)
{
    char path[4200];
    struct error err = {0};
    struct log_writer *writer = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    const struct log_writer_options options = {
        .dir = path, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_MANUAL};
    assert_true(log_writer_open(&options, &writer, NULL, &err));
    return writer;
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    support_temp_dir(p->dir, sizeof p->dir);
    p->alerts = log_new(p->dir, "alerts");
    p->bulk = log_new(p->dir, "bulk");
    p->state = watch_state_new(p->dir);
    p->page = malloc(METRICS_BYTES_MAX + 1);
    assert_true(p->state && p->page);
    p->figures.present = true;
    p->figures.at_ms = now_ms;
    for (int i = 0; i < PROGRAM_COUNT; i++)
        p->figures.program[i] = (struct counters_program){
            .pid = 100 + i, .running = true, .alive_wall_ns = (now_ms - 400) * 1000000};
    p->figures.value[COUNTER_INGEST_CONNECTED] = 1;
    p->figures.value[COUNTER_KAFKA_UP] = p->figures.value[COUNTER_SERIES_UP] = 1;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    watch_state_free(p->state);
    log_writer_close(p->alerts);
    log_writer_close(p->bulk);
    support_remove_tree(p->dir);
    free(p->page);
    free(p);
    return 0;
}

static void say(struct log_writer *to, uint16_t type, const void *result)
{
    uint8_t body[2048];
    struct error err = {0};
    const struct result_origin origin = {1, 1, 0};
    const struct log_record record = {.type = type,
                                      .log_ns = now_ms * 1000000,
                                      .body = body,
                                      .body_len =
                                          result_encode(type, &origin, result, body, sizeof body)};
    assert_true(log_writer_append(to, &record, NULL, &err));
}

static void path(struct place *p, const char *word, int64_t valid_until_ms, int64_t probe_ms)
{
    struct result_heartbeat h;
    struct error err = {0};
    result_clear(RECORD_HEARTBEAT, &h);
    h.instance = STR_LIT("expo");
    h.at = now_ms;
    h.valid_until = valid_until_ms;
    h.path = str_of(word);
    h.probe_ms = probe_ms;
    say(p->alerts, RECORD_HEARTBEAT, &h);
    assert_true(watch_state_follow(p->state, &err));
}

static void beat(struct place *p, int64_t at_ms)
{
    struct result_heartbeat h;
    struct error err = {0};
    result_clear(RECORD_HEARTBEAT, &h);
    h.instance = STR_LIT("expo");
    h.at = at_ms;
    say(p->alerts, RECORD_HEARTBEAT, &h);
    assert_true(watch_state_follow(p->state, &err));
}

static void zone(struct place *p, const char *id, const char *status, int level, bool known)
{
    struct result_zone z;
    result_clear(RECORD_ZONE, &z);
    z.venue = STR_LIT("expo");
    z.zone = str_of(id);
    z.kind = STR_LIT("hall");
    z.status = str_of(status);
    z.at = now_ms;
    z.level = (int8_t)level;
    z.known = known;
    say(p->bulk, RECORD_ZONE, &z);
}

static const char *page(struct place *p, enum metrics_format format)
{
    struct text out = text_over(p->page, METRICS_BYTES_MAX);
    metrics_write(
        &(struct metrics_view){.figures = &p->figures, .state = p->state, .now_ms = now_ms}, format,
        &out);
    assert_false(out.overflow);
    p->page[out.len] = '\0';
    return p->page;
}

static void has_line(const char *text, const char *line)
{
    size_t len = strlen(line);
    for (const char *at = text; (at = strstr(at, line)); at++) {
        if ((at == text || at[-1] == '\n') && at[len] == '\n')
            return;
    }
    fail_msg("no line \"%s\" in\n%s", line, text);
}

static void counters_have_unit_and_help_from_the_table(void **state)
{
    struct place *p = *state;
    p->figures.value[COUNTER_INGEST_MESSAGES] = 12345;
    p->figures.value[COUNTER_INGEST_CLOCK_OFFSET_NS] = (uint64_t)INT64_C(-1500000000);
    p->figures.value[COUNTER_INGEST_BYTES] = 7;
    beat(p, now_ms - 1200);
    const char *open = page(p, METRICS_OPENMETRICS);
    has_line(open, "# TYPE crowdtide_ingest_messages counter");
    has_line(open, "# HELP crowdtide_ingest_messages MQTT messages appended to the readings log");
    has_line(open, "crowdtide_ingest_messages_total 12345");
    has_line(open, "# UNIT crowdtide_ingest_bytes bytes");
    has_line(open, "crowdtide_ingest_bytes_total 7");
    has_line(open, "crowdtide_ingest_clock_offset_seconds -1.5");
    has_line(open, "crowdtide_heartbeat_age_seconds 1.2");
    has_line(open, "crowdtide_results_valid 1");
    has_line(open, "crowdtide_program_silent_seconds{program=\"process\"} 0.4");
    assert_string_equal(open + strlen(open) - 6, "# EOF\n");
    const char *old = page(p, METRICS_PROMETHEUS);
    has_line(old, "# TYPE crowdtide_ingest_messages_total counter");
    has_line(old, "crowdtide_ingest_messages_total 12345");
    assert_null(strstr(old, "# UNIT"));
    assert_null(strstr(old, "# EOF"));
}

static void histograms_are_cumulative(void **state)
{
    struct place *p = *state;
    uint64_t *bucket = &p->figures.value[COUNTER_KAFKA_ALERTS_SINK_LE_0];
    bucket[0] = 3;
    bucket[2] = 4;
    bucket[HISTOGRAM_BOUNDS] = 1;
    bucket[HISTOGRAM_BOUNDS + 1] = 61500000;
    const char *text = page(p, METRICS_OPENMETRICS);
    has_line(text, "# TYPE crowdtide_publish_kafka_alerts_sink_seconds histogram");
    has_line(text, "crowdtide_publish_kafka_alerts_sink_seconds_bucket{le=\"0.005\"} 3");
    has_line(text, "crowdtide_publish_kafka_alerts_sink_seconds_bucket{le=\"0.01\"} 3");
    has_line(text, "crowdtide_publish_kafka_alerts_sink_seconds_bucket{le=\"0.025\"} 7");
    has_line(text, "crowdtide_publish_kafka_alerts_sink_seconds_bucket{le=\"60\"} 7");
    has_line(text, "crowdtide_publish_kafka_alerts_sink_seconds_bucket{le=\"+Inf\"} 8");
    has_line(text, "crowdtide_publish_kafka_alerts_sink_seconds_sum 61.5");
    has_line(text, "crowdtide_publish_kafka_alerts_sink_seconds_count 8");
}

static void silence_is_never_counted_as_calm(void **state)
{
    struct place *p = *state;
    zone(p, "hall-1", "Actual", LEVEL_RED, true);
    zone(p, "hall-2", "Actual", LEVEL_NONE, true);
    zone(p, "hall-3", "Actual", LEVEL_NONE, false); /* its sensors are silent */
    zone(p, "hall-4", "Exercise", LEVEL_RED, true); /* a drill's */
    beat(p, now_ms);
    const char *text = page(p, METRICS_PROMETHEUS);
    has_line(text, "crowdtide_zones{level=\"red\"} 1");
    has_line(text, "crowdtide_zones{level=\"none\"} 1");
    has_line(text, "crowdtide_zones{level=\"unknown\"} 1");
    beat(p, now_ms - 10001); /* the last word is too old */
    text = page(p, METRICS_PROMETHEUS);
    has_line(text, "crowdtide_results_valid 0");
    has_line(text, "crowdtide_zones{level=\"red\"} 0");
    has_line(text, "crowdtide_zones{level=\"none\"} 0");
    has_line(text, "crowdtide_zones{level=\"unknown\"} 3");
}

static void the_books_say_what_is_missing(void **state)
{
    struct place *p = *state;
    p->figures.value[COUNTER_INGEST_MESSAGES] = p->figures.value[COUNTER_PROCESS_RECEIVED] = 100;
    p->figures.value[COUNTER_PROCESS_DECODED] = 97;
    p->figures.value[COUNTER_PROCESS_QUARANTINED] = 1;
    const char *text = page(p, METRICS_PROMETHEUS);
    has_line(text, "crowdtide_books{account=\"messages\",part=\"total\"} 100");
    has_line(text, "crowdtide_books{account=\"messages\",part=\"quarantined\"} 1");
    has_line(text, "crowdtide_books_difference{account=\"messages\"} -2");
}

static void ready_says_why_not(void **state)
{
    static const struct {
        const char *what;
        enum counter counter;
        uint64_t value;
        int program; /* -1: none */
        int64_t silent_ms;
        bool dead, no_beat;
        const char *reason; /* NULL: ready */
    } cases[] = {
        {"all well", COUNTER_RUN_RESTARTS, 9, -1, 0, false, false, NULL},
        {"not subscribed", COUNTER_INGEST_CONNECTED, 0, -1, 0, false, false,
         "ingest: is not connected"},
        {"far behind", COUNTER_PROCESS_LAG_RECORDS, 1001, -1, 0, false, false,
         "process: 1001 records of the readings log behind"},
        {"at the limit", COUNTER_PROCESS_LAG_RECORDS, 1000, -1, 0, false, false, NULL},
        {"store down", COUNTER_SERIES_UP, 0, -1, 0, false, false,
         "publish-series: its store takes nothing now"},
        {"bulk piles up", COUNTER_KAFKA_BULK_LAG, 5000, -1, 0, false, false,
         "publish-kafka: 5000 records of the bulk log behind"},
        {"killed", COUNTER_RUN_RESTARTS, 0, PROGRAM_KAFKA, 0, true, false,
         "publish-kafka: is not running"},
        {"stopped", COUNTER_RUN_RESTARTS, 0, PROGRAM_INGEST, 5001, false, false,
         "ingest: says nothing any more"},
        {"no heartbeat", COUNTER_RUN_RESTARTS, 0, -1, 0, false, true,
         "process: the last heartbeat is 11 s old"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct place *p = *state;
        char out[READY_BYTES_MAX];
        struct text text = text_over(out, sizeof out - 1);
        struct watch_figures figures = p->figures;
        figures.value[cases[i].counter] = cases[i].value;
        if (cases[i].program >= 0) {
            figures.program[cases[i].program].running = !cases[i].dead;
            figures.program[cases[i].program].alive_wall_ns -= cases[i].silent_ms * 1000000;
        }
        beat(p, now_ms - (cases[i].no_beat ? 11000 : 0));
        bool ready = ready_write(&(struct ready_view){.figures = &figures,
                                                      .state = p->state,
                                                      .kafka = true,
                                                      .series = true,
                                                      .lag_records = 1000,
                                                      .now_ms = now_ms},
                                 &text);
        out[text.len] = '\0';
        if (ready != !cases[i].reason || (cases[i].reason && !strstr(out, cases[i].reason)))
            fail_msg("%s: %s", cases[i].what, out);
    }
}

static void the_path_is_told(void **state)
{
    static const struct {
        const char *path;
        int64_t valid_ms; /* from now on */
        bool ready;
        const char *words;
    } cases[] = {
        {"whole", 9000, true, "\"reasons\":[],\"warnings\":[]"},
        {"silent", 200, true, "\"reasons\":[]"},
        {"silent", -2000, false,
         "ingest: for 12 s ingest is connected to the broker, but no probe"},
        {"refused", -2000, false,
         "ingest: for 12 s the broker refuses what ingest publishes to itself"},
        {"broker", -2000, false, "ingest: for 12 s ingest is not connected to the broker"},
        {"unproven", 10000, true, "\"warnings\":[\"ingest: no probe has ever come back"},
        {"unprobed", 10000, true, "\"warnings\":[]"},
        {"whole", 20001, false, "in the future: check the clocks"},
    };
    struct place *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[READY_BYTES_MAX];
        struct text text = text_over(out, sizeof out - 1);
        path(p, cases[i].path, now_ms + cases[i].valid_ms, 1500);
        bool ready = ready_write(
            &(struct ready_view){
                .figures = &p->figures, .state = p->state, .lag_records = 1, .now_ms = now_ms},
            &text);
        out[text.len] = '\0';
        if (ready != cases[i].ready || !strstr(out, cases[i].words))
            fail_msg("%s %lld: %s", cases[i].path, (long long)cases[i].valid_ms, out);
        const char *metrics = page(p, METRICS_PROMETHEUS);
        has_line(metrics,
                 cases[i].ready ? "crowdtide_results_valid 1" : "crowdtide_results_valid 0");
        has_line(metrics, "crowdtide_probe_age_seconds 1.5");
        char line[64];
        (void)snprintf(line, sizeof line, "crowdtide_path{state=\"%s\"} 1", cases[i].path);
        has_line(metrics, line);
    }
}

static void a_sink_that_is_not_wanted_is_not_missed(void **state)
{
    struct place *p = *state;
    char out[READY_BYTES_MAX];
    struct text text = text_over(out, sizeof out);
    p->figures.program[PROGRAM_KAFKA] = (struct counters_program){0};
    p->figures.value[COUNTER_KAFKA_UP] = 0;
    beat(p, now_ms);
    assert_true(ready_write(&(struct ready_view){.figures = &p->figures,
                                                 .state = p->state,
                                                 .series = true,
                                                 .lag_records = 1,
                                                 .now_ms = now_ms},
                            &text));
}

static void holes_in_the_roster_are_a_warning(void **state)
{
    struct place *p = *state;
    const struct ready_view view = {.figures = &p->figures,
                                    .state = p->state,
                                    .page = true,
                                    .lag_records = 1,
                                    .now_ms = now_ms};
    beat(p, now_ms);
    for (uint64_t holes = 0; holes < 3; holes += 2) {
        char out[READY_BYTES_MAX];
        struct text text = text_over(out, sizeof out - 1);
        p->figures.value[COUNTER_PAGE_HOLES] = holes;
        assert_true(ready_write(&view, &text));
        out[text.len] = '\0';
        assert_int_equal(strstr(out, "\"page: the roster leaves holes") != NULL, holes > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(counters_have_unit_and_help_from_the_table),
        T(histograms_are_cumulative),
        T(silence_is_never_counted_as_calm),
        T(the_books_say_what_is_missing),
        T(ready_says_why_not),
        T(the_path_is_told),
        T(a_sink_that_is_not_wanted_is_not_missed),
        T(holes_in_the_roster_are_a_warning),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
