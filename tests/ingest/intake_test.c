/* What intake writes: each kind of record with its fields, log time that never falls, limits,
 * threads, and what happens when the log fails. */
#include "ingest/intake.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/log/log_io.h"
#include "tests/support/support.h"

enum { LIMIT = 8192, THREADS = 4, EACH = 2000 };

/* The clocks that intake reads, and a disk that can be told to be full. */
static struct {
    int64_t wall_ns, boot_ns;
    int fail_errno; /* of every pwrite; 0: works */
    uint32_t failed;
} world;

static int64_t wall(void)
{
    return world.wall_ns;
}

static int64_t boot(void)
{
    return world.boot_ns;
}

static int failing_pwrite(void *state, int fd, const void *from, size_t n, uint64_t at,
                          size_t *ret_n)
{
    if (world.fail_errno) {
        world.failed++;
        return world.fail_errno;
    }
    return log_io_files()->pwrite(state, fd, from, n, at, ret_n);
}

struct fixture {
    char dir[100], log[120];
    struct log_io io;
    struct log_writer *writer;
    struct log_recovery recovery;
    struct intake *intake;
};

static void start(struct fixture *f, bool own_clocks)
{
    struct error err = {0};
    f->io = *log_io_files();
    f->io.pwrite = failing_pwrite;
    struct log_writer_options options = {
        .dir = f->log, .segment_bytes = 1 << 20, .sync = LOG_SYNC_MANUAL, .io = &f->io};
    if (!log_writer_open(&options, &f->writer, &f->recovery, &err))
        fail_msg("%s", err.where);
    if (!intake_open(&(struct intake_options){.writer = f->writer,
                                              .recovery = &f->recovery,
                                              .max_message_bytes = LIMIT,
                                              .wall_ns = own_clocks ? wall : NULL,
                                              .boot_ns = own_clocks ? boot : NULL},
                     &f->intake, &err))
        fail_msg("%s", err.where);
}

static void stop(struct fixture *f)
{
    intake_close(f->intake);
    log_writer_close(f->writer);
    f->intake = NULL;
    f->writer = NULL;
}

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    struct fixture *f = *state = &fixture;
    world.wall_ns = 1700000000LL * 1000000000;
    world.boot_ns = 5000000000;
    world.fail_errno = 0;
    world.failed = 0;
    support_temp_dir(f->dir, sizeof f->dir);
    assert_in_range(snprintf(f->log, sizeof f->log, "%s/readings", f->dir), 1, sizeof f->log - 1);
    start(f, true);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    world.fail_errno = 0;
    stop(f);
    support_remove_tree(f->dir);
    return 0;
}

static struct log_reader *reader_of(const struct fixture *f)
{
    struct log_reader *reader = NULL;
    struct error err = {0};
    if (!log_reader_open(&(struct log_reader_options){.dir = f->log, .verify_crc = true}, &reader,
                         &err))
        fail_msg("%s", err.where);
    return reader;
}

static struct log_view next(struct log_reader *reader, unsigned type)
{
    struct log_view view = {0};
    struct error err = {0};
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    assert_string_equal(record_type_name(view.type), record_type_name(type));
    return view;
}

static void nothing_more(struct log_reader *reader)
{
    struct log_view view;
    assert_int_equal(log_reader_next(reader, &view, NULL), LOG_READ_CAUGHT_UP);
    log_reader_close(reader);
}

static void pass_time(int64_t wall_ms, int64_t boot_ms)
{
    world.wall_ns += wall_ms * 1000000;
    world.boot_ns += boot_ms * 1000000;
}

static void put(struct fixture *f, struct str topic, struct str payload)
{
    struct error err = {0};
    if (!intake_message(f->intake,
                        &(struct intake_message){.topic = topic, .payload = payload, .qos = 1},
                        &err))
        fail_msg("%s", err.where);
}

