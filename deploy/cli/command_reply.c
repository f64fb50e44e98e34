#include "deploy/cli/command_reply.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/base/clock.h"

#define NS_PER_MS 1000000LL

/* fresh: from the end on. Otherwise the log was made, or its writer came back, meanwhile. */
static bool open_reader(struct command_reply *reply, bool fresh, struct error *err)
{
    if (!log_reader_open(&(struct log_reader_options){.dir = reply->dir}, &reply->reader, err))
        return false;
    uint64_t from = fresh ? log_reader_last_seq(reply->reader) + 1 : 1;
    if (log_reader_seek(reply->reader, from, err))
        return true;
    log_reader_close(reply->reader);
    reply->reader = NULL;
    return false;
}

void command_reply_open(struct command_reply *reply, const char *dir)
{
    struct error err = {0};
    *reply = (struct command_reply){.dir = dir};
    (void)open_reader(reply, true, &err);
}

/* Whether the record is the reply; keeps it then. */
static bool take(struct command_reply *reply, const struct log_view *view, const char *nonce)
{
    union result_any any;
    struct result_origin origin;
    if (view->type != RECORD_REPLY ||
        !result_decode(view->type, view->body, view->body_len, &origin, &any, NULL) ||
        !str_is(any.reply.nonce, nonce))
        return false;
    reply->body = malloc(view->body_len + 1u);
    if (!reply->body)
        return false;
    memcpy(reply->body, view->body, view->body_len);
    if (!result_decode(view->type, reply->body, view->body_len, &origin, &any, NULL))
        return false;
    reply->result = any.reply;
    return true;
}

enum command_reply_got command_reply_wait(struct command_reply *reply, const char *nonce,
                                          uint32_t wait_ms, struct error *err)
{
    const int64_t end_ns = clock_boot_ns() + wait_ms * NS_PER_MS;
    struct error why = {0};
    do {
        struct log_view view;
        enum log_read got = LOG_READ_CAUGHT_UP;
        if (reply->reader || open_reader(reply, false, &why)) {
            got = log_reader_next(reply->reader, &view, &why);
            if (got == LOG_READ_RECORD && take(reply, &view, nonce))
                return COMMAND_REPLY_FOUND;
            if (got == LOG_READ_CAUGHT_UP)
                log_reader_wait(reply->reader, LOG_WAIT_MS_MAX);
        } else if (why.code == ERROR_NOT_FOUND) {
            (void)usleep(LOG_WAIT_MS_MAX * 1000);
        } else {
            got = LOG_READ_ERROR;
        }
        if (got == LOG_READ_ERROR) {
            *err = why;
            return COMMAND_REPLY_UNREADABLE;
        }
    } while (clock_boot_ns() < end_ns);
    return COMMAND_REPLY_LATE;
}

void command_reply_close(struct command_reply *reply)
{
    log_reader_close(reply->reader);
    free(reply->body);
    *reply = (struct command_reply){0};
}
