/* crowdtide check: exit codes, what is printed for people and for programs, servers that do not
 * answer. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/cli.h"
#include "tests/support/support.h"

enum { OUTPUT_BYTES = 256 * 1024 };

struct fixture {
    char dir[512];
    char output[OUTPUT_BYTES];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)support_temp_dir(f->dir, sizeof f->dir);
    assert_int_equal(unsetenv("CROWDTIDE_MQTT_URL"), 0);
    assert_int_equal(unsetenv("CROWDTIDE_SERIES_URL"), 0);
    assert_int_equal(unsetenv("CROWDTIDE_KAFKA_BROKERS"), 0);
    assert_int_equal(setenv("CROWDTIDE_STATE", f->dir, 1), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    support_remove_tree(f->dir);
    free(f);
    return 0;
}

static void put(const struct fixture *f, const char *name, const char *text)
{
    char path[800];
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

/* Runs the command with both outputs in f->output. */
static int run(struct fixture *f, const char *option)
{
    char config[700], path[700];
    char command[] = "check", letter[] = "-c";
    char second[40];
    (void)snprintf(config, sizeof config, "%s/c.yaml", f->dir);
    (void)snprintf(path, sizeof path, "%s/output", f->dir);
    (void)snprintf(second, sizeof second, "%s", option);
    char *argv[] = {command, letter, config, second, NULL};
    (void)fflush(stdout);
    (void)fflush(stderr);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
    assert_true(out >= 0 && err >= 0 && fd >= 0);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    int code = cmd_check(option[0] ? 4 : 3, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    assert_true(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    (void)close(out);
    (void)close(err);
    ssize_t got = pread(fd, f->output, sizeof f->output - 1, 0);
    assert_true(got >= 0);
    f->output[got] = '\0';
    (void)close(fd);
    return code;
}

static void assert_says(const struct fixture *f, const char *words)
{
    if (!strstr(f->output, words))
        fail_msg("\"%s\" is not in:\n%s", words, f->output);
}

static const char good_venue[] =
    "venue: {id: fair}\n"
    "zones: [{id: h, kind: hall, capacity: 100}]\n"
    "sensors: [{id: s, class: crowd, counter: level, zone: h, interval_s: 1}]\n";

static void a_good_one_passes(void **state)
{
    struct fixture *f = *state;
    put(f, "c.yaml", "venue: v.yaml\n");
    put(f, "v.yaml", good_venue);
    assert_int_equal(run(f, ""), EXIT_OK);
    assert_says(f, "venue fair");
    assert_says(f, "2 zones (1 venue, 1 hall)");
    assert_says(f, "1 sensors (1 crowd)");
    assert_says(f, "hall-capacity: percent_capacity of each hall (1 zone): blue at 50 %");
    assert_says(f, "red at 100 % for 10 s (seen within 12 s; escalates after 60 s, 120 s)");
    assert_says(f, "0 operators: nobody is told from anybody");
    assert_says(f, "0 errors");
}

static void each_mistake_has_file_line_and_reason(void **state)
{
    struct fixture *f = *state;
    put(f, "c.yaml", "venue: v.yaml\nmqtt:\n  keepalive_s: 1\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "/c.yaml:3:16: error: mqtt.keepalive_s: 1 is out of range");
    put(f, "c.yaml", "venue: v.yaml\n");
    put(f, "v.yaml", "venue: {id: fair}\nzones:\n  - {id: h, kind: hall, capcity: 3}\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f,
                "/v.yaml:3:25: error: a zone has no key \"capcity\"; did you mean \"capacity\"?");
    put(f, "v.yaml", "venue: {id: fair}\nzones: [\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "/v.yaml:3:1: error: did not find expected node content");
    put(f, "v.yaml", "venue:\n  id: ${NOT_SET_FOR_SURE}\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "/v.yaml:2:7: error: the environment variable NOT_SET_FOR_SURE is not set");
    put(f, "c.yaml", "venue: missing.yaml\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "missing.yaml");
    put(f, "c.yaml", "{}\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "no venue file");
    put(f, "v.yaml", good_venue);
    put(f, "c.yaml", "venue: v.yaml\nkafka: {options: [no.such.setting=1]}\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "no.such.setting");
    put(f, "c.yaml", "venue: v.yaml\nmqtt: {filters: ['a/#/b']}\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    put(f, "c.yaml", "venue: v.yaml\nmqtt: {ca_file: nowhere.pem}\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "nowhere.pem: No such file or directory");
}

/* The one object that the command printed, parsed strictly. */
static void assert_json(const struct fixture *f, const char *words)
{
    assert_says(f, words);
    size_t len = strlen(f->output);
    assert_true(len > 2 && f->output[len - 1] == '\n');
    assert_null(memchr(f->output, '\n', len - 1));
    FILE *out = popen("python3 -I -c 'import json,sys; json.loads(sys.stdin.read())'", "w");
    assert_non_null(out);
    assert_int_equal(fwrite(f->output, 1, len, out), len);
    assert_int_equal(pclose(out), 0);
}

static void who_may_command_is_told(void **state)
{
    struct fixture *f = *state;
    char venue[2000];
    put(f, "c.yaml", "venue: v.yaml\n");
    (void)snprintf(
        venue, sizeof venue,
        "%sroles: [{id: chief, commands: all, supervisor: yes}]\n"
        "operators: [{id: lin, uid: 0, roles: chief}, {id: wang, uid: 7, roles: chief}]\n"
        "shifts: [07:30, 19:05]\n",
        good_venue);
    put(f, "v.yaml", venue);
    assert_int_equal(run(f, ""), EXIT_OK);
    assert_says(f, "2 operators; handovers at 07:30, 19:05");
    assert_says(f, "wang (user id 7, chief) may do everything; supervises.");
    assert_says(f, "0 errors, 0 warnings");
    assert_int_equal(run(f, "--json"), EXIT_OK);
    assert_json(f, "\"operators\":[{\"id\":\"lin\",\"explanation\":\"lin (user id 0, chief) may do "
                   "everything; supervises.\"},{\"id\":\"wang\"");
}

static void a_warning_does_not_refuse(void **state)
{
    struct fixture *f = *state;
    put(f, "c.yaml", "venue: v.yaml\n");
    put(f, "v.yaml",
        "venue: {id: fair, time_zone: Mars/Olympus}\n"
        "zones:\n  - {id: h, kind: hall, capacity: 100}\n");
    assert_int_equal(run(f, ""), EXIT_OK);
    assert_says(f, "/v.yaml:3:5: warning: zone \"h\" has no crowd sensor");
    assert_says(f, "warning: time_zone: this machine knows no Mars/Olympus");
}

static void json_is_one_object(void **state)
{
    struct fixture *f = *state;
    put(f, "c.yaml", "venue: v.yaml\n");
    put(f, "v.yaml", good_venue);
    assert_int_equal(run(f, "--json"), EXIT_OK);
    assert_json(f, "\"ok\":true");
    assert_json(f, "\"detection_ms\":{\"blue\":62000,\"yellow\":32000,\"orange\":22000,\"red\":"
                   "12000}");
    put(f, "v.yaml", "venue: {id: \"\\\"\\n\"}\nzones:\n  - {}\n");
    assert_int_equal(run(f, "--json"), EXIT_USAGE);
    assert_json(f, "\"ok\":false");
    assert_json(f, "\"severity\":\"error\"");
    put(f, "c.yaml", "[\n");
    assert_int_equal(run(f, "--json"), EXIT_USAGE);
    assert_json(f, "\"servers\":[]");
}

static void silent_servers_are_named(void **state)
{
    struct fixture *f = *state;
    /* Ports that the system's services keep free on loopback; Kafka is left out, its library waits
     * for the whole time allowed. */
    put(f, "c.yaml",
        "venue: v.yaml\nmqtt: {url: \"mqtt://127.0.0.1:9\"}\n"
        "series: {url: \"http://127.0.0.1:9\"}\nkafka: {enabled: no}\n");
    put(f, "v.yaml", good_venue);
    assert_int_equal(run(f, "--connect"), EXIT_FAILED);
    assert_says(f, "broker  FAILED");
    assert_says(f, "series  FAILED  http://127.0.0.1:9");
    assert_says(f, "not every server answered");
    assert_null(strstr(f->output, "kafka"));
}

static void bad_use_is_told(void **state)
{
    struct fixture *f = *state;
    put(f, "c.yaml", "venue: v.yaml\n");
    assert_int_equal(run(f, "--conect"), EXIT_USAGE);
    assert_int_equal(run(f, "extra"), EXIT_USAGE);
    assert_int_equal(run(f, "--help"), EXIT_OK);
    assert_says(f, "usage: crowdtide check");
    assert_int_equal(run(f, "--settings"), EXIT_OK);
    assert_says(f, "| `mqtt.url` | `mqtt://127.0.0.1:1883` | `CROWDTIDE_MQTT_URL` | mqtt, mqtts |");
    assert_int_equal(run(f, "--venue-settings"), EXIT_OK);
    assert_says(f, "| `bucket_s` | 1 | 1 to 10 s | width of a bucket");
    assert_says(f, "| `dark_crowded` | yes | yes, no |");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_one_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(each_mistake_has_file_line_and_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_command_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_warning_does_not_refuse, setup, teardown),
        cmocka_unit_test_setup_teardown(json_is_one_object, setup, teardown),
        cmocka_unit_test_setup_teardown(silent_servers_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_use_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
