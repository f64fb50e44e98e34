/*
 * command_send: one line to ingest's command socket, and its answer: whether the line is in the readings log, not yet what became of it.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_COMMAND_SEND_H
#define CROWDTIDE_DEPLOY_CLI_COMMAND_SEND_H

#include "schemas/base/error.h"
#include "schemas/base/str.h"

enum { COMMAND_ANSWER_S = 10 /* ingest answers between its other work; a busy disk may take its time */ };

struct command_answer {
    bool ok;
    uint64_t seq;     /* ok: the line's sequence in the readings log */
    char reason[256]; /* else */
};

/* False: nothing is known to have been taken. NOT_FOUND: nobody listens at path; REMOTE_DENIED: this user may not reach it; NETWORK: no answer in time (the line
   may have been taken nevertheless); MALFORMED: an answer that is none. */
bool command_send(const char *path, struct str line, struct command_answer *ret_answer, struct error *err);

#endif
