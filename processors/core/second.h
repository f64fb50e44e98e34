/*
 * second: log time going by. Metrics appear at whole seconds; the first record at or after one
 * makes it happen, and ticks see to it that there is one.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_SECOND_H
#define CROWDTIDE_PROCESSORS_CORE_SECOND_H

#include "processors/core/state.h"

/* Takes the state to a record's log time. gap: nobody watched since the last record. */
void second_advance(struct core *core, int64_t log_ns, bool gap);

#endif