static void messages_are_kept_byte_for_byte(void **state)
{
    struct fixture *f = *state;
    static const char topic[] = "a/\0b/\xff\xfe";
    static const char payload[] = "\0{\"x\":1}\xc3\x28\n";
    struct error err = {0};
    struct intake_message message = {.topic = {topic, sizeof topic - 1},
                                     .payload = {payload, sizeof payload - 1},
                                     .qos = 1,
                                     .retained = true,
                                     .dup = false};
    assert_true(intake_message(f->intake, &message, &err));
    message.retained = false;
    message.dup = true;
    message.qos = 2;
    assert_true(intake_message(f->intake, &message, &err));
    put(f, STR_LIT("t"), (struct str){NULL, 0}); /* an empty payload is a message too */
    struct log_reader *reader = reader_of(f);
    struct record_mqtt mqtt;
    struct log_view view = next(reader, RECORD_MQTT);
    assert_int_equal(view.log_ns, world.wall_ns);
    assert_int_equal(view.wall_ns, world.wall_ns);
    assert_true(record_mqtt_decode(view.body, view.body_len, &mqtt, &err));
    assert_int_equal(mqtt.topic.len, sizeof topic - 1);
    assert_memory_equal(mqtt.topic.at, topic, sizeof topic - 1);
    assert_int_equal(mqtt.payload.len, sizeof payload - 1);
    assert_memory_equal(mqtt.payload.at, payload, sizeof payload - 1);
    assert_int_equal(mqtt.bits, RECORD_MQTT_RETAIN);
    assert_int_equal(mqtt.qos, 1);
    view = next(reader, RECORD_MQTT);
    assert_true(record_mqtt_decode(view.body, view.body_len, &mqtt, &err));
    assert_int_equal(mqtt.bits, RECORD_MQTT_DUP);
    assert_int_equal(mqtt.qos, 2);
    view = next(reader, RECORD_MQTT);
    assert_true(record_mqtt_decode(view.body, view.body_len, &mqtt, &err));
    assert_int_equal(mqtt.payload.len, 0);
    nothing_more(reader);
}

