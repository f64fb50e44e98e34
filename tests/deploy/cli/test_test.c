/* crowdtide test: exit codes, what is printed for people and for programs, and the example venue's
 * own scripts. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "tests/support/run_command.h"
#include "tests/support/support.h"

enum { OUTPUT_BYTES = 2 * 1024 * 1024, PATH_BYTES = 800 };

#define VENUE                                                                                      \
    "venue\nvenue: {id: v}\nzones: [{id: hall-8.1, kind: hall, capacity: 1000}]\n"                 \
    "sensors: [{id: c1, class: crowd, counter: level, zone: hall-8.1, silence_s: 60}]\nend\n"
#define GOOD                                                                                       \
    "10:00:00 every 5 until 10:01:00 sensor c1 occupancy 912\nexpect hall-8.1 orange by "          \
    "10:00:20\n"

struct fixture {
    char dir[512];
    char output[OUTPUT_BYTES];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)support_temp_dir(f->dir, sizeof f->dir);
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
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

/* Runs `test WORDS…` in the fixture's folder, with both outputs in f->output. */
static int run(struct fixture *f, const char *words)
{
    char line[RUN_COMMAND_LINE_BYTES];
    (void)snprintf(line, sizeof line, "test %s", words);
    return run_command(cmd_test, f->dir, line, f->output, sizeof f->output);
}

static void assert_says(const struct fixture *f, const char *words)
{
    if (!strstr(f->output, words))
        fail_msg("\"%s\" is not in:\n%s", words, f->output);
}

static void a_line_a_file_and_a_summary(void **state)
{
    struct fixture *f = *state;
    put(f, "a.txt", VENUE GOOD);
    put(f, "b.txt", VENUE GOOD "expect hall-8.1 red by 10:00:30\n");
    assert_int_equal(run(f, "a.txt"), EXIT_OK);
    assert_string_equal(
        f->output, "ok a.txt (1 expectations)\n1 scripts, 0 failed; 1 expectations, 0 not met\n");
    assert_int_equal(run(f, "a.txt b.txt a.txt"), EXIT_FAILED);
    assert_string_equal(f->output, "ok a.txt (1 expectations)\n"
                                   "FAILED b.txt:8: expected hall-8.1 red by 10:00:30: it is "
                                   "orange since 10:00:20, none before\n"
                                   "ok a.txt (1 expectations)\n"
                                   "3 scripts, 1 failed; 4 expectations, 1 not met\n");
}

static void mistakes_are_bad_use(void **state)
{
    struct fixture *f = *state;
    put(f, "a.txt", VENUE GOOD);
    put(f, "c.txt", VENUE "10:00:00 sensr c1 occupancy 5\n");
    assert_int_equal(run(f, ""), EXIT_USAGE);
    assert_says(f, "no script is named");
    assert_int_equal(run(f, "--nonsense a.txt"), EXIT_USAGE);
    assert_int_equal(run(f, "c.txt a.txt"), EXIT_USAGE);
    assert_says(f, "FAILED c.txt:6: error: not understood: \"sensr c1 occupancy 5\"\nok a.txt");
    assert_int_equal(run(f, "none.txt"), EXIT_USAGE);
    assert_says(f, "FAILED none.txt:0: error: can't be read: not found");
    assert_int_equal(run(f, "--help"), EXIT_OK);
    assert_says(f, "usage: crowdtide test");
}

static void a_venue_for_scripts_without_one(void **state)
{
    struct fixture *f = *state;
    put(f, "v.yaml",
        "venue: {id: v}\nzones: [{id: hall-8.1, kind: hall, capacity: 1000}]\n"
        "sensors: [{id: c1, class: crowd, counter: level, zone: hall-8.1}]\n");
    put(f, "w.yaml",
        "venue: {id: v}\nzones: [{id: hall-8.1, kind: hall, capacity: 500}]\n"
        "sensors: [{id: c1, class: crowd, counter: level, zone: hall-8.1}]\n");
    put(f, "d.txt", GOOD);
    assert_int_equal(run(f, "d.txt"), EXIT_USAGE);
    assert_says(f, "FAILED d.txt:1: error: no venue yet");
    assert_int_equal(run(f, "--venue v.yaml d.txt"), EXIT_OK);
    assert_int_equal(run(f, "--venue w.yaml d.txt"), EXIT_FAILED);
    assert_says(f, "it is red since");
}

static void for_programs(void **state)
{
    struct fixture *f = *state;
    put(f, "a.txt", VENUE GOOD);
    put(f, "b.txt",
        VENUE GOOD "expect hall-8.1 red by 10:00:30\n10:00:31 expect alert "
                   "v/hall-8.1/hall-capacity rule \"a \\ "
                   "b\"\n10:00:32 what\n");
    assert_int_equal(run(f, "--json a.txt b.txt"), EXIT_USAGE);
    assert_string_equal(
        f->output,
        "{\"files\":[{\"file\":\"a.txt\",\"ok\":true,\"expectations\":1,\"unmet\":0,\"broken\":"
        "false,\"failures\":[]},"
        "{\"file\":\"b.txt\",\"ok\":false,\"expectations\":3,\"unmet\":2,\"broken\":true,"
        "\"failures\":["
        "{\"line\":8,\"fault\":\"unmet\",\"reason\":\"expected hall-8.1 red by 10:00:30: it is "
        "orange since 10:00:20, none before\"},"
        "{\"line\":9,\"fault\":\"unmet\",\"reason\":\"expected alert v/hall-8.1/hall-capacity rule "
        "\\\"a \\\\ "
        "b\\\": rule is \\\"hall-capacity\\\", as said at 10:00:20\"},"
        "{\"line\":10,\"fault\":\"broken\",\"reason\":\"not understood: \\\"what\\\"\"}]}],"
        "\"scripts\":2,\"failed\":1,\"expectations\":4,\"unmet\":2,\"ok\":false}\n");
}

static void results_are_traced(void **state)
{
    struct fixture *f = *state;
    put(f, "a.txt", VENUE GOOD);
    assert_int_equal(run(f, "--trace a.txt"), EXIT_OK);
    assert_says(f, "\n10:00:20 alert {\"id\":\"v/hall-8.1/hall-capacity/");
    assert_says(f, "\n10:00:00 reading {\"venue\":\"v\",\"sensor\":\"c1\"");
    assert_null(strstr(f->output, " heartbeat "));
    assert_says(f, "\nok a.txt (1 expectations)\n");
}

/* Every script that is shipped for the example venue, as a user would run it. */
static void the_example_venues_scripts(void **state)
{
    static const char dir[] = CROWDTIDE_SOURCE_DIR "/deploy/venues/expo";
    struct fixture *f = *state;
    DIR *folder = opendir(dir);
    struct dirent *entry;
    uint32_t count = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        const char *dot = strrchr(entry->d_name, '.');
        char words[PATH_BYTES];
        if (!dot || strcmp(dot, ".txt") != 0)
            continue;
        (void)snprintf(words, sizeof words, "%s/%s", dir, entry->d_name);
        if (run(f, words) != EXIT_OK)
            fail_msg("%s", f->output);
        count++;
    }
    (void)closedir(folder);
    assert_true(count >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_a_file_and_a_summary, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_bad_use, setup, teardown),
        cmocka_unit_test_setup_teardown(a_venue_for_scripts_without_one, setup, teardown),
        cmocka_unit_test_setup_teardown(for_programs, setup, teardown),
        cmocka_unit_test_setup_teardown(results_are_traced, setup, teardown),
        cmocka_unit_test_setup_teardown(the_example_venues_scripts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
