/* Bodies of records that have grown: what older programs wrote still reads, and what is broken is
 * refused. */
#include "schemas/record/record.h"

#include <string.h>

#include "tests/support/support.h"

enum { BODY_BYTES = 1024 };

static void a_message_without_properties_is_as_it_always_was(void **state)
{
    (void)state;
    static const uint8_t before[] = {1, 0, 1, RECORD_MQTT_RETAIN, 2, 0, 0, 0, 't', '{', '}'};
    const struct record_mqtt mqtt = {
        .topic = STR_LIT("t"), .payload = STR_LIT("{}"), .qos = 1, .bits = RECORD_MQTT_RETAIN};
    uint8_t body[BODY_BYTES];
    assert_int_equal(record_mqtt_encode(&mqtt, body, sizeof body), sizeof before);
    assert_memory_equal(body, before, sizeof before);
    struct record_mqtt back;
    assert_true(record_mqtt_decode(before, sizeof before, &back, NULL));
    assert_int_equal(back.content_type.len, 0);
    assert_int_equal(back.keyed_hash.len, 0);
    assert_int_equal(back.bits, RECORD_MQTT_RETAIN);
}

static void properties_come_back(void **state)
{
    (void)state;
    const struct record_mqtt mqtt = {.topic = STR_LIT("a/b"),
                                     .payload = STR_LIT("{\"a\":1}"),
                                     .qos = 1,
                                     .bits = RECORD_MQTT_DUP | RECORD_MQTT_PERSONAL,
                                     .content_type = STR_LIT("application/json"),
                                     .keyed_hash = STR_LIT("0123456789abcdef")};
    uint8_t body[BODY_BYTES];
    struct record_mqtt back;
    uint32_t len = record_mqtt_encode(&mqtt, body, sizeof body);
    assert_true(len > 0);
    assert_int_equal(record_mqtt_encode(&mqtt, body, len - 1), 0);
    assert_true(record_mqtt_decode(body, len, &back, NULL));
    assert_true(str_equal(back.topic, mqtt.topic) && str_equal(back.payload, mqtt.payload));
    assert_true(str_equal(back.content_type, mqtt.content_type));
    assert_true(str_equal(back.keyed_hash, mqtt.keyed_hash));
    assert_int_equal(back.bits, RECORD_MQTT_DUP | RECORD_MQTT_PERSONAL);
    for (uint32_t cut = 1; cut < len;
         cut++) { /* whatever is left is no message, or lacks a property */
        bool whole = record_mqtt_decode(body, len - cut, &back, NULL);
        assert_true(!whole || !back.keyed_hash.len);
    }
    body[len - 2 - RECORD_KEYED_HASH_BYTES] = 77; /* a kind that nobody knows */
    assert_true(record_mqtt_decode(body, len, &back, NULL));
    assert_int_equal(back.keyed_hash.len, 0);
    assert_true(str_equal(back.content_type, mqtt.content_type));
    body[len - 2 - RECORD_KEYED_HASH_BYTES] = 2;
    body[len - 1 - RECORD_KEYED_HASH_BYTES]--; /* no hash has this length */
    assert_false(record_mqtt_decode(body, len - 1, &back, NULL));
    body[len - 1 - RECORD_KEYED_HASH_BYTES] += 2; /* beyond the end */
    assert_false(record_mqtt_decode(body, len, &back, NULL));
}

static void a_content_type_is_cut(void **state)
{
    (void)state;
    char type[300];
    memset(type, 'x', sizeof type);
    const struct record_mqtt mqtt = {.topic = STR_LIT("t"), .content_type = {type, sizeof type}};
    uint8_t body[BODY_BYTES];
    struct record_mqtt back;
    assert_true(
        record_mqtt_decode(body, record_mqtt_encode(&mqtt, body, sizeof body), &back, NULL));
    assert_int_equal(back.content_type.len, RECORD_CONTENT_TYPE_BYTES_MAX);
}

static void older_ticks_say_less(void **state)
{
    (void)state;
    const struct record_tick tick = {.connected = true,
                                     .messages = 7,
                                     .clock_offset_ns = -3,
                                     .utc_offset_s = 28800,
                                     .broker_dropped = 12,
                                     .probe = RECORD_PROBE_REFUSED,
                                     .probe_ms = 1234};
    uint8_t body[BODY_BYTES];
    struct record_tick back;
    assert_int_equal(record_tick_encode(&tick, body, sizeof body), 40);
    assert_true(record_tick_decode(body, 40, &back, NULL));
    assert_true(back.broker_dropped == 12);
    assert_int_equal(back.probe, RECORD_PROBE_REFUSED);
    assert_int_equal(back.probe_ms, 1234);
    assert_false(record_tick_decode(body, 32, &back, NULL)); /* its writer knew of no probes */
    body[1] = RECORD_PROBE_COUNT;
    assert_false(record_tick_decode(body, 40, &back, NULL));
    body[1] = RECORD_PROBE_NONE;
    assert_true(record_tick_decode(body, 40, &back, NULL));
    assert_true(back.probe_ms == RECORD_NO_PROBE);
    assert_true(record_tick_decode(body, 32, &back, NULL));
    assert_true(back.broker_dropped == RECORD_NO_COUNT);
    assert_int_equal(back.utc_offset_s, 28800);
    assert_true(record_tick_decode(body, 24, &back, NULL));
    assert_int_equal(back.utc_offset_s, RECORD_NO_UTC_OFFSET);
    assert_true(back.broker_dropped == RECORD_NO_COUNT);
    assert_int_equal(back.clock_offset_ns, -3);
    assert_false(record_tick_decode(body, 36, &back, NULL));
}

static void withheld_has_no_bytes(void **state)
{
    (void)state;
    const struct record_withheld withheld = {.topic = STR_LIT("gate/7"),
                                             .payload_len = 99999,
                                             .keyed_hash = STR_LIT("0123456789abcdef"),
                                             .reason = RECORD_WITHHELD_OVERSIZED,
                                             .qos = 1,
                                             .bits = RECORD_MQTT_PERSONAL};
    uint8_t body[BODY_BYTES];
    struct record_withheld back;
    uint32_t len = record_withheld_encode(&withheld, body, sizeof body);
    assert_true(record_withheld_decode(body, len, &back, NULL));
    assert_true(str_equal(back.topic, withheld.topic));
    assert_true(str_equal(back.keyed_hash, withheld.keyed_hash));
    assert_int_equal(back.payload_len, 99999);
    assert_int_equal(back.reason, RECORD_WITHHELD_OVERSIZED);
    assert_false(record_withheld_decode(body, len - 1, &back, NULL));
    body[4] = RECORD_WITHHELD_REASON_COUNT;
    assert_false(record_withheld_decode(body, len, &back, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_without_properties_is_as_it_always_was),
        cmocka_unit_test(properties_come_back),
        cmocka_unit_test(a_content_type_is_cut),
        cmocka_unit_test(older_ticks_say_less),
        cmocka_unit_test(withheld_has_no_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
