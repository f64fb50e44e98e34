#include "processors/watch/blind.h"

#include "processors/watch/program_fault.h"

void blind_start(struct blind *blind, int64_t blind_ms, int64_t wall_ms, int64_t boot_ms)
{
    *blind = (struct blind){.blind_ms = blind_ms,
                            .since_ms = wall_ms,
                            .looked_ms = boot_ms,
                            .until_ms = boot_ms - 1,
                            .steady_ms = boot_ms + RESULT_VALID_MS};
}

void blind_resume(struct blind *blind)
{
    blind->blind = true;
}

/* A new heartbeat: how long it holds from now on. What an older one promised still stands: a clock
 * that was set between the two is not taken for silence. */
static void beat_take(struct blind *blind, const struct blind_look *look)
{
    if (!look->beat || look->beat->at == RESULT_ABSENT ||
        (blind->beat_seen && look->beat->at == blind->beat_at_ms))
        return;
    blind->beat_seen = true;
    blind->beat_at_ms = look->beat->at;
    struct validity v = validity_of(look->beat, look->wall_ms);
    int64_t ms = v.remaining_ms < RESULT_VALID_MS ? v.remaining_ms : RESULT_VALID_MS;
    if (v.fault == VALIDITY_NONE && look->boot_ms + ms > blind->until_ms)
        blind->until_ms = look->boot_ms + ms;
}

static void pause_leave_out(struct blind *blind, int64_t boot_ms)
{
    int64_t pause_ms = boot_ms - blind->looked_ms;
    blind->looked_ms = boot_ms;
    if (pause_ms <= BLIND_PAUSE_MS)
        return;
    blind->steady_ms += pause_ms;
    blind->holds = false;
}

enum blind_turn blind_step(struct blind *blind, const struct blind_look *look)
{
    pause_leave_out(blind, look->boot_ms);
    beat_take(blind, look);
    bool held = blind->holds;
    blind->holds = look->boot_ms <= blind->until_ms;
    if (blind->holds && !held)
        blind->from_ms = look->boot_ms;
    if (held && !blind->holds && blind->until_ms - blind->from_ms >= BLIND_CLEAR_MS)
        blind->steady_ms = blind->until_ms; /* not only until the last look */
    if (blind->holds && look->boot_ms - blind->from_ms >= BLIND_CLEAR_MS) {
        blind->steady_ms = look->boot_ms;
        blind->since_ms = look->wall_ms;
        if (!blind->blind)
            return BLIND_SAME;
        blind->blind = false;
        return BLIND_ENDS;
    }
    if (blind->blind || blind->holds ||
        look->boot_ms - blind->steady_ms < blind->blind_ms - RESULT_VALID_MS)
        return BLIND_SAME;
    blind->blind = true;
    return BLIND_BEGINS;
}

bool blind_holds(const struct blind *blind)
{
    return blind->holds;
}

void blind_explain(const struct blind *blind, const struct blind_look *look, struct text *out)
{
    static const enum program programs[] = {PROGRAM_INGEST, PROGRAM_PROCESS};
    if (blind->holds)
        return;
    for (size_t i = 0; look->figures && i < sizeof programs / sizeof programs[0]; i++) {
        const char *why = program_fault(look->figures, programs[i], look->wall_ms);
        if (!why)
            continue;
        text_add(out, program_name(programs[i]));
        text_add_char(out, ' ');
        text_add(out, why);
        return;
    }
    struct validity v = validity_of(look->beat, look->wall_ms);
    if (v.fault)
        validity_explain(&v, out);
    else
        text_add(out, "heartbeats come, but not steadily");
}
