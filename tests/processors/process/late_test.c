/* The setting process.late_s: it reaches the core, also one that comes from a snapshot taken under
 * another value, and another value is another era. */
#include "tests/support/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "schemas/record/record.h"

enum { BEHIND_MS = 10000, BODY_BYTES = 1024 };

static const char venue_yaml[] =
    "venue: {id: v}\nbuiltin_rules: no\n"
    "zones: [{id: h, kind: hall}]\n"
    "sensors: [{id: c, class: crowd, counter: level, zone: h, silence_s: 600}]\n";

static const int64_t start_ms = INT64_C(1795424400000);

static void stage(struct log_writer *writer, uint16_t type, int64_t t_ms, const void *body,
                  uint32_t len)
{
    struct error err = {0};
    const struct log_record record = {.type = type,
                                      .log_ns = t_ms * 1000000,
                                      .wall_ns = t_ms * 1000000,
                                      .body = body,
                                      .body_len = len};
    if (!log_writer_stage(writer, &record, NULL, &err) || !log_writer_commit(writer, &err))
        fail_msg("%s", err.where);
}

/* A reading of ten seconds ago; the first one brings the model. */
static void append(const char *state, int64_t at_s)
{
    uint8_t body[BODY_BYTES];
    char payload[64];
    int64_t t_ms = start_ms + at_s * 1000;
    struct log_writer *writer = machine_readings(state);
    if (at_s == 0) {
        const struct record_model model = {.source = STR_LIT(venue_yaml),
                                           .hash = str_hash(STR_LIT(venue_yaml))};
        stage(writer, RECORD_MODEL, t_ms, body, record_model_encode(&model, body, sizeof body));
    }
    (void)snprintf(payload, sizeof payload, "{\"ts\":%" PRId64 ",\"occupancy\":5}",
                   t_ms - BEHIND_MS);
    const struct record_mqtt mqtt = {
        .topic = STR_LIT("crowdtide/v/crowd/c"), .payload = str_of(payload), .qos = 1};
    stage(writer, RECORD_MQTT, t_ms, body, record_mqtt_encode(&mqtt, body, sizeof body));
    log_writer_close(writer);
}

static void run(const char *state, void (*tune)(struct config *config))
{
    const struct machine_run run = {.state = state, .core = process_core_real(), .tune = tune};
    assert_int_equal(machine_end(machine_begin(&run)), 0);
}

/* Whether the newest reading came out as late. */
static bool newest_is_late(const char *state)
{
    struct log_reader *reader = machine_log(state, "bulk");
    struct error err = {0};
    struct log_view view;
    int late = -1;
    while (log_reader_next(reader, &view, &err) == LOG_READ_RECORD) {
        struct result_origin origin;
        union result_any any;
        if (view.type != RECORD_READING)
            continue;
        assert_true(result_decode(view.type, view.body, view.body_len, &origin, &any, &err));
        late = any.reading.late == 1;
    }
    log_reader_close(reader);
    assert_true(late >= 0);
    return late;
}

static uint32_t eras(const char *state)
{
    return machine_count(state, "alerts", RECORD_ERA);
}

static void five_seconds(struct config *config)
{
    config->late_s = 5;
}

static void another_value_counts_from_the_next_record_on(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    append(a, 0);
    run(a, NULL);
    assert_false(newest_is_late(a));
    uint32_t before = eras(a);
    append(a, 20);
    run(a, five_seconds);
    assert_true(newest_is_late(a));
    assert_int_equal(eras(a), before + 1);
    append(a, 40);
    run(a, five_seconds);
    assert_true(newest_is_late(a));
    assert_int_equal(eras(a), before + 1);
    append(a, 60);
    run(a, NULL);
    assert_false(newest_is_late(a));
    assert_int_equal(eras(a), before + 2);
}

static void it_counts_from_the_first_record_on(void **state)
{
    (void)state;
    const char *a = machine_at("a");
    append(a, 0);
    run(a, five_seconds);
    assert_true(newest_is_late(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACHINE_TEST(another_value_counts_from_the_next_record_on),
        MACHINE_TEST(it_counts_from_the_first_record_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
