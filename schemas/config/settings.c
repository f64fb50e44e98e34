#include "schemas/config/settings.h"

#include <assert.h>
#include <stdio.h>

#include "schemas/config/address.h"

/* clang-format off */
/* What min, max and default mean depends on the kind. */
#define ROW(KIND, text_, name_, key_, env_, def_, unit_, description_, ...)                        \
    {.kind = SETTING_##KIND, .offset = offsetof(struct config, name_), __VA_ARGS__                 \
     .kind = text_, .key = key_, .env = env_, .def = def_, .unit = unit_, .description = description_}},
#define ROW_TEXT(n, k, e, min_, max_, def_, u, d) ROW(TEXT, "text", n, k, e, def_, u, d, .info = {.words = "", .min = min_, .max = max_,)
#define ROW_PATH(n, k, e, min_, max_, def_, u, d) ROW(PATH, "path", n, k, e, def_, u, d, .info = {.words = "", .min = min_, .max = max_,)
#define ROW_URL(n, k, e, words_, max_, def_, u, d) ROW(URL, "url", n, k, e, def_, u, d, .info = {.words = words_,)
#define ROW_CHOICE(n, k, e, words_, max_, def_, u, d) ROW(CHOICE, "choice", n, k, e, def_, u, d, .info = {.words = words_,)
#define ROW_INT(n, k, e, min_, max_, def_, u, d) ROW(INT, "int", n, k, e, #def_, u, d, .int_def = def_, .info = {.words = "", .min = min_, .max = max_,)
#define ROW_BOOL(n, k, e, min_, max_, def_, u, d) ROW(BOOL, "bool", n, k, e, (def_) ? "yes" : "no", u, d, .int_def = def_, .info = {.words = "",)
#define ROW_SECRET(n, k, e, min_, max_, def_, u, d) ROW(SECRET, "secret", n, k, e, def_, u, d, .info = {.words = "", .min = min_, .max = max_,)
#define ROW_LIST(n, k, e, min_, max_, def_, u, d) ROW(LIST, "list", n, k, e, def_, u, d, .info = {.words = "", .min = min_, .max = max_,)
#define SETTING_ROW(kind, ...) ROW_##kind(__VA_ARGS__)
const struct setting settings[SETTING_COUNT] = {SETTINGS(SETTING_ROW)};
/* clang-format on */

uint32_t config_setting_count(void)
{
    return SETTING_COUNT;
}

const struct setting_info *config_setting_info(uint32_t i)
{
    return &settings[i].info;
}

char **setting_text(struct config *config, const struct setting *setting)
{
    return (char **)(void *)((char *)config + setting->offset);
}

int64_t *setting_int(struct config *config, const struct setting *setting)
{
    return (int64_t *)(void *)((char *)config + setting->offset);
}

bool *setting_bool(struct config *config, const struct setting *setting)
{
    return (bool *)(void *)((char *)config + setting->offset);
}

bool setting_is_text(const struct setting *setting)
{
    return setting->kind != SETTING_INT && setting->kind != SETTING_BOOL;
}

struct str setting_section(const struct setting *setting)
{
    const char *dot = strchr(setting->info.key, '.');
    return (struct str){setting->info.key, dot ? (uint32_t)(dot - setting->info.key) : 0};
}

bool setting_text_valid(const struct setting *setting, struct str text, char *reason, size_t cap)
{
    if (text.len == 0 && !setting->info.def[0])
        return true; /* empty asks for the default */
    for (uint32_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f) {
            (void)snprintf(reason, cap, "one line without control characters is expected");
            return false;
        }
    if (setting->kind == SETTING_URL)
        return address_valid(setting->info.words, text, reason, cap);
    if (setting->kind == SETTING_CHOICE) {
        (void)snprintf(reason, cap, "one of %s is expected", setting->info.words);
        return address_word(setting->info.words, text);
    }
    (void)snprintf(reason, cap, "%lld to %lld bytes are expected", (long long)setting->info.min,
                   (long long)setting->info.max);
    return (int64_t)text.len >= setting->info.min && (int64_t)text.len <= setting->info.max;
}

bool config_setting_valid(const char *key, struct str text, char *reason, size_t cap)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        if (strcmp(settings[i].info.key, key) == 0)
            return setting_text_valid(&settings[i], text, reason, cap);
    assert(!"a setting of the table");
    return false;
}
