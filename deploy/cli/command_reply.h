/*
 * command_reply: what became of a command: the reply record with its nonce in the alerts log.
 *
 *     struct command_reply reply;
 *     command_reply_open(&reply, alerts_dir);          before the command is sent, so that no reply is missed
 *     got = command_reply_wait(&reply, nonce, 10000, &err);
 *     reply.result …
 *     command_reply_close(&reply);
 */
#ifndef CROWDTIDE_DEPLOY_CLI_COMMAND_REPLY_H
#define CROWDTIDE_DEPLOY_CLI_COMMAND_REPLY_H

#include "schemas/log/log.h"
#include "schemas/result/result.h"

enum command_reply_got {
    COMMAND_REPLY_FOUND,
    COMMAND_REPLY_LATE,       /* not in time: process is behind or does not run */
    COMMAND_REPLY_UNREADABLE, /* the log can't be read here; *err says why */
};

struct command_reply { /* caller-owned */
    const char *dir;
    struct log_reader *reader; /* NULL: the log is not there yet */
    uint8_t *body;
    struct result_reply result; /* FOUND; its texts live as long as this */
};

/* Never fails: a log that is not there yet, or can't be read, is tried again while waiting. dir must outlive it. */
void command_reply_open(struct command_reply *reply, const char *dir);
enum command_reply_got command_reply_wait(struct command_reply *reply, const char *nonce, uint32_t wait_ms, struct error *err);
void command_reply_close(struct command_reply *reply);

#endif
