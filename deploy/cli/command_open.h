/*
 * command_open: which alerts are open, for whoever named one that is not. Reads the results logs; private to the command line; one thread.
 *
 *     command_open_say(state_dir, STR_LIT("hall-1/hall-capacity"), drill, &out);
 */
#ifndef CROWDTIDE_DEPLOY_CLI_COMMAND_OPEN_H
#define CROWDTIDE_DEPLOY_CLI_COMMAND_OPEN_H

#include <stdbool.h>

#include "schemas/base/str.h"

enum { COMMAND_OPEN_SHOWN_MAX = 5 };

/* One line: the open alerts, the worst first, or that there is none; of the drill when `drill`. Nothing when the named one, ZONE/RULE or an id, is
   among them, or when the logs can't be read. */
void command_open_say(const char *state_dir, struct str named, bool drill, struct text *out);

#endif
