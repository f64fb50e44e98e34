/* core: one record in, results out: what a message, a second and a refusal look like from outside.
 */
#include "tests/support/core_feed.h"

#include <stdio.h>
#include <string.h>

#include "processors/core/emit.h"
#include "tests/support/support.h"

static const char venue_yaml[] =
    "venue: {id: v, time_zone: Asia/Shanghai, capacity: 20000}\n"
    "settings: {level_error_pct: 0}\n"
    "builtin_rules: no\n"
    "rules:\n"
    "  - id: full\n"
    "    metric: percent_capacity\n"
    "    kinds: [hall]\n"
    "    min_samples: 1\n"
    "    levels:\n"
    "      yellow: {enter: 80, dwell_s: 0, action: meter entry}\n"
    "      red: {enter: 100, dwell_s: 10, action: stop entry}\n"
    "zones:\n"
    "  - {id: hall-1, kind: hall, capacity: 1000, area_m2: 400}\n"
    "  - {id: hall-2, kind: hall, capacity: 1000, area_m2: 400}\n"
    "sensors:\n"
    "  - {id: c1, class: crowd, counter: level, zone: hall-1}\n"
    "  - {id: d2, class: crowd, counter: delta, zone: hall-2}\n"
    "  - {id: g1, class: gate, zone: hall-1, outside: hall-2, lanes: 3}\n"
    "  - {id: l1, class: light, zone: hall-1}\n";

static const int64_t start_ms = INT64_C(1795424400000); /* 2026-11-23T09:00:00Z */

static int setup(void **state)
{
    static struct core_feed feed;
    core_feed_init(&feed, venue_yaml, start_ms);
    *state = &feed;
    return 0;
}

static int teardown(void **state)
{
    core_feed_free(*state);
    return 0;
}

static void test_era(void **state)
{
    struct core_feed *f = *state;
    union result_any any;
    assert_true(core_feed_last(f, RECORD_ERA, &any));
    assert_true(str_is(any.era.core_version, CORE_VERSION));
    assert_int_equal(any.era.model_hash.len, 16);
}

/* Dwell 0: the reading itself raises the alert, after its own result. */
static void test_reading_and_alert(void **state)
{
    struct core_feed *f = *state;
    union result_any any;
    core_feed_publish(f, start_ms + 100, "crowdtide/v/crowd/c1", "{\"seq\":7,\"occupancy\":812}",
                      0);
    assert_int_equal(f->results.count, 2);
    core_feed_result(f, 0, &any);
    assert_int_equal(f->results.result[0].type, RECORD_READING);
    assert_true(str_is(any.reading.venue, "v"));
    assert_true(str_is(any.reading.sensor, "c1"));
    assert_true(str_is(any.reading.kind, "crowd_level"));
    assert_true(str_is(any.reading.zone, "hall-1"));
    assert_true(str_is(any.reading.status, "Actual"));
    assert_int_equal(any.reading.ts, start_ms + 100);
    assert_int_equal(any.reading.received, start_ms + 100);
    assert_int_equal(any.reading.seq, 7);
    assert_int_equal(any.reading.occupancy, 812);
    assert_int_equal(any.reading.in, RESULT_ABSENT);
    core_feed_result(f, 1, &any);
    assert_int_equal(f->results.result[1].type, RECORD_ALERT);
    assert_true(str_is(any.alert.id, "v/hall-1/full/1795424400100"));
    assert_int_equal(any.alert.n, 1);
    assert_true(str_is(any.alert.state, "active_unacked"));
    assert_true(str_is(any.alert.from_state, "normal"));
    assert_int_equal(any.alert.level, LEVEL_YELLOW);
    assert_int_equal(any.alert.from_level, LEVEL_NONE);
    assert_true(any.alert.value == 81.2);
    assert_true(any.alert.threshold == 80);
    assert_true(str_is(any.alert.unit, "%"));
    assert_true(str_is(any.alert.action, "meter entry"));
    assert_int_equal(any.alert.start, start_ms + 100);
    assert_int_equal(any.alert.at, start_ms + 100);
    assert_int_equal(any.alert.input_seq, 2);
    assert_int_equal(any.alert.input_index, 1);
    assert_int_equal(any.alert.last_known_level, LEVEL_ABSENT);
}

struct letter_case {
    const char *topic;
    const char *payload;
    const char *reason;
    const char *detail; /* must occur in it */
};

