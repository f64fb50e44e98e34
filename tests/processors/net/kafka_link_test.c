/* What librdkafka's threads complain of, made fit for a person and for being told once; and why a
 * handle can't be had. */
#include "processors/net/kafka_link.h"

#include <dlfcn.h>
#include <librdkafka/rdkafka.h>
#include <string.h>
#include <threads.h>

#include "processors/net/kafka_mock.h"
#include "schemas/base/clock.h"
#include "tests/support/support.h"

static void figures_are_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *said, *kept;
    } rows[] = {
        {"b/1: Authentication failed: no (after 304ms in state AUTH_REQ, 1 identical error(s) "
         "suppressed)",
         "b/1: Authentication failed: no"},
        {"broker (after a storm): down (after 3ms in state UP)", "broker (after a storm): down"},
        {"nothing to cut (really)", "nothing to cut (really)"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kafka_complaint complaint = {0};
        kafka_complaint_take(&complaint, RD_KAFKA_RESP_ERR__TRANSPORT, rows[i].said);
        assert_string_equal(complaint.text, rows[i].kept);
        assert_false(complaint.denied);
    }
}

static void what_says_most_stays(void **state)
{
    (void)state;
    struct kafka_complaint complaint = {0};
    kafka_complaint_take(&complaint, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
    assert_string_equal(complaint.text, "1/1 brokers are down");
    kafka_complaint_take(&complaint, RD_KAFKA_RESP_ERR__AUTHENTICATION, "wrong password");
    kafka_complaint_take(&complaint, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
    assert_string_equal(complaint.text, "wrong password");
    assert_true(complaint.denied);
    assert_true(complaint.all_down);
}

static void an_overlong_one_is_cut(void **state)
{
    (void)state;
    struct kafka_complaint complaint = {0};
    char text[2 * KAFKA_COMPLAINT_BYTES];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    kafka_complaint_take(&complaint, RD_KAFKA_RESP_ERR__SSL, text);
    assert_int_equal(strlen(complaint.text), KAFKA_COMPLAINT_BYTES - 1);
}

/* Nobody listens on port 1: the answer comes long before the time is over. */
static void the_probe_does_not_wait_in_vain(void **state)
{
    (void)state;
    const struct kafka_link link = {.brokers = "127.0.0.1:1"};
    struct kafka_found found;
    struct error err = {0};
    int64_t began_ns = clock_boot_ns();
    assert_false(kafka_probe(&link, 60000, &found, &err));
    assert_true(clock_boot_ns() - began_ns < 20 * 1000000000LL);
    assert_int_equal(err.code, ERROR_NETWORK);
    assert_non_null(strstr(err.where, "Connection refused"));
}

/* Far or busy: each answer takes longer than the first slices of the question. */
static void a_slow_answer_is_waited_for(void **state)
{
    (void)state;
    struct kafka_mock *mock = NULL;
    struct kafka_found found = {0};
    struct error err = {0};
    const struct kafka_topic_plan plan = {.name = "t", .partitions = 1};
    assert_true(kafka_mock_start(1, &plan, 1, &mock, &err));
    kafka_mock_slow(mock, 700);
    const struct kafka_link link = {.brokers = kafka_mock_brokers(mock)};
    if (!kafka_probe(&link, 20000, &found, &err))
        fail_msg("%s", err.where);
    assert_int_equal(found.topics, 1);
    kafka_mock_stop(mock);
}

static bool no_threads;

/* Takes the place of the C library's for librdkafka, too. */
int thrd_create(thrd_t *thread, thrd_start_t start, void *arg)
{
    int (*real)(thrd_t *, thrd_start_t, void *);
    *(void **)&real = dlsym(RTLD_NEXT, "thrd_create");
    return no_threads ? thrd_nomem : real(thread, start, arg);
}

/* A machine in trouble is no bad configuration, after which run would never start the publisher
 * again. */
static void why_there_is_no_handle(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        bool no_threads;
        enum error_code code;
    } rows[] = {
        {"", false, ERROR_NONE},
        {"transactional.id=x\nacks=0", false, ERROR_CONFIG},
        {"", true, ERROR_FATAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct kafka_link link = {.brokers = "127.0.0.1:1", .options = rows[i].options};
        struct rd_kafka_conf_s *conf;
        struct error err = {0};
        assert_true(kafka_link_conf(&link, NULL, NULL, &conf, &err));
        no_threads = rows[i].no_threads;
        struct rd_kafka_s *rk = kafka_link_open(RD_KAFKA_PRODUCER, conf, &err);
        no_threads = false;
        assert_int_equal(err.code, rows[i].code);
        assert_int_equal(rk != NULL, rows[i].code == ERROR_NONE);
        if (rk)
            rd_kafka_destroy(rk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_left_out),
        cmocka_unit_test(what_says_most_stays),
        cmocka_unit_test(an_overlong_one_is_cut),
        cmocka_unit_test(why_there_is_no_handle),
        cmocka_unit_test(the_probe_does_not_wait_in_vain),
        cmocka_unit_test(a_slow_answer_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
