/* publish kafka against librdkafka's mock brokers: what each failure makes it do. Exactly once
 * under kill -9 is tested on real Kafka (tests/e2e): the mock shows aborted records, too. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "processors/net/kafka_last.h"
#include "processors/net/kafka_mock.h"
#include "processors/publish/kafka_message.h"
#include "processors/publish/kafka_position.h"
#include "processors/publish/publish.h"
#include "schemas/base/clock.h"
#include "tests/support/result_logs.h"
#include "tests/support/support.h"

enum { WAIT_S = 20, LOOK_MS = 20, POSITION_WAIT_MS = 5000 };

/* Kafka's request numbers and error codes, as its protocol guide lists them. */
enum {
    API_PRODUCE = 0,
    API_INIT_PRODUCER_ID = 22,
    API_ADD_PARTITIONS_TO_TXN = 24,
    API_END_TXN = 26,
    NOT_LEADER = 6,
    MESSAGE_TOO_LARGE = 10,
    COORDINATOR_LOADING = 14,
    COORDINATOR_NOT_AVAILABLE = 15,
    NOT_COORDINATOR = 16,
    OUT_OF_ORDER_SEQUENCE = 45,
    INVALID_PRODUCER_ID_MAPPING = 49,
    CONCURRENT_TRANSACTIONS = 51,
    PRODUCER_FENCED = 90,
};

struct bench {
    char dir[4096];
    struct result_logs logs;
    struct kafka_mock *mock;
    struct config config;
    struct kafka_link link;
    volatile int stop;
    bool rebase;
    pthread_t thread;
    int code;
};

static void *publish(void *arg)
{
    struct bench *b = arg;
    b->code = publish_kafka_run(
        &(struct publish_options){.config = &b->config, .stop = &b->stop, .rebase = b->rebase});
    return NULL;
}

static void mock_start(struct bench *b)
{
    struct kafka_topic_plan plans[KAFKA_TOPIC_COUNT];
    struct error err = {0};
    kafka_topic_plans(2, plans);
    assert_true(kafka_mock_start(1, plans, KAFKA_TOPIC_COUNT, &b->mock, &err));
    b->config.kafka_brokers = (char *)(uintptr_t)kafka_mock_brokers(b->mock);
    b->link = (struct kafka_link){.brokers = kafka_mock_brokers(b->mock)};
}

static void setup(struct bench *b)
{
    memset(b, 0, sizeof *b);
    support_temp_dir(b->dir, sizeof b->dir);
    result_logs_open(&b->logs, b->dir, false);
    b->config = (struct config){
        .state_dir = b->dir,
        .kafka_options = (char *)(uintptr_t) "",
        .kafka_sasl_password = (char *)(uintptr_t) "",
        .kafka_alerts_ms = 20,
        .kafka_bulk_ms = 50,
        .kafka_bulk_bytes = 1 << 20,
        .kafka_partitions = 2,
        .kafka_replication = -1,
    };
    mock_start(b);
}

static void start(struct bench *b)
{
    b->stop = 0;
    assert_int_equal(pthread_create(&b->thread, NULL, publish, b), 0);
}

static int stop(struct bench *b)
{
    __atomic_store_n(&b->stop, 1, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(b->thread, NULL), 0);
    return b->code;
}

static void teardown(struct bench *b)
{
    kafka_mock_stop(b->mock);
    result_logs_close(&b->logs);
    support_remove_tree(b->dir);
}

static bool position(struct bench *b, const char *log, struct kafka_position *ret)
{
    char key[KAFKA_POSITION_KEY_BYTES], value[KAFKA_POSITION_BYTES];
    size_t len = 0;
    bool found = false;
    struct error err = {0};
    const struct kafka_last_query query = {
        .topic = KAFKA_POSITIONS_TOPIC,
        .key = {key, (uint32_t)kafka_position_key(&b->logs.uuid, log, key)},
        .timeout_ms = POSITION_WAIT_MS,
    };
    if (!kafka_last(&b->link, &query, value, sizeof value, &found, &len, &err))
        fail_msg("%s", err.where);
    return found && kafka_position_read((struct str){value, (uint32_t)len}, ret, &err);
}

static uint64_t cursor_seq(struct bench *b, const char *name)
{
    char dir[4200];
    struct log_cursor *cursor = NULL;
    (void)snprintf(dir, sizeof dir, "%s/cursors", b->dir);
    if (!log_cursor_open(dir, name, false, &cursor, NULL))
        return 0;
    uint64_t seq = log_cursor_load(cursor).seq;
    log_cursor_close(cursor);
    return seq;
}

