/* The configuration file: precedence, paths, secrets, and what each mistake is answered with. */
#include "schemas/config/config.h"
#include "schemas/config/config_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/support.h"

struct fixture {
    char dir[512];
    char file[600];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)support_temp_dir(f->dir, sizeof f->dir);
    (void)snprintf(f->file, sizeof f->file, "%s/crowdtide.yaml", f->dir);
    static const char *const names[] = {"CROWDTIDE_STATE", "CROWDTIDE_MQTT_URL",
                                        "CROWDTIDE_KAFKA_BROKERS", "CROWDTIDE_SERIES_URL",
                                        "STATE_DIRECTORY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(unsetenv(names[i]), 0);
    assert_int_equal(setenv("HOME", f->dir, 1), 0);
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

static void put(const struct fixture *f, const char *name, const char *text, mode_t mode)
{
    char path[800];
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static bool load(const struct fixture *f, const char *text, struct config *config,
                 struct problems *problems)
{
    put(f, "crowdtide.yaml", text, 0644);
    *problems = (struct problems){0};
    *config = (struct config){0};
    return config_load(f->file, config, problems);
}

static const char *beside(const struct fixture *f, const char *name, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s/%s", f->dir, name);
    return out;
}

static void defaults_come_from_the_table(void **state)
{
    struct fixture *f = *state;
    struct config c;
    struct problems problems = {0};
    char path[800];
    assert_true(config_load(NULL, &c, &problems));
    assert_int_equal(problems.count, 0);
    assert_string_equal(c.mqtt_url, "mqtt://127.0.0.1:1883");
    assert_string_equal(c.log_sync, "timer");
    assert_int_equal(c.log_sync_ms, 50);
    assert_true(c.kafka_enabled);
    assert_string_equal(c.path, "");
    assert_string_equal(c.state_dir, beside(f, ".local/state/crowdtide", path, sizeof path));
    assert_string_equal(c.command_socket,
                        beside(f, ".local/state/crowdtide/command.sock", path, sizeof path));
    config_free(&c);
    config_free(&c); /* twice does no harm */
    assert_true(load(f, "", &c, &problems));
    assert_string_equal(c.series_api, "v1");
    config_free(&c);
}

static void the_table_describes_itself(void **state)
{
    (void)state;
    assert_true(config_setting_count() > 40);
    for (uint32_t i = 0; i < config_setting_count(); i++) {
        const struct setting_info *info = config_setting_info(i);
        assert_true(info->key[0] && info->kind[0] && info->description[0]);
        assert_non_null(info->env);
        assert_non_null(info->unit);
        if (strcmp(info->kind, "int") == 0)
            assert_true(info->min < info->max);
        if (strcmp(info->kind, "choice") == 0)
            assert_non_null(strstr(info->words, info->def));
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(info->key, config_setting_info(k)->key);
    }
}

static void environment_beats_file_beats_default(void **state)
{
    struct fixture *f = *state;
    struct config c;
    struct problems problems;
    assert_int_equal(setenv("CROWDTIDE_MQTT_URL", "mqtts://env.example:8883", 1), 0);
    assert_int_equal(setenv("CROWDTIDE_SERIES_URL", "", 1), 0); /* empty is as good as unset */
    assert_true(load(f,
                     "mqtt: {url: \"mqtt://file:1\", keepalive_s: 7}\n"
                     "series: {url: 'https://[::1]:9/base'}\n",
                     &c, &problems));
    assert_string_equal(c.mqtt_url, "mqtts://env.example:8883");
    assert_string_equal(c.series_url, "https://[::1]:9/base");
    assert_int_equal(c.mqtt_keepalive_s, 7);
    config_free(&c);
    assert_int_equal(setenv("CROWDTIDE_MQTT_URL", "env.example", 1), 0);
    assert_false(load(f, "", &c, &problems));
    assert_int_equal(problems.problem[0].line, 0);
    assert_non_null(strstr(problems.problem[0].text, "CROWDTIDE_MQTT_URL"));
    assert_int_equal(unsetenv("CROWDTIDE_MQTT_URL"), 0);
    assert_int_equal(setenv("STATE_DIRECTORY", "/var/lib/crowdtide:/x", 1), 0);
    assert_true(load(f, "", &c, &problems));
    assert_string_equal(c.state_dir, "/var/lib/crowdtide");
    config_free(&c);
    assert_int_equal(setenv("CROWDTIDE_STATE", "/tmp/s", 1), 0);
    assert_true(load(f, "state_dir: /elsewhere\n", &c, &problems));
    assert_string_equal(c.state_dir, "/tmp/s");
    config_free(&c);
}

static void paths_start_at_the_file(void **state)
{
    struct fixture *f = *state;
    struct config c;
    struct problems problems;
    char path[800];
    assert_true(load(f, "venue: sub/venue.yaml\nstate_dir: ~/state\ncommand_socket: /run/c.sock\n",
                     &c, &problems));
    assert_string_equal(c.venue_file, beside(f, "sub/venue.yaml", path, sizeof path));
    assert_string_equal(c.state_dir, beside(f, "state", path, sizeof path));
    assert_string_equal(c.command_socket, "/run/c.sock");
    struct error err = {0};
    char out[900];
    assert_true(config_state_path(&c, "readings", out, sizeof out, &err));
    assert_string_equal(out, beside(f, "state/readings", path, sizeof path));
    assert_false(config_state_path(&c, "readings", out, 10, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    config_free(&c);
}

static void lists_and_variables(void **state)
{
    struct fixture *f = *state;
    struct config c;
    struct problems problems;
    assert_int_equal(setenv("TEST_HOST", "broker: {x}", 1), 0);
    assert_int_equal(setenv("TEST_NUMBER", "9", 1), 0);
    assert_true(load(f,
                     "mqtt:\n  filters: [a/#, b/#]\n  username: ${TEST_HOST}\n"
                     "  keepalive_s: ${TEST_NUMBER}\n"
                     "kafka:\n  options: sasl.mechanism=$${PLAIN}  # ${NOT_LOOKED_AT}\n",
                     &c, &problems));
    assert_string_equal(c.mqtt_filters, "a/#\nb/#");
    assert_string_equal(c.mqtt_username, "broker: {x}");
    assert_int_equal(c.mqtt_keepalive_s, 9);
    assert_string_equal(c.kafka_options, "sasl.mechanism=${PLAIN}");
    config_free(&c);
}

static uint32_t warnings_of(struct fixture *f, const char *text, const char *words)
{
    struct config c;
    struct problems problems;
    assert_true(load(f, text, &c, &problems));
    for (uint32_t i = 0; i < problems.count; i++) {
        assert_non_null(strstr(problems.problem[i].text, words));
        assert_int_equal(problems.problem[i].line, 1);
    }
    assert_int_equal(problems.count, problems.warnings);
    config_free(&c);
    return problems.warnings;
}

static void keys_and_switched_off_checks_are_warned_about(void **state)
{
    struct fixture *f = *state;
    const char *tls = "mqtt: {url: 'mqtts://h', cert_file: cert, key_file: key}\n";
    put(f, "cert", "", 0644);
    put(f, "key", "", 0600);
    assert_int_equal(warnings_of(f, tls, ""), 0);
    put(f, "key", "", 0644);
    assert_int_equal(warnings_of(f, tls, "mqtt.key_file: everybody on this machine may read"), 1);
    static const struct {
        const char *options, *words;
        uint32_t count;
    } rows[] = {
        {"kafka: {options: ['security.protocol=SASL_SSL', 'sasl.username=u']}", "", 0},
        {"kafka: {options: ['a.b=c', 'sasl.password=x']}", "sasl.password belongs into", 1},
        {"kafka: {options: enable.ssl.certificate.verification=false}", "check of certificates", 1},
        {"kafka: {options: enable.ssl.certificate.verification=true}", "", 0},
        {"kafka: {options: ssl.endpoint.identification.algorithm=none}", "host's name", 1},
        {"kafka: {options: ssl.endpoint.identification.algorithm=https}", "", 0},
        {"kafka: {options: ssl.key.location=/dev/null}", "everybody on this machine may read", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(warnings_of(f, rows[i].options, rows[i].words), rows[i].count);
}

static void secrets_are_read_from_files(void **state)
{
    struct fixture *f = *state;
    struct config c;
    struct problems problems;
    put(f, "token", "s3cret\nsecond line\n", 0600);
    assert_true(load(f, "series: {token_file: token}\n", &c, &problems));
    assert_string_equal(c.series_token, "s3cret");
    assert_int_equal(problems.count, 0);
    config_free(&c);
    put(f, "token", "s3cret\r\n", 0644);
    assert_true(load(f, "series:\n  token_file: token\n", &c, &problems));
    assert_string_equal(c.series_token, "s3cret");
    assert_int_equal(problems.warnings, 1);
    assert_int_equal(problems.problem[0].line, 2);
    assert_non_null(strstr(problems.problem[0].text, "everybody"));
    config_free(&c);
    put(f, "token", "\n", 0600);
    assert_false(load(f, "series:\n  token_file: token\n", &c, &problems));
    assert_non_null(strstr(problems.problem[0].text, "is empty"));
    assert_false(load(f, "series:\n  token_file: missing\n", &c, &problems));
    assert_int_equal(problems.problem[0].line, 2);
    assert_non_null(strstr(problems.problem[0].text, "No such file"));
    assert_false(load(f, "series:\n  token_file: /\n", &c, &problems));
    char long_line[CONFIG_SECRET_BYTES_MAX + 2];
    memset(long_line, 'x', sizeof long_line);
    long_line[sizeof long_line - 1] = '\0';
    put(f, "token", long_line, 0600);
    assert_false(load(f, "series:\n  token_file: token\n", &c, &problems));
    long_line[sizeof long_line - 2] = '\0';
    put(f, "token", long_line, 0600);
    assert_true(load(f, "series:\n  token_file: token\n", &c, &problems));
    assert_int_equal(strlen(c.series_token), CONFIG_SECRET_BYTES_MAX);
    config_free(&c);
}

/* As from a process that writes it: each read gives a part. */
static void a_secret_that_comes_in_parts_is_whole(void **state)
{
    (void)state;
    struct problems problems = {0};
    char path[64], *secret = NULL;
    int ends[2];
    assert_int_equal(pipe2(ends, O_DIRECT), 0);
    assert_int_equal(write(ends[1], "s3c", 3), 3);
    assert_int_equal(write(ends[1], "ret\n", 4), 4);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    assert_int_equal(close(ends[1]), 0);
    assert_true(config_file_secret("token_file", path, 1, 1, &secret, &problems));
    assert_string_equal(secret, "s3cret");
    free(secret);
    assert_int_equal(close(ends[0]), 0);
}

static const struct mistake {
    const char *source;
    uint32_t line;
    const char *words;
} mistakes[] = {
    {"[]\n", 1, "a map of keys is expected here, not a list"},
    {"mqt: {}\n", 1, "has no key \"mqt\"; did you mean \"mqtt\"?"},
    {"mqtt: 5\n", 1, "mqtt: a map of keys is expected"},
    {"mqtt:\n  ulr: x\n", 2, "section mqtt has no key \"ulr\"; did you mean \"url\"?"},
    {"mqtt.url: mqtt://h\n", 1, "has no key \"mqtt.url\""},
    {"mqtt:\n  url: http://h\n", 2, "begins with one of mqtt|mqtts://"},
    {"mqtt:\n  url: mqtt://user:pw@h\n", 2, "don't belong into the address"},
    {"mqtt:\n  url: mqtt://h:0\n", 2, "host or host:port"},
    {"mqtt:\n  url: mqtt://h:65536\n", 2, "host or host:port"},
    {"mqtt:\n  url: \"mqtt://\"\n", 2, "host or host:port"},
    {"mqtt:\n  url: [a]\n", 2, "a single value is expected here, not a list"},
    {"mqtt:\n  version: 4\n", 2, "one of 5|3.1.1"},
    {"mqtt:\n  keepalive_s: 4\n", 2, "4 is out of range; 5 to 3600"},
    {"mqtt:\n  keepalive_s: 20s\n", 2, "is not a whole number"},
    {"mqtt:\n  cert_file: c.pem\n", 2, "belong together"},
    {"mqtt:\n  username: \"a\\nb\"\n", 2, "control characters"},
    {"mqtt:\n  username: ${UNSET_FOR_SURE}\n", 2, "UNSET_FOR_SURE is not set"},
    {"mqtt:\n  username: ${UNSET\n", 2, "is not followed by a variable's name"},
    {"kafka:\n  enabled: maybe\n", 2, "is neither yes nor no"},
    {"kafka:\n  options: [a=b, cd]\n", 2, "\"cd\" is not name=value"},
    {"kafka:\n  options: [[a=b]]\n", 2, "a single value is expected"},
    {"kafka:\n  options: {a: b}\n", 2, "a list is expected here"},
    {"kafka: {}\nkafka: {}\n", 2, "\"kafka\" is given twice; first in line 1"},
    {"state_dir: /x\n---\nstate_dir: /y\n", 2, "a second document"},
    {"state_dir: !!str x\n", 1, "tags are not used"},
    {"mqtt: {url: [\n", 2, ""},
    {"a: b: c\n", 1, "mapping values are not allowed"},
    {"mqtt:\n\tusername: x\n", 2, ""},
    {"mqtt:\n  username: \xff\n", 2, ""},
    {"command_socket: "
     "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
     1, "bytes are expected"},
};

static void each_mistake_is_named_with_its_line(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct config c;
        struct problems problems;
        bool ok = load(f, mistakes[i].source, &c, &problems), found = false;
        for (uint32_t k = 0; k < problems_listed(&problems); k++)
            found = found || (problems.problem[k].line == mistakes[i].line &&
                              strstr(problems.problem[k].text, mistakes[i].words));
        if (ok || !found) {
            print_error("case %zu: %s", i, mistakes[i].source);
            for (uint32_t k = 0; k < problems_listed(&problems); k++)
                print_error("%u: %s\n", problems.problem[k].line, problems.problem[k].text);
        }
        assert_false(ok);
        assert_true(found);
        assert_null(c.mqtt_url); /* untouched */
    }
}

static void files_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    struct config c;
    struct problems problems = {0};
    char path[800];
    assert_false(config_load(beside(f, "missing.yaml", path, sizeof path), &c, &problems));
    assert_non_null(strstr(problems.problem[0].text, "No such file"));
    problems = (struct problems){0};
    assert_false(config_load(f->dir, &c, &problems));
    assert_int_equal(problems.count, 1);
    char *big = malloc(CONFIG_BYTES_MAX + 2);
    assert_non_null(big);
    memset(big, '#', CONFIG_BYTES_MAX + 1);
    big[CONFIG_BYTES_MAX + 1] = '\0';
    assert_false(load(f, big, &c, &problems));
    big[CONFIG_BYTES_MAX] = '\0';
    assert_true(load(f, big, &c, &problems));
    config_free(&c);
    free(big);
}

static void venue_source_is_expanded(void **state)
{
    struct fixture *f = *state;
    struct config c;
    struct problems problems;
    struct error err = {0};
    char *source = NULL;
    size_t len = 0;
    assert_true(load(f, "venue: v.yaml\n", &c, &problems));
    assert_false(config_read_venue(&c, &source, &len, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    put(f, "v.yaml", "venue:  # ${NOBODY}\n  id: ${TEST_ID}\nzones: []\n", 0644);
    assert_int_equal(unsetenv("TEST_ID"), 0);
    assert_false(config_read_venue(&c, &source, &len, &err));
    assert_int_equal(err.code, ERROR_MALFORMED);
    assert_int_equal(err.position, 2);
    assert_non_null(strstr(err.where, "v.yaml:2:7: the environment variable TEST_ID is not set"));
    assert_int_equal(setenv("TEST_ID", "f\"\n: x", 1), 0);
    assert_true(config_read_venue(&c, &source, &len, &err));
    assert_string_equal(source, "venue:  # ${NOBODY}\n  id: \"f\\\"\\x0a: x\"\nzones: []\n");
    assert_int_equal(len, strlen(source));
    free(source);
    config_free(&c);
    assert_true(load(f, "", &c, &problems));
    assert_false(config_read_venue(&c, &source, &len, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    config_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_come_from_the_table, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_describes_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(environment_beats_file_beats_default, setup, teardown),
        cmocka_unit_test_setup_teardown(paths_start_at_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_and_variables, setup, teardown),
        cmocka_unit_test_setup_teardown(secrets_are_read_from_files, setup, teardown),
        cmocka_unit_test(a_secret_that_comes_in_parts_is_whole),
        cmocka_unit_test_setup_teardown(keys_and_switched_off_checks_are_warned_about, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_mistake_is_named_with_its_line, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(venue_source_is_expanded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
