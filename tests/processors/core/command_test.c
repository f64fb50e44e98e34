/*
 * command: every command done and refused, with the reason word for word, from tables. Whatever a
 * record holds, it has exactly one reply; what is refused has changed nothing.
 */
#include "processors/core/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/state.h"
#include "tests/support/core_feed.h"
#include "tests/support/core_stream.h"
#include "tests/support/support.h"

enum { LINE_BYTES = 2048, LI = 1001, MO = 1002, BO = 1003 };

static const int64_t begin_ms = INT64_C(1795424400000);

#define HALLS(settings)                                                                            \
    "venue: {id: v}\nbuiltin_rules: no\n"                                                          \
    "settings: {surge_people: 1000000, level_error_pct: 0, level_error_people: 0" settings "}\n"   \
    "rules:\n"                                                                                     \
    "  - {id: full, metric: percent_capacity, kinds: [hall], min_samples: 1, clear_s: 10,\n"       \
    "     levels: {yellow: {enter: 80, dwell_s: 0, action: Meter., plan: [Announce it, Open]},\n"  \
    "              red: {enter: 100, dwell_s: 0, action: Stop.}}}\n"                               \
    "  - {id: many, metric: occupancy, kinds: [hall], min_samples: 1, clear_s: 10,\n"              \
    "     levels: {blue: {enter: 800, dwell_s: 0, action: Watch.}}}\n"                             \
    "  - {id: shut, metric: closed_occupancy, kinds: [hall], min_samples: 1, clear_s: 5,\n"        \
    "     levels: {orange: {enter: 1, dwell_s: 0, action: Lead them out.}}}\n"                     \
    "zones:\n"                                                                                     \
    "  - {id: h1, kind: hall, capacity: 1000}\n"                                                   \
    "  - {id: h2, kind: hall, capacity: 1000}\n"                                                   \
    "  - {id: h3, kind: plaza}\n"                                                                  \
    "  - {id: drill, kind: hall, capacity: 1000}\n"                                                \
    "  - {id: road, kind: road}\n"                                                                 \
    "sensors:\n"                                                                                   \
    "  - {id: a, class: crowd, counter: level, zone: h1, silence_s: 600}\n"                        \
    "  - {id: b, class: crowd, counter: level, zone: h2, silence_s: 600}\n"                        \
    "  - {id: c, class: crowd, counter: level, zone: h3, silence_s: 600}\n"                        \
    "  - {id: d, class: crowd, counter: level, zone: drill, silence_s: 600}\n"

#define PEOPLE                                                                                     \
    "roles:\n"                                                                                     \
    "  - {id: steward, commands: [ack, note, step, anchor]}\n"                                     \
    "  - {id: chief, commands: all, supervisor: yes}\n"                                            \
    "operators:\n"                                                                                 \
    "  - {id: li, uid: 1001, roles: [steward]}\n"                                                  \
    "  - {id: mo, uid: 1002, roles: [chief]}\n"                                                    \
    "  - {id: bo, uid: 1003, roles: [chief]}\n"

static const char venue[] = HALLS("") PEOPLE;

/* ---- one command ----------------------------------------------------------------------------- */

struct desk {
    struct core_feed feed;
    uint32_t nonces;
    const uint32_t *uid; /* NULL: that of the operator */
    char line[LINE_BYTES];
};

static uint32_t uid_of(const char *operator)
{
    return strcmp(operator, "li") == 0 ? LI : strcmp(operator, "mo") == 0 ? MO : BO;
}

/* members: JSON with ' for ", without the braces. Operator mo, a nonce and the time are added where
 * they lack. */
static struct str line_make(struct desk *desk, const char *members)
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

static struct result_reply reply_only(const struct core_feed *feed)
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

static struct result_reply give(struct desk *desk, const char *members)
{
    char operator[64] = "mo";
    const char *at = strstr(members, "'operator':'");
    if (at)
        (void)sscanf(at + 12, "%63[^']", operator);
    core_feed_command(&desk->feed, desk->feed.t_ms, desk->uid ? *desk->uid : uid_of(operator),
                      line_make(desk, members));
    return reply_only(&desk->feed);
}