/* Waits until both cursors stand at the logs' ends: everything committed. */
static void wait_published(struct bench *b, const char *what)
{
    int64_t until_ns = clock_boot_ns() + WAIT_S * 1000000000LL;
    while (cursor_seq(b, "bulk.kafka") < log_writer_last_seq(b->logs.bulk) ||
           cursor_seq(b, "alerts.kafka") < log_writer_last_seq(b->logs.alerts)) {
        if (clock_boot_ns() > until_ns)
            fail_msg("%s: bulk at %llu of %llu, alerts at %llu of %llu", what,
                     (unsigned long long)cursor_seq(b, "bulk.kafka"),
                     (unsigned long long)log_writer_last_seq(b->logs.bulk),
                     (unsigned long long)cursor_seq(b, "alerts.kafka"),
                     (unsigned long long)log_writer_last_seq(b->logs.alerts));
        const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
}

static size_t rejected_text(struct bench *b, const char *log, char *out, size_t cap)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/rejected/kafka-%s.jsonl", b->dir, log);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(out, 1, cap - 1, file) : 0;
    out[n] = '\0';
    if (file)
        (void)fclose(file);
    return n;
}

static void the_position_follows_and_a_restart_goes_on_behind_it(void **state)
{
    (void)state;
    struct bench b = {0};
    struct kafka_position at = {0};
    setup(&b);
    for (int i = 0; i < 100; i++)
        result_logs_step(&b.logs, &(struct result_step){.readings = 3, .alerts = i % 10 == 0});
    start(&b);
    wait_published(&b, "first run");
    assert_int_equal(stop(&b), 0);
    assert_true(position(&b, "bulk", &at));
    assert_int_equal(at.delivered, 300);
    assert_int_equal(at.at.input_seq, 100);
    assert_int_equal(at.at.seq, log_writer_last_seq(b.logs.bulk));
    assert_true(position(&b, "alerts", &at));
    assert_int_equal(at.delivered, 10);
    result_logs_step(&b.logs, &(struct result_step){.readings = 7, .heartbeats = 1});
    start(&b);
    wait_published(&b, "second run");
    assert_int_equal(stop(&b), 0);
    assert_true(position(&b, "bulk", &at));
    assert_int_equal(at.delivered, 307);
    assert_true(position(&b, "alerts", &at));
    assert_int_equal(at.delivered, 11);
    teardown(&b);
}

static const struct {
    const char *name;
    int api;
    int codes[4];
    uint32_t count;
} failures[] = {
    {"not leader", API_PRODUCE, {NOT_LEADER, NOT_LEADER}, 2},
    {"out of order", API_PRODUCE, {OUT_OF_ORDER_SEQUENCE}, 1},
    {"fenced while producing", API_PRODUCE, {PRODUCER_FENCED}, 1},
    {"coordinator loading", API_INIT_PRODUCER_ID, {COORDINATOR_LOADING, NOT_COORDINATOR}, 2},
    {"concurrent transactions", API_ADD_PARTITIONS_TO_TXN, {CONCURRENT_TRANSACTIONS}, 1},
    {"coordinator gone", API_ADD_PARTITIONS_TO_TXN, {COORDINATOR_NOT_AVAILABLE}, 1},
    {"coordinator moved at the end", API_END_TXN, {NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE}, 2},
    {"producer unknown at the end", API_END_TXN, {INVALID_PRODUCER_ID_MAPPING}, 1},
    {"fenced at the end", API_END_TXN, {PRODUCER_FENCED}, 1},
};

/* Whatever the brokers answer once or twice: in the end everything is committed, nothing is
 * rejected, and the books say each result once. */
