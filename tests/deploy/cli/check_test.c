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

/* Runs the command with both outputs in f->output. options: up to count, the rest NULL. */
static int run_options(struct fixture *f, const char *const *options, size_t count)
{
    char config[700], path[700];
    char command[] = "check", letter[] = "-c";
    char words[8][64];
    char *argv[12] = {command, letter, config};
    int argc = 3;
    (void)snprintf(config, sizeof config, "%s/c.yaml", f->dir);
    (void)snprintf(path, sizeof path, "%s/output", f->dir);
    for (size_t i = 0; i < count && options[i] && options[i][0]; i++, argc++) {
        (void)snprintf(words[i], sizeof words[i], "%s", options[i]);
        argv[argc] = words[i];
    }
    (void)fflush(stdout);
    (void)fflush(stderr);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
    assert_true(out >= 0 && err >= 0 && fd >= 0);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    int code = cmd_check(argc, argv);
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

static int run(struct fixture *f, const char *option)
{
    return run_options(f, &option, 1);
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
    assert_says(f, "paging: nobody is paged for anything: the setting page.file is empty");
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

static const char good_paging[] =
    "targets:\n"
    "  - {id: desk, kind: webhook, url: \"http://127.0.0.1:1/\"}\n"
    "  - {id: chief, kind: webhook, url: \"http://127.0.0.1:1/\"}\n"
    "  - {id: drill, kind: webhook, url: \"http://127.0.0.1:1/\", status: Exercise}\n"
    "teams:\n"
    "  - id: floor\n"
    "    shifts:\n"
    "      - {from: \"08:00\", to: \"20:00\", targets: [desk, drill]}\n"
    "      - {from: \"20:00\", to: \"08:00\", targets: chief}\n"
    "  - {id: lead, targets: chief}\n"
    "routes: [{team: floor, escalate: [lead, lead]}]\n";

static void a_roster_is_explained_or_refused(void **state)
{
    struct fixture *f = *state;
    put(f, "c.yaml", "venue: v.yaml\npage: {file: p.yaml}\n");
    put(f, "v.yaml", good_venue);
    put(f, "p.yaml", good_paging);
    assert_int_equal(run(f, ""), EXIT_OK);
    assert_says(f, "line 11   yellow, orange, red; always → floor, unacknowledged → lead → lead");
    assert_says(f, "floor: 08:00–20:00 desk, drill (Exercise); 20:00–08:00 chief; now ");
    assert_says(f, "drill: webhook, in both languages, Exercise only");
    put(f, "p.yaml",
        "targets: [{id: desk, kind: webhook, url: \"http://127.0.0.1:1/\"}]\n"
        "teams: [{id: t, shifts: [{days: mon-sat, targets: desk}]}]\n"
        "routes: [{team: t, escalate: [t, t]}]\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "/p.yaml:3:10: error: nobody is paged for zone ");
    assert_says(f, ": Sun 00:00–24:00");
    put(f, "c.yaml", "venue: v.yaml\npage: {file: none.yaml}\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "none.yaml");
}

static void it_tells_who_would_be_paged(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *options[8];
        int code;
        const char *words;
    } rows[] = {
        {{"--page", "h", "red", "--at", "2026-05-16T03:00"},
         EXIT_OK,
         "zone h (h), red, Sat 03:00 local time\n  hall-capacity\n    at once: chief\n"
         "    after 60 s, nobody having acknowledged: chief\n"},
        {{"--page", "h", "red", "--at", "2026-05-16T12:00:00+08:00", "--escalation", "0"},
         EXIT_OK,
         "red, Sat 04:00 local time\n  hall-capacity\n    at once: chief\n"},
        {{"--page", "h", "yellow", "--at", "2026-05-16T12:00", "--rule", "hall-capacity"},
         EXIT_OK,
         "    at once: desk, drill (Exercise)\n"
         "    after 600 s, nobody having acknowledged: desk, chief, drill (Exercise)\n"},
        {{"--page", "fair", "red", "--at", "2026-05-16T12:00", "--json"},
         EXIT_OK,
         "{\"zone\":\"fair\",\"level\":\"red\",\"at\":\"Sat 12:00\",\"pages\":[{\"rule\":"
         "\"venue-blind\",\"steps\":[{\"escalation\":0,\"after_s\":0,\"targets\":[\"desk\","
         "\"drill\"]}]}]}"},
        {{"--page", "hh", "red"}, EXIT_USAGE, "the venue has no zone \"hh\""},
        {{"--page", "h", "rde"}, EXIT_USAGE, "not \"rde\"; did you mean \"red\"?"},
        {{"--page", "h", "blue"}, EXIT_USAGE, "yellow, orange or red page, not \"blue\""},
        {{"--page", "h"}, EXIT_USAGE, "--page ZONE wants one LEVEL"},
        {{"--page", "h", "red", "--at", "noon"}, EXIT_USAGE, "--at wants a local time"},
        {{"--page", "h", "red", "--escalation", "4"}, EXIT_USAGE, "a step from 0 to 3, not \"4\""},
        {{"--page", "h", "red", "--rule", "flow"},
         EXIT_USAGE,
         "no rule flow of zone h has level red"},
        {{"red"}, EXIT_USAGE, "go with --page ZONE"},
    };
    put(f, "c.yaml", "venue: v.yaml\npage: {file: p.yaml}\n");
    put(f, "v.yaml", good_venue);
    put(f, "p.yaml", good_paging);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(run_options(f, rows[i].options, 8), rows[i].code);
        assert_says(f, rows[i].words);
    }
    put(f, "c.yaml", "venue: v.yaml\n");
    assert_int_equal(run_options(f, rows[0].options, 8), EXIT_USAGE);
    assert_says(f, "page.file is empty: nobody is paged for anything");
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
        cmocka_unit_test_setup_teardown(a_roster_is_explained_or_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(it_tells_who_would_be_paged, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_command_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_warning_does_not_refuse, setup, teardown),
        cmocka_unit_test_setup_teardown(json_is_one_object, setup, teardown),
        cmocka_unit_test_setup_teardown(silent_servers_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_use_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
