/*
 * golden: every script in golden/ against the core. The language is that of `crowdtide test`,
 * described in deploy/venues/TESTING.md. Each is run twice: as it is, and with the state saved and
 * loaded again and again, which must not change one byte of what the core says.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/replay/script.h"
#include "tests/support/support.h"

static int scripts_only(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".txt") == 0;
}

static bool run(const char *path, uint32_t restart_every, struct script_report *report)
{
    bool ok =
        script_run(&(struct script_options){.path = path, .restart_every = restart_every}, report);
    for (uint32_t i = 0; i < report->listed; i++)
        fprintf(stderr, "%s:%u: %s\n", path, report->failure[i].line, report->failure[i].reason);
    return ok;
}

/* Every seventh record; of scripts of whole days, which say more, about a thousand times in all. */
static uint32_t restart_every(const struct script_report *report)
{
    return (uint32_t)(7 + report->results / 1000);
}

static void test_scripts(void **state)
{
    (void)state;
    static const char dir[] = CROWDTIDE_SOURCE_DIR "/tests/processors/core/golden";
    static struct script_report once, again;
    struct dirent **entries;
    int count = scandir(dir, &entries, scripts_only, alphasort), failed = 0;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        free(entries[i]);
        if (!run(path, 0, &once)) {
            failed++;
        } else if (!run(path, restart_every(&once), &again) || once.results != again.results ||
                   once.hash != again.hash) {
            fprintf(stderr, "%s: other results when the state is saved and loaded on the way\n",
                    path);
            failed++;
        }
    }
    free(entries);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