static void passing_failures_lose_nothing(void **state)
{
    (void)state;
    struct bench b = {0};
    char text[4096];
    uint64_t readings = 0;
    setup(&b);
    start(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1, .alerts = 1});
    wait_published(&b, "before");
    readings = 1;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (failures[i].api == API_INIT_PRODUCER_ID) {
            assert_int_equal(stop(&b), 0);
            kafka_mock_fail(b.mock, failures[i].api, failures[i].codes, failures[i].count);
            start(&b);
        } else {
            kafka_mock_fail(b.mock, failures[i].api, failures[i].codes, failures[i].count);
        }
        for (int n = 0; n < 10; n++)
            result_logs_step(&b.logs, &(struct result_step){.readings = 5, .alerts = 1});
        readings += 50;
        wait_published(&b, failures[i].name);
    }
    assert_int_equal(stop(&b), 0);
    struct kafka_position at = {0};
    assert_true(position(&b, "bulk", &at));
    assert_int_equal(at.delivered, readings);
    assert_int_equal(at.rejected, 0);
    assert_int_equal(rejected_text(&b, "bulk", text, sizeof text), 0);
    assert_int_equal(rejected_text(&b, "alerts", text, sizeof text), 0);
    teardown(&b);
}

static void brokers_down_at_first_and_in_between(void **state)
{
    (void)state;
    struct bench b = {0};
    setup(&b);
    kafka_mock_down(b.mock, true);
    result_logs_step(&b.logs, &(struct result_step){.readings = 5, .alerts = 1});
    start(&b);
    const struct timespec pause = {.tv_nsec = 700000000};
    (void)nanosleep(&pause, NULL);
    assert_int_equal(cursor_seq(&b, "bulk.kafka"), 0);
    kafka_mock_down(b.mock, false);
    wait_published(&b, "down at first");
    kafka_mock_down(b.mock, true);
    result_logs_step(&b.logs, &(struct result_step){.readings = 5, .alerts = 1});
    (void)nanosleep(&pause, NULL);
    kafka_mock_down(b.mock, false);
    wait_published(&b, "down in between");
    assert_int_equal(stop(&b), 0);
    teardown(&b);
}

static void a_message_the_client_finds_too_large_is_rejected_alone(void **state)
{
    (void)state;
    struct bench b = {0};
    char text[1 << 17];
    struct kafka_position at = {0};
    setup(&b);
    b.config.kafka_options = (char *)(uintptr_t) "message.max.bytes=2000";
    result_logs_step(&b.logs, &(struct result_step){.alerts = 2});
    result_logs_step(&b.logs, &(struct result_step){.deadletters = 1, .payload_bytes = 5000});
    result_logs_step(&b.logs, &(struct result_step){.alerts = 2});
    start(&b);
    wait_published(&b, "too large");
    assert_int_equal(stop(&b), 0);
    assert_true(position(&b, "alerts", &at));
    assert_int_equal(at.delivered, 4);
    assert_int_equal(at.rejected, 1);
    assert_true(rejected_text(&b, "alerts", text, sizeof text) > 5000);
    assert_non_null(strstr(text, "\"type\":\"deadletter\""));
    assert_non_null(strstr(text, "\"input_seq\":2,"));
    teardown(&b);
}

/* The brokers refuse a batch for its size without saying which message: transactions shrink until
   all but the guilty one are through. The mock refuses requests, not messages, so here nobody is
   guilty and nothing may be rejected. */
static void a_refused_batch_is_repeated_in_parts(void **state)
{
    (void)state;
    static const int codes[] = {MESSAGE_TOO_LARGE, MESSAGE_TOO_LARGE};
    struct bench b = {0};
    char text[4096];
    struct kafka_position at = {0};
    setup(&b);
    start(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1, .alerts = 1});
    wait_published(&b, "before");
    kafka_mock_fail(b.mock, API_PRODUCE, codes, 2);
    result_logs_step(&b.logs, &(struct result_step){.readings = 64});
    wait_published(&b, "refused batch");
    assert_int_equal(stop(&b), 0);
    assert_true(position(&b, "bulk", &at));
    assert_int_equal(at.delivered, 65);
    assert_int_equal(rejected_text(&b, "bulk", text, sizeof text), 0);
    teardown(&b);
}

static void a_lost_position_stops_until_rebase(void **state)
{
    (void)state;
    struct bench b = {0};
    struct kafka_position at = {0};
    setup(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 5, .alerts = 1});
    start(&b);
    wait_published(&b, "before");
    assert_int_equal(stop(&b), 0);
    kafka_mock_stop(b.mock); /* another Kafka, with nothing in it */
    mock_start(&b);
    start(&b);
    assert_int_equal(pthread_join(b.thread, NULL), 0);
    assert_int_equal(b.code, 1);
    assert_false(position(&b, "bulk", &at));
    b.rebase = true;
    result_logs_step(&b.logs, &(struct result_step){.readings = 2, .alerts = 1});
    start(&b);
    wait_published(&b, "after rebase");
    assert_int_equal(stop(&b), 0);
    assert_true(position(&b, "bulk", &at));
    assert_int_equal(at.delivered, 7);
    teardown(&b);
}

