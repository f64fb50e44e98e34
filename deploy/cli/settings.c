#include "deploy/cli/settings.h"

#include <inttypes.h>
#include <string.h>

#include "schemas/config/config.h"
#include "schemas/venue/venue.h"

/* The sections each command reads; settings without a section concern all of them. */
static const struct {
    const char *command;
    const char *sections[6];
} readers[] = {
    {"run", {"mqtt", "log", "process", "kafka", "series"}},
    {"ingest", {"mqtt", "log"}},
    {"process", {"process", "log"}},
    {"publish", {"kafka", "series", "log"}},
    {"publish kafka", {"kafka", "log"}},
    {"publish series", {"series", "log"}},
    {"simulate", {"mqtt"}},
    {"log ls", {NULL}},
    {"log verify", {NULL}},
    {"log export", {NULL}},
    {"log tap", {NULL}},
    {"top", {NULL}},
    {"command", {NULL}},
};

/* With `, ` for the bars between words; a bar would end a table's cell. */
static void print_words(FILE *to, const char *words)
{
    for (; *words; words++)
        (void)fprintf(to, *words == '|' ? ", " : "%c", *words);
}

static void print_range(FILE *to, const struct setting_info *s)
{
    if (s->words[0])
        print_words(to, s->words);
    else if (strcmp(s->kind, "int") == 0)
        (void)fprintf(to, "%" PRId64 " to %" PRId64 "%s%s", s->min, s->max, s->unit[0] ? " " : "",
                      s->unit);
    else if (strcmp(s->kind, "bool") == 0)
        (void)fprintf(to, "yes, no");
    else
        (void)fprintf(to, "%s", s->kind);
}

static bool section_read(const char *const sections[6], const char *key)
{
    const char *dot = strchr(key, '.');
    if (!dot)
        return true;
    for (int i = 0; i < 6 && sections[i]; i++)
        if (strlen(sections[i]) == (size_t)(dot - key) &&
            strncmp(sections[i], key, (size_t)(dot - key)) == 0)
            return true;
    return false;
}

static void print_one(FILE *to, const struct setting_info *s)
{
    (void)fprintf(to, "  %s (", s->key);
    print_range(to, s);
    if (s->def[0])
        (void)fprintf(to, "; default %s", s->def);
    if (s->env[0])
        (void)fprintf(to, "; %s", s->env);
    (void)fprintf(to, ")\n      %s\n", s->description);
}

void settings_print(FILE *to, const char *command)
{
    for (size_t k = 0; k < sizeof readers / sizeof readers[0]; k++) {
        if (strcmp(readers[k].command, command) != 0)
            continue;
        (void)fprintf(to, "\nSettings (in the configuration file; a variable in capitals wins):\n");
        for (uint32_t i = 0; i < config_setting_count(); i++)
            if (section_read(readers[k].sections, config_setting_info(i)->key))
                print_one(to, config_setting_info(i));
    }
}

void settings_print_table(FILE *to)
{
    (void)fprintf(to, "| setting | default | environment | value | |\n|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < config_setting_count(); i++) {
        const struct setting_info *s = config_setting_info(i);
        const char *tick = s->def[0] ? "`" : "", *env_tick = s->env[0] ? "`" : "";
        (void)fprintf(to, "| `%s` | %s%s%s | %s%s%s | ", s->key, tick, s->def, tick, env_tick,
                      s->env, env_tick);
        print_range(to, s);
        (void)fprintf(to, " | %s |\n", s->description);
    }
}

void settings_print_venue_table(FILE *to)
{
    static const char *const units[] = {[VENUE_SETTING_SECONDS] = " s",
                                        [VENUE_SETTING_COUNT] = "",
                                        [VENUE_SETTING_REAL] = "",
                                        [VENUE_SETTING_BOOL] = ""};
    uint32_t count;
    const struct venue_setting *settings = venue_setting_table(&count);
    (void)fprintf(to, "| setting | default | value | |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < count; i++) {
        const struct venue_setting *s = &settings[i];
        if (s->kind == VENUE_SETTING_BOOL)
            (void)fprintf(to, "| `%s` | %s | yes, no | %s |\n", s->key,
                          s->value != 0 ? "yes" : "no", s->description);
        else
            (void)fprintf(to, "| `%s` | %.10g | %.10g to %.10g%s | %s |\n", s->key, s->value,
                          s->min, s->max, units[s->kind], s->description);
    }
}
