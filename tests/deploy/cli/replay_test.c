/* crowdtide replay: exit codes, and what is printed for people and for programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/cli.h"
#include "tests/support/recording.h"
#include "tests/support/run_command.h"
#include "tests/support/support.h"

#define T0 INT64_C(1795424400000) /* 2026-11-23T09:00:00Z */

enum { S = 1000, OUTPUT_BYTES = 256 * 1024, PATH_BYTES = 800 };

#define VENUE_OF(yellow)                                                                           \
    "venue: {id: v}\nbuiltin_rules: no\n"                                                          \
    "rules: [{id: full, metric: percent_capacity, kinds: [hall], levels: {yellow: {enter: " yellow \
    ", dwell_s: 10, action: Meter entry.}}, min_samples: 1, clear_s: 30}]\n"                       \
    "zones: [{id: h1, kind: hall, capacity: 1000}]\n"                                              \
    "sensors: [{id: a, class: crowd, counter: level, zone: h1, silence_s: 60}]\n"

struct fixture {
    char dir[512];
    char output[OUTPUT_BYTES];
};

static void put(const struct fixture *f, const char *name, const char *text)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

/* h1: 600 from 9:00:00, 1,000 from 9:01:00 to 9:02:00, 500 to 9:04:00. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct recording r;
    char path[PATH_BYTES];
    assert_non_null(f);
    (void)support_temp_dir(f->dir, sizeof f->dir);
    (void)snprintf(path, sizeof path, "%s/state", f->dir);
    recording_open(&r, path, T0);
    recording_model(&r, VENUE_OF("80"));
    recording_say_every(&r, 5 * S, T0 + 55 * S, "crowd/a", "{\"occupancy\":600}");
    recording_until(&r, T0 + 60 * S);
    recording_say_every(&r, 5 * S, T0 + 115 * S, "crowd/a", "{\"occupancy\":1000}");
    recording_until(&r, T0 + 120 * S);
    recording_say_every(&r, 5 * S, T0 + 240 * S, "crowd/a", "{\"occupancy\":400}");
    recording_close(&r);
    put(f, "same.yaml", VENUE_OF("80"));
    put(f, "low.yaml", VENUE_OF("50"));
    put(f, "high.yaml", VENUE_OF("150"));
    put(f, "wrong.yaml", "venue: {id: v}\nzones: [{id: h1, kind: castle}]\n");
    put(f, "other.yaml",
        "venue: {id: w}\nzones: [{id: h1, kind: hall, capacity: 5}]\nsensors: [{id: a, class: "
        "crowd, counter: level, zone: h1}]\n");
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

/* Runs `replay WORDS…` in the fixture's folder, with both outputs in f->output. */
static int run(struct fixture *f, const char *words)
{
    char line[RUN_COMMAND_LINE_BYTES];
    (void)snprintf(line, sizeof line, "replay %s", words);
    return run_command(cmd_replay, f->dir, line, f->output, sizeof f->output);
}

static void assert_says(const struct fixture *f, const char *words)
{
    if (!strstr(f->output, words))
        fail_msg("\"%s\" is not in:\n%s", words, f->output);
}

static void differences_for_people(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "--log state --venue low.yaml"), EXIT_OK);
    assert_says(f, "earlier  yellow  h1/full  by 1 min 0 s: 2026-11-23T09:00:10.000Z for ");
    assert_says(f, "; before 2026-11-23T09:01:10.000Z for ");
    assert_says(f, "\n       1 earlier  OTHER reaches the level earlier\n");
    assert_says(f, "  earlier by 1 min 0 s on average, 1 min 0 s at most\n");
    assert_says(f, " 49 messages, from 2026-11-23T09:00:00.000Z to 2026-11-23T09:04:00.000Z, in ");
    assert_int_equal(run(f, "--log state --venue high.yaml"), EXIT_OK);
    assert_says(f, "missed   yellow  h1/full  2026-11-23T09:01:10.000Z for ");
    assert_int_equal(run(f, "--log state --venue same.yaml"), EXIT_OK);
    assert_says(f,
                "levels reached, by zone and rule:\n       1 same     at the same time in both\n");
    assert_null(strstr(f->output, "h1/full"));
    assert_int_equal(run(f, "--log state --venue high.yaml --until 2026-11-23T17:01:00+08:00"),
                     EXIT_OK);
    assert_says(f, "  none, in either run\n");
    /* the readings log itself will do */
    assert_int_equal(run(f, "--log state/readings --venue high.yaml"), EXIT_OK);
    assert_says(f, "missed   yellow");
}

