/*
 * command_do: carries one command out, on core->model (the shadow state's within drill_enter).
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_COMMAND_DO_H
#define CROWDTIDE_PROCESSORS_CORE_COMMAND_DO_H

#include "processors/core/command_request.h"
#include "processors/core/state.h"

enum { COMMAND_REASON_BYTES = REFUSAL_DETAIL_BYTES };

struct command_job {
    const struct command_request *request;
    uint32_t operator_at; /* in the venue file; UINT32_MAX: it has none */
    uint32_t uid;         /* who gave it, as the kernel told */
    bool supervisor;
    struct text *reason;           /* what the reply says beside success; may stay empty */
    struct result_reply *reply;    /* zone, alert, sensor: filled as they are found */
};

/* False: refused, and why; then nothing has changed. */
bool command_do(struct core *core, const struct command_job *job, struct refusal *refusal);

#endif
