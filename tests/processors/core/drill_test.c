/* drill: an exercise and reality side by side, and neither in the other's way. */
#include "processors/core/drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/core_stream.h"
#include "tests/support/support.h"

enum { ALERTS_MAX = 64, TEXT_BYTES = 200, STEPS = 4000, SETTINGS_BYTES = 64 };

static const int64_t begin_ms = INT64_C(1795424400000);

static const char two_halls[] =
    "venue: {id: v}\nbuiltin_rules: no\n"
    "rules:\n"
    "  - {id: full, metric: percent_capacity, kinds: [hall], clear_s: 120, min_samples: 2,\n"
    "     levels: {yellow: {enter: 80, dwell_s: 30, escalate_s: [], action: Meter.},\n"
    "              red: {enter: 100, dwell_s: 10, escalate_s: [], action: Stop.}}}\n"
    "zones:\n"
    "  - {id: h1, kind: hall, capacity: 10000}\n"
    "  - {id: h2, kind: hall, capacity: 10000}\n"
    "  - {id: door, kind: plaza}\n"
    "sensors:\n"
    "  - {id: c1, class: crowd, counter: level, zone: h1, silence_s: 20}\n"
    "  - {id: c2, class: crowd, counter: level, zone: h2, silence_s: 20}\n"
    "  - {id: g, class: gate, zone: door, silence_s: 60}\n"
    "  - {id: l, class: light, zone: door, silence_s: 60}\n";

/* The same with settings. */
static const char *with(const char *settings, char yaml[])
{
    (void)sprintf(yaml, "%s%s", two_halls, settings);
    return yaml;
}

/* ---- what was said --------------------------------------------------------------------------- */

struct said {
    struct {
        char id[TEXT_BYTES], zone[ID_BYTES_MAX + 1], state[32], cause[32];
        int level;
        int64_t at;
        bool exercise;
    } alert[ALERTS_MAX];
    uint32_t alerts;
    uint32_t zones[2], gates[2], lights[2], readings[2]; /* results: Actual, Exercise */
    int64_t shown[2];                                    /* occupancy of h2 */
    int drilling;                                        /* as the last heartbeat said */
    int64_t until_ms;
    char by[TEXT_BYTES], refused[TEXT_BYTES];
    int64_t root; /* the drill's whole venue */
    int root_known;
    uint32_t idle;    /* results of zones that the drill does not play */
    uint32_t unknown; /* results of h2 in the drill */
};

static void copy(char *to, size_t cap, struct str from)
{
    assert_true(from.len < cap);
    if (from.len)
        memcpy(to, from.at, from.len);
    to[from.len] = '\0';
}

static void alert_seen(struct said *said, const struct result_alert *a)
{
    assert_true(said->alerts < ALERTS_MAX);
    uint32_t i = said->alerts++;
    copy(said->alert[i].id, TEXT_BYTES, a->id);
    copy(said->alert[i].zone, sizeof said->alert[i].zone, a->zone);
    copy(said->alert[i].state, sizeof said->alert[i].state, a->state);
    copy(said->alert[i].cause, sizeof said->alert[i].cause, a->cause);
    said->alert[i].level = (int)a->level;
    said->alert[i].at = a->at;
    said->alert[i].exercise = str_is(a->status, "Exercise");
    assert_int_equal(said->alert[i].exercise,
                     strncmp(said->alert[i].id, "drill/v/", strlen("drill/v/")) == 0);
}

