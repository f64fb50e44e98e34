/* path_probe: which messages are probes of ours, how old the newest is, and when none is sent. */
#include "ingest/path_probe.h"

#include <string.h>

#include "tests/support/support.h"

enum { RUN = 0x1234 };
#define S INT64_C(1000000000)

static struct path_probe started(void)
{
    struct path_probe probe;
    path_probe_start(&probe, true, RUN, NULL);
    path_probe_at(&probe, STR_LIT("fair"), "crowdtide-fair");
    return probe;
}

static void tick(struct path_probe *probe, int64_t now_ns, enum record_probe expected, uint32_t ms)
{
    enum record_probe got;
    uint32_t got_ms;
    path_probe_tick(probe, now_ns, &got, &got_ms);
    assert_int_equal(got, expected);
    assert_int_equal(got_ms, ms);
}

static void the_newest_that_came_back_tells(void **state)
{
    (void)state;
    struct path_probe probe = started();
    char payload[4][PATH_PROBE_BYTES];
    for (int i = 0; i < 4; i++) {
        assert_true(path_probe_next(&probe, (10 + i) * S, payload[i]));
        assert_false(path_probe_answered(&probe, 0));
    }
    struct str topic = str_of(probe.topic);
    tick(&probe, 14 * S, RECORD_PROBE_SENT, RECORD_NO_PROBE);
    assert_true(path_probe_take(&probe, topic, str_of(payload[1])));
    tick(&probe, 14 * S, RECORD_PROBE_SENT, 3000);
    assert_true(path_probe_take(&probe, topic, str_of(payload[3])));
    tick(&probe, 14 * S, RECORD_PROBE_SENT, 1000);
    assert_true(path_probe_take(&probe, topic, str_of(payload[0]))); /* older, or again */
    tick(&probe, 15 * S, RECORD_PROBE_SENT, 2000);
    tick(&probe, 10 * S, RECORD_PROBE_SENT, 0);
    path_probe_end(&probe);
}

