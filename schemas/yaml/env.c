#include "schemas/yaml/internal.h"

#include <stdlib.h>

enum { ENV_NAME_BYTES_MAX = 128 };

static const char *env_process(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

const struct tree_env tree_env_process = {.get = env_process};

bool env_needed(struct str text)
{
    return text.len >= 2 && memmem(text.at, text.len, "${", 2);
}

static bool name_char(char c, bool first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

/* text begins after "${". Returns the name's length, or 0 when there is no name with a closing
 * brace. */
static uint32_t name_length(struct str text)
{
    uint32_t n = 0;
    while (n < text.len && n < ENV_NAME_BYTES_MAX && name_char(text.at[n], n == 0))
        n++;
    return n < text.len && text.at[n] == '}' ? n : 0;
}

bool env_replace(struct str text, const struct tree_env *env, struct text *out, uint32_t line,
                 uint32_t column, struct problems *problems)
{
    for (uint32_t i = 0; i < text.len; i++) {
        struct str rest = {text.at + i, text.len - i};
        if (rest.len >= 3 && memcmp(rest.at, "$${", 3) == 0) {
            text_add(out, "${");
            i += 2;
            continue;
        }
        if (rest.len < 2 || memcmp(rest.at, "${", 2) != 0) {
            text_add_char(out, text.at[i]);
            continue;
        }
        uint32_t n = name_length((struct str){rest.at + 2, rest.len - 2});
        if (n == 0) {
            problems_add(problems, line, column,
                         "\"${\" is not followed by a variable's name and \"}\"; "
                         "write $${ for a plain ${");
            return false;
        }
        char name[ENV_NAME_BYTES_MAX + 1];
        memcpy(name, rest.at + 2, n);
        name[n] = '\0';
        const char *value = env->get(env->context, name);
        if (!value) {
            problems_add(problems, line, column, "the environment variable %s is not set", name);
            return false;
        }
        text_add(out, value);
        i += n + 2;
    }
    if (out->overflow)
        problems_add(problems, line, column, "longer than %d bytes with its variables replaced",
                     TREE_SCALAR_BYTES_MAX);
    return !out->overflow;
}
