#include "processors/core/command.h"

#include <string.h>

#include "processors/core/command_do.h"
#include "processors/core/drill.h"
#include "processors/core/emit.h"

static bool refuse(struct refusal *refusal, const char *why)
{
    return refusal_set(refusal, REFUSAL_REJECTED, why);
}

/* ---- who may --------------------------------------------------------------------------------- */

static bool authorise(const struct core *core, const struct record_command *record,
                      const struct command_request *request, struct command_job *job,
                      struct refusal *refusal)
{
    const struct venue *venue = core->model.venue;
    job->operator_at = UINT32_MAX;
    job->uid = record->uid;
    if (venue->operator_count == 0)
        return true;
    uint32_t at = venue_operator_find(venue, request->operator_id);
    if (at == UINT32_MAX)
        return refuse(refusal, "operator: the venue file has none of that name");
    if (record->by != RECORD_COMMAND_LOCAL || venue->operators[at].uid != record->uid)
        return refuse(refusal, "operator: the command comes from another user");
    if (!venue_operator_may(venue, at, request->command))
        return refuse(refusal, "operator: none of the operator's roles may do that");
    job->operator_at = at;
    job->supervisor = venue_operator_supervises(venue, at);
    return true;
}

/* ---- once ------------------------------------------------------------------------------------ */

static bool fresh(struct core *core, const struct command_request *request, struct refusal *refusal)
{
    struct command_memory *m = &core->commands;
    int64_t now_ms = core_now_ms(core), expiry_ms = core->model.venue->settings.command_expiry_ms;
    /* The sender looks at the wall clock, which the last tick compared with log time. */
    int64_t age_ms = now_ms + core->clock_offset_ns / CORE_MS_NS - request->issued_ms;
    uint64_t nonce = str_hash(request->nonce) | 1; /* never 0 */
    if (age_ms > expiry_ms)
        return refuse(refusal, "issued: it came too late; give it again");
    if (age_ms < -expiry_ms)
        return refuse(refusal, "issued: the clock of the sender is ahead");
    for (uint32_t i = 0; i < COMMAND_NONCES; i++) {
        if (m->nonce[i] == nonce)
            return refuse(refusal, "nonce: this command has been given before");
    }
    if (m->nonce[m->next] && m->until_ms[m->next] >= now_ms)
        return refuse(refusal, "more commands than can be told apart; wait a moment");
    m->nonce[m->next] = nonce;
    m->until_ms[m->next] = now_ms + 2 * expiry_ms;
    m->next = (m->next + 1) % COMMAND_NONCES;
    return true;
}

/* ---- one command ----------------------------------------------------------------------------- */

static bool carry_out(struct core *core, const struct record_command *record,
                      const struct command_request *request, struct command_job *job,
                      struct refusal *refusal)
{
    if (!core->model.venue)
        return refuse(refusal, "no venue model is in force yet");
    if (!authorise(core, record, request, job, refusal) || !fresh(core, request, refusal))
        return false;
    if (!request->drill || request->command == VENUE_COMMAND_DRILL)
        return command_do(core, job, refusal);
    if (!drill_admit(core, false, refusal))
        return false;
    drill_enter(core);
    bool ok = command_do(core, job, refusal);
    drill_leave(core);
    return ok;
}

void command_take(struct core *core, const struct record_command *record)
{
    struct command_request request;
    struct refusal refusal;
    struct result_reply reply;
    char reason[COMMAND_REASON_BYTES];
    struct text said = text_over(reason, sizeof reason);
    struct command_job job = {.request = &request, .reason = &said, .reply = &reply};
    result_clear(RECORD_REPLY, &reply);
    bool ok = command_request_parse(core->json, record->text, &request, &refusal) &&
              carry_out(core, record, &request, &job, &refusal);
    if (core->model.venue)
        reply.venue = core->model.venue->id;
    reply.operator_id = request.operator_id;
    reply.command = request.word;
    reply.nonce = request.nonce;
    reply.ok = ok;
    reply.reason = ok ? (struct str){said.at, (uint32_t)said.len} : str_of(refusal.detail);
    reply.at = core_now_ms(core);
    reply.status = request.drill ? STR_LIT("Exercise") : STR_LIT("Actual");
    reply.input_seq = (int64_t)core->origin.input_seq;
    emit(core, RECORD_REPLY, &reply);
}

void command_poisoned(struct core *core)
{
    struct result_reply reply;
    result_clear(RECORD_REPLY, &reply);
    if (core->model.venue)
        reply.venue = core->model.venue->id;
    reply.ok = false;
    reply.reason = STR_LIT("process crashed on this command and goes on without it");
    reply.at = core_now_ms(core);
    reply.status = STR_LIT("Actual");
    reply.input_seq = (int64_t)core->origin.input_seq;
    emit(core, RECORD_REPLY, &reply);
}
