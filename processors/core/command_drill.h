/*
 * command_drill: the command that starts and stops a drill. One ends it; two start it, within
 * COMMAND_SECOND_MS: two operators, with two user ids unless the venue says drill_two_accounts: no.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_COMMAND_DRILL_H
#define CROWDTIDE_PROCESSORS_CORE_COMMAND_DRILL_H

#include "processors/core/command_do.h"

/* As command_do. */
bool command_drill(struct core *core, const struct command_job *job, struct refusal *refusal);

#endif
