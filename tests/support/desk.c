#include "tests/support/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

static uint32_t uid_of(const char *operator)
{
    return strcmp(operator, "li") == 0 ? DESK_LI : strcmp(operator, "mo") == 0 ? DESK_MO : DESK_BO;
}

struct str desk_line(struct desk *desk, const char *members)
{
    int n = snprintf(desk->line, sizeof desk->line, "{%s", members);
    if (!strstr(members, "'operator'"))
        n += snprintf(desk->line + n, sizeof desk->line - (size_t)n, ",'operator':'mo'");
    if (!strstr(members, "'nonce'"))
        n += snprintf(desk->line + n, sizeof desk->line - (size_t)n, ",'nonce':'test-%06u'",
                      (unsigned)++desk->nonces);
    if (!strstr(members, "'issued'"))
        n += snprintf(desk->line + n, sizeof desk->line - (size_t)n, ",'issued':%" PRId64,
                      desk->feed.t_ms);
    n += snprintf(desk->line + n, sizeof desk->line - (size_t)n, "}");
    assert_true(n > 0 && (size_t)n < sizeof desk->line);
    for (char *at = desk->line; (at = strchr(at, '\'')) != NULL;)
        *at = '"';
    return (struct str){desk->line, (uint32_t)n};
}

struct result_reply desk_reply(const struct core_feed *feed)
{
    uint32_t count = 0;
    union result_any any;
    for (uint32_t i = 0; i < feed->results.count; i++)
        count += feed->results.result[i].type == RECORD_REPLY;
    assert_int_equal(count, 1);
    assert_true(core_feed_last(feed, RECORD_REPLY, &any));
    assert_int_equal(any.reply.at, feed->t_ms);
    assert_int_equal(any.reply.input_seq, (int64_t)feed->seq);
    return any.reply;
}

struct result_reply desk_give(struct desk *desk, const char *members)
{
    char operator[64] = "mo";
    const char *at = strstr(members, "'operator':'");
    if (at)
        (void)sscanf(at + 12, "%63[^']", operator);
    core_feed_command(&desk->feed, desk->feed.t_ms, desk->uid ? *desk->uid : uid_of(operator),
                      desk_line(desk, members));
    return desk_reply(&desk->feed);
}

void desk_says(const struct result_reply *reply, bool ok, const char *reason, const char *what)
{
    if (reply->ok != ok || !str_is(reply->reason, reason))
        fail_msg("%s: %s \"" STR_FMT "\", not %s \"%s\"", what, reply->ok ? "done" : "refused",
                 STR_ARG(reply->reason), ok ? "done" : "refused", reason);
}

void desk_publish(struct desk *desk, const char *topic, int people)
{
    char payload[64];
    snprintf(payload, sizeof payload, "{\"occupancy\":%d}", people);
    core_feed_publish(&desk->feed, desk->feed.t_ms, topic, payload, 0);
}

void desk_open(struct desk *desk, const char *yaml)
{
    *desk = (struct desk){0};
    core_feed_init(&desk->feed, yaml, DESK_BEGIN_MS);
    desk_publish(desk, "crowdtide/v/crowd/a", 850);
    desk_publish(desk, "crowdtide/v/crowd/b", 10);
    desk_publish(desk, "crowdtide/v/crowd/c", 10);
    desk_publish(desk, "crowdtide/v/crowd/d", 1000);
    core_feed_until(&desk->feed, DESK_BEGIN_MS + 2000);
}

void desk_close(struct desk *desk)
{
    core_feed_free(&desk->feed);
}

static void saved(const struct desk *desk, uint8_t **ret_bytes, size_t *ret_len)
{
    struct error err = {0};
    assert_true(core_save(desk->feed.core, ret_bytes, ret_len, &err));
}

struct result_reply desk_give_watched(struct desk *desk, const char *members)
{
    uint8_t *before, *after;
    size_t before_len, after_len;
    struct core *core = desk->feed.core;
    struct command_memory memory = core->commands;
    struct core_books books = core->books;
    saved(desk, &before, &before_len);
    struct result_reply reply = desk_give(desk, members);
    if (!reply.ok) {
        struct command_memory now = core->commands;
        uint64_t results = core->books.results;
        assert_int_equal(desk->feed.results.count, 1);
        core->commands = memory;
        core->books = books;
        saved(desk, &after, &after_len);
        assert_int_equal(before_len, after_len);
        assert_memory_equal(before, after, before_len);
        free(after);
        core->commands = now;
        core->books.results = results;
    }
    free(before);
    return reply;
}