static void says(const struct result_reply *reply, bool ok, const char *reason, const char *what)
{
    if (reply->ok != ok || !str_is(reply->reason, reason))
        fail_msg("%s: %s \"" STR_FMT "\", not %s \"%s\"", what, reply->ok ? "done" : "refused",
                 STR_ARG(reply->reason), ok ? "done" : "refused", reason);
}

static void publish(struct desk *desk, const char *topic, int people)
{
    char payload[64];
    snprintf(payload, sizeof payload, "{\"occupancy\":%d}", people);
    core_feed_publish(&desk->feed, desk->feed.t_ms, topic, payload, 0);
}

/* h1 has an open yellow and a blue alert, h2 and h3 none, the zone "drill" a red one. */
static void desk_open(struct desk *desk, const char *yaml)
{
    *desk = (struct desk){0};
    core_feed_init(&desk->feed, yaml, begin_ms);
    publish(desk, "crowdtide/v/crowd/a", 850);
    publish(desk, "crowdtide/v/crowd/b", 10);
    publish(desk, "crowdtide/v/crowd/c", 10);
    publish(desk, "crowdtide/v/crowd/d", 1000);
    core_feed_until(&desk->feed, begin_ms + 2000);
}

static void desk_close(struct desk *desk)
{
    core_feed_free(&desk->feed);
}

static void saved(const struct desk *desk, uint8_t **ret_bytes, size_t *ret_len)
{
    struct error err = {0};
    assert_true(core_save(desk->feed.core, ret_bytes, ret_len, &err));
}

