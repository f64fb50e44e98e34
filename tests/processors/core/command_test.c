/*
 * command: every command done and refused, with the reason word for word, from a table. Whatever a
 * record holds, it has exactly one reply; what is refused has changed nothing.
 */
#include "tests/support/desk.h"
#include "tests/support/support.h"

struct trial {
    const char *before[3]; /* commands given, and done, first */
    const char *members;
    const char *reason; /* of a refusal; of what is done when it begins with + */
};

#define NO_ALERT "alert: there is none of that name; ZONE/RULE or its id is the form"
#define NO_ZONE "zone: the venue has none of that name"
#define MAY_NOT "operator: none of the operator's roles may do that"

static const struct trial trials[] = {
    {{0}, DESK_ACK_H1, "+"},
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
    {{DESK_ACK_H1}, DESK_ACK_H1, "alert: it is acknowledged already"},
    /* A zone of that name is no drill. */
    {{0}, "'command':'ack','alert':'drill/full'", "+"},
    {{0}, "'command':'ack','alert':'v/drill/full/1795424400000'", "+"},
    {{0}, DESK_ACK_H1 ",'drill':false", "+"},
    {{0}, DESK_ACK_H1 ",'drill':true", "no drill is running"},

    {{0}, "'command':'assign','alert':'h1/full','to':'li'", "+"},
    {{0}, "'command':'assign','alert':'h1/full','to':'zoe'", "to: no operator of the venue file"},
    {{0},
     "'command':'assign','alert':'h1/full','to':'li\\u0000'",
     "to: no operator of the venue file"},
    {{0}, "'command':'assign','alert':'h2/full','to':'li'", "alert: it is not open"},

    {{0}, DESK_NOTE_H1, "+"},
    {{DESK_ACK_H1}, DESK_NOTE_H1, "+"},
    {{DESK_SHELVE_H1}, DESK_NOTE_H1, "+"},
    {{0}, "'command':'note','alert':'h2/full','text':'x'", "alert: it is not open"},

    {{0}, DESK_SHELVE_H1, "+"},
    {{DESK_ACK_H1}, DESK_SHELVE_H1, "+"},
    {{0}, "'command':'shelve','alert':'h1/full','minutes':30,'text':'x'", "+"},
    {{0},
     "'command':'shelve','alert':'h1/full','minutes':31,'text':'x'",
     "minutes: a shelf lasts at most 30 min"},
    {{0},
     "'command':'shelve','alert':'h1/full','minutes':5,'text':' \\t\\n'",
     "text: nothing but blanks"},
    {{0}, "'command':'note','alert':'h1/full','text':' '", "text: nothing but blanks"},
    {{DESK_SHELVE_H1}, DESK_SHELVE_H1, "alert: it is shelved already"},
    {{0},
     "'command':'shelve','alert':'drill/full','minutes':5,'text':'x'",
     "alert: red can't be shelved"},
    {{0},
     "'command':'shelve','alert':'drill/many','minutes':5,'text':'x'",
     "alert: it is suppressed, red of its zone says it all"},
    {{"'command':'service','sensor':'a','state':'retired'"},
     DESK_SHELVE_H1,
     "alert: it is unknown, and what is unknown can't be shelved"},
    {{0}, "'command':'shelve','alert':'h2/full','minutes':5,'text':'x'", "alert: it is not open"},

    {{DESK_SHELVE_H1}, "'command':'unshelve','alert':'h1/full'", "+"},
    {{0}, "'command':'unshelve','alert':'h1/full'", "alert: it is not shelved"},
    {{DESK_SHELVE_H1, "'command':'unshelve','alert':'h1/full'"},
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

    {{0}, DESK_START("mo"), "+" DESK_WAITS},
    {{DESK_START("mo")}, DESK_START("mo"), "+" DESK_WAITS},
    {{DESK_START("mo")}, DESK_START("bo"), "+"},
    {{DESK_START("mo"), DESK_START("bo")}, DESK_START("bo"), "a drill is running already"},
    {{DESK_START("mo"), DESK_START("bo")}, "'command':'drill','state':'stop'", "+"},
    {{DESK_START("mo"), DESK_START("bo"), "'command':'drill','state':'stop'"},
     "'command':'drill','state':'stop'",
     "no drill is running"},
    {{0}, "'command':'drill','state':'stop'", "no drill is running"},
    {{DESK_START("mo")},
     "'command':'drill','state':'stop'",
     "+nobody waits for a second person any more"},
    {{DESK_START("mo"), "'command':'drill','state':'stop'"}, DESK_START("bo"), "+" DESK_WAITS},
    {{0}, "'command':'drill','state':'pause'", "state: start or stop"},
    {{DESK_START("mo"), DESK_START("bo")},
     "'command':'capacity','zone':'h1','people':9,'drill':true",
     "+"},
    {{DESK_START("mo"), DESK_START("bo")}, DESK_ACK_H1 ",'drill':true", "alert: it is not open"},
    {{DESK_START("mo"), DESK_START("bo")}, DESK_ACK_H1, "+"},

    {{0}, DESK_ACK_H1 ",'operator':'zoe'", "operator: the venue file has none of that name"},
    {{0}, DESK_ACK_H1 ",'operator':'li'", "+"},
    {{0}, "'command':'capacity','zone':'h1','people':1,'operator':'li'", MAY_NOT},
    {{0}, DESK_START("li"), MAY_NOT},
    {{0}, DESK_SHELVE_H1 ",'operator':'li'", MAY_NOT},

    {{0}, DESK_ACK_H1 ",'issued':1795424372000", "+"}, /* 30 s ago */
    {{0}, DESK_ACK_H1 ",'issued':1795424371999", "issued: it came too late; give it again"},
    {{0}, DESK_ACK_H1 ",'issued':1795424432000", "+"}, /* in 30 s */
    {{0}, DESK_ACK_H1 ",'issued':1795424432001", "issued: the clock of the sender is ahead"},
    {{0}, DESK_ACK_H1 ",'issued':0", "issued: it came too late; give it again"},
    {{0}, DESK_ACK_H1 ",'issued':9223372036854775807", "issued: the clock of the sender is ahead"},
    {{DESK_NOTE_H1 ",'nonce':'12345678'"},
     DESK_ACK_H1 ",'nonce':'12345678'",
     "nonce: this command has been given before"},
};

static void test_trials(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
        const struct trial *t = &trials[i];
        struct desk desk;
        desk_open(&desk, DESK_VENUE);
        for (int b = 0; b < 3 && t->before[b]; b++) {
            if (!desk_give_watched(&desk, t->before[b]).ok)
                fail_msg("%s: before it %s is refused", t->members, t->before[b]);
        }
        struct result_reply reply = desk_give_watched(&desk, t->members);
        bool ok = t->reason[0] == '+';
        desk_says(&reply, ok, t->reason + ok, t->members);
        assert_true(str_is(reply.venue, "v"));
        assert_true(reply.operator_id.len && reply.command.len && reply.nonce.len);
        desk_close(&desk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