static void seen(void *arg, unsigned type, const union result_any *r)
{
    struct said *said = arg;
    int exercise = result_is_exercise(type, r);
    switch (type) {
    case RECORD_ALERT:
        alert_seen(said, &r->alert);
        break;
    case RECORD_ZONE:
        said->zones[exercise]++;
        said->idle += exercise && !str_is(r->zone.zone, "h2") && !str_is(r->zone.zone, "v");
        if (str_is(r->zone.zone, "h2")) {
            said->shown[exercise] = r->zone.occupancy;
            said->unknown += exercise && r->zone.known != 1;
        } else if (exercise && str_is(r->zone.zone, "v")) {
            said->root = r->zone.occupancy;
            said->root_known = (int)r->zone.known;
        }
        break;
    case RECORD_GATE:
        said->gates[exercise]++;
        break;
    case RECORD_LIGHT:
        said->lights[exercise]++;
        break;
    case RECORD_READING:
        said->readings[exercise]++;
        break;
    case RECORD_HEARTBEAT:
        said->drilling = (int)r->heartbeat.drill;
        said->until_ms = r->heartbeat.drill_until;
        copy(said->by, sizeof said->by, r->heartbeat.drill_by);
        break;
    case RECORD_DEADLETTER:
        if (str_is(r->deadletter.reason, "rejected"))
            copy(said->refused, sizeof said->refused, r->deadletter.detail);
        break;
    default:
        break;
    }
}

static void listen(struct core_feed *feed, struct said *said, const char *yaml)
{
    *said = (struct said){.drilling = -1};
    core_feed_init(feed, yaml, begin_ms);
    feed->seen = seen;
    feed->arg = said;
}

static uint32_t count(const struct said *said, const char *zone, bool exercise)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < said->alerts; i++)
        n += strcmp(said->alert[i].zone, zone) == 0 && said->alert[i].exercise == exercise;
    return n;
}

static void restart(struct core_feed *feed)
{
    struct error err = {0};
    uint8_t *bytes, *again;
    size_t len, again_len;
    struct core *loaded;
    assert_true(core_save(feed->core, &bytes, &len, &err));
    if (!core_load(bytes, len, &loaded, &err))
        fail_msg("%s", err.where);
    assert_true(core_save(loaded, &again, &again_len, &err));
    assert_int_equal(len, again_len);
    assert_memory_equal(bytes, again, len);
    free(bytes);
    free(again);
    core_free(feed->core);
    feed->core = loaded;
}

/* A drill's beginning and end by command, as a step of its own. */
static bool command(struct core_feed *feed, bool start, const char *by)
{
    struct refusal refusal;
    struct core *core = feed->core;
    core_results_clear(&feed->results);
    core->results = &feed->results;
    core->origin = (struct result_origin){.input_seq = feed->seq, .input_epoch = 1};
    bool done = start ? drill_start(core, str_of(by), &refusal) : drill_stop(core, &refusal);
    core->results = NULL;
    for (uint32_t i = 0; feed->seen && i < feed->results.count; i++) {
        union result_any any;
        core_feed_result(feed, i, &any);
        feed->seen(feed->arg, feed->results.result[i].type, &any);
    }
    return done;
}

static void say(struct core_feed *feed, const char *topic, int64_t value)
{
    char payload[64];
    snprintf(payload, sizeof payload, "{\"occupancy\":%lld}", (long long)value);
    core_feed_publish(feed, feed->t_ms, topic, payload, 0);
}

/* For so many seconds: people in hall 1, in hall 2, and in hall 2 of the drill; -1: nothing is said
 * of it. Counters speak every 5 s. */
static void day(struct core_feed *feed, int seconds, int64_t h1, int64_t h2, int64_t drill_h2)
{
    int64_t from_ms = feed->t_ms;
    for (int t = 0; t < seconds; t += 5) {
        core_feed_until(feed, from_ms + t * INT64_C(1000));
        if (h1 >= 0)
            say(feed, "crowdtide/v/crowd/c1", h1);
        if (h2 >= 0)
            say(feed, "crowdtide/v/crowd/c2", h2);
        if (drill_h2 >= 0)
            say(feed, "drill/v/crowd/c2", drill_h2);
    }
    core_feed_until(feed, from_ms + seconds * INT64_C(1000));
}

/* ---- cases ----------------------------------------------------------------------------------- */