/* What is refused has changed nothing but that its nonce is known. */
static struct result_reply give_watched(struct desk *desk, const char *members)
{
    uint8_t *before, *after;
    size_t before_len, after_len;
    struct core *core = desk->feed.core;
    struct command_memory memory = core->commands;
    struct core_books books = core->books;
    saved(desk, &before, &before_len);
    struct result_reply reply = give(desk, members);
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

/* ---- done and refused ------------------------------------------------------------------------ */

struct trial {
    const char *before[3]; /* commands given, and done, first */
    const char *members;
    const char *reason; /* of a refusal; of what is done when it begins with + */
};

#define ACK_H1 "'command':'ack','alert':'h1/full'"
#define NOTE_H1 "'command':'note','alert':'h1/full','text':'x'"
#define SHELVE_H1 "'command':'shelve','alert':'h1/full','minutes':5,'text':'x'"
#define START(who) "'command':'drill','state':'start','operator':'" who "'"
#define NO_ALERT "alert: there is none of that name; ZONE/RULE or its id is the form"
#define NO_ZONE "zone: the venue has none of that name"
#define MAY_NOT "operator: none of the operator's roles may do that"
#define WAITS "waits for a second person to start it, for 5 min"

static const struct trial trials[] = {
    {{0}, ACK_H1, "+"},
    {{0}, "'command':'ack','alert':'v/h1/full'", "+"},
    {{0}, "'command':'ack','alert':'v/h1/full/1795424400000'", "+"},
    {{0}, "'command':'ack','alert':'v/h1/full/1795424400001'", "alert: it is not open"},
    {{0}, "'command':'ack','alert':'h2/full'", "alert: it is not open"},
    {{0}, "'command':'ack','alert':'h3/full'", NO_ALERT}, /* no such rule there */
    {{0}, "'command':'ack','alert':'h9/full'", NO_ALERT},
    {{0}, "'command':'ack','alert':'h1/none'", NO_ALERT},
    {{0}, "'command':'ack','alert':'h1'", NO_ALERT},
    {{0}, "'command':'ack','alert':'/full'", NO_ALERT},
    {{0}, "'command':'ack','alert':'w/h1/full/1795424400000'", NO_ALERT},
    {{0}, "'command':'ack','alert':'v/h1/full/1795424400000/x'", NO_ALERT},
    {{0}, "'command':'ack','alert':'////'", NO_ALERT},
    {{0}, "'command':'ack','alert':'h1/full/'", NO_ALERT},
    {{0}, "'command':'ack','alert':'v/h1/full/'", NO_ALERT},
    {{0}, "'command':'ack','alert':'drill/v/h1/full'", NO_ALERT},
    {{0}, "'command':'ack','alert':'drill/v/h1/full/1795424400000'", "no drill is running"},
    {{ACK_H1}, ACK_H1, "alert: it is acknowledged already"},
    /* A zone of that name is no drill. */
    {{0}, "'command':'ack','alert':'drill/full'", "+"},
    {{0}, "'command':'ack','alert':'v/drill/full/1795424400000'", "+"},
    {{0}, ACK_H1 ",'drill':false", "+"},
    {{0}, ACK_H1 ",'drill':true", "no drill is running"},

    {{0}, "'command':'assign','alert':'h1/full','to':'li'", "+"},
    {{0}, "'command':'assign','alert':'h1/full','to':'zoe'", "to: no operator of the venue file"},
    {{0},
     "'command':'assign','alert':'h1/full','to':'li\\u0000'",
     "to: no operator of the venue file"},
    {{0}, "'command':'assign','alert':'h2/full','to':'li'", "alert: it is not open"},

    {{0}, NOTE_H1, "+"},
    {{ACK_H1}, NOTE_H1, "+"},
    {{SHELVE_H1}, NOTE_H1, "+"},
    {{0}, "'command':'note','alert':'h2/full','text':'x'", "alert: it is not open"},

    {{0}, SHELVE_H1, "+"},
    {{ACK_H1}, SHELVE_H1, "+"},
    {{0}, "'command':'shelve','alert':'h1/full','minutes':30,'text':'x'", "+"},
    {{0},
     "'command':'shelve','alert':'h1/full','minutes':31,'text':'x'",
     "minutes: a shelf lasts at most 30 min"},
    {{0},
     "'command':'shelve','alert':'h1/full','minutes':5,'text':' \\t\\n'",
     "text: nothing but blanks"},
    {{0}, "'command':'note','alert':'h1/full','text':' '", "text: nothing but blanks"},
    {{SHELVE_H1}, SHELVE_H1, "alert: it is shelved already"},
    {{0},
     "'command':'shelve','alert':'drill/full','minutes':5,'text':'x'",
     "alert: red can't be shelved"},
    {{0},
     "'command':'shelve','alert':'drill/many','minutes':5,'text':'x'",
     "alert: it is suppressed, red of its zone says it all"},
    {{"'command':'service','sensor':'a','state':'retired'"},
     SHELVE_H1,
     "alert: it is unknown, and what is unknown can't be shelved"},
    {{0}, "'command':'shelve','alert':'h2/full','minutes':5,'text':'x'", "alert: it is not open"},

    {{SHELVE_H1}, "'command':'unshelve','alert':'h1/full'", "+"},
    {{0}, "'command':'unshelve','alert':'h1/full'", "alert: it is not shelved"},
    {{SHELVE_H1, "'command':'unshelve','alert':'h1/full'"},
     "'command':'unshelve','alert':'h1/full'",
     "alert: it is not shelved"},

    {{0}, "'command':'step','alert':'h1/full','step':1", "+"},
    {{0}, "'command':'step','alert':'h1/full','step':2", "+"},
    {{0},
     "'command':'step','alert':'h1/full','step':3",
     "step: the plan of the alert's level has so many: 2"},
    {{0},
     "'command':'step','alert':'drill/full','step':1",
     "step: the plan of the alert's level has so many: 0"},
    {{"'command':'step','alert':'h1/full','step':1"},
     "'command':'step','alert':'h1/full','step':1",
     "step: it is done already"},

    {{0}, "'command':'anchor','zone':'h1','people':0", "+"},
    {{0}, "'command':'anchor','zone':'h1','people':700,'bound':20,'text':'two of us'", "+"},
    {{0}, "'command':'anchor','zone':'v','people':700", "+"},
    {{0}, "'command':'anchor','zone':'h9','people':7", NO_ZONE},
    {{0},
     "'command':'anchor','zone':'road','people':7",
     "zone: no sensor counts people there, so nothing goes on from a count"},
    {{"'command':'service','sensor':'a','state':'retired'"},
     "'command':'anchor','zone':'h1','people':7,'operator':'li'",
     "+the zone stays unknown: a supervisor's count ends that"},
    {{"'command':'service','sensor':'a','state':'retired'"},
     "'command':'anchor','zone':'h1','people':7",
     "+its sensors are still silent"},

    {{0}, "'command':'capacity','zone':'h1','people':1", "+"},
    {{0},
     "'command':'capacity','zone':'h1','people':0",
     "people: a capacity is at least 1; close the zone instead"},
    {{0},
     "'command':'capacity','zone':'h3','people':10",
     "zone: it has no capacity in the venue file, so no rule judges it"},
    {{0}, "'command':'capacity','zone':'h9','people':10", NO_ZONE},

    {{0}, "'command':'close','zone':'h1'", "+"},
    {{0}, "'command':'close','zone':'h9'", NO_ZONE},
    {{"'command':'close','zone':'h1'"},
     "'command':'close','zone':'h1'",
     "zone: it is closed already"},
    {{"'command':'close','zone':'h1'"}, "'command':'open','zone':'h1'", "+"},
    {{0}, "'command':'open','zone':'h1'", "zone: it is open already"},
    {{0}, "'command':'open','zone':'h9'", NO_ZONE},

    {{0}, "'command':'evacuation','zone':'h1','state':'on'", "+"},
    {{0},
     "'command':'evacuation','zone':'road','state':'on'",
     "+no sensor counts people there: nobody can say how many remain"},
    {{0}, "'command':'evacuation','zone':'h1','state':'off'", "zone: it is not being evacuated"},
    {{0}, "'command':'evacuation','zone':'h1','state':'ON'", "state: on or off"},
    {{0}, "'command':'evacuation','zone':'h9','state':'on'", NO_ZONE},
    {{"'command':'evacuation','zone':'h1','state':'on'"},
     "'command':'evacuation','zone':'h1','state':'on'",
     "zone: it is being evacuated already"},
    {{"'command':'evacuation','zone':'h1','state':'on'"},
     "'command':'evacuation','zone':'h1','state':'off'",
     "+"},

    {{0}, "'command':'service','sensor':'a','state':'maintenance'", "+"},
    {{0}, "'command':'service','sensor':'a','state':'maintenance','hours':8", "+"},
    {{0},
     "'command':'service','sensor':'a','state':'maintenance','hours':9",
     "hours: maintenance lasts at most 8 h"},
    {{0}, "'command':'service','sensor':'a','state':'commissioning'", "+"},
    {{0}, "'command':'service','sensor':'a','state':'retired'", "+"},
    {{0}, "'command':'service','sensor':'a','state':'in_service'", "+"},
    {{0},
     "'command':'service','sensor':'a','state':'retired','hours':1",
     "hours: only maintenance ends by itself"},
    {{0},
     "'command':'service','sensor':'a','state':'off'",
     "state: in_service, commissioning, maintenance or retired"},
    {{0},
     "'command':'service','sensor':'z','state':'retired'",
     "sensor: the venue has none of that name"},

    {{0}, START("mo"), "+" WAITS},
    {{START("mo")}, START("mo"), "+" WAITS},
    {{START("mo")}, START("bo"), "+"},
    {{START("mo"), START("bo")}, START("bo"), "a drill is running already"},
    {{START("mo"), START("bo")}, "'command':'drill','state':'stop'", "+"},
    {{START("mo"), START("bo"), "'command':'drill','state':'stop'"},
     "'command':'drill','state':'stop'",
     "no drill is running"},
    {{0}, "'command':'drill','state':'stop'", "no drill is running"},
    {{START("mo")},
     "'command':'drill','state':'stop'",
     "+nobody waits for a second person any more"},
    {{START("mo"), "'command':'drill','state':'stop'"}, START("bo"), "+" WAITS},
    {{0}, "'command':'drill','state':'pause'", "state: start or stop"},
    {{START("mo"), START("bo")}, "'command':'capacity','zone':'h1','people':9,'drill':true", "+"},
    {{START("mo"), START("bo")}, ACK_H1 ",'drill':true", "alert: it is not open"},
    {{START("mo"), START("bo")}, ACK_H1, "+"},

    {{0}, ACK_H1 ",'operator':'zoe'", "operator: the venue file has none of that name"},
    {{0}, ACK_H1 ",'operator':'li'", "+"},
    {{0}, "'command':'capacity','zone':'h1','people':1,'operator':'li'", MAY_NOT},
    {{0}, START("li"), MAY_NOT},
    {{0}, SHELVE_H1 ",'operator':'li'", MAY_NOT},

    {{0}, ACK_H1 ",'issued':1795424372000", "+"}, /* 30 s ago */
    {{0}, ACK_H1 ",'issued':1795424371999", "issued: it came too late; give it again"},
    {{0}, ACK_H1 ",'issued':1795424432000", "+"}, /* in 30 s */
    {{0}, ACK_H1 ",'issued':1795424432001", "issued: the clock of the sender is ahead"},
    {{0}, ACK_H1 ",'issued':0", "issued: it came too late; give it again"},
    {{0}, ACK_H1 ",'issued':9223372036854775807", "issued: the clock of the sender is ahead"},
    {{NOTE_H1 ",'nonce':'12345678'"},
     ACK_H1 ",'nonce':'12345678'",
     "nonce: this command has been given before"},
};

static void test_trials(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
        const struct trial *t = &trials[i];
        struct desk desk;
        desk_open(&desk, venue);
        for (int b = 0; b < 3 && t->before[b]; b++) {
            if (!give_watched(&desk, t->before[b]).ok)
                fail_msg("%s: before it %s is refused", t->members, t->before[b]);
        }
        struct result_reply reply = give_watched(&desk, t->members);
        bool ok = t->reason[0] == '+';
        says(&reply, ok, t->reason + ok, t->members);
        assert_true(str_is(reply.venue, "v"));
        assert_true(reply.operator_id.len && reply.command.len && reply.nonce.len);
        desk_close(&desk);
    }
}