static void long_messages_are_cut_with_length_and_hash(void **state)
{
    struct fixture *f = *state;
    static char big[LIMIT + 1];
    struct error err = {0};
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 31);
    static char topic[RECORD_TOPIC_BYTES_MAX];
    memset(topic, 't', sizeof topic);
    put(f, (struct str){topic, sizeof topic}, (struct str){big, LIMIT}); /* exactly the limit */
    put(f, (struct str){topic, sizeof topic}, (struct str){big, LIMIT + 1});
    struct log_reader *reader = reader_of(f);
    struct record_mqtt mqtt;
    struct record_oversized cut;
    struct log_view view = next(reader, RECORD_MQTT);
    assert_true(record_mqtt_decode(view.body, view.body_len, &mqtt, &err));
    assert_int_equal(mqtt.payload.len, LIMIT);
    assert_int_equal(mqtt.topic.len, RECORD_TOPIC_BYTES_MAX);
    view = next(reader, RECORD_OVERSIZED);
    assert_true(record_oversized_decode(view.body, view.body_len, &cut, &err));
    assert_int_equal(cut.payload_len, LIMIT + 1);
    assert_int_equal(cut.head.len, RECORD_HEAD_BYTES_MAX);
    assert_memory_equal(cut.head.at, big, RECORD_HEAD_BYTES_MAX);
    assert_int_equal(cut.topic.len, RECORD_TOPIC_BYTES_MAX);
    assert_int_equal(cut.qos, 1);
    uint8_t hash[32];
    assert_int_equal(EVP_Digest(big, LIMIT + 1, hash, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(cut.sha256, hash, sizeof hash);
    nothing_more(reader);
}

static void the_small_records(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    static char reason[INTAKE_DETAIL_BYTES_MAX + 50];
    memset(reason, 'r', sizeof reason);
    uint64_t seq = 0;
    assert_true(intake_connected(f->intake, true, STR_LIT("tcp://b:1"), &err));
    assert_true(intake_subscribed(f->intake, STR_LIT("crowdtide/#"), false, 0x87, &err));
    assert_true(intake_disconnected(f->intake, -3, (struct str){reason, sizeof reason}, &err));
    assert_true(intake_command(
        f->intake,
        &(struct record_command){RECORD_COMMAND_LOCAL, 1000, 4711, STR_LIT("{\"ack\":1}")}, &seq,
        &err));
    assert_int_equal(seq, 4);
    assert_int_equal(log_writer_durable_seq(f->writer), 4); /* before anybody is answered */
    assert_false(intake_command(f->intake, &(struct record_command){0}, &seq, &err));
    assert_true(intake_model(
        f->intake, &(struct record_model){7, STR_LIT("venue: {}"), STR_LIT("v.yaml")}, &err));
    struct log_reader *reader = reader_of(f);
    struct record_connection connection;
    struct record_subscribed subscribed;
    struct record_command command;
    struct record_model model;
    struct log_view view = next(reader, RECORD_CONNECTED);
    assert_true(record_connection_decode(view.body, view.body_len, &connection, &err));
    assert_true(connection.session_present);
    assert_true(str_is(connection.detail, "tcp://b:1"));
    view = next(reader, RECORD_SUBSCRIBED);
    assert_true(record_subscribed_decode(view.body, view.body_len, &subscribed, &err));
    assert_int_equal(subscribed.reason_code, 0x87);
    assert_true(str_is(subscribed.filter, "crowdtide/#"));
    view = next(reader, RECORD_DISCONNECTED);
    assert_true(record_connection_decode(view.body, view.body_len, &connection, &err));
    assert_int_equal(connection.reason_code, -3);
    assert_int_equal(connection.detail.len, INTAKE_DETAIL_BYTES_MAX);
    view = next(reader, RECORD_COMMAND);
    assert_true(record_command_decode(view.body, view.body_len, &command, &err));
    assert_int_equal(command.by, RECORD_COMMAND_LOCAL);
    assert_int_equal(command.uid, 1000);
    assert_int_equal(command.pid, 4711);
    assert_true(str_is(command.text, "{\"ack\":1}"));
    view = next(reader, RECORD_MODEL);
    assert_true(record_model_decode(view.body, view.body_len, &model, &err));
    assert_int_equal(model.hash, 7);
    assert_true(str_is(model.source, "venue: {}"));
    assert_true(str_is(model.path, "v.yaml"));
    nothing_more(reader);
}

/* A large model, then ordinary messages: the scratch has grown and still serves. */
static void a_large_model_fits_and_a_larger_one_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    const uint32_t len = 3 * 1024 * 1024;
    char *source = malloc(LOG_BODY_BYTES_MAX);
    assert_non_null(source);
    memset(source, '#', LOG_BODY_BYTES_MAX);
    struct record_model model = {1, {source, len}, STR_LIT("v")};
    assert_true(intake_model(f->intake, &model, &err));
    model.source.len = LOG_BODY_BYTES_MAX;
    assert_false(intake_model(f->intake, &model, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    put(f, STR_LIT("t"), STR_LIT("p"));
    struct log_reader *reader = reader_of(f);
    struct log_view view = next(reader, RECORD_MODEL);
    assert_true(view.body_len > len);
    (void)next(reader, RECORD_MQTT);
    nothing_more(reader);
    free(source);
}

static void ticks_tell_connection_messages_and_clock(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    put(f, STR_LIT("t"), STR_LIT("1"));
    put(f, STR_LIT("t"), STR_LIT("2"));
    pass_time(1000, 1000);
    assert_true(intake_tick(f->intake, true, 7200, &err));
    pass_time(1000 - 700, 1000); /* the wall clock was set back by 0.7 s: left alone, but told */
    assert_true(intake_tick(f->intake, false, RECORD_NO_UTC_OFFSET, &err));
    struct log_reader *reader = reader_of(f);
    struct record_tick tick;
    (void)next(reader, RECORD_MQTT);
    (void)next(reader, RECORD_MQTT);
    struct log_view view = next(reader, RECORD_TICK);
    assert_true(record_tick_decode(view.body, view.body_len, &tick, &err));
    assert_true(tick.connected);
    assert_int_equal(tick.messages, 2);
    assert_int_equal(tick.clock_offset_ns, 0);
    assert_int_equal(tick.utc_offset_s, 7200);
    int64_t before_ns = view.log_ns;
    view = next(reader, RECORD_TICK);
    assert_true(record_tick_decode(view.body, view.body_len, &tick, &err));
    assert_false(tick.connected);
    assert_int_equal(tick.clock_offset_ns, -700000000);
    assert_int_equal(tick.utc_offset_s, RECORD_NO_UTC_OFFSET);
    assert_int_equal(view.log_ns - before_ns, 1000000000);
    nothing_more(reader);
}

/* A restart leaves a GAP with the last record's place; a wall clock an hour behind by then does not
 * take log time back. */
static void a_restart_is_a_gap_and_time_goes_on(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    put(f, STR_LIT("t"), STR_LIT("1"));
    int64_t last_ns = world.wall_ns;
    stop(f);
    pass_time(-3600000, 90000);
    start(f, true);
    put(f, STR_LIT("t"), STR_LIT("2"));
    struct log_reader *reader = reader_of(f);
    struct record_gap gap;
    struct log_view view = next(reader, RECORD_MQTT);
    assert_int_equal(view.log_ns, last_ns);
    view = next(reader, RECORD_GAP);
    assert_true(view.log_ns >= last_ns);
    assert_int_equal(view.wall_ns, world.wall_ns);
    assert_true(record_gap_decode(view.body, view.body_len, &gap, &err));
    assert_int_equal(gap.last_seq, 1);
    assert_int_equal(gap.from_ns, last_ns);
    view = next(reader, RECORD_MQTT);
    assert_true(view.log_ns >= last_ns);
    nothing_more(reader);
}

static void a_failing_disk_spends_the_log(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int sys_errno;
        enum error_code code;
    } rows[] = {{ENOSPC, ERROR_NO_SPACE}, {EIO, ERROR_IO}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        uint64_t before = log_writer_last_seq(f->writer);
        world.fail_errno = rows[i].sys_errno;
        struct intake_message message = {
            .topic = STR_LIT("t"), .payload = STR_LIT("lost?"), .qos = 1};
        assert_false(intake_message(f->intake, &message, &err));
        assert_int_equal(err.code, rows[i].code);
        assert_true(world.failed > 0);
        world.fail_errno = 0;
        /* The disk is well again; the writer must stay spent, or this message would follow a hole.
         */
        err = (struct error){0};
        assert_false(intake_message(f->intake, &message, &err));
        assert_int_equal(err.code, rows[i].code);
        assert_false(intake_tick(f->intake, true, 7200, &err));
        stop(f);
        start(f, true); /* the next process: nothing acknowledged is missing, nothing invented */
        assert_int_equal(f->recovery.last_seq, before);
        assert_int_equal(log_writer_last_seq(f->writer), f->recovery.last_seq ? before + 1 : 0);
        put(f, STR_LIT("t"), STR_LIT("again"));
    }
}

struct burst {
    struct fixture *f;
    uint32_t thread;
};

static void *burst(void *arg)
{
    struct burst *b = arg;
    for (uint32_t i = 0; i < EACH; i++) {
        struct error err = {0};
        uint32_t body[2] = {b->thread, i};
        struct intake_message message = {
            .topic = STR_LIT("t"), .payload = {(const char *)body, sizeof body}, .qos = 1};
        if (i % 100 == 0 ? !intake_tick(b->f->intake, true, 0, &err)
                         : !intake_message(b->f->intake, &message, &err))
            return arg;
    }
    return NULL;
}

/* Paho's thread and the main thread at once: all records are there, each thread's in its order, and
 * time never falls. */
static void threads_do_not_mix_records(void **state)
{
    struct fixture *f = *state;
    stop(f);
    start(f, false);
    pthread_t thread[THREADS];
    struct burst bursts[THREADS];
    for (uint32_t t = 0; t < THREADS; t++) {
        bursts[t] = (struct burst){f, t};
        assert_int_equal(pthread_create(&thread[t], NULL, burst, &bursts[t]), 0);
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(thread[t], &failed), 0);
        assert_null(failed);
    }
    struct log_reader *reader = reader_of(f);
    uint32_t seen[THREADS] = {0}, records = 0;
    int64_t last_ns = 0;
    struct log_view view;
    while (log_reader_next(reader, &view, NULL) == LOG_READ_RECORD) {
        records++;
        assert_true(view.log_ns >= last_ns);
        last_ns = view.log_ns;
        if (view.type != RECORD_MQTT)
            continue;
        struct record_mqtt mqtt;
        uint32_t body[2];
        assert_true(record_mqtt_decode(view.body, view.body_len, &mqtt, NULL));
        memcpy(body, mqtt.payload.at, sizeof body);
        assert_true(body[0] < THREADS && body[1] > seen[body[0]]);
        seen[body[0]] = body[1];
    }
    assert_int_equal(records, THREADS * EACH);
    log_reader_close(reader);
}

