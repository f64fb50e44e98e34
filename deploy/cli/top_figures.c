#include <string.h>

#include "deploy/cli/top_screen.h"

bool top_figures_read(const char *state_dir, int64_t now_ms, struct top_figures *ret,
                      struct error *err)
{
    struct counters *counters = NULL;
    memset(ret, 0, sizeof *ret);
    ret->at_ms = now_ms;
    if (!counters_open_reader(state_dir, &counters, err))
        return err->code == ERROR_NOT_FOUND;
    for (int c = 0; c < COUNTER_COUNT; c++)
        ret->value[c] = counters_get(counters, (enum counter)c);
    for (int p = 0; p < PROGRAM_COUNT; p++)
        ret->program[p] = counters_program(counters, (enum program)p);
    ret->present = true;
    counters_close(counters);
    return true;
}
