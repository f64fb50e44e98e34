#include "processors/core/path.h"

#include "processors/core/state.h"

const char *path_text(enum path_state state)
{
    static const char *const text[] = {
#define PATH_STATE_TEXT(name, text) text,
        PATH_STATES(PATH_STATE_TEXT)
#undef PATH_STATE_TEXT
    };
    return text[state];
}

void path_init(struct path *path)
{
    *path =
        (struct path){.proven_ms = CORE_NEVER, .probe_ms = RESULT_ABSENT, .state = PATH_UNPROBED};
}

static enum path_state state_of(const struct path *path, const struct record_tick *tick)
{
    if (!tick->connected)
        return PATH_BROKER;
    if (tick->probe == RECORD_PROBE_NONE)
        return PATH_UNPROBED;
    if (!path->probed)
        return PATH_UNPROVEN;
    return tick->probe == RECORD_PROBE_REFUSED ? PATH_REFUSED : PATH_WHOLE;
}

void path_tick(struct core *core, const struct record_tick *tick)
{
    struct path *path = &core->path;
    int64_t now_ms = core_now_ms(core);
    bool back = tick->probe != RECORD_PROBE_NONE && tick->probe_ms != RECORD_NO_PROBE;
    path->probe_ms = back ? tick->probe_ms : RESULT_ABSENT;
    path->probed = tick->probe != RECORD_PROBE_NONE && (path->probed || back);
    path->state = state_of(path, tick);
    int64_t proven_ms = CORE_NEVER;
    if (path->state == PATH_UNPROBED || path->state == PATH_UNPROVEN)
        proven_ms = now_ms;
    else if (back)
        proven_ms = now_ms - path->probe_ms;
    if (proven_ms > path->proven_ms)
        path->proven_ms = proven_ms;
}

void path_disconnected(struct core *core)
{
    core->path.state = PATH_BROKER;
}

/* Before the first tick there is nothing to go by. */
bool path_overdue(const struct core *core)
{
    const struct path *path = &core->path;
    return path->proven_ms == CORE_NEVER ? path->state == PATH_BROKER
                                         : core_now_ms(core) - path->proven_ms > RESULT_VALID_MS;
}

void path_second(struct core *core)
{
    bool overdue = path_overdue(core);
    core->path.turned = overdue != core->path.overdue_said;
    core->path.overdue_said = overdue;
}

/* Never proven: nothing holds beyond the moment at which it is said. */
int64_t path_valid_until_ms(const struct core *core)
{
    int64_t until_ms = core->path.proven_ms == CORE_NEVER ? core_now_ms(core)
                                                          : core->path.proven_ms + RESULT_VALID_MS;
    return until_ms + core->clock_offset_ns / CORE_MS_NS;
}

enum path_state path_of(const struct core *core)
{
    enum path_state state = (enum path_state)core->path.state;
    return state == PATH_WHOLE && path_overdue(core) ? PATH_SILENT : state;
}

bool path_hears(const struct core *core)
{
    enum path_state state = path_of(core);
    return state != PATH_BROKER && state != PATH_SILENT &&
           !(state == PATH_REFUSED && path_overdue(core));
}

int64_t path_lost_ms(const struct core *core)
{
    bool connected = core->path.state != PATH_BROKER && core->path.proven_ms != CORE_NEVER;
    return connected ? core->path.proven_ms : core_now_ms(core);
}
