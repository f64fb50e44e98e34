/* What only real Kafka shows, and librdkafka's mock does not: open transactions hide what others
 * committed behind them, and brokers refuse records for their size. Run by tests/e2e/kafka, which
 * starts Kafka. */
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "processors/net/kafka_last.h"
#include "processors/net/kafka_producer.h"
#include "processors/publish/kafka_message.h"
#include "processors/publish/kafka_position.h"
#include "processors/publish/publish.h"
#include "schemas/base/clock.h"
#include "schemas/counters/counters.h"
#include "tests/support/result_logs.h"
#include "tests/support/support.h"

enum { CALL_MS = 10000, WAIT_S = 60, LOOK_MS = 50, SMALL_TOPIC_BYTES = 20000 };

static const char *brokers(void)
{
    const char *text = getenv("E2E_BROKERS");
    if (!text)
        fail_msg("E2E_BROKERS is not set: run tests/e2e/kafka");
    return text;
}

static void pause_ms(uint32_t ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* ---- what hides behind an open transaction ---- */

struct writer {
    struct kafka_producer *producer;
    int topic;
};

static struct writer writer_new(const struct kafka_link *link, const char *id)
{
    struct writer w = {0};
    struct error err = {0};
    const struct kafka_producer_options options = {.link = link, .transactional_id = id};
    if (!kafka_producer_new(&options, &w.producer, &err))
        fail_msg("%s", err.where);
    enum kafka_outcome outcome;
    while ((outcome = kafka_producer_init(w.producer, CALL_MS, &err)) == KAFKA_AGAIN)
        ;
    assert_int_equal(outcome, KAFKA_OK);
    w.topic = kafka_producer_topic(w.producer, KAFKA_POSITIONS_TOPIC, &err);
    assert_true(w.topic >= 0);
    return w;
}

static void begin_and_send(const struct writer *w, const char *key, const char *value)
{
    struct error err = {0};
    const struct kafka_message message = {
        .topic = w->topic, .key = str_of(key), .value = str_of(value)};
    assert_int_equal(kafka_producer_begin(w->producer, &err), KAFKA_OK);
    assert_int_equal(kafka_producer_send(w->producer, &message, &err), KAFKA_OK);
}

/* Two feeds share the positions' partition. One is killed between sending its position and
   committing it: until the brokers give its transaction up, readers of committed records do not see
   what the other feed committed behind it. Taking the last visible position for the last one would
   publish everything since then a second time. */
static void a_position_hidden_by_an_open_transaction_is_waited_for(void **state)
{
    (void)state;
    const struct kafka_link link = {.brokers = brokers(),
                                    .options = "transaction.timeout.ms=4000\nlinger.ms=0"};
    struct kafka_topic_plan plans[KAFKA_TOPIC_COUNT];
    struct error err = {0};
    kafka_topic_plans(2, plans);
    if (!kafka_topics_ensure(&link, plans, KAFKA_TOPIC_COUNT, 1, CALL_MS, &err))
        fail_msg("%s", err.where);
    struct writer ours = writer_new(&link, "facts-ours"), other = writer_new(&link, "facts-other");
    begin_and_send(&ours, "ours", "old");
    assert_int_equal(kafka_producer_commit(ours.producer, CALL_MS, &err), KAFKA_OK);
    begin_and_send(&other, "other", "never committed");
    pause_ms(500); /* until it is at the broker */
    begin_and_send(&ours, "ours", "new");
    assert_int_equal(kafka_producer_commit(ours.producer, CALL_MS, &err), KAFKA_OK);
    char value[64];
    size_t len = 0;
    bool found = false;
    const struct kafka_last_query query = {
        .topic = KAFKA_POSITIONS_TOPIC, .key = str_of("ours"), .timeout_ms = 30000};
    if (!kafka_last(&link, &query, value, sizeof value, &found, &len, &err))
        fail_msg("%s", err.where);
    assert_true(found);
    assert_int_equal(len, 3);
    assert_memory_equal(value, "new", 3);
    kafka_producer_free(ours.producer);
    kafka_producer_free(other.producer);
}

/* ---- what is too large for a topic ---- */

/* Makes a topic, or changes the one there is, so that it takes so much and no more. */
static void limit_topic(const char *name, int max_bytes)
{
    char why[256], bytes[16];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    (void)snprintf(bytes, sizeof bytes, "%d", max_bytes);
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", brokers(), why, sizeof why),
                     RD_KAFKA_CONF_OK);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(rk);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, 1, 1, why, sizeof why);
    rd_kafka_ConfigResource_t *setting = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name);
    (void)rd_kafka_ConfigResource_set_config(setting, "max.message.bytes", bytes);
    rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
    rd_kafka_event_destroy(rd_kafka_queue_poll(queue, CALL_MS)); /* there already: as well */
    rd_kafka_AlterConfigs(rk, &setting, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CALL_MS);
    assert_non_null(event);
    size_t count = 0;
    const rd_kafka_ConfigResource_t **changed =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count);
    assert_int_equal(count, 1);
    assert_int_equal(rd_kafka_ConfigResource_error(changed[0]), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_ConfigResource_destroy(setting);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
}