/* The kernel says who asks; root is no exception, and what did not come through the socket of this
 * machine is nobody's. */
static void test_who_asks(void **state)
{
    (void)state;
    static const uint32_t others[] = {0, LI, BO, UINT32_MAX};
    struct desk desk;
    desk_open(&desk, venue);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        desk.uid = &others[i];
        struct result_reply reply = give_watched(&desk, ACK_H1);
        says(&reply, false, "operator: the command comes from another user", "uid");
        /* Whoever may not can't use up the memory of those who may. */
        assert_int_equal(desk.feed.core->commands.next, 0);
    }
    uint8_t body[512 + LOG_READ_PADDING_BYTES];
    struct record_command command = {
        .by = RECORD_COMMAND_LOCAL + 1, .uid = MO, .text = line_make(&desk, ACK_H1)};
    core_feed_record(&desk.feed, desk.feed.t_ms, RECORD_COMMAND, body,
                     record_command_encode(&command, body, 512));
    struct result_reply reply = reply_only(&desk.feed);
    says(&reply, false, "operator: the command comes from another user", "by");
    /* Nobody to tell apart: any id may do anything but what takes somebody. */
    desk_close(&desk);
    desk_open(&desk, HALLS(""));
    desk.uid = &others[3];
    reply = give(&desk, SHELVE_H1 ",'operator':'anyone'");
    says(&reply, true, "", "no operators");
    assert_true(give(&desk, "'command':'service','sensor':'b','state':'retired'").ok);
    reply = give(&desk, "'command':'anchor','zone':'h2','people':5,'operator':'x'");
    says(&reply, true, "the zone stays unknown: a supervisor's count ends that", "no operators");
    for (const char *const *who = (const char *const[]){START("x"), START("y"), NULL}; *who;
         who++) {
        reply = give(&desk, *who);
        says(&reply, false, "operator: two people start a drill, and the venue file names none",
             "no operators");
    }
    assert_true(give(&desk, "'command':'assign','alert':'h1/full','to':'anyone'").ok);
    desk_close(&desk);
}

