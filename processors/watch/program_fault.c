#include "processors/watch/program_fault.h"

#include <stddef.h>

const char *program_fault(const struct watch_figures *figures, enum program program, int64_t now_ms)
{
    const struct counters_program *seen = &figures->program[program];
    if (!seen->pid)
        return "has not run yet";
    if (!seen->running)
        return "is not running";
    if (now_ms - seen->alive_wall_ns / 1000000 > PROGRAM_SILENT_MS)
        return "says nothing any more: it hangs, or is stopped";
    return NULL;
}
