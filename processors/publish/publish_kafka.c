#include <malloc.h>
#include <pthread.h>
#include <time.h>

#include "processors/publish/kafka_feed.h"
#include "processors/publish/publish.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"

#define PROGRAM "publish-kafka"

enum { FEEDS = PUBLISH_FEEDS_MAX, LOOK_MS = 50, ALIVE_EVERY_LOOKS = 10 };

struct feed_thread {
    pthread_t id;
    struct kafka_feed_options options;
    bool started;
    int code;
};

static void *feed_main(void *arg)
{
    struct feed_thread *thread = arg;
    thread->code = kafka_feed_run(&thread->options);
    /* One feed's end is the program's: the supervisor starts both again, or a person reads why. */
    atomic_store(&thread->options.shared->stop, true);
    return NULL;
}

static void describe(const struct publish_options *options, struct publish_shared *shared,
                     struct feed_thread thread[FEEDS])
{
    const struct config *config = options->config;
    const struct kafka_feed_options common = {
        .shared = shared,
        .state_dir = config->state_dir,
        .link = {.brokers = config->kafka_brokers,
                 .options = config->kafka_options,
                 .sasl_password = config->kafka_sasl_password},
        .partitions = (int)config->kafka_partitions,
        .replication = (int)config->kafka_replication,
        .bytes_max = (uint64_t)config->kafka_bulk_bytes,
        .rebase = options->rebase,
    };
    thread[0].options = thread[1].options = common;
    struct kafka_feed_options *alerts = &thread[0].options, *bulk = &thread[1].options;
    alerts->log = "alerts";
    alerts->number = 0;
    alerts->every_ms = (uint32_t)config->kafka_alerts_ms;
    alerts->urgent = true;
    alerts->delivered = COUNTER_KAFKA_ALERTS_DELIVERED;
    alerts->rejected = COUNTER_KAFKA_ALERTS_REJECTED;
    alerts->skipped = COUNTER_KAFKA_ALERTS_SKIPPED;
    alerts->lag = COUNTER_KAFKA_ALERTS_LAG;
    alerts->lost = COUNTER_KAFKA_ALERTS_LOST;
    alerts->uncounted = COUNTER_KAFKA_ALERTS_UNCOUNTED;
    alerts->seq = COUNTER_KAFKA_ALERTS_SEQ;
    alerts->latency = HISTOGRAM_KAFKA_ALERTS_SINK;
    bulk->log = "bulk";
    bulk->number = 1;
    bulk->every_ms = (uint32_t)config->kafka_bulk_ms;
    bulk->delivered = COUNTER_KAFKA_BULK_DELIVERED;
    bulk->rejected = COUNTER_KAFKA_BULK_REJECTED;
    bulk->skipped = COUNTER_KAFKA_BULK_SKIPPED;
    bulk->lag = COUNTER_KAFKA_BULK_LAG;
    bulk->lost = COUNTER_KAFKA_BULK_LOST;
    bulk->uncounted = COUNTER_KAFKA_BULK_UNCOUNTED;
    bulk->seq = COUNTER_KAFKA_BULK_SEQ;
    bulk->latency = HISTOGRAM_KAFKA_BULK_SINK;
    for (int i = 0; i < FEEDS; i++)
        kafka_instance_name(thread[i].options.instance);
}

/* The program lives while both its feeds do: one that hangs is said once, and the service manager
   starts all again. */
static void say_alive(struct publish_shared *shared, const struct feed_thread thread[FEEDS],
                      uint32_t *silent)
{
    uint32_t before = *silent;
    *silent = publish_silent(shared, FEEDS, clock_boot_ns());
    if (*silent == PUBLISH_FEEDS_MAX)
        counters_alive(shared->counters);
    else if (*silent != before)
        report(REPORT_ERROR, PROGRAM, "hangs", "feed=%s silent_s=%d", thread[*silent].options.log,
               PUBLISH_SILENT_S_MAX);
}

int publish_kafka_run(const struct publish_options *options)
{
    struct publish_shared shared = {0};
    struct feed_thread thread[FEEDS] = {0};
    struct error err = {0};
    uint32_t silent = PUBLISH_FEEDS_MAX;
    int code = PUBLISH_OK;
    /* The library allocates a message and its headers in our thread and frees them in its own: with
       an arena a thread that cost a third of the CPU time, and twice the memory. */
    (void)mallopt(M_ARENA_MAX, 1);
    if (!counters_open(options->config->state_dir, PROGRAM_KAFKA, &shared.counters, &err)) {
        report_error(PROGRAM, "stopped", &err);
        return PUBLISH_FAILED;
    }
    describe(options, &shared, thread);
    report(REPORT_INFO, PROGRAM, "started", "brokers=%s", options->config->kafka_brokers);
    for (uint32_t i = 0; i < FEEDS; i++) {
        publish_seen(&shared, i);
        thread[i].started = pthread_create(&thread[i].id, NULL, feed_main, &thread[i]) == 0;
        if (!thread[i].started) {
            report(REPORT_ERROR, PROGRAM, "stopped", "error=\"no thread\"");
            atomic_store(&shared.stop, true);
            code = PUBLISH_FAILED;
        }
    }
    for (unsigned look = 0; !publish_stopping(&shared); look++) {
        const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
        if (look % ALIVE_EVERY_LOOKS == 0)
            say_alive(&shared, thread, &silent);
        if (__atomic_load_n(options->stop, __ATOMIC_RELAXED))
            atomic_store(&shared.stop, true);
    }
    for (int i = 0; i < FEEDS; i++) {
        if (thread[i].started)
            (void)pthread_join(thread[i].id, NULL);
        if (thread[i].code > code)
            code = thread[i].code;
    }
    counters_close(shared.counters);
    return code;
}