/* ---- members --------------------------------------------------------------------------------- */

static const char *const whole[] = {
    ACK_H1,
    "'command':'assign','alert':'h1/full','to':'li'",
    NOTE_H1,
    SHELVE_H1,
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
    desk_open(&desk, venue);
    for (size_t i = 0; i < VENUE_COMMAND_COUNT; i++) {
        for (int left_out = 0;; left_out++) {
            char members[LINE_BYTES] = "", all[LINE_BYTES], missing[33] = "", reason[64];
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
            char line[LINE_BYTES + 2];
            snprintf(line, sizeof line, "{%s}", members);
            for (char *at = line; (at = strchr(at, '\'')) != NULL;)
                *at = '"';
            core_feed_command(&desk.feed, desk.feed.t_ms, MO, str_of(line));
            struct result_reply reply = reply_only(&desk.feed);
            says(&reply, false, reason, line);
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
    desk_open(&desk, venue);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char members[LINE_BYTES];
        bool alert = strstr(wrong[i].member, "'alert'"),
             word = strstr(wrong[i].member, "'command'");
        snprintf(members, sizeof members, "%s%s%s", word ? "" : "'command':'ack',",
                 alert ? "" : "'alert':'h1/full',", wrong[i].member);
        uint32_t next = desk.feed.core->commands.next;
        struct result_reply reply = give_watched(&desk, members);
        says(&reply, false, wrong[i].reason, members);
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
    desk_open(&desk, venue);
    struct core_feed young = {.core = core_new(&err), .utc_offset_s = RECORD_NO_UTC_OFFSET};
    for (size_t i = 0; i < sizeof no_commands / sizeof no_commands[0]; i++) {
        core_feed_command(&desk.feed, desk.feed.t_ms, MO, str_of(no_commands[i]));
        assert_false(reply_only(&desk.feed).ok);
        core_feed_command(&young, begin_ms, MO, str_of(no_commands[i]));
        assert_false(reply_only(&young).ok);
    }
    core_feed_command(&young, begin_ms, MO, line_make(&desk, ACK_H1));
    struct result_reply reply = reply_only(&young);
    says(&reply, false, "no venue model is in force yet", "young");
    assert_true(str_is(reply.operator_id, "mo") && str_is(reply.command, "ack"));
    struct core_stream s = core_stream_begin(5);
    for (int i = 0; i < 20000; i++) {
        struct str line = line_make(&desk, whole[core_stream_below(&s, VENUE_COMMAND_COUNT)]);
        for (uint32_t hits = core_stream_below(&s, 3); hits; hits--)
            desk.line[core_stream_below(&s, line.len)] = (char)core_stream_below(&s, 256);
        if (i % 7 == 0)
            line.len = core_stream_below(&s, line.len + 1);
        core_feed_command(&desk.feed, desk.feed.t_ms, MO, line);
        (void)reply_only(&desk.feed);
        core_feed_command(&young, begin_ms, MO, line);
        assert_false(reply_only(&young).ok);
    }
    core_feed_free(&young);
    desk_close(&desk);
}

/* ---- once ------------------------------------------------------------------------------------ */

/* More commands than nonces are kept for: refused, until the oldest has expired. */
static void test_nonces(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, venue);
    for (int i = 0; i < COMMAND_NONCES; i++)
        assert_true(give(&desk, NOTE_H1).ok);
    struct result_reply reply = give_watched(&desk, NOTE_H1);
    says(&reply, false, "more commands than can be told apart; wait a moment", "full");
    int64_t full_ms = desk.feed.t_ms;
    core_feed_until(&desk.feed, full_ms + 60000);
    assert_false(give(&desk, NOTE_H1).ok);
    /* Every one of them is still known, and too old by itself. */
    reply = give(&desk, NOTE_H1 ",'nonce':'test-000001'");
    says(&reply, false, "nonce: this command has been given before", "known");
    core_feed_until(&desk.feed, full_ms + 61000);
    assert_true(give(&desk, NOTE_H1).ok);
    desk_close(&desk);
}

/* A command is never carried out twice, whatever order its copies come in. */
static void test_replays(void **state)
{
    (void)state;
    struct core_stream s = core_stream_begin(7);
    struct desk desk;
    char line[64][LINE_BYTES];
    uint32_t done[64] = {0};
    desk_open(&desk, venue);
    for (int i = 0; i < 64; i++)
        line[i][0] = '\0';
    for (int i = 0; i < 4000; i++) {
        uint32_t at = core_stream_below(&s, 64);
        if (core_stream_below(&s, 40) == 0)
            core_feed_until(&desk.feed, desk.feed.t_ms + 1000 * (int64_t)core_stream_below(&s, 40));
        if (core_stream_below(&s, 8) == 0 || !line[at][0]) {
            char members[LINE_BYTES];
            snprintf(members, sizeof members, NOTE_H1 ",'issued':%" PRId64,
                     desk.feed.t_ms + (int64_t)core_stream_below(&s, 40000) - 20000);
            (void)line_make(&desk, members);
            memcpy(line[at], desk.line, LINE_BYTES);
            done[at] = 0;
        }
        core_feed_command(&desk.feed, desk.feed.t_ms, MO, str_of(line[at]));
        done[at] += reply_only(&desk.feed).ok == 1;
        assert_true(done[at] <= 1);
    }
    desk_close(&desk);
}

/* ---- drills ---------------------------------------------------------------------------------- */

static void test_second_person(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct desk desk;
        desk_open(&desk, venue);
        assert_true(give(&desk, START("mo")).ok);
        desk.feed.t_ms += COMMAND_SECOND_MS + late;
        struct result_reply reply = give(&desk, START("bo"));
        says(&reply, true, late ? WAITS : "", "second person");
        assert_int_equal(desk.feed.core->drill.running, !late);
        if (late) { /* now the late one is the first */
            reply = give(&desk, START("mo"));
            says(&reply, true, "", "the other way round");
        }
        assert_int_equal(desk.feed.core->drill.announced, true);
        desk_close(&desk);
    }
}