static void test_letters(void **state)
{
    struct core_feed *f = *state;
    static const struct letter_case cases[] = {
        {"crowdtide/v/crowd/c1", "{\"occupancy\":", "malformed", "payload"},
        {"crowdtide/v/crowd/c1", "", "malformed", "payload"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":1}x", "malformed", "payload"},
        {"crowdtide/v/crowd/c1", "{\"note\":\"\xff\",\"occupancy\":1}", "utf8", "UTF-8"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":1,\"occupancy\":2}", "duplicate_key",
         "after member 1"},
        {"crowdtide/v/crowd/c1", "[1]", "wrong_type", "not an object"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":\"812\"}", "wrong_type", "occupancy"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":1.5}", "wrong_type", "occupancy"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":null}", "wrong_type", "occupancy"},
        {"crowdtide/v/crowd/c1", "{\"in\":1,\"out\":0}", "wrong_type", "occupancy: missing"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":-1}", "out_of_range", "occupancy"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":10000001}", "out_of_range", "occupancy"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":1e300}", "out_of_range", "occupancy"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":18446744073709551615}", "out_of_range",
         "occupancy"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":1,\"ts\":true}", "wrong_type", "ts"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":1,\"ts\":\"yesterday\"}", "wrong_type", "ts"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":1,\"ts\":-1}", "out_of_range", "ts"},
        {"crowdtide/v/crowd/c1", "{\"occupancy\":1,\"seq\":\"a\"}", "wrong_type", "seq"},
        {"crowdtide/v/crowd/d2", "{\"occupancy\":1}", "wrong_type", "both missing"},
        {"crowdtide/v/crowd/g1", "{\"in\":1}", "wrong_type",
         "topic says crowd, the venue says gate"},
        {"crowdtide/v/gate/c1", "{\"in\":1}", "wrong_type", "topic says gate"},
        {"crowdtide/v/light/g1", "{\"lux\":1}", "wrong_type", "topic says light"},
        {"crowdtide/v/gate/g1", "{}", "wrong_type", "neither"},
        {"crowdtide/v/gate/g1", "{\"event\":\"pass\"}", "wrong_type", "direction"},
        {"crowdtide/v/gate/g1", "{\"event\":\"jump\",\"direction\":\"in\"}", "out_of_range",
         "event"},
        {"crowdtide/v/gate/g1", "{\"event\":1,\"direction\":\"in\"}", "wrong_type", "event"},
        {"crowdtide/v/gate/g1", "{\"lanes_open\":1001}", "out_of_range", "lanes_open"},
        {"crowdtide/v/light/l1", "{\"lux\":-0.5}", "out_of_range", "lux"},
        {"crowdtide/v/light/l1", "{\"lux\":\"dark\"}", "wrong_type", "lux"},
        {"crowdtide/v/light/l1", "{\"fault\":1}", "wrong_type", "fault"},
        {"crowdtide/v/light/l1", "{\"state\":\"blinking\"}", "out_of_range", "state"},
        {"crowdtide/v/light/l1", "{\"hue\":3}", "wrong_type", "no member"},
        {"crowdtide/v/status/c1", "gone", "malformed", "status"},
        {"crowdtide/v/status/c1", "\xff", "utf8", "status"},
        {"crowdtide/v/crowd/c7", "{\"occupancy\":1}", "unknown_sensor", "sensor"},
        {"crowdtide/w/crowd/c1", "{\"occupancy\":1}", "unknown_topic", "level 2"},
        {"crowdtide/v/crowds/c1", "{\"occupancy\":1}", "unknown_topic", "level 3"},
        {"crowdtide/v/crowd", "{\"occupancy\":1}", "unknown_topic", "level 3"},
        {"crowdtide/v/crowd/", "{\"occupancy\":1}", "unknown_topic", "four levels"},
        {"crowdtide/v/crowd/c1/x", "{\"occupancy\":1}", "unknown_topic", "four levels"},
        {"sensors/c1", "{\"occupancy\":1}", "unknown_topic", "level 1"},
        {"", "{\"occupancy\":1}", "unknown_topic", "level 1"},
        {"drill/v/crowd/c9", "{\"occupancy\":1}", "unknown_sensor", "sensor"},
        {"drill/v/crowd/c1", "{\"occupancy\":-1}", "out_of_range", "occupancy"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct letter_case *c = &cases[i];
        union result_any any;
        core_feed_publish(f, start_ms + 1, c->topic, c->payload, 0);
        assert_int_equal(f->results.count, 1);
        assert_int_equal(f->results.result[0].type, RECORD_DEADLETTER);
        core_feed_result(f, 0, &any);
        char detail[256] = {0};
        memcpy(detail, any.deadletter.detail.at, any.deadletter.detail.len);
        if (!str_is(any.deadletter.reason, c->reason) || !strstr(detail, c->detail))
            fail_msg("%s %s: " STR_FMT ", %s", c->topic, c->payload, STR_ARG(any.deadletter.reason),
                     detail);
        assert_true(str_is(any.deadletter.topic, c->topic));
        assert_int_equal(any.deadletter.payload_bytes, strlen(c->payload));
        assert_int_equal(any.deadletter.truncated, 0);
        assert_int_equal(any.deadletter.input_seq, (int64_t)f->seq);
    }
    struct core_books books = core_books(f->core);
    assert_int_equal(books.quarantined, sizeof cases / sizeof cases[0]);
    assert_int_equal(books.received, books.quarantined);
}

/* Bytes that are no text: the letter still says all it can. */
static void test_letter_bytes(void **state)
{
    struct core_feed *f = *state;
    union result_any any;
    static char big[70000];
    memset(big, 'x', sizeof big);
    core_feed_bytes(f, start_ms, (struct str){"crowd\xff\xc3\xa9/\xed\xa0\x80", 12},
                    (struct str){big, sizeof big}, 0);
    core_feed_result(f, 0, &any);
    assert_true(str_is(any.deadletter.topic, "crowd\xef\xbf\xbd\xc3\xa9/"
                                             "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
    assert_int_equal(any.deadletter.payload_bytes, sizeof big);
    assert_int_equal(any.deadletter.truncated, 1);
    assert_int_equal(any.deadletter.payload_base64.len, (65536 + 2) / 3 * 4);
}

static void test_oversized(void **state)
{
    struct core_feed *f = *state;
    union result_any any;
    struct record_oversized big = {.topic = STR_LIT("crowdtide/v/crowd/c1"),
                                   .head = STR_LIT("{\"occ"),
                                   .payload_len = 600000,
                                   .sha256 = {0xab, 0x01}};
    uint8_t body[512];
    uint32_t len = record_oversized_encode(&big, body, 256);
    core_feed_record(f, start_ms, RECORD_OVERSIZED, body, len);
    core_feed_result(f, 0, &any);
    assert_true(str_is(any.deadletter.reason, "oversized"));
    assert_int_equal(any.deadletter.payload_bytes, 600000);
    assert_int_equal(any.deadletter.truncated, 1);
    assert_non_null(memmem(any.deadletter.detail.at, any.deadletter.detail.len, "ab01", 4));
    assert_int_equal(core_books(f->core).quarantined, 1);
}

static void test_heartbeat(void **state)
{
    struct core_feed *f = *state;
    union result_any any;
    core_feed_publish(f, start_ms + 100, "crowdtide/v/crowd/c1", "{\"occupancy\":812}", 0);
    core_feed_tick(f, start_ms + 1000);
    assert_true(core_feed_last(f, RECORD_HEARTBEAT, &any));
    assert_true(str_is(any.heartbeat.instance, "v"));
    assert_int_equal(any.heartbeat.at, start_ms + 1000);
    assert_int_equal(any.heartbeat.valid_until, start_ms + 11000);
    assert_int_equal(any.heartbeat.connected, 1);
    assert_int_equal(any.heartbeat.received, 1);
    assert_int_equal(any.heartbeat.decoded, 1);
    assert_int_equal(any.heartbeat.alerts_active, 1);
    assert_int_equal(any.heartbeat.zones_unknown, 2); /* hall-2; the venue: 1 of 3 speaks */
}

/* At a second boundary only what changed is said, and in turn what has stood for EMIT_AGAIN_S. */
static void test_changed_only(void **state)
{
    struct core_feed *f = *state;
    core_feed_tick(f, start_ms + 1000);
    assert_int_equal(f->results.count,
                     3 + 2 + 1 + 1 + 4 + 1 + 1); /* zones, the gate's directions, light, its group,
                                                health of sensors, figures, heartbeat */
    core_feed_tick(f, start_ms + 2000);
    assert_int_equal(f->results.count, 1 + 2); /* it is the turn of a zone and a sensor */
    core_feed_tick(f, start_ms + 2001);        /* no boundary */
    assert_int_equal(f->results.count, 1);
    core_feed_publish(f, start_ms + 3500, "crowdtide/v/light/l1", "{\"lux\":3}", 0);
    assert_int_equal(f->results.count, 1 + 1); /* it is the turn of a sensor */
    core_feed_publish(f, start_ms + 4000, "crowdtide/v/light/l1", "{\"lux\":3}", 0);
    assert_int_equal(f->results.count, 5);
    assert_int_equal(f->results.result[0].type, RECORD_ZONE);
    assert_int_equal(f->results.result[1].type, RECORD_LIGHT);
    assert_int_equal(f->results.result[2].type, RECORD_LIGHT_GROUP);
    assert_int_equal(f->results.result[3].type, RECORD_SENSOR);
    assert_int_equal(f->results.result[4].type, RECORD_READING);
    core_feed_publish(f, start_ms + 4500, "crowdtide/v/light/l1", "{\"lux\":3}", 0);
    core_feed_tick(f, start_ms + 5000); /* the same again, but for those whose turn it is */
    assert_int_equal(f->results.count, 1 + 2 + 1 + 1 + 1);
    assert_int_equal(f->results.result[0].type, RECORD_ZONE);
    assert_int_equal(f->results.result[5].type, RECORD_HEARTBEAT);
}

static void count(const struct core_feed *f, uint32_t said[UINT8_MAX])
{
    for (uint32_t i = 0; i < f->results.count; i++)
        said[f->results.result[i].type]++;
}

/* What stands is said again every EMIT_AGAIN_S, lights and sensors every EMIT_AGAIN_SLOW_S; a pause
 * makes up for nothing. */
static void test_again(void **state)
{
    struct core_feed *f = *state;
    uint32_t said[UINT8_MAX] = {0}; /* by record type */
    int64_t t = start_ms + 1000;
    core_feed_until(f, t);
    while (t < start_ms + 41000) {
        core_feed_tick(f, t += 1000);
        count(f, said);
    }
    assert_int_equal(said[RECORD_ZONE], 3 * 40 / EMIT_AGAIN_S);
    assert_int_equal(said[RECORD_GATE], 2 * 40 / EMIT_AGAIN_S);
    assert_int_equal(said[RECORD_LIGHT_GROUP], 40 / EMIT_AGAIN_S);
    assert_int_equal(said[RECORD_FIGURES], 40 / EMIT_AGAIN_S);
    while (t < start_ms + 61000) {
        core_feed_tick(f, t += 1000);
        count(f, said);
    }
    assert_in_range(said[RECORD_LIGHT], 1, 2);
    assert_in_range(said[RECORD_SENSOR], 4, 8);
    memset(said, 0, sizeof said);
    core_feed_tick(f, t + 4 * 1000);
    count(f, said);
    assert_in_range(said[RECORD_ZONE], 0, 3);
}

/* Ingest repeats the model in force now and then: that is no news. */
static void test_model_repeated(void **state)
{
    struct core_feed *f = *state;
    union result_any any;
    core_feed_publish(f, start_ms + 100, "crowdtide/v/crowd/c1", "{\"occupancy\":1000}", 0);
    core_feed_publish(f, start_ms + 200, "crowdtide/v/crowd/d2", "{\"seq\":1,\"in\":1,\"out\":0}",
                      0);
    core_feed_until(f, start_ms + 9000);
    core_feed_model(f, start_ms + 9100, venue_yaml);
    assert_int_equal(f->results.count, 0); /* no era */
    core_feed_publish(f, start_ms + 9200, "crowdtide/v/crowd/d2", "{\"seq\":1,\"in\":1,\"out\":0}",
                      0);
    assert_int_equal(core_books(f->core).duplicate, 1);
    core_feed_until(f, start_ms + 11000); /* red's dwell of 10 s went on */
    assert_true(core_feed_last(f, RECORD_ALERT, &any));
    assert_int_equal(any.alert.level, LEVEL_RED);
    assert_false(core_feed_last(f, RECORD_LIGHT, &any)); /* nothing is said again */
    char other[sizeof venue_yaml + 1];
    (void)snprintf(other, sizeof other, "%s\n", venue_yaml);
    core_feed_model(f, start_ms + 11200, other);
    assert_true(core_feed_last(f, RECORD_ERA, &any));
}

/* The setting of process: what is late is not in the rates, though the last minute would still hold
 * it. */
static void test_late_setting(void **state)
{
    struct core_feed *f = *state;
    union result_any any;
    core_late_set(f->core, 5000);
    core_feed_until(f, start_ms + 30000);
    core_feed_publish(f, start_ms + 30500, "crowdtide/v/crowd/d2",
                      "{\"ts\":1795424420000,\"in\":5,\"out\":0}", 0);
    core_feed_publish(f, start_ms + 30600, "crowdtide/v/crowd/d2",
                      "{\"ts\":1795424429000,\"in\":3,\"out\":0}", 0);
    core_feed_publish(f, start_ms + 30600, "crowdtide/v/gate/g1",
                      "{\"ts\":1795424420000,\"in\":2,\"out\":0}", 0);
    core_feed_until(f, start_ms + 31000);
    uint32_t zones = 0;
    for (uint32_t i = 0; i < f->results.count; i++) {
        core_feed_result(f, i, &any);
        if (f->results.result[i].type == RECORD_ZONE && str_is(any.zone.zone, "hall-2")) {
            zones++;
            assert_int_equal(any.zone.occupancy, 6);
            assert_int_equal(any.zone.in_per_min, 3);
            assert_int_equal(any.zone.out_per_min, 0);
        }
        if (f->results.result[i].type == RECORD_GATE && str_is(any.gate.direction, "in")) {
            zones++;
            assert_int_equal(any.gate.total, 2);
            assert_int_equal(any.gate.per_min, 0);
        }
    }
    assert_int_equal(zones, 2);
}

static void test_command_refused(void **state)
{
    struct core_feed *f = *state;
    union result_any any;
    static const char command[] =
        "{\"operator\":\"li\",\"command\":\"ack\",\"nonce\":\"nonce-01\"}";
    uint8_t body[RECORD_COMMAND_FIXED_BYTES + sizeof command + LOG_READ_PADDING_BYTES] = {0};
    uint32_t len = record_command_encode(
        &(struct record_command){.by = RECORD_COMMAND_LOCAL, .text = STR_LIT(command)}, body,
        sizeof body);
    core_feed_record(f, start_ms, RECORD_COMMAND, body, len);
    core_feed_result(f, 0, &any);
    assert_true(str_is(any.reply.operator_id, "li"));
    assert_true(str_is(any.reply.command, "ack"));
    assert_true(str_is(any.reply.nonce, "nonce-01"));
    assert_int_equal(any.reply.ok, 0);
    assert_true(str_is(any.reply.reason, "issued: missing"));
}

static void expect_personal(struct core_feed *f, const char *reason, int64_t bytes)
{
    union result_any any;
    assert_true(core_feed_last(f, RECORD_DEADLETTER, &any));
    assert_true(str_is(any.deadletter.reason, reason));
    assert_int_equal(any.deadletter.payload_base64.len, 0);
    assert_int_equal(any.deadletter.payload_bytes, bytes);
    assert_true(str_is(any.deadletter.payload_hash, "30313233343536373839616263646566"));
}

/* A dead letter of a personal topic shows a keyed hash in place of bytes, also when it was left out
 * as poison. */
static void test_personal(void **state)
{
    struct core_feed *f = *state;
    uint8_t body[256 + LOG_READ_PADDING_BYTES];
    struct core_books before = core_books(f->core);
    const struct record_mqtt mqtt = {.topic = STR_LIT("gates/g"),
                                     .payload = STR_LIT("{\"card\":\"4711\"}"),
                                     .bits = RECORD_MQTT_PERSONAL,
                                     .keyed_hash = STR_LIT("0123456789abcdef")};
    uint32_t len = record_mqtt_encode(&mqtt, body, 256);
    core_feed_record(f, start_ms, RECORD_MQTT, body, len);
    expect_personal(f, "unknown_topic", 15);
    const struct record_withheld withheld = {.topic = STR_LIT("gates/g"),
                                             .payload_len = 600000,
                                             .keyed_hash = mqtt.keyed_hash,
                                             .reason = RECORD_WITHHELD_OVERSIZED,
                                             .bits = RECORD_MQTT_PERSONAL};
    core_feed_record(f, start_ms, RECORD_WITHHELD, body,
                     record_withheld_encode(&withheld, body, 256));
    expect_personal(f, "oversized", 600000);
    struct error err = {0};
    const struct log_view view = {
        .seq = ++f->seq, .epoch = 1, .type = RECORD_MQTT, .body = body, .body_len = len};
    (void)record_mqtt_encode(&mqtt, body, 256);
    core_results_clear(&f->results);
    assert_true(core_skip(f->core, &view, 3, &f->results, &err));
    expect_personal(f, "poison", 15);
    struct core_books after = core_books(f->core);
    assert_int_equal(after.received - before.received, 3);
    assert_int_equal(after.quarantined - before.quarantined, 3);
}

/* A watch on delays sees live readings with a time of their own, and nothing else. */
static void test_source_age(void **state)
{
    static const struct {
        int64_t ts_ms; /* before now; INT64_MAX: none is given */
        uint8_t bits;
        int64_t age_ms;
    } cases[] = {
        {250, 0, 250},
        {0, 0, 0},
        {-5000, 0, 0},  /* a clock that is ahead */
        {61000, 0, -1}, /* late */
        {250, RECORD_MQTT_RETAIN, -1},
        {INT64_MAX, 0, -1},
    };
    struct core_feed *f = *state;
    int64_t at_ms = start_ms + 100000;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char payload[96];
        at_ms += 1000;
        if (cases[i].ts_ms == INT64_MAX)
            (void)snprintf(payload, sizeof payload, "{\"occupancy\":5}");
        else
            (void)snprintf(payload, sizeof payload, "{\"occupancy\":5,\"ts\":%lld}",
                           (long long)(at_ms - cases[i].ts_ms));
        core_feed_publish(f, at_ms, "crowdtide/v/crowd/c1", payload, cases[i].bits);
        if (f->results.source_age_ms != cases[i].age_ms)
            fail_msg("case %zu: %lld", i, (long long)f->results.source_age_ms);
    }
    core_feed_tick(f, at_ms + 1000);
    assert_int_equal(f->results.source_age_ms, -1);
}

/* Only what the log itself should have prevented stops the core. */
static void test_corrupt(void **state)
{
    struct core_feed *f = *state;
    struct core_results results = {0};
    uint8_t body[1 + LOG_READ_PADDING_BYTES] = {0};
    static const unsigned types[] = {RECORD_MQTT, RECORD_OVERSIZED, RECORD_TICK,    RECORD_MODEL,
                                     99,          RECORD_ZONE,      RECORD_WITHHELD};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct log_view view = {.seq = 9,
                                .type = (uint16_t)types[i],
                                .log_ns = start_ms * 1000000,
                                .body = body,
                                .body_len = 1};
        struct error err = {0};
        assert_false(core_step(f->core, &view, &results, &err));
        assert_int_equal(err.code, ERROR_CORRUPT);
    }
    core_results_free(&results);
}

static void test_skip(void **state)
{
    struct core_feed *f = *state;
    struct core_results results = {0};
    struct error err = {0};
    struct record_mqtt mqtt = {.topic = STR_LIT("t"), .payload = STR_LIT("p")};
    uint8_t body[128];
    uint32_t len = record_mqtt_encode(&mqtt, body, 64);
    struct log_view view = {
        .seq = 5, .type = RECORD_MQTT, .log_ns = start_ms * 1000000, .body = body, .body_len = len};
    assert_true(core_skip(f->core, &view, 3, &results, &err));
    assert_int_equal(results.count, 2);
    assert_int_equal(results.result[0].type, RECORD_SKIPPED);
    assert_int_equal(results.result[1].type, RECORD_DEADLETTER);
    core_results_free(&results);
    struct core_books books = core_books(f->core);
    assert_int_equal(books.received, 1);
    assert_int_equal(books.quarantined, 1);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_era),
        CASE(test_reading_and_alert),
        CASE(test_letters),
        CASE(test_letter_bytes),
        CASE(test_oversized),
        CASE(test_heartbeat),
        CASE(test_late_setting),
        CASE(test_model_repeated),
        CASE(test_changed_only),
        CASE(test_again),
        CASE(test_command_refused),
        CASE(test_source_age),
        CASE(test_corrupt),
        CASE(test_skip),
        CASE(test_personal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