static void for_programs(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "--log state --venue low.yaml --json"), EXIT_OK);
    assert_says(f, "\"against\":\"model\",\"differences\":[{\"kind\":\"earlier\",\"level\":"
                   "\"yellow\",\"zone\":\"h1\",\"rule\":\"full\","
                   "\"before_begin\":\"2026-11-23T09:01:10.000Z\",\"before_end\":\"2026-11-23T");
    assert_says(f, "\"other_begin\":\"2026-11-23T09:00:10.000Z\"");
    assert_says(
        f,
        "\"shift_ms\":-60000}],\"totals\":{\"same\":0,\"earlier\":1,\"later\":0,\"raised\":0,"
        "\"missed\":0,\"again\":0,\"joined\":0,"
        "\"earlier_ms_max\":60000,\"earlier_ms_sum\":60000,\"later_ms_max\":0,\"later_ms_sum\":0}");
    assert_says(f, "\"from\":\"2026-11-23T09:00:00.000Z\",\"until\":\"2026-11-23T09:04:00.000Z\","
                   "\"stopped\":false,\"damage\":null,\"readings_per_s\":");
    assert_int_equal(f->output[strlen(f->output) - 2], '}');
}

static void bad_use(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *words, *says;
        int code;
    } cases[] = {
        {"--log state", "--venue FILE is missing", EXIT_USAGE},
        {"--log state --venue same.yaml more", "unexpected argument", EXIT_USAGE},
        {"--log state --venue same.yaml --against what",
         "--against takes model or results, not 'what'", EXIT_USAGE},
        {"--log state --venue same.yaml --against results", "there is no 'state/alerts'",
         EXIT_USAGE},
        {"--log state --venue same.yaml --from yesterday",
         "a time such as 2026-11-23T10:00:00+08:00 is expected, not 'yesterday'", EXIT_USAGE},
        {"--log state --venue same.yaml --until 10:00", "is expected, not '10:00'", EXIT_USAGE},
        {"--log state --venue none.yaml", "none.yaml: not found", EXIT_USAGE},
        {"--log state --venue wrong.yaml", "wrong.yaml:2", EXIT_USAGE},
        {"--log state --venue other.yaml", "other.yaml is of venue \"w\", the log of \"v\"",
         EXIT_USAGE},
        {"--log state --venue same.yaml --out state", "state/readings is there already",
         EXIT_USAGE},
        {"--log nothing --venue same.yaml", "nothing", EXIT_FAILED},
        {"-c none.yaml --log state --venue same.yaml", "none.yaml", EXIT_USAGE},
        {"--help", "usage: crowdtide replay", EXIT_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int code = run(f, cases[i].words);
        if (code != cases[i].code)
            fail_msg("%s: %d\n%s", cases[i].words, code, f->output);
        assert_says(f, cases[i].says);
    }
}

static void damage_is_a_failure_with_its_place(void **state)
{
    struct fixture *f = *state;
    char command[PATH_BYTES * 2];
    (void)snprintf(command, sizeof command,
                   "printf XXXX | dd of=$(ls %s/state/readings/*.seg | head -1) bs=1 seek=12000 "
                   "conv=notrunc 2>/dev/null",
                   f->dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(run(f, "--log state --venue same.yaml"), EXIT_FAILED);
    assert_says(
        f,
        "crowdtide replay: the readings log is damaged, and was run up to there: state/readings/");
    assert_says(f, ".seg: offset ");
    assert_says(f, "levels reached"); /* what was run is compared all the same */
    assert_int_equal(run(f, "--log state --venue same.yaml --json"), EXIT_FAILED);
    assert_says(f, "\"damage\":{\"seq\":");
}

static void results_of_the_other(void **state)
{
    struct fixture *f = *state;
    char path[PATH_BYTES];
    assert_int_equal(run(f, "--log state --venue low.yaml --out out"), EXIT_OK);
    (void)snprintf(path, sizeof path, "%s/out/alerts", f->dir);
    assert_int_equal(access(path, R_OK), 0);
    assert_int_equal(run(f, "--log state --venue low.yaml --out out"), EXIT_USAGE);
    assert_says(f, "out/alerts is there already: a fresh directory is needed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(differences_for_people, setup, teardown),
        cmocka_unit_test_setup_teardown(for_programs, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_use, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_a_failure_with_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(results_of_the_other, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