static void test_to_the_drill(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, venue);
    assert_true(give(&desk, START("mo")).ok && give(&desk, START("bo")).ok);
    publish(&desk, "drill/v/crowd/b", 850);
    struct result_reply reply = give(&desk, "'command':'ack','alert':'h2/full'");
    says(&reply, false, "alert: it is not open", "the real one");
    assert_true(str_is(reply.status, "Actual"));
    reply = give(&desk, "'command':'ack','alert':'drill/v/h2/full/1795424402000'");
    says(&reply, true, "", "by its id");
    assert_true(str_is(reply.status, "Exercise"));
    reply = give(&desk, "'command':'evacuation','zone':'h2','state':'on','drill':true");
    assert_true(reply.ok && str_is(reply.status, "Exercise"));
    reply = give(&desk, "'command':'capacity','zone':'h2','people':850,'drill':true");
    assert_true(reply.ok && str_is(reply.status, "Exercise"));
    const struct core *core = desk.feed.core;
    uint32_t z = venue_zone_find(core->model.venue, STR_LIT("h2"));
    assert_false(core->model.zones[z].evacuation);
    assert_true(core->drill.aside.zones[z].evacuation);
    assert_int_equal(core->model.zones[z].capacity, 1000);
    assert_int_equal(core->drill.aside.zones[z].capacity, 850);
    /* What it is told of it plays, also where nobody knows. */
    uint32_t h1 = venue_zone_find(core->model.venue, STR_LIT("h1"));
    assert_false(core->drill.aside.zones[h1].played);
    assert_true(give(&desk, "'command':'anchor','zone':'h1','people':5,'drill':true").ok);
    assert_true(core->drill.aside.zones[h1].played);
    /* A member that the command has no use for does not lead it astray. */
    reply = give(&desk, "'command':'close','zone':'h2','alert':'drill/v/h2/full/1'");
    assert_true(reply.ok && str_is(reply.status, "Actual"));
    assert_true(core->model.zones[z].closed && !core->drill.aside.zones[z].closed);
    desk_close(&desk);
}

