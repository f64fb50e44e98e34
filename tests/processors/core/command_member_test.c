/* What a command says: each member missing, wrong, and any bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/core_stream.h"
#include "tests/support/desk.h"
#include "tests/support/support.h"

static const char *const whole[] = {
    DESK_ACK_H1,
    "'command':'assign','alert':'h1/full','to':'li'",
    DESK_NOTE_H1,
    DESK_SHELVE_H1,
    "'command':'unshelve','alert':'h1/full'",
    "'command':'step','alert':'h1/full','step':1",
    "'command':'anchor','zone':'h1','people':0",
    "'command':'capacity','zone':'h1','people':7",
    "'command':'close','zone':'h1'",
    "'command':'open','zone':'h1'",
    "'command':'evacuation','zone':'h1','state':'on'",
    "'command':'service','sensor':'a','state':'retired'",
    "'command':'drill','state':'start'",
};
_Static_assert(sizeof whole / sizeof whole[0] == VENUE_COMMAND_COUNT, "one of each");

/* Each member that a command needs, left out: renamed to one that no command minds. */
static void test_missing(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, DESK_VENUE);
    for (size_t i = 0; i < VENUE_COMMAND_COUNT; i++) {
        for (int left_out = 0;; left_out++) {
            char members[DESK_LINE_BYTES] = "", all[DESK_LINE_BYTES], missing[33] = "", reason[64];
            int n = 0;
            snprintf(all, sizeof all, "%s,'operator':'mo','nonce':'n-%05u-%d','issued':%" PRId64,
                     whole[i], (unsigned)i, left_out, desk.feed.t_ms);
            for (char *part = strtok(all, ","); part; part = strtok(NULL, ",")) {
                if (n++ == left_out) /* 'key': … */
                    (void)sscanf(part, "'%32[^']", missing);
                else
                    (void)snprintf(members + strlen(members), sizeof members - strlen(members),
                                   "%s%s", members[0] ? "," : "", part);
            }
            if (left_out >= n)
                break;
            snprintf(reason, sizeof reason, "%s: missing", missing);
            char line[DESK_LINE_BYTES + 2];
            snprintf(line, sizeof line, "{%s}", members);
            for (char *at = line; (at = strchr(at, '\'')) != NULL;)
                *at = '"';
            core_feed_command(&desk.feed, desk.feed.t_ms, DESK_MO, str_of(line));
            struct result_reply reply = desk_reply(&desk.feed);
            desk_says(&reply, false, reason, line);
        }
    }
    desk_close(&desk);
}

#define A8 "aaaaaaaa"
#define A64 A8 A8 A8 A8 A8 A8 A8 A8

static const struct {
    const char *member, *reason;
} wrong[] = {
    {"'command':7", "command: not a string"},
    {"'command':''", "command: not from 1 to 48 bytes long"},
    {"'command':'" A64 "'", "command: not from 1 to 48 bytes long"},
    {"'command':'fly'", "command: there is none of that name"},
    {"'command':'ACK'", "command: there is none of that name"},
    {"'operator':null", "operator: not a string"},
    {"'operator':'a b'", "operator: not an id"},
    {"'operator':'" A64 "'", "operator: not from 1 to 48 bytes long"},
    {"'nonce':12345678", "nonce: not a string"},
    {"'nonce':'1234567'", "nonce: not from 8 to 64 bytes long"},
    {"'nonce':'" A64 "a'", "nonce: not from 8 to 64 bytes long"},
    {"'issued':'1795424400000'", "issued: not a whole number from 0 to 9223372036854775807"},
    {"'issued':-1", "issued: not a whole number from 0 to 9223372036854775807"},
    {"'issued':1.5", "issued: not a whole number from 0 to 9223372036854775807"},
    {"'drill':1", "drill: not true or false"},
    {"'drill':'true'", "drill: not true or false"},
    {"'alert':7", "alert: not a string"},
    {"'alert':''", "alert: not from 1 to 173 bytes long"},
    {"'zone':'h1/x'", "zone: not an id"},
    {"'zone':true", "zone: not a string"},
    {"'sensor':'-a'", "sensor: not an id"},
    {"'to':''", "to: not from 1 to 48 bytes long"},
    {"'text':''", "text: not from 1 to 256 bytes long"},
    {"'text':'" A64 A64 A64 A64 "a'", "text: not from 1 to 256 bytes long"},
    {"'state':1", "state: not a string"},
    {"'minutes':0", "minutes: not a whole number from 1 to 1440"},
    {"'minutes':1441", "minutes: not a whole number from 1 to 1440"},
    {"'step':0", "step: not a whole number from 1 to 12"},
    {"'step':13", "step: not a whole number from 1 to 12"},
    {"'people':-1", "people: not a whole number from 0 to 10000000"},
    {"'people':10000001", "people: not a whole number from 0 to 10000000"},
    {"'people':'7'", "people: not a whole number from 0 to 10000000"},
    {"'bound':-1", "bound: not a whole number from 0 to 10000000"},
    {"'hours':0", "hours: not a whole number from 1 to 720"},
    {"'hours':721", "hours: not a whole number from 1 to 720"},
    {"'minuts':5", "it has a member that no command has"},
};

