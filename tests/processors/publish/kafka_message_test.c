/* kafka_message: where a result goes and under which key. */
#include "processors/publish/kafka_message.h"

#include <string.h>

#include "tests/support/support.h"

enum { ALERTS = 3, ALERT_STATE = 4 };

/* alert-state always tells the present: an exercise must not take the place of what is so. */
static void exercises_have_a_state_of_their_own(void **state)
{
    (void)state;
    static const struct {
        struct str status, id, key;
    } cases[] = {
        {{"Actual", 6}, {"v/h/full/17", 11}, {"v/h/full", 8}},
        {{"Exercise", 8}, {"drill/v/h/full/17", 17}, {"drill/v/h/full", 14}},
    };
    struct error err = {0};
    struct kafka_messages m;
    assert_true(kafka_messages_init(&m, &(struct log_uuid){{0}}, &err));
    memset(m.topic, -1, sizeof m.topic);
    m.topic[RECORD_ALERT] = ALERTS;
    m.alert_state = ALERT_STATE;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t body[1024];
        struct result_alert a;
        const struct result_origin origin = {7, 1, 0};
        struct kafka_message out[KAFKA_MESSAGES_A_RESULT];
        result_clear(RECORD_ALERT, &a);
        a.id = cases[i].id;
        a.venue = STR_LIT("v");
        a.zone = STR_LIT("h");
        a.rule = STR_LIT("full");
        a.status = cases[i].status;
        struct feed_item item = {
            .view = {.type = RECORD_ALERT,
                     .body = body,
                     .body_len = result_encode(RECORD_ALERT, &origin, &a, body, sizeof body)},
            .origin = origin};
        assert_int_equal(kafka_messages_of(&m, &item, out, &err), 2);
        assert_int_equal(out[0].topic, ALERTS);
        assert_true(str_equal(out[0].key, cases[i].id));
        assert_int_equal(out[1].topic, ALERT_STATE);
        assert_true(str_equal(out[1].key, cases[i].key));
        assert_true(str_equal(out[0].value, out[1].value));
    }
    kafka_messages_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exercises_have_a_state_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