/* ---- skipped --------------------------------------------------------------------------------- */

static void test_poison(void **state)
{
    (void)state;
    struct desk desk;
    struct error err = {0};
    uint8_t body[512 + LOG_READ_PADDING_BYTES];
    desk_open(&desk, venue);
    struct record_command command = {
        .by = RECORD_COMMAND_LOCAL, .uid = MO, .text = line_make(&desk, ACK_H1)};
    uint32_t len = record_command_encode(&command, body, 512);
    struct log_view view = {.seq = ++desk.feed.seq,
                            .epoch = 1,
                            .type = RECORD_COMMAND,
                            .log_ns = desk.feed.t_ms * 1000000,
                            .body = body,
                            .body_len = len};
    core_results_clear(&desk.feed.results);
    assert_true(core_skip(desk.feed.core, &view, 3, &desk.feed.results, &err));
    struct result_reply reply = reply_only(&desk.feed);
    says(&reply, false, "process crashed on this command and goes on without it", "poison");
    assert_true(give(&desk, ACK_H1).ok); /* it was not carried out */
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trials),       cmocka_unit_test(test_who_asks),
        cmocka_unit_test(test_missing),      cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_any_bytes),    cmocka_unit_test(test_nonces),
        cmocka_unit_test(test_replays),      cmocka_unit_test(test_second_person),
        cmocka_unit_test(test_to_the_drill), cmocka_unit_test(test_poison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
