#include "processors/process/process.h"

const struct process_core *process_core_real(void)
{
    static const struct process_core real = {
        .version = CORE_VERSION,
        .make = core_new,
        .free = core_free,
        .step = core_step,
        .skip = core_skip,
        .save = core_save,
        .load = core_load,
        .books = core_books,
        .summary = core_summary,
        .ahead = core_ahead,
        .late_set = core_late_set,
    };
    return &real;
}
