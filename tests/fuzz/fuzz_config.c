/* A configuration file: refused with reasons, or settings within their limits. Secrets are not
 * read: a fuzzer would name any file of the machine. */
#include <string.h>

#include "schemas/config/settings.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

static void must_hold(struct config *config)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings[i];
        if (s->kind == SETTING_INT)
            FUZZ_MUST(*setting_int(config, s) >= s->info.min &&
                      *setting_int(config, s) <= s->info.max);
        if (!setting_is_text(s))
            continue;
        const char *text = *setting_text(config, s);
        FUZZ_MUST(text);
        /* Paths begin with the file's directory here, so that they may be longer. */
        if (s->kind == SETTING_TEXT || s->kind == SETTING_LIST)
            FUZZ_MUST((int64_t)strlen(text) <= s->info.max);
        if (s->kind == SETTING_URL)
            FUZZ_MUST(strstr(text, "://") || (!text[0] && !s->info.def[0]));
    }
    FUZZ_MUST(config->state_dir[0] && config->command_socket[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[SCRATCH_PATH_BYTES];
    struct config config;
    struct problems problems = {0};
    (void)setenv("HOME", "/home", 1);
    scratch_path("f.yaml", path);
    scratch_write("f.yaml", data, size, 0);
    bool ok = config_load_public(path, &config, &problems);
    FUZZ_MUST(ok == !problems_refuse(&problems));
    for (uint32_t i = 0; i < problems_listed(&problems); i++)
        FUZZ_MUST(problems.problem[i].text[0]);
    if (ok) {
        must_hold(&config);
        config_free(&config);
    }
    return 0;
}