static void what_is_no_probe_is_a_message(void **state)
{
    (void)state;
    static const struct {
        const char *topic, *payload;
        bool is;
    } cases[] = {
        {"crowdtide/fair/probe/crowdtide-fair", "crowdtide-probe 0000000000001234 0", true},
        /* of an earlier run */
        {"crowdtide/fair/probe/crowdtide-fair", "crowdtide-probe 0000000000009999 0", true},
        {"crowdtide/fair/probe/another", "crowdtide-probe 0000000000000001 77", true},
        {"crowdtide/fair/probe/crowdtide-fair", "crowdtide-probe 0000000000001234 0 and more",
         true},
        {"crowdtide/fair/probe/crowdtide-fair", "crowdtide-probe ", false},
        {"crowdtide/fair/probe/crowdtide-fair", "{\"occupancy\":5}", false},
        {"crowdtide/fair/probe/", "crowdtide-probe 0000000000001234 0", false},
        {"crowdtide/fair/crowd/probe", "crowdtide-probe 0000000000001234 0", false},
        {"crowdtide/probe/x", "crowdtide-probe 0000000000001234 0", false},
        {"drill/fair/probe/crowdtide-fair", "crowdtide-probe 0000000000001234 0", false},
        {"crowdtide/", "crowdtide-probe 0000000000001234 0", false},
        {"", "", false},
        {"crowdtide/fair/probe/x",
         "crowdtide-probe 00000000000000000000000000000000000000000000000000000000000000000",
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct path_probe probe = started();
        char payload[PATH_PROBE_BYTES];
        assert_true(path_probe_next(&probe, S, payload));
        bool is = path_probe_take(&probe, str_of(cases[i].topic), str_of(cases[i].payload));
        if (is != cases[i].is)
            fail_msg("case %zu", i);
        tick(&probe, 2 * S, RECORD_PROBE_SENT, i == 0 ? 1000 : RECORD_NO_PROBE);
        path_probe_end(&probe);
    }
}

static void what_was_never_sent_says_nothing(void **state)
{
    (void)state;
    struct path_probe probe = started();
    char payload[PATH_PROBE_BYTES], first[PATH_PROBE_BYTES];
    assert_true(path_probe_next(&probe, S, first));
    assert_true(path_probe_take(&probe, str_of(probe.topic),
                                STR_LIT("crowdtide-probe 0000000000001234 1")));
    tick(&probe, 2 * S, RECORD_PROBE_SENT, RECORD_NO_PROBE);
    for (int i = 0; i < PATH_PROBE_KEPT; i++) {
        path_probe_answered(&probe, 0);
        assert_true(path_probe_next(&probe, (2 + i) * S, payload));
    }
    assert_true(path_probe_take(&probe, str_of(probe.topic), str_of(first))); /* too long ago */
    tick(&probe, 70 * S, RECORD_PROBE_SENT, RECORD_NO_PROBE);
    path_probe_end(&probe);
}

static void a_broker_that_does_not_answer_gets_no_more(void **state)
{
    (void)state;
    struct path_probe probe = started();
    char payload[PATH_PROBE_BYTES];
    for (int i = 0; i < PATH_PROBE_UNANSWERED; i++)
        assert_true(path_probe_next(&probe, i * S, payload));
    assert_false(path_probe_next(&probe, 99 * S, payload));
    path_probe_answered(&probe, 0);
    assert_true(path_probe_next(&probe, 99 * S, payload));
    assert_false(path_probe_next(&probe, 99 * S, payload));
    path_probe_unsent(&probe);
    assert_true(path_probe_next(&probe, 99 * S, payload));
    path_probe_connected(&probe);
    path_probe_answered(&probe, 0); /* of the connection before */
    for (int i = 0; i < PATH_PROBE_UNANSWERED; i++)
        assert_true(path_probe_next(&probe, 100 * S, payload));
    assert_false(path_probe_next(&probe, 100 * S, payload));
    path_probe_end(&probe);
}

static void refusals_are_news_once(void **state)
{
    (void)state;
    struct path_probe probe = started();
    char payload[PATH_PROBE_BYTES];
    assert_true(path_probe_next(&probe, S, payload));
    assert_true(path_probe_answered(&probe, 0x87));
    tick(&probe, 2 * S, RECORD_PROBE_REFUSED, RECORD_NO_PROBE);
    assert_true(path_probe_next(&probe, 2 * S, payload)); /* the access list may be mended */
    assert_false(path_probe_answered(&probe, 0x87));
    assert_true(path_probe_next(&probe, 3 * S, payload));
    assert_true(path_probe_answered(&probe, 0x10)); /* nobody subscribes: no refusal */
    tick(&probe, 4 * S, RECORD_PROBE_SENT, RECORD_NO_PROBE);
    path_probe_subscribed(&probe, 0x80);
    tick(&probe, 4 * S, RECORD_PROBE_REFUSED, RECORD_NO_PROBE);
    path_probe_subscribed(&probe, 1);
    tick(&probe, 4 * S, RECORD_PROBE_SENT, RECORD_NO_PROBE);
    path_probe_end(&probe);
}

static void the_topic_is_one_level_more(void **state)
{
    (void)state;
    char topic[PATH_PROBE_TOPIC_BYTES];
    path_probe_topic_of(STR_LIT("fair"), "a/b+c#d", topic);
    assert_string_equal(topic, "crowdtide/fair/probe/a_b_c_d");
    struct path_probe off;
    path_probe_start(&off, false, RUN, NULL);
    assert_false(path_probe_next(&off, S, topic));
    tick(&off, S, RECORD_PROBE_NONE, RECORD_NO_PROBE);
    path_probe_end(&off);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_that_came_back_tells),
        cmocka_unit_test(what_is_no_probe_is_a_message),
        cmocka_unit_test(what_was_never_sent_says_nothing),
        cmocka_unit_test(a_broker_that_does_not_answer_gets_no_more),
        cmocka_unit_test(refusals_are_news_once),
        cmocka_unit_test(the_topic_is_one_level_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