/* A drill in hall 2 and a real red in hall 1 at once. */
static void test_both_at_once(void **state)
{
    (void)state;
    struct core_feed feed;
    struct said said;
    listen(&feed, &said, two_halls);
    day(&feed, 60, 10500, 500, 10500);
    assert_int_equal(count(&said, "h1", false), 1);
    assert_int_equal(count(&said, "h1", true), 0);
    assert_int_equal(count(&said, "h2", false), 0);
    assert_int_equal(count(&said, "h2", true), 1);
    assert_int_equal(said.alert[0].level, LEVEL_RED);
    assert_int_equal(said.alert[1].level, LEVEL_RED);
    assert_int_equal(said.shown[0], 500);
    assert_int_equal(said.shown[1], 10500);
    assert_int_equal(said.drilling, 1);
    assert_int_equal(said.until_ms, begin_ms + 4 * 3600 * 1000);
    /* What the drill does not play, it does not show; what it plays is known. */
    assert_int_equal(said.unknown, 0);
    assert_int_equal(said.idle, 0);
    /* Sums are made of what is played: hall 1 is not missed. */
    assert_int_equal(said.root, 10500);
    assert_int_equal(said.root_known, 1);
    assert_int_equal(said.gates[1] + said.lights[1], 0);
    assert_true(said.gates[0] > 0 && said.lights[0] > 0);
    core_feed_publish(&feed, feed.t_ms, "drill/v/gate/g", "{\"in\":3}", 0);
    core_feed_publish(&feed, feed.t_ms, "drill/v/light/l", "{\"state\":\"on\"}", 0);
    day(&feed, 5, 10500, 500, 10500);
    assert_true(said.gates[1] > 0 && said.lights[1] > 0);
    core_feed_free(&feed);
}

/* Its open alerts are resolved, and the real one is not. */
static void test_stop(void **state)
{
    (void)state;
    struct core_feed feed;
    struct said said;
    listen(&feed, &said, two_halls);
    assert_false(command(&feed, false, "")); /* none is running */
    assert_true(command(&feed, true, "ann and bob"));
    assert_false(command(&feed, true, "cid and dan")); /* one is */
    day(&feed, 60, 10500, 10500, 10600);
    assert_string_equal(said.by, "ann and bob");
    assert_int_equal(said.alerts, 3);
    assert_true(command(&feed, false, ""));
    assert_int_equal(said.alerts, 4);
    assert_string_equal(said.alert[3].zone, "h2");
    assert_true(said.alert[3].exercise);
    assert_string_equal(said.alert[3].state, "resolved");
    assert_string_equal(said.alert[3].cause, "drill ended");
    assert_false(drill_running(feed.core));
    uint32_t zones = said.zones[1];
    day(&feed, 60, 10500, 10500, -1);
    assert_int_equal(said.drilling, 0);
    assert_int_equal(said.until_ms, RESULT_ABSENT);
    assert_string_equal(said.by, "");
    assert_int_equal(said.alerts, 4);
    assert_int_equal(said.zones[1], zones);
    /* The next one begins from nothing. */
    day(&feed, 5, 10500, 10500, 20);
    assert_int_equal(said.shown[1], 20);
    core_feed_free(&feed);
}

/* An announced drill ends what nobody announced, and begins empty. */
static void test_start_is_clean(void **state)
{
    (void)state;
    struct core_feed feed;
    struct said said;
    listen(&feed, &said, two_halls);
    day(&feed, 60, 0, 0, 10500);
    assert_int_equal(count(&said, "h2", true), 1);
    assert_string_equal(said.by, "");
    assert_true(command(&feed, true, "ann and bob"));
    assert_int_equal(count(&said, "h2", true), 2);
    assert_string_equal(said.alert[said.alerts - 1].cause, "drill ended");
    uint32_t zones = said.zones[1];
    day(&feed, 30, 0, 0, -1);
    assert_int_equal(said.drilling, 1);
    assert_int_equal(said.zones[1], zones);
    core_feed_free(&feed);
}