struct run {
    struct config config;
    struct publish_options options;
    volatile int stop;
    pthread_t thread;
    int code;
};

static void *publish(void *arg)
{
    struct run *run = arg;
    run->code = publish_kafka_run(&run->options);
    return NULL;
}

static void run_start(struct run *run, const char *dir)
{
    *run = (struct run){.config = {.state_dir = (char *)(uintptr_t)dir,
                                   .kafka_brokers = (char *)(uintptr_t)brokers(),
                                   .kafka_options = (char *)(uintptr_t) "",
                                   .kafka_sasl_password = (char *)(uintptr_t) "",
                                   .kafka_alerts_ms = 20,
                                   .kafka_bulk_ms = 50,
                                   .kafka_bulk_bytes = 1 << 20,
                                   .kafka_partitions = 2,
                                   .kafka_replication = 1}};
    run->options = (struct publish_options){.config = &run->config, .stop = &run->stop};
    assert_int_equal(pthread_create(&run->thread, NULL, publish, run), 0);
}

static void run_stop(struct run *run)
{
    __atomic_store_n(&run->stop, 1, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(run->thread, NULL), 0);
    assert_int_equal(run->code, 0);
}

static struct log_position cursor(const char *dir, const char *name)
{
    char cursors[4200];
    struct log_cursor *c = NULL;
    struct log_position at = {0};
    (void)snprintf(cursors, sizeof cursors, "%s/cursors", dir);
    if (log_cursor_open(cursors, name, false, &c, NULL)) {
        at = log_cursor_load(c);
        log_cursor_close(c);
    }
    return at;
}

static void wait_alerts(const char *dir, uint64_t seq)
{
    int64_t until_ns = clock_boot_ns() + (int64_t)WAIT_S * 1000000000;
    while (cursor(dir, "alerts.kafka").seq < seq && clock_boot_ns() < until_ns)
        pause_ms(LOOK_MS);
    assert_int_equal(cursor(dir, "alerts.kafka").seq, seq);
}

static bool position(const struct kafka_link *link, const struct log_uuid *uuid, const char *log,
                     struct kafka_position *ret)
{
    char key[KAFKA_POSITION_KEY_BYTES], value[KAFKA_POSITION_BYTES];
    size_t len = 0;
    bool found = false;
    struct error err = {0};
    const struct kafka_last_query query = {
        .topic = KAFKA_POSITIONS_TOPIC,
        .key = {key, (uint32_t)kafka_position_key(uuid, log, key)},
        .timeout_ms = CALL_MS,
    };
    return kafka_last(link, &query, value, sizeof value, &found, &len, &err) && found &&
           kafka_position_read((struct str){value, (uint32_t)len}, ret, &err);
}

static uint64_t aborts(const char *dir)
{
    struct counters *counters = NULL;
    struct error err = {0};
    if (!counters_open_reader(dir, &counters, &err))
        return 0;
    uint64_t count = counters_get(counters, COUNTER_KAFKA_ABORTS);
    counters_close(counters);
    return count;
}

