/* Recorded logs run again: the same venue makes no difference, another makes exactly the one it
 * must; damaged, cut and foreign logs; results that are marked. */
#include "processors/replay/replay.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "processors/process/process.h"
#include "processors/publish/feed.h"
#include "tests/support/machine.h"
#include "tests/support/recording.h"

#define T0 INT64_C(1795424400000) /* 2026-11-23T09:00:00Z */
enum { S = 1000 };

/* Yellow after 10 s at 80 %, red after 10 s at 100 %; clears after 30 s. */
#define VENUE_OF(id, yellow, red, extra)                                                           \
    "venue: {id: " id "}\nbuiltin_rules: no\n"                                                     \
    "rules: [{id: full, metric: percent_capacity, kinds: [hall], levels: {yellow: {enter: " yellow \
    ", dwell_s: 10, action: Meter entry.}, red: {enter: " red                                      \
    ", dwell_s: 10, action: Stop entry.}}, min_samples: 1, clear_s: 30}]\n"                        \
    "zones: [{id: h1, kind: hall, capacity: 1000}, {id: h2, kind: hall, capacity: 1000}]\n"        \
    "sensors: [{id: a, class: crowd, counter: level, zone: h1, silence_s: 60}, {id: b, class: "    \
    "crowd, counter: level, zone: h2, silence_s: 60}" extra "]\n"
#define VENUE VENUE_OF("v", "80", "150", "")

/* h1: 600 from 0 s, 900 from 60 s, 500 from 120 s to 240 s. h2: 700 from 0 s, 1,600 from 180 s. */
static void record_day(struct recording *r)
{
    recording_model(r, VENUE);
    for (int64_t s = 0; s <= 240; s += 5) {
        const char *a = s < 60 ? "600" : s < 120 ? "900" : "500", *b = s < 180 ? "700" : "1600";
        char payload[64];
        (void)snprintf(payload, sizeof payload, "{\"occupancy\":%s}", a);
        recording_say(r, T0 + s * S, "crowd/a", payload);
        (void)snprintf(payload, sizeof payload, "{\"occupancy\":%s}", b);
        recording_say(r, T0 + s * S, "crowd/b", payload);
    }
    recording_until(r, T0 + 250 * S);
}

static const char *recorded(const char *name)
{
    struct recording r;
    const char *state = machine_at(name);
    recording_open(&r, state, T0);
    record_day(&r);
    recording_close(&r);
    return state;
}

static bool run(const char *state, const char *venue, struct replay_options more,
                struct replay_report *report, struct error *err)
{
    more.readings_dir = machine_path(state, "readings");
    more.venue = str_of(venue);
    more.venue_path = "other.yaml";
    if (more.from_ms == 0)
        more.from_ms = INT64_MIN;
    if (more.until_ms == 0)
        more.until_ms = INT64_MAX;
    if (more.against_results)
        more.alerts_dir = machine_path(state, "alerts");
    return replay_run(&more, report, err);
}

/* "later yellow h1 75 before 70" … seconds after T0. */
static void assert_rows(const struct replay_report *report, const char *expected)
{
    char said[2048];
    struct text t = text_over(said, sizeof said - 1);
    for (uint32_t i = 0; i < report->table.count; i++) {
        const struct difference_row *row = &report->table.row[i];
        text_add(&t, t.len ? "; " : "");
        text_add(&t, difference_text(row->kind));
        text_add_char(&t, ' ');
        text_add(&t, level_text(row->level));
        text_add_char(&t, ' ');
        text_add_str(&t, row->zone);
        if (row->span[DIFFERENCE_OTHER].begin_ms != RESULT_ABSENT) {
            text_add_char(&t, ' ');
            text_add_i64(&t, (row->span[DIFFERENCE_OTHER].begin_ms - T0) / S);
        }
        if (row->span[DIFFERENCE_BEFORE].begin_ms != RESULT_ABSENT) {
            text_add(&t, " before ");
            text_add_i64(&t, (row->span[DIFFERENCE_BEFORE].begin_ms - T0) / S);
        }
    }
    said[t.len] = '\0';
    assert_string_equal(said, expected);
}

/* ---- differences ----------------------------------------------------------------------------- */

