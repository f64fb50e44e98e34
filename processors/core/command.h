/*
 * command: what operators ask for. Each command is applied at its place in the log and answered by
 * one reply, with success or the reason why not.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_COMMAND_H
#define CROWDTIDE_PROCESSORS_CORE_COMMAND_H

#include "processors/core/state.h"
#include "schemas/record/record.h"

void command_take(struct core *core, const struct record_command *command);

#endif
