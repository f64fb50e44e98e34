/* Documents that are no reading, among those that are: each has one dead letter that says what is
 * wrong and where, and whoever sent good ones beside it loses nothing. */
#include "schemas/result/refusal.h"
#include "tests/support/core_feed.h"
#include "tests/support/json_cases.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/support.h"

static const char venue_yaml[] = "venue: {id: v, time_zone: Asia/Shanghai, capacity: 20000}\n"
                                 "zones:\n"
                                 "  - {id: hall-1, kind: hall, capacity: 1000}\n"
                                 "  - {id: hall-2, kind: hall, capacity: 1000}\n"
                                 "sensors:\n"
                                 "  - {id: c1, class: crowd, counter: level, zone: hall-1}\n"
                                 "  - {id: d2, class: crowd, counter: delta, zone: hall-2}\n";

static const int64_t start_ms = INT64_C(1795424400000); /* 2026-11-23T09:00:00Z */

struct tally {
    uint32_t letters, readings, entered; /* entered: by d2's readings */
    union result_any letter;
    char detail[REFUSAL_DETAIL_BYTES];
};

static void on_result(void *arg, unsigned type, const union result_any *result)
{
    struct tally *t = arg;
    if (type == RECORD_READING) {
        t->readings++;
        t->entered += str_is(result->reading.sensor, "d2") ? (uint32_t)result->reading.in : 0;
    }
    if (type != RECORD_DEADLETTER)
        return;
    t->letters++;
    t->letter = *result;
    assert_in_range(result->deadletter.detail.len, 1, sizeof t->detail - 1);
    memcpy(t->detail, result->deadletter.detail.at, result->deadletter.detail.len);
    t->detail[result->deadletter.detail.len] = '\0';
    t->letter.deadletter.reason =
        str_of(str_is(result->deadletter.reason, "malformed")       ? "malformed"
               : str_is(result->deadletter.reason, "utf8")          ? "utf8"
               : str_is(result->deadletter.reason, "duplicate_key") ? "duplicate_key"
               : str_is(result->deadletter.reason, "wrong_type")    ? "wrong_type"
                                                                    : "another");
}

static const char *reason_of(enum json_status status)
{
    switch (status) {
    case JSON_MALFORMED:
        return "malformed";
    case JSON_UTF8:
        return "utf8";
    case JSON_DUPLICATE_KEY:
        return "duplicate_key";
    case JSON_NOT_OBJECT:
        return "wrong_type";
    default:
        return "";
    }
}

static void judge(const struct core_feed *f, const struct json_case *c, const struct tally *t)
{
    char byte[64];
    (void)snprintf(byte, sizeof byte, " at byte %u", c->byte);
    const struct result_deadletter *letter = &t->letter.deadletter;
    if (!str_is(letter->reason, reason_of(c->status)))
        fail_msg("%s: " STR_FMT ": %s", c->name, STR_ARG(letter->reason), t->detail);
    if (c->byte && (!strstr(t->detail, byte) || !strstr(t->detail, c->why)))
        fail_msg("%s: %s", c->name, t->detail);
    assert_int_equal(letter->input_seq, f->seq);
    assert_int_equal(letter->payload_bytes, c->document.len);
}

static void refused_with_a_reason_and_harmless(void **state)
{
    (void)state;
    struct core_feed f;
    struct tally t = {0};
    uint32_t good = 0, refused = 0;
    core_feed_init(&f, venue_yaml, start_ms);
    f.seen = on_result;
    f.arg = &t;
    for (uint32_t i = 0; i < json_case_count(); i++) {
        struct json_case c = json_case_at(i);
        int64_t at_ms = start_ms + (int64_t)(i + 1) * 1000;
        core_feed_publish(&f, at_ms, "crowdtide/v/crowd/d2", "{\"in\":1,\"out\":0}", 0);
        core_feed_bytes(&f, at_ms + 1, STR_LIT("crowdtide/v/crowd/c1"), c.document, 0);
        refused += c.status != JSON_OK;
        assert_int_equal(t.letters, refused);
        if (c.status != JSON_OK)
            judge(&f, &c, &t);
        core_feed_publish(&f, at_ms + 2, "crowdtide/v/crowd/c1", "{\"occupancy\":5}", 0);
        core_feed_publish(&f, at_ms + 3, "crowdtide/v/crowd/d2", "{\"in\":2,\"out\":0}", 0);
        good += 3;
        json_case_free(&c);
    }
    struct core_books b = core_books(f.core);
    assert_int_equal(b.quarantined, refused);
    assert_int_equal(b.decoded, good + json_case_count() - refused);
    assert_int_equal(b.received, b.decoded + b.quarantined);
    assert_int_equal(t.readings, b.decoded);
    assert_int_equal(t.entered, 3 * json_case_count());
    core_feed_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_with_a_reason_and_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
