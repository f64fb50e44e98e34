#include "tests/support/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/arguments.h"

struct seen {
    const char *config;
    bool json;
    int operands, code;
    bool go;
};

static struct seen parse(const char *operands, int argc, char **argv)
{
    struct seen seen = {.code = -1};
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&seen.config),
        {.name = "json", .help = "for programs", .flag = &seen.json},
        {0},
    };
    const struct arguments spec = {"try", operands, "Tries.", options, NULL};
    (void)fflush(NULL);
    int out = dup(1), err = dup(2), null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    dup2(null, 2);
    close(null);
    seen.go = arguments_parse(argc, argv, &spec, &seen.operands, &seen.code);
    (void)fflush(NULL);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    return seen;
}

static void each_line(void **state)
{
    (void)state;
    static const struct {
        const char *line, *operands, *config;
        bool json, go;
        int code, first;
    } cases[] = {
        {"try", "", NULL, false, true, -1, 1},
        {"try -c a.yaml --json", "", "a.yaml", true, true, -1, 4},
        {"try -ca.yaml", "", "a.yaml", false, true, -1, 2},
        {"try --config=a.yaml", "", "a.yaml", false, true, -1, 2},
        {"try --config a.yaml", "", "a.yaml", false, true, -1, 3},
        {"try --help", "", NULL, false, false, 0, 0},
        {"try -h", "", NULL, false, false, 0, 0},
        {"try -c", "", NULL, false, false, 2, 0},
        {"try -c --json", "", NULL, false, false, 2, 0}, /* the value was left out */
        {"try --config -c a.yaml", "", NULL, false, false, 2, 0},
        {"try -c -h", "", NULL, false, false, 2, 0},
        {"try -c -5", "", "-5", false, true, -1, 3}, /* a value all the same */
        {"try -c -", "", "-", false, true, -1, 3},
        {"try --json=1", "", NULL, false, false, 2, 0},
        {"try --nonsense", "", NULL, false, false, 2, 0},
        {"try -x", "", NULL, false, false, 2, 0},
        {"try more", "", NULL, false, false, 2, 0},
        {"try --json more", "LOG", NULL, true, true, -1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[128], *argv[16] = {0};
        int argc = 0;
        (void)snprintf(line, sizeof line, "%s", cases[i].line);
        for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
            argv[argc++] = word;
        struct seen seen = parse(cases[i].operands, argc, argv);
        assert_int_equal(seen.go, cases[i].go);
        assert_int_equal(seen.code, cases[i].code);
        assert_int_equal(seen.operands, cases[i].first);
        assert_int_equal(seen.json, cases[i].json);
        if (cases[i].config)
            assert_string_equal(seen.config, cases[i].config);
        else
            assert_null(seen.config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