/* Also where the command has no use for the member. */
static void test_wrong(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, DESK_VENUE);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char members[DESK_LINE_BYTES];
        bool alert = strstr(wrong[i].member, "'alert'"),
             word = strstr(wrong[i].member, "'command'");
        snprintf(members, sizeof members, "%s%s%s", word ? "" : "'command':'ack',",
                 alert ? "" : "'alert':'h1/full',", wrong[i].member);
        uint32_t next = desk.feed.core->commands.next;
        struct result_reply reply = desk_give_watched(&desk, members);
        desk_says(&reply, false, wrong[i].reason, members);
        assert_int_equal(desk.feed.core->commands.next, next); /* nor is its nonce taken */
    }
    desk_close(&desk);
}

static const char *const no_commands[] = {
    "",
    "{",
    "{}",
    "[]",
    "null",
    "ack",
    "\"ack\"",
    "{\"command\":\"ack\"",
    "{\"command\":{}}",
    "{\"command\":[\"ack\"]}",
    "{\"command\":\"ack\",\"command\":\"ack\"}",
    "{\"command\":\"\\ud800\"}",
    "{\"command\":\"ack\"} {}",
};

/* Whatever the bytes: one reply, and no crash; also before there is a model. */
static void test_any_bytes(void **state)
{
    (void)state;
    struct desk desk;
    struct error err = {0};
    desk_open(&desk, DESK_VENUE);
    struct core_feed young = {.core = core_new(&err), .utc_offset_s = RECORD_NO_UTC_OFFSET};
    for (size_t i = 0; i < sizeof no_commands / sizeof no_commands[0]; i++) {
        core_feed_command(&desk.feed, desk.feed.t_ms, DESK_MO, str_of(no_commands[i]));
        assert_false(desk_reply(&desk.feed).ok);
        core_feed_command(&young, DESK_BEGIN_MS, DESK_MO, str_of(no_commands[i]));
        assert_false(desk_reply(&young).ok);
    }
    core_feed_command(&young, DESK_BEGIN_MS, DESK_MO, desk_line(&desk, DESK_ACK_H1));
    struct result_reply reply = desk_reply(&young);
    desk_says(&reply, false, "no venue model is in force yet", "young");
    assert_true(str_is(reply.operator_id, "mo") && str_is(reply.command, "ack"));
    struct core_stream s = core_stream_begin(5);
    for (int i = 0; i < 20000; i++) {
        struct str line = desk_line(&desk, whole[core_stream_below(&s, VENUE_COMMAND_COUNT)]);
        for (uint32_t hits = core_stream_below(&s, 3); hits; hits--)
            desk.line[core_stream_below(&s, line.len)] = (char)core_stream_below(&s, 256);
        if (i % 7 == 0)
            line.len = core_stream_below(&s, line.len + 1);
        core_feed_command(&desk.feed, desk.feed.t_ms, DESK_MO, line);
        (void)desk_reply(&desk.feed);
        core_feed_command(&young, DESK_BEGIN_MS, DESK_MO, line);
        assert_false(desk_reply(&young).ok);
    }
    core_feed_free(&young);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