#define SAME_DAY "same yellow h1 70 before 70; same red h2 190 before 190"

static void the_same_venue_makes_no_difference(void **state)
{
    struct replay_report report;
    struct error err = {0};
    (void)state;
    assert_true(run(recorded("a"), VENUE, (struct replay_options){0}, &report, &err));
    assert_rows(&report, SAME_DAY);
    assert_int_equal(report.messages, 98);
    assert_int_equal(report.records, 98 + 250 + 1);
    assert_int_equal(report.models, 1);
    assert_int_equal(report.first_ms, T0);
    assert_int_equal(report.last_ms, T0 + 250 * S);
    assert_int_equal(report.run[DIFFERENCE_BEFORE].alerts, report.run[DIFFERENCE_OTHER].alerts);
    assert_true(report.run[DIFFERENCE_OTHER].alerts >= 3);
    assert_int_equal(report.run[DIFFERENCE_OTHER].books.decoded, 98);
    assert_false(report.damaged || report.stopped);
    replay_free(&report);
}

static void other_rules_make_their_difference(void **state)
{
    static const struct {
        const char *venue, *rows;
    } cases[] = {
        /* 900 of 1,000 is no yellow any more, 1,600 is */
        {VENUE_OF("v", "140", "150", ""), "missed yellow h1 before 70; same red h2 190 before 190"},
        /* 600 and 700 are yellow already */
        {VENUE_OF("v", "50", "150", ""), "earlier yellow h1 10 before 70; earlier yellow h2 10 "
                                         "before 190; same red h2 190 before 190"},
        /* 900 is red, and yellow with it */
        {VENUE_OF("v", "80", "85", ""), "raised red h1 70; same yellow h1 70 before 70; same red "
                                        "h2 190 before 190"},
        /* 1,600 is not red */
        {VENUE_OF("v", "80", "300", ""),
         "same yellow h1 70 before 70; missed red h2 before 190; same yellow h2 190 before 190"},
    };
    (void)state;
    const char *dir = recorded("a");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_report report;
        struct error err = {0};
        assert_true(run(dir, cases[i].venue, (struct replay_options){0}, &report, &err));
        assert_rows(&report, cases[i].rows);
        replay_free(&report);
    }
}

/* A model that comes into force on the way is replaced, too: OTHER holds from the first reading to
 * the last. */
static void every_model_is_replaced(void **state)
{
    struct replay_report report;
    struct error err = {0};
    struct recording r;
    const char *dir = machine_at("a");
    (void)state;
    recording_open(&r, dir, T0);
    recording_model(&r, VENUE_OF("v", "80", "150", ""));
    recording_say_every(&r, 5 * S, T0 + 60 * S, "crowd/a", "{\"occupancy\":600}");
    recording_model(&r, VENUE_OF("v", "50", "150", ""));
    recording_say_every(&r, 5 * S, T0 + 120 * S, "crowd/a", "{\"occupancy\":600}");
    recording_close(&r);
    assert_true(run(dir, VENUE, (struct replay_options){0}, &report, &err));
    assert_int_equal(report.models, 2);
    assert_int_equal(report.table.count, 1);
    assert_int_equal(report.table.row[0].kind, DIFFERENCE_MISSED);
    replay_free(&report);
}

static void bounds_in_time(void **state)
{
    struct replay_report report;
    struct error err = {0};
    (void)state;
    const char *dir = recorded("a");
    assert_true(run(dir, VENUE, (struct replay_options){.until_ms = T0 + 100 * S}, &report, &err));
    assert_rows(&report, "same yellow h1 70 before 70");
    assert_int_equal(report.last_ms, T0 + 100 * S);
    replay_free(&report);
    assert_true(run(dir, VENUE, (struct replay_options){.from_ms = T0 + 185 * S}, &report, &err));
    assert_rows(&report, "same red h2 190 before 190");
    assert_int_equal(report.first_ms, T0); /* the state needs what was before */
    replay_free(&report);
}

static void a_stop_is_heard(void **state)
{
    struct replay_report report;
    struct error err = {0};
    int stop = 1;
    (void)state;
    assert_true(run(recorded("a"), VENUE, (struct replay_options){.stop = &stop}, &report, &err));
    assert_true(report.stopped && report.records == 0);
    replay_free(&report);
}

