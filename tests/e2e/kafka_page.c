/* What the pager on another machine sees of real Kafka: partitions that a topic gets while it
 * reads. Run by tests/e2e/kafka, which starts Kafka. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "processors/page/page_beat_kafka.h"
#include "processors/page/page_source.h"
#include "schemas/base/clock.h"
#include "tests/support/support.h"

enum { CALL_MS = 10000, WAIT_S = 60, LOOK_MS = 50, MORE = 3 };

static const char *brokers(void)
{
    const char *text = getenv("E2E_BROKERS");
    if (!text)
        fail_msg("E2E_BROKERS is not set: run tests/e2e/kafka");
    return text;
}

struct far { /* what one pager reads, and who writes it */
    rd_kafka_t *rk;
    struct kafka_size size[2]; /* of alerts, of heartbeats */
    struct kafka_sizes *sizes;
    struct page_source source;
    struct page_beat_kafka *beat;
    int64_t asked_ms; /* rises as if time passed, so that each look asks */
    int64_t until_ns;
    uint64_t alerts; /* that the source gave */
    int64_t alert_n; /* of the last */
};

static void write_to(struct far *f, const char *topic, int32_t partition, unsigned type,
                     const void *result)
{
    char json[4096];
    struct text text = text_over(json, sizeof json);
    result_json(type, result, &text);
    /* The producer, too, has to hear first that there are more partitions. */
    rd_kafka_topic_t *to = rd_kafka_topic_new(f->rk, topic, NULL);
    while (rd_kafka_produce(to, partition, RD_KAFKA_MSG_F_COPY, json, text.len, NULL, 0, NULL) !=
           0) {
        assert_int_equal(rd_kafka_last_error(), RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
        const struct rd_kafka_metadata *meta = NULL;
        assert_true(clock_boot_ns() < f->until_ns);
        if (rd_kafka_metadata(f->rk, 0, NULL, &meta, CALL_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_metadata_destroy(meta);
    }
    assert_int_equal(rd_kafka_flush(f->rk, CALL_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_destroy(to);
}

static void write_beat(struct far *f, int32_t partition, int64_t at_ms)
{
    struct result_heartbeat h;
    result_clear(RECORD_HEARTBEAT, &h);
    h.instance = STR_LIT("v");
    h.at = at_ms;
    h.valid_until = at_ms + 10000;
    h.path = STR_LIT("whole");
    write_to(f, PAGE_BEAT_TOPIC, partition, RECORD_HEARTBEAT, &h);
}

static void write_alert(struct far *f, int32_t partition, int64_t n)
{
    struct result_alert a;
    result_clear(RECORD_ALERT, &a);
    a.id = STR_LIT("v/hall/r/1");
    a.n = n;
    a.at = a.start = 1;
    a.venue = STR_LIT("v");
    a.zone = STR_LIT("hall");
    a.rule = STR_LIT("r");
    a.status = STR_LIT("Actual");
    a.state = STR_LIT("active_unacked");
    write_to(f, PAGE_ALERTS_TOPIC, partition, RECORD_ALERT, &a);
}

static void setup(struct far *f, const struct page_position *from)
{
    char why[256];
    struct error err = {0};
    const struct kafka_link link = {.brokers = brokers()};
    *f = (struct far){.size = {{.topic = PAGE_ALERTS_TOPIC}, {.topic = PAGE_BEAT_TOPIC}}};
    f->until_ns = clock_boot_ns() + (int64_t)WAIT_S * 1000000000;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", brokers(), why, sizeof why),
                     RD_KAFKA_CONF_OK);
    f->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(f->rk);
    assert_true(kafka_sizes_new(&link, f->size, 2, &f->sizes, &err));
    assert_true(page_source_kafka(&link, &f->size[0], &f->source, &err));
    assert_true(page_beat_kafka_new(&link, &f->size[1], STR_LIT("v"), &f->beat, &err));
    bool fresh = true;
    assert_true(f->source.start(f->source.arg, from, &fresh, &err));
    assert_false(fresh);
}

static void teardown(struct far *f)
{
    f->source.close(f->source.arg);
    page_beat_kafka_free(f->beat);
    kafka_sizes_free(f->sizes);
    rd_kafka_destroy(f->rk);
}

static enum kafka_sizes_answer look(struct far *f)
{
    struct error err = {0};
    struct page_item item;
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    if (clock_boot_ns() > f->until_ns)
        fail_msg("not within %d s: %u and %u partitions, %llu alerts", WAIT_S,
                 f->size[0].partitions, f->size[1].partitions, (unsigned long long)f->alerts);
    (void)nanosleep(&pause, NULL);
    f->asked_ms += KAFKA_SIZES_EVERY_MS;
    enum kafka_sizes_answer answer = kafka_sizes_follow(f->sizes, f->asked_ms, &err);
    (void)page_beat_kafka_follow(f->beat, &err);
    while (f->source.next(f->source.arg, &item, &err) == PAGE_READ_ALERT) {
        f->alerts++;
        f->alert_n = item.alert.n;
    }
    return answer;
}

static void create(struct far *f, const char *name)
{
    char why[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(f->rk);
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, 1, 1, why, sizeof why);
    rd_kafka_CreateTopics(f->rk, &topic, 1, NULL, queue);
    rd_kafka_event_destroy(rd_kafka_queue_poll(queue, CALL_MS));
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_queue_destroy(queue);
}

static void grow(struct far *f, const char *name)
{
    char why[256];
    size_t count = 0;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(f->rk);
    rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(name, MORE, why, sizeof why);
    rd_kafka_CreatePartitions(f->rk, &more, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CALL_MS);
    assert_non_null(event);
    const rd_kafka_topic_result_t **results = rd_kafka_CreatePartitions_result_topics(
        rd_kafka_event_CreatePartitions_result(event), &count);
    assert_int_equal(count, 1);
    assert_int_equal(rd_kafka_topic_result_error(results[0]), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_NewPartitions_destroy(more);
    rd_kafka_queue_destroy(queue);
}

/* The topics are not there; then they have one partition each, later more. */
static void topics_that_come_and_grow_are_read(void **state)
{
    (void)state;
    struct far f;
    int64_t at_ms = 1000;
    struct page_position *at = calloc(1, sizeof *at);
    assert_non_null(at);
    setup(&f, at);
    while (look(&f) != KAFKA_SIZES_MISSING)
        assert_false(kafka_sizes_away(f.sizes) && f.size[0].partitions);
    create(&f, PAGE_ALERTS_TOPIC);
    create(&f, PAGE_BEAT_TOPIC);
    /* What was there before it was looked at is read, too, of alerts; of heartbeats what comes. */
    write_alert(&f, 0, 1);
    while (f.alerts < 1)
        (void)look(&f);
    while (!page_beat_kafka_newest(f.beat)) {
        write_beat(&f, 0, at_ms++);
        (void)look(&f);
    }
    grow(&f, PAGE_ALERTS_TOPIC);
    grow(&f, PAGE_BEAT_TOPIC);
    while (f.size[0].partitions < MORE || f.size[1].partitions < MORE)
        (void)look(&f);
    for (int32_t p = MORE - 1; p >= 0; p--)
        write_alert(&f, p, 2);
    while (f.alerts < 1 + MORE)
        (void)look(&f);
    assert_int_equal(f.alerts, 1 + MORE);
    assert_int_equal(f.alert_n, 2);
    const int64_t grown_ms = at_ms;
    while (page_beat_kafka_newest(f.beat)->at < grown_ms) {
        write_beat(&f, MORE - 1, at_ms++);
        (void)look(&f);
    }
    /* The place in each partition is kept, and a reader that goes on from there repeats nothing. */
    f.source.position(f.source.arg, at);
    assert_int_equal(at->partitions, MORE);
    teardown(&f);
    setup(&f, at);
    write_alert(&f, 1, 3);
    while (f.alerts < 1)
        (void)look(&f);
    assert_int_equal(f.alerts, 1);
    assert_int_equal(f.alert_n, 3);
    free(at);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(topics_that_come_and_grow_are_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