/* By itself: since its start, or since its first message; and anew with the next one. */
static void test_time_limit(void **state)
{
    (void)state;
    for (int announced = 0; announced < 2; announced++) {
        char yaml[sizeof two_halls + SETTINGS_BYTES];
        struct core_feed feed;
        struct said said;
        listen(&feed, &said, with("settings: {drill_max_s: 60}\n", yaml));
        core_feed_until(&feed, begin_ms + 7000);
        if (announced)
            assert_true(command(&feed, true, "ann and bob"));
        core_feed_until(&feed, begin_ms + 7400);
        core_feed_publish(&feed, begin_ms + 7400, "drill/v/crowd/c2", "{\"occupancy\":1}", 0);
        int64_t until_ms = begin_ms + (announced ? 67000 : 67400);
        core_feed_until(&feed, begin_ms + 10000);
        day(&feed, 57, 0, 0, 10500);
        assert_int_equal(said.until_ms, announced ? RESULT_ABSENT : until_ms);
        assert_int_equal(drill_running(feed.core), !announced);
        day(&feed, 1, 0, 0, -1);
        assert_false(drill_running(feed.core));
        assert_int_equal(said.alerts, 2);
        assert_string_equal(said.alert[1].state, "resolved");
        assert_int_equal(said.alert[1].at, (until_ms + 999) / 1000 * 1000);
        assert_int_equal(said.drilling, 0);
        int64_t anew_ms = feed.t_ms;
        day(&feed, 5, 0, 0, 10500);
        assert_int_equal(said.until_ms, anew_ms + 60 * 1000);
        core_feed_free(&feed);
    }
}

static void test_needs_start(void **state)
{
    (void)state;
    char yaml[sizeof two_halls + SETTINGS_BYTES];
    struct core_feed feed;
    struct said said;
    listen(&feed, &said, with("settings: {drill_needs_start: yes}\n", yaml));
    day(&feed, 5, 0, 0, 7);
    assert_string_equal(said.refused, "no drill is running");
    assert_int_equal(said.readings[1], 0);
    assert_int_equal(core_books(feed.core).quarantined, 1);
    assert_int_equal(said.drilling, 0);
    assert_true(command(&feed, true, "ann and bob"));
    day(&feed, 5, 0, 0, 8);
    assert_int_equal(said.shown[1], 8);
    assert_true(command(&feed, false, ""));
    day(&feed, 5, 0, 0, 9);
    assert_int_equal(said.readings[1], 1);
    assert_int_equal(core_books(feed.core).quarantined, 2);
    /* A file that no longer asks for a start, and one that does again. */
    core_feed_model(&feed, feed.t_ms, two_halls);
    day(&feed, 60, 0, 0, 10500);
    assert_true(drill_running(feed.core));
    assert_int_equal(said.alerts, 1);
    core_feed_model(&feed, feed.t_ms, yaml);
    assert_false(drill_running(feed.core));
    assert_string_equal(said.alert[1].cause, "drill ended");
    assert_true(command(&feed, true, "ann and bob"));
    core_feed_model(&feed, feed.t_ms, two_halls);
    core_feed_model(&feed, feed.t_ms, yaml);
    assert_true(drill_running(feed.core));
    core_feed_free(&feed);
}

/* What an earlier drill may have left behind begins none. */
static void test_leftovers(void **state)
{
    (void)state;
    struct core_feed feed;
    struct said said;
    listen(&feed, &said, two_halls);
    core_feed_publish(&feed, begin_ms, "drill/v/crowd/c2", "{\"occupancy\":7}", RECORD_MQTT_RETAIN);
    assert_false(drill_running(feed.core));
    assert_int_equal(core_books(feed.core).ignored_retained, 1);
    core_feed_publish(&feed, begin_ms, "drill/v/status/c2", "offline", 0);
    assert_false(drill_running(feed.core));
    assert_string_equal(said.refused, "no drill is running");
    core_feed_publish(&feed, begin_ms, "drill/v/crowd/c2", "{\"occupancy\":-1}", 0);
    assert_false(drill_running(feed.core));
    day(&feed, 5, 0, 0, 7);
    assert_true(drill_running(feed.core));
    core_feed_free(&feed);
}