/* ---- what was said then ---------------------------------------------------------------------- */

static void process_all(const char *state_dir)
{
    struct machine_run run = {.state = state_dir, .core = process_core_real()};
    assert_int_equal(machine_end(machine_begin(&run)), 0);
}

static void against_what_was_said_then(void **state)
{
    struct replay_report report;
    struct error err = {0};
    const char *dir = recorded("a");
    (void)state;
    process_all(dir);
    assert_true(run(dir, VENUE, (struct replay_options){.against_results = true}, &report, &err));
    assert_rows(&report, SAME_DAY);
    assert_int_equal(report.run[DIFFERENCE_BEFORE].alerts, report.run[DIFFERENCE_OTHER].alerts);
    assert_int_equal(report.run[DIFFERENCE_BEFORE].books.received, 0); /* nothing was run for it */
    replay_free(&report);
    assert_true(run(dir, VENUE_OF("v", "140", "150", ""),
                    (struct replay_options){.against_results = true}, &report, &err));
    assert_rows(&report, "missed yellow h1 before 70; same red h2 190 before 190");
    replay_free(&report);
    /* results of another log are not this one's */
    const char *other = recorded("b");
    machine_shell("cp -r %s/alerts %s/", dir, other);
    assert_false(
        run(other, VENUE, (struct replay_options){.against_results = true}, &report, &err));
    assert_int_equal(err.code, ERROR_MISMATCH);
    /* and none at all can't be compared with */
    assert_false(
        run(recorded("c"), VENUE, (struct replay_options){.against_results = true}, &report, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
}

/* A core that does not hear what one sensor says of the red. */
static bool deaf_step(struct core *core, const struct log_view *record,
                      struct core_results *results, struct error *err)
{
    struct record_mqtt mqtt;
    struct error ignored;
    if (record->type == RECORD_MQTT &&
        record_mqtt_decode(record->body, record->body_len, &mqtt, &ignored) &&
        mqtt.topic.at[mqtt.topic.len - 1] == 'b')
        return true;
    return core_step(core, record, results, err);
}

/* Without another venue it is the program that is tried: against its own results, and against those
 * of one that did otherwise. */
static void this_program_is_tried(void **state)
{
    struct replay_report report;
    struct error err = {0};
    const char *dir = recorded("a"), *deaf = recorded("b");
    struct process_core core = *process_core_real();
    (void)state;
    process_all(dir);
    assert_true(run(dir, "", (struct replay_options){.against_results = true}, &report, &err));
    assert_rows(&report, SAME_DAY);
    replay_free(&report);
    core.step = deaf_step;
    struct machine_run other = {.state = deaf, .core = &core};
    assert_int_equal(machine_end(machine_begin(&other)), 0);
    assert_true(run(deaf, "", (struct replay_options){.against_results = true}, &report, &err));
    assert_true(report.table.count > report.table.total[DIFFERENCE_SAME]);
    assert_int_equal(report.table.total[DIFFERENCE_RAISED], 1);
    replay_free(&report);
}

/* What process left out because it crashed on it is left out here, too. */
static void inputs_left_out_are_left_out(void **state)
{
    struct replay_report report;
    struct error err = {0};
    struct recording r;
    struct log_writer *alerts = NULL;
    struct result_skipped skipped;
    const char *dir = machine_at("a");
    uint8_t body[256];
    (void)state;
    recording_open(&r, dir, T0);
    recording_model(&r, VENUE);
    recording_say(&r, T0 + 5 * S, "crowd/a",
                  "{\"occupancy\":900}"); /* sequence 7: five ticks before it */
    recording_until(&r, T0 + 30 * S);
    struct log_uuid uuid = *log_writer_uuid(r.writer);
    recording_close(&r);
    const struct log_writer_options options = {
        .dir = machine_path(dir, "alerts"), .sync = LOG_SYNC_MANUAL, .source = &uuid};
    assert_true(log_writer_open(&options, &alerts, NULL, &err));
    result_clear(RECORD_SKIPPED, &skipped);
    skipped.input_seq = 7;
    skipped.crashes = 3;
    const struct result_origin origin = {.input_seq = 7, .input_epoch = 1};
    const struct log_record record = {
        .type = RECORD_SKIPPED,
        .log_ns = 1,
        .wall_ns = 1,
        .body = body,
        .body_len = result_encode(RECORD_SKIPPED, &origin, &skipped, body, sizeof body)};
    assert_true(log_writer_append(alerts, &record, NULL, &err));
    log_writer_close(alerts);
    struct replay_options more = {.alerts_dir = machine_path(dir, "alerts")};
    assert_true(run(dir, VENUE, more, &report, &err));
    assert_int_equal(report.left_out, 1);
    assert_int_equal(report.table.count, 0);
    assert_int_equal(report.run[DIFFERENCE_OTHER].books.decoded, 0);
    assert_int_equal(report.run[DIFFERENCE_OTHER].books.quarantined, 1);
    replay_free(&report);
}

/* ---- logs that can't be run, or not to their end --------------------------------------------- */

static void refusals(void **state)
{
    struct replay_report report;
    struct error err = {0};
    struct recording r;
    const char *empty = machine_at("none"), *bare = machine_at("bare"), *dir = recorded("a");
    (void)state;
    assert_false(run(empty, VENUE, (struct replay_options){0}, &report, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    recording_open(&r, bare, T0);
    recording_until(&r, T0 + 5 * S);
    recording_close(&r);
    assert_false(run(bare, VENUE, (struct replay_options){0}, &report, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(err.where, "no venue model among its 5 records"));
    assert_false(
        run(dir, VENUE_OF("w", "80", "100", ""), (struct replay_options){0}, &report, &err));
    assert_int_equal(err.code, ERROR_MODEL);
    assert_string_equal(err.where, "other.yaml is of venue \"w\", the log of \"v\"");
    assert_false(run(dir, "venue: {id: v}\nzones: [{id: h, kind: castle}]\n",
                     (struct replay_options){0}, &report, &err));
    assert_int_equal(err.code, ERROR_MODEL);
    assert_false(run(dir, VENUE, (struct replay_options){.until_ms = T0 - 1}, &report, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void records_before_the_first_model_are_not_run(void **state)
{
    struct replay_report report;
    struct error err = {0};
    struct recording r;
    const char *dir = machine_at("a");
    (void)state;
    recording_open(&r, dir, T0 - 10 * S);
    recording_say(&r, T0 - 5 * S, "crowd/a", "{\"occupancy\":900}");
    recording_until(&r, T0);
    record_day(&r);
    recording_close(&r);
    assert_true(run(dir, VENUE, (struct replay_options){0}, &report, &err));
    assert_int_equal(report.unmodelled, 11);
    assert_int_equal(report.messages, 98);
    assert_rows(&report, SAME_DAY);
    replay_free(&report);
}

/* The name of the i-th segment of a log. */
static const char *segment(const char *state_dir, int at)
{
    struct dirent **entries;
    const char *found = NULL, *dir = machine_path(state_dir, "readings");
    int count = scandir(dir, &entries, NULL, alphasort), seen = 0;
    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, ".seg") && seen++ == at)
            found = machine_path(dir, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_non_null(found);
    return found;
}

/* More than one segment: the same day, told in long payloads. */
static const char *recorded_long(const char *name)
{
    struct recording r;
    const char *dir = machine_at(name);
    char payload[1024];
    (void)snprintf(payload, sizeof payload, "{\"occupancy\":900,\"note\":\"%0900d\"}", 0);
    recording_open(&r, dir, T0);
    recording_model(&r, VENUE);
    for (int64_t s = 0; s < 300; s++)
        recording_say(&r, T0 + s * S, "crowd/a", payload);
    recording_close(&r);
    return dir;
}

static void damage_is_told_with_its_place(void **state)
{
    struct replay_report report;
    struct error err = {0};
    const char *dir = recorded_long("a");
    (void)state;
    int fd = open(segment(dir, 2), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "XXXXXXXX", 8, 20000), 8);
    assert_int_equal(close(fd), 0);
    assert_true(run(dir, VENUE, (struct replay_options){0}, &report, &err));
    assert_true(report.damaged);
    assert_int_equal(report.damage.code, ERROR_CORRUPT);
    assert_non_null(strstr(report.damage.where, "offset "));
    assert_non_null(strstr(report.damage.where, "sequence "));
    assert_true(report.records > 100 && report.messages < 300);
    assert_int_equal(report.damage.position, report.records + 1);
    assert_rows(&report, "same yellow h1 10 before 10"); /* what came before it is compared */
    replay_free(&report);
}

static void a_missing_segment_is_damage_and_a_cut_tail_is_not(void **state)
{
    struct replay_report report;
    struct error err = {0};
    const char *dir = recorded_long("a"), *cut = recorded("b");
    struct stat st;
    (void)state;
    assert_int_equal(unlink(segment(dir, 1)), 0);
    assert_true(run(dir, VENUE, (struct replay_options){0}, &report, &err));
    assert_true(report.damaged);
    assert_true(report.records > 10 && report.messages < 300);
    replay_free(&report);
    /* torn in the last record: up to the last whole batch */
    assert_int_equal(stat(segment(cut, 0), &st), 0);
    assert_true(run(cut, VENUE, (struct replay_options){0}, &report, &err));
    uint64_t whole = report.records;
    assert_int_equal(report.torn_bytes, 0);
    replay_free(&report);
    int fd = open(segment(cut, 0), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    static uint8_t bytes[LOG_SEGMENT_BYTES_MIN];
    ssize_t got = pread(fd, bytes, sizeof bytes, 0), end = 0;
    for (ssize_t i = 0; i < got; i++)
        end = bytes[i] ? i : end;
    assert_int_equal(pwrite(fd, "U", 1, end), 1);
    assert_int_equal(close(fd), 0);
    assert_true(run(cut, VENUE, (struct replay_options){0}, &report, &err));
    assert_int_equal(report.records, whole - 1);
    assert_true(report.damaged); /* it was safe on disk: this is no torn end */
    replay_free(&report);
    machine_shell("rm %s/readings/control", cut); /* and without that knowledge it is one */
    assert_true(run(cut, VENUE, (struct replay_options){0}, &report, &err));
    assert_int_equal(report.records, whole - 1);
    assert_false(report.damaged);
    assert_true(report.torn_bytes > 0);
    replay_free(&report);
}

/* A live log: its writer is not disturbed, and what comes later does not count. */
static void a_live_log_is_only_read(void **state)
{
    struct replay_report report;
    struct error err = {0};
    struct recording r;
    const char *dir = machine_at("a");
    (void)state;
    recording_open(&r, dir, T0);
    record_day(&r);
    machine_shell("cd %s && find . -type f ! -name '*control*' | sort | xargs sha256sum >../before",
                  dir);
    assert_true(run(dir, VENUE, (struct replay_options){0}, &report, &err));
    assert_rows(&report, SAME_DAY);
    replay_free(&report);
    machine_shell("cd %s && find . -type f ! -name '*control*' | sort | xargs sha256sum >../after "
                  "&& cmp ../before ../after",
                  dir);
    recording_say(&r, T0 + 251 * S, "crowd/a", "{\"occupancy\":5}");
    assert_true(run(dir, VENUE, (struct replay_options){0}, &report, &err));
    assert_int_equal(report.messages, 99);
    replay_free(&report);
    recording_close(&r);
}

/* ---- results that are marked ----------------------------------------------------------------- */

static void results_are_written_and_marked(void **state)
{
    struct replay_report report;
    struct error err = {0};
    const char *dir = recorded("a"), *out = machine_at("out");
    uint64_t count = 0;
    (void)state;
    assert_true(run(dir, VENUE_OF("v", "140", "150", ""), (struct replay_options){.out_dir = out},
                    &report, &err));
    struct log_uuid uuid = report.log;
    uint64_t alerts = report.run[DIFFERENCE_OTHER].alerts;
    replay_free(&report);
    for (int i = 0; i < 2; i++) {
        struct log_reader *reader = NULL;
        struct log_view view;
        struct log_uuid source;
        enum log_read got;
        const struct log_reader_options options = {.dir = machine_path(out, i ? "bulk" : "alerts"),
                                                   .ignore_published = true};
        assert_true(log_reader_open(&options, &reader, &err));
        assert_true(log_reader_source(reader, &source) && log_uuid_equal(&source, &uuid));
        while ((got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD) {
            assert_int_equal(view.flags, RECORD_FLAG_REPLAYED);
            assert_true((view.type >= RECORD_ALERT) == (i == 0));
            assert_true(view.log_ns >= T0 * 1000000);
            alerts -= view.type == RECORD_ALERT;
            count++;
        }
        assert_int_equal(got, LOG_READ_CAUGHT_UP);
        log_reader_close(reader);
    }
    assert_int_equal(alerts, 0);
    assert_true(count > 500);
    /* never into what is there */
    assert_false(run(dir, VENUE, (struct replay_options){.out_dir = out}, &report, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_false(run(dir, VENUE, (struct replay_options){.out_dir = dir}, &report, &err));
    assert_int_equal(err.code, ERROR_INVALID);
}

/* Whoever points a publisher there is told at once, whether or not the readings were put beside
 * them. */
static void publishers_refuse_them(void **state)
{
    struct replay_report report;
    const char *dir = recorded("a"), *out = machine_at("out");
    (void)state;
    struct error err = {0};
    assert_true(run(dir, VENUE, (struct replay_options){.out_dir = out}, &report, &err));
    replay_free(&report);
    for (int i = 0; i < 4; i++) {
        struct feed *feed = NULL;
        const struct feed_options options = {
            .state_dir = out, .log = i % 2 ? "bulk" : "alerts", .sink = i < 2 ? "kafka" : "series"};
        err = (struct error){0};
        assert_false(feed_open(&options, &feed, &err));
        assert_int_equal(err.code, ERROR_INVALID);
        assert_non_null(strstr(err.where, "comes from a replay: replays are not published"));
    }
    machine_shell("cp -r %s/readings %s/", dir, out);
    struct feed *feed = NULL;
    err = (struct error){0};
    assert_false(feed_open(
        &(struct feed_options){.state_dir = out, .log = "alerts", .sink = "kafka"}, &feed, &err));
    assert_int_equal(err.code, ERROR_INVALID);
}

/* Readings that are marked make results that are: process runs them, and the mark goes on. */
static void marked_readings_make_marked_results(void **state)
{
    struct recording r;
    struct log_view view;
    struct error err = {0};
    const char *dir = machine_at("a");
    (void)state;
    recording_open(&r, dir, T0);
    r.flags = RECORD_FLAG_REPLAYED;
    record_day(&r);
    recording_close(&r);
    process_all(dir);
    uint64_t count = 0;
    for (int i = 0; i < 2; i++) {
        struct log_reader *reader = machine_log(dir, i ? "bulk" : "alerts");
        while (log_reader_next(reader, &view, &err) == LOG_READ_RECORD) {
            assert_true(view.flags & RECORD_FLAG_REPLAYED);
            count++;
        }
        log_reader_close(reader);
    }
    assert_true(count > 500);
    struct feed *feed = NULL;
    assert_false(feed_open(
        &(struct feed_options){.state_dir = dir, .log = "bulk", .sink = "series"}, &feed, &err));
    assert_int_equal(err.code, ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(the_same_venue_makes_no_difference),
        MACHINE_TEST(other_rules_make_their_difference),
        MACHINE_TEST(every_model_is_replaced),
        MACHINE_TEST(bounds_in_time),
        MACHINE_TEST(a_stop_is_heard),
        MACHINE_TEST(against_what_was_said_then),
        MACHINE_TEST(this_program_is_tried),
        MACHINE_TEST(inputs_left_out_are_left_out),
        MACHINE_TEST(refusals),
        MACHINE_TEST(records_before_the_first_model_are_not_run),
        MACHINE_TEST(damage_is_told_with_its_place),
        MACHINE_TEST(a_missing_segment_is_damage_and_a_cut_tail_is_not),
        MACHINE_TEST(a_live_log_is_only_read),
        MACHINE_TEST(results_are_written_and_marked),
        MACHINE_TEST(publishers_refuse_them),
        MACHINE_TEST(marked_readings_make_marked_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