/* Kafka's position is an input that an older copy never had: what the copy has at that place since,
   or far behind it, is something else. */
static void an_older_copy_stops_until_rebase(void **state)
{
    (void)state;
    struct bench b = {0};
    struct kafka_position at = {0};
    struct support_stderr kept;
    char command[3 * 4200], said[8192];
    setup(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1, .alerts = 1});
    result_logs_close(&b.logs);
    (void)snprintf(command, sizeof command, "cp -r '%s' '%s.copy'", b.dir, b.dir);
    assert_int_equal(system(command), 0);
    result_logs_open(&b.logs, b.dir, false);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1, .alerts = 1});
    start(&b);
    wait_published(&b, "the original");
    assert_int_equal(stop(&b), 0);
    result_logs_close(&b.logs);
    support_remove_tree(b.dir);
    (void)snprintf(command, sizeof command, "mv '%s.copy' '%s'", b.dir, b.dir);
    assert_int_equal(system(command), 0);
    result_logs_open(&b.logs, b.dir, false);
    result_logs_step(&b.logs, &(struct result_step){.readings = 1, .alerts = 1});
    support_stderr_begin(&kept);
    start(&b);
    assert_int_equal(pthread_join(b.thread, NULL), 0);
    (void)support_stderr_end(&kept, said, sizeof said);
    assert_int_equal(b.code, 1);
    assert_non_null(strstr(said, "is input 2 of epoch 2, which the readings log does not have: an "
                                 "older copy of the state directory? --rebase starts from"));
    b.rebase = true;
    start(&b);
    wait_published(&b, "after rebase");
    assert_int_equal(stop(&b), 0);
    assert_true(position(&b, "bulk", &at));
    assert_int_equal(at.at.input_seq, log_writer_last_seq(b.logs.readings));
    teardown(&b);
}

/* After the machine's start nothing in a log counts until its writer has opened it again. A
 * publisher that is there first waits. */
static void a_publisher_that_starts_before_ingest_waits_for_it(void **state)
{
    (void)state;
    enum { BOOT_AT = 32, BOOT_BYTES = 16, EARLY_MS = 900 };
    static const char *const names[] = {"readings", "alerts", "bulk"};
    static const char other_boot[BOOT_BYTES] = "another boot id";
    struct bench b = {0};
    struct kafka_position at = {0};
    setup(&b);
    result_logs_step(&b.logs, &(struct result_step){.readings = 5, .alerts = 1});
    start(&b);
    wait_published(&b, "before");
    assert_int_equal(stop(&b), 0);
    result_logs_close(&b.logs);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[4200];
        (void)snprintf(path, sizeof path, "%s/%s/control", b.dir, names[i]);
        FILE *file = fopen(path, "r+");
        assert_non_null(file);
        assert_int_equal(fseek(file, BOOT_AT, SEEK_SET), 0);
        assert_int_equal(fwrite(other_boot, 1, BOOT_BYTES, file), BOOT_BYTES);
        (void)fclose(file);
    }
    start(&b);
    const struct timespec early = {.tv_nsec = EARLY_MS * 1000000L};
    (void)nanosleep(&early, NULL);
    result_logs_open(&b.logs, b.dir, false);
    result_logs_step(&b.logs, &(struct result_step){.readings = 2, .alerts = 1});
    wait_published(&b, "after the start");
    assert_int_equal(stop(&b), 0);
    assert_true(position(&b, "bulk", &at));
    assert_int_equal(at.delivered, 7);
    teardown(&b);
}

static void only_results_of_durable_inputs_are_sent(void **state)
{
    (void)state;
    struct bench b = {0};
    setup(&b);
    result_logs_close(&b.logs);
    result_logs_open(&b.logs, b.dir, true);
    result_logs_step(&b.logs, &(struct result_step){.readings = 3, .alerts = 1});
    result_logs_sync(&b.logs);
    uint64_t durable = log_writer_last_seq(b.logs.alerts);
    result_logs_step(&b.logs, &(struct result_step){.readings = 3, .alerts = 1});
    start(&b);
    int64_t until_ns = clock_boot_ns() + WAIT_S * 1000000000LL;
    const struct timespec pause = {.tv_nsec = 300000000};
    while (cursor_seq(&b, "alerts.kafka") < durable && clock_boot_ns() < until_ns)
        (void)nanosleep(&pause, NULL);
    (void)nanosleep(&pause, NULL);
    assert_int_equal(cursor_seq(&b, "alerts.kafka"), durable);
    result_logs_sync(&b.logs);
    wait_published(&b, "synced");
    assert_int_equal(stop(&b), 0);
    teardown(&b);
}

