#include "deploy/cli/command_open.h"

#include "processors/watch/watch_state.h"

enum { NAME_BYTES = 600 };

/* As zone/rule, as the id, or as the id without its start. */
static bool is_named(const struct result_alert *a, struct str name)
{
    char bytes[NAME_BYTES];
    struct text t = text_over(bytes, sizeof bytes);
    text_add_str(&t, a->zone);
    text_add_char(&t, '/');
    text_add_str(&t, a->rule);
    return str_equal(name, (struct str){t.at, (uint32_t)t.len}) ||
           (name.len && name.len <= a->id.len && memcmp(name.at, a->id.at, name.len) == 0 &&
            (name.len == a->id.len || a->id.at[name.len] == '/'));
}

/* False: the named one is open. */
static bool list(struct watch_state *state, struct str named, bool drill, struct text *out)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < watch_state_count(state, WATCH_ALERTS); i++) {
        union result_any any;
        watch_state_get(state, WATCH_ALERTS, i, &any);
        const struct result_alert *a = &any.alert;
        if (str_is(a->status, "Exercise") != drill)
            continue;
        if (is_named(a, named))
            return false;
        if (found++ >= COMMAND_OPEN_SHOWN_MAX)
            continue;
        text_add(out, found > 1 ? ", " : "open now: ");
        text_add_str(out, a->zone);
        text_add_char(out, '/');
        text_add_str(out, a->rule);
        text_add_char(out, ' ');
        text_add(out, level_text((int)a->level));
    }
    if (found > COMMAND_OPEN_SHOWN_MAX) {
        text_add(out, " and ");
        text_add_u64(out, found - COMMAND_OPEN_SHOWN_MAX);
        text_add(out, " more");
    }
    text_add(out, found ? ".\n" : "no alert is open now. ");
    text_add(out, found ? ""
                        : "One opens when its level has held for as long as its rule says; "
                          "crowdtide top shows it then.\n");
    return true;
}

void command_open_say(const char *state_dir, struct str named, bool drill, struct text *out)
{
    struct error err = {0};
    struct watch_state *state = watch_state_new(state_dir);
    struct text before = *out;
    if (!state || !watch_state_follow(state, &err) || !list(state, named, drill, out))
        *out = before;
    watch_state_free(state);
}
