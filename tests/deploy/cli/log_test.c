/* crowdtide log, as a user runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "schemas/log/log.h"
#include "schemas/record/record.h"
#include "schemas/result/result.h"
#include "tests/support/support.h"

static char root[256], out[65536];

static struct log_writer *open_writer(const char *name)
{
    char dir[300];
    (void)snprintf(dir, sizeof dir, "%s/%s", root, name);
    struct log_writer_options options = {
        .dir = dir, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_MANUAL};
    struct log_writer *writer = NULL;
    assert_true(log_writer_open(&options, &writer, NULL, NULL));
    return writer;
}

static void append(struct log_writer *writer, uint16_t type, const uint8_t *body, uint32_t len)
{
    struct log_record record = {
        .type = type, .log_ns = 1790000000123000000, .wall_ns = 5, .body = body, .body_len = len};
    assert_true(log_writer_append(writer, &record, NULL, NULL));
}

static void append_mqtt(struct log_writer *writer, const char *topic, const char *payload)
{
    uint8_t body[1024];
    struct record_mqtt mqtt = {
        .topic = str_of(topic), .payload = str_of(payload), .qos = 1, .bits = RECORD_MQTT_RETAIN};
    append(writer, RECORD_MQTT, body, record_mqtt_encode(&mqtt, body, sizeof body));
}

/* Runs the program; its output is in `out`; returns its exit code. */
static int run(const char *arguments)
{
    char command[1200];
    (void)snprintf(command, sizeof command, "%s/crowdtide log %s 2>&1", CROWDTIDE_BINARY_DIR,
                   arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t n = fread(out, 1, sizeof out - 1, pipe);
    out[n] = '\0';
    return pclose(pipe) / 256;
}

static void expect(const char *text)
{
    if (!strstr(out, text))
        fail_msg("no \"%s\" in:\n%s", text, out);
}

static int setup(void **state)
{
    (void)state;
    support_temp_dir(root, sizeof root);
    (void)setenv("CROWDTIDE_STATE", root, 1);
    struct log_writer *readings = open_writer("readings");
    append_mqtt(readings, "crowdtide/expo/crowd/s1", "{\"occupancy\":5}");
    append_mqtt(readings, "bad\xff\"topic", "\x1b[31mred\n");
    uint8_t body[4096];
    struct record_tick tick = {true, 17, -4, 3600, RECORD_NO_COUNT, RECORD_PROBE_NONE, 0};
    append(readings, RECORD_TICK, body, record_tick_encode(&tick, body, sizeof body));
    struct record_gap gap = {2, 99};
    append(readings, RECORD_GAP, body, record_gap_encode(&gap, body, sizeof body));
    append(readings, 999, (const uint8_t *)"later", 5);
    log_writer_close(readings);

    struct log_writer *alerts = open_writer("alerts");
    struct result_alert alert;
    result_clear(RECORD_ALERT, &alert);
    alert.id = str_of("expo/hall1/full/1");
    alert.n = 2;
    struct result_origin origin = {77, 1, 3};
    append(alerts, RECORD_ALERT, body,
           result_encode(RECORD_ALERT, &origin, &alert, body, sizeof body));
    log_writer_close(alerts);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_remove_tree(root);
    return 0;
}

static void test_export(void **state)
{
    (void)state;
    assert_int_equal(run("export --json readings"), 0);
    expect("{\"seq\":1,\"type\":\"mqtt\",\"log_ns\":1790000000123000000,\"wall_ns\":5,"
           "\"topic\":\"crowdtide/expo/crowd/s1\",\"qos\":1,\"retain\":true,\"dup\":false,"
           "\"payload_base64\":\"eyJvY2N1cGFuY3kiOjV9\"}\n");
    expect("{\"seq\":2,\"type\":\"mqtt\",\"log_ns\":1790000000123000000,\"wall_ns\":5,"
           "\"topic\":null,\"topic_base64\":\"YmFk/yJ0b3BpYw==\",");
    expect("\"type\":\"tick\",\"log_ns\":1790000000123000000,\"wall_ns\":5,\"connected\":true,"
           "\"messages\":17,\"clock_offset_ns\":-4,\"utc_offset_s\":3600}");
    expect("\"last_seq\":2,\"from_ns\":99}");
    expect("\"type\":\"unknown\",\"log_ns\":1790000000123000000,\"wall_ns\":5,\"type_number\":999,"
           "\"body_base64\":\"bGF0ZXI=\"}");
    assert_int_equal(run("export --json alerts"), 0);
    assert_string_equal(out, "{\"seq\":1,\"type\":\"alert\",\"log_ns\":1790000000123000000,"
                             "\"wall_ns\":5,\"origin\":{\"input_seq\":77,\"input_epoch\":1,"
                             "\"index\":3},\"result\":{\"id\":\"expo/hall1/full/1\",\"n\":2}}\n");
    assert_int_equal(run("export --json readings --from 3 --to 3"), 0);
    expect("{\"seq\":3,");
    assert_null(strchr(strchr(out, '\n') + 1, '\n'));
}

static void test_human_text_is_safe(void **state)
{
    (void)state;
    assert_int_equal(run("export readings"), 0);
    expect(
        "1 2026-09-21T14:13:20.123Z mqtt crowdtide/expo/crowd/s1 (retained) {\"occupancy\":5}\n");
    assert_null(strchr(out, '\x1b'));
}

static void test_ls_and_verify(void **state)
{
    (void)state;
    assert_int_equal(run("ls"), 0);
    expect("readings ");
    expect("bulk       (none yet)");
    assert_int_equal(run("ls --json readings"), 0);
    expect("\"epoch\":1,\"first_seq\":1,\"last_seq\":5,\"durable_seq\":5,");
    expect("\"segments\":1,\"writer\":false}");
    assert_int_equal(run("verify"), 0);
    expect("readings: ok, 5 records (1 to 5) in 1 segments and 1 epochs\n");
    assert_int_equal(run("verify --json readings"), 0);
    expect("\"ok\":true,\"records\":5,");

    /* one byte of the second record */
    char path[400];
    (void)snprintf(path, sizeof path, "%s/readings/0000000000000001-00000001.seg", root);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 256 + 48 + 60, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, -1, SEEK_CUR), 0);
    assert_int_not_equal(fputc(byte ^ 4, file), EOF);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(run("verify readings"), 1);
    expect("corrupt");
    assert_int_equal(run("verify --json readings"), 1);
    expect("\"ok\":false,\"error\":\"CORRUPT\"");
}

static void test_mistakes(void **state)
{
    (void)state;
    assert_int_equal(run(""), 2);
    assert_int_equal(run("--help"), 0);
    assert_int_equal(run("export --help"), 0);
    assert_int_equal(run("export"), 2);
    assert_int_equal(run("export --json wrong"), 2);
    assert_int_equal(run("export --json readings --from x"), 2);
    assert_int_equal(run("export --json bulk"), 1);
    assert_int_equal(run("tap"), 2);
    assert_int_equal(run("polish"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_export, setup, teardown),
        cmocka_unit_test_setup_teardown(test_human_text_is_safe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ls_and_verify, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