static void counters_follow(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct counters *counters = NULL;
    assert_true(counters_open(f->dir, PROGRAM_INGEST, &counters, &err));
    intake_close(f->intake);
    assert_true(intake_open(&(struct intake_options){.writer = f->writer,
                                                     .recovery = &f->recovery,
                                                     .counters = counters,
                                                     .max_message_bytes = 4,
                                                     .wall_ns = wall,
                                                     .boot_ns = boot},
                            &f->intake, &err));
    put(f, STR_LIT("t"), STR_LIT("1234"));
    put(f, STR_LIT("t"), STR_LIT("12345"));
    assert_true(intake_message(
        f->intake,
        &(struct intake_message){
            .topic = STR_LIT("t"), .payload = STR_LIT("1"), .qos = 1, .retained = true},
        &err));
    assert_true(intake_connected(f->intake, false, STR_LIT("b"), &err));
    assert_true(intake_subscribed(f->intake, STR_LIT("#"), false, 1, &err));
    assert_true(intake_subscribed(f->intake, STR_LIT("#"), false, 0x80, &err));
    assert_true(intake_tick(f->intake, true, 7200, &err));
    assert_int_equal(counters_get(counters, COUNTER_INGEST_MESSAGES), 3);
    assert_int_equal(counters_get(counters, COUNTER_INGEST_BYTES), 10);
    assert_int_equal(counters_get(counters, COUNTER_INGEST_OVERSIZED), 1);
    assert_int_equal(counters_get(counters, COUNTER_INGEST_RETAINED), 1);
    assert_int_equal(counters_get(counters, COUNTER_INGEST_CONNECTS), 1);
    assert_int_equal(counters_get(counters, COUNTER_INGEST_SUBSCRIBE_REFUSED), 1);
    assert_int_equal(counters_get(counters, COUNTER_INGEST_CONNECTED), 1);
    assert_int_equal(counters_get(counters, COUNTER_INGEST_LAST_MESSAGE_NS), world.wall_ns);
    assert_int_equal(counters_get(counters, COUNTER_INGEST_LOG_SEQ),
                     log_writer_last_seq(f->writer));
    assert_true(intake_disconnected(f->intake, 0, STR_LIT("x"), &err));
    assert_int_equal(counters_get(counters, COUNTER_INGEST_CONNECTED), 0);
    counters_close(counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_are_kept_byte_for_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(long_messages_are_cut_with_length_and_hash, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_small_records, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_model_fits_and_a_larger_one_changes_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ticks_tell_connection_messages_and_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restart_is_a_gap_and_time_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failing_disk_spends_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_do_not_mix_records, setup, teardown),
        cmocka_unit_test_setup_teardown(counters_follow, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