/* When the position itself is refused, no result is at fault and trying again at once is no help.
 */
static void a_refused_position_blames_nobody_and_does_not_spin(void **state)
{
    (void)state;
    enum { TOO_SMALL_BYTES = 100, ENOUGH_BYTES = 1 << 20, REFUSED_MS = 3000, ABORTS_MAX = 16 };
    char dir[4096], path[4200];
    struct result_logs logs;
    struct run run;
    struct stat rejected;
    support_temp_dir(dir, sizeof dir);
    result_logs_open(&logs, dir, false);
    result_logs_step(&logs, &(struct result_step){.alerts = 2});
    limit_topic(KAFKA_POSITIONS_TOPIC, TOO_SMALL_BYTES);
    run_start(&run, dir);
    int64_t until_ns = clock_boot_ns() + (int64_t)WAIT_S * 1000000000;
    while (aborts(dir) == 0 && clock_boot_ns() < until_ns)
        pause_ms(LOOK_MS);
    pause_ms(REFUSED_MS);
    assert_int_equal(cursor(dir, "alerts.kafka").seq, 0);
    assert_in_range(aborts(dir), 2, ABORTS_MAX);
    limit_topic(KAFKA_POSITIONS_TOPIC, ENOUGH_BYTES);
    wait_alerts(dir, log_writer_last_seq(logs.alerts));
    run_stop(&run);
    (void)snprintf(path, sizeof path, "%s/rejected/kafka-alerts.jsonl", dir);
    assert_int_equal(stat(path, &rejected), 0);
    assert_int_equal(rejected.st_size, 0);
    result_logs_close(&logs);
    support_remove_tree(dir);
}

/* Alerts and dead letters in turn, every fourth dead letter larger than its topic takes. */
static void what_a_topic_finds_too_large_is_rejected_alone(void **state)
{
    (void)state;
    enum { ROUNDS = 12, LARGE_EVERY = 4, LARGE = ROUNDS / LARGE_EVERY };
    char dir[4096], path[4200];
    static char text[1 << 20];
    struct result_logs logs;
    const struct kafka_link link = {.brokers = brokers()};
    limit_topic("crowdtide.deadletter", SMALL_TOPIC_BYTES);
    support_temp_dir(dir, sizeof dir);
    result_logs_open(&logs, dir, false);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        result_logs_step(&logs, &(struct result_step){.alerts = 2});
        result_logs_step(&logs, &(struct result_step){.deadletters = 1,
                                                      .payload_bytes = i % LARGE_EVERY == 0
                                                                           ? SMALL_TOPIC_BYTES
                                                                           : 2000});
    }
    /* The last one is followed by a record without a topic, which must not be taken for it. */
    result_logs_step(&logs, &(struct result_step){
                                .deadletters = 1, .payload_bytes = SMALL_TOPIC_BYTES, .eras = 1});
    struct run run;
    run_start(&run, dir);
    uint64_t all = log_writer_last_seq(logs.alerts);
    wait_alerts(dir, all);
    run_stop(&run);
    struct kafka_position at = {0};
    assert_true(position(&link, &logs.uuid, "alerts", &at));
    assert_int_equal(at.at.seq, all);
    assert_int_equal(at.delivered, 2 * ROUNDS + ROUNDS - LARGE);
    assert_int_equal(at.rejected, LARGE + 1);
    assert_int_equal(at.skipped, 1);
    (void)snprintf(path, sizeof path, "%s/rejected/kafka-alerts.jsonl", dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file), lines = 0;
    (void)fclose(file);
    text[n] = '\0';
    for (const char *line = text; (line = strchr(line, '\n')); line++)
        lines++;
    assert_int_equal(lines, LARGE + 1);
    assert_non_null(strstr(text, "crowdtide.deadletter: Broker: Message size too large"));
    assert_null(strstr(text, "\"type\":\"alert\""));
    result_logs_close(&logs);
    support_remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_position_blames_nobody_and_does_not_spin),
        cmocka_unit_test(what_a_topic_finds_too_large_is_rejected_alone),
        cmocka_unit_test(a_position_hidden_by_an_open_transaction_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