/* A sensor that falls silent in the drill is unknown there, and there alone. */
static void test_silence(void **state)
{
    (void)state;
    struct core_feed feed;
    struct said said;
    listen(&feed, &said, two_halls);
    day(&feed, 60, 10500, 500, 10500);
    day(&feed, 30, 10500, 500, -1);
    assert_true(said.unknown > 0);
    assert_int_equal(said.alerts, 3);
    assert_true(said.alert[2].exercise);
    assert_int_equal(said.alert[2].level, LEVEL_UNKNOWN);
    core_feed_free(&feed);
}

/* Nothing dwells across time that nobody watched. */
static void test_gap(void **state)
{
    (void)state;
    struct core_feed feed;
    struct said said;
    listen(&feed, &said, two_halls);
    day(&feed, 6, 0, 0, 10500);
    core_feed_gap(&feed, feed.t_ms + 12000);
    day(&feed, 9, 0, 0, 10500);
    assert_int_equal(said.alerts, 0);
    day(&feed, 10, 0, 0, 10500);
    assert_int_equal(said.alerts, 1);
    core_feed_free(&feed);
}

/* The day's capacity, not the file's. */
static void test_capacity(void **state)
{
    (void)state;
    struct core_feed feed;
    struct said said;
    listen(&feed, &said, two_halls);
    struct model *real = &feed.core->model;
    real->zones[venue_zone_find(real->venue, STR_LIT("h2"))].capacity = 6000;
    day(&feed, 60, 0, 0, 5600);
    assert_int_equal(said.alerts, 1);
    assert_int_equal(said.alert[0].level, LEVEL_YELLOW);
    core_feed_free(&feed);
}

/* A new model: the drill goes on as reality does; what its zone is gone from ends. */
static void test_reload(void **state)
{
    (void)state;
    char other[sizeof two_halls];
    struct core_feed feed;
    struct said said;
    memcpy(other, two_halls, sizeof two_halls);
    memcpy(strstr(other, "capacity: 10000"), "capacity: 11000", 15); /* of h1 */
    listen(&feed, &said, two_halls);
    day(&feed, 60, 0, 0, 10500);
    core_feed_model(&feed, feed.t_ms, other);
    day(&feed, 60, 0, 0, 10500);
    assert_int_equal(said.alerts, 1);
    assert_int_equal(said.unknown, 0);
    assert_int_equal(said.shown[1], 10500);
    core_feed_model(&feed, feed.t_ms, two_halls);
    core_feed_until(&feed, feed.t_ms + 30000); /* it is still the drill's: its silence is said */
    assert_true(said.unknown > 0);
    assert_int_equal(said.alerts, 2);
    day(&feed, 10, 0, 0, 10500);
    assert_int_equal(said.alerts, 3);
    memcpy(strstr(other, "zone: h2"), "zone: h1", 8);
    for (char *at; (at = strstr(other, "id: h2"));)
        memcpy(at, "id: h9", 6);
    core_feed_model(&feed, feed.t_ms, other);
    assert_int_equal(said.alerts, 4);
    assert_true(said.alert[3].exercise);
    assert_string_equal(said.alert[3].state, "out_of_service");
    core_feed_free(&feed);
}

/* Restarted at every record, it says the same. */
static void test_restart(void **state)
{
    (void)state;
    struct core_feed whole, broken;
    struct said said[2];
    listen(&whole, &said[0], two_halls);
    listen(&broken, &said[1], two_halls);
    assert_true(command(&whole, true, "ann and bob"));
    assert_true(command(&broken, true, "ann and bob"));
    for (int i = 0; i < 120; i++) {
        int64_t people = i < 60 ? 10500 : 100;
        day(&whole, 1, 9000, 100, people);
        day(&broken, 1, 9000, 100, people);
        restart(&broken);
        assert_true(whole.hash == broken.hash);
    }
    assert_true(said[1].alerts > 2);
    assert_string_equal(said[1].by, "ann and bob");
    assert_false(command(&broken, true, "cid and dan")); /* it was announced */
    core_feed_free(&whole);
    core_feed_free(&broken);
}

/* ---- the real state goes on untouched -------------------------------------------------------- */