static void bad_options_are_named(void **state)
{
    (void)state;
    struct bench b = {0};
    setup(&b);
    b.config.kafka_options = (char *)(uintptr_t) "compression.type=lz4\nno.such.option=1";
    start(&b);
    assert_int_equal(pthread_join(b.thread, NULL), 0);
    assert_int_equal(b.code, 2);
    teardown(&b);
}

/* It ends by itself, and Kafka has heard nothing. */
static void replayed_results_are_refused(void **state)
{
    (void)state;
    struct bench b = {0};
    setup(&b);
    result_logs_step(
        &b.logs, &(struct result_step){.readings = 3, .alerts = 1, .flags = RECORD_FLAG_REPLAYED});
    result_logs_sync(&b.logs);
    start(&b);
    assert_int_equal(pthread_join(b.thread, NULL), 0);
    assert_int_equal(b.code, 1);
    assert_int_equal(cursor_seq(&b, "alerts.kafka"), 0);
    assert_int_equal(cursor_seq(&b, "bulk.kafka"), 0);
    teardown(&b);
}

static void positions_round_trip(void **state)
{
    (void)state;
    char value[KAFKA_POSITION_BYTES];
    struct kafka_position in = {.delivered = 1, .rejected = 2, .skipped = 3}, out;
    struct error err = {0};
    for (size_t i = 0; i < 16; i++) {
        in.readings.bytes[i] = (uint8_t)(i * 17);
        in.at.log.bytes[i] = (uint8_t)(255 - i);
    }
    in.at.seq = INT64_MAX;
    in.at.epoch = UINT32_MAX;
    in.at.index = 7;
    in.at.input_seq = 12345678901234;
    in.at.input_epoch = 3;
    memcpy(in.instance, "0123456789abcdef", sizeof in.instance);
    struct text text = text_over(value, sizeof value);
    kafka_position_write(&in, &text);
    assert_true(kafka_position_read((struct str){value, (uint32_t)text.len}, &out, &err));
    assert_memory_equal(&in.readings, &out.readings, sizeof in.readings);
    assert_memory_equal(&in.at.log, &out.at.log, sizeof in.at.log);
    assert_int_equal(in.at.seq, out.at.seq);
    assert_int_equal(in.at.input_seq, out.at.input_seq);
    assert_int_equal(in.at.index, out.at.index);
    assert_int_equal(in.at.epoch, out.at.epoch);
    assert_int_equal(in.at.input_epoch, out.at.input_epoch);
    assert_int_equal(out.delivered, 1);
    assert_int_equal(out.rejected, 2);
    assert_int_equal(out.skipped, 3);
    assert_string_equal(in.instance, out.instance);
    /* Every cut and every changed byte is refused or reads as another position, never crashes. */
    for (uint32_t cut = 0; cut < text.len; cut++)
        assert_false(kafka_position_read((struct str){value, cut}, &out, &err));
    for (size_t i = 0; i < text.len; i++) {
        char was = value[i];
        value[i] = '"';
        (void)kafka_position_read((struct str){value, (uint32_t)text.len}, &out, &err);
        value[i] = was;
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]); /* one test by its name, * allowed */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_round_trip),
        cmocka_unit_test(the_position_follows_and_a_restart_goes_on_behind_it),
        cmocka_unit_test(passing_failures_lose_nothing),
        cmocka_unit_test(brokers_down_at_first_and_in_between),
        cmocka_unit_test(a_message_the_client_finds_too_large_is_rejected_alone),
        cmocka_unit_test(a_refused_batch_is_repeated_in_parts),
        cmocka_unit_test(a_lost_position_stops_until_rebase),
        cmocka_unit_test(an_older_copy_stops_until_rebase),
        cmocka_unit_test(a_publisher_that_starts_before_ingest_waits_for_it),
        cmocka_unit_test(only_results_of_durable_inputs_are_sent),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(replayed_results_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
