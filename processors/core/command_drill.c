#include "processors/core/command_drill.h"

#include <string.h>

#include "processors/core/command.h"
#include "processors/core/drill.h"

static bool refuse(struct refusal *refusal, const char *why)
{
    return refusal_set(refusal, REFUSAL_REJECTED, why);
}

/* Who asked first, so long as that holds, and the venue file, as it is now, lets him. */
static struct str waiting(const struct core *core)
{
    const struct command_memory *m = &core->commands;
    const struct venue *venue = core->model.venue;
    struct str first = {m->waits, (uint32_t)strnlen(m->waits, sizeof m->waits)};
    uint32_t at = venue_operator_find(venue, first);
    if (m->waits_until_ms == 0 || core_now_ms(core) > m->waits_until_ms || at == UINT32_MAX ||
        venue->operators[at].uid != m->waits_uid ||
        !venue_operator_may(venue, at, VENUE_COMMAND_DRILL))
        return (struct str){0};
    return first;
}

static bool drill_begin(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    struct command_memory *m = &core->commands;
    struct str first = waiting(core), second = job->request->operator_id;
    bool other = first.len && !str_equal(first, second);
    if (job->operator_at == UINT32_MAX)
        return refuse(refusal, "operator: two people start a drill, and the venue file names none");
    if (other && core->model.venue->settings.drill_two_accounts && m->waits_uid == job->uid)
        return refuse(refusal, "operator: the first person has the same user id; two people have "
                               "two");
    if (other) {
        char by[DRILL_BY_BYTES];
        struct text t = text_over(by, sizeof by);
        text_add_str(&t, first);
        text_add(&t, " and ");
        text_add_str(&t, second);
        m->waits_until_ms = 0;
        return drill_start(core, (struct str){by, (uint32_t)t.len}, refusal);
    }
    if (drill_running(core) && core->drill.announced)
        return refuse(refusal, "a drill is running already");
    memset(m->waits, 0, sizeof m->waits);
    memcpy(m->waits, second.at, second.len);
    m->waits_uid = job->uid;
    m->waits_until_ms = core_now_ms(core) + COMMAND_SECOND_MS;
    text_add(job->reason, "waits for a second person to start it, for 5 min");
    return true;
}

bool command_drill(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    if (str_is(job->request->state, "start"))
        return drill_begin(core, job, refusal);
    if (!str_is(job->request->state, "stop"))
        return refuse(refusal, "state: start or stop");
    bool waited = waiting(core).len > 0;
    core->commands.waits_until_ms = 0;
    if (drill_running(core) || !waited)
        return drill_stop(core, refusal);
    text_add(job->reason, "nobody waits for a second person any more");
    return true;
}