/* What reality said, without positions in the log and the books. */
struct actual {
    char *bytes;
    size_t len, cap;
    uint64_t exercises, alerts, replies;
};

static bool is_drills(unsigned type, const union result_any *r)
{
    if (type == RECORD_DEADLETTER)
        return r->deadletter.topic.len > 6 && memcmp(r->deadletter.topic.at, "drill/", 6) == 0;
    return result_is_exercise(type, r);
}

static void actual_seen(void *arg, unsigned type, const union result_any *r)
{
    struct actual *a = arg;
    union result_any bare = *r;
    if (is_drills(type, r)) {
        a->exercises++;
        return;
    }
    if (type == RECORD_ALERT) {
        bare.alert.input_seq = bare.alert.input_index = RESULT_ABSENT;
        a->alerts++;
    } else if (type == RECORD_REPLY) {
        bare.reply.input_seq = RESULT_ABSENT;
        a->replies++;
    } else if (type == RECORD_DEADLETTER) {
        bare.deadletter.input_seq = RESULT_ABSENT;
    } else if (type == RECORD_HEARTBEAT) {
        struct result_heartbeat *h = &bare.heartbeat;
        h->input_seq = h->messages = h->results = RESULT_ABSENT;
        h->received = h->decoded = h->duplicate = h->quarantined = RESULT_ABSENT;
        h->ignored_retained = h->drill_until = RESULT_ABSENT;
        h->drill = -1;
        h->drill_by = (struct str){0};
    }
    if (a->cap - a->len < 8192) {
        a->cap = a->cap ? 2 * a->cap : 65536;
        a->bytes = realloc(a->bytes, a->cap);
        assert_non_null(a->bytes);
    }
    struct text t = text_over(a->bytes + a->len, a->cap - a->len);
    result_json(type, &bare, &t);
    text_add_char(&t, '\n');
    assert_false(t.overflow);
    a->len += t.len;
}

/* The same stream with and without drills: messages and commands of every kind, starts and stops,
 * restarts. */
static void test_reality_untouched(void **state)
{
    (void)state;
    for (uint64_t seed = 31; seed <= 36; seed++) {
        struct core_stream a = core_stream_begin(seed), b = a,
                           played = core_stream_begin(seed + 100);
        struct core_feed alone, both;
        struct actual said[2] = {{0}};
        a.drills = b.drills = -1;
        played.drills = 1;
        core_stream_init(&a, &alone);
        core_stream_init(&b, &both);
        alone.seen = both.seen = actual_seen;
        alone.arg = &said[0];
        both.arg = &said[1];
        for (int i = 0; i < STEPS; i++) {
            core_stream_next(&a, &alone);
            core_stream_next(&b, &both);
            played.t_ms = b.t_ms;
            for (uint32_t n = core_stream_below(&played, 3); n; n--)
                core_stream_message(&played, &both);
            if (core_stream_below(&played, 8) == 0)
                core_stream_command(&played, &both);
            uint32_t odd = core_stream_below(&played, 400);
            if (odd < 2)
                (void)command(&both, odd == 0, "ann and bob");
            if (odd == 2)
                restart(&both);
            assert_int_equal(said[0].len, said[1].len);
            assert_memory_equal(said[0].bytes, said[1].bytes, said[0].len);
            said[0].len = said[1].len = 0;
        }
        assert_int_equal(said[0].exercises, 0);
        assert_true(said[1].exercises > STEPS && said[0].alerts > 10 && said[0].replies > 20);
        core_feed_free(&alone);
        core_feed_free(&both);
        free(said[0].bytes);
        free(said[1].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_at_once),   cmocka_unit_test(test_stop),
        cmocka_unit_test(test_start_is_clean), cmocka_unit_test(test_time_limit),
        cmocka_unit_test(test_needs_start),    cmocka_unit_test(test_leftovers),
        cmocka_unit_test(test_silence),        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_capacity),       cmocka_unit_test(test_reload),
        cmocka_unit_test(test_restart),        cmocka_unit_test(test_reality_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
