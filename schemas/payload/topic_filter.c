#include "schemas/payload/topic_filter.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/str.h"

/* The level that *at begins with; *at becomes the next one, NULL after the last. */
static struct str level_take(const char **at)
{
    const char *end = strchrnul(*at, '/');
    struct str level = {*at, (uint32_t)(end - *at)};
    *at = *end ? end + 1 : NULL;
    return level;
}

static bool wild(const char *filter)
{
    return filter[0] == '+' || filter[0] == '#';
}

/* Wildcards at the begin do not fit topics that begin with $. */
static bool kept_apart(const char *a, const char *b)
{
    return (wild(a) && b[0] == '$') || (wild(b) && a[0] == '$');
}

bool topic_filter_covers(const char *a, const char *b)
{
    if (kept_apart(a, b))
        return false;
    while (a && b) {
        struct str of_a = level_take(&a), of_b = level_take(&b);
        if (str_is(of_a, "#"))
            return true;
        if (str_is(of_b, "#") || (!str_is(of_a, "+") && !str_equal(of_a, of_b)))
            return false;
    }
    return !b && (!a || strcmp(a, "#") == 0); /* a/# fits a, too */
}

bool topic_filter_overlaps(const char *a, const char *b)
{
    if (kept_apart(a, b))
        return false;
    while (a && b) {
        struct str of_a = level_take(&a), of_b = level_take(&b);
        if (str_is(of_a, "#") || str_is(of_b, "#"))
            return true;
        if (!str_is(of_a, "+") && !str_is(of_b, "+") && !str_equal(of_a, of_b))
            return false;
    }
    const char *rest = a ? a : b;
    return !rest || strcmp(rest, "#") == 0;
}

/* crowdtide/… or drill/…: of a device's messages on them none has fewer than four levels, and what
 * else is there is crowdtide's own. */
enum { OWN_LEVELS_MIN = 4 };

static bool own(const char *filter)
{
    return strncmp(filter, "crowdtide/", 10) == 0 || strncmp(filter, "drill/", 6) == 0;
}

static bool short_of_own(const char *filter)
{
    uint32_t levels = 0;
    while (filter) {
        struct str level = level_take(&filter);
        if (str_is(level, "#"))
            return false;
        levels++;
    }
    return levels < OWN_LEVELS_MIN;
}

bool topic_filter_clashes(const char *a, const char *b)
{
    if ((own(a) && short_of_own(b)) || (own(b) && short_of_own(a)))
        return false;
    return topic_filter_overlaps(a, b);
}

char *topic_filter_join(const char *a, const char *b)
{
    size_t cap = strlen(a) + strlen(b) + 3;
    char *joined = malloc(cap);
    if (!joined)
        return NULL;
    struct text out = text_over(joined, cap - 1);
    while (a && b) {
        struct str of_a = level_take(&a), of_b = level_take(&b);
        text_add(&out, out.len ? "/" : "");
        if (str_is(of_a, "#") || str_is(of_b, "#")) {
            text_add(&out, "#");
            a = b = NULL;
        } else {
            text_add_str(&out, str_equal(of_a, of_b) ? of_a : STR_LIT("+"));
        }
    }
    text_add(&out, a || b ? "/#" : "");
    joined[out.len] = '\0';
    return joined;
}
