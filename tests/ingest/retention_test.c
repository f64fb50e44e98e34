/* What retention deletes: nothing that a reader needs, unless the cap forces it, and then the loss
 * is counted. */
#include "ingest/retention.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/support.h"

enum { MIB = 1024 * 1024, BODY = 4096, FILLED_MIB = 8 };

struct fixture {
    char dir[100], log[120], cursors[120];
    struct log_writer *writer;
    struct log_recovery recovery;
    struct intake *intake;
    struct counters *counters;
    struct config config;
    struct retention retention;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    struct fixture *f = *state = &fixture;
    struct error err = {0};
    support_temp_dir(f->dir, sizeof f->dir);
    assert_in_range(snprintf(f->log, sizeof f->log, "%s/readings", f->dir), 1, sizeof f->log - 1);
    assert_in_range(snprintf(f->cursors, sizeof f->cursors, "%s/cursors", f->dir), 1,
                    sizeof f->cursors - 1);
    assert_int_equal(mkdir(f->cursors, 0700), 0);
    struct log_writer_options options = {
        .dir = f->log, .segment_bytes = MIB, .sync = LOG_SYNC_MANUAL};
    assert_true(log_writer_open(&options, &f->writer, &f->recovery, &err));
    assert_true(counters_open(f->dir, PROGRAM_INGEST, &f->counters, &err));
    assert_true(intake_open(&(struct intake_options){.writer = f->writer,
                                                     .recovery = &f->recovery,
                                                     .counters = f->counters,
                                                     .max_message_bytes = BODY},
                            &f->intake, &err));
    static char body[BODY];
    for (int i = 0; i < FILLED_MIB * (MIB / BODY); i++)
        assert_true(intake_message(
            f->intake,
            &(struct intake_message){.topic = STR_LIT("t"), .payload = {body, BODY}, .qos = 1},
            &err));
    assert_true(log_writer_sync(f->writer, &err)); /* what is not durable yet is never deleted */
    f->config = (struct config){
        .log_segment_mb = 1, .log_readings_max_mb = 100, .log_keep_mb = 2, .log_cap_forces = true};
    f->retention = (struct retention){.config = &f->config,
                                      .intake = f->intake,
                                      .counters = f->counters,
                                      .writer = f->writer,
                                      .cursors_dir = f->cursors};
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    intake_close(f->intake);
    log_writer_close(f->writer);
    counters_close(f->counters);
    support_remove_tree(f->dir);
    return 0;
}

static void cursor_at(struct fixture *f, const char *name, uint64_t seq)
{
    struct log_cursor *cursor = NULL;
    struct log_position position = {.log = *log_writer_uuid(f->writer), .seq = seq, .epoch = 1};
    assert_true(log_cursor_open(f->cursors, name, true, &cursor, NULL));
    assert_true(log_cursor_store(cursor, &position, false, NULL));
    log_cursor_close(cursor);
}

static uint64_t first_seq(const struct fixture *f)
{
    struct log_reader *reader = NULL;
    assert_true(log_reader_open(&(struct log_reader_options){.dir = f->log}, &reader, NULL));
    uint64_t seq = log_reader_first_seq(reader);
    log_reader_close(reader);
    return seq;
}

static uint64_t lost(const struct fixture *f)
{
    return counters_get(f->counters, COUNTER_INGEST_LOG_LOST);
}

static void without_a_reader_everything_is_needed(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    assert_true(retention_apply(&f->retention, &err));
    assert_int_equal(first_seq(f), 1);
    assert_int_equal(lost(f), 0);
}

static void what_all_have_passed_goes_down_to_keep(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    uint64_t last = log_writer_last_seq(f->writer);
    cursor_at(f, "readings.process", last);
    cursor_at(f, "readings.slow", last / 2);
    cursor_at(f, "bulk.kafka", 1); /* of another log's readers: no matter here */
    assert_true(retention_apply(&f->retention, &err));
    assert_in_range(first_seq(f), 2, last / 2 + 1); /* the slowest reader's next record is there */
    assert_int_equal(lost(f), 0);
    cursor_at(f, "readings.slow", last);
    assert_true(retention_apply(&f->retention, &err));
    assert_true(first_seq(f) > last / 2);
    assert_true(log_writer_bytes(f->writer) <= 4 * MIB);
    assert_int_equal(lost(f), 0);
}

static void the_cap_forces_and_counts(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    f->config.log_readings_max_mb = 4;
    assert_true(retention_apply(&f->retention, &err));
    assert_true(log_writer_bytes(f->writer) <= 5 * MIB);
    assert_int_equal(lost(f), first_seq(f) - 1); /* each record deleted was still wanted */
    assert_true(lost(f) > 0);
    assert_int_equal(counters_get(f->retention.counters, COUNTER_INGEST_LOG_CAP_BYTES), 4 * MIB);
    assert_true(counters_get(f->retention.counters, COUNTER_INGEST_LOG_HELD_BYTES) >
                4 * MIB); /* before the cap took it */
}

static void the_cap_may_stop_instead(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    f->config.log_readings_max_mb = 4;
    f->config.log_cap_forces = false;
    assert_false(retention_apply(&f->retention, &err));
    assert_int_equal(err.code, ERROR_NO_SPACE);
    assert_int_equal(first_seq(f), 1);
    assert_int_equal(lost(f), 0);
    cursor_at(f, "readings.process", log_writer_last_seq(f->writer));
    assert_true(retention_apply(&f->retention, &err)); /* its readers have caught up */
}

/* A damaged cursor file pins everything, and ingest goes on. */
static void a_damaged_cursor_pins_everything_and_stops_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    char path[140];
    cursor_at(f, "readings.process", log_writer_last_seq(f->writer));
    assert_in_range(snprintf(path, sizeof path, "%s/readings.other", f->cursors), 1,
                    sizeof path - 1);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("no cursor", file);
    (void)fclose(file);
    if (!retention_apply(&f->retention, &err))
        fail_msg("%s", err.where);
    assert_int_equal(first_seq(f), 1);
    assert_int_equal(unlink(path), 0);
    assert_true(retention_apply(&f->retention, &err));
    assert_true(log_writer_bytes(f->writer) < (uint64_t)FILLED_MIB * MIB);
    assert_int_equal(lost(f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_reader_everything_is_needed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_all_have_passed_goes_down_to_keep, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_cursor_pins_everything_and_stops_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_cap_forces_and_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(the_cap_may_stop_instead, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
