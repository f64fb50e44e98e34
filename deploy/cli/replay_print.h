/* replay_print: what `crowdtide replay` says, for people and for programs. */
#ifndef CROWDTIDE_DEPLOY_CLI_REPLAY_PRINT_H
#define CROWDTIDE_DEPLOY_CLI_REPLAY_PRINT_H

#include "processors/replay/replay.h"

struct replay_printed {
    const struct replay_options *options;
    const struct replay_report *report;
    int64_t elapsed_ns; /* of the whole run */
};

/* On stdout. */
void replay_print(const struct replay_printed *printed);
void replay_print_json(const struct replay_printed *printed); /* one object, one line */

#endif
