/*
 * settings: prints the table of deploy/OPERATIONS.md (Markdown) from the table of
 * schemas/config/config.h, so that the documentation can't disagree with what the programs accept.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "schemas/config/config.h"

/* A bar would end the table's cell. */
static void print_words(const char *words)
{
    for (; *words; words++)
        printf(*words == '|' ? ", " : "%c", *words);
}

static void print_range(const struct setting_info *s)
{
    if (s->words[0])
        print_words(s->words);
    else if (strcmp(s->kind, "int") == 0)
        printf("%" PRId64 " to %" PRId64 "%s%s", s->min, s->max, s->unit[0] ? " " : "", s->unit);
    else if (strcmp(s->kind, "bool") == 0)
        printf("yes, no");
    else
        printf("%s", s->kind);
}

int main(void)
{
    printf("| setting | default | environment | value | |\n|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < config_setting_count(); i++) {
        const struct setting_info *s = config_setting_info(i);
        const char *tick = s->def[0] ? "`" : "", *env_tick = s->env[0] ? "`" : "";
        printf("| `%s` | %s%s%s | %s%s%s | ", s->key, tick, s->def, tick, env_tick, s->env,
               env_tick);
        print_range(s);
        printf(" | %s |\n", s->description);
    }
    return ferror(stdout) ? 1 : 0;
}
